//! Properties of sessions.

use super::*;
use crate::{SessionStatus, StoredSession};

/// What went in comes out, with the owner's scopes.
pub async fn a_registered_session_is_found_with_all_it_was_given(
    store: &Arc<impl Store>,
) -> Result<()> {
    assert_eq!(store.find_session(session_id(1)).await?, None);
    let registered = register(store.as_ref(), "ana@example.org", new_session(1), at(5)).await?;
    let expected = StoredSession {
        id: session_id(1),
        user: user_id(1),
        public_key: [1; 32],
        name: "Phone 1".to_owned(),
        platform: "android".to_owned(),
        created: at(5),
        last_seen: at(5),
        status: SessionStatus::Live,
        scopes: vec!["user".to_owned()],
    };
    assert_eq!(registered.session, expected);
    assert_eq!(store.find_session(session_id(1)).await?, Some(expected));
    Ok(())
}

/// The list is of one user only.
pub async fn sessions_are_listed_newest_first_with_the_revoked_ones(
    store: &Arc<impl Store>,
) -> Result<()> {
    three_sessions(store.as_ref()).await?;
    register(store.as_ref(), "bob@example.org", new_session(9), at(9)).await?;
    assert!(store.revoke_session(user_id(1), session_id(2), at(50)).await?);
    let list = store.list_sessions(user_id(1)).await?;
    let ids: Vec<_> = list.iter().map(|session| session.id).collect();
    assert_eq!(ids, [session_id(3), session_id(2), session_id(1)]);
    assert_eq!(list.get(1).map(|session| session.status), Some(SessionStatus::Revoked(at(50))));
    assert_eq!(store.list_sessions(user_id(77)).await?, []);
    Ok(())
}

/// Foreign, revoked and unknown sessions keep their names.
pub async fn only_the_owner_renames_a_live_session(store: &Arc<impl Store>) -> Result<()> {
    three_sessions(store.as_ref()).await?;
    let rename = |user, id, name: &str| store.rename_session(user, id, name.to_owned());
    assert!(rename(user_id(1), session_id(1), "Old phone").await?);
    assert!(!rename(user_id(2), session_id(1), "Mine").await?);
    assert!(!rename(user_id(1), session_id(8), "Nobody's").await?);
    store.revoke_session(user_id(1), session_id(2), at(50)).await?;
    assert!(!rename(user_id(1), session_id(2), "Dead").await?);
    let names: Vec<_> = store.list_sessions(user_id(1)).await?;
    let names: Vec<_> = names.iter().map(|session| session.name.as_str()).collect();
    assert_eq!(names, ["Phone 3", "Phone 2", "Old phone"]);
    Ok(())
}

/// A second revocation finds nothing and does not move the time of the first.
pub async fn only_the_owner_revokes_a_live_session(store: &Arc<impl Store>) -> Result<()> {
    three_sessions(store.as_ref()).await?;
    assert!(!store.revoke_session(user_id(2), session_id(1), at(50)).await?);
    assert_eq!(status(store.as_ref(), 1).await?, Some(SessionStatus::Live));
    assert!(store.revoke_session(user_id(1), session_id(1), at(51)).await?);
    assert!(!store.revoke_session(user_id(1), session_id(1), at(52)).await?);
    assert!(!store.revoke_session(user_id(1), session_id(8), at(53)).await?);
    assert_eq!(status(store.as_ref(), 1).await?, Some(SessionStatus::Revoked(at(51))));
    assert_eq!(status(store.as_ref(), 2).await?, Some(SessionStatus::Live));
    Ok(())
}

/// With and without one to keep.
pub async fn revoking_all_spares_one_and_other_users(store: &Arc<impl Store>) -> Result<()> {
    three_sessions(store.as_ref()).await?;
    register(store.as_ref(), "bob@example.org", new_session(9), at(9)).await?;
    let mut revoked = store.revoke_sessions(user_id(1), Some(session_id(2)), at(50)).await?;
    revoked.sort_unstable();
    assert_eq!(revoked, [session_id(1), session_id(3)]);
    assert_eq!(store.revoke_sessions(user_id(1), None, at(51)).await?, [session_id(2)]);
    assert_eq!(store.revoke_sessions(user_id(1), None, at(52)).await?, []);
    assert_eq!(status(store.as_ref(), 1).await?, Some(SessionStatus::Revoked(at(50))));
    assert_eq!(status(store.as_ref(), 2).await?, Some(SessionStatus::Revoked(at(51))));
    assert_eq!(status(store.as_ref(), 9).await?, Some(SessionStatus::Live));
    Ok(())
}

/// Also not before the registration; unknown ids do no harm to the others.
pub async fn last_seen_never_moves_backwards(store: &Arc<impl Store>) -> Result<()> {
    three_sessions(store.as_ref()).await?;
    let touch = |seconds: u64| {
        store.touch_sessions(vec![(session_id(8), at(seconds)), (session_id(1), at(seconds))])
    };
    for (seconds, expected) in [(0, 1), (100, 100), (40, 100), (101, 101)] {
        touch(seconds).await?;
        let session = store.find_session(session_id(1)).await?;
        assert_eq!(session.map(|session| session.last_seen), Some(at(expected)));
    }
    assert_eq!(store.find_session(session_id(8)).await?, None);
    let seen: Vec<_> = store.list_sessions(user_id(1)).await?;
    let seen: Vec<_> = seen.iter().map(|session| session.last_seen).collect();
    assert_eq!(seen, [at(3), at(2), at(101)]);
    Ok(())
}

/// Of many callers, one is told that it did it.
pub async fn parallel_revocations_revoke_once(store: &Arc<impl Store>) -> Result<()> {
    three_sessions(store.as_ref()).await?;
    let calls = shared(store, 64).map(|(n, store)| async move {
        store.revoke_session(user_id(1), session_id(1), at(50 + u64::from(n))).await
    });
    let done = in_parallel(calls).await?;
    assert_eq!(done.into_iter().filter(|&done| done).count(), 1);
    Ok(())
}

/// Sessions 1, 2, 3 of user 1, registered at these seconds.
async fn three_sessions(store: &impl Store) -> Result<()> {
    for n in 1..=3 {
        register(store, "ana@example.org", new_session(n), at(u64::from(n))).await?;
    }
    Ok(())
}

async fn status(store: &impl Store, n: u32) -> Result<Option<SessionStatus>> {
    Ok(store.find_session(session_id(n)).await?.map(|session| session.status))
}
