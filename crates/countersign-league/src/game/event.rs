//! What happens to a game, and what it wants done.

use super::exhibit::Exhibit;
use crate::evidence::{
    Act, Bundle, MatchReceipt, MatchResult, MatchStart, Roll, SlaveSeal, Ticket,
};
use crate::id::{MatchId, Nonce};
use crate::team::{End, Team};
use alloc::boxed::Box;
use alloc::vec::Vec;
use countersign::{RecordDigest, Timestamp, UserId};

/// A goal, as the detector or the pair link reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The goal that was hit.
    pub end: End,
    /// When, in milliseconds of the master's clock.
    pub at: u64,
    /// How far `at` may be off, in milliseconds.
    pub uncertainty: u16,
    /// Boot number of the half that saw it.
    pub boot: u16,
    /// Frame number of the half that saw it.
    pub seq: u32,
    /// Highest reading of the sensor.
    pub peak: u16,
    /// How long the sheet was pressed, in milliseconds.
    pub duration: u16,
    /// Rows and columns that felt it.
    pub spread: [u8; 2],
}

/// A player at the door: ticket, signature over the match, and the radio's address as a keyed hash.
#[derive(Debug, Clone)]
pub struct Join {
    /// The ticket, verified with a key of the server.
    pub ticket: Exhibit<Ticket>,
    /// The act of joining, verified with the ticket's key.
    pub act: Exhibit<Act>,
    /// First eight bytes of a keyed hash of the radio's address.
    pub radio: [u8; 8],
}

/// What happens to a game. Times are milliseconds of the master's clock, as in the call.
#[derive(Debug, Clone)]
pub enum Event {
    /// The button of the master.
    Button,
    /// The other half answers.
    PairFound,
    /// The handshake succeeded; the number of the new link.
    PairTrusted {
        /// The pair link's epoch.
        epoch: u32,
    },
    /// The other half showed a signature that is not its own.
    PairDistrusted,
    /// A goal was hit while the goals are checked.
    GoalCheckHit(End),
    /// Opens a lobby for the next match.
    OpenLobby,
    /// Fresh randomness; at least once for each lobby.
    Fresh([u8; 32]),
    /// A time that a server signed and somebody carried here.
    ServerTime(Timestamp),

    /// Nothing was heard of the slave since this moment.
    LinkDown {
        /// When it was last heard.
        last_seen: u64,
    },
    /// The slave is heard again.
    LinkRestored,
    /// A sign of life of the slave: its boot number and its own clock, which proves elapsed time after a power cut.
    SlaveSeen {
        /// Its boot number.
        boot: u16,
        /// Milliseconds of its clock.
        ticks: u64,
    },

    /// A phone wants in, or back in.
    Join(Box<Join>),
    /// A sign of life of a player's phone.
    PhoneSeen(UserId),
    /// A player's connection or radio association ended.
    PhoneClosed(UserId),
    /// An answer to the roll call.
    Roll(Exhibit<Roll>),
    /// Any other act than joining.
    Act(Exhibit<Act>),

    /// A goal.
    Goal(Hit),
    /// A touch that is no goal.
    Touch(End),
    /// A detector does not trust its sensor any more.
    Disarmed {
        /// Its goal.
        end: End,
        /// Since when.
        at: u64,
    },
    /// A detector trusts its sensor again.
    Rearmed {
        /// Its goal.
        end: End,
        /// Since when.
        at: u64,
    },
    /// The slave was away and says so.
    SlaveGap {
        /// Its last sign of life before.
        from: u64,
        /// Its first afterwards.
        to: u64,
    },
    /// All goals of the slave are here, without a gap; this is its word on it.
    Drained(SlaveSeal),
    /// The slave's numbers have a hole: goals are missing for good.
    NotDrained,
    /// After a power cut of the master: what the slave says.
    MasterRecovered {
        /// Boot number of the slave.
        boot: u16,
        /// The slave's clock now.
        ticks: u64,
        /// Whether all of its frames since then are there.
        gapless: bool,
    },

    /// The frame of the start that [`Effect::SignStart`] asked for.
    StartSigned(Vec<u8>),
    /// The frame of the result that [`Effect::SignResult`] asked for.
    ResultSigned(Vec<u8>),
    /// A receipt, verified with a key of the server.
    Receipt(Exhibit<MatchReceipt>),
}

/// What the slave is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlaveCommand {
    /// Report the first hit.
    GoalCheck,
    /// A match begins; goals count from `at`.
    Begin {
        /// The match.
        match_id: MatchId,
        /// Kickoff, in milliseconds of the master's clock; below 0 if that was before the master had its power back.
        at: i64,
    },
    /// The match is over: send what is left, then the seal.
    Drain {
        /// The match.
        match_id: MatchId,
    },
    /// Nothing counts any more.
    End {
        /// The match.
        match_id: MatchId,
    },
}

/// What the lights show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Light {
    /// Nothing.
    Off,
    /// Something failed; the button starts again.
    Error,
    /// The halves look for each other.
    Searching,
    /// Hit both goals.
    GoalCheck,
    /// Come in.
    Lobby,
    /// It begins soon.
    Countdown,
    /// Play, all well.
    Play,
    /// Play, but the link is down for a moment.
    Amber,
    /// Play, but the link is down for long.
    Red,
    /// A goal is not armed.
    Disarmed(End),
    /// Look at the score.
    Review,
    /// Played, and signed.
    Done,
    /// This match does not count.
    Void,
}

/// What the shell has to do, in order. After every call, until there is none left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start an empty journal file; what follows goes there. Keep the old one until the first bytes are on disk.
    NewJournal,
    /// Append to the journal and sync, before anything that follows is done.
    Append(Vec<u8>),
    /// Look for the other half.
    Search,
    /// Try the handshake: first, second, …
    Handshake(u8),
    /// Tell the slave.
    Slave(SlaveCommand),
    /// A player's place is free; close the connection and forget the token.
    Dropped(UserId),
    /// Everybody who is ready signs this now.
    RollCall(Nonce),
    /// Sign the start and answer with [`Event::StartSigned`].
    SignStart {
        /// What to sign.
        start: Box<MatchStart>,
        /// The record's `previous`.
        previous: RecordDigest,
    },
    /// Sign the result and answer with [`Event::ResultSigned`].
    SignResult {
        /// What to sign.
        result: Box<MatchResult>,
        /// The record's `previous`.
        previous: RecordDigest,
    },
    /// Keep for couriers until [`Effect::Settled`]. May come twice with the same bytes.
    Outbox(MatchId, Box<Bundle>),
    /// The receipt is here: the bundle may go.
    Settled(MatchId),
    /// The view has this number now.
    View(u64),
    /// The lights.
    Light(Light),
    /// A goal was counted: horn and display.
    Scored(Team),
}

/// Why an event changed nothing. The numbers go to phones and are only ever appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(u8)]
pub enum Refusal {
    /// Wrong moment.
    #[error("this is not possible now")]
    NotNow = 1,
    /// The registration is closed.
    #[error("registration is closed; join the next match")]
    Closed = 2,
    /// The ticket names another device or lobby.
    #[error("the ticket is for another device or lobby; fetch one for this lobby")]
    Elsewhere = 3,
    /// The ticket is too old.
    #[error("the ticket has expired; fetch a new one")]
    Expired = 4,
    /// The server barred the player for a while.
    #[error("the player is barred for now")]
    Barred = 5,
    /// Ready, but silent in the roll call, too often in the last hour.
    #[error("too many missed starts; wait some minutes")]
    NoStarts = 6,
    /// No place is left.
    #[error("the lobby is full")]
    Full = 7,
    /// The player is here with another key.
    #[error("this player is here with another phone; leave there first")]
    OtherKey = 8,
    /// The radio belongs to another player.
    #[error("this phone has registered another player for this match")]
    RadioTaken = 9,
    /// Joined, lost, joined again, and lost again.
    #[error("the ticket was used twice; fetch a new one")]
    TicketUsed = 10,
    /// The act is for another match.
    #[error("this was signed for another match")]
    OtherMatch = 11,
    /// Nobody with this key is here.
    #[error("nobody with this key takes part; join first")]
    Unknown = 12,
    /// Not newer than what is known.
    #[error("something newer of this player is known already")]
    Stale = 13,
    /// No such goal or seat.
    #[error("there is no such goal or seat")]
    Target = 14,
    /// The server took the weight from this player's votes.
    #[error("votes of this player have no weight")]
    Weightless = 15,
    /// A player's share of acts is used up.
    #[error("this player has said enough in this match")]
    TooMuch = 16,
    /// Before the part of the match that must be played.
    #[error("too early: a quarter of the match must be played first")]
    TooEarly = 17,
    /// The challenge or the ticket is another.
    #[error("this answers another roll call")]
    OtherRoll = 18,
    /// The key of the act is not the key of the ticket.
    #[error("the act is not signed with the ticket's key")]
    Signer = 19,
    /// Too many results wait for a receipt.
    #[error("too many results wait for a receipt; let a phone carry them to the server")]
    Unsettled = 20,
    /// The halves do not believe each other.
    #[error("the pair is locked; it needs an inspection")]
    Locked = 21,
    /// Not what the game asked to have signed.
    #[error("this is not what was to be signed")]
    NotOurs = 22,
    /// The receipt is for another result.
    #[error("the receipt is for another result")]
    OtherReceipt = 23,
    /// The slave's word does not fit what was heard of it.
    #[error("the slave's seal does not fit its goals")]
    Seal = 24,
    /// One injury in thirty days is an excuse.
    #[error("an injury excuses once in 30 days; leave instead")]
    InjurySpent = 25,
}

impl Refusal {
    /// The number that phones see.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
