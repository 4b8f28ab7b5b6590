//! Descriptions, lists, results.

use super::*;

/// See the name.
pub async fn an_event_is_stored_once_and_found(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    assert_eq!(store.put_event(new_event(1)).await?, PutOutcome::Exists);
    let found = store.find_event(event_id(1)).await?.expect("it was stored");
    assert_eq!((found.revision, found.summary.version), (1, 0));
    assert_eq!((found.summary.title.as_str(), found.content.as_slice()), ("Fair 1", &b"{}"[..]));
    assert_eq!((found.summary.starts, found.summary.ends), (at(1_000), at(2_000)));
    assert_eq!(store.find_event(event_id(2)).await?, None);
    let amended = NewEvent { from: Some(1), ..new_event(2) };
    assert_eq!(store.put_event(amended).await?, PutOutcome::NoEvent);
    Ok(())
}

/// See the name.
pub async fn a_description_is_replaced_only_by_one_made_from_it(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    let amended = |from, title: &str| NewEvent {
        from: Some(from),
        title: title.to_owned(),
        now: at(50),
        ..new_event(1)
    };
    assert_eq!(store.put_event(amended(1, "second")).await?, PutOutcome::Stored { revision: 2 });
    assert_eq!(store.put_event(amended(1, "third")).await?, PutOutcome::Changed { revision: 2 });
    let found = store.find_event(event_id(1)).await?.expect("it was stored");
    assert_eq!((found.summary.title.as_str(), found.revision), ("second", 2));
    assert_eq!((found.summary.created, found.summary.changed), (at(0), at(50)));
    // An enrolment changes what the next bundle says.
    store.enrol_judge(enrolment(1, 1)).await?;
    assert_eq!(store.put_event(amended(2, "fourth")).await?, PutOutcome::Changed { revision: 3 });
    Ok(())
}

/// See the name.
pub async fn a_roster_has_each_judge_and_address_once(store: &Arc<impl EventStore>) -> Result<()> {
    for seat in [
        Seat { judge: judge(1), address: Some(address(9)) },
        Seat { judge: judge(9), address: Some(address(1)) },
    ] {
        let mut event = new_event(1);
        event.seats.push(seat);
        assert_eq!(store.put_event(event).await?, PutOutcome::Twice);
    }
    assert_eq!(store.find_event(event_id(1)).await?, None);
    with_event(&**store, 1).await?;
    let lines = store.roster(event_id(1)).await?;
    let seats: Vec<_> = lines.iter().map(|line| (line.judge, line.address.clone())).collect();
    assert_eq!(seats, [1, 2, 3].map(|n| (judge(n), Some(address(n)))));
    assert_eq!(store.roster(event_id(2)).await?, []);
    Ok(())
}

/// See the name.
pub async fn events_are_listed_page_by_page(store: &Arc<impl EventStore>) -> Result<()> {
    for n in [3, 1, 2] {
        with_event(&**store, n).await?;
    }
    let ids = |events: Vec<crate::event::EventSummary>| -> Vec<EventId> {
        events.iter().map(|event| event.id).collect()
    };
    assert_eq!(ids(store.list_events(None, 2).await?), [event_id(1), event_id(2)]);
    assert_eq!(ids(store.list_events(Some(event_id(2)), 2).await?), [event_id(3)]);
    let mine = store.invitations(address(2), 2).await?;
    assert_eq!(mine.iter().map(|it| it.event).collect::<Vec<_>>(), [event_id(1), event_id(2)]);
    assert!(mine.iter().all(|it| it.judge == judge(2) && it.key.is_none() && it.version == 0));
    assert_eq!(store.invitations(address(9), 2).await?, []);
    Ok(())
}

/// See the name.
pub async fn results_are_replaced_as_a_whole(store: &Arc<impl EventStore>) -> Result<()> {
    let results = |n: u8| Results {
        content: vec![n; 10],
        ballot_root: Root::from_bytes([n; 32]),
        published: at(n.into()),
    };
    assert!(!store.publish_results(event_id(1), results(1)).await?);
    with_event(&**store, 1).await?;
    assert_eq!(store.find_results(event_id(1)).await?, None);
    for n in [1, 2] {
        assert!(store.publish_results(event_id(1), results(n)).await?);
        assert_eq!(store.find_results(event_id(1)).await?, Some(results(n)));
    }
    Ok(())
}
