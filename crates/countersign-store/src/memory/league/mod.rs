//! The league in memory: rows in maps.

mod games;
mod rows;
mod store;

use super::State;
use crate::league::{
    Device, DisputeEntry, EvidenceView, HeadToHead, IssuedTicket, LedgerCheck, LedgerLine, Notice,
    Penalty, Player, Replay, Season, StoredGame, StoredSeat, Tally,
};
use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All rows of the league.
#[derive(Default)]
pub(super) struct League {
    devices: BTreeMap<DeviceId, Device>,
    players: BTreeMap<UserId, Player>,
    skeletons: HashMap<String, UserId>,
    avatars: HashMap<UserId, Vec<u8>>,
    tickets: HashMap<RecordDigest, IssuedTicket>,
    games: Vec<(StoredGame, Vec<StoredSeat>)>,
    game_ids: HashMap<MatchId, usize>,
    seats_of: BTreeMap<UserId, BTreeSet<(Timestamp, u64)>>,
    evidence: HashMap<MatchId, Vec<EvidenceView>>,
    meetings: HashMap<(UserId, UserId), HeadToHead>,
    ledger: Vec<LedgerLine>,
    season: Option<Season>,
    tallies: BTreeMap<(UserId, u16), (Tally, Option<i32>)>,
    disputes: Vec<DisputeEntry>,
    penalties: Vec<Penalty>,
    notices: BTreeMap<u64, Vec<Notice>>,
    last_notice: u64,
}

impl State {
    pub(super) fn erase_player(&mut self, user: UserId, at: Timestamp) {
        // Rows in memory cannot fail.
        let erased = crate::league::unit::erase(self, user, at);
        debug_assert!(erased.is_ok());
    }
}

/// Up to `limit`, whatever the width of a pointer.
fn take<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(limit as usize).collect()
}

impl State {
    /// What follows from the ledger, beside what is stored.
    fn check_ledger(&self) -> LedgerCheck {
        let mut replay = Replay::default();
        let mut postings: BTreeMap<u64, i64> = BTreeMap::new();
        for line in &self.league.ledger {
            replay.add(line);
            *postings.entry(line.posting).or_default() += line.amount;
        }
        let unbalanced = postings.iter().filter(|&(_, &sum)| sum != 0).map(|(&posting, _)| posting);
        let wrong = self.league.players.values().filter_map(|player| {
            let follows = replay.balances().get(&player.user).copied().unwrap_or_default();
            (follows != player.balance).then_some((player.user, player.balance, follows))
        });
        LedgerCheck {
            lines: replay.last(),
            sum: replay.balances().values().sum::<i64>() + replay.bank(),
            unbalanced: unbalanced.take(LedgerCheck::MAX).collect(),
            wrong: wrong.take(LedgerCheck::MAX).collect(),
        }
    }
}
