//! What a relay remembers over a restart.

use crate::world::{A, BIG, Event, MINUTE, START, between, dropped, give, outputs, sent};
use countersign::Timestamp;
use countersign_mesh::relay::{Cause, DropReason, SnapshotError};
use countersign_mesh::*;

#[test]
fn kept_packets_seen_and_settled_ids_and_orders_survive_a_restart() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let (kept, settled) = (event.vote(), event.vote());
    give(&mut relay, A, &kept, 5, 0);
    let receipt = event.receipt_for(&[settled.id()]);
    give(&mut relay, A, &receipt, 5, 0);
    give(&mut relay, A, &event.beacon(7, 10), 5, 0);
    let action = Action::Rekey { epoch: KeyEpoch::new(1) };
    let order = Control { sequence: 3, time: Timestamp::from_millis(START), action };
    give(&mut relay, A, &event.notice(&order), 5, 0);
    relay.handle_timeout(1_000);
    let snapshot = relay.snapshot(100 * MINUTE);

    // Another clock, which starts at zero.
    let mut again = event.relay(2);
    again.restore(&snapshot, 0).unwrap();
    between(&mut again);
    assert!(again.is_stored(&kept.id()) && again.is_settled(&settled.id().short()));
    give(&mut again, A, &kept, 5, 0);
    give(&mut again, A, &settled, 5, 0);
    assert_eq!(dropped(&again, DropReason::Seen), 1);
    assert_eq!(dropped(&again, DropReason::Settled), 1);
    give(&mut again, A, &event.beacon(7, 99), 5, 0);
    give(&mut again, A, &event.notice(&order), 5, 0);
    assert_eq!(dropped(&again, DropReason::Replayed), 2);
    let said = outputs(&mut again);
    assert!(!said.iter().any(|out| matches!(out, Output::Beacon(_) | Output::Control(_))));
    let mut next = Event::new(5);
    next.keys = event.epoch(1);
    give(&mut again, A, &next.vote(), 5, 0);
    assert_eq!(dropped(&again, DropReason::UnknownEpoch), 0, "announced before the restart");
    // It is as old as it was.
    again.handle_timeout(19 * MINUTE);
    assert!(again.is_stored(&kept.id()));
    again.handle_timeout(21 * MINUTE);
    assert!(!again.is_stored(&kept.id()));
}

#[test]
fn an_own_vote_that_no_link_has_taken_goes_out_after_the_restart() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    let vote = relay.originate(event.vote(), 0);
    let mut again = event.relay(2);
    again.restore(&relay.snapshot(1_000), 0).unwrap();
    again.link_up(A, Bearer::PointToPoint, BIG, 10).unwrap();
    let all = sent(&mut again);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].1, all[0].2), (vote, Cause::Own));
}

#[test]
fn a_damaged_snapshot_is_refused_and_one_of_another_event_brings_no_packets() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    give(&mut relay, A, &event.vote(), 5, 0);
    let snapshot = relay.snapshot(0);
    for at in 0..snapshot.len() {
        let mut changed = snapshot.clone();
        changed[at] ^= 1;
        let refused = event.relay(2).restore(&changed, 0);
        assert_eq!(refused, Err(SnapshotError::Damaged), "byte {at}");
        assert_eq!(event.relay(2).restore(&snapshot[..at], 0), Err(SnapshotError::Damaged));
    }
    let mut other = Event::new(2);
    other.keys = other.epoch(4);
    let mut relay = other.relay(1);
    relay.restore(&snapshot, 0).unwrap();
    assert_eq!(relay.stored(), 0);
}
