//! What a match proves long after it was played: to the operator, to somebody without the server, and in a review.

use crate::harness::archive::*;
use countersign_league::Team;
use countersign_league::evidence::DeviceStatus;
use serde_json::{Value, json};
use std::fs;

fn states(said: &Value) -> Vec<(&str, &str)> {
    let checks = said.as_array().unwrap().iter();
    let of = |check: &'_ Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let pairs = checks.map(|check| (of(check, "check"), of(check, "state")));
    pairs.map(|(id, state)| (&*id.leak(), &*state.leak())).collect()
}

#[test]
fn stored_evidence_is_checked_again_and_one_bit_is_noticed() {
    let league = League::new();
    let id = league.settle(&Game { users: (0..10).collect(), ..Game::of(1, 1) });
    league.settle(&Game { users: (0..10).collect(), touches: 6, ..Game::of(1, 1) });
    let said = league.done(&format!("league match verify {id}"));
    assert_eq!(said.matches("  passed  ").count(), 2 * 18, "{said}");
    assert!(said.ends_with("Every check passed.\n"), "{said}");
    // Revoking a device changes nothing about what it signed.
    league.put(1, DeviceStatus::Revoked);
    let value = league.json(&format!("league match verify {id}"));
    assert_eq!((&value["ok"], value["results"].as_array().unwrap().len()), (&json!(true), 2));
    let shown = league.done(&format!("league match show {id}"));
    assert!(shown.contains("other, came at") && shown.contains("fork, open"), "{shown}");

    let original = fs::read(league.path("data/countersign.db")).unwrap();
    for (needle, behind, check) in [
        (b"league.ticket".as_slice(), 40, "G8"),
        (b"league.roll", 40, "G9"),
        (b"league.result", 60, "G4"),
        (b"league.receipt", 40, "receipt"),
    ] {
        league.flip(needle, behind);
        let said = league.say(&format!("league match verify {id} --json"));
        assert_eq!(said.code, 1, "{check}: {}{}", said.out, said.err);
        let value: Value = serde_json::from_str(&said.out).unwrap();
        let results = value["results"].as_array().unwrap();
        let bad = results.iter().find(|result| result["ok"] == false).unwrap();
        let states = states(&bad["checks"]);
        let failed: Vec<_> = states.iter().filter(|(_, state)| *state == "failed").collect();
        assert_eq!(failed, [&(check, "failed")], "{states:?}");
        let at = states.iter().position(|(id, _)| *id == check).unwrap();
        assert!(states[..at].iter().all(|(_, state)| *state == "passed"), "{states:?}");
        assert!(states[at + 1..].iter().all(|(_, state)| *state == "not reached"), "{states:?}");
        let text = league.fails(&format!("league match verify {id}"), 1);
        assert!(text.contains(&format!("FAILED  {check}")) && text.contains("not sound"), "{text}");
        fs::write(league.path("data/countersign.db"), &original).unwrap();
    }
    league.done(&format!("league match verify {id}"));
}

#[test]
fn an_exported_match_convinces_without_the_server() {
    let league = League::new();
    let id = league.settle(&Game { users: (0..7).collect(), ..Game::of(1, 1) });
    let said = league.done(&format!("league match export {id} match.csx"));
    assert!(said.contains(&format!("match.csx holds match {id}")), "{said}");
    let again = league.fails(&format!("league match export {id} match.csx"), 1);
    assert!(again.contains("match.csx cannot be written"), "{again}");
    fs::copy(league.path("data/keys/keyset.frame"), league.path("keyset.bin")).unwrap();
    fs::remove_dir_all(league.path("data")).unwrap();

    let by_root = format!("league verify match.csx --root {}", league.root);
    let said = league.done(&by_root);
    assert_eq!(said.matches("  passed  ").count(), 19, "{said}");
    for part in [&format!("Match {id} of league.example.org"), "GL-00001", "2:1 A", "Zoe G"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let value = league.json(&by_root);
    assert_eq!((&value["ok"], &value["match"]["score"]), (&json!(true), &json!([2, 1])));
    league.done("league verify match.csx --keyset keyset.bin");
    league.done(&format!("league verify match.csx --keyset keyset.bin --root {}", league.root));
    let other = League::new();
    for wrong in [
        format!("league verify match.csx --root {}", other.root),
        format!("league verify match.csx --keyset keyset.bin --root {}", other.root),
        format!(
            "league verify match.csx --keyset {}",
            other.path("data/keys/keyset.frame").display()
        ),
    ] {
        let said = league.fails(&wrong, 1);
        assert!(said.contains("FAILED") && said.contains("The file proves nothing"), "{said}");
    }
    assert!(league.fails("league verify match.csx --root 12", 1).contains("64 hexadecimal digits"));

    let bytes = fs::read(league.path("match.csx")).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 90).chain([4, 11, bytes.len() - 1]) {
        let mut bad = bytes.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(league.path("match.csx"), &bad).unwrap();
        let said = league.say(&by_root);
        assert_eq!(said.code, 1, "byte {at}: {}{}", said.out, said.err);
    }
    for cut in [0, 3, 100, bytes.len() - 1] {
        fs::write(league.path("match.csx"), &bytes[..cut]).unwrap();
        assert!(league.fails(&by_root, 1).contains("is no exported match"), "{cut}");
    }
    fs::write(league.path("match.csx"), [bytes.as_slice(), b"x"].concat()).unwrap();
    assert!(league.fails(&by_root, 1).contains("is no exported match"));
    fs::write(league.path("match.csx"), vec![0; 1 << 20]).unwrap();
    assert!(league.fails(&by_root, 1).contains("is no exported match"));
}

#[test]
fn keys_that_were_replaced_still_vouch_for_what_they_signed() {
    let league = League::new();
    let id = league.settle(&Game::of(1, 1));
    for step in ["prepare --starts-in 0s", "renew"] {
        league.done(&format!("keys {step} --dir data/keys"));
    }
    let listed = league.json("keys show --dir data/keys");
    let key = listed["keys"][1]["id"].as_str().unwrap();
    league.done(&format!("keys activate {key} --dir data/keys"));
    league.done(&format!("league match verify {id}"));
    league.done(&format!("league match export {id} match.csx"));
    league.done(&format!("league verify match.csx --root {}", league.root));
    let old = listed["keys"][0]["id"].as_str().unwrap();
    league.done(&format!("keys revoke {old} --dir data/keys"));
    let said = league.fails(&format!("league match verify {id}"), 1);
    assert!(said.contains("FAILED  G8"), "{said}");
}

#[test]
fn a_review_finds_what_no_pitch_sees() {
    let league = League::new();
    let store = league.store();
    // Six who play among themselves all night, and one of them always wins.
    for seq in 1..=25 {
        let goals = (1..=9).map(|n| (Team::A, n * 60_000)).collect();
        let night = Game { goals, all_by: Some(0), is_whole: true, ..Game::of(2, seq) };
        league.settle_on(&store, &Game { minutes: u64::from(seq - 1) * 12, ..night });
    }
    // And a match of others, with forty goals.
    let at = |n: u32| 10_000 + n / 2 * 28_000 + n % 2 * 9_000;
    let goals = (0..40).map(|n| (if n % 3 == 0 { Team::A } else { Team::B }, at(n))).collect();
    let wild =
        league.settle_on(&store, &Game { goals, users: (6..12).collect(), ..Game::of(1, 1) });
    league.put(1, DeviceStatus::Suspect);
    let frozen = league.settle_on(&store, &Game { users: (6..12).collect(), ..Game::of(1, 3) });
    league.dispute(wild, 7, "Forty?");

    let found = league.json("league review");
    assert_eq!(found["matches"], 27);
    let queues = json!({
        "disputes": 1, "frozen": 1, "pending": 0, "suspect_devices": 1, "devices_with_gaps": 1,
    });
    assert_eq!(found["queues"], queues);
    let all = found["findings"].as_array().unwrap();
    let of = |kind: &str| all.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
    let ring = of("ring");
    assert_eq!((ring.len(), &ring[0]["user"]), (1, &json!(user(0).to_string())));
    assert_eq!((&ring[0]["meetings"], ring[0]["group"].as_array().unwrap().len()), (&json!(75), 6));
    assert!(ring[0]["rise"].as_i64().unwrap() > 200_000);
    let thrown = of("throwing");
    assert!(thrown.iter().any(|it| it["user"] == user(0).to_string() && it["other"].is_null()));
    assert!(thrown.iter().all(|it| it["chi_square"].as_f64() > it["limit"].as_f64()));
    assert_eq!((of("night").len(), of("rhythm").len(), of("score").len()), (1, 25, 1));
    assert_eq!((&of("night")[0]["night"], &of("night")[0]["matches"]), (&json!(25), &json!(25)));
    assert_eq!(
        (&of("score")[0]["match"], &of("score")[0]["goals"]),
        (&json!(wild.to_string()), &json!(40))
    );

    let text = league.done("league review --utc-offset 720");
    assert!(!text.contains("  night "), "at noon nobody is surprised: {text}");
    assert!(
        text.contains("  ring      Zoe A rose by ") && text.contains("75 of 75 meetings"),
        "{text}"
    );
    assert!(text.contains("     1  frozen matches"), "{text}");
    assert!(text.contains("a goal every 60.0 s, 8 times"), "{text}");
    let none = league.done("league review --days 1");
    assert!(
        none.contains("What stands out in 0 matches") && none.contains("  nothing\n"),
        "{none}"
    );
    drop(store);
    league.flip(b"league.result", 60);
    let found = league.json("league review");
    assert_eq!(found["unread"].as_array().unwrap().len(), 1, "{frozen}");
}
