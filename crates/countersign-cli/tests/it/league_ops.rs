//! The operator's desk of a league: the real program, on a store that real signed matches were settled into.

use crate::harness::archive::*;
use crate::harness::now;
use countersign_league::evidence::DeviceStatus;
use countersign_store::league::{LeagueStore, NewPenalty, PenaltyCause};
use serde_json::{Value, json};

/// Ratings by player, as the ledger has them.
fn rating(league: &League, n: u8) -> i64 {
    league.json(&format!("league player show {}", user(n)))["rating"].as_i64().unwrap()
}

#[test]
fn every_command_explains_itself() {
    let league = League::new();
    for words in [
        "",
        "device",
        "device list",
        "device show",
        "device set",
        "match",
        "match list",
        "match show",
        "match verify",
        "match export",
        "verify",
        "dispute",
        "dispute list",
        "dispute show",
        "dispute resolve",
        "player",
        "player show",
        "player bar",
        "player pardon",
        "player weights",
        "season",
        "season show",
        "season open",
        "ledger",
        "ledger check",
        "review",
    ] {
        let help = league.done(&format!("league {words} --help"));
        assert!(help.contains("Usage: countersign league") && help.contains("--json"), "{help}");
    }
    assert!(league.done("league --help").contains("What waits for you"));
}

#[test]
fn what_is_typed_wrong_is_explained() {
    let league = League::new();
    let (device, nobody) = (device_id(9), "0".repeat(32));
    for (words, code, sentence) in [
        ("device show GL-99999", 1, "no device has the id or serial GL-99999"),
        (&format!("device show {device}"), 1, "`countersign league device list` shows them"),
        ("device set GL-00001 broken --reason x", 2, "made, sold, active, suspect, revoked, rma"),
        ("device set GL-00001 suspect", 2, "--reason"),
        ("device set GL-00001 suspect --reason '  '", 2, "say why"),
        (
            "device set GL-00001 sold --reason x",
            1,
            "a device that is active cannot become sold; it can become suspect, revoked, rma",
        ),
        ("match show abc", 2, "expected 32 hexadecimal digits"),
        (&format!("match show {nobody}"), 1, "there is no match 0000"),
        (&format!("match verify {nobody}"), 1, "there is no match 0000"),
        ("match list --pending --frozen", 2, "cannot be used with"),
        ("match list --user 'Nobody At All'", 1, "no player has the name Nobody At All"),
        ("dispute show 7", 1, "there is no dispute 7"),
        ("dispute list --queue user", 2, "--of"),
        (
            "dispute resolve seven void --reason x --yes",
            1,
            "neither the number of a dispute nor the id of a match",
        ),
        ("dispute resolve 1 annul-goal --reason x --yes", 2, "<GOAL>..."),
        ("dispute resolve 1 perhaps --reason x", 2, "uphold, void, refund, annul-goal"),
        ("dispute resolve 1 void 2 --reason x --yes", 1, "goals are given for annul-goal only"),
        ("dispute resolve 1 void --player 'Zoe A' --reason x --yes", 1, "--player for refund only"),
        ("player show ana@example.org", 1, "no account has the address ana@example.org"),
        (&format!("player show {nobody}"), 1, "has played no match yet"),
        ("player bar 'Zoe A' --days 0 --reason x --yes", 2, "1..=3650"),
        ("player pardon 9 --reason x", 1, "there is no penalty 9"),
        ("player weights 'Zoe A' --reason x", 2, "--flags"),
        (
            "season open 3 --reason x --yes",
            1,
            "season 1 is the present one, so only season 2 can be opened",
        ),
        ("review --days 0", 2, "1..=366"),
        ("verify match.csx", 2, "--root"),
        ("verify match.csx --root abc", 1, "there is no such file"),
        ("ledger --data nowhere", 1, "there is no database nowhere/countersign.db"),
    ] {
        let said = league.fails(&format!("league {words}"), code);
        assert!(said.contains(sentence), "{words}: {said}");
    }
    assert_eq!(league.log(), []);
}

#[test]
fn a_device_goes_through_its_life() {
    let league = League::new();
    // As a server has it: open while the operator works.
    let store = league.store();
    let listed = league.done("league device list");
    assert!(listed.contains("GL-00001") && listed.contains("GL-00002"), "{listed}");
    let first = league.done("league device list --limit 1");
    assert!(first.contains(&format!("--after {}", device_id(1))), "{first}");
    let said = league.done("league device set GL-00002 suspect --reason 'goals without a ball'");
    assert_eq!(said, "GL-00002 was active and is suspect now.\n");
    let again = league.json("league device set GL-00002 suspect --reason 'the same'");
    assert_eq!(again["changed"], false);
    let listed = league.json("league device list --status suspect");
    assert_eq!((&listed[0]["serial"], listed.as_array().unwrap().len()), (&json!("GL-00002"), 1));
    let batch = listed[0]["batch"].as_str().unwrap();
    assert!(league.done(&format!("league device list --batch {batch}")).contains("GL-00002"));
    assert_eq!(league.json(&format!("league device list --batch {}", "0".repeat(32))), json!([]));
    let shown = league.done(&format!("league device show {}", device_id(2)));
    assert!(shown.contains("status      suspect since"), "{shown}");
    assert!(shown.contains("can become  active, revoked, rma"), "{shown}");

    let revoke = "league device set GL-00002 revoked --reason 'stolen, case 12'";
    for typed in ["", "yes\n", "GL-00001\n"] {
        let said = league.type_in(revoke, typed);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert!(said.err.contains("nothing was changed: type GL-00002 to confirm"), "{}", said.err);
    }
    let device = run(store.find_device(device_id(2))).unwrap().unwrap();
    assert_eq!(device.status, DeviceStatus::Suspect);
    let said = league.type_in(revoke, "GL-00002\n");
    assert_eq!((said.code, said.out.as_str()), (0, "GL-00002 was suspect and is revoked now.\n"));
    let device = run(store.find_device(device_id(2))).unwrap().unwrap();
    assert_eq!(device.status, DeviceStatus::Revoked);
    let said = league.fails("league device set GL-00002 active --reason x", 1);
    assert!(said.contains("it stays so, because its keys may be in other hands"), "{said}");
    let log = league.log();
    let reasons: Vec<_> =
        log.iter().map(|(_, detail)| detail["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["goals without a ball", "stolen, case 12"]);
    assert_eq!((&log[1].1["from"], &log[1].1["by"]), (&json!("suspect"), &json!("operator")));
}

#[test]
fn a_match_is_listed_and_shown_with_its_story() {
    let league = League::new();
    let settled = league.settle(&Game::of(1, 1));
    let pending = league.settle(&Game { flags: vec![0, 1, 2, 3, 4, 5], ..Game::of(1, 2) });
    league.put(2, DeviceStatus::Suspect);
    let frozen = league.settle(&Game { users: (6..12).collect(), ..Game::of(2, 1) });
    league.dispute(settled, 4, "There was no ball.");

    let ids = |words: &str| -> Vec<String> {
        let listed = league.json(&format!("league match list {words}"));
        let id = |game: &Value| game["match"].as_str().unwrap().to_owned();
        listed.as_array().unwrap().iter().map(id).collect()
    };
    let all = [frozen, pending, settled].map(|id| id.to_string());
    assert_eq!(ids(""), all);
    assert_eq!(ids("--limit 1 --before 3"), all[1..2]);
    assert_eq!(ids("--frozen"), all[..1]);
    assert_eq!(ids("--pending"), all[1..2]);
    assert_eq!(ids("--disputed"), all[2..]);
    assert_eq!(ids("--device GL-00002"), all[..1]);
    assert_eq!(ids("--user 'Zoe A'"), all[1..]);
    assert_eq!(ids("--user 'ZOE G'"), all[..1]);
    let text = league.done("league match list");
    assert!(text.contains("2:1 A  settled") && text.contains("pending  counts at "), "{text}");
    assert!(text.contains("frozen   The device is being examined"), "{text}");

    let shown = league.done(&format!("league match show {settled}"));
    for part in [
        &format!("match {settled}  2:1 A  settled"),
        "why         The match counts.",
        "rules       official",
        &format!("device      {}, its match 1", device_id(1)),
        "goals       3 (",
        "      2  06:50.250  A",
        "integrity   256 of 256",
        "Zoe F",
        "+20.000",
        "-20.000",
        "settled, came at",
        "dispute     1  goal, open",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let value = league.json(&format!("league match show {pending}"));
    assert_eq!((&value["state"], &value["reason"]), (&json!("pending"), &json!(14)));
    assert_eq!((&value["goals"][1]["at_ms"], &value["score"]), (&json!(200_000), &json!([2, 1])));
    assert_eq!(value["seats"][3]["said"], json!(["flagged"]));
    assert!(value["counts_at_ms"].is_u64());
}

#[test]
fn a_dispute_is_ruled_on_and_the_ratings_follow() {
    let league = League::new();
    let before: Vec<_> = (0..6).map(|n| rating(&league, n)).collect();
    let id = league.settle(&Game::of(1, 1));
    let played: Vec<_> = (0..6).map(|n| rating(&league, n)).collect();
    assert!(played.contains(&1_520_000) && played.contains(&1_480_000), "{played:?}");
    league.dispute(id, 4, "No goal!\n\u{1b}[2JIt was my foot.");
    let listed = league.done("league dispute list");
    assert!(listed.contains("goal  open") && listed.contains("Zoe E"), "{listed}");
    let shown = league.done("league dispute show 1");
    assert!(shown.contains("  | No goal!\n  | \\u{1b}[2JIt was my foot."), "{shown}");

    // 2:1 without goal 2 is 1:1, so nobody gains among equals.
    let annul = "league dispute resolve 1 annul-goal 2 --reason 'the video shows a foot'";
    let asked = league.type_in(annul, "2\n");
    assert!(
        asked.err.contains("(2:1 A) would count as 1:1 -; the ratings of 6 players"),
        "{}",
        asked.err
    );
    assert_eq!((asked.code, rating(&league, 0)), (1, played[0]));
    let said = league.type_in(annul, "1\n");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("is settled now; 1 disputes ended."), "{}", said.out);
    assert_eq!((0..6).map(|n| rating(&league, n)).collect::<Vec<_>>(), before);
    let value = league.json(&format!("league match show {id}"));
    assert_eq!((&value["score"], &value["winner"]), (&json!([1, 1]), &Value::Null));
    league.done(&format!("league match verify {id}"));
    assert!(league.done("league dispute show 1").contains("amended"));
    assert_eq!(league.json("league dispute list"), json!([]));
    let of_match = league.json(&format!("league dispute list --queue match --of {id}"));
    let of_user = league.json("league dispute list --queue user --of 'Zoe E'");
    assert_eq!((&of_match[0]["dispute"], &of_match), (&json!(1), &of_user));
    // Goals 0 and 2: 0:1, so the others won.
    league.done(&format!("league dispute resolve {id} annul-goal 0 2 --reason 'both' --yes"));
    let turned: Vec<_> = (0..6).map(|n| rating(&league, n)).collect();
    assert!(turned.iter().zip(&played).all(|(now, then)| now + then == 3_000_000), "{turned:?}");
    for (words, sentence) in [
        ("annul-goal 3", "has 3 goals, numbered from 0; there is no goal 3"),
        ("annul-goal 1 1", "goal 1 is annulled already"),
    ] {
        let said =
            league.fails(&format!("league dispute resolve {id} {words} --reason x --yes"), 1);
        assert!(said.contains(sentence), "{said}");
    }

    // Two of the losers get back what they lost, and not twice.
    let refund = format!("league dispute resolve {id} refund --reason 'kind' --yes --json");
    let stranger = format!("league dispute resolve {id} refund --player 'Zoe L' --reason x --yes");
    assert!(league.fails(&stranger, 1).contains("did not play in match"));
    let value: Value = serde_json::from_str(&league.done(&refund)).unwrap();
    assert_eq!(value["ratings"].as_array().unwrap().len(), 3);
    assert!((0..6).all(|n| rating(&league, n) >= 1_500_000));
    assert!(league.fails(&refund, 1).contains("nobody lost points"));
    league.done(&format!("league dispute resolve {id} void --reason 'opened' --yes"));
    let value = league.json(&format!("league match show {id}"));
    assert_eq!(value["state"], "void");
    // And back again, with the lines that it had.
    league.done(&format!("league dispute resolve {id} uphold --reason 'a mistake' --yes"));
    assert_eq!(league.json(&format!("league match show {id}"))["state"], "settled");
    league.done("league ledger check");
    let decisions = league.log();
    let words: Vec<_> = decisions.iter().map(|(_, it)| it["decision"].as_str().unwrap()).collect();
    assert_eq!(words, ["annul-goal", "annul-goal", "refund", "void", "uphold"]);
    assert_eq!(decisions[0].1["reason"], "the video shows a foot");
}

#[test]
fn what_is_frozen_or_unrated_counts_once_it_is_upheld() {
    let league = League::new();
    league.put(1, DeviceStatus::Suspect);
    let frozen = league.settle(&Game::of(1, 1));
    league.put(2, DeviceStatus::Rma);
    let unrated = league.settle(&Game { users: (6..12).collect(), ..Game::of(2, 1) });
    let pending = league.settle(&Game {
        flags: vec![0, 1, 2, 3, 4, 5],
        users: (6..12).collect(),
        ..Game::of(2, 2)
    });
    assert_eq!(rating(&league, 0), 1_500_000);
    for (id, first, was) in
        [(frozen, 0, "frozen"), (unrated, 6, "unrated"), (pending, 6, "unrated")]
    {
        assert_eq!(league.json(&format!("league match show {id}"))["state"], was);
        let earlier: Vec<_> = (first..first + 6).map(|n| rating(&league, n)).collect();
        let said =
            league.done(&format!("league dispute resolve {id} uphold --reason 'sound' --yes"));
        assert!(said.contains("is settled now"), "{said}");
        let later: Vec<_> = (first..first + 6).map(|n| rating(&league, n)).collect();
        assert!(later.iter().zip(&earlier).all(|(now, then)| now != then), "{earlier:?} {later:?}");
        let again =
            league.done(&format!("league dispute resolve {id} uphold --reason 'again' --yes"));
        assert!(!again.contains(" to 1"), "nothing changes twice: {again}");
    }
    let check = league.done("league ledger check");
    assert!(check.contains("sum   0.000") && check.contains("Every rating follows"), "{check}");
}

#[test]
fn frivolous_disputes_cost_the_weight_of_flags_and_an_operator_gives_it_back() {
    let league = League::new();
    for seq in 1..=3 {
        let id = league.settle(&Game::of(1, seq));
        league.dispute(id, 3, "I lost.");
        league
            .done(&format!("league dispute resolve {seq} uphold --frivolous --reason 'no' --yes"));
    }
    let again = "league dispute resolve 3 uphold --frivolous --reason 'no' --yes";
    assert!(league.fails(again, 1).contains("needs the number of an open dispute"));
    let shown = league.json("league player show 'Zoe D'");
    assert_eq!((&shown["flags"], &shown["frivolous"]), (&json!("none"), &json!(3)));
    let said = league.done("league player weights 'Zoe D' --flags full --reason 'appeal'");
    assert_eq!(said, "Zoe D: flags count full, votes count full.\n");
    league.done("league player weights 'Zoe D' --votes none --reason 'mobbing'");
    league.done("league player weights 'Zoe D' --votes none --reason 'the same'");
    let shown = league.json("league player show 'Zoe D'");
    assert_eq!((&shown["flags"], &shown["votes"]), (&json!("full"), &json!("none")));
    let log = league.log();
    let (action, last) = log.last().unwrap();
    assert_eq!((action.as_str(), &last["reason"]), ("league.weights", &json!("mobbing")));
    assert_eq!(last["before"], json!({ "flags": "full", "votes": "full" }));
}

#[test]
fn a_player_is_shown_barred_and_pardoned() {
    let league = League::new();
    league.settle(&Game::of(1, 1));
    league.register("zoe@example.org");
    let penalty =
        NewPenalty { user: user(3), cause: PenaltyCause::Left, match_id: None, now: now() };
    run(league.store().penalize(penalty)).unwrap();
    let shown = league.done("league player show zoe@example.org");
    for part in [
        "Zoe D\n",
        &format!("user         {}", user(3)),
        "(provisional)",
        "matches      1 rated, 3 opponents",
        "season 1",
        "reliability  100 %: finished 1 of 1 matches",
        "ladder       step 1",
        "barred       no",
        "sessions     1 live",
        "penalty      1  ",
        "left a match, step 1, a warning",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for by in ["'Zoe D'", "'zoe d'", "'ZOE D'", &user(3).to_string()] {
        assert_eq!(league.done(&format!("league player show {by}")), shown, "{by}");
    }
    let bar = "league player bar 'Zoe D' --days 14 --reason 'threats, dispute 31'";
    let said = league.type_in(bar, "no\n");
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("Zoe D would start no rated match before"), "{}", said.err);
    let said = league.type_in(bar, "Zoe D\n");
    assert!(said.out.starts_with("Zoe D is barred until ") && said.out.contains("as penalty 2"));
    let shown = league.json("league player show 'Zoe D'");
    let until = shown["barred_until_ms"].as_u64().unwrap();
    assert!(until.abs_diff(now().plus(14 * DAY).as_millis()) < 600_000);
    assert_eq!(shown["penalties"][1]["kind"], "operator");
    assert_eq!(
        league.done("league player pardon 2 --reason 'mistaken'"),
        "Penalty 2 is taken back.\n"
    );
    assert!(league.done("league player show 'Zoe D'").contains("barred       no"));
    assert!(league.done("league player show 'Zoe D'").contains("taken back"));
    let again = league.fails("league player pardon 2 --reason x", 1);
    assert!(again.contains("was taken back before"), "{again}");
    let actions: Vec<_> = league.log().into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["league.bar", "league.pardon"]);
}

#[test]
fn a_season_opens_once_and_carries_everybody() {
    let league = League::new();
    league.settle(&Game::of(1, 1));
    let before: Vec<_> = (0..12).map(|n| rating(&league, n)).collect();
    let shown = league.done("league season show");
    assert!(shown.contains("Season 1, since the beginning\n  players         12\n"), "{shown}");
    let said = league.type_in("league season open 2 --reason 'spring'", "1\n");
    assert!(said.err.contains("ratings of 12 players be pulled towards 1500"), "{}", said.err);
    assert_eq!((said.code, &league.json("league season show")["season"]), (1, &json!(1)));
    // Opened by somebody who was interrupted: nobody is carried yet.
    run(league.store().open_season(2, now())).unwrap();
    let shown = league.json("league season show");
    assert_eq!((&shown["players"], &shown["to_be_carried"]), (&json!(0), &json!(12)));
    assert!(league.done("league season show").contains("league season open 2 --reason TEXT"));
    let said = league.done("league season open 2 --reason 'spring'");
    assert_eq!(said, "Season 2 was open already; 12 players were carried into it.\n");
    for (n, before) in (0..12).zip(before) {
        assert_eq!(rating(&league, n), 1_500_000 + (before - 1_500_000) * 3 / 4);
    }
    let value = league.json("league season open 3 --reason 'autumn' --yes");
    assert_eq!(value, json!({ "season": 3, "opened": true, "carried": 12 }));
    let said = league.done("league season open 3 --reason 'again'");
    assert!(said.contains("0 players were carried"), "{said}");
    let log = league.log();
    assert_eq!(log.iter().map(|(_, it)| it["season"].as_u64()).collect::<Vec<_>>(), [Some(3)]);
    league.done("league ledger check");
}

#[test]
fn the_ledger_is_listed_and_a_wrong_rating_found() {
    let league = League::new();
    league.settle(&Game::of(1, 1));
    let listed = league.done("league ledger --limit 3");
    assert!(listed.contains("opening  +1500.000") && listed.contains("the bank"), "{listed}");
    assert!(listed.contains("There may be more: --after 3"), "{listed}");
    let own = league.json("league ledger --user 'Zoe A'");
    let kinds: Vec<_> = own.as_array().unwrap().iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["opening", "sporting"]);
    let after = own[0]["line"].as_u64().unwrap();
    let rest = league.json(&format!("league ledger --user 'Zoe A' --after {after}"));
    assert_eq!(rest.as_array().unwrap().len(), 1);
    let found = league.json("league ledger check");
    assert_eq!(
        (&found["ok"], &found["sum"], &found["players"]),
        (&json!(true), &json!(0), &json!(12))
    );
    assert_eq!(found["bank"], json!(-18_000_000));
    assert!(league.done("league ledger check").contains("bank  -18000.000"));

    league.flip_balance(11);
    let said = league.say("league ledger check --json");
    let found: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &found["ok"]), (1, &json!(false)));
    assert_eq!(found["wrong"][0]["user"], json!(user(11).to_string()));
    let text = league.fails("league ledger check", 1);
    assert!(text.contains("but the lines say 1500.000"), "{text}");
}

#[test]
fn doctor_asks_about_the_ledger_too() {
    let league = League::new();
    league.settle(&Game::of(1, 1));
    let set = "--set realm.app=league --set realm.audience=league.example.org";
    let said = league.done(&format!("doctor {set} --data data"));
    assert!(said.contains("all ratings follow from"), "{said}");
    league.flip_balance(11);
    let said = league.fails(&format!("doctor {set} --data data"), 1);
    assert!(said.contains("1 ratings do not follow"), "{said}");
}
