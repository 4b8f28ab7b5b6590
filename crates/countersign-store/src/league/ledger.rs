//! The rating ledger: double entry, append only. Ratings are its sums.

use countersign::{Timestamp, UserId};
use countersign_league::MatchId;
use std::collections::BTreeMap;

/// Why a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum LineKind {
    /// A player's first rating.
    Opening = 0,
    /// What device and server computed alike.
    Sporting = 1,
    /// What the server takes away or leaves out.
    Adjustment = 2,
    /// A ruling on a match.
    Correction = 3,
    /// The rubber band between seasons.
    Season = 4,
    /// The counterpart of all lines of one posting; belongs to nobody.
    Bank = 5,
}

from_number!(LineKind: Opening Sporting Adjustment Correction Season Bank);

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLine {
    /// From 1, without gaps, in the order of writing.
    pub seq: u64,
    /// Number of the first line that was written together with it; the amounts of a posting sum to 0.
    pub posting: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Why.
    pub kind: LineKind,
    /// Whose; `None` is the bank.
    pub user: Option<UserId>,
    /// Because of which match.
    pub match_id: Option<MatchId>,
    /// In thousandths of a point.
    pub amount: i64,
}

/// What a check of the ledger against the players found. All is well if [`LedgerCheck::is_sound`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerCheck {
    /// Lines in all.
    pub lines: u64,
    /// Sum of all lines; 0.
    pub sum: i64,
    /// Postings that do not sum to 0; at most [`LedgerCheck::MAX`].
    pub unbalanced: Vec<u64>,
    /// Players with the balance that is stored and the one that follows from their lines; at most [`LedgerCheck::MAX`].
    pub wrong: Vec<(UserId, i64, i64)>,
}

impl LedgerCheck {
    /// Most entries of each list.
    pub const MAX: usize = 100;

    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.sum == 0 && self.unbalanced.is_empty() && self.wrong.is_empty()
    }
}

/// Ratings computed anew from the ledger: the truth that every stored rating must agree with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replay {
    balances: BTreeMap<UserId, i64>,
    bank: i64,
    last: u64,
}

impl Replay {
    /// Adds the next line. `false`: a line is missing before it, or was added already; nothing was changed.
    pub fn add(&mut self, line: &LedgerLine) -> bool {
        if line.seq != self.last.wrapping_add(1) {
            return false;
        }
        self.last = line.seq;
        match line.user {
            Some(user) => *self.balances.entry(user).or_default() += line.amount,
            None => self.bank += line.amount,
        }
        true
    }

    /// Balances by player, in thousandths.
    pub const fn balances(&self) -> &BTreeMap<UserId, i64> {
        &self.balances
    }

    /// What the bank has, in thousandths: the opposite of what all players have.
    pub const fn bank(&self) -> i64 {
        self.bank
    }

    /// Number of the last line.
    pub const fn last(&self) -> u64 {
        self.last
    }
}
