//! What hubs hand over.

use super::*;
use crate::event::{BallotUnion, FORKS_MAX, PIECE_MAX, UnionVote};

/// Hands over a log of so many bytes more, with these votes and no revocation.
async fn hand_over(
    store: &impl EventStore,
    hub: Fingerprint,
    grown_by: usize,
    votes: Vec<HandedVote>,
) -> Result<HandOverOutcome> {
    let held = store.held_log(event_id(1), hub).await?.held;
    if grown_by > 0 {
        store.keep_log_piece(piece(hub, held, &vec![7; grown_by])).await?;
    }
    let bytes = held + grown_by as u64;
    let head = head(hub, bytes, hub.as_bytes()[0] ^ bytes.to_be_bytes()[7]);
    let new = HandOver { event: event_id(1), head, bytes, votes, revoked: Vec::new() };
    store.insert_ballots(new).await
}

/// See the name.
pub async fn pieces_of_a_log_are_kept_in_order(store: &Arc<impl EventStore>) -> Result<()> {
    let hub = hub(1);
    let kept = |held| PieceOutcome::Kept { held };
    assert_eq!(store.keep_log_piece(piece(hub, 0, b"abc")).await?, PieceOutcome::NoEvent);
    with_event(&**store, 1).await?;
    for (offset, bytes, expected) in [
        (3, &b"def"[..], PieceOutcome::NotNext { held: 0 }),
        (0, b"", PieceOutcome::Size),
        (0, b"abc", kept(3)),
        (0, b"abc", kept(3)),
        (0, b"abd", PieceOutcome::Differs { held: 3 }),
        (1, b"b", PieceOutcome::NotNext { held: 3 }),
        (3, b"defgh", kept(8)),
        (3, &vec![0; PIECE_MAX + 1], PieceOutcome::Size),
    ] {
        assert_eq!(store.keep_log_piece(piece(hub, offset, bytes)).await?, expected);
    }
    assert_eq!(store.read_log(event_id(1), hub).await?, b"abcdefgh");
    assert_eq!(store.read_log(event_id(1), super::hub(2)).await?, b"");
    let held = store.held_log(event_id(1), hub).await?;
    assert_eq!(held, HeldLog { held: 8, verified: 0, head: None });
    Ok(())
}

/// See the name.
pub async fn unverified_pieces_are_dropped_and_verified_ones_stay(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    let (event, hub) = (event_id(1), hub(1));
    assert_eq!(store.drop_log_pieces(event, hub).await?, 0);
    store.keep_log_piece(piece(hub, 0, b"abc")).await?;
    assert_eq!(store.drop_log_pieces(event, hub).await?, 0);
    hand_over(&**store, hub, 5, Vec::new()).await?;
    store.keep_log_piece(piece(hub, 5, b"junk")).await?;
    assert_eq!(store.held_log(event, hub).await?.held, 9);
    assert_eq!(store.drop_log_pieces(event, hub).await?, 5);
    assert_eq!(store.read_log(event, hub).await?, [7; 5]);
    Ok(())
}

/// See the name.
pub async fn a_hand_over_twice_is_one(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    let hub = hub(1);
    let votes = || vec![vote(1, hub, 10), vote(2, hub, 20)];
    let first = hand_over(&**store, hub, 5, votes()).await?;
    assert_eq!(first, HandOverOutcome::Taken { new: 2, all: 2 });
    let before = store.ballot_union(event_id(1)).await?;
    let again = hand_over(&**store, hub, 0, votes()).await?;
    assert_eq!(again, HandOverOutcome::Taken { new: 0, all: 2 });
    assert_eq!(store.ballot_union(event_id(1)).await?, before);
    assert_eq!(store.heads(event_id(1)).await?.len(), 1);
    let held = store.held_log(event_id(1), hub).await?;
    assert_eq!((held.held, held.verified, held.head.map(|head| head.entries)), (5, 5, Some(5)));
    Ok(())
}

/// See the name.
pub async fn a_longer_log_goes_on_from_the_verified_one(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    let hub = hub(1);
    hand_over(&**store, hub, 5, vec![vote(1, hub, 10)]).await?;
    let votes = vec![vote(1, hub, 10), vote(2, hub, 20)];
    let longer = hand_over(&**store, hub, 4, votes).await?;
    assert_eq!(longer, HandOverOutcome::Taken { new: 1, all: 2 });
    let held = store.held_log(event_id(1), hub).await?;
    assert_eq!((held.verified, held.head.map(|head| head.entries)), (9, Some(9)));
    assert_eq!(store.heads(event_id(1)).await?.len(), 2);
    Ok(())
}

/// See the name.
pub async fn hubs_in_any_order_give_the_same_union(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    // Both accepted votes 2 and 3, at different times.
    let of = |n: u8| match n {
        1 => vec![vote(1, hub(1), 10), vote(2, hub(1), 20), vote(3, hub(1), 40)],
        _ => vec![vote(3, hub(2), 30), vote(2, hub(2), 30), vote(4, hub(2), 50)],
    };
    for n in [2, 1, 2] {
        hand_over(&**store, hub(n), 5, of(n)).await?;
    }
    let seen = |n: u8, second| UnionVote {
        digest: VoteDigest::from_bytes([n; 32]),
        signer: key(1),
        accepted: at(second),
    };
    let votes = vec![seen(1, 10), seen(2, 20), seen(3, 30), seen(4, 50)];
    let union = store.ballot_union(event_id(1)).await?;
    assert_eq!(union, BallotUnion { votes, revoked: Vec::new() });
    assert_eq!(union.holding().count(), 4);
    assert_eq!(store.ballot_union(event_id(2)).await?, BallotUnion::default());
    Ok(())
}

/// See the name.
pub async fn the_earliest_acceptance_and_revocation_count(
    store: &Arc<impl EventStore>,
) -> Result<()> {
    with_event(&**store, 1).await?;
    for (n, revoked, accepted) in [(1, 30, 20), (2, 25, 26), (3, 40, 50)] {
        let hub = hub(n);
        store.keep_log_piece(piece(hub, 0, b"log")).await?;
        let votes = vec![vote(n, hub, accepted)];
        let revoked = vec![(key(1), at(revoked))];
        let (event, head) = (event_id(1), head(hub, 3, n));
        store.insert_ballots(HandOver { event, head, bytes: 3, votes, revoked }).await?;
    }
    let union = store.ballot_union(event_id(1)).await?;
    assert_eq!(union.revoked, [(key(1), at(25))]);
    // Vote 2 came a second after the revocation, vote 3 long after it, whatever their own hubs knew.
    let holding: Vec<_> = union.holding().copied().collect();
    assert_eq!(holding, [VoteDigest::from_bytes([1; 32])]);
    Ok(())
}

/// See the name.
pub async fn a_log_that_grew_meanwhile_is_not_taken(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    let hub = hub(1);
    store.keep_log_piece(piece(hub, 0, b"abc")).await?;
    let (event, votes, revoked) = (event_id(1), vec![vote(1, hub, 10)], Vec::new());
    let stale = HandOver { event, head: head(hub, 1, 1), bytes: 2, votes, revoked };
    assert_eq!(store.insert_ballots(stale.clone()).await?, HandOverOutcome::Changed);
    let absent = HandOver { event: event_id(2), ..stale };
    assert_eq!(store.insert_ballots(absent).await?, HandOverOutcome::NoEvent);
    assert_eq!(store.ballot_union(event).await?, BallotUnion::default());
    assert_eq!(store.heads(event).await?, []);
    Ok(())
}

/// See the name.
pub async fn forks_are_kept_apart_and_bounded(store: &Arc<impl EventStore>) -> Result<()> {
    with_event(&**store, 1).await?;
    let (event, hub) = (event_id(1), hub(1));
    hand_over(&**store, hub, 5, Vec::new()).await?;
    for n in 0..=FORKS_MAX {
        let digest = 0x80 + u8::try_from(n).expect("a few");
        assert_eq!(store.keep_fork(event, head(hub, 9, digest)).await?, n < FORKS_MAX);
        assert!(!store.keep_fork(event, head(hub, 9, digest)).await?);
    }
    let heads = store.heads(event).await?;
    assert_eq!(heads.iter().filter(|head| head.is_fork).count(), FORKS_MAX);
    let held = store.held_log(event, hub).await?;
    assert_eq!(held.head.map(|head| (head.entries, head.is_fork)), Some((5, false)));
    assert!(!store.keep_fork(event_id(2), head(hub, 9, 1)).await?);
    Ok(())
}
