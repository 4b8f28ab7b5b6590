//! The league on a file: what a crash leaves of it, what the doctor sees, and the same answers as from memory.

use crate::support::{NOW, block_on, id, open, session, user};
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::evidence::{DeviceStatus, Outcome, Settlement};
use countersign_league::{BatchId, DeviceId, MatchId, Nonce, RulesetId, Team};
use countersign_store::league::*;
use countersign_store::{LeagueStore, MemoryStore, Result, Store, StoreError};
use countersign_store_sqlite::{SqliteStore, doctor};
use std::fmt::Debug;
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
    match store.settle_game(game(n, &[0, 1, 2, 3, 4, 5]), referee).await? {
        SettleOutcome::Settled { .. } => Ok(()),
        other => Err(StoreError::Damaged(format!("match {n} was to be settled: {other:?}"))),
    }
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
struct Fixed {
    settlement: Settlement,
    stake: i32,
    conduct: Vec<Conduct>,
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
        }
    }

    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String> {
        Ok(format!("{:?} {:?}", sealing.settlement, sealing.cause).into_bytes())
    }
}

fn match_id(n: u32) -> MatchId {
    MatchId::from_bytes(id(n))
}

fn device_id(n: u32) -> DeviceId {
    DeviceId::from_bytes(id(n))
}

fn digest(n: u32) -> RecordDigest {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    RecordDigest::from_bytes(bytes)
}

fn pair(n: u32) -> NewPair {
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

fn new_player(n: u32) -> NewPlayer {
    let name = PlayerName { name: format!("Player {n}"), skeleton: format!("player{n}") };
    NewPlayer { user: user(n), name, rating: FIRST, now: NOW }
}

fn game(n: u32, users: &[u32]) -> NewGame {
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
        "SELECT 1 FROM league_notices WHERE user_id = ?1",
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

const SEEDS: u64 = 10;
const CALLS: usize = 300;

#[test]
fn the_league_in_sqlite_answers_like_the_one_in_memory() {
    block_on(async {
        let mut seen = [0; 6];
        for seed in 0..SEEDS {
            let dir = tempfile::tempdir().unwrap();
            let (sqlite, memory) = (open(&dir.path().join("store.db")), MemoryStore::default());
            let mut draw = Draw { state: seed, now: NOW };
            found(&sqlite).await.unwrap();
            found(&memory).await.unwrap();
            for call in 0..CALLS {
                let before = draw.clone();
                let (name, expected) = step(&memory, &mut before.clone()).await;
                let (_, found) = step(&sqlite, &mut draw).await;
                assert_eq!(found, expected, "seed {seed}, call {call}, {name}");
            }
            assert!(sqlite.check_ledger().await.unwrap().is_sound(), "seed {seed}");
            assert_eq!(everything(&sqlite).await, everything(&memory).await, "seed {seed}");
            for line in sqlite.ledger_after(0, u32::MAX).await.unwrap() {
                seen[line.kind as usize] += 1;
            }
        }
        assert!(
            seen.iter().all(|&lines| lines > 20),
            "some calls never came to anything: {seen:?}"
        );
    });
}

async fn everything(store: &(impl LeagueStore + Store)) -> String {
    text(store.ledger_after(0, u32::MAX).await)
        + &text(store.players_after(None, u32::MAX).await)
        + &text(store.notices_after(0, u32::MAX).await)
        + &text(store.disputes(DisputeQueue::Open, DisputeId(0), u32::MAX).await)
        + &text(store.list_devices(DeviceFilter::default(), None, u32::MAX).await)
        + &text(store.audit_after(0, u32::MAX).await)
}

/// One call drawn by chance: its name and its answer as text.
async fn step(store: &(impl LeagueStore + Store), draw: &mut Draw) -> (&'static str, String) {
    draw.now = draw.now.plus(Duration::from_secs(u64::from(draw.below(9_000))));
    match draw.below(8) {
        0 | 1 => settle_step(store, draw).await,
        2 => device_step(store, draw).await,
        3 | 4 => player_step(store, draw).await,
        5 => read_step(store, draw).await,
        _ => ruling_step(store, draw).await,
    }
}

async fn settle_step(store: &impl LeagueStore, draw: &mut Draw) -> (&'static str, String) {
    let count = if draw.coin() { 6 } else { 9 };
    let mut users: Vec<_> = (0..count).collect();
    for end in (1..count as usize).rev() {
        users.swap(end, draw.below(end as u32 + 1) as usize);
    }
    let n = draw.below(30);
    let mut new = game(n, users.get(..6).unwrap_or_default());
    new.lineup.device = device_id(u32::from(draw.below(8) > 0));
    new.lineup.device_seq = if draw.below(9) == 0 { 1 + draw.below(30) } else { n + 1 };
    new.result = digest(n + 1_000 * u32::from(draw.below(6) == 0));
    new.winner = [None, Some(Team::A), Some(Team::B)][draw.below(3) as usize];
    new.now = draw.now;
    if let Some(seat) = new.lineup.seats.first_mut() {
        seat.ticket = digest(draw.below(20));
    }
    let ways = [0, 0, 0, 1, 1, 2, 3, 4];
    let settlement = Settlement::from_number(ways[draw.below(8) as usize]).unwrap();
    let conduct = (0..3).map(|_| Conduct::from_number(draw.below(4) as u8).unwrap()).collect();
    let stake = draw.below(900_000) as i32;
    let referee = Fixed { settlement, stake, conduct };
    ("settle_game", text(store.settle_game(new, referee).await))
}

async fn device_step(store: &impl LeagueStore, draw: &mut Draw) -> (&'static str, String) {
    let device = device_id(draw.below(3));
    match draw.below(4) {
        0 => {
            let mut pairs = vec![pair(draw.below(3)), pair(draw.below(3))];
            if draw.below(4) == 0 {
                pairs[1].master_key = pairs[0].slave_key;
            }
            ("register_pairs", text(store.register_pairs(pairs, draw.now).await))
        }
        1 => {
            let to = DeviceStatus::from_number(draw.below(6) as u8).unwrap();
            let by = Some((user(1), session(1))).filter(|_| draw.coin());
            let change = StatusChange { device, to, by, now: draw.now };
            ("set_device_status", text(store.set_device_status(change).await))
        }
        2 => ("find_device", text(store.find_device(device).await)),
        _ => {
            let status = DeviceStatus::from_number(draw.below(6) as u8).ok();
            let batch = Some(pair(draw.below(3)).batch).filter(|_| draw.coin());
            let filter = DeviceFilter { status: status.filter(|_| draw.coin()), batch };
            ("list_devices", text(store.list_devices(filter, Some(device), 2).await))
        }
    }
}

async fn player_step(
    store: &(impl LeagueStore + Store),
    draw: &mut Draw,
) -> (&'static str, String) {
    let (who, now) = (draw.user(), draw.now);
    match draw.below(8) {
        0..=2 => {
            let name = new_player(draw.below(12)).name;
            let new = NewPlayer { user: who, name, ..new_player(0) };
            ("player_of", text(store.player_of(new).await))
        }
        3 => {
            let avatar = match draw.below(3) {
                0 => AvatarChange::Keep,
                1 => AvatarChange::Remove,
                _ => AvatarChange::Set(Avatar { hash: [1; 32], bytes: vec![2; 70_000 * 7 / 8] }),
            };
            let name = Some(new_player(draw.below(12)).name).filter(|_| draw.coin());
            let visibility = Visibility::from_number(draw.below(4) as u8);
            let change = ProfileChange { name, visibility, avatar };
            ("update_profile", text(store.update_profile(who, change).await))
        }
        4 | 5 => {
            let travel = draw.coin();
            let ticket = NewTicket {
                digest: digest(draw.below(20)),
                user: who,
                device: if travel { DeviceId::NONE } else { device_id(1) },
                lobby: Nonce::NONE,
                issued: now,
                expires: now.plus(Duration::from_secs(u64::from(draw.below(90_000)))),
            };
            ("issue_ticket", text(store.issue_ticket(ticket).await))
        }
        6 => ("purge_tickets", text(store.purge_tickets(now).await)),
        _ => ("export_player", text(store.export_player(who).await)),
    }
}

async fn read_step(store: &impl LeagueStore, draw: &mut Draw) -> (&'static str, String) {
    let (who, other) = (draw.user(), draw.user());
    match draw.below(8) {
        0 => ("find_game", text(store.find_game(match_id(draw.below(30))).await)),
        1 => ("history", text(store.history(who, HistoryCursor::NEWEST, 5).await)),
        2 => ("head_to_head", text(store.head_to_head(who, other).await)),
        3 => {
            let season = draw.below(4) as u16;
            ("season_rows", text(store.season_rows(season, vec![who, other, who]).await))
        }
        4 => ("settlement_facts", {
            let lineup = game(draw.below(30), &[0, 1, 2, 3, 4, 5]).lineup;
            text(store.settlement_facts(lineup).await)
        }),
        5 => ("find_ticket", text(store.find_ticket(digest(draw.below(20))).await)),
        6 => ("penalties", text(store.penalties(who, PenaltyId(1), 3).await)),
        _ => ("ledger_of", text(store.ledger_of(who, u64::from(draw.below(9)), 4).await)),
    }
}

async fn ruling_step(store: &impl LeagueStore, draw: &mut Draw) -> (&'static str, String) {
    let (who, now, match_id) = (draw.user(), draw.now, match_id(draw.below(30)));
    match draw.below(9) {
        0 | 1 => {
            let new = NewDispute {
                match_id,
                user: who,
                kind: DisputeKind::from_number(draw.below(4) as u8).unwrap(),
                text: "x".repeat(draw.below(2_100) as usize),
                now,
            };
            ("open_dispute", text(store.open_dispute(new).await))
        }
        2 | 3 => {
            let line = VerdictLine { sporting: draw.below(9_000) as i32, adjustment: -1 };
            let ruling = match draw.below(5) {
                0 | 1 => Ruling::Uphold,
                2 => Ruling::Void,
                3 => Ruling::Amend { score: [3, 3], winner: None, lines: vec![line; 6] },
                _ => Ruling::Refund { amounts: vec![(who, 77)] },
            };
            let new = NewRuling { match_id, ruling, frivolous: vec![who], now };
            ("rule", text(store.rule(new).await))
        }
        4 => ("apply_due", text(store.apply_due(now, 2).await)),
        5 => {
            let cause = match draw.below(3) {
                0 => PenaltyCause::NoStart,
                1 => PenaltyCause::Left,
                _ => PenaltyCause::Operator { until: now.plus(Duration::from_secs(99)) },
            };
            let new = NewPenalty { user: who, cause, match_id: Some(match_id), now };
            ("penalize", text(store.penalize(new).await))
        }
        6 => {
            let id = PenaltyId(u64::from(draw.below(9)));
            ("pardon", text(store.pardon(id, now).await))
        }
        7 if draw.coin() => {
            let number = store.season().await.unwrap().number + draw.below(3) as u16;
            ("open_season", text(store.open_season(number, now).await))
        }
        7 => ("drop_notices", text(store.drop_notices(u64::from(draw.below(30))).await)),
        _ => ("carry_players", text(store.carry_players(draw.below(5), now).await)),
    }
}

/// Errors are told in each store's own words.
fn text<T: Debug>(result: Result<T>) -> String {
    result.map_or("an error".into(), |value| format!("{value:?}"))
}

/// Few different values, so that calls meet (splitmix64).
#[derive(Clone)]
struct Draw {
    state: u64,
    now: Timestamp,
}

impl Draw {
    fn below(&mut self, end: u32) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(end)).unwrap()
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn user(&mut self) -> UserId {
        user(self.below(9))
    }
}
