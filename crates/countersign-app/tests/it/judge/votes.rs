//! From the scanned code to the receipt.

use super::hall::{
    Hub, Phone, START, at_the_hall, bundle, code, event, event_key, place, with_other_hubs,
};
use countersign_app::judge::{
    BallotState, FromMesh, HubState, JudgeEvent, JudgeTap, JudgeTrouble, ProjectLine,
};
use countersign_judging::ProjectId;
use countersign_mesh::{Action, Beacon, Control, KeyEpoch, ReceiptStatus, Ttl};

const HOUR: u64 = 3_600_000;

fn vote(points: [u16; 3]) -> JudgeTap {
    JudgeTap::Vote { place: place("P2", "INNOVATION"), points: points.to_vec() }
}

fn state(phone: &Phone) -> BallotState {
    phone.judge.ballot(&place("P2", "INNOVATION")).unwrap().state.clone()
}

#[test]
fn a_judge_scans_votes_revises_and_gets_receipts() {
    let (mut hub, mut phone) = at_the_hall();
    assert_eq!(phone.judge.trouble(), None);
    assert_eq!(phone.judge.screen().hub, HubState::Welcome);
    assert_eq!((phone.judge.screen().left, phone.judge.screen().round), (1, Some(1)));
    phone.tap(&mut hub, JudgeTap::Scan("nodus://vote?pid=P2&cat=INNOVATION".into()));
    assert_eq!(phone.judge.screen().open, Some(place("P2", "INNOVATION")));
    phone.tap(&mut hub, vote([9, 8, 10]));
    assert_eq!(state(&phone), BallotState::Accepted);
    assert_eq!((phone.judge.screen().left, phone.judge.screen().waiting), (0, 0));
    phone.tap(&mut hub, vote([7, 8, 10]));
    assert_eq!(state(&phone), BallotState::Accepted);
    let ballots: Vec<_> = hub.venue.ballots().collect();
    assert_eq!(ballots.len(), 1);
    assert_eq!(ballots[0].vote.points, [7, 8, 10]);
    assert_eq!(ballots[0].vote.revision, 2);
}

#[test]
fn fake_table_qr_the_form_shows_name_and_table_by_the_bundle_and_that_it_is_not_assigned() {
    let (mut hub, mut phone) = at_the_hall();
    // The judge stands before P2; somebody stuck the code of P1 there.
    phone.tap(&mut hub, JudgeTap::Scan("nodus://vote?pid=P1&cat=INNOVATION".into()));
    let screen = phone.judge.screen();
    let open = screen.open.unwrap();
    let line = |line: &&ProjectLine<'_>| {
        (line.project.id, line.category.id) == (open.project, open.category)
    };
    let form = screen.lines.iter().find(line).unwrap();
    assert_eq!((form.project.title.as_str(), form.project.table.as_str()), ("Project P1", "A1"));
    assert!(!form.is_assigned && screen.lines[0].is_assigned);
}

#[test]
fn with_several_hubs_a_vote_is_sealed_to_the_one_that_knows_the_judge() {
    let mut hub = Hub::new(&event_key());
    let mut phone = Phone::new(17);
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(with_other_hubs(event(1)))));
    phone.tap(&mut hub, JudgeTap::Scan(code(&event_key())));
    assert_eq!(phone.judge.screen().hub, HubState::Welcome);
    phone.tap(&mut hub, vote([9, 8, 10]));
    assert_eq!(state(&phone), BallotState::Accepted);
}

#[test]
fn a_code_before_its_bundle_waits_for_it() {
    let mut hub = Hub::new(&event_key());
    let mut phone = Phone::new(17);
    phone.tap(&mut hub, JudgeTap::Scan(code(&event_key())));
    assert_eq!(phone.judge.trouble(), Some(&JudgeTrouble::NoBundle));
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(1))));
    assert_eq!(phone.judge.trouble(), None);
    assert_eq!(phone.judge.screen().hub, HubState::Welcome);
}

#[test]
fn a_clock_that_is_wrong_by_a_year_does_not_matter() {
    for wrong in [-365 * 24, -3, 3, 365 * 24] {
        let mut hub = Hub::new(&event_key());
        let mut phone = Phone::new(17);
        phone.wrong = wrong * HOUR as i64;
        phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(1))));
        phone.tap(&mut hub, JudgeTap::Scan(code(&event_key())));
        phone.tap(&mut hub, vote([1, 2, 3]));
        assert_eq!(state(&phone), BallotState::Accepted, "{wrong} h");
        assert_eq!(phone.judge.screen().offset_ms, Some(-phone.wrong));
        assert_eq!(hub.arrived.len(), 1, "the time was known before the first vote");
    }
}

#[test]
fn a_vote_by_a_wrong_clock_is_signed_again_with_the_receipts_time() {
    let mut hub = Hub::new(&event_key());
    let mut phone = Phone::new(17);
    phone.wrong = -3 * HOUR as i64;
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(1))));
    // Nothing of the handshake gets through, and there is no beacon either.
    hub.is_silent = true;
    phone.tap(&mut hub, JudgeTap::Scan(code(&event_key())));
    phone.tap(&mut hub, vote([1, 2, 3]));
    assert_eq!(phone.judge.screen().hub, HubState::Looking);
    hub.is_silent = false;
    phone.run(&mut hub, JudgeEvent::Mesh(FromMesh::Linked));
    assert_eq!(state(&phone), BallotState::Accepted);
    assert_eq!(hub.venue.ballots().count(), 1);
    assert!(hub.arrived.len() >= 2, "the first one was stale");
}

#[test]
fn without_a_receipt_the_same_vote_goes_out_again_in_new_packets() {
    let (mut hub, mut phone) = at_the_hall();
    hub.is_silent = true;
    let before = phone.sent;
    phone.tap(&mut hub, vote([1, 2, 3]));
    phone.pass(&mut hub, 40_000);
    assert!(matches!(state(&phone), BallotState::Sent { tries: 4, .. }), "{:?}", state(&phone));
    assert_eq!(phone.sent - before, 4, "at 0, 2, 7 and 22 s, give or take a fifth");
    let first = hub.arrived[0].clone();
    assert!(hub.arrived.iter().all(|content| *content == first), "the same signed bytes");
    hub.is_silent = false;
    phone.pass(&mut hub, 60_000);
    assert_eq!(state(&phone), BallotState::Accepted, "its receipt says duplicate");
    assert_eq!(hub.venue.ballots().count(), 1);
}

#[test]
fn an_honest_vote_older_than_two_hours_is_signed_again() {
    let (mut hub, mut phone) = at_the_hall();
    hub.is_silent = true;
    phone.tap(&mut hub, vote([1, 2, 3]));
    let first = hub.arrived[0].clone();
    // Out of reach of everybody for three hours.
    hub.time = hub.time.plus(std::time::Duration::from_millis(3 * HOUR));
    hub.is_silent = false;
    phone.pass(&mut hub, 1_000);
    assert_eq!(state(&phone), BallotState::Accepted);
    assert_ne!(hub.arrived.last(), Some(&first));
    assert_eq!(hub.venue.ballots().count(), 1);
}

#[test]
fn a_dead_battery_loses_neither_votes_nor_drafts() {
    let (mut hub, mut phone) = at_the_hall();
    hub.is_silent = true;
    phone.tap(&mut hub, vote([1, 2, 3]));
    let draft = vec![Some(4), None, Some(6)];
    let unfinished = place("P3", "INNOVATION");
    phone.tap(&mut hub, JudgeTap::Draft { place: unfinished, points: draft.clone() });
    let mut phone = phone.restarted(&hub);
    hub.is_silent = false;
    phone.run(&mut hub, JudgeEvent::Tick);
    assert_eq!(state(&phone), BallotState::Accepted);
    assert_eq!(phone.judge.ballot(&unfinished).unwrap().draft, Some(draft));
    // What was accepted stays so, and a change of mind continues its revisions.
    let mut phone = phone.restarted(&hub);
    phone.run(&mut hub, JudgeEvent::Tick);
    assert_eq!(state(&phone), BallotState::Accepted);
    phone.tap(&mut hub, vote([3, 2, 1]));
    assert_eq!(hub.venue.ballots().next().unwrap().vote.revision, 2);
}

#[test]
fn what_the_hub_would_refuse_is_said_at_once() {
    let (mut hub, mut phone) = at_the_hall();
    let sent = phone.sent;
    let mut trouble = |points: &[u16], place| {
        phone.tap(&mut hub, JudgeTap::Vote { place, points: points.to_vec() });
        phone.judge.trouble().cloned()
    };
    let here = place("P2", "INNOVATION");
    assert_eq!(trouble(&[1, 2], here), Some(JudgeTrouble::PointsCount { given: 2, wanted: 3 }));
    let range = JudgeTrouble::PointsRange { criterion: "Work".into(), given: 11, min: 0, max: 10 };
    assert_eq!(trouble(&[1, 11, 3], here), Some(range));
    let unknown = JudgeTrouble::NoSuchProject(ProjectId::new("P99").unwrap());
    assert_eq!(trouble(&[1, 2, 3], place("P99", "INNOVATION")), Some(unknown));
    let elsewhere = place("P2", "DESIGN");
    assert_eq!(trouble(&[1, 2, 3], elsewhere), Some(JudgeTrouble::NoSuchCategory(elsewhere)));
    assert_eq!(phone.sent, sent);
}

#[test]
fn an_unknown_project_is_kept_as_a_draft_and_the_newer_bundle_is_fetched() {
    let (mut hub, mut phone) = at_the_hall();
    phone.newest = Some(bundle(event(2)));
    let late = place("P5", "INNOVATION");
    let points = vec![Some(5), Some(5), None];
    phone.tap(&mut hub, JudgeTap::Draft { place: late, points: points.clone() });
    phone.tap(&mut hub, JudgeTap::Scan("nodus://vote?pid=P5&cat=INNOVATION".into()));
    assert_eq!(phone.judge.screen().event.unwrap().version, 2);
    assert_eq!(phone.judge.ballot(&late).unwrap().draft, Some(points));
}

#[test]
fn a_beacon_that_names_a_newer_bundle_fetches_it_once() {
    let (mut hub, mut phone) = at_the_hall();
    let beacon = Beacon {
        sequence: 1,
        time: hub.time,
        start: START,
        bundle_version: 2,
        first_ttl: Ttl::MAX,
    };
    let packet = hub.publish(&beacon);
    let heard = phone.heard(&hub, packet.clone());
    phone.run(&mut hub, heard);
    assert!(matches!(phone.judge.trouble(), Some(JudgeTrouble::Outside(_))), "nobody has it yet");
    phone.newest = Some(bundle(event(2)));
    let heard = phone.heard(&hub, packet);
    phone.run(&mut hub, heard);
    assert_eq!(
        phone.judge.screen().event.unwrap().version,
        1,
        "asked for once, not at every beacon"
    );
    phone.tap(&mut hub, JudgeTap::Fetch(event(1).id));
    assert_eq!(phone.judge.screen().event.unwrap().version, 2);
}

#[test]
fn rounds_revocations_and_new_codes_come_from_the_hub_at_once() {
    let (mut hub, mut phone) = at_the_hall();
    let order = |hub: &mut Hub, phone: &mut Phone, sequence, action| {
        let packet = hub.publish(&Control { sequence, time: hub.time, action });
        let heard = phone.heard(hub, packet);
        phone.run(hub, heard);
    };
    order(&mut hub, &mut phone, 5, Action::Round { number: 1, open: false });
    phone.tap(&mut hub, vote([1, 2, 3]));
    assert_eq!(phone.judge.trouble(), Some(&JudgeTrouble::NoRoundOpen));
    order(&mut hub, &mut phone, 4, Action::Round { number: 1, open: true });
    assert_eq!(phone.judge.screen().round, None, "an older order came later");
    order(&mut hub, &mut phone, 6, Action::Round { number: 1, open: true });
    order(&mut hub, &mut phone, 7, Action::Rekey { epoch: KeyEpoch::new(1) });
    assert_eq!(phone.judge.screen().hub, HubState::NewCode(KeyEpoch::new(1)));
    let key = *countersign::Signer::verifying_key(&crate::server::key(17)).fingerprint();
    order(&mut hub, &mut phone, 8, Action::Revoke { fingerprint: key });
    phone.tap(&mut hub, vote([1, 2, 3]));
    assert_eq!(phone.judge.trouble(), Some(&JudgeTrouble::Revoked));
}

#[test]
fn a_vote_for_a_closed_round_waits_until_it_opens_again() {
    let (mut hub, mut phone) = at_the_hall();
    hub.venue.close_round(1, hub.time).unwrap();
    phone.tap(&mut hub, vote([1, 2, 3]));
    assert_eq!(state(&phone), BallotState::Refused(ReceiptStatus::Closed));
    let sent = phone.sent;
    let at_once = |phone: &mut Phone, hub: &mut Hub, sequence, open| {
        let action = Action::Round { number: 1, open };
        let packet = hub.publish(&Control { sequence, time: hub.time, action });
        let heard = phone.heard(hub, packet);
        phone.run(hub, heard);
    };
    at_once(&mut phone, &mut hub, 1, false);
    phone.pass(&mut hub, 300_000);
    assert_eq!(phone.sent, sent, "it is not tried again while the round is closed");
    hub.venue.open_round(1, hub.time).unwrap();
    at_once(&mut phone, &mut hub, 2, true);
    assert_eq!(state(&phone), BallotState::Accepted);
}

#[test]
fn only_the_servers_bundle_for_this_device_is_taken() {
    let mut hub = Hub::new(&event_key());
    let mut phone = Phone::new(19);
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(1))));
    assert_eq!(phone.judge.trouble(), Some(&JudgeTrouble::NotInRoster));
    let mut forged = bundle(event(1));
    let last = forged.len() - 1;
    forged[last] ^= 1;
    phone.tap(&mut hub, JudgeTap::Bundle(forged));
    assert!(matches!(phone.judge.trouble(), Some(JudgeTrouble::Bundle(_))));
    let (mut hub, mut phone) = at_the_hall();
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(2))));
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(1))));
    assert_eq!(phone.judge.trouble(), Some(&JudgeTrouble::OlderBundle));
}

#[test]
fn codes_of_others_are_told_apart() {
    let (mut hub, mut phone) = at_the_hall();
    phone.tap(&mut hub, JudgeTap::Scan("https://example.org".into()));
    assert_eq!(phone.judge.trouble(), Some(&JudgeTrouble::NotOurs));
    phone.tap(&mut hub, JudgeTap::Scan("NODUS:EVENT_ID=x".into()));
    assert!(matches!(phone.judge.trouble(), Some(JudgeTrouble::Code(_))));
    let other = code(&event_key()).replace("FAIR-26", "FAIR-27");
    phone.tap(&mut hub, JudgeTap::Scan(other));
    assert!(matches!(phone.judge.trouble(), Some(JudgeTrouble::OtherEvent { .. })));
}
