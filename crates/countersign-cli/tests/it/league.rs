//! A league on the real program: from the factory's certificate to the receipt, and what an attacker tries on the way.

use crate::harness::league::*;
use crate::harness::*;
use countersign::{ResultCode, SigningKey};
use countersign_league::Team;
use countersign_league::evidence::{
    Bundle, DeviceCertificate, DeviceStatus, MatchReceipt, Settlement, Ticket,
};
use countersign_league::settlement::Reason;
use serde_json::json;

#[test]
fn a_batch_is_registered_by_a_known_factory_and_a_pair_becomes_active_when_it_proves_itself() {
    let factory = SigningKey::from_seed(&random());
    let server = start(&factory, Options::new());
    let (one, two) = (Pair::new("GL-00001"), Pair::new("GL-00002"));
    let mut station = Device::register(&server, "station@example.org");
    let payload = registration(&server, &factory, &[&one, &two]).encode();
    refused(&mut station, "factory.register", &payload, ResultCode::FORBIDDEN);
    grant(&server, "station@example.org", "factory");
    let said = ask_bytes(&mut station, "factory.register", &payload);
    assert_eq!(said, json!({ "registered": 2, "known": 0 }));
    let said = ask_bytes(&mut station, "factory.register", &payload);
    assert_eq!(said, json!({ "registered": 0, "known": 2 }));

    let stranger = SigningKey::from_seed(&random());
    let foreign = registration(&server, &stranger, &[&one]).encode();
    let invalid = ResultCode::INVALID_PAYLOAD;
    let said = refused(&mut station, "factory.register", &foreign, invalid);
    assert!(said["message"].as_str().unwrap().contains("league.factory_keys"), "{said}");
    let mut smuggled = registration(&server, &factory, &[&one]);
    smuggled.pairs = registration(&server, &factory, &[&Pair::new("GL-00003")]).pairs;
    let said = refused(&mut station, "factory.register", &smuggled.encode(), invalid);
    assert!(said["message"].as_str().unwrap().contains("GL-00003 is not in the manifest"));
    let again = registration(&server, &factory, &[&one, &Pair::new("GL-00004")]).encode();
    let said = refused(&mut station, "factory.register", &again, ResultCode::CONFLICT);
    assert_eq!(
        (&said["registered"], &said["conflicts"][0]["serial"]),
        (&json!(1), &json!("GL-00001"))
    );

    let certificate = |frame: &[u8]| by_server::<DeviceCertificate>(&server, frame).value;
    let verified = |station: &mut Device| {
        certificate(&done(station, "league.device_verify", &one.proof(&server)))
    };
    assert_eq!(verified(&mut station).status, DeviceStatus::Made, "not handed over yet");
    set_status(&server, one.id, DeviceStatus::Sold);
    let wish = json!({ "device": one.id.to_string() }).to_string();
    let carried = certificate(&done(&mut station, "league.device", wish.as_bytes()));
    assert_eq!(carried.status, DeviceStatus::Sold, "a courier proves nothing");
    let active = verified(&mut station);
    assert_eq!(active.status, DeviceStatus::Active);
    assert_eq!(active.host, format!("{}.glt.example.org", &one.id.to_string()[..16]));
    assert!(
        active.expires > now() && active.master == *countersign::Signer::verifying_key(&one.master)
    );
    set_status(&server, one.id, DeviceStatus::Revoked);
    assert_eq!(verified(&mut station).status, DeviceStatus::Revoked);

    let fake = Pair { master: SigningKey::from_seed(&random()), id: two.id, ..Pair::new("x") };
    refused(&mut station, "league.device_verify", &fake.proof(&server), ResultCode::NOT_FOUND);
    let slave =
        Pair { master: SigningKey::from_seed(&two.slave.to_seed()), id: two.id, ..Pair::new("x") };
    refused(&mut station, "league.device_verify", &slave.proof(&server), ResultCode::NOT_FOUND);
    let mut torn = two.proof(&server);
    *torn.last_mut().unwrap() ^= 1;
    refused(&mut station, "league.device_verify", &torn, invalid);
}

#[test]
fn a_ticket_names_the_sessions_key_and_the_first_one_makes_a_player() {
    let mut league = League::start(2, Options::new());
    let lobby = "1c".repeat(16);
    let wish = json!({ "device": league.pair.id.to_string(), "lobby": lobby });
    let ana = &mut league.players[0];
    let frame = done(ana, "league.ticket", wish.to_string().as_bytes());
    let ticket: Ticket = by_server(&league.server, &frame).value;
    assert_eq!(ticket.key, *countersign::Signer::verifying_key(&ana.key));
    assert_eq!((ticket.user.to_string(), ticket.rating), (ana.user.clone(), 1_500_000));
    assert_eq!((ticket.device, ticket.lobby.to_string()), (league.pair.id, lobby));
    assert!(ticket.name.starts_with("Player-") && ticket.flags.has(1), "{ticket:?}");
    let travel: Ticket =
        by_server(&league.server, &done(ana, "league.ticket", br#"{"travel":true}"#)).value;
    assert!(travel.is_travel() && travel.name == ticket.name);
    assert!(travel.expires > ticket.expires);
    for wrong in [r#"{}"#, r#"{"travel":true,"device":"00"}"#, r#"{"device":"00","lobby":"11"}"#] {
        refused(ana, "league.ticket", wrong.as_bytes(), ResultCode::INVALID_PAYLOAD);
    }
    let unknown = json!({ "device": "77".repeat(16), "lobby": "11".repeat(16) }).to_string();
    refused(ana, "league.ticket", unknown.as_bytes(), ResultCode::NOT_FOUND);
    set_status(&league.server, league.pair.id, DeviceStatus::Revoked);
    refused(ana, "league.ticket", wish.to_string().as_bytes(), ResultCode::CONFLICT);
    let limited = (0..40).any(|_| {
        ana.call("league.ticket", br#"{"travel":true}"#).result == ResultCode::RATE_LIMITED
    });
    assert!(limited, "tickets are not unlimited");
    done(&mut league.players[1], "league.ticket", br#"{"travel":true}"#);
}

#[test]
fn a_match_is_settled_once_and_everybody_gets_the_same_receipt() {
    let mut league = League::start(8, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    let frame = league.settle(0, &bundle);
    let signed = by_server::<MatchReceipt>(&league.server, &frame);
    let receipt = &signed.value;
    assert_eq!((receipt.settlement, receipt.reason), (Settlement::Settled, 0));
    assert_eq!((receipt.match_id, receipt.result), (game.start.match_id, signed.previous));
    for (line, delta) in receipt.lines.iter().zip(&game.result.deltas) {
        assert_eq!((line.sporting, line.adjustment, line.rank), (*delta, 0, 0));
        assert_eq!(line.rating, 1_500_000 + delta);
    }
    for player in 0..8 {
        assert_eq!(league.settle(player, &bundle), frame, "the same bytes for all");
    }
    let again = league.play();
    let frame = {
        let bundle = league.bundle(&again);
        league.settle(3, &bundle)
    };
    let second = league.receipt(&frame);
    assert_eq!(second.settlement, Settlement::Settled);
    assert!(second.integrity < 256, "they met before");
    let winners = again.users_of(Team::A);
    let won = second.lines.iter().filter(|line| winners.contains(&line.user));
    assert!(won.clone().all(|line| line.sporting > 0 && line.adjustment < 0));
    assert_eq!(won.count(), 4);
}

#[test]
fn a_name_that_was_erased_is_given_to_nobody() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    league.settle(0, &bundle);
    let wish = json!({ "match_id": game.start.match_id.to_string() });
    let said = ask(&mut league.players[1], "league.match", &wish);
    assert!(said["bundle"].is_string() && said["players"][3]["name"].is_string());
    let name = said["players"][3]["name"].as_str().unwrap().to_owned();
    done(&mut league.players[3], "account.delete", br#"{"confirm":"delete my account"}"#);
    let said = ask(&mut league.players[1], "league.match", &wish);
    assert!(!said.to_string().contains(&name) && said["bundle"].is_null(), "{said}");
    assert!(said["receipt"].is_string(), "which holds no names");
}

#[test]
fn what_is_tampered_with_is_refused_by_name_and_leaves_no_trace() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let bundle = league.bundle(&game);
    let invalid = ResultCode::EVIDENCE_INVALID;
    let mut check = |bytes: &[u8]| {
        let said = refused(&mut league.players[0], "league.settle", bytes, invalid);
        said["check"].as_str().unwrap().to_owned()
    };
    assert_eq!(check(b"CSB1"), "G2");
    assert_eq!(check(&vec![0; Bundle::MAX + 1]), "G1");
    let whole = Bundle::decode(&bundle).unwrap();
    let mut swapped = whole.clone();
    swapped.players.swap(0, 1);
    assert_eq!(check(&swapped.encode()), "G8");
    let mut turned = whole.clone();
    *turned.start.last_mut().unwrap() ^= 1;
    assert_eq!(check(&turned.encode()), "G4");
    let mut greedy = game.clone();
    greedy.result.deltas[0] += 1;
    let greedy = league.bundle(&greedy);
    let said = refused(&mut league.players[0], "league.settle", &greedy, invalid);
    assert_eq!(said["check"], "G12");
    let frame = league.settle(1, &bundle);
    assert_eq!(league.receipt(&frame).settlement, Settlement::Settled);
}

#[test]
fn two_results_of_one_match_freeze_the_second_and_make_the_device_suspect() {
    let mut league = League::start(6, Options::new());
    let game = league.play();
    let (first, second) = (league.bundle(&game), league.bundle(&game.other_score(&league.pair)));
    let kept = league.settle(0, &first);
    let forked = league.settle(1, &second);
    let receipt = league.receipt(&forked);
    assert_eq!((receipt.settlement, receipt.reason), (Settlement::Frozen, Reason::Fork.number()));
    assert_eq!(league.settle(2, &second), forked);
    assert_eq!(league.settle(2, &first), kept);
    let proof = league.pair.proof(&league.server);
    let frame = done(&mut league.players[0], "league.device_verify", &proof);
    let certificate = by_server::<DeviceCertificate>(&league.server, &frame);
    assert_eq!(certificate.value.status, DeviceStatus::Suspect);
    let next = league.play();
    let bundle = league.bundle(&next);
    let frame = league.settle(0, &bundle);
    let receipt = league.receipt(&frame);
    assert_eq!(receipt.settlement, Settlement::Frozen);
    assert_eq!(receipt.reason, Reason::DeviceSuspect.number());
}

#[test]
fn what_stands_against_a_match_is_named() {
    let once = Options::new().set("league.player_matches_per_day", 1);
    let mut league = League::start(6, once);
    let settle = |league: &mut League| {
        let game = league.play();
        let bundle = league.bundle(&game);
        let frame = league.settle(0, &bundle);
        league.receipt(&frame)
    };
    let first = settle(&mut league);
    assert!(first.lines.iter().all(|line| line.adjustment == 0 && line.sporting != 0));
    let second = settle(&mut league);
    assert_eq!(second.settlement, Settlement::Settled);
    for (line, before) in second.lines.iter().zip(&first.lines) {
        assert_eq!(line.sporting + line.adjustment, 0, "the day has one rated match");
        assert_eq!(line.rating, before.rating);
    }
    league.pair.played += 4;
    assert_eq!(settle(&mut league).settlement, Settlement::Settled, "they may still come");
    league.pair.played += 9;
    let gap = settle(&mut league);
    assert_eq!((gap.settlement, gap.reason), (Settlement::Unrated, Reason::CounterGap.number()));
    set_status(&league.server, league.pair.id, DeviceStatus::Rma);
    let rma = settle(&mut league);
    assert_eq!(
        (rma.settlement, rma.reason),
        (Settlement::Unrated, Reason::DeviceNotActive.number())
    );
}

fn ask_bytes(device: &mut Device, message_type: &str, payload: &[u8]) -> serde_json::Value {
    serde_json::from_slice(&done(device, message_type, payload)).unwrap()
}
