//! What the league keeps: devices, players, tickets, matches, the rating ledger, disputes, penalties.
//!
//! [`LeagueStore`] stands beside [`Store`](crate::Store), with the same promises: each method is one atomic unit, and `Ok`
//! means durable. A deployment that is only a gateway needs none of it. Backends whose engine is synchronous inside a
//! transaction give [`Tables`] and use the units in [`mod@unit`]; others may do it their own way. What counts is the suite
//! `conformance::league`.

/// Gives an enumeration the way back from its number.
macro_rules! from_number {
    ($type:ty: $($variant:ident)+) => {
        impl $type {
            /// From its number.
            pub const fn from_number(number: u8) -> Option<Self> {
                $(if number == Self::$variant as u8 {
                    return Some(Self::$variant);
                })+
                None
            }
        }
    };
}

pub mod device;
pub mod dispute;
pub mod game;
pub mod ledger;
pub mod notice;
pub mod penalty;
pub mod player;
pub mod season;
pub mod tables;
pub mod ticket;
pub mod unit;

pub use device::{
    Device, DeviceFilter, NewPair, PairOutcome, StatusChange, StatusOutcome, may_become,
};
pub use dispute::{
    DISPUTE_TEXT_MAX, DISPUTES_MAX, DisputeEntry, DisputeId, DisputeKind, DisputeOutcome,
    DisputeQueue, DisputeState, NewDispute, NewRuling, RULING_WINDOW, Ruling, RulingKind,
    RulingOutcome,
};
pub use game::{
    BUNDLE_MAX, Conduct, EvidenceView, FORKS_MAX, Facts, FactsOutcome, GameFilter, GameView,
    HeadToHead, HistoryCursor, HistoryEntry, Lineup, LineupSeat, MEETINGS_WINDOW, Meeting, NewGame,
    PlayerFacts, RECEIPT_MAX, Rated, Referee, SealCause, SealedLine, Sealing, SeqFact,
    SettleOutcome, StoredGame, StoredSeat, Verdict, VerdictLine,
};
pub use ledger::{LedgerCheck, LedgerLine, LineKind, Replay};
pub use notice::{Notice, NoticeKind};
pub use penalty::{
    CLEAN_MATCHES, INJURY_WINDOW, NO_START_WINDOW, NewPenalty, PardonOutcome, Penalty,
    PenaltyCause, PenaltyId, PenaltyKind, TOP_LEVEL, bar_of_level, bar_of_no_starts, climb,
    finish_clean, too_many_gone,
};
pub use player::{
    AVATAR_MAX, Avatar, AvatarChange, NewPlayer, Player, PlayerExport, PlayerName, PlayerOutcome,
    ProfileChange, ProfileOutcome, Visibility, Weight, Weights, rating_of,
};
pub use season::{CENTRE, Season, SeasonOutcome, SeasonRow, SeatResult, Tally, rubber_band};
pub use tables::Tables;
pub use ticket::{IssuedTicket, NewTicket, TicketOutcome, TicketState};

use crate::Result;
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId};

/// Where the league is kept. Lists take a `limit` from the caller, which no method exceeds.
pub trait LeagueStore: Send + Sync + 'static {
    // ---- devices

    /// Registers pairs; one outcome for each, in order. A conflict stops only its own pair.
    ///
    /// Accepting other bytes for a known device would let a second factory take over its identity.
    fn register_pairs(
        &self,
        pairs: Vec<NewPair>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<PairOutcome>>> + Send;

    /// The device with this id.
    fn find_device(&self, id: DeviceId) -> impl Future<Output = Result<Option<Device>>> + Send;

    /// The device one of whose halves has this key; ask [`NewPair::master_key`] which one.
    fn find_device_by_key(
        &self,
        key: Fingerprint,
    ) -> impl Future<Output = Result<Option<Device>>> + Send;

    /// Moves a device on in its life, if [`may_become`] allows it, and notes it in the audit log.
    ///
    /// Wrongly allowed: a device whose keys are burnt settles again.
    fn set_device_status(
        &self,
        change: StatusChange,
    ) -> impl Future<Output = Result<StatusOutcome>> + Send;

    /// Devices above `after` in the order of ids.
    fn list_devices(
        &self,
        filter: DeviceFilter,
        after: Option<DeviceId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Device>>> + Send;

    // ---- players

    /// The player of a user; created at the first call, with the first line in the ledger.
    fn player_of(&self, new: NewPlayer) -> impl Future<Output = Result<PlayerOutcome>> + Send;

    /// The player of a user, also an erased one; `None` if the user never was one.
    fn find_player(&self, user: UserId) -> impl Future<Output = Result<Option<Player>>> + Send;

    /// The player whose name has this skeleton.
    fn find_player_by_name(
        &self,
        skeleton: String,
    ) -> impl Future<Output = Result<Option<Player>>> + Send;

    /// These players, in the order of the question; unknown ones are left out.
    fn find_players(&self, users: Vec<UserId>) -> impl Future<Output = Result<Vec<Player>>> + Send;

    /// Changes name, visibility and avatar: all that is given, or nothing.
    fn update_profile(
        &self,
        user: UserId,
        change: ProfileChange,
    ) -> impl Future<Output = Result<ProfileOutcome>> + Send;

    /// The avatar's bytes.
    fn find_avatar(&self, user: UserId) -> impl Future<Output = Result<Option<Vec<u8>>>> + Send;

    /// Sets what flags and votes of a player count. `false`: no such player.
    fn set_weights(
        &self,
        user: UserId,
        weights: Weights,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Players above `after` in the order of users, without erased ones: for building boards and the name index anew.
    fn players_after(
        &self,
        after: Option<UserId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Player>>> + Send;

    /// Everything that the league stores about a user; `None` if the user is no player, or erased.
    fn export_player(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<PlayerExport>>> + Send;

    // ---- tickets

    /// Remembers a ticket before it is handed out. A user has one unused travel ticket: a new one takes its place.
    fn issue_ticket(&self, ticket: NewTicket)
    -> impl Future<Output = Result<TicketOutcome>> + Send;

    /// The ticket with this digest.
    fn find_ticket(
        &self,
        digest: RecordDigest,
    ) -> impl Future<Output = Result<Option<IssuedTicket>>> + Send;

    /// Forgets tickets that were not used and expired before this time. Returns how many.
    ///
    /// Too early, and a late result finds its tickets unknown: results are accepted for 14 days.
    fn purge_tickets(&self, before: Timestamp) -> impl Future<Output = Result<u64>> + Send;

    // ---- matches

    /// What is known of a match that is not settled: a preview. [`LeagueStore::settle_game`] reads it anew.
    fn settlement_facts(&self, lineup: Lineup)
    -> impl Future<Output = Result<FactsOutcome>> + Send;

    /// The receipt of this result, if it was settled: asked before its evidence is verified, which costs more.
    fn find_receipt(
        &self,
        match_id: MatchId,
        result: RecordDigest,
    ) -> impl Future<Output = Result<Option<Vec<u8>>>> + Send;

    /// Settles a match: reads the facts, asks the referee, signs, and stores match, receipt, ledger lines, ratings, tables,
    /// tickets, penalties and notices, all in one unit.
    ///
    /// Unique by match: the same result again gets the first receipt; another result is kept beside it, gets a receipt of
    /// its own, puts the device under suspicion and freezes a match that was pending. Facts read outside of the unit would let
    /// matches that arrive at once slip past the limits together; a receipt stored after it could differ between two
    /// submitters, or acknowledge what a crash took back.
    fn settle_game(
        &self,
        game: NewGame,
        referee: impl Referee,
    ) -> impl Future<Output = Result<SettleOutcome>> + Send;

    /// A match with its seats and all evidence.
    fn find_game(&self, id: MatchId) -> impl Future<Output = Result<Option<GameView>>> + Send;

    /// Matches with a number below `before`, last settled first: for operators and reviews, page by page.
    fn games_before(
        &self,
        filter: GameFilter,
        before: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredGame>>> + Send;

    /// Matches of a player, newest end first.
    fn history(
        &self,
        user: UserId,
        after: HistoryCursor,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<HistoryEntry>>> + Send;

    /// Rated matches of two players against each other, as the first one sees them.
    fn head_to_head(
        &self,
        user: UserId,
        other: UserId,
    ) -> impl Future<Output = Result<HeadToHead>> + Send;

    /// Lets pending matches count whose time has come and that nobody disputes, or has disputed for [`RULING_WINDOW`]
    /// without a ruling. Returns them with the ratings that changed.
    fn apply_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(MatchId, Vec<Rated>)>>> + Send;

    // ---- ledger and seasons

    /// Lines above `after`, oldest first; for [`Replay`].
    fn ledger_after(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<LedgerLine>>> + Send;

    /// Lines of one player above `after`, oldest first.
    fn ledger_of(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<LedgerLine>>> + Send;

    /// Compares every balance with the sum of its lines, and every posting with 0. Reads the whole ledger.
    fn check_ledger(&self) -> impl Future<Output = Result<LedgerCheck>> + Send;

    /// The present season.
    fn season(&self) -> impl Future<Output = Result<Season>> + Send;

    /// Opens the next season. Players are carried by [`LeagueStore::carry_players`], or by their next match.
    fn open_season(
        &self,
        number: u16,
        now: Timestamp,
    ) -> impl Future<Output = Result<SeasonOutcome>> + Send;

    /// Carries up to `limit` players into the present season with [`rubber_band`], as ledger lines. Returns how many; call it
    /// until it is 0.
    fn carry_players(&self, limit: u32, now: Timestamp)
    -> impl Future<Output = Result<u32>> + Send;

    /// Rows of these players in a season's table, in the order of players; those without a match are left out.
    fn season_rows(
        &self,
        season: u16,
        users: Vec<UserId>,
    ) -> impl Future<Output = Result<Vec<SeasonRow>>> + Send;

    // ---- disputes and penalties

    /// Opens a dispute. A pending match waits for the ruling; one that counts already goes on counting.
    fn open_dispute(
        &self,
        dispute: NewDispute,
    ) -> impl Future<Output = Result<DisputeOutcome>> + Send;

    /// The dispute with this number, open or ruled on.
    fn find_dispute(
        &self,
        id: DisputeId,
    ) -> impl Future<Output = Result<Option<DisputeEntry>>> + Send;

    /// Disputes above `after`, oldest first.
    fn disputes(
        &self,
        queue: DisputeQueue,
        after: DisputeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DisputeEntry>>> + Send;

    /// Rules on a match, ends all its open disputes, and notes it in the audit log. What changes is booked as a correction.
    fn rule(&self, ruling: NewRuling) -> impl Future<Output = Result<RulingOutcome>> + Send;

    /// Gives a penalty and raises the bar; `None` if the user is no player.
    fn penalize(&self, penalty: NewPenalty)
    -> impl Future<Output = Result<Option<Penalty>>> + Send;

    /// Takes a penalty back.
    fn pardon(
        &self,
        id: PenaltyId,
        now: Timestamp,
    ) -> impl Future<Output = Result<PardonOutcome>> + Send;

    /// Penalties of a user above `after`, oldest first, with those that were taken back.
    fn penalties(
        &self,
        user: UserId,
        after: PenaltyId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Penalty>>> + Send;

    // ---- notices

    /// Notices above `after`, oldest first; `limit` is of numbers, and all notices of a number are there or none.
    fn notices_after(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Notice>>> + Send;

    /// Forgets notices up to this number: they were delivered.
    fn drop_notices(&self, through: u64) -> impl Future<Output = Result<()>> + Send;
}
