//! Hubs that merge, also when they disagree about who was revoked.

use crate::world::{HOUR, Hub, MINUTE, at, judge, realm, vote};
use countersign_judging::venue::{Alarm, MergeRefusal, Slot};
use countersign_judging::{Venue, Vote, VoteId};
use proptest::collection::vec;
use proptest::prelude::*;

const NOON: u64 = 3 * HOUR;

#[test]
fn a_revocation_at_one_hub_takes_what_the_other_accepted_afterwards() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    two.accepts(&vote(1, NOON), NOON);
    one.revoke(&judge(1), NOON + MINUTE);
    let thief = Vote { project: "PROJECT_005".parse().unwrap(), ..vote(2, NOON) };
    two.accepts(&thief, NOON + 2 * MINUTE);
    drop(one.merge(&two, NOON + HOUR));
    let merge = two.merge(&one, NOON + HOUR);
    assert_eq!(merge.revoked, 1);
    for hub in [&one, &two] {
        assert_eq!(hub.ballot(&vote(1, NOON)), Some(vec![9, 8, 10]));
        assert_eq!(hub.ballot(&thief), None);
        // It is there all the same, for people to see.
        assert_eq!(hub.venue.history(&Slot::of(&thief)).count(), 1);
    }
    assert_eq!(one.venue.head().ballot_root, two.venue.head().ballot_root);
}

#[test]
fn the_earlier_of_two_revocations_counts_at_both_hubs() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    one.revoke(&judge(1), NOON + MINUTE);
    let thief = vote(2, NOON);
    two.accepts(&thief, NOON + 2 * MINUTE);
    two.revoke(&judge(1), NOON + 3 * MINUTE);
    assert_eq!(
        (one.merge(&two, NOON + HOUR).revoked, two.merge(&one, NOON + HOUR).revoked),
        (0, 1)
    );
    for hub in [&one, &two] {
        let revoked = hub.venue.revoked_at(&crate::world::print(&judge(1)));
        assert_eq!((revoked, hub.ballot(&thief)), (Some(at(NOON + MINUTE)), None));
    }
    assert_eq!(one.venue.head().ballot_root, two.venue.head().ballot_root);
}

#[test]
fn a_thief_cannot_recuse_the_judge_whose_phone_it_was() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    one.accepts(&vote(1, NOON), NOON);
    one.revoke(&judge(1), NOON + MINUTE);
    let out = Vote { points: vec![], revision: 2, ..vote(2, NOON) };
    two.accepts(&out, NOON + 2 * MINUTE);
    drop(one.merge(&two, NOON + HOUR));
    assert!(!one.venue.is_recused(&out.judge, &out.project));
    assert_eq!(one.ballot(&vote(1, NOON)), Some(vec![9, 8, 10]));
}

#[test]
fn a_hub_that_lost_its_disk_gets_its_votes_back_from_the_other() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    one.accepts(&vote(1, NOON), NOON);
    drop(two.merge(&one, NOON));
    let mut fresh = Hub::begin(1);
    assert_eq!(fresh.merge(&two, NOON + MINUTE).votes, 1);
    assert_eq!(fresh.venue.head().ballot_root, one.venue.head().ballot_root);
    let restored = Venue::restore(&realm(), &fresh.bundles, &fresh.log).unwrap();
    assert_eq!(restored.venue.head(), fresh.venue.head());
}

#[test]
fn only_a_hub_of_this_event_with_no_newer_bundle_is_merged() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    let same = one.clone();
    assert_eq!(one.venue.merge(&same.venue, at(NOON)), Err(MergeRefusal::SameHub));
    two.amend(|event| event.title = "Another day".into(), NOON);
    let newer = MergeRefusal::NewerBundle { ours: 1, theirs: 2 };
    assert_eq!(one.venue.merge(&two.venue, at(NOON)), Err(newer));
    one.amend(|event| event.title = "Another title".into(), NOON);
    assert_eq!(one.venue.merge(&two.venue, at(NOON)), Err(MergeRefusal::OtherBundle(2)));
}

/// What happens at one of two hubs.
#[derive(Debug, Clone)]
enum Step {
    Vote { hub: usize, judge: u8, project: u8, revision: u32, points: u16, serial: u8 },
    Recuse { hub: usize, judge: u8, project: u8, serial: u8 },
    Revoke { hub: usize, judge: u8 },
    Merge { into: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let votes = (0..2_usize, 1..=3_u8, 4..=5_u8, 1..=3_u32, 1..=3_u16, 0..8_u8).prop_map(
        |(hub, judge, project, revision, points, serial)| Step::Vote {
            hub,
            judge,
            project,
            revision,
            points,
            serial,
        },
    );
    let recusals = (0..2_usize, 1..=3_u8, 4..=5_u8, 0..8_u8)
        .prop_map(|(hub, judge, project, serial)| Step::Recuse { hub, judge, project, serial });
    let revocations = (0..2_usize, 1..=3_u8).prop_map(|(hub, judge)| Step::Revoke { hub, judge });
    let merges = (0..2_usize).prop_map(|into| Step::Merge { into });
    vec(prop_oneof![12 => votes, 1 => recusals, 1 => revocations, 1 => merges], 1..40)
}

fn ballot(judge: u8, project: u8, serial: u8, millis: u64) -> Vote {
    Vote {
        judge: format!("J{judge:03}").parse().unwrap(),
        project: format!("PROJECT_{project:03}").parse().unwrap(),
        id: VoteId::from_bytes([serial; 16]),
        ..vote(0, millis)
    }
}

fn play(hubs: &mut [Hub; 2], steps: &[Step]) {
    for (step, millis) in steps.iter().zip((NOON..).step_by(1000)) {
        match *step {
            Step::Vote { hub, judge, project, revision, points, serial } => {
                let points = vec![points; 3];
                let vote = Vote { revision, points, ..ballot(judge, project, serial, millis) };
                hubs[hub].says(&vote, millis);
            }
            Step::Recuse { hub, judge, project, serial } => {
                let vote = ballot(judge, project, serial, millis);
                hubs[hub].says(&Vote { points: vec![], revision: 9, ..vote }, millis);
            }
            Step::Revoke { hub, judge: number } => {
                let key = crate::world::print(&judge(number));
                let entry = hubs[hub].venue.revoke(&key, at(millis));
                hubs[hub].log.extend(entry.unwrap_or_default());
            }
            Step::Merge { into } => {
                let other = hubs[1 - into].clone();
                drop(hubs[into].merge(&other, millis));
            }
        }
    }
}

fn said(hub: &Hub) -> Vec<(Slot, Vec<u16>)> {
    let ballots = hub.venue.ballots();
    ballots.map(|ballot| (Slot::of(ballot.vote), ballot.vote.points.clone())).collect()
}

fn alarms(hub: &Hub) -> Vec<Slot> {
    let slot = |Alarm::TwoVotes { slot, .. }| slot;
    hub.venue.alarms().into_iter().map(slot).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happened_two_merged_hubs_agree_and_so_do_their_logs(
        steps in steps(),
        first in 0..2_usize,
    ) {
        let mut hubs = [Hub::open(1), Hub::open(2)];
        play(&mut hubs, &steps);
        for into in [first, 1 - first, first] {
            let other = hubs[1 - into].clone();
            prop_assert_eq!(hubs[into].merge(&other, NOON + HOUR).left_out, 0);
        }
        let [one, two] = &hubs;
        prop_assert_eq!(one.venue.head().ballot_root, two.venue.head().ballot_root);
        prop_assert_eq!(said(one), said(two));
        prop_assert_eq!(alarms(one), alarms(two));
        for hub in &hubs {
            let restored = Venue::restore(&realm(), &hub.bundles, &hub.log).unwrap();
            prop_assert_eq!(restored.venue.head(), hub.venue.head());
            prop_assert_eq!(restored.venue.ballots().count(), hub.venue.ballots().count());
        }
        // One ballot for each slot, whatever was sent how often.
        let mut slots: Vec<Slot> = said(one).into_iter().map(|(slot, _)| slot).collect();
        slots.dedup();
        prop_assert_eq!(slots.len(), said(one).len());
    }
}
