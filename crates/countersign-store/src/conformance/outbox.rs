//! Properties of waiting messages.

use super::*;
use crate::{Message, OutboxId};
use std::collections::BTreeSet;

const LEASE: Duration = Duration::from_secs(30);

/// At most as many as were asked for, with everything that was handed in.
pub async fn messages_come_in_the_order_they_were_due(store: &Arc<impl Store>) -> Result<()> {
    let mut ids = Vec::new();
    for (n, due) in [(1, 5), (2, 3), (3, 9)] {
        let message = NewMessage {
            channel: if n == 1 { Channel::Sms } else { Channel::Email },
            user: Some(user_id(n)).filter(|_| n != 2),
            ..message("ana@example.org", &format!("body {n}"), at(500))
        };
        ids.push((store.enqueue_message(message.clone(), at(due)).await?, message));
    }
    assert_eq!(store.claim_messages(10, at(2), LEASE).await?, []);
    let first = store.claim_messages(1, at(8), LEASE).await?;
    let rest = store.claim_messages(10, at(9), LEASE).await?;
    let expected = [1, 0, 2].map(|index: usize| {
        let (id, content) = ids[index].clone();
        Message { id, content, failures: 0 }
    });
    assert_eq!([first, rest].concat(), expected);
    assert_eq!(store.claim_messages(0, at(100), LEASE).await?, []);
    Ok(())
}

/// Until the lease ends; then the sender is taken for dead.
pub async fn a_leased_message_is_not_handed_out(store: &Arc<impl Store>) -> Result<()> {
    let id = store.enqueue_message(message("ana@example.org", "code", at(500)), at(0)).await?;
    for (seconds, handed_out) in [(0, true), (29, false), (30, true), (59, false), (60, true)] {
        let ids = claimed(store.as_ref(), seconds).await?;
        assert_eq!(ids, if handed_out { vec![id] } else { vec![] }, "after {seconds} s");
    }
    Ok(())
}

/// Whatever is said about it later.
pub async fn a_sent_message_is_gone(store: &Arc<impl Store>) -> Result<()> {
    let id = store.enqueue_message(message("ana@example.org", "code", at(500)), at(0)).await?;
    claimed(store.as_ref(), 0).await?;
    store.message_sent(id).await?;
    store.message_sent(id).await?;
    store.message_failed(id, Some(at(1))).await?;
    store.message_failed(OutboxId(99), None).await?;
    assert_eq!(claimed(store.as_ref(), 400).await?, []);
    Ok(())
}

/// Not before the time that the sender chose.
pub async fn a_failed_message_waits_and_counts(store: &Arc<impl Store>) -> Result<()> {
    let id = store.enqueue_message(message("ana@example.org", "code", at(500)), at(0)).await?;
    claimed(store.as_ref(), 0).await?;
    store.message_failed(id, Some(at(100))).await?;
    assert_eq!(claimed(store.as_ref(), 99).await?, []);
    let again = store.claim_messages(10, at(100), LEASE).await?;
    assert_eq!(again.iter().map(|message| message.failures).collect::<Vec<_>>(), [1]);
    // Sooner than the lease would end.
    store.message_failed(id, Some(at(101))).await?;
    let again = store.claim_messages(10, at(101), LEASE).await?;
    assert_eq!(again.iter().map(|message| message.failures).collect::<Vec<_>>(), [2]);
    Ok(())
}

/// For good.
pub async fn a_message_given_up_is_gone(store: &Arc<impl Store>) -> Result<()> {
    let id = store.enqueue_message(message("ana@example.org", "code", at(500)), at(0)).await?;
    claimed(store.as_ref(), 0).await?;
    store.message_failed(id, None).await?;
    assert_eq!(claimed(store.as_ref(), 400).await?, []);
    Ok(())
}

/// Leased, failed or untouched: at its end it is deleted, and an earlier clock does not bring it back.
pub async fn an_expired_message_is_neither_sent_nor_kept(store: &Arc<impl Store>) -> Result<()> {
    for n in 0..3 {
        let body = format!("code {n}");
        store.enqueue_message(message("ana@example.org", &body, at(20)), at(n)).await?;
    }
    let late = store.enqueue_message(message("bob@example.org", "late", at(21)), at(10)).await?;
    let leased = store.claim_messages(2, at(5), LEASE).await?;
    assert_eq!(leased.len(), 2);
    for message in leased.iter().take(1) {
        store.message_failed(message.id, Some(at(700))).await?;
    }
    assert_eq!(claimed(store.as_ref(), 20).await?, [late]);
    assert_eq!(claimed(store.as_ref(), 19).await?, []);
    for message in leased {
        store.message_failed(message.id, Some(at(6))).await?;
    }
    assert_eq!(claimed(store.as_ref(), 19).await?, []);
    assert_eq!(claimed(store.as_ref(), 800).await?, []);
    Ok(())
}

/// The number is the provider's idempotency id: a second message under it would be swallowed.
pub async fn numbers_of_messages_are_not_used_again(store: &Arc<impl Store>) -> Result<()> {
    let mut last = OutboxId(0);
    for _ in 0..3 {
        let id = store.enqueue_message(message("ana@example.org", "code", at(500)), at(0)).await?;
        assert!(id > last);
        store.message_sent(id).await?;
        last = id;
    }
    Ok(())
}

/// Nobody gets what another one has.
pub async fn parallel_senders_share_the_messages(store: &Arc<impl Store>) -> Result<()> {
    for _ in 0..100 {
        store.enqueue_message(message("ana@example.org", "code", at(500)), at(0)).await?;
    }
    let calls = shared(store, 32)
        .map(|(_, store)| async move { store.claim_messages(5, at(0), LEASE).await });
    let taken: Vec<_> = in_parallel(calls).await?.concat();
    let ids: BTreeSet<_> = taken.iter().map(|message| message.id).collect();
    assert_eq!((taken.len(), ids.len()), (100, 100));
    Ok(())
}

async fn claimed(store: &impl Store, seconds: u64) -> Result<Vec<OutboxId>> {
    let messages = store.claim_messages(10, at(seconds), LEASE).await?;
    Ok(messages.into_iter().map(|message| message.id).collect())
}
