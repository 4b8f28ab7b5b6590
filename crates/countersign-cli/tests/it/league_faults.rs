//! Rows of the table of faults that the server decides, by their names, on the real program. `docs/league.md` section
//! "Faults" points here; the rows that the device decides are in `countersign-league`.

use crate::harness::league::*;
use crate::harness::*;
use countersign::{ResultCode, Timestamp};
use countersign_league::Team;
use countersign_league::evidence::{
    Act, ActKind, DeviceStatus, GoalState, MatchReceipt, MissedEvidence, Outcome, SeatFlags,
    Settlement, Ticket,
};
use countersign_league::settlement::Reason;
use countersign_store::LeagueStore;
use serde_json::{Value, json};
use std::time::Duration;

const FIRST: i64 = 1_500_000;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

impl League {
    /// A bundle of this match, brought by this player.
    fn bring(&mut self, player: usize, game: &Match) -> MatchReceipt {
        let bundle = self.bundle(game);
        let frame = self.settle(player, &bundle);
        self.receipt(&frame)
    }

    /// What the operator is shown.
    fn shown(&self, words: &[&str]) -> Value {
        let words: Vec<_> = ["league"].iter().chain(words).chain(&["--json"]).copied().collect();
        serde_json::from_str(&operate(&self.server, &words)).unwrap()
    }

    fn state_of(&self, game: &Match) -> Value {
        self.shown(&["match", "show", &game.start.match_id.to_string()])["state"].clone()
    }

    /// Ratings by seat, as the ledger has them.
    fn ratings(&self) -> Vec<i64> {
        let of = |player: &Device| self.shown(&["player", "show", &player.user]);
        let shown = self.players.iter().map(of);
        let ratings = shown.map(|shown| shown["rating"].as_i64().unwrap()).collect();
        assert_eq!(self.shown(&["ledger", "check"])["ok"], true);
        ratings
    }

    fn resolve(&self, game: &Match, decision: &str) {
        let id = game.start.match_id.to_string();
        let words = ["league", "dispute", "resolve", &id, decision, "--reason", "seen", "--yes"];
        operate(&self.server, &words);
    }

    /// The ticket that a player would get now.
    fn ticket(&mut self, player: usize) -> Ticket {
        let frame = done(&mut self.players[player], "league.ticket", br#"{"travel":true}"#);
        by_server(&self.server, &frame).value
    }

    /// A match that these seats flagged.
    fn flagged(&mut self, seats: &[usize]) -> Match {
        let mut game = self.play();
        for &seat in seats {
            self.act(&mut game, seat, ActKind::Flag, 0);
            game.result.seats[seat].0 |= SeatFlags::FLAGGED;
        }
        game
    }

    /// What the server's own work does once this time has passed.
    fn later(&self, span: Duration) -> usize {
        wait(store(&self.server).apply_due(now().plus(span), 99)).len()
    }
}

fn totals(receipt: &MatchReceipt) -> Vec<i64> {
    receipt.lines.iter().map(|line| i64::from(line.sporting + line.adjustment)).collect()
}

fn after(before: &[i64], changes: &[i64]) -> Vec<i64> {
    before.iter().zip(changes).map(|(before, change)| before + change).collect()
}

fn why(receipt: &MatchReceipt) -> (Settlement, Reason) {
    (receipt.settlement, Reason::from_number(receipt.reason).unwrap())
}

#[test]
fn server_down_at_end() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    league.server.kill_9();
    assert!(connect(league.server.public().get(), None).is_err(), "nobody answers");
    league.server.restart();
    // Whoever comes first brings it, and the match is what it would have been.
    let frame = retried(&mut league, &bundle);
    let receipt = league.receipt(&frame);
    assert_eq!(why(&receipt), (Settlement::Settled, Reason::None));
    let changes: Vec<_> = game.result.deltas.iter().map(|delta| i64::from(*delta)).collect();
    assert_eq!(league.ratings(), after(&[FIRST; 6], &changes));
    // The answer was lost with the server: the next try gets the same one.
    league.server.kill_9();
    league.server.restart();
    assert_eq!(retried(&mut league, &bundle), frame);
    for player in &mut league.players {
        let said = ask(player, "league.penalties", &json!({}));
        assert_eq!(said["penalties"], json!([]), "nobody is to blame");
    }
}

/// As a phone does while the server builds its boards.
fn retried(league: &mut League, bundle: &[u8]) -> Vec<u8> {
    eventually("the server takes it", || {
        let opened = league.players[4].call("league.settle", bundle);
        (opened.result == ResultCode::OK).then_some(opened.payload)
    })
}

#[test]
fn two_phones_submit() {
    let mut league = League::start(8, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    let frames: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let phones = league.players.iter_mut();
        let submit = |phone| scope.spawn(|| done(phone, "league.settle", &bundle));
        let phones: Vec<_> = phones.map(submit).collect();
        phones.into_iter().map(|phone| phone.join().unwrap()).collect()
    });
    assert!(frames.iter().all(|frame| *frame == frames[0]), "one receipt, to the last byte");
    let receipt = league.receipt(&frames[0]);
    assert_eq!(league.ratings(), after(&[FIRST; 8], &totals(&receipt)), "once");
    let stored = wait(store(&league.server).find_game(game.start.match_id)).unwrap();
    assert_eq!((stored.evidence.len(), &stored.evidence[0].receipt), (1, &frames[0]));
}

#[test]
fn different_bytes_same_match_id() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let first = league.bring(0, &game);
    let counted = league.ratings();
    assert_eq!(counted, after(&[FIRST; 6], &totals(&first)));
    let second = league.bring(1, &game.other_score(&league.pair));
    assert_eq!(why(&second), (Settlement::Frozen, Reason::Fork));
    let id = game.start.match_id.to_string();
    let shown = league.shown(&["match", "show", &id]);
    assert_eq!(shown["state"], "frozen");
    let stored = wait(store(&league.server).find_game(game.start.match_id)).unwrap();
    assert_eq!(stored.evidence.len(), 2, "both are kept");
    let device = league.shown(&["device", "show", &league.pair.id.to_string()]);
    assert_eq!(device["status"], "suspect");
    assert_eq!(league.ratings(), [FIRST; 6], "nobody knows which one was played");
    let user = league.players[2].user.clone();
    let said = ask(&mut league.players[3], "league.rank", &json!({ "user": user }));
    assert_eq!(said["rating"], FIRST);
    league.resolve(&game, "uphold");
    assert_eq!(league.ratings(), counted);
}

#[test]
fn ticket_expired_before_settle() {
    let mut league = League::since_a_month(6, Options::new());
    let game = league.play_ago(3 * DAY);
    let receipt = league.bring(0, &game);
    assert_eq!(why(&receipt), (Settlement::Settled, Reason::None), "it was good at the start");
    assert_eq!(league.ratings(), after(&[FIRST; 6], &totals(&receipt)));
    let mut late = league.play_ago(2 * DAY);
    late.start.started = late.start.started.plus(40 * MINUTE);
    late.result.ended = late.result.ended.plus(40 * MINUTE);
    let bundle = league.bundle(&late);
    let invalid = ResultCode::EVIDENCE_INVALID;
    let said = refused(&mut league.players[0], "league.settle", &bundle, invalid);
    assert_eq!(said["check"], "G8", "it was not good at the start any more");
}

#[test]
fn user_banned_meanwhile() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let user = league.players[2].user.clone();
    let bar = ["league", "player", "bar", &user, "--days", "14", "--reason", "fists", "--yes"];
    operate(&league.server, &bar);
    let receipt = league.bring(0, &game);
    assert_eq!(why(&receipt), (Settlement::Settled, Reason::None));
    let mut expected: Vec<_> = game.result.deltas.iter().map(|delta| i64::from(*delta)).collect();
    expected[2] = 0;
    assert_eq!(totals(&receipt), expected, "his line alone is taken out");
    assert_eq!(receipt.lines[2].sporting, game.result.deltas[2], "and stays to be seen");
    assert_eq!(league.ratings(), after(&[FIRST; 6], &expected));
    let bank = league.shown(&["ledger", "check"])["bank"].as_i64().unwrap();
    assert_eq!(bank, -6 * FIRST - expected.iter().sum::<i64>(), "the bank takes it");
    // A leaver's bar is for the next match, and takes nothing from this one.
    let next = league.play();
    let leaver = league.players[3].user.parse().unwrap();
    for _ in 0..2 {
        let cause = countersign_store::league::PenaltyCause::Left;
        let new = countersign_store::league::NewPenalty {
            user: leaver,
            cause,
            match_id: None,
            now: now(),
        };
        wait(store(&league.server).penalize(new)).unwrap();
    }
    let receipt = league.bring(0, &next);
    assert_eq!((totals(&receipt)[2], totals(&receipt)[3] != 0), (0, true));
}

#[test]
fn device_revoked_after_the_match() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    set_status(&league.server, league.pair.id, DeviceStatus::Revoked);
    let receipt = league.bring(0, &game);
    assert_eq!(why(&receipt), (Settlement::Frozen, Reason::DeviceRevoked));
    assert_eq!((league.ratings(), league.state_of(&game)), (vec![FIRST; 6], json!("frozen")));
    league.resolve(&game, "uphold");
    let changes: Vec<_> = game.result.deltas.iter().map(|delta| i64::from(*delta)).collect();
    assert_eq!(league.ratings(), after(&[FIRST; 6], &changes), "somebody looked at it");
}

#[test]
fn result_older_than_14_days_or_counter_gap() {
    let mut league = League::since_a_month(6, Options::new());
    let old = league.play_ago(14 * DAY + 2 * MINUTE);
    let receipt = league.bring(0, &old);
    assert_eq!(why(&receipt), (Settlement::Unrated, Reason::TooLate));
    assert_eq!(league.ratings(), [FIRST; 6]);
    let in_time = league.play_ago(14 * DAY - 2 * MINUTE);
    let receipt = league.bring(0, &in_time);
    assert_eq!(why(&receipt), (Settlement::Settled, Reason::None));
    let before = league.ratings();
    assert_eq!(before, after(&[FIRST; 6], &totals(&receipt)));
    league.pair.played += 9;
    let gap = league.play();
    let receipt = league.bring(0, &gap);
    assert_eq!(why(&receipt), (Settlement::Unrated, Reason::CounterGap));
    assert_eq!(league.ratings(), before);
    league.resolve(&gap, "uphold");
    assert_ne!(league.ratings(), before, "unless somebody looked at it");
}

#[test]
fn annul_goal_is_counted_again() {
    let mut league = League::start(6, Options::new());
    let mut game = league.play();
    let annulled = game.result.goals.iter().position(|goal| goal.team == Team::A).unwrap();
    let of = [Team::A, Team::B].map(|team| game.seats_of(team));
    game.result.goals[annulled].state = GoalState::Annulled;
    game.recount();
    let vote = |league: &League, game: &mut Match, seats: &[usize]| {
        let target = annulled as u16;
        seats.iter().for_each(|&seat| league.act(game, seat, ActKind::Annul, target));
    };
    // All of those who conceded it, and one of three who scored it.
    vote(&league, &mut game, &of[1]);
    vote(&league, &mut game, &of[0][..1]);
    let bundle = league.bundle(&game);
    let invalid = ResultCode::EVIDENCE_INVALID;
    let said = refused(&mut league.players[0], "league.settle", &bundle, invalid);
    assert_eq!(said["check"], "G14");
    vote(&league, &mut game, &of[0][1..2]);
    let receipt = league.bring(0, &game);
    assert_eq!(why(&receipt), (Settlement::Settled, Reason::None));
    let shown = league.shown(&["match", "show", &game.start.match_id.to_string()]);
    assert_eq!(shown["score"], json!([2, 1]), "three to one, less one");
}

#[test]
fn match_flagged_waits_a_day() {
    let mut league = League::start(8, Options::new());
    // Two of one team are neither both teams nor a third of eight.
    let mut of_one_team = league.play();
    for seat in of_one_team.seats_of(Team::A).into_iter().take(2) {
        league.act(&mut of_one_team, seat, ActKind::Flag, 0);
        of_one_team.result.seats[seat].0 |= SeatFlags::FLAGGED;
    }
    let receipt = league.bring(0, &of_one_team);
    assert_eq!(why(&receipt), (Settlement::Settled, Reason::None));
    let before = league.ratings();

    let game = league.flagged(&[0, 1, 2]);
    let receipt = league.bring(0, &game);
    assert_eq!(why(&receipt), (Settlement::Pending, Reason::Flagged));
    assert_eq!((league.state_of(&game), league.ratings()), (json!("pending"), before.clone()));
    assert_eq!(league.later(DAY - MINUTE), 0, "withheld for a day");
    assert_eq!(league.later(DAY), 1, "then it counts");
    let counted = after(&before, &totals(&receipt));
    assert_eq!((league.state_of(&game), league.ratings()), (json!("settled"), counted.clone()));
    let user = league.players[5].user.clone();
    let said = ask(&mut league.players[6], "league.rank", &json!({ "user": user }));
    assert_eq!(said["rating"], counted[5]);

    // Disputed: not before somebody rules, and at the latest after three days.
    let dispute = |league: &mut League, game: &Match| {
        let id = game.start.match_id.to_string();
        let wish = json!({ "match_id": id, "kind": "goal", "text": "There was no ball." });
        ask(&mut league.players[4], "league.dispute", &wish);
    };
    let struck = league.flagged(&[0, 1, 2]);
    league.bring(0, &struck);
    dispute(&mut league, &struck);
    assert_eq!(league.later(3 * DAY - MINUTE), 0);
    league.resolve(&struck, "void");
    assert_eq!((league.later(4 * DAY), league.ratings()), (0, counted.clone()));
    let forgotten = league.flagged(&[0, 1, 2]);
    let receipt = league.bring(0, &forgotten);
    dispute(&mut league, &forgotten);
    assert_eq!(league.later(3 * DAY - MINUTE), 0);
    assert_eq!(league.later(3 * DAY), 1, "nobody ruled in 72 hours");
    assert_eq!(league.ratings(), after(&counted, &totals(&receipt)));
}

#[test]
fn match_flagged_without_ground_three_times_costs_the_weight_of_flags() {
    let options = Options::new().set("league.player_matches_per_day", 100);
    let mut league = League::start(6, options);
    for number in 1..=3 {
        assert!(!league.ticket(0).flags.has(2), "after {number}");
        let game = league.flagged(&[0, 1]);
        assert_eq!(league.bring(0, &game).settlement, Settlement::Pending);
        let wish = json!({ "match_id": game.start.match_id.to_string(), "kind": "conduct" });
        let said = ask(&mut league.players[0], "league.dispute", &wish);
        let id = said["dispute"].to_string();
        let words = ["league", "dispute", "resolve", &id, "uphold", "--frivolous"];
        let words: Vec<_> = words.iter().chain(&["--reason", "no", "--yes"]).copied().collect();
        operate(&league.server, &words);
        assert_eq!(league.state_of(&game), "settled");
    }
    assert!(league.ticket(0).flags.has(2), "the ticket says that flags do not count");
    let alone = league.flagged(&[0, 1]);
    assert_eq!(league.bring(0, &alone).settlement, Settlement::Settled, "one flag is not enough");
}

#[test]
fn injury_button_excuses_once_in_thirty_days() {
    let mut league = League::start(8, Options::new());
    let hurt = |league: &mut League, kind, flags: u8| {
        let mut game = league.play();
        league.act(&mut game, 3, kind, 0);
        game.result.seats[3].0 = flags;
        game.recount();
        game
    };
    let injured = SeatFlags::LEFT | SeatFlags::INJURED;
    assert!(!league.ticket(3).flags.has(8));
    let first = hurt(&mut league, ActKind::Injury, injured);
    let receipt = league.bring(0, &first);
    let stakes = first.start.roster[3].stakes;
    assert!([stakes.win, stakes.loss].contains(&receipt.lines[3].sporting), "as the team");
    let said = ask(&mut league.players[3], "league.penalties", &json!({}));
    assert_eq!(said["penalties"], json!([]));
    assert!(league.ticket(3).flags.has(8), "the next ticket tells the device");
    assert!(!league.ticket(4).flags.has(8));
    let second = hurt(&mut league, ActKind::Injury, injured);
    let bundle = league.bundle(&second);
    let invalid = ResultCode::EVIDENCE_INVALID;
    let said = refused(&mut league.players[0], "league.settle", &bundle, invalid);
    assert_eq!(said["check"], "G14", "no device may excuse it again");
    let left = hurt(&mut league, ActKind::Leave, SeatFlags::LEFT);
    let receipt = league.bring(0, &left);
    assert_eq!(receipt.lines[3].sporting, left.start.roster[3].stakes.loss);
    let said = ask(&mut league.players[3], "league.penalties", &json!({}));
    assert_eq!(said["penalties"].as_array().unwrap().len(), 1);
}

#[test]
fn leaves_in_kickoff_by_button_is_counted_by_the_server() {
    let mut league = League::start(6, Options::new());
    let abandoned = |league: &mut League| {
        let mut game = league.play();
        league.act(&mut game, 2, ActKind::Quit, 0);
        let result = &mut game.result;
        (result.outcome, result.played, result.slave) = (Outcome::Abandoned, 0, None);
        result.goals.clear();
        result.ended = game.start.started.plus(Duration::from_secs(5));
        game.recount();
        let receipt = league.bring(0, &game);
        assert_eq!(why(&receipt), (Settlement::Void, Reason::Abandoned));
        assert_eq!(totals(&receipt), [0; 6]);
    };
    abandoned(&mut league);
    assert_eq!(league.ticket(2).barred_until, Timestamp::ZERO, "the first is a warning");
    abandoned(&mut league);
    let barred = league.ticket(2).barred_until;
    assert!(barred > now().plus(9 * MINUTE) && barred < now().plus(11 * MINUTE), "{barred:?}");
    let said = ask(&mut league.players[2], "league.penalties", &json!({}));
    assert_eq!(said["penalties"].as_array().unwrap().len(), 2);
    assert_eq!(league.ticket(1).barred_until, Timestamp::ZERO);
}

#[test]
fn ready_but_silent_in_roll_call_is_counted_by_the_server() {
    let mut league = League::start(7, Options::new());
    let mut silent = league.players.pop().unwrap();
    let mut played = String::new();
    for barred in [false, true] {
        let mut game = league.play();
        let wish = json!({
            "device": league.pair.id.to_string(),
            "lobby": game.start.lobby.to_string(),
        });
        let ticket = done(&mut silent, "league.ticket", wish.to_string().as_bytes());
        game.start.started = now();
        let match_id = game.start.match_id;
        played = match_id.to_string();
        let ready = Act { match_id, seq: 2, kind: ActKind::Ready, target: 0 };
        let act = signed(&league.server, &silent.key, now(), &ready);
        game.missed.push(MissedEvidence { ticket, act });
        let receipt = league.bring(0, &game);
        assert_eq!(why(&receipt), (Settlement::Settled, Reason::None));
        let said = ask(&mut silent, "league.penalties", &json!({}));
        assert_eq!(said["penalties"][0]["kind"], "no_start", "{said}");
        assert_eq!(said["barred_until_ms"].is_u64(), barred, "{said}");
    }
    for player in &mut league.players {
        let said = ask(player, "league.penalties", &json!({}));
        assert_eq!(said["penalties"], json!([]), "who was there is not to blame");
    }
    // The ticket in the bundle names who is in no seat: who hides is not handed to strangers by it.
    let wish = json!({ "match_id": played });
    let mut stranger = Device::register(&league.server, "stranger@example.org");
    assert!(ask(&mut stranger, "league.match", &wish)["bundle"].is_string());
    ask(&mut silent, "league.profile_update", &json!({ "visibility": "hidden" }));
    let shown = ask(&mut stranger, "league.match", &wish);
    assert!(shown["bundle"].is_null() && shown["receipt"].is_string(), "{shown}");
    let among_them = ask(&mut league.players[0], "league.match", &wish);
    assert!(among_them["bundle"].is_string());
}
