//! Properties of records, the audit log and the clock: what lasts.

use super::*;
use crate::{AuditEvent, ClockVerdict, RecordOutcome, StoredRecord};
use std::collections::BTreeSet;

/// With every field as it was handed in.
pub async fn a_record_is_found_only_by_its_user(store: &Arc<impl Store>) -> Result<()> {
    let outcome = store.append_record(new_record(1, user_id(1), 5, at(3))).await?;
    assert_eq!(outcome, RecordOutcome::Appended { seq: 1 });
    let expected = StoredRecord {
        seq: 1,
        user: Some(user_id(1)),
        id: record_id(1),
        signer: KEY,
        record_type: "match.result".to_owned(),
        digest: RecordDigest::from_bytes([5; 32]),
        frame: vec![5; 100],
        received: at(3),
    };
    assert_eq!(store.find_record(user_id(1), record_id(1)).await?.as_ref(), Some(&expected));
    assert_eq!(store.records_after(0, 10).await?, [expected]);
    assert_eq!(store.find_record(user_id(2), record_id(1)).await?, None);
    assert_eq!(store.find_record(user_id(1), record_id(2)).await?, None);
    Ok(())
}

/// Refused and repeated ones take no number.
pub async fn records_are_numbered_without_gaps(store: &Arc<impl Store>) -> Result<()> {
    for n in 1..=20 {
        let appended = store.append_record(new_record(n, user_id(1), 1, at(0))).await?;
        assert_eq!(appended, RecordOutcome::Appended { seq: u64::from(n) });
        store.append_record(new_record(n, user_id(1), 1, at(0))).await?;
        store.append_record(new_record(n, user_id(1), 2, at(0))).await?;
    }
    for (after, limit, expected) in [
        (0, 3, vec![1, 2, 3]),
        (18, 9, vec![19, 20]),
        (20, 9, vec![]),
        (u64::MAX, 9, vec![]),
        (5, 0, vec![]),
    ] {
        let page = store.records_after(after, limit).await?;
        let seqs: Vec<_> = page.iter().map(|record| record.seq).collect();
        assert_eq!(seqs, expected);
    }
    Ok(())
}

/// Whoever brings it, whenever.
pub async fn the_same_record_again_gets_the_first_receipt(store: &Arc<impl Store>) -> Result<()> {
    store.append_record(new_record(1, user_id(1), 1, at(3))).await?;
    let again = store.append_record(new_record(1, user_id(2), 1, at(9))).await?;
    assert_eq!(again, RecordOutcome::AlreadyStored { seq: 1, received: at(3) });
    assert_eq!(store.find_record(user_id(2), record_id(1)).await?, None);
    Ok(())
}

/// The first one stays.
pub async fn another_record_with_the_same_id_is_refused(store: &Arc<impl Store>) -> Result<()> {
    store.append_record(new_record(1, user_id(1), 1, at(3))).await?;
    let other = store.append_record(new_record(1, user_id(1), 2, at(9))).await?;
    assert_eq!(other, RecordOutcome::IdTaken);
    let found = store.find_record(user_id(1), record_id(1)).await?;
    assert_eq!(found.map(|record| record.frame), Some(vec![1; 100]));
    Ok(())
}

/// One is told "appended", 63 get its receipt.
pub async fn parallel_identical_records_are_stored_once(store: &Arc<impl Store>) -> Result<()> {
    let calls = shared(store, 64).map(|(_, store)| async move {
        store.append_record(new_record(1, user_id(1), 1, at(3))).await
    });
    let outcomes = in_parallel(calls).await?;
    let appended = outcomes.iter().filter(|o| **o == RecordOutcome::Appended { seq: 1 });
    assert_eq!(appended.count(), 1);
    let receipt = RecordOutcome::AlreadyStored { seq: 1, received: at(3) };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == receipt).count(), 63);
    assert_eq!(store.records_after(0, 100).await?.len(), 1);
    Ok(())
}

/// Every number is given once, from 1 to the last.
pub async fn parallel_records_leave_no_gap(store: &Arc<impl Store>) -> Result<()> {
    let calls = shared(store, 256).map(|(n, store)| async move {
        // Every second one is a repetition of the one before it.
        store.append_record(new_record(n / 2, user_id(1), 1, at(3))).await
    });
    in_parallel(calls).await?;
    let records = store.records_after(0, 1_000).await?;
    let seqs: Vec<_> = records.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (1..=128).collect::<Vec<_>>());
    let ids: BTreeSet<_> = records.iter().map(|record| record.id).collect();
    assert_eq!(ids.len(), 128);
    Ok(())
}

/// Also when many write at once.
pub async fn audit_entries_are_numbered_without_gaps(store: &Arc<impl Store>) -> Result<()> {
    let first = AuditEvent {
        at: at(1),
        action: "key.rotate".to_owned(),
        user: None,
        session: None,
        detail: "{\"key\":1}".to_owned(),
    };
    assert_eq!(store.append_audit(first.clone()).await?, 1);
    let calls = shared(store, 99).map(|(n, store)| async move {
        let (user, session) = (Some(user_id(n)), Some(session_id(n)));
        let action = format!("action.{n}");
        let detail = "{}".to_owned();
        store.append_audit(AuditEvent { at: at(2), action, user, session, detail }).await
    });
    let mut seqs = in_parallel(calls).await?;
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=100).collect::<Vec<_>>());
    let log = store.audit_after(0, 1_000).await?;
    assert_eq!(log.first().map(|entry| &entry.event), Some(&first));
    let seqs: Vec<_> = log.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=100).collect::<Vec<_>>());
    let actions: BTreeSet<_> = log.iter().map(|entry| &entry.event.action).collect();
    assert_eq!(actions.len(), 100);
    let page = store.audit_after(98, 1).await?;
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [99]);
    assert_eq!(store.audit_after(u64::MAX, 1).await?, []);
    for (before, limit, expected) in [
        (u64::MAX, 3, &[100, 99, 98][..]),
        (99, 2, &[98, 97]),
        (3, 9, &[2, 1]),
        (1, 9, &[]),
        (0, 9, &[]),
    ] {
        let page = store.audit_before(before, limit).await?;
        assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), expected);
        assert!(page.iter().all(|entry| log.contains(entry)));
    }
    Ok(())
}

/// Within the tolerance a step back is sound, and forgets nothing.
pub async fn the_clock_mark_only_rises(store: &Arc<impl Store>) -> Result<()> {
    let tolerance = Duration::from_secs(5);
    let behind = ClockVerdict::Behind { mark: at(100) };
    for (now, expected) in [
        (at(0), ClockVerdict::Sound),
        (at(100), ClockVerdict::Sound),
        (at(95), ClockVerdict::Sound),
        (at(95).minus(Duration::from_millis(1)), behind),
        (at(0), behind),
        (at(97), ClockVerdict::Sound),
        (at(94), behind),
    ] {
        assert_eq!(store.advance_clock(now, tolerance).await?, expected, "{now}");
    }
    assert_eq!(store.advance_clock(at(94), Duration::from_secs(6)).await?, ClockVerdict::Sound);
    Ok(())
}

/// Readiness.
pub async fn the_store_answers(store: &Arc<impl Store>) -> Result<()> {
    store.ping().await
}
