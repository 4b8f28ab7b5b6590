//! The rows of the design's table of attacks and pitfalls that the hub answers for, by their names.

use crate::world::{HOUR, Hub, MINUTE, at, by, judge, print, vote};
use countersign::{Signer, SigningKey};
use countersign_judging::Vote;
use countersign_judging::venue::{Alarm, AmendRefusal, Outcome, Refusal, Slot, Status};

const NOON: u64 = 3 * HOUR;

/// Everybody who scanned the QR reads the victim's packet and can race it.
#[test]
fn guid_squatting_does_not_make_the_real_vote_a_duplicate() {
    let mut hub = Hub::open(1);
    let victims = vote(7, NOON);
    let in_my_name =
        Vote { judge: "J002".parse().unwrap(), points: vec![0, 0, 1], ..vote(7, NOON) };
    hub.accepts(&in_my_name, NOON);
    let in_their_name = by(&judge(2), &Vote { points: vec![0, 0, 1], ..vote(7, NOON) });
    assert!(matches!(hub.refuses_bytes(&in_their_name, NOON), Refusal::Signature(_)));
    hub.accepts(&victims, NOON);
    assert_eq!(hub.ballot(&victims), Some(vec![9, 8, 10]));
}

#[test]
fn replay_after_60_s_or_after_2_h_counts_once() {
    let mut hub = Hub::open(1);
    let receipt = hub.accepts(&vote(1, NOON), NOON);
    for later in [0, 61_000, HOUR, 2 * HOUR] {
        assert_eq!(hub.says(&vote(1, NOON), NOON + later), Outcome::Duplicate(receipt));
    }
    assert_eq!(hub.status(&vote(1, NOON), NOON + 2 * HOUR + 1), Status::Stale);
    assert_eq!(hub.venue.head().votes, 1);
}

/// Fifty copies of one "10 10 10", and an old one after the judge thought better of it.
#[test]
fn replay_of_an_earlier_revision_changes_nothing() {
    let mut hub = Hub::open(1);
    let first = hub.accepts(&Vote { points: vec![10, 10, 10], ..vote(1, NOON) }, NOON);
    hub.accepts(&Vote { points: vec![2, 2, 2], revision: 2, ..vote(2, NOON) }, NOON);
    for _ in 0..50 {
        let replayed = Vote { points: vec![10, 10, 10], ..vote(1, NOON) };
        assert_eq!(hub.says(&replayed, NOON + MINUTE), Outcome::Duplicate(first));
    }
    assert_eq!(hub.ballot(&vote(1, NOON)), Some(vec![2, 2, 2]));
}

#[test]
fn an_honest_vote_older_than_2_h_is_signed_again_and_counts_once() {
    let mut hub = Hub::open(1);
    let first = vote(1, NOON);
    let late = NOON + 3 * HOUR;
    assert_eq!(hub.status(&first, late), Status::Stale);
    hub.accepts(&vote(2, late), late);
    // Had the hub got the first one before, the second one would be the same vote.
    let mut other = Hub::open(2);
    let receipt = other.accepts(&first, NOON);
    assert_eq!(other.says(&vote(2, late), late), Outcome::Duplicate(receipt));
    assert_eq!((hub.venue.head().votes, other.venue.head().votes), (1, 1));
}

#[test]
fn a_wrong_phone_clock_is_told_and_not_silently_dropped() {
    let mut hub = Hub::open(1);
    let day = 24 * HOUR;
    assert_eq!(hub.status(&vote(1, NOON + day), NOON), Status::Future);
    assert_eq!(hub.status(&vote(1, 0), NOON), Status::Stale);
    hub.accepts(&vote(2, NOON), NOON);
}

#[test]
fn a_lost_phone_is_quarantined_by_arrival_not_by_claimed_time() {
    let mut hub = Hub::open(1);
    hub.accepts(&vote(1, NOON), NOON);
    hub.revoke(&judge(1), NOON + MINUTE);
    // The thief dates the vote to before the revocation.
    let project = "PROJECT_005".parse().unwrap();
    let thief = Vote { project, ..vote(2, NOON) };
    assert_eq!(hub.says(&thief, NOON + 2 * MINUTE), Outcome::Quarantined);
    let revised = Vote { revision: 2, points: vec![0, 0, 1], ..vote(3, NOON) };
    assert_eq!(hub.says(&revised, NOON + 2 * MINUTE), Outcome::Quarantined);
    assert_eq!(hub.ballot(&vote(1, NOON)), Some(vec![9, 8, 10]));
    assert_eq!(hub.ballot(&thief), None);
    assert_eq!(hub.venue.quarantine().len(), 2);
}

#[test]
fn a_new_phone_replaces_the_lost_one_and_counts_from_revision_1() {
    let mut hub = Hub::open(1);
    hub.accepts(&Vote { revision: 4, ..vote(1, NOON) }, NOON);
    let new = SigningKey::from_seed(&[77; 32]);
    hub.amend(|event| event.judges[0].key = new.verifying_key().clone(), NOON + MINUTE);
    assert_eq!(hub.venue.revoked_at(&print(&judge(1))), Some(at(NOON + MINUTE)));
    let thief = Vote { revision: 5, points: vec![0, 0, 1], ..vote(2, NOON) };
    assert_eq!(hub.says(&thief, NOON + 2 * MINUTE), Outcome::Quarantined);
    assert_eq!(hub.ballot(&thief), Some(vec![9, 8, 10]));
    let again = by(&new, &Vote { points: vec![3, 3, 3], ..vote(3, NOON) });
    assert_eq!(hub.take(&again, NOON + 3 * MINUTE).status(), Status::Accepted);
    assert_eq!(hub.ballot(&thief), Some(vec![3, 3, 3]));
    // A judge does not get a burnt key back.
    let back = hub.amended(|event| event.judges[0].key = judge(1).verifying_key().clone());
    let refusal = hub.venue.amend(back, at(NOON)).unwrap_err();
    assert_eq!(refusal, AmendRefusal::UsedKey("J001".parse().unwrap()));
}

#[test]
fn a_hub_clock_that_goes_back_takes_nothing_away() {
    let mut hub = Hub::open(1);
    hub.accepts(&vote(1, NOON), NOON);
    hub.revoke(&judge(1), NOON - HOUR);
    assert_eq!(hub.ballot(&vote(1, NOON)), Some(vec![9, 8, 10]));
    assert_eq!(hub.says(&vote(2, NOON - HOUR), NOON - HOUR), Outcome::Quarantined);
}

#[test]
fn two_hubs_agree_after_merging_in_any_order() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    one.accepts(&vote(1, NOON), NOON);
    two.accepts(&vote(1, NOON), NOON + 9);
    one.accepts(&Vote { revision: 2, points: vec![2, 2, 2], ..vote(2, NOON) }, NOON);
    two.accepts(&Vote { revision: 3, points: vec![3, 3, 3], ..vote(3, NOON) }, NOON);
    let project = "PROJECT_006".parse().unwrap();
    two.accepts(&Vote { project, ..vote(4, NOON) }, NOON);
    assert_ne!(one.venue.head().ballot_root, two.venue.head().ballot_root);
    assert_eq!(one.merge(&two, NOON).votes, 2);
    // The copy that both have was accepted here first: the other one learns that.
    assert_eq!(two.merge(&one, NOON).votes, 2);
    assert_eq!(one.venue.head().ballot_root, two.venue.head().ballot_root);
    assert_eq!(one.venue.head().votes, 4);
    for hub in [&one, &two] {
        assert_eq!(hub.ballot(&vote(1, NOON)), Some(vec![3, 3, 3]));
        assert!(hub.venue.alarms().is_empty());
    }
    assert!(one.merge(&two, NOON).entries.is_empty() && two.merge(&one, NOON).entries.is_empty());
}

#[test]
fn two_hubs_told_different_things_keep_the_lower_hash_and_raise_an_alarm() {
    let (mut one, mut two) = (Hub::open(1), Hub::open(2));
    let yes = one.accepts(&Vote { points: vec![10, 10, 10], ..vote(1, NOON) }, NOON);
    let no = two.accepts(&Vote { points: vec![1, 1, 1], ..vote(2, NOON) }, NOON);
    let (kept, other) = (yes.vote.min(no.vote), yes.vote.max(no.vote));
    let expected = [Alarm::TwoVotes { slot: Slot::of(&vote(1, NOON)), revision: 1, kept, other }];
    assert_eq!(one.merge(&two, NOON).alarms, expected);
    assert_eq!(two.merge(&one, NOON).alarms, expected);
    assert_eq!(one.venue.head().ballot_root, two.venue.head().ballot_root);
    let held = |hub: &Hub| hub.venue.ballots().map(|ballot| ballot.digest).collect::<Vec<_>>();
    assert_eq!((held(&one), held(&two)), (vec![kept], vec![kept]));
}

#[test]
fn the_rubric_is_locked_after_the_first_score() {
    let stricter = |event: &mut countersign_judging::Event| {
        event.categories[0].criteria[0].weight += 1;
    };
    let mut hub = Hub::open(1);
    hub.amend(stricter, NOON);
    hub.accepts(&vote(1, NOON), NOON);
    let locked = hub.amended(stricter);
    assert_eq!(hub.venue.amend(locked, at(NOON)), Err(AmendRefusal::RubricLocked));
    hub.amend(
        |event| {
            event.categories[0].title = "Put right".into();
            let mut late = event.projects[5].clone();
            late.id = "PROJECT_007".parse().unwrap();
            event.projects.push(late);
        },
        NOON,
    );
    hub.accepts(&Vote { project: "PROJECT_007".parse().unwrap(), ..vote(2, NOON) }, NOON);
}

#[test]
fn an_amendment_takes_nothing_away() {
    let mut hub = Hub::open(1);
    hub.accepts(&vote(1, NOON), NOON);
    let refusal = |change: fn(&mut countersign_judging::Event)| {
        hub.venue.clone().amend(hub.amended(change), at(NOON)).unwrap_err()
    };
    assert_eq!(refusal(|e| e.version = 1), AmendRefusal::NotNewer { held: 1, found: 1 });
    assert_eq!(refusal(|e| e.salt = None), AmendRefusal::Traffic);
    let gone = AmendRefusal::ProjectGone("PROJECT_006".parse().unwrap());
    assert_eq!(refusal(|e| drop(e.projects.pop())), gone);
    let gone = AmendRefusal::JudgeGone("J004".parse().unwrap());
    assert_eq!(refusal(|e| drop(e.judges.pop())), gone);
    assert_eq!(refusal(|e| drop(e.rounds.pop())), AmendRefusal::RoundGone(2));
    assert!(matches!(refusal(|e| e.conflicts.clear()), AmendRefusal::ConflictGone { .. }));
    assert_eq!(refusal(|e| drop(e.hubs.pop())), AmendRefusal::HubGone);
    assert!(matches!(refusal(|e| e.id = "OTHER".parse().unwrap()), AmendRefusal::OtherEvent(_)));
}
