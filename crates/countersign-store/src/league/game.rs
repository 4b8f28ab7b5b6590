//! A match on its way into the ledger.

use super::{Device, Player, SeatResult, TicketState};
use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::evidence::{Outcome, Settlement};
use countersign_league::{DeviceId, MatchId, RulesetId, Seat, Team};
use std::time::Duration;

/// Most bytes of a bundle that is kept.
pub const BUNDLE_MAX: usize = countersign_league::evidence::Bundle::MAX;

/// Most bytes of a receipt.
pub const RECEIPT_MAX: usize = 4_096;

/// Most results of one match that are kept as evidence of a fork. More prove nothing new.
pub const FORKS_MAX: u32 = 8;

/// How long a meeting of opponents counts.
pub const MEETINGS_WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Who played, where and when: what the facts of a decision depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineup {
    /// The match.
    pub match_id: MatchId,
    /// The pair.
    pub device: DeviceId,
    /// How many matches the device had started, this one included; from 1.
    pub device_seq: u32,
    /// Best known time of the kickoff.
    pub started: Timestamp,
    /// Best known time of the end.
    pub ended: Timestamp,
    /// By seat; no user twice.
    pub seats: Vec<LineupSeat>,
}

/// One seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineupSeat {
    /// The player.
    pub user: UserId,
    /// The team.
    pub team: Team,
    /// Digest of the ticket.
    pub ticket: RecordDigest,
}

/// A match whose evidence was verified, about to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGame {
    /// Who, where, when.
    pub lineup: Lineup,
    /// Digest of the result.
    pub result: RecordDigest,
    /// The rules.
    pub ruleset: RulesetId,
    /// How it ended.
    pub outcome: Outcome,
    /// Goals that count, by team.
    pub score: [u8; 2],
    /// The team that won, if one did.
    pub winner: Option<Team>,
    /// The evidence; at most [`BUNDLE_MAX`] bytes.
    pub bundle: Vec<u8>,
    /// When it arrived.
    pub now: Timestamp,
}

/// What is known when a match is judged, read in the same unit that stores the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The device.
    pub device: Device,
    /// How the match fits into the device's count.
    pub seq: SeqFact,
    /// Rated matches of the device on the day (UTC) on which this one ended, without this one.
    pub device_rated: u32,
    /// The present season.
    pub season: u16,
    /// By seat.
    pub players: Vec<PlayerFacts>,
    /// Pairs of opponents that met before, first seat in team A: in rated matches that ended less than
    /// [`MEETINGS_WINDOW`] before this one started, or later. In one where all players of this match played, everybody met
    /// everybody, whatever the teams were.
    pub meetings: Vec<Meeting>,
}

/// What is known of one player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerFacts {
    /// The player.
    pub player: Player,
    /// Rated matches on the day (UTC) on which this one ended, without this one.
    pub rated: u32,
    /// An operator's bar ended after the match did, or lasts.
    pub banned: bool,
    /// The ticket, if it was issued by this server.
    pub ticket: Option<TicketState>,
}

/// Two opponents who met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    /// Seat in team A.
    pub a: Seat,
    /// Seat in team B.
    pub b: Seat,
    /// How often, at least once.
    pub times: u32,
}

/// How a match fits into the count of its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeqFact {
    /// The next one.
    Next,
    /// So many before it have not arrived.
    Gap(u32),
    /// It fills a gap.
    Late,
    /// Another match has this number: the device counted twice.
    Reused(MatchId),
}

/// Rating changes of one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictLine {
    /// What device and server computed alike, in thousandths.
    pub sporting: i32,
    /// What is added to it, in thousandths.
    pub adjustment: i32,
}

impl VerdictLine {
    /// Both together, in thousandths.
    pub const fn total(&self) -> i64 {
        self.sporting as i64 + self.adjustment as i64
    }
}

/// How a player behaved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Conduct {
    /// Says nothing: the match did not count for that.
    Unjudged = 0,
    /// Played to the end.
    Finished = 1,
    /// Left without a reason that excuses it.
    Left = 2,
    /// Left with one.
    Excused = 3,
}

from_number!(Conduct: Unjudged Finished Left Excused);

/// The decision on a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of it. A pending one counts at `counts_at`.
    pub settlement: Settlement,
    /// Why, as the number that the receipt shows.
    pub reason: u16,
    /// Integrity factor: 256 is whole.
    pub integrity: u16,
    /// When a pending match counts unless it is disputed; ignored otherwise.
    pub counts_at: Timestamp,
    /// By seat.
    pub lines: Vec<VerdictLine>,
    /// By seat. If a third or more left, nobody is blamed.
    pub conduct: Vec<Conduct>,
    /// Who left because of an injury, which is an excuse once in a while.
    pub injured: Vec<Seat>,
    /// Who was ready and did not start, of this match's players or not.
    pub no_starts: Vec<UserId>,
}

/// Decides and signs, inside the unit that settles: facts cannot change between the decision and its effect, and a receipt
/// is on disk with what it acknowledges or not at all.
///
/// Called on the thread that writes, which waits: it must be quick, must not block and must not panic. It may be called
/// again for the same game if the unit has to start over, and its answers may be thrown away.
pub trait Referee: Send + 'static {
    /// The decision.
    fn decide(&self, facts: &Facts) -> Verdict;

    /// The receipt's frame, at most [`RECEIPT_MAX`] bytes; or why it cannot be signed, which settles nothing.
    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String>;
}

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// The match.
    pub match_id: MatchId,
    /// Digest of the result.
    pub result: RecordDigest,
    /// What became of it.
    pub settlement: Settlement,
    /// Why.
    pub cause: SealCause,
    /// Integrity factor.
    pub integrity: u16,
    /// By seat; empty for a fork.
    pub lines: Vec<SealedLine>,
}

/// Where the reason of a receipt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealCause {
    /// The verdict's reason.
    Verdict(u16),
    /// Another result of the same match came first: this one.
    Fork(RecordDigest),
}

/// One seat of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedLine {
    /// The player.
    pub user: UserId,
    /// See [`VerdictLine::sporting`].
    pub sporting: i32,
    /// See [`VerdictLine::adjustment`]; also takes back the line of a ticket that was used before.
    pub adjustment: i32,
    /// Rating afterwards, in thousandths.
    pub rating: i32,
}

/// A rating that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated {
    /// The player.
    pub user: UserId,
    /// Rating before, in thousandths.
    pub before: i32,
    /// Rating after, in thousandths.
    pub after: i32,
    /// Season that the rating is of.
    pub season: u16,
}

/// What became of settling a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettleOutcome {
    /// Done now.
    Settled {
        /// The receipt's frame.
        receipt: Vec<u8>,
        /// What became of it.
        settlement: Settlement,
        /// Ratings that changed, by seat; empty unless it counts now.
        ratings: Vec<Rated>,
        /// Seats whose ticket was used in another match, with that match.
        reused: Vec<(Seat, MatchId)>,
    },
    /// This result was settled before, with this receipt.
    Before {
        /// The receipt's frame, the same for everybody.
        receipt: Vec<u8>,
    },
    /// Another result of this match was settled before. Both are kept, and the device is under suspicion.
    Fork {
        /// The receipt's frame for this result.
        receipt: Vec<u8>,
        /// Digest of the first.
        first: RecordDigest,
    },
    /// More than [`FORKS_MAX`] results of one match: this one was not kept.
    TooManyForks,
    /// The device is not registered. Nothing was changed.
    UnknownDevice,
    /// This user is no player. Nothing was changed.
    UnknownPlayer(UserId),
}

/// A match as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGame {
    /// From 1, in the order of settlement.
    pub no: u64,
    /// The match.
    pub match_id: MatchId,
    /// Digest of the result that was settled.
    pub result: RecordDigest,
    /// The pair.
    pub device: DeviceId,
    /// The device's count.
    pub device_seq: u32,
    /// The rules.
    pub ruleset: RulesetId,
    /// Season that it counts for.
    pub season: u16,
    /// Kickoff.
    pub started: Timestamp,
    /// End.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Goals by team, after rulings.
    pub score: [u8; 2],
    /// Who won, after rulings.
    pub winner: Option<Team>,
    /// What it is now.
    pub settlement: Settlement,
    /// Why, when it was settled.
    pub reason: u16,
    /// Integrity factor.
    pub integrity: u16,
    /// When a pending match counts.
    pub counts_at: Timestamp,
    /// When it was settled.
    pub settled: Timestamp,
    /// Results of this match beyond the first.
    pub forks: u32,
}

/// One seat as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSeat {
    /// From 0.
    pub seat: Seat,
    /// The player.
    pub user: UserId,
    /// The team.
    pub team: Team,
    /// Digest of the ticket.
    pub ticket: RecordDigest,
    /// Rating changes, after rulings.
    pub line: VerdictLine,
    /// How the player behaved.
    pub conduct: Conduct,
    /// What is booked in the ledger because of this seat, in thousandths, without refunds.
    pub booked: i64,
    /// What is counted in tables; `None` while the match does not count.
    pub counted: Option<SeatResult>,
}

/// A match with its seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameView {
    /// The match.
    pub game: StoredGame,
    /// By seat.
    pub seats: Vec<StoredSeat>,
    /// Results in the order of arrival; the first one was settled.
    pub evidence: Vec<EvidenceView>,
}

/// A result that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceView {
    /// Digest of the result.
    pub result: RecordDigest,
    /// The bundle as received.
    pub bundle: Vec<u8>,
    /// The receipt's frame.
    pub receipt: Vec<u8>,
    /// When it arrived first.
    pub received: Timestamp,
}

/// A match in a player's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The match.
    pub game: StoredGame,
    /// The player's seat.
    pub seat: StoredSeat,
}

/// Which matches to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GameFilter {
    /// Only those.
    pub settlement: Option<Settlement>,
    /// Only those with an open dispute.
    pub disputed: bool,
    /// Only those of this device.
    pub device: Option<DeviceId>,
    /// Only those in which this player has a seat.
    pub user: Option<UserId>,
    /// Only those that ended then or later.
    pub ended_from: Timestamp,
}

impl GameFilter {
    /// Every match.
    pub const ALL: Self = Self {
        settlement: None,
        disputed: false,
        device: None,
        user: None,
        ended_from: Timestamp::ZERO,
    };
}

/// Where a page of a history begins: after this entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryCursor {
    /// End of the match.
    pub ended: Timestamp,
    /// Its number.
    pub no: u64,
}

impl HistoryCursor {
    /// The newest page.
    pub const NEWEST: Self = Self { ended: Timestamp::from_millis(u64::MAX), no: u64::MAX };

    /// The page after this entry.
    pub const fn after(entry: &HistoryEntry) -> Self {
        Self { ended: entry.game.ended, no: entry.game.no }
    }
}

/// Rated matches of two players against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeadToHead {
    /// Won by the first.
    pub won: u32,
    /// Won by nobody.
    pub drawn: u32,
    /// Won by the second.
    pub lost: u32,
}

impl HeadToHead {
    /// All meetings.
    pub const fn met(&self) -> u32 {
        self.won + self.drawn + self.lost
    }

    /// The same, seen by the second.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        Self { won: self.lost, drawn: self.drawn, lost: self.won }
    }
}

/// What became of asking for facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactsOutcome {
    /// These.
    Facts(Box<Facts>),
    /// The device is not registered.
    UnknownDevice,
    /// This user is no player.
    UnknownPlayer(UserId),
}
