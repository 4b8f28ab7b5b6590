//! The handshake: a judge's key, the hub's time.

use crate::world::{HOUR, Hub, MINUTE, MORNING, at, hub, judge, print, realm};
use countersign::{EventId, Signer, SigningKey, Timestamp};
use countersign_judging::auth::{
    AuthMessage, AuthRefusal, Challenge, Desk, Hello, Proof, ReceivedProof, ReceivedWelcome,
};
use countersign_judging::event::RoundState;

const NOON: u64 = 3 * HOUR;

fn fair() -> EventId {
    EventId::new("FAIR").unwrap()
}

fn hello() -> Hello {
    Hello { judge: "J001".parse().unwrap(), nonce: [5; 16] }
}

fn proof_by(key: &SigningKey, challenge: Challenge, clock: Timestamp) -> ReceivedProof {
    let content =
        Proof { challenge, clock, bundle_version: 1 }.sign(&realm(), &fair(), key).unwrap();
    match AuthMessage::decode(&content).unwrap() {
        AuthMessage::Proof(received) => received,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_phone_that_is_a_day_wrong_gets_hub_time() {
    let fair_hub = Hub::open(1);
    let desk = Desk::new(&[9; 32]);
    let challenge = desk.hello(&fair_hub.venue, &hello(), at(NOON)).unwrap();
    let wrong = Timestamp::from_millis(MORNING + NOON - 24 * HOUR);
    let received = proof_by(&judge(1), challenge, wrong);
    let (known, welcome) = desk.proof(&fair_hub.venue, &received, at(NOON + 20)).unwrap();
    assert_eq!((known.judge, known.key), (hello().judge, print(&judge(1))));
    assert_eq!(known.offset_ms, 24 * 3_600_000 + 20);
    let content = welcome.sign(&realm(), &fair(), &hub(1)).unwrap();
    let AuthMessage::Welcome(received) = AuthMessage::decode(&content).unwrap() else { panic!() };
    let key = hub(1);
    let nonce = &hello().nonce;
    let welcome = received.verify(&realm(), &fair(), key.verifying_key(), nonce).unwrap();
    assert_eq!(welcome.rounds, [(1, RoundState::Open), (2, RoundState::Draft)]);
    assert_eq!((welcome.left, welcome.bundle_version), (3, 1));
    assert_eq!(welcome.bundle, fair_hub.venue.bundle_digest());
    // It came in 40 ms after the proof went out: half of that is the way here.
    let received = Timestamp::from_millis(wrong.as_millis() + 40);
    assert_eq!(welcome.offset_ms(received), 24 * 3_600_000);
}

#[test]
fn only_the_judges_key_answers_and_only_to_a_fresh_challenge_of_this_hub() {
    let mut fair_hub = Hub::open(1);
    let desk = Desk::new(&[9; 32]);
    let now = at(NOON);
    let stranger = Hello { judge: "J999".parse().unwrap(), ..hello() };
    let unknown = Err(AuthRefusal::UnknownJudge(stranger.judge));
    assert_eq!(desk.hello(&fair_hub.venue, &stranger, now), unknown);
    let challenge = desk.hello(&fair_hub.venue, &hello(), now).unwrap();
    let refusal = |hub: &Hub, key: &SigningKey, challenge, millis| {
        desk.proof(&hub.venue, &proof_by(key, challenge, now), at(millis)).unwrap_err()
    };
    assert_eq!(refusal(&fair_hub, &judge(2), challenge, NOON), AuthRefusal::Signature);
    let late = NOON + MINUTE + 1;
    assert_eq!(refusal(&fair_hub, &judge(1), challenge, late), AuthRefusal::Late);
    for forged in [
        Challenge { time: at(NOON + 1), ..challenge },
        Challenge { nonce: [6; 16], ..challenge },
        Challenge { judge: "J002".parse().unwrap(), ..challenge },
        Challenge { hub_nonce: [0; 16], ..challenge },
    ] {
        assert_eq!(refusal(&fair_hub, &judge(1), forged, NOON), AuthRefusal::Challenge);
    }
    fair_hub.revoke(&judge(1), NOON);
    let revoked = AuthRefusal::Revoked(hello().judge);
    assert_eq!(refusal(&fair_hub, &judge(1), challenge, NOON), revoked);
}

#[test]
fn a_welcome_of_yesterday_or_by_a_judge_is_none() {
    let fair_hub = Hub::open(1);
    let desk = Desk::new(&[9; 32]);
    let challenge = desk.hello(&fair_hub.venue, &hello(), at(NOON)).unwrap();
    let received = proof_by(&judge(1), challenge, at(NOON));
    let (_, welcome) = desk.proof(&fair_hub.venue, &received, at(NOON)).unwrap();
    let received = |key: &SigningKey| -> ReceivedWelcome {
        let content = welcome.sign(&realm(), &fair(), key).unwrap();
        match AuthMessage::decode(&content).unwrap() {
            AuthMessage::Welcome(received) => received,
            other => panic!("{other:?}"),
        }
    };
    let of_hub = hub(1);
    let opened = |received: ReceivedWelcome, nonce| {
        received.verify(&realm(), &fair(), of_hub.verifying_key(), &nonce).is_ok()
    };
    assert!(opened(received(&hub(1)), hello().nonce));
    assert!(!opened(received(&hub(1)), [6; 16]));
    assert!(!opened(received(&judge(2)), hello().nonce));
}

#[test]
fn messages_are_read_as_they_were_written_and_cut_ones_are_not() {
    let fair_hub = Hub::open(1);
    let desk = Desk::new(&[9; 32]);
    let challenge = desk.hello(&fair_hub.venue, &hello(), at(NOON)).unwrap();
    let received = proof_by(&judge(1), challenge, at(NOON));
    let (_, welcome) = desk.proof(&fair_hub.venue, &received, at(NOON)).unwrap();
    let proof = Proof { challenge, clock: at(NOON), bundle_version: 1 };
    for content in [
        hello().encode(),
        challenge.encode(),
        proof.sign(&realm(), &fair(), &judge(1)).unwrap(),
        welcome.sign(&realm(), &fair(), &hub(1)).unwrap(),
    ] {
        assert!(AuthMessage::decode(&content).is_ok());
        for len in 0..content.len() {
            assert!(AuthMessage::decode(&content[..len]).is_err(), "{len}");
        }
        assert!(AuthMessage::decode(&[content.as_slice(), &[0]].concat()).is_err());
    }
    assert!(AuthMessage::decode(&[9; 30]).is_err());
}
