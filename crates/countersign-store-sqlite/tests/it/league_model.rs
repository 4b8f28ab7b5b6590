//! The same calls of the league, drawn by chance, give the same answers from SQLite and from the memory store.
//!
//! Both run the same units of work; what differs, and is compared, is every row that these read and write.

use crate::league::{Fixed, device_id, digest, found, game, match_id, new_player, pair};
use crate::support::{NOW, block_on, open, session, user};
use countersign::{Timestamp, UserId};
use countersign_league::evidence::{DeviceStatus, Settlement};
use countersign_league::{DeviceId, Nonce, Team};
use countersign_store::league::{
    Avatar, AvatarChange, Conduct, DeviceFilter, DisputeId, DisputeKind, DisputeQueue,
    HistoryCursor, NewDispute, NewPenalty, NewPlayer, NewRuling, NewTicket, PenaltyCause,
    PenaltyId, ProfileChange, Ruling, StatusChange, VerdictLine, Visibility,
};
use countersign_store::{LeagueStore, MemoryStore, Result, Store};
use std::fmt::Debug;
use std::time::Duration;

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
            let filter = DeviceFilter {
                status: status.filter(|_| draw.coin()),
                batch,
                has_gaps: draw.coin(),
            };
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
