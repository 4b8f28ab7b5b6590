//! Each check of the hub, by its id, and that it comes after those before it.

use crate::world::{HOUR, Hub, MINUTE, MORNING, at, by, judge, print, sealed, vote};
use countersign::{EventId, Signer, SigningKey};
use countersign_judging::event::RoundState;
use countersign_judging::venue::{FUTURE_MAX, Outcome, Refusal, STALE_AFTER, Slot, Status};
use countersign_judging::vote::VoteError;
use countersign_judging::{ReceivedVote, Vote, VoteId};

const NOON: u64 = 3 * HOUR;

#[test]
fn h1_only_the_one_form_is_a_vote() {
    let mut hub = Hub::open(1);
    let good = sealed(&vote(1, NOON));
    let text = String::from_utf8(good[..good.len() - 64].to_vec()).unwrap();
    assert_eq!(hub.refuses_bytes(&[0; 601], NOON), Refusal::Form(VoteError::TooLong(601)));
    assert_eq!(hub.refuses_bytes(&[0; 63], NOON), Refusal::Form(VoteError::NoSignature));
    for (from, to) in [
        (r#","c""#, r#", "c""#),
        ("[9,8,10]", "[9,8,10,]"),
        ("[9,8,10]", "[9,8,010]"),
        ("[9,8,10]", "[9,8,1e1]"),
        ("[9,8,10]", "[9,8,65536]"),
        (r#""r":1"#, r#""r":0"#),
        (r#""n":1"#, r#""n":256"#),
        (r#""n":1}"#, r#""n":1} "#),
        (r#""n":1}"#, r#""n":1}}"#),
        (r#","n":1"#, ""),
        (r#","n":1"#, r#","n":1,"x":2"#),
        (r#""j":"J001""#, r#""j":"J 01""#),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        // Signed as it is: the judge's own key does not make a second form acceptable.
        let event = EventId::new("FAIR").unwrap();
        let kind = countersign::Name::new("vote").unwrap();
        let subject =
            countersign::statement::Subject { kind: &kind, context: event.as_str().as_bytes() };
        let bytes = changed.as_bytes();
        let signature =
            countersign::statement::sign(&crate::world::realm(), &judge(1), subject, bytes);
        let refusal = hub.refuses_bytes(&[bytes, &signature].concat(), NOON);
        assert!(matches!(refusal, Refusal::Form(VoteError::Form(_))), "{changed}: {refusal}");
    }
}

#[test]
fn h2_nobody_outside_the_roster() {
    let mut hub = Hub::open(1);
    let stranger = SigningKey::from_seed(&[99; 32]);
    let vote = Vote { judge: "J999".parse().unwrap(), ..vote(1, NOON) };
    let refusal = hub.refuses_bytes(&by(&stranger, &vote), NOON);
    assert_eq!(refusal, Refusal::UnknownJudge(vote.judge));
    // The roster comes before the clock: nothing about time is told to strangers.
    assert_eq!(hub.refuses_bytes(&by(&stranger, &vote), 9 * HOUR), refusal);
}

#[test]
fn h3_only_the_judges_own_key_for_this_event() {
    let mut hub = Hub::open(1);
    let vote = vote(1, NOON);
    let refusal = Refusal::Signature(vote.judge);
    assert_eq!(hub.refuses_bytes(&by(&judge(2), &vote), NOON), refusal);
    let elsewhere = EventId::new("OTHER").unwrap();
    let content = vote.sign(&crate::world::realm(), &elsewhere, &judge(1)).unwrap();
    assert_eq!(hub.refuses_bytes(&content, NOON), refusal);
    let received = ReceivedVote::decode(&content).unwrap();
    let key = judge(1);
    let signed = received.verify(&crate::world::realm(), &elsewhere, key.verifying_key()).unwrap();
    assert_eq!(hub.venue.admit(signed, at(NOON)).outcome, Outcome::Refused(refusal));
    let mut content = sealed(&vote);
    for byte in 0..content.len() {
        content[byte] ^= 1;
        let status = hub.refuses_bytes(&content, NOON).status();
        assert_eq!(status, Status::Invalid, "byte {byte}");
        content[byte] ^= 1;
    }
    assert_eq!(hub.take(&content, NOON).status(), Status::Accepted);
}

#[test]
fn h4_a_revoked_key_is_quarantined_and_only_by_its_own_signature() {
    let mut hub = Hub::open(1);
    hub.revoke(&judge(1), NOON);
    // What somebody else writes in the judge's name does not fill the quarantine.
    let forged = by(&judge(2), &vote(1, NOON));
    assert!(matches!(hub.refuses_bytes(&forged, NOON), Refusal::Signature(_)));
    assert_eq!(hub.says(&vote(1, NOON), NOON), Outcome::Quarantined);
    let entries = hub.venue.entries();
    // The second copy adds nothing, and neither does a time long ago change anything.
    assert_eq!(hub.says(&vote(1, NOON), NOON), Outcome::Quarantined);
    assert_eq!(hub.venue.entries(), entries);
    assert_eq!(hub.status(&vote(2, 0), NOON), Status::Revoked);
    assert_eq!(hub.venue.quarantine().len(), 2);
    assert_eq!(hub.venue.ballots().count(), 0);
}

#[test]
fn h4_quarantine_is_bounded_per_judge() {
    use countersign_judging::venue::QUARANTINE_PER_JUDGE_MAX as MAX;
    let mut hub = Hub::open(1);
    hub.revoke(&judge(1), NOON);
    for serial in 0..MAX as u16 + 5 {
        assert_eq!(hub.says(&vote(serial, NOON), NOON), Outcome::Quarantined);
    }
    assert_eq!(hub.venue.quarantine().len(), MAX);
    assert_eq!(hub.venue.entries(), 3 + MAX as u64);
}

#[test]
fn h5_two_hours_back_and_five_minutes_ahead_are_the_edges() {
    let (stale, future) = (STALE_AFTER.as_millis() as u64, FUTURE_MAX.as_millis() as u64);
    assert_eq!((stale, future), (2 * HOUR, 5 * MINUTE));
    let mut hub = Hub::open(1);
    let refusal = hub.refuses(&vote(1, NOON - stale - 1000), NOON);
    assert_eq!((refusal, refusal.status()), (Refusal::Stale(7201), Status::Stale));
    let refusal = hub.refuses(&vote(1, NOON + future + 1000), NOON);
    assert_eq!((refusal, refusal.status()), (Refusal::Future(301), Status::Future));
    hub.accepts(&vote(1, NOON - stale), NOON);
    let ahead = Vote { revision: 2, ..vote(2, NOON + future) };
    hub.accepts(&ahead, NOON);
}

#[test]
fn h6_the_same_vote_gets_the_same_receipt_and_its_id_no_other() {
    let mut hub = Hub::open(1);
    let first = hub.accepts(&vote(1, NOON), NOON);
    hub.accepts(&Vote { judge: "J003".parse().unwrap(), ..vote(1, NOON) }, NOON);
    let entries = hub.venue.entries();
    assert_eq!(hub.says(&vote(1, NOON), NOON + 1), Outcome::Duplicate(first));
    // Signed again with a new id and time, because the receipt got lost.
    assert_eq!(hub.says(&vote(2, NOON + MINUTE), NOON + MINUTE), Outcome::Duplicate(first));
    assert_eq!(hub.venue.entries(), entries);
    let other = Vote { points: vec![1, 1, 1], revision: 2, ..vote(1, NOON) };
    assert_eq!(hub.refuses(&other, NOON), Refusal::IdReused);
    // What was accepted stays so after the round has closed.
    hub.venue.close_round(1, at(NOON)).unwrap();
    assert_eq!(hub.says(&vote(1, NOON), NOON + 2), Outcome::Duplicate(first));
}

#[test]
fn h7_only_projects_of_the_event_in_their_categories() {
    let mut hub = Hub::open(1);
    let nowhere = Vote { project: "PROJECT_999".parse().unwrap(), ..vote(1, NOON) };
    assert_eq!(hub.refuses(&nowhere, NOON), Refusal::UnknownProject(nowhere.project));
    for category in ["DESIGN", "NOTHING"] {
        let vote = Vote { category: category.parse().unwrap(), ..vote(1, NOON) };
        assert_eq!(hub.refuses(&vote, NOON), Refusal::NotItsCategory(vote.category));
    }
}

#[test]
fn h8_one_number_per_criterion_within_its_range() {
    let mut hub = Hub::open(1);
    for points in [vec![1], vec![1, 1], vec![1; 4], vec![1; 32]] {
        let found = points.len();
        let refusal = hub.refuses(&Vote { points, ..vote(1, NOON) }, NOON);
        assert_eq!(refusal, Refusal::PointsCount { expected: 3, found });
    }
    let refusal = hub.refuses(&Vote { points: vec![10, 11, 1], ..vote(1, NOON) }, NOON);
    assert_eq!(refusal, Refusal::PointsRange { criterion: 2, min: 0, max: 10, found: 11 });
    let refusal = hub.refuses(&Vote { points: vec![0, 0, 0], ..vote(1, NOON) }, NOON);
    assert_eq!(refusal, Refusal::PointsRange { criterion: 3, min: 1, max: 10, found: 0 });
    hub.accepts(&Vote { points: vec![0, 10, 1], ..vote(1, NOON) }, NOON);
}

#[test]
fn h9_declared_conflicts_and_recusals_are_refused() {
    let mut hub = Hub::open(1);
    let mine = |serial, number: u8| Vote {
        judge: "J002".parse().unwrap(),
        project: format!("PROJECT_{number:03}").parse().unwrap(),
        ..vote(serial, NOON)
    };
    assert_eq!(hub.refuses(&mine(1, 2), NOON), Refusal::Conflict);
    hub.accepts(&mine(2, 3), NOON);
    hub.accepts(&Vote { points: vec![], revision: 2, ..mine(3, 3) }, NOON);
    // Out of the project, in every category, also what was said before.
    assert_eq!(hub.ballot(&mine(2, 3)), None);
    let nice = Vote { category: "DESIGN".parse().unwrap(), points: vec![50], ..mine(4, 3) };
    assert_eq!(hub.refuses(&nice, NOON), Refusal::Recused);
    assert_eq!(hub.refuses(&Vote { revision: 3, ..mine(5, 3) }, NOON), Refusal::Recused);
    hub.accepts(&mine(6, 1), NOON);
}

#[test]
fn h10_only_while_the_round_is_open() {
    let mut hub = Hub::begin(1);
    let not_open = |state| Refusal::NotOpen { number: 1, state };
    let refusal = hub.refuses(&vote(1, NOON), NOON);
    assert_eq!((refusal, refusal.status()), (not_open(RoundState::Draft), Status::Closed));
    hub.venue.open_round(1, at(NOON)).unwrap();
    hub.accepts(&vote(1, NOON), NOON);
    hub.venue.close_round(1, at(NOON)).unwrap();
    // Signed while it was open, and too late here all the same.
    let late = Vote { project: "PROJECT_005".parse().unwrap(), ..vote(2, NOON - 1) };
    assert_eq!(hub.refuses(&late, NOON), not_open(RoundState::Closed));
    hub.venue.open_round(1, at(NOON)).unwrap();
    hub.accepts(&late, NOON);
    let refusal = hub.refuses(&Vote { round: 9, ..vote(3, NOON) }, NOON);
    assert_eq!(refusal, Refusal::UnknownRound(9));
}

#[test]
fn h11_the_last_revision_wins_and_history_is_kept() {
    let mut hub = Hub::open(1);
    let said = |serial, revision, points: [u16; 3]| Vote {
        revision,
        points: points.into(),
        ..vote(serial, NOON)
    };
    hub.accepts(&said(1, 1, [1, 1, 1]), NOON);
    hub.accepts(&said(2, 5, [5, 5, 5]), NOON);
    let refusal = hub.refuses(&said(3, 4, [4, 4, 4]), NOON);
    assert_eq!(refusal, Refusal::StaleRevision { last: 5, found: 4 });
    let refusal = hub.refuses(&said(4, 5, [6, 6, 6]), NOON);
    assert_eq!(refusal, Refusal::StaleRevision { last: 5, found: 5 });
    assert_eq!(hub.ballot(&vote(0, NOON)), Some(vec![5, 5, 5]));
    let slot = Slot::of(&vote(0, NOON));
    let history = hub.venue.history(&slot).map(|kept| kept.vote.vote.revision);
    assert_eq!(history.collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn h4_a_vote_examined_before_its_key_was_revoked_is_quarantined_when_it_is_admitted() {
    let mut hub = Hub::open(1);
    let examined = hub.venue.examiner().examine(&sealed(&vote(1, NOON))).unwrap();
    hub.revoke(&judge(1), NOON);
    assert_eq!(hub.venue.admit(examined, at(NOON)).outcome, Outcome::Quarantined);
}

#[test]
fn h13_what_is_accepted_is_in_the_log_at_its_place_and_can_be_proved() {
    use countersign_judging::log::{Act, Reader};
    let mut hub = Hub::open(1);
    let receipts: Vec<_> = (1..=5)
        .map(|n| {
            let project = format!("PROJECT_{n:03}").parse().unwrap();
            hub.accepts(&Vote { project, ..vote(n, NOON) }, NOON)
        })
        .collect();
    let mut reader = Reader::new(&hub.log);
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        entries.push(entry);
    }
    let root = hub.venue.head().root;
    for (n, receipt) in (1..).zip(&receipts) {
        let entry = &entries[receipt.position as usize];
        let project = format!("PROJECT_{n:03}").parse().unwrap();
        let content = sealed(&Vote { project, ..vote(n, NOON) });
        assert_eq!(entry.act, Act::Vote { content });
        let (position, proof) = hub.venue.prove(&receipt.vote).unwrap();
        assert_eq!(position, receipt.position);
        assert_eq!(proof.verify(&entry.encode(), &root), Ok(()));
    }
}

#[test]
fn a_judge_sees_what_is_left() {
    let mut hub = Hub::open(1);
    let (j1, j2) = ("J001".parse().unwrap(), "J002".parse().unwrap());
    assert_eq!((hub.venue.left(&j1).len(), hub.venue.left(&j2).len()), (3, 0));
    let on =
        |serial, project: &str| Vote { project: project.parse().unwrap(), ..vote(serial, NOON) };
    hub.accepts(&on(1, "PROJECT_001"), NOON);
    // Not asked for, and welcome all the same.
    hub.accepts(&on(2, "PROJECT_006"), NOON);
    assert_eq!(hub.venue.left(&j1).len(), 2);
    hub.accepts(&Vote { points: vec![], ..on(3, "PROJECT_002") }, NOON);
    let left: Vec<_> = hub.venue.left(&j1).iter().map(|one| one.project.to_string()).collect();
    assert_eq!(left, ["PROJECT_003"]);
    hub.venue.close_round(1, at(NOON)).unwrap();
    assert!(hub.venue.left(&j1).is_empty());
}

#[test]
fn a_vote_says_who_and_when_in_one_radio_frame() {
    let vote = Vote { id: VoteId::from_bytes([0xff; 16]), seconds: MORNING / 1000, ..vote(1, 0) };
    // 46 bytes of packet and 3 of framing around it: one frame at an MTU of 247 and over ESP-NOW.
    let on_air = 3 + 46 + sealed(&vote).len();
    assert!(on_air <= 244, "{on_air}");
    assert_eq!(vote.digest(&EventId::new("FAIR").unwrap()).unwrap(), {
        let hub = Hub::open(1);
        let signed = hub.venue.examiner().examine(&sealed(&vote)).unwrap();
        assert_eq!(signed.signer, print(&judge(1)));
        signed.digest
    });
}
