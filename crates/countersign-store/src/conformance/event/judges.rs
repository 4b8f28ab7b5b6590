//! Judges' keys.

use super::*;
use countersign_judging::venue::KEYS_PER_JUDGE_MAX;

const fn enrolled(outcome: EnrolOutcome) -> bool {
    matches!(outcome, EnrolOutcome::Enrolled { .. })
}

/// The fingerprint of a judge's present key.
async fn current(store: &impl EventStore, n: u32) -> Result<Option<Fingerprint>> {
    let lines = store.roster(event_id(1)).await?;
    let line = lines.into_iter().find(|line| line.judge == judge(n));
    Ok(line.and_then(|line| line.enrolment).map(|enrolment| enrolment.fingerprint))
}

/// See the name.
pub async fn an_invited_judge_enrols_one_key(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    let judge = judge(1);
    assert_eq!(store.enrol_judge(enrolment(1, 1)).await?, EnrolOutcome::Enrolled { judge });
    assert_eq!(store.enrol_judge(enrolment(1, 1)).await?, EnrolOutcome::Same { judge });
    assert_eq!(revision(&**store, event_id(1)).await?, 2);
    let lines = store.roster(event_id(1)).await?;
    let found = lines[0].enrolment.clone().expect("it was enrolled");
    assert_eq!((found.key, found.fingerprint), (*key(1).as_bytes(), key(1)));
    assert_eq!((found.user, found.at, found.published), (Some(user_id(1)), at(1), 0));
    assert!(!found.replaceable && lines[1].enrolment.is_none());
    assert_eq!(store.enrolments_of(user_id(1)).await?, [(event_id(1), found)]);
    assert_eq!(store.invitations(address(1), 9).await?[0].key, Some(key(1)));
    // Before a bundle names it, another one takes its place.
    assert!(enrolled(store.enrol_judge(enrolment(1, 2)).await?));
    assert_eq!(current(&**store, 1).await?, Some(key(2)));
    Ok(())
}

/// See the name.
pub async fn nobody_enrols_who_is_not_invited(store: &Arc<impl EventStore>) -> Result<()> {
    assert_eq!(store.enrol_judge(enrolment(1, 1)).await?, EnrolOutcome::NotInvited);
    with_event(&**store, 1).await?;
    assert_eq!(store.enrol_judge(enrolment(9, 1)).await?, EnrolOutcome::NotInvited);
    assert_eq!(revision(&**store, event_id(1)).await?, 1);
    Ok(())
}

/// See the name.
pub async fn a_key_is_one_judges_and_never_comes_back(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    with_event(&**store, 2).await?;
    assert!(enrolled(store.enrol_judge(enrolment(1, 1)).await?));
    assert_eq!(store.enrol_judge(enrolment(2, 1)).await?, EnrolOutcome::KeyTaken);
    let elsewhere = NewEnrolment { event: event_id(2), ..enrolment(2, 1) };
    assert_eq!(store.enrol_judge(elsewhere).await?, EnrolOutcome::KeyTaken);
    assert!(enrolled(store.enrol_judge(enrolment(1, 2)).await?));
    for n in [1, 2] {
        assert_eq!(store.enrol_judge(enrolment(n, 1)).await?, EnrolOutcome::KeyTaken);
    }
    assert_eq!(current(&**store, 1).await?, Some(key(2)));
    Ok(())
}

/// See the name.
pub async fn a_key_serves_its_owner_at_other_events(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    with_event(&**store, 2).await?;
    assert!(enrolled(store.enrol_judge(enrolment(1, 1)).await?));
    let elsewhere = NewEnrolment { event: event_id(2), ..enrolment(1, 1) };
    assert!(enrolled(store.enrol_judge(elsewhere).await?));
    assert_eq!(store.enrolments_of(user_id(1)).await?.len(), 2);
    Ok(())
}

/// See the name.
pub async fn a_published_key_is_replaced_only_with_permission(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    let (event, judge) = (event_id(1), judge(1));
    assert_eq!(store.allow_replacement(event, judge).await?, ReplaceOutcome::NoKey);
    assert_eq!(store.allow_replacement(event, super::judge(9)).await?, ReplaceOutcome::NoJudge);
    assert!(enrolled(store.enrol_judge(enrolment(1, 1)).await?));
    let published = store.publish_bundle(new_bundle(1, 2, &[1])).await?;
    assert_eq!(published, PublishOutcome::Published);
    assert_eq!(store.enrol_judge(enrolment(1, 2)).await?, EnrolOutcome::Published { judge });
    assert_eq!(current(&**store, 1).await?, Some(key(1)));
    assert_eq!(store.allow_replacement(event, judge).await?, ReplaceOutcome::Allowed);
    assert!(enrolled(store.enrol_judge(enrolment(1, 2)).await?));
    assert_eq!(current(&**store, 1).await?, Some(key(2)));
    // The permission was for one key; the new one is not in a bundle yet.
    store.publish_bundle(new_bundle(2, 3, &[2])).await?;
    assert_eq!(store.enrol_judge(enrolment(1, 3)).await?, EnrolOutcome::Published { judge });
    Ok(())
}

/// See the name.
pub async fn a_judge_has_a_bounded_number_of_keys(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    let most = u32::try_from(KEYS_PER_JUDGE_MAX).expect("a few");
    for k in 1..=most {
        assert!(enrolled(store.enrol_judge(enrolment(1, k)).await?));
    }
    let judge = judge(1);
    let refused = store.enrol_judge(enrolment(1, most + 1)).await?;
    assert_eq!(refused, EnrolOutcome::TooMany { judge });
    assert_eq!(current(&**store, 1).await?, Some(key(most)));
    Ok(())
}

/// See the name.
pub async fn another_address_on_a_seat_loses_the_key(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    for n in [1, 2, 3] {
        assert!(enrolled(store.enrol_judge(enrolment(n, n)).await?));
    }
    // Judge 1 stays, judge 2 is somebody else, judge 3 is gone.
    let seats = vec![
        Seat { judge: judge(1), address: Some(address(1)) },
        Seat { judge: judge(2), address: Some(address(9)) },
    ];
    let amended = NewEvent { seats, from: Some(4), ..new_event(1) };
    assert_eq!(store.put_event(amended).await?, PutOutcome::Stored { revision: 5 });
    assert_eq!(current(&**store, 1).await?, Some(key(1)));
    assert_eq!(current(&**store, 2).await?, None);
    assert_eq!(store.roster(event_id(1)).await?.len(), 2);
    assert_eq!(store.enrol_judge(enrolment(2, 4)).await?, EnrolOutcome::NotInvited);
    assert_eq!(store.enrol_judge(enrolment(9, 2)).await?, EnrolOutcome::KeyTaken);
    assert!(enrolled(store.enrol_judge(enrolment(9, 9)).await?));
    Ok(())
}

/// See the name.
pub async fn parallel_enrolments_of_one_judge_leave_one_key(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    let calls = shared(store, 6)
        .map(|(n, store)| async move { store.enrol_judge(enrolment(1, n + 1)).await });
    let outcomes = in_parallel(calls).await?;
    assert!(outcomes.into_iter().all(enrolled));
    assert_eq!(revision(&**store, event_id(1)).await?, 7);
    assert_eq!(store.enrolments_of(user_id(1)).await?.len(), 6);
    assert!(current(&**store, 1).await?.is_some());
    Ok(())
}

/// See the name.
pub async fn nothing_names_an_erased_judge(store: &Arc<impl EventStore + Store>) -> Result<()> {
    let registered = register(&**store, &address(1), new_session(1), at(0)).await?;
    let user: UserId = registered.session.user;
    with_event(&**store, 1).await?;
    assert!(enrolled(store.enrol_judge(NewEnrolment { user, ..enrolment(1, 1) }).await?));
    store.erase_account(user, at(10)).await?;
    let lines = store.roster(event_id(1)).await?;
    assert_eq!((&lines[0].judge, &lines[0].address), (&judge(1), &None));
    let left = lines[0].enrolment.clone().expect("the key stays, votes are checked with it");
    assert_eq!((left.user, left.fingerprint), (None, key(1)));
    assert_eq!(store.enrolments_of(user).await?, []);
    assert_eq!(store.invitations(address(1), 9).await?, []);
    assert_eq!(store.enrol_judge(enrolment(1, 2)).await?, EnrolOutcome::NotInvited);
    assert_eq!(lines[1].address, Some(address(2)));
    // The seat stays without an address, also when something else of the event changes.
    let seats = lines.into_iter().map(|line| Seat { judge: line.judge, address: line.address });
    let from = Some(revision(&**store, event_id(1)).await?);
    store.put_event(NewEvent { seats: seats.collect(), from, ..new_event(1) }).await?;
    assert_eq!(current(&**store, 1).await?, Some(key(1)));
    Ok(())
}
