//! The contract suite of [`EventStore`]: one function per property, the same for every backend.
//!
//! ```text
//! countersign_store::event_conformance_tests!(async { (MyStore::open(dir.path()).unwrap(), dir) });
//! ```

pub mod bundles;
pub mod descriptions;
pub mod hand_over;
pub mod judges;

use super::{at, in_parallel, new_session, register, shared, unexpected, user_id};
use crate::event::{
    EnrolOutcome, EventStore, HandOver, HandOverOutcome, HandedVote, HeldLog, LogPiece, NewBundle,
    NewEnrolment, NewEvent, PieceOutcome, PublishOutcome, PutOutcome, ReplaceOutcome, Results,
    Seat, StoredHead,
};
use crate::{Result, Store};
use countersign::{EventId, Fingerprint, RecordDigest, UserId};
use countersign_judging::{JudgeId, Root, VoteDigest, VoteId};
use std::sync::Arc;

/// Writes one `#[test]` per property of the contract. See [`crate::conformance::event`].
#[macro_export]
macro_rules! event_conformance_tests {
    ($open:expr) => {
        $crate::event_conformance_tests!(@group $open, descriptions,
            an_event_is_stored_once_and_found
            a_description_is_replaced_only_by_one_made_from_it
            a_roster_has_each_judge_and_address_once
            events_are_listed_page_by_page
            results_are_replaced_as_a_whole
        );
        $crate::event_conformance_tests!(@group $open, judges,
            an_invited_judge_enrols_one_key
            nobody_enrols_who_is_not_invited
            a_key_is_one_judges_and_never_comes_back
            a_key_serves_its_owner_at_other_events
            a_published_key_is_replaced_only_with_permission
            a_judge_has_a_bounded_number_of_keys
            another_address_on_a_seat_loses_the_key
            parallel_enrolments_of_one_judge_leave_one_key
            nothing_names_an_erased_judge
        );
        $crate::event_conformance_tests!(@group $open, bundles,
            versions_are_published_one_by_one_and_all_kept
            a_bundle_made_from_an_older_event_is_refused
            parallel_publishers_publish_one_version
        );
        $crate::event_conformance_tests!(@group $open, hand_over,
            pieces_of_a_log_are_kept_in_order
            unverified_pieces_are_dropped_and_verified_ones_stay
            a_hand_over_twice_is_one
            a_longer_log_goes_on_from_the_verified_one
            hubs_in_any_order_give_the_same_union
            the_earliest_acceptance_and_revocation_count
            a_log_that_grew_meanwhile_is_not_taken
            forks_are_kept_apart_and_bounded
        );
    };
    (@group $open:expr, $group:ident, $($property:ident)+) => {$(
        #[test]
        fn $property() {
            $crate::conformance::run(async {
                let (store, _keep) = $open.await;
                $crate::conformance::event::$group::$property(&::std::sync::Arc::new(store)).await
            });
        }
    )+};
}

fn event_id(n: u32) -> EventId {
    EventId::new(&format!("FAIR_{n:04}")).expect("an id")
}

fn judge(n: u32) -> JudgeId {
    JudgeId::new(&format!("J{n:03}")).expect("an id")
}

fn address(n: u32) -> String {
    format!("{n:03}@example.org")
}

fn key(n: u32) -> Fingerprint {
    let mut bytes = [0x71; 32];
    bytes[28..].copy_from_slice(&n.to_be_bytes());
    Fingerprint::from_bytes(bytes)
}

fn hub(n: u8) -> Fingerprint {
    Fingerprint::from_bytes([n; 32])
}

/// Event `n` with judges 1, 2 and 3.
fn new_event(n: u32) -> NewEvent {
    NewEvent {
        id: event_id(n),
        title: format!("Fair {n}"),
        starts: at(1_000),
        ends: at(2_000),
        content: b"{}".to_vec(),
        seats: (1..=3).map(|n| Seat { judge: judge(n), address: Some(address(n)) }).collect(),
        from: None,
        now: at(0),
    }
}

async fn with_event(store: &impl EventStore, n: u32) -> Result<()> {
    let outcome = store.put_event(new_event(n)).await?;
    if outcome == (PutOutcome::Stored { revision: 1 }) {
        return Ok(());
    }
    Err(unexpected(format!("a new event was to be stored, not: {outcome:?}")))
}

/// Judge `n`'s key `k` at event 1, by user `n`.
fn enrolment(n: u32, k: u32) -> NewEnrolment {
    NewEnrolment {
        event: event_id(1),
        address: address(n),
        user: user_id(n),
        key: *key(k).as_bytes(),
        fingerprint: key(k),
        now: at(u64::from(k)),
    }
}

/// The bundle `version` of event 1.
fn new_bundle(version: u32, revision: u32, keys: &[u32]) -> NewBundle {
    NewBundle {
        event: event_id(1),
        revision,
        version,
        digest: RecordDigest::from_bytes([version.to_be_bytes()[3]; 32]),
        frame: vec![version.to_be_bytes()[3]; 300],
        keys: keys.iter().map(|k| key(*k)).collect(),
        now: at(100),
    }
}

fn piece(hub: Fingerprint, offset: u64, bytes: &[u8]) -> LogPiece {
    LogPiece { event: event_id(1), hub, offset, bytes: bytes.to_vec(), now: at(200) }
}

fn head(hub: Fingerprint, entries: u64, digest: u8) -> StoredHead {
    StoredHead {
        hub,
        digest: RecordDigest::from_bytes([digest; 32]),
        frame: vec![digest; 200],
        entries,
        received: at(300),
        is_fork: false,
    }
}

/// Vote `n` of judge 1, accepted by a hub after so many seconds.
fn vote(n: u8, hub: Fingerprint, accepted: u64) -> HandedVote {
    HandedVote {
        digest: VoteDigest::from_bytes([n; 32]),
        judge: judge(1),
        id: VoteId::from_bytes([n; 16]),
        signer: key(1),
        hub,
        accepted: at(accepted),
        position: accepted,
        content: vec![n; 150],
    }
}

async fn revision(store: &impl EventStore, event: EventId) -> Result<u32> {
    let found = store.find_event(event).await?;
    Ok(found.map_or(0, |event| event.revision))
}
