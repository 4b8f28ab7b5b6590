//! Signed bundles.

use super::*;

/// See the name.
pub async fn versions_are_published_one_by_one_and_all_kept(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    let absent = store.publish_bundle(new_bundle(1, 1, &[])).await?;
    assert_eq!(absent, PublishOutcome::NoEvent);
    with_event(&**store, 1).await?;
    assert_eq!(store.find_bundle(event_id(1), None).await?, None);
    for (version, expected) in [
        (2, PublishOutcome::NotNext { newest: 0 }),
        (1, PublishOutcome::Published),
        (1, PublishOutcome::NotNext { newest: 1 }),
        (2, PublishOutcome::Published),
    ] {
        assert_eq!(store.publish_bundle(new_bundle(version, 1, &[])).await?, expected);
    }
    let all = store.bundles(event_id(1)).await?;
    assert_eq!(all.iter().map(|bundle| bundle.version).collect::<Vec<_>>(), [1, 2]);
    let newest = store.find_bundle(event_id(1), None).await?.expect("two were published");
    assert_eq!((newest.version, &newest.frame), (2, &vec![2; 300]));
    assert_eq!((newest.digest, newest.published), (RecordDigest::from_bytes([2; 32]), at(100)));
    let first = store.find_bundle(event_id(1), Some(1)).await?;
    assert_eq!(first.as_ref(), all.first());
    assert_eq!(store.find_bundle(event_id(1), Some(3)).await?, None);
    let found = store.find_event(event_id(1)).await?.expect("it was stored");
    assert_eq!((found.summary.version, found.revision), (2, 1));
    Ok(())
}

/// See the name.
pub async fn a_bundle_made_from_an_older_event_is_refused(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    store.enrol_judge(enrolment(1, 1)).await?;
    let refused = store.publish_bundle(new_bundle(1, 1, &[])).await?;
    assert_eq!(refused, PublishOutcome::Changed { revision: 2 });
    assert_eq!(store.bundles(event_id(1)).await?, []);
    assert_eq!(store.publish_bundle(new_bundle(1, 2, &[1])).await?, PublishOutcome::Published);
    let lines = store.roster(event_id(1)).await?;
    assert_eq!(lines[0].enrolment.as_ref().map(|it| it.published), Some(1));
    Ok(())
}

/// See the name.
pub async fn parallel_publishers_publish_one_version(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    let calls = shared(store, 8)
        .map(|(_, store)| async move { store.publish_bundle(new_bundle(1, 1, &[])).await });
    let outcomes = in_parallel(calls).await?;
    let published = outcomes.iter().filter(|outcome| **outcome == PublishOutcome::Published);
    assert_eq!((published.count(), store.bundles(event_id(1)).await?.len()), (1, 1));
    Ok(())
}
