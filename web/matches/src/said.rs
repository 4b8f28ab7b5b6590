//! What the server says, as JSON. It was verified before it comes here; members that are not shown are not read.

use countersign_web_kit::said;
use countersign_web_kit::said::Read;
pub use countersign_web_kit::said::Value;

/// The rows of a list so far, and where the next ones begin; `Null` on the last page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// In the order of the server.
    pub rows: Vec<T>,
    /// For the next question.
    pub next: Value,
}

impl<T: Read> Rows<T> {
    /// Reads a page of a list, whose rows are below `name`.
    pub fn parse(content: &[u8], name: &str) -> Option<Self> {
        let mut value = Value::parse(content)?;
        let next = value["next"].take();
        value.get(name)?;
        Some(Self { rows: Read::read(&value[name])?, next })
    }

    /// Puts a later page after this one.
    pub fn append(&mut self, later: Self) {
        self.rows.extend(later.rows);
        self.next = later.next;
    }
}

said! {
    /// `league.profile`.
    Profile {
        /// The player, in hex.
        user: String,
        /// The display name.
        name: String,
        /// In thousandths of a point.
        rating: i32,
    }

    /// What a match is, in a list and by itself.
    Facts {
        /// Its id, in hex.
        match_id: String,
        /// The pair, in hex.
        device: String,
        /// When it began.
        started_ms: u64,
        /// When it ended.
        ended_ms: u64,
        /// How it ended.
        outcome: String,
        /// Goals by team.
        score: Vec<u32>,
        /// `settled`, `pending`, `frozen`, `unrated` or `void`.
        settlement: String,
        /// Why, by its number.
        reason: u32,
        /// Why, in the server's words.
        why: Option<String>,
        /// How much of the rating counts, of 256.
        integrity: u32,
        /// When a pending one counts.
        counts_at_ms: Option<u64>,
        /// Other results that the device signed.
        forks: u32,
    }

    /// What it was to the player whose list it is.
    Own {
        /// `a` or `b`.
        team: String,
        /// `won`, `drawn`, `lost`; nothing if it does not count.
        result: Option<String>,
        /// What the rating changed by, in thousandths.
        booked: i64,
    }

    /// A player of a match.
    Player {
        /// In hex; nothing if they do not want to be seen.
        user: Option<String>,
        /// Their name.
        name: Option<String>,
        /// `a` or `b`.
        team: String,
        /// What the rating changed by, in thousandths.
        booked: i64,
        /// `finished`, `left`, `excused`, or `unjudged`.
        conduct: String,
    }

    /// A goal.
    Goal {
        /// Who scored.
        team: String,
        /// The goal that was hit.
        end: String,
        /// Whether it counts.
        counts: bool,
        /// In milliseconds since kickoff.
        at_ms: u64,
    }

    /// More about one match, as far as it may be seen.
    Story {
        /// By seat.
        players: Vec<Player>,
        /// In order.
        goals: Vec<Goal>,
        /// What every phone brought.
        bundle: Option<String>,
        /// The server's word.
        receipt: Option<String>,
        /// Whose keys signed.
        device_certificate: Option<String>,
    }

    /// `league.head_to_head`.
    Met {
        /// Their id, in hex.
        user: String,
        /// Their name.
        name: String,
        /// Rated matches against each other.
        met: u32,
        /// Won by who asks.
        won: u32,
        /// Drawn.
        drawn: u32,
        /// Lost.
        lost: u32,
    }

    /// A line of `league.ledger`.
    Line {
        /// Its number.
        seq: u64,
        /// When it was booked.
        at_ms: u64,
        /// Because of this match.
        match_id: Option<String>,
        /// In thousandths of a point.
        amount: i64,
    }

    /// A row of `league.disputes`.
    Dispute {
        /// Its number.
        dispute: u64,
        /// `goal`, `roster`, `conduct`, `other`.
        kind: String,
        /// In the player's own words.
        text: String,
        /// When.
        opened_ms: u64,
        /// `open`, or how it was ruled.
        state: String,
        /// When that was.
        ruled_ms: Option<u64>,
    }

    /// A row of `league.penalties`.
    Penalty {
        /// Its number.
        id: u64,
        /// `no_start`, `left`, `operator`.
        kind: String,
        /// Because of this match.
        match_id: Option<String>,
        /// When.
        at_ms: u64,
        /// The step of the ladder.
        level: u32,
        /// How long it bars.
        until_ms: Option<u64>,
        /// When it was taken back.
        pardoned_ms: Option<u64>,
    }

    /// What is held against whoever asks.
    Standing {
        /// How long they are barred.
        barred_until_ms: Option<u64>,
        /// The step of the ladder.
        leaver_level: u32,
        /// Whether their flags count.
        flags_count: bool,
        /// Whether their votes count.
        votes_count: bool,
    }
}

/// A row of `league.history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What it is.
    pub facts: Facts,
    /// What it was to the player.
    pub own: Own,
}

impl Read for Played {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { facts: Read::read(value)?, own: Read::read(value)? })
    }
}

/// `league.match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// What it is.
    pub facts: Facts,
    /// More about it.
    pub story: Story,
}

impl Read for Whole {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { facts: Read::read(value)?, story: Read::read(value)? })
    }
}

/// A row of `league.disputes` with its match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The match, in hex.
    pub of: String,
    /// What was said.
    pub said: Dispute,
}

impl Read for Case {
    fn read(value: &Value) -> Option<Self> {
        Some(Self { of: Read::read(&value["match"])?, said: Read::read(value)? })
    }
}
