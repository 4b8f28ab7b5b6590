//! The league on a file: what a crash leaves of it, and what the doctor sees.

use crate::support::{NOW, block_on, id, open, user};
use countersign::{Fingerprint, RecordDigest};
use countersign_league::evidence::{Outcome, Settlement};
use countersign_league::{BatchId, DeviceId, MatchId, RulesetId, Team};
use countersign_store::league::{
    Conduct, Facts, HistoryCursor, Lineup, LineupSeat, NewGame, NewPair, NewPlayer, Notice,
    NoticeKind, PlayerName, Referee, Sealing, SettleOutcome, Verdict, VerdictLine,
};
use countersign_store::{LeagueStore, Result, StoreError};
use countersign_store_sqlite::{SqliteStore, doctor};
use std::time::Duration;

const FIRST: i32 = 1_500_000;
/// What a win of [`settle`] changes, in thousandths.
const STAKE: i32 = 1_000;
const PLAYERS: u32 = 6;

/// A device and six players.
pub(crate) async fn found(store: &impl LeagueStore) -> Result<()> {
    store.register_pairs(vec![pair(1)], NOW).await?;
    for n in 0..PLAYERS {
        store.player_of(new_player(n)).await?;
    }
    Ok(())
}

/// Settles match `n`, which the first three win.
pub(crate) async fn settle(store: &impl LeagueStore, n: u32) -> Result<()> {
    let referee = Fixed { settlement: Settlement::Settled, stake: STAKE, conduct: Vec::new() };
    let outcome = store.settle_game(game(n, &[0, 1, 2, 3, 4, 5]), referee).await?;
    let SettleOutcome::Settled { .. } = outcome else {
        return Err(StoreError::Damaged(format!("match {n} was to be settled: {outcome:?}")));
    };
    Ok(())
}

/// Whether match `n` is there with its receipt.
pub(crate) async fn is_settled(store: &impl LeagueStore, n: u32) -> Result<bool, String> {
    let asked = store.find_receipt(match_id(n), digest(n)).await;
    Ok(asked.map_err(|error| error.to_string())?.is_some())
}

/// No match of [`settle`] is half applied: every trace of it says the same number of matches.
pub(crate) async fn whole(store: &SqliteStore) -> Result<(), String> {
    match traces(store).await {
        Ok(None) => Ok(()),
        Ok(Some(traces)) if traces.iter().all(|&count| Some(&count) == traces.first()) => Ok(()),
        Ok(Some(traces)) => Err(format!("a match is half applied: {traces:?}")),
        Err(error) => Err(format!("the league does not answer: {error}")),
    }
}

async fn traces(store: &SqliteStore) -> Result<Option<[i64; 8]>> {
    let (Some(first), Some(last)) =
        (store.find_player(user(0)).await?, store.find_player(user(5)).await?)
    else {
        return Ok(None);
    };
    let history = store.history(user(0), HistoryCursor::NEWEST, u32::MAX).await?;
    let mut receipts = 0;
    for entry in &history {
        let view = store.find_game(entry.game.match_id).await?;
        receipts +=
            view.filter(|view| view.seats.len() == 6).map_or(0, |v| v.evidence.len() as i64);
    }
    let tally = store.season_rows(1, vec![user(5)]).await?;
    let notices = store.notices_after(0, u32::MAX).await?;
    let told = |n: &&Notice| n.kind == NoticeKind::Result && n.user == user(5);
    let results = notices.iter().filter(told).count();
    let lines = store.ledger_of(user(0), 0, u32::MAX).await?.len();
    Ok(Some([
        history.len() as i64,
        receipts,
        i64::from(first.matches),
        (first.balance - i64::from(FIRST)) / i64::from(STAKE),
        (i64::from(FIRST) - last.balance) / i64::from(STAKE),
        tally.first().map_or(0, |row| i64::from(row.tally.lost)),
        results as i64,
        lines as i64 - 1,
    ]))
}

/// Stakes by team; the receipt is what there is to say.
pub(crate) struct Fixed {
    pub(crate) settlement: Settlement,
    pub(crate) stake: i32,
    pub(crate) conduct: Vec<Conduct>,
}

impl Referee for Fixed {
    fn decide(&self, facts: &Facts) -> Verdict {
        let count = facts.players.len();
        let line_of = |seat: usize| VerdictLine {
            sporting: if 2 * seat < count { self.stake } else { -self.stake },
            adjustment: facts.players.get(seat).map_or(0, |known| known.rated as i32),
        };
        let no_adjustment = self.stake == STAKE;
        let lines = (0..count).map(line_of).map(|line| match no_adjustment {
            true => VerdictLine { adjustment: 0, ..line },
            false => line,
        });
        let conduct = (0..count).map(|n| self.conduct.get(n).copied().unwrap_or(Conduct::Finished));
        Verdict {
            settlement: self.settlement,
            reason: facts.meetings.len() as u16,
            integrity: 256,
            counts_at: facts.device.registered.plus(Duration::from_secs(90_000)),
            lines: lines.collect(),
            conduct: conduct.collect(),
            injured: Vec::new(),
            no_starts: Vec::new(),
        }
    }

    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String> {
        Ok(format!("{:?} {:?}", sealing.settlement, sealing.cause).into_bytes())
    }
}

pub(crate) fn match_id(n: u32) -> MatchId {
    MatchId::from_bytes(id(n))
}

pub(crate) fn device_id(n: u32) -> DeviceId {
    DeviceId::from_bytes(id(n))
}

pub(crate) fn digest(n: u32) -> RecordDigest {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    RecordDigest::from_bytes(bytes)
}

pub(crate) fn pair(n: u32) -> NewPair {
    let key = |kind: u8| {
        let mut bytes = [kind; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        bytes
    };
    NewPair {
        device: device_id(n),
        batch: BatchId::from_bytes(id(n / 2)),
        serial: format!("GLT-{n}"),
        mark: "teal".into(),
        master: key(1),
        master_key: Fingerprint::from_bytes(key(2)),
        slave: key(3),
        slave_key: Fingerprint::from_bytes(key(4)),
        max_players: 15,
        digest: digest(n),
        certificate: vec![1; 200],
    }
}

pub(crate) fn new_player(n: u32) -> NewPlayer {
    let name = PlayerName { name: format!("Player {n}"), skeleton: format!("player{n}") };
    NewPlayer { user: user(n), name, rating: FIRST, now: NOW }
}

pub(crate) fn game(n: u32, users: &[u32]) -> NewGame {
    let ended = NOW.plus(Duration::from_secs(u64::from(n) * 3_600));
    let seats = users.iter().enumerate().map(|(seat, &player)| LineupSeat {
        user: user(player),
        team: if 2 * seat < users.len() { Team::A } else { Team::B },
        ticket: digest(1_000_000 + n * 100 + player),
    });
    let lineup = Lineup {
        match_id: match_id(n),
        device: device_id(1),
        device_seq: n + 1,
        started: ended,
        ended,
        seats: seats.collect(),
    };
    NewGame {
        lineup,
        result: digest(n),
        ruleset: RulesetId::from_bytes([1; 32]),
        outcome: Outcome::Final,
        score: [1, 0],
        winner: Some(Team::A),
        bundle: vec![9; 4_000],
        now: ended,
    }
}

#[test]
fn a_settled_match_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let before = block_on(async {
        let store = open(&path);
        found(&store).await.unwrap();
        for n in 0..3 {
            settle(&store, n).await.unwrap();
        }
        store.find_game(match_id(2)).await.unwrap()
    });
    block_on(async {
        let store = open(&path);
        assert_eq!(store.find_game(match_id(2)).await.unwrap(), before);
        whole(&store).await.unwrap();
        assert_eq!(traces(&store).await.unwrap(), Some([3; 8]));
    });
}

#[test]
fn a_rating_that_does_not_follow_from_the_ledger_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let ratings = || doctor(&path).into_iter().find(|finding| finding.name == "ratings").unwrap();
    let store = open(&path);
    block_on(async {
        found(&store).await.unwrap();
        settle(&store, 1).await.unwrap();
    });
    assert!(ratings().ok, "{}", ratings().message);
    let db = rusqlite::Connection::open(&path).unwrap();
    for edit in ["UPDATE league_ledger SET amount = 5", "DELETE FROM league_ledger"] {
        let error = db.execute(edit, []).unwrap_err().to_string();
        assert!(error.contains("lines of the ledger are never"), "{error}");
    }
    db.execute("UPDATE league_players SET balance = balance + 1 WHERE user_id = ?1", [id(2)])
        .unwrap();
    assert!(!ratings().ok && ratings().message.contains("1 ratings"), "{}", ratings().message);
    let check = block_on(store.check_ledger()).unwrap();
    let first = i64::from(FIRST + STAKE);
    assert_eq!(check.wrong, [(user(2), first + 1, first)]);
    db.execute_batch(
        "UPDATE league_players SET balance = balance - 1 WHERE name = 'Player 2';
         DROP TRIGGER league_ledger_is_not_cut;
         DELETE FROM league_ledger WHERE kind = 5 AND seq < 3",
    )
    .unwrap();
    let check = block_on(store.check_ledger()).unwrap();
    assert_eq!((check.unbalanced, check.sum, check.wrong.len()), (vec![1], i64::from(FIRST), 0));
    assert!(!ratings().ok);
}

#[test]
fn a_match_is_settled_with_few_reads_of_whole_tables() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    drop(open(&path));
    let db = rusqlite::Connection::open(&path).unwrap();
    // The questions of a settlement, a profile and a scan; each must go through an index.
    for sql in [
        "SELECT 1 FROM league_devices WHERE master_key = ?1 OR slave_key = ?1",
        "SELECT 1 FROM league_devices WHERE status = ?1 AND id > ?2 ORDER BY id",
        "SELECT 1 FROM league_players WHERE skeleton = ?1",
        "SELECT 1 FROM league_players WHERE season < ?1 ORDER BY season, user_id",
        "SELECT 1 FROM league_tickets WHERE state <> 2 AND expires < ?1",
        "SELECT 1 FROM league_tickets WHERE state <> 2 AND user_id = ?1",
        "SELECT 1 FROM league_matches WHERE device = ?1 AND device_seq = ?2",
        "SELECT 1 FROM league_matches WHERE device = ?1 AND settlement <= 1 AND ended >= ?2",
        "SELECT 1 FROM league_matches WHERE settlement = 1 AND counts_at <= ?1",
        "SELECT no, ended, team FROM league_seats WHERE user_id = ?1 AND ended >= ?2 AND rated = 1",
        "SELECT 1 FROM league_seats WHERE user_id = ?1 AND (ended, no) < (?2, ?3)
         ORDER BY ended DESC, no DESC",
        "SELECT 1 FROM league_ledger WHERE user_id = ?1 AND seq > ?2 ORDER BY seq",
        "SELECT 1 FROM league_disputes WHERE ruling IS NULL AND id > ?1 ORDER BY id",
        "SELECT 1 FROM league_penalties WHERE user_id = ?1 AND id > ?2 ORDER BY id",
        "SELECT 1 FROM league_tickets WHERE digest = ?1",
    ] {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = plan.parameter_count();
        let params = rusqlite::params_from_iter(vec![0; count]);
        let lines = plan.query_map(params, |row| row.get::<_, String>(3)).unwrap();
        let plan: Vec<_> = lines.map(Result::unwrap).collect();
        let slow = |line: &String| line.contains("SCAN") || line.contains("TEMP B-TREE");
        assert!(!plan.iter().any(slow), "{sql}: {plan:?}");
    }
}
