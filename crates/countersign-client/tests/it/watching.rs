//! Watching: every carrier, falling back, resuming, gaps, resync.

use crate::device::Device;
use crate::world::{Fault, STREAM};
use countersign_client::watch::*;
use std::time::Duration;

fn quick() -> WatchOptions {
    let backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(5) };
    WatchOptions { backoff, poll_wait: Duration::ZERO, ..WatchOptions::default() }
}

async fn next_event(watch: &mut Watch<'_>, notices: &mut Vec<Notice>) -> Event {
    loop {
        match watch.next().await.unwrap() {
            WatchItem::Event(event) => return event,
            WatchItem::Notice(notice) => notices.push(notice),
        }
    }
}

#[tokio::test]
async fn every_carrier_brings_every_event_once_and_in_order() {
    for carrier in [Carrier::WebSocket, Carrier::Sse, Carrier::Poll] {
        let device = Device::logged_in().await;
        for goal in ["1:0", "1:1", "2:1"] {
            device.world.lock().unwrap().push("match.goal", goal.as_bytes());
        }
        let client = device.client();
        let mut watch = client.watch(WatchOptions { carrier: Some(carrier), ..quick() });
        let mut notices = Vec::new();
        for (seq, goal) in [(1, "1:0"), (2, "1:1"), (3, "2:1")] {
            let event = next_event(&mut watch, &mut notices).await;
            assert_eq!((event.seq, event.content.as_slice()), (seq, goal.as_bytes()));
            assert_eq!((event.stream, event.event_type.as_str()), (STREAM, "match.goal"));
        }
        assert_eq!(notices[0], Notice::Connected { carrier, cursor: 0, resync: false });
        drop(watch);
        client.save().unwrap();
        // The next run goes on where this one ended.
        device.world.lock().unwrap().push("match.goal", b"3:1");
        let client = device.client();
        let mut watch = client.watch(WatchOptions { carrier: Some(carrier), ..quick() });
        let event = next_event(&mut watch, &mut notices).await;
        assert_eq!((event.seq, event.content.as_slice()), (4, &b"3:1"[..]));
    }
}

#[tokio::test]
async fn what_does_not_work_is_replaced_by_what_does() {
    for (fault, expected) in [(Fault::NoWebSocket, Carrier::Sse), (Fault::PollOnly, Carrier::Poll)]
    {
        let device = Device::logged_in().await;
        {
            let mut world = device.world.lock().unwrap();
            world.fault = fault;
            world.push("match.goal", b"1:0");
        }
        let client = device.client();
        let mut watch = client.watch(quick());
        let mut notices = Vec::new();
        next_event(&mut watch, &mut notices).await;
        let connected = Notice::Connected { carrier: expected, cursor: 0, resync: false };
        assert_eq!(notices.last(), Some(&connected), "{notices:?}");
        let only = WatchOptions { carrier: Some(Carrier::WebSocket), ..quick() };
        let error = client.watch(only).next().await.unwrap_err();
        assert!(matches!(error, WatchError::Carrier { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_gap_is_noticed_and_closed() {
    let device = Device::logged_in().await;
    for goal in ["1:0", "1:1", "2:1"] {
        device.world.lock().unwrap().push("match.goal", goal.as_bytes());
    }
    let client = device.client();
    let mut watch = client.watch(WatchOptions { carrier: Some(Carrier::Poll), ..quick() });
    let mut notices = Vec::new();
    // On the way, the second event gets lost: twice the third instead.
    let kept = {
        let mut world = device.world.lock().unwrap();
        let third = world.pushes[2].clone();
        std::mem::replace(&mut world.pushes[1], third)
    };
    assert_eq!(next_event(&mut watch, &mut notices).await.seq, 1);
    loop {
        let item = watch.next().await.unwrap();
        if item == WatchItem::Notice(Notice::Gap { from: 2, to: 2 }) {
            break;
        }
        assert!(matches!(item, WatchItem::Notice(_)), "{item:?}");
    }
    device.world.lock().unwrap().pushes[1] = kept;
    assert_eq!(next_event(&mut watch, &mut notices).await.seq, 2);
    assert_eq!(next_event(&mut watch, &mut notices).await.seq, 3);
}

#[tokio::test]
async fn an_event_that_comes_twice_is_given_out_once() {
    let device = Device::logged_in().await;
    {
        let mut world = device.world.lock().unwrap();
        world.push("match.goal", b"1:0");
        world.push("match.goal", b"1:1");
        let first = world.pushes[0].clone();
        world.pushes.insert(1, first);
    }
    let client = device.client();
    let mut watch = client.watch(WatchOptions { carrier: Some(Carrier::Poll), ..quick() });
    let mut notices = Vec::new();
    assert_eq!(next_event(&mut watch, &mut notices).await.seq, 1);
    assert_eq!(next_event(&mut watch, &mut notices).await.seq, 2);
    assert_eq!(notices.len(), 1, "{notices:?}");
}

#[tokio::test]
async fn a_forged_event_is_never_given_out() {
    let device = Device::logged_in().await;
    {
        let mut world = device.world.lock().unwrap();
        world.push("match.goal", b"1:0");
        world.push("match.goal", b"1:1");
        if let Some(last) = world.pushes[1].last_mut() {
            *last ^= 1;
        }
    }
    let client = device.client();
    let mut watch = client.watch(WatchOptions { carrier: Some(Carrier::WebSocket), ..quick() });
    let mut notices = Vec::new();
    assert_eq!(next_event(&mut watch, &mut notices).await.seq, 1);
    let item = watch.next().await.unwrap();
    let WatchItem::Notice(Notice::Waiting { why, .. }) = item else { panic!("{item:?}") };
    assert!(why.contains("payload is not the one that was signed"), "{why}");
}

#[tokio::test]
async fn a_forgotten_stream_means_resync() {
    let device = Device::logged_in().await;
    device.world.lock().unwrap().push("match.goal", b"1:0");
    let client = device.client();
    let mut watch = client.watch(quick());
    next_event(&mut watch, &mut Vec::new()).await;
    drop(watch);
    device.world.lock().unwrap().stream_known = false;
    let mut watch = client.watch(quick());
    let item = watch.next().await.unwrap();
    let WatchItem::Notice(Notice::Connected { resync: true, .. }) = item else {
        panic!("{item:?}")
    };
}

#[tokio::test]
async fn an_ended_session_ends_the_watch() {
    let device = Device::logged_in().await;
    device.world.lock().unwrap().fault = Fault::Revoked;
    let client = device.client();
    let error = client.watch(quick()).next().await.unwrap_err();
    assert!(matches!(error, WatchError::LoggedOut(_)), "{error}");
    device.key();
}

#[tokio::test]
async fn a_restarted_server_does_not_end_the_watch() {
    for carrier in [Carrier::WebSocket, Carrier::Sse, Carrier::Poll] {
        let device = Device::logged_in().await;
        let client = device.client();
        client.call(crate::world::name("a"), b"").await.unwrap();
        {
            let mut world = device.world.lock().unwrap();
            world.restart(0xe7);
            world.push("match.goal", b"1:0");
        }
        let mut watch = client.watch(WatchOptions { carrier: Some(carrier), ..quick() });
        let mut notices = Vec::new();
        assert_eq!(next_event(&mut watch, &mut notices).await.seq, 1);
        assert_eq!(notices.len(), 1, "no pause, one more signature: {notices:?}");
    }
}
