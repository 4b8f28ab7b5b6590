//! Sessions near at hand: decompressed keys of whoever was active lately.

use crate::clock;
use countersign::verify::{DeviceSession, SessionState};
use countersign::{SessionId, Timestamp, UserId, VerifyingKey};
use countersign_store::{SessionStatus, Store, StoreError, StoredSession};
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A session as requests see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSession {
    /// What the verifier needs.
    pub device: DeviceSession,
    /// Its owner.
    pub user: UserId,
    /// The owner's scopes, sorted.
    pub scopes: Vec<String>,
}

/// A bounded cache of sessions. A session revoked here is gone at once; one revoked by another process, within the entry's life.
#[derive(Debug)]
pub struct Sessions {
    cache: Cache<SessionId, (Arc<KnownSession>, Instant)>,
    life: Duration,
    /// Counts revocations, so that a session read before one is not put in after it.
    revocations: AtomicU64,
    last_seen: Mutex<HashMap<SessionId, Timestamp>>,
}

impl Sessions {
    /// A cache of `capacity` sessions that trusts an entry for `life`.
    pub fn new(capacity: usize, life: Duration) -> Self {
        let last_seen = Mutex::default();
        Self { cache: Cache::new(capacity), life, revocations: AtomicU64::new(0), last_seen }
    }

    /// The session, from the cache or the store. `None` if there is no such session.
    pub async fn find(
        &self,
        store: &impl Store,
        id: SessionId,
    ) -> Result<Option<Arc<KnownSession>>, StoreError> {
        let now = clock::instant();
        if let Some((session, loaded)) = self.cache.get(&id)
            && now.duration_since(loaded) < self.life
        {
            return Ok(Some(session));
        }
        let before = self.revocations.load(Ordering::Acquire);
        let Some(stored) = store.find_session(id).await? else { return Ok(None) };
        let session = Arc::new(known(stored)?);
        if self.revocations.load(Ordering::Acquire) == before {
            self.cache.insert(id, (Arc::clone(&session), now));
        }
        Ok(Some(session))
    }

    /// Drops sessions whose status or scopes changed. Call it after the store has done it, before answering.
    pub fn forget(&self, ids: &[SessionId]) {
        self.revocations.fetch_add(1, Ordering::AcqRel);
        for id in ids {
            self.cache.remove(id);
        }
    }

    /// Notes that a session made an accepted request.
    pub fn touch(&self, id: SessionId, now: Timestamp) {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
    }

    /// What was noted since the last call, to be written to the store.
    pub fn take_touched(&self) -> Vec<(SessionId, Timestamp)> {
        let mut seen = self.last_seen.lock().unwrap_or_else(PoisonError::into_inner);
        core::mem::take(&mut *seen).into_iter().collect()
    }
}

fn known(stored: StoredSession) -> Result<KnownSession, StoreError> {
    let damaged = |error| StoreError::Damaged(format!("key of session {}: {error}", stored.id));
    let key = VerifyingKey::from_bytes(&stored.public_key).map_err(damaged)?;
    let state = match stored.status {
        SessionStatus::Live => SessionState::Live,
        SessionStatus::Revoked(_) => SessionState::Revoked,
    };
    let device = DeviceSession { id: stored.id, key, state };
    Ok(KnownSession { device, user: stored.user, scopes: stored.scopes })
}
