//! Rows of the league, one engine call each: what the units of work in [`super::unit`] are made of.
//!
//! For engines that work synchronously inside a transaction. Each backend gives its rows and starts and ends its
//! transactions; the rules of the league are written once, in the units.

use super::{
    Avatar, Device, DeviceFilter, DisputeEntry, DisputeId, DisputeQueue, EvidenceView, GameFilter,
    HeadToHead, HistoryCursor, HistoryEntry, IssuedTicket, LedgerLine, Notice, NoticeKind, Penalty,
    PenaltyId, Player, Season, SeasonRow, StoredGame, StoredSeat, Tally,
};
use crate::{AuditEvent, StoreError};
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId, Team};

/// A rated match of a player: what counts as a meeting, and on which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance {
    /// Number of the match.
    pub no: u64,
    /// When it ended.
    pub ended: Timestamp,
    /// The player's team.
    pub team: Team,
}

/// What is told: a notice without its number and its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: NoticeKind,
    /// In which match.
    pub match_id: Option<MatchId>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// The notice for one reader.
    pub const fn to(self, user: UserId, id: u64) -> Notice {
        let Self { kind, match_id, at } = self;
        Notice { id, user, kind, match_id, at }
    }
}

/// The rows. Methods that change something are called `put_` (insert or replace), `add_` (insert, with the next number) or
/// `drop_`.
pub trait Tables {
    /// What can go wrong.
    type Error: From<StoreError>;

    /// The device with this id.
    fn device(&self, id: DeviceId) -> Result<Option<Device>, Self::Error>;
    /// The device one of whose halves has this key.
    fn device_by_key(&self, key: &Fingerprint) -> Result<Option<Device>, Self::Error>;
    /// Devices above `after` in the order of ids.
    fn devices(
        &self,
        filter: DeviceFilter,
        after: Option<DeviceId>,
        limit: u32,
    ) -> Result<Vec<Device>, Self::Error>;
    /// Writes a device.
    fn put_device(&mut self, device: &Device) -> Result<(), Self::Error>;

    /// The player of this user.
    fn player(&self, user: UserId) -> Result<Option<Player>, Self::Error>;
    /// The player with this skeleton.
    fn player_by_skeleton(&self, skeleton: &str) -> Result<Option<Player>, Self::Error>;
    /// Players above `after` in the order of users, without erased ones.
    fn players_after(&self, after: Option<UserId>, limit: u32) -> Result<Vec<Player>, Self::Error>;
    /// Players whose rating is of a season before this one, by season and user.
    fn players_before_season(&self, season: u16, limit: u32) -> Result<Vec<Player>, Self::Error>;
    /// Writes a player.
    fn put_player(&mut self, player: &Player) -> Result<(), Self::Error>;
    /// Writes what a match can change of players who are there: balance, counters, last match, leaver ladder and bar.
    fn update_players(&mut self, players: &[Player]) -> Result<(), Self::Error>;
    /// The bytes of a player's avatar.
    fn avatar(&self, user: UserId) -> Result<Option<Vec<u8>>, Self::Error>;
    /// Writes or removes it.
    fn put_avatar(&mut self, user: UserId, avatar: Option<&Avatar>) -> Result<(), Self::Error>;
    /// Whether an account with this id was erased.
    fn is_erased(&self, user: UserId) -> Result<bool, Self::Error>;

    /// The ticket with this digest.
    fn ticket(&self, digest: RecordDigest) -> Result<Option<IssuedTicket>, Self::Error>;
    /// The unused travel ticket of this user.
    fn travel_ticket(&self, user: UserId) -> Result<Option<IssuedTicket>, Self::Error>;
    /// Writes a new ticket.
    fn add_ticket(&mut self, ticket: &IssuedTicket) -> Result<(), Self::Error>;
    /// Writes the state of tickets that are there.
    fn update_tickets(&mut self, tickets: &[IssuedTicket]) -> Result<(), Self::Error>;
    /// Forgets tickets that were not used and expired before this time.
    fn drop_tickets(&mut self, before: Timestamp) -> Result<u64, Self::Error>;
    /// Forgets the unused tickets of a user.
    fn drop_tickets_of(&mut self, user: UserId) -> Result<(), Self::Error>;

    /// The match with this id.
    fn game(&self, id: MatchId) -> Result<Option<StoredGame>, Self::Error>;
    /// The match with this count of its device.
    fn game_by_seq(&self, device: DeviceId, seq: u32) -> Result<Option<StoredGame>, Self::Error>;
    /// Writes a match that is not new.
    fn put_game(&mut self, game: &StoredGame) -> Result<(), Self::Error>;
    /// Writes a new match and returns its number; the one in `game` does not count.
    fn add_game(&mut self, game: &StoredGame) -> Result<u64, Self::Error>;
    /// Pending matches that count at this time or before, longest due first; with an open dispute only those that were
    /// settled [`RULING_WINDOW`](super::RULING_WINDOW) before this time.
    fn games_due(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredGame>, Self::Error>;
    /// Matches with a number below `before`, last settled first.
    fn games_before(
        &self,
        filter: GameFilter,
        before: u64,
        limit: u32,
    ) -> Result<Vec<StoredGame>, Self::Error>;
    /// Matches of a device that count and ended in `from..to`.
    fn rated_on_device(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u32, Self::Error>;
    /// The receipt of a result.
    fn receipt(&self, id: MatchId, result: RecordDigest) -> Result<Option<Vec<u8>>, Self::Error>;
    /// All results of a match in the order of arrival.
    fn evidence(&self, id: MatchId) -> Result<Vec<EvidenceView>, Self::Error>;
    /// Writes one more.
    fn add_evidence(&mut self, id: MatchId, evidence: &EvidenceView) -> Result<(), Self::Error>;

    /// Seats of a match, in order.
    fn seats(&self, no: u64) -> Result<Vec<StoredSeat>, Self::Error>;
    /// Writes the seats of a match that is new.
    fn add_seats(&mut self, game: &StoredGame, seats: &[StoredSeat]) -> Result<(), Self::Error>;
    /// Writes a seat of a match that is not new.
    fn put_seat(&mut self, game: &StoredGame, seat: &StoredSeat) -> Result<(), Self::Error>;
    /// Matches of a user that count, or will unless disputed, and ended at `from` or later.
    fn appearances(&self, user: UserId, from: Timestamp) -> Result<Vec<Appearance>, Self::Error>;
    /// A page of a history, newest first.
    fn history(
        &self,
        user: UserId,
        after: HistoryCursor,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, Self::Error>;

    /// Meetings of each of these pairs of players, the lower id first.
    fn meetings(&self, pairs: &[(UserId, UserId)]) -> Result<Vec<HeadToHead>, Self::Error>;
    /// Writes them.
    fn put_meetings(&mut self, met: &[(UserId, UserId, HeadToHead)]) -> Result<(), Self::Error>;
    /// Adds meetings of pairs to what they had; says of each whether these are their first.
    fn add_meetings(
        &mut self,
        met: &[(UserId, UserId, HeadToHead)],
    ) -> Result<Vec<bool>, Self::Error>;

    /// Number of the last line; 0 if there is none.
    fn last_line(&self) -> Result<u64, Self::Error>;
    /// Writes lines, which follow on the last one.
    fn add_lines(&mut self, lines: &[LedgerLine]) -> Result<(), Self::Error>;
    /// Lines above `after`, oldest first.
    fn lines(&self, after: u64, limit: u32) -> Result<Vec<LedgerLine>, Self::Error>;
    /// Lines of a user above `after`, oldest first.
    fn lines_of(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LedgerLine>, Self::Error>;

    /// The present season.
    fn season(&self) -> Result<Season, Self::Error>;
    /// Opens a season.
    fn add_season(&mut self, season: Season) -> Result<(), Self::Error>;
    /// What each of these players did in a season; nothing where there is no row.
    fn tallies(&self, season: u16, users: &[UserId]) -> Result<Vec<Tally>, Self::Error>;
    /// Writes it; a rating that is there stays.
    fn put_tallies(&mut self, season: u16, of: &[(UserId, Tally)]) -> Result<(), Self::Error>;
    /// Writes the rating at the end of a season.
    fn close_tally(&mut self, season: u16, user: UserId, rating: i32) -> Result<(), Self::Error>;
    /// Rows of these players in a season, with their form, in the order of players; those without a row are left out.
    fn season_rows(&self, season: u16, users: &[UserId]) -> Result<Vec<SeasonRow>, Self::Error>;
    /// All rows of one player, oldest first.
    fn seasons_of(&self, user: UserId) -> Result<Vec<SeasonRow>, Self::Error>;

    /// The dispute with this number.
    fn dispute(&self, id: DisputeId) -> Result<Option<DisputeEntry>, Self::Error>;
    /// Disputes above `after`, oldest first.
    fn disputes(
        &self,
        queue: DisputeQueue,
        after: DisputeId,
        limit: u32,
    ) -> Result<Vec<DisputeEntry>, Self::Error>;
    /// Writes a new dispute; the number in `entry` does not count.
    fn add_dispute(&mut self, entry: &DisputeEntry) -> Result<DisputeId, Self::Error>;
    /// Writes a dispute that is not new.
    fn put_dispute(&mut self, entry: &DisputeEntry) -> Result<(), Self::Error>;

    /// The penalty with this number.
    fn penalty(&self, id: PenaltyId) -> Result<Option<Penalty>, Self::Error>;
    /// Penalties of a user above `after`, oldest first.
    fn penalties(
        &self,
        user: UserId,
        after: PenaltyId,
        limit: u32,
    ) -> Result<Vec<Penalty>, Self::Error>;
    /// Writes a new penalty; the number in it does not count.
    fn add_penalty(&mut self, penalty: &Penalty) -> Result<PenaltyId, Self::Error>;
    /// Writes a penalty that is not new.
    fn put_penalty(&mut self, penalty: &Penalty) -> Result<(), Self::Error>;

    /// Writes a new notice for each of these users, all with the next number; nothing for nobody.
    fn add_notices(&mut self, event: Event, users: &[UserId]) -> Result<(), Self::Error>;
    /// Notices above `after`, oldest first; `limit` is of numbers.
    fn notices(&self, after: u64, limit: u32) -> Result<Vec<Notice>, Self::Error>;
    /// Forgets notices up to this number.
    fn drop_notices(&mut self, through: u64) -> Result<(), Self::Error>;
    /// Forgets the notices of a user.
    fn drop_notices_of(&mut self, user: UserId) -> Result<(), Self::Error>;

    /// Appends to the audit log.
    fn add_audit(&mut self, event: AuditEvent) -> Result<(), Self::Error>;
}
