//! Properties of purging: what must go, and what must not.

use super::*;
use crate::{AuditEvent, ClaimId, IdempotencyKey, Idempotent, StoredAnswer};
use countersign::PayloadHash;

const LEASE: Duration = Duration::from_secs(30);
const ALL: u32 = u32::MAX;

/// A live one stays however old it is; one revoked in that very millisecond stays too.
pub async fn only_sessions_revoked_before_are_purged(store: &Arc<impl Store>) -> Result<()> {
    for n in 1..=4 {
        register(store.as_ref(), "ana@example.org", new_session(n), at(n.into())).await?;
    }
    for (n, seconds) in [(1, 100), (2, 200), (3, 300)] {
        assert!(store.revoke_session(user_id(1), session_id(n), at(seconds)).await?);
    }
    assert_eq!(store.purge_sessions(at(200), ALL).await?, 1);
    assert_eq!(sessions(store.as_ref()).await?, [4, 3, 2]);
    assert_eq!(store.find_session(session_id(1)).await?, None);
    assert_eq!(store.purge_sessions(at(1_000_000), ALL).await?, 2);
    assert_eq!(store.purge_sessions(at(1_000_000), ALL).await?, 0);
    assert_eq!(sessions(store.as_ref()).await?, [4]);
    // Nothing of it comes back by what is still under way.
    store.touch_sessions(vec![(session_id(1), at(400))]).await?;
    assert!(!store.revoke_session(user_id(1), session_id(1), at(400)).await?);
    assert_eq!(store.find_session(session_id(1)).await?, None);
    Ok(())
}

/// So that no purge holds up what else is written.
pub async fn a_purge_takes_the_oldest_and_stops_at_its_limit(
    store: &Arc<impl Store>,
) -> Result<()> {
    for n in 1..=5 {
        register(store.as_ref(), "ana@example.org", new_session(n), at(n.into())).await?;
        store.revoke_session(user_id(1), session_id(n), at(100 - u64::from(n))).await?;
        begin(store.as_ref(), key(n), n.into()).await?;
        store.finish_idempotent(key(n), answer(), at(100 - u64::from(n))).await?;
    }
    assert_eq!(store.purge_sessions(at(1_000), 0).await?, 0);
    assert_eq!(store.purge_sessions(at(1_000), 2).await?, 2);
    assert_eq!(sessions(store.as_ref()).await?, [3, 2, 1]);
    assert_eq!(store.purge_idempotent(at(1_000), 2).await?, 2);
    assert_eq!(begin(store.as_ref(), key(3), 200).await?, Idempotent::Done(answer()));
    assert_eq!(begin(store.as_ref(), key(4), 200).await?, Idempotent::Claimed);
    Ok(())
}

/// Its key is what verifies the records that it signed.
pub async fn a_session_that_signed_records_is_not_purged(store: &Arc<impl Store>) -> Result<()> {
    for n in 1..=2 {
        register(store.as_ref(), "ana@example.org", new_session(n), at(n.into())).await?;
    }
    store.append_record(new_record(2, user_id(1), 1, at(5))).await?;
    store.revoke_sessions(user_id(1), None, at(10)).await?;
    assert_eq!(store.purge_sessions(at(1_000), ALL).await?, 1);
    assert_eq!(sessions(store.as_ref()).await?, [2]);
    // It leaves with its user.
    store.erase_account(user_id(1), at(20)).await?;
    assert_eq!(store.find_session(session_id(2)).await?, None);
    Ok(())
}

/// An erasure finds entries by the user or by one of the user's sessions; one that is gone must not be named by any.
pub async fn no_audit_entry_names_a_purged_session_alone(store: &Arc<impl Store>) -> Result<()> {
    register(store.as_ref(), "ana@example.org", new_session(1), at(1)).await?;
    let named = |user| AuditEvent {
        at: at(2),
        action: "session.rename".to_owned(),
        user,
        session: Some(session_id(1)),
        detail: "{}".to_owned(),
    };
    store.append_audit(named(None)).await?;
    store.append_audit(named(Some(user_id(1)))).await?;
    store.revoke_sessions(user_id(1), None, at(10)).await?;
    assert_eq!(store.purge_sessions(at(1_000), ALL).await?, 1);
    let entries = store.audit_after(0, 10).await?;
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
    assert_eq!(entries, [AuditEvent { session: None, ..named(None) }, named(Some(user_id(1)))]);
    store.erase_account(user_id(1), at(20)).await?;
    let entries = store.audit_after(0, 10).await?;
    assert!(entries.iter().all(|it| it.event.user.is_none() && it.event.session.is_none()));
    Ok(())
}

/// An answer counts from when it was given, a claim without one from the end of its lease: no earlier call can come back.
pub async fn only_keys_that_ended_before_are_purged(store: &Arc<impl Store>) -> Result<()> {
    begin(store.as_ref(), key(1), 0).await?;
    store.finish_idempotent(key(1), answer(), at(100)).await?;
    begin(store.as_ref(), key(2), 70).await?;
    assert_eq!(store.purge_idempotent(at(100), ALL).await?, 0);
    assert_eq!(begin(store.as_ref(), key(1), 101).await?, Idempotent::Done(answer()));
    assert_eq!(begin(store.as_ref(), key(2), 99).await?, Idempotent::InProgress);
    assert_eq!(store.purge_idempotent(at(101), ALL).await?, 2);
    // Gone altogether, with the payload that it was for.
    let changed = IdempotencyKey { fingerprint: PayloadHash::from_bytes([8; 32]), ..key(1) };
    assert_eq!(begin(store.as_ref(), changed, 102).await?, Idempotent::Claimed);
    assert_eq!(store.purge_idempotent(at(102), ALL).await?, 0, "a claim under way stays");
    Ok(())
}

async fn sessions(store: &impl Store) -> Result<Vec<u32>> {
    let listed = store.list_sessions(user_id(1)).await?;
    let known = |id| (1..=9).find(|n| session_id(*n) == id);
    Ok(listed.iter().filter_map(|session| known(session.id)).collect())
}

async fn begin(store: &impl Store, key: IdempotencyKey, seconds: u64) -> Result<Idempotent> {
    store.begin_idempotent(key, ClaimId([1; 16]), at(seconds), LEASE).await
}

fn key(n: u32) -> IdempotencyKey {
    IdempotencyKey {
        user: user_id(1),
        message_type: "order.place".to_owned(),
        key: format!("key {n}"),
        fingerprint: PayloadHash::from_bytes([7; 32]),
    }
}

fn answer() -> StoredAnswer {
    StoredAnswer { code: 0, payload: vec![1, 2, 3] }
}
