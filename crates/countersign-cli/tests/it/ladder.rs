//! What players see of a league on the real program: ranks, names, matches, disputes; and what survives a crash.

use crate::harness::league::*;
use crate::harness::live::{Stream, poll};
use crate::harness::*;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::ResultCode;
use countersign_league::evidence::{Bundle, DeviceCertificate, MatchReceipt, Settlement};
use countersign_league::settlement::{self, Context, KnownDevice, KnownRules};
use serde_json::{Value, json};

/// Enough to be ranked after ten matches, whatever the draws: eleven opponents each time.
const CROWD: usize = 22;

#[test]
fn after_ten_matches_everybody_is_ranked_and_a_restart_builds_the_same_board() {
    let many = Options::new().set("league.player_matches_per_day", 100);
    let mut league = League::start(CROWD, many);
    let unranked = ask(&mut league.players[0], "league.rank", &json!({}));
    assert_eq!((&unranked["ranked"], &unranked["missing"]["matches"]), (&json!(false), &json!(10)));
    for number in 0..11 {
        let game = league.play();
        let bundle = league.bundle(&game);
        let frame = league.settle(number, &bundle);
        let receipt = league.receipt(&frame);
        assert_eq!(receipt.settlement, Settlement::Settled);
        let ranked = receipt.lines.iter().filter(|line| line.rank > 0).count();
        assert_eq!(ranked, if number < 10 { 0 } else { CROWD }, "match {number}");
        if number == 10 {
            for line in &receipt.lines {
                let better = receipt.lines.iter().filter(|it| it.rating > line.rating).count();
                assert_eq!(line.rank as usize, better + 1);
            }
        }
    }
    let top = ask(&mut league.players[0], "league.top", &json!({ "limit": 100 }));
    let rows = top["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &top["of"], &top["season"]), (CROWD, &json!(CROWD), &json!(1)));
    let ratings: Vec<i64> = rows.iter().map(|row| row["rating"].as_i64().unwrap()).collect();
    assert!(ratings.is_sorted_by(|a, b| a >= b));
    for player in &mut league.players {
        let said = ask(player, "league.rank", &json!({}));
        let row = rows.iter().find(|row| row["user"] == player.user.as_str()).unwrap();
        assert_eq!((&said["rank"], &said["rating"]), (&row["rank"], &row["rating"]));
        let near = said["neighbours"].as_array().unwrap();
        assert!((6..=11).contains(&near.len()) && near.contains(row), "{said}");
    }
    let second = ask(&mut league.players[0], "league.top", &json!({ "limit": 3, "offset": 1 }));
    assert_eq!(second["rows"].as_array().unwrap()[..], rows[1..4]);

    // Who hides keeps the place, and shows no name.
    let first = rows[0]["user"].as_str().unwrap().to_owned();
    let index = league.players.iter().position(|player| player.user == first).unwrap();
    let hidden = json!({ "visibility": "hidden" });
    ask(&mut league.players[index], "league.profile_update", &hidden);
    let other = &mut league.players[(index + 1) % CROWD];
    let seen = ask(other, "league.top", &json!({ "limit": 1 }));
    assert_eq!((&seen["rows"][0]["user"], &seen["rows"][0]["name"]), (&Value::Null, &Value::Null));
    assert_eq!(seen["rows"][0]["rating"], rows[0]["rating"]);
    let wish = json!({ "user": first }).to_string();
    refused(other, "league.rank", wish.as_bytes(), ResultCode::NOT_FOUND);

    league.server.kill_9();
    league.server.restart();
    ready(&league.server);
    let after = ask(&mut league.players[index], "league.top", &json!({ "limit": 100 }));
    assert_eq!(after["rows"], top["rows"]);
}

#[test]
fn names_are_unique_by_sound_and_shape_and_found_unless_hidden() {
    let mut league = League::start(3, Options::new());
    let (ana, rest) = league.players.split_first_mut().unwrap();
    let [ben, cleo] = rest else { panic!("three players") };
    let update = |device: &mut Device, what: Value| ask(device, "league.profile_update", &what);
    assert_eq!(update(ana, json!({ "name": "Olivia" }))["name"], "Olivia");
    for taken in ["olivia", "0livia", "O1ivia", "Admin"] {
        let wish = json!({ "name": taken }).to_string();
        let said = refused(ben, "league.profile_update", wish.as_bytes(), ResultCode::CONFLICT);
        assert!(said["message"].is_string(), "{taken}");
    }
    for wrong in
        [json!({ "name": "a\u{202e}b" }), json!({ "visibility": "secret" }), json!({ "nam": 1 })]
    {
        let wrong = wrong.to_string();
        refused(ben, "league.profile_update", wrong.as_bytes(), ResultCode::INVALID_PAYLOAD);
    }
    update(ben, json!({ "name": "Oliver" }));
    let found = |device: &mut Device, q: &str| -> Vec<String> {
        let said = ask(device, "league.search", &json!({ "q": q }));
        let names = said["players"].as_array().unwrap().iter();
        names.map(|player| player["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found(cleo, "oli").len(), 2);
    assert_eq!(found(cleo, "0LIVIA"), ["Olivia"]);
    refused(cleo, "league.search", br#"{"q":"ol"}"#, ResultCode::INVALID_PAYLOAD);
    let by_name = ask(cleo, "league.profile", &json!({ "name": "OLIVIA" }));
    assert_eq!((&by_name["user"], by_name.get("own")), (&json!(ana.user), None));

    update(ana, json!({ "visibility": "hidden" }));
    assert_eq!(found(cleo, "oli"), ["Oliver"]);
    refused(cleo, "league.profile", br#"{"name":"Olivia"}"#, ResultCode::NOT_FOUND);
    assert_eq!(ask(ana, "league.profile", &json!({}))["own"]["leaver_level"], 0);
    let limited = (0..60)
        .any(|_| cleo.call("league.search", br#"{"q":"oli"}"#).result == ResultCode::RATE_LIMITED);
    assert!(limited, "the index cannot be read out");

    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(65_536, 7);
    let text = BASE64_URL_SAFE_NO_PAD.encode(&picture);
    assert!(update(ben, json!({ "avatar": text }))["avatar"].is_string(), "larger than a frame");
    let user = ben.user.clone();
    let shown = ask(ben, "league.profile", &json!({ "user": user, "avatar": true }));
    assert_eq!(shown["avatar_base64"], text);
    for wrong in [vec![b'<'; 100], [&picture[..], b"x"].concat()] {
        let wrong = json!({ "avatar": BASE64_URL_SAFE_NO_PAD.encode(wrong) }).to_string();
        refused(ben, "league.profile_update", wrong.as_bytes(), ResultCode::INVALID_PAYLOAD);
    }
    assert_eq!(update(ben, json!({ "avatar": null }))["avatar"], Value::Null);

    let gone = ask(ben, "account.export", &json!({}));
    assert_eq!(gone["league"]["profile"]["name"], "Oliver");
    ask(ben, "account.delete", &json!({ "confirm": "delete my account" }));
    assert_eq!(update(cleo, json!({ "name": "Oliver" }))["name"], "Oliver", "the name is free");
}

#[test]
fn a_stranger_can_check_a_match_again_and_players_hear_of_it() {
    let mut league = League::start(6, Options::new());
    let mut stranger = Device::register(&league.server, "stranger@example.org");
    let stream = league.players[1].call("stream.open", b"{}");
    let mut stream = Stream::opened(&stream);
    let game = league.play();
    let bundle = league.bundle(&game);
    let frame = league.settle(0, &bundle);
    let wish = json!({ "match_id": game.start.match_id.to_string() });
    let shown = ask(&mut stranger, "league.match", &wish);
    assert_eq!((&shown["score"], &shown["winner"]), (&json!([3, 1]), &json!("a")));
    assert_eq!(shown["goals"].as_array().unwrap().len(), 4);
    let bytes = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(shown[name].as_str().unwrap()).unwrap();
    assert_eq!((bytes("bundle"), bytes("receipt")), (bundle.clone(), frame));
    check_again(&league.server, &bytes("bundle"), &bytes("device_certificate"), &bytes("receipt"));

    let events = eventually("result and rank are pushed", || {
        let (_, frames) = poll(&mut league.players[1], &stream, 0).unwrap();
        (frames.len() >= 2).then_some(frames)
    });
    let ana = &league.players[1];
    let types: Vec<String> = events.iter().map(|frame| stream.accept(ana, frame).1).collect();
    assert_eq!(types[..2], ["league.result", "league.rank"]);

    let history = ask(&mut league.players[0], "league.history", &json!({ "limit": 1 }));
    assert_eq!(history["matches"][0]["match_id"], wish["match_id"]);
    assert_eq!(history["matches"][0]["settlement"], "settled");
    let next = json!({ "limit": 1, "before": history["next"] });
    let end = ask(&mut league.players[0], "league.history", &next);
    assert_eq!((&end["matches"], &end["next"]), (&json!([]), &Value::Null));
    let opponents = game.users_of(countersign_league::Team::B);
    let winner = game.users_of(countersign_league::Team::A)[0].to_string();
    let winner = league.players.iter_mut().find(|player| player.user == winner).unwrap();
    let other = json!({ "user": opponents[0].to_string() });
    let met = ask(winner, "league.head_to_head", &other);
    assert_eq!((&met["met"], &met["won"], &met["lost"]), (&json!(1), &json!(1), &json!(0)));

    let mut dispute = wish.clone();
    dispute["kind"] = "goal".into();
    dispute["text"] = "The third was none.".into();
    let text = dispute.to_string();
    refused(&mut stranger, "league.dispute", text.as_bytes(), ResultCode::FORBIDDEN);
    assert_eq!(ask(&mut league.players[0], "league.dispute", &dispute)["new"], true);
    assert_eq!(ask(&mut league.players[0], "league.dispute", &dispute)["new"], false);
    eventually("the others hear of it", || {
        let (_, frames) = poll(&mut league.players[1], &stream, 2).unwrap();
        (!frames.is_empty()).then_some(())
    });
    let mine = ask(&mut league.players[0], "league.disputes", &json!({}));
    let said = &mine["disputes"][0];
    assert_eq!((&said["match"], &said["state"]), (&wish["match_id"], &json!("open")));
    assert_eq!((&said["text"], &mine["next"]), (&json!("The third was none."), &Value::Null));
    let after = json!({ "after": said["dispute"] });
    assert_eq!(ask(&mut league.players[0], "league.disputes", &after)["disputes"], json!([]));
    assert_eq!(ask(&mut stranger, "league.disputes", &json!({}))["disputes"], json!([]));
    ledger_is_the_rating(&mut league.players[0], &wish["match_id"]);
    let none = ask(&mut league.players[0], "league.penalties", &json!({}));
    assert_eq!((&none["penalties"], &none["leaver_level"]), (&json!([]), &json!(0)));

    let hide = json!({ "visibility": "hidden" });
    let hidden = ask(&mut league.players[2], "league.profile_update", &hide)["user"].clone();
    let shown = ask(&mut stranger, "league.match", &wish);
    assert_eq!(shown["bundle"], Value::Null, "its tickets hold the name");
    let users = shown["players"].as_array().unwrap().iter().map(|player| &player["user"]);
    assert_eq!(users.clone().filter(|user| user.is_null()).count(), 1);
    assert!(!users.clone().any(|user| *user == hidden));
    let played_along = ask(&mut league.players[0], "league.match", &wish);
    assert!(played_along["bundle"].is_string(), "who played along knows everybody");
}

/// The caller's lines are those of the match and the one before, and their sum is the rating.
fn ledger_is_the_rating(player: &mut Device, match_id: &Value) {
    let said = ask(player, "league.ledger", &json!({}));
    let lines = said["lines"].as_array().unwrap();
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[..2].to_vec(), &said["next"]), (vec!["opening", "sporting"], &Value::Null));
    assert!(lines[1..].iter().all(|line| line["match_id"] == *match_id));
    let sum: i64 = lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum();
    assert_eq!(ask(player, "league.profile", &json!({}))["rating"], sum);
    let rest = ask(player, "league.ledger", &json!({ "after": lines[0]["seq"] }));
    assert_eq!(rest["lines"].as_array().unwrap()[..], lines[1..]);
}

/// What anybody can do with an answer of `league.match`, the key set and the rules.
fn check_again(server: &Server, bundle: &[u8], certificate: &[u8], receipt: &[u8]) {
    let device = by_server::<DeviceCertificate>(server, certificate).value;
    let device = KnownDevice {
        device: device.device,
        master: device.master,
        slave: device.slave,
        status: device.status,
        max_players: device.max_players,
    };
    let (realm, keyset) = (server.realm(), server.keyset());
    let server_key =
        |signer: &countersign::Fingerprint, at| keyset.record_key(signer, at).ok().cloned();
    let rules = [KnownRules { params: RULES, rated: true }];
    let context =
        Context { realm: &realm, device: Some(&device), server_key: &server_key, rules: &rules };
    let checked = settlement::check(&Bundle::decode(bundle).unwrap(), &context, now()).unwrap();
    let receipt = by_server::<MatchReceipt>(server, receipt);
    assert_eq!(receipt.value.result, checked.result.digest);
    let deltas: Vec<i32> = receipt.value.lines.iter().map(|line| line.sporting).collect();
    assert_eq!(deltas, checked.result.value.deltas);
}

#[test]
fn an_acknowledged_match_survives_kill_9_and_parallel_couriers_settle_it_once() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    let frames: Vec<Vec<u8>> = std::thread::scope(|threads| {
        let bundle = &bundle;
        let carry = |player| threads.spawn(move || done(player, "league.settle", bundle));
        let couriers: Vec<_> = league.players.iter_mut().map(carry).collect();
        couriers.into_iter().map(|courier| courier.join().unwrap()).collect()
    });
    league.server.kill_9();
    assert!(frames.iter().all(|frame| *frame == frames[0]), "one receipt for all");
    league.server.restart();
    ready(&league.server);
    assert_eq!(league.settle(4, &bundle), frames[0]);
    let receipt = league.receipt(&frames[0]);
    for (player, line) in league.players.iter_mut().zip(&receipt.lines) {
        let profile = ask(player, "league.profile", &json!({}));
        assert_eq!((&profile["rating"], &profile["matches"]), (&json!(line.rating), &json!(1)));
    }
}

#[test]
fn the_routes_of_the_sketch_take_their_own_type_and_no_other() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    let proof = league.pair.proof(&league.server);
    let ana = &mut league.players[0];
    let mut http = ana.connection();
    let calls: [(&str, &str, &[u8]); 6] = [
        ("/device_verify", "league.device_verify", &proof),
        ("/device_verify_user", "league.ticket", br#"{"travel":true}"#),
        ("/device_send_match_result", "league.settle", &bundle),
        ("/rank", "league.rank", b"{}"),
        ("/update_profile", "league.profile_update", br#"{"name":"Olivia"}"#),
        ("/search", "league.search", br#"{"q":"oli"}"#),
    ];
    for (path, message_type, payload) in calls {
        let request = ana.request(message_type, payload);
        let opened = ana.open(request.reply_to, &http.post(path, &request.frame));
        assert_eq!(opened.result, ResultCode::OK, "{path}");
        let other = ana.request("session.list", b"{}");
        let opened = ana.open(other.reply_to, &http.post(path, &other.frame));
        assert_eq!(opened.result, ResultCode::UNKNOWN_TYPE, "{path}");
        assert!(opened.json()["message"].as_str().unwrap().contains(message_type));
    }
    let other = ana.request("league.rank", b"{}");
    let opened = ana.open(other.reply_to, &http.post("/device_registration", &other.frame));
    assert_eq!(opened.result, ResultCode::UNKNOWN_TYPE);
    let large = vec![b' '; 70_000];
    let large = ana.request("league.rank", &large);
    assert_eq!(ana.send(&large.frame).status, 413, "only what has to be large may be");

    let key = countersign::SigningKey::from_seed(&random());
    let public = hex::encode(countersign::Signer::verifying_key(&key).as_bytes());
    let wish = json!({ "address": "bo@example.org", "key": { "alg": 1, "pk": public } });
    let login = Login::from_answer(&league.server, &http.post_json("/signin", &wish));
    let code = login.code(&league.server, &mut http);
    let request = login.frame(&key, &code);
    let answer = http.post("/otp_verify", &request.frame);
    let opened = login.open_answer(&league.server, request.reply_to, &answer);
    assert_eq!(opened.result, ResultCode::OK);
    let document = http.get("/openapi.json").json();
    for (path, ..) in calls {
        assert!(document["paths"][path]["post"].is_object(), "{path}");
    }
}

/// Waits until the board is built.
fn ready(server: &Server) {
    eventually("the server is ready", || (server.http().get("/ready").status == 200).then_some(()));
}
