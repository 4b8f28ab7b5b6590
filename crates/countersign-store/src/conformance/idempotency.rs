//! Properties of idempotency keys.

use super::*;
use crate::{ClaimId, IdempotencyKey, Idempotent, StoredAnswer};
use countersign::PayloadHash;

const LEASE: Duration = Duration::from_secs(30);
const CLAIM: ClaimId = ClaimId([1; 16]);

/// Until it is finished, others wait.
pub async fn a_key_is_claimed_once(store: &Arc<impl Store>) -> Result<()> {
    assert_eq!(begin(store.as_ref(), key(1), 0).await?, Idempotent::Claimed);
    assert_eq!(begin(store.as_ref(), key(1), 1).await?, Idempotent::InProgress);
    assert_eq!(begin(store.as_ref(), key(2), 1).await?, Idempotent::Claimed);
    Ok(())
}

/// However often and late; a second answer does not replace the first.
pub async fn a_finished_key_gives_its_answer_to_everyone(store: &Arc<impl Store>) -> Result<()> {
    begin(store.as_ref(), key(1), 0).await?;
    store.finish_idempotent(key(1), answer(1), at(1)).await?;
    store.finish_idempotent(key(1), answer(2), at(2)).await?;
    for seconds in [1, 30, 1_000_000] {
        assert_eq!(begin(store.as_ref(), key(1), seconds).await?, Idempotent::Done(answer(1)));
    }
    // What was never claimed cannot be finished.
    store.finish_idempotent(key(2), answer(2), at(2)).await?;
    assert_eq!(begin(store.as_ref(), key(2), 3).await?, Idempotent::Claimed);
    Ok(())
}

/// In progress, after the lease, and when done.
pub async fn a_mismatch_is_told_before_anything_else(store: &Arc<impl Store>) -> Result<()> {
    let other = || IdempotencyKey { fingerprint: PayloadHash::from_bytes([8; 32]), ..key(1) };
    begin(store.as_ref(), key(1), 0).await?;
    assert_eq!(begin(store.as_ref(), other(), 1).await?, Idempotent::Mismatch);
    assert_eq!(begin(store.as_ref(), other(), 31).await?, Idempotent::Mismatch);
    store.abandon_idempotent(other(), CLAIM).await?;
    store.finish_idempotent(other(), answer(2), at(2)).await?;
    assert_eq!(begin(store.as_ref(), key(1), 2).await?, Idempotent::InProgress);
    store.finish_idempotent(key(1), answer(1), at(2)).await?;
    assert_eq!(begin(store.as_ref(), other(), 3).await?, Idempotent::Mismatch);
    assert_eq!(begin(store.as_ref(), key(1), 3).await?, Idempotent::Done(answer(1)));
    Ok(())
}

/// To the millisecond, and for a whole new lease.
pub async fn a_lease_that_ended_is_claimed_again(store: &Arc<impl Store>) -> Result<()> {
    begin(store.as_ref(), key(1), 0).await?;
    assert_eq!(begin(store.as_ref(), key(1), 29).await?, Idempotent::InProgress);
    assert_eq!(begin(store.as_ref(), key(1), 30).await?, Idempotent::Claimed);
    assert_eq!(begin(store.as_ref(), key(1), 59).await?, Idempotent::InProgress);
    // The first worker was only slow: its answer counts.
    store.finish_idempotent(key(1), answer(1), at(59)).await?;
    assert_eq!(begin(store.as_ref(), key(1), 60).await?, Idempotent::Done(answer(1)));
    Ok(())
}

/// Giving back what is not claimed changes nothing.
pub async fn an_abandoned_key_is_free_and_a_finished_one_is_not(
    store: &Arc<impl Store>,
) -> Result<()> {
    store.abandon_idempotent(key(1), CLAIM).await?;
    begin(store.as_ref(), key(1), 0).await?;
    store.abandon_idempotent(key(1), CLAIM).await?;
    let changed = IdempotencyKey { fingerprint: PayloadHash::from_bytes([8; 32]), ..key(1) };
    assert_eq!(begin(store.as_ref(), changed.clone(), 1).await?, Idempotent::Claimed);
    store.finish_idempotent(changed.clone(), answer(1), at(2)).await?;
    store.abandon_idempotent(changed.clone(), CLAIM).await?;
    assert_eq!(begin(store.as_ref(), changed, 3).await?, Idempotent::Done(answer(1)));
    Ok(())
}

/// The same text is another key for another user or message type.
pub async fn keys_differ_by_user_and_type(store: &Arc<impl Store>) -> Result<()> {
    let of_bob = || IdempotencyKey { user: user_id(2), ..key(1) };
    let of_type = || IdempotencyKey { message_type: "order.cancel".to_owned(), ..key(1) };
    begin(store.as_ref(), key(1), 0).await?;
    store.finish_idempotent(key(1), answer(1), at(1)).await?;
    assert_eq!(begin(store.as_ref(), of_bob(), 1).await?, Idempotent::Claimed);
    assert_eq!(begin(store.as_ref(), of_type(), 1).await?, Idempotent::Claimed);
    Ok(())
}

/// The effect happens once.
pub async fn parallel_claims_have_one_winner(store: &Arc<impl Store>) -> Result<()> {
    let calls =
        shared(store, 64).map(|(_, store)| async move { begin(store.as_ref(), key(1), 0).await });
    let claims = in_parallel(calls).await?;
    assert_eq!(claims.iter().filter(|claim| **claim == Idempotent::Claimed).count(), 1);
    assert_eq!(claims.iter().filter(|claim| **claim == Idempotent::InProgress).count(), 63);
    Ok(())
}

/// A worker whose lease has ended cannot take the key from the one that has it now; nor can it after a third one came.
pub async fn only_who_claimed_a_key_gives_it_back(store: &Arc<impl Store>) -> Result<()> {
    let claim = |n| ClaimId([n; 16]);
    let claimed = |n, seconds| store.begin_idempotent(key(1), claim(n), at(seconds), LEASE);
    assert_eq!(claimed(1, 0).await?, Idempotent::Claimed);
    assert_eq!(claimed(2, 10).await?, Idempotent::InProgress);
    store.abandon_idempotent(key(1), claim(2)).await?;
    assert_eq!(claimed(2, 11).await?, Idempotent::InProgress, "it never had it");
    assert_eq!(claimed(2, 30).await?, Idempotent::Claimed);
    store.abandon_idempotent(key(1), claim(1)).await?;
    assert_eq!(claimed(1, 31).await?, Idempotent::InProgress, "its lease has ended");
    store.abandon_idempotent(key(1), claim(2)).await?;
    assert_eq!(claimed(3, 32).await?, Idempotent::Claimed);
    for earlier in [1, 2] {
        store.abandon_idempotent(key(1), claim(earlier)).await?;
        assert_eq!(claimed(earlier, 33).await?, Idempotent::InProgress);
    }
    Ok(())
}

async fn begin(store: &impl Store, key: IdempotencyKey, seconds: u64) -> Result<Idempotent> {
    store.begin_idempotent(key, CLAIM, at(seconds), LEASE).await
}

fn key(n: u32) -> IdempotencyKey {
    IdempotencyKey {
        user: user_id(1),
        message_type: "order.place".to_owned(),
        key: format!("key {n}"),
        fingerprint: PayloadHash::from_bytes([7; 32]),
    }
}

fn answer(n: u16) -> StoredAnswer {
    StoredAnswer { code: n, payload: n.to_be_bytes().to_vec() }
}
