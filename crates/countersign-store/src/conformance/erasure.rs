//! Properties of erasing accounts.

use super::*;
use crate::{
    AuditEvent, ClaimId, Erasure, IdempotencyKey, Idempotent, RecordOutcome, StoredAnswer,
};
use countersign::PayloadHash;

const LEASE: Duration = Duration::from_secs(30);
const CLAIM: ClaimId = ClaimId([1; 16]);

/// Neither users, sessions, records, answers nor the audit log; others stay as they are.
pub async fn nothing_names_an_erased_user(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    assert_eq!(store.erase_account(user_id(1), at(20)).await?, Some(vec![session_id(1)]));
    assert_eq!(store.find_user(user_id(1)).await?, None);
    assert_eq!(store.find_user_by_address("ana@example.org".to_owned()).await?, None);
    assert_eq!(store.export_account(user_id(1)).await?, None);
    assert_eq!(store.list_sessions(user_id(1)).await?, []);
    for n in [1, 3] {
        assert_eq!(store.find_session(session_id(n)).await?, None);
    }
    assert_eq!(store.find_record(user_id(1), record_id(1)).await?, None);
    let records = store.records_after(0, 10).await?;
    let users: Vec<_> = records.iter().map(|record| (record.seq, record.user)).collect();
    assert_eq!(users, [(1, None), (2, Some(user_id(2)))]);
    let audit = store.audit_after(0, 10).await?;
    let links: Vec<_> =
        audit.iter().map(|entry| (entry.seq, entry.event.user, entry.event.session)).collect();
    let bob = (Some(user_id(2)), Some(session_id(2)));
    assert_eq!(links, [(1, None, None), (2, bob.0, bob.1), (3, None, None)]);
    let begun = store.begin_idempotent(key(1), CLAIM, at(21), LEASE).await?;
    assert_eq!(begun, Idempotent::Claimed);
    assert!(store.find_session(session_id(2)).await?.is_some());
    assert!(matches!(
        store.begin_idempotent(key(2), CLAIM, at(21), LEASE).await?,
        Idempotent::Done(_)
    ));
    assert_eq!(store.erasures().await?, [Erasure { user: user_id(1), at: at(20) }]);
    Ok(())
}

/// Neither those that name the user nor those to the address.
pub async fn an_erased_user_has_no_waiting_messages(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    let notice = NewMessage {
        user: Some(user_id(1)),
        ..message("old-ana@example.org", "new device", at(900))
    };
    store.enqueue_message(notice, at(5)).await?;
    store.enqueue_message(message("ana@example.org", "code", at(900)), at(5)).await?;
    store.erase_account(user_id(1), at(20)).await?;
    let waiting = store.claim_messages(100, at(21), LEASE).await?;
    let to: Vec<_> = waiting.iter().map(|message| message.content.to.as_str()).collect();
    assert_eq!(to, ["bob@example.org"]);
    Ok(())
}

/// The address may sign up again at once, as somebody new.
pub async fn an_erased_user_has_no_login_and_no_limits(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    login_with_code(store.as_ref(), 8, "ana@example.org", at(15)).await?;
    store.erase_account(user_id(1), at(20)).await?;
    assert_eq!(store.find_login(login_id(8), LIMITS, at(20)).await?, None);
    assert_eq!(guess(store.as_ref(), 8, RIGHT, new_session(8), at(20)).await?, refused(0));
    let state = store.open_login(new_login(10, "ana@example.org", at(20))).await?;
    assert_eq!(state.next_code, Some(at(20)));
    let registered = register(store.as_ref(), "ana@example.org", new_session(9), at(20)).await?;
    assert!(registered.new_user);
    assert_eq!(registered.session.user, user_id(9));
    Ok(())
}

/// The ledger keeps one line.
pub async fn erasing_twice_finds_nobody(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    assert_eq!(store.erase_account(user_id(9), at(19)).await?, None);
    assert!(store.erase_account(user_id(1), at(20)).await?.is_some());
    assert_eq!(store.erase_account(user_id(1), at(21)).await?, None);
    assert_eq!(store.erasures().await?, [Erasure { user: user_id(1), at: at(20) }]);
    Ok(())
}

/// A request that was on its way when its account was erased.
pub async fn what_arrives_late_does_not_name_the_erased(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    store.begin_idempotent(key(3), CLAIM, at(10), LEASE).await?;
    store.erase_account(user_id(1), at(20)).await?;
    let outcome = store.append_record(new_record(7, user_id(1), 7, at(21))).await?;
    assert_eq!(outcome, RecordOutcome::Appended { seq: 3 });
    let late = store.records_after(2, 10).await?;
    assert_eq!(late.first().map(|record| record.user), Some(None));
    assert_eq!(store.append_audit(event(user_id(1), 1)).await?, 4);
    let late = store.audit_after(3, 10).await?;
    assert_eq!(
        late.first().map(|entry| (entry.event.user, entry.event.session)),
        Some((None, None))
    );
    store.finish_idempotent(key(3), answer(), at(21)).await?;
    let begun = store.begin_idempotent(key(3), CLAIM, at(22), LEASE).await?;
    assert_eq!(begun, Idempotent::Claimed);
    store.touch_sessions(vec![(session_id(1), at(30))]).await?;
    assert_eq!(store.find_session(session_id(1)).await?, None);
    Ok(())
}

/// As after restoring a backup from before the erasure.
pub async fn a_restored_user_is_erased_again(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    let ledger =
        vec![Erasure { user: user_id(50), at: at(1) }, Erasure { user: user_id(1), at: at(2) }];
    assert_eq!(store.replay_erasures(ledger.clone()).await?, 1);
    assert_eq!(store.find_user(user_id(1)).await?, None);
    assert_eq!(store.find_session(session_id(1)).await?, None);
    assert_eq!(store.find_record(user_id(1), record_id(1)).await?, None);
    assert!(store.find_user(user_id(2)).await?.is_some());
    assert_eq!(store.erasures().await?, ledger);
    assert_eq!(store.replay_erasures(ledger).await?, 0);
    Ok(())
}

/// Oldest first; a line that is known keeps its time.
pub async fn the_ledger_is_merged_and_ordered(store: &Arc<impl Store>) -> Result<()> {
    ana_and_bob(store.as_ref()).await?;
    store.erase_account(user_id(1), at(20)).await?;
    let line = |n, seconds| Erasure { user: user_id(n), at: at(seconds) };
    let ledger = vec![line(60, 30), line(1, 99), line(61, 10), line(60, 31)];
    assert_eq!(store.replay_erasures(ledger).await?, 0);
    assert_eq!(store.erasures().await?, [line(61, 10), line(1, 20), line(60, 30)]);
    Ok(())
}

/// Ana is user 1 with sessions 1 and 3 (revoked), Bob is user 2 with session 2.
async fn ana_and_bob(store: &impl Store) -> Result<()> {
    for (n, address) in [(1, "ana@example.org"), (2, "bob@example.org"), (3, "ana@example.org")] {
        register(store, address, new_session(n), at(u64::from(n))).await?;
    }
    store.revoke_session(user_id(1), session_id(3), at(4)).await?;
    for n in [1, 2] {
        store.append_record(new_record(n, user_id(n), 1, at(10))).await?;
        store.append_audit(event(user_id(n), n)).await?;
        store.begin_idempotent(key(n), CLAIM, at(10), LEASE).await?;
        store.finish_idempotent(key(n), answer(), at(11)).await?;
    }
    store.append_audit(AuditEvent { user: None, ..event(user_id(1), 3) }).await?;
    Ok(())
}

fn event(user: UserId, session: u32) -> AuditEvent {
    AuditEvent {
        at: at(12),
        action: "session.rename".to_owned(),
        user: Some(user),
        session: Some(session_id(session)),
        detail: "{}".to_owned(),
    }
}

/// Key 3 is another one of Ana's.
fn key(n: u32) -> IdempotencyKey {
    IdempotencyKey {
        user: user_id(if n == 3 { 1 } else { n }),
        message_type: "order.place".to_owned(),
        key: format!("key {n}"),
        fingerprint: PayloadHash::from_bytes([1; 32]),
    }
}

fn answer() -> StoredAnswer {
    StoredAnswer { code: 0, payload: vec![1, 2, 3] }
}
