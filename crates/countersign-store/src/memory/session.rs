//! Sessions in memory.

use super::State;
use crate::account::{User, normal_scopes};
use crate::session::{NewSession, Registered, SessionStatus, StoredSession};
use crate::{Result, StoreError};
use core::cmp::Reverse;
use countersign::{SessionId, Timestamp, UserId};

impl State {
    pub(super) fn find_session(&self, id: SessionId) -> Option<StoredSession> {
        self.sessions.get(&id).map(|session| self.with_scopes(session))
    }

    pub(super) fn list_sessions(&self, user: UserId) -> Vec<StoredSession> {
        let mut sessions: Vec<_> =
            self.sessions_of(user).map(|session| self.with_scopes(session)).collect();
        sessions.sort_by_key(|session| Reverse((session.created, session.id)));
        sessions
    }

    pub(super) fn rename_session(&mut self, user: UserId, id: SessionId, name: String) -> bool {
        let session = self.live_session(user, id);
        session.map(|session| session.name = name).is_some()
    }

    pub(super) fn revoke_session(&mut self, user: UserId, id: SessionId, now: Timestamp) -> bool {
        let session = self.live_session(user, id);
        session.map(|session| session.status = SessionStatus::Revoked(now)).is_some()
    }

    pub(super) fn revoke_sessions(
        &mut self,
        user: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Vec<SessionId> {
        let mut ids = self.live_sessions(user);
        ids.retain(|&id| Some(id) != keep);
        self.revoke_all(user, &ids, now);
        ids
    }

    pub(super) fn touch_sessions(&mut self, seen: Vec<(SessionId, Timestamp)>) {
        for (id, at) in seen {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.last_seen = session.last_seen.max(at);
            }
        }
    }

    pub(super) fn register(
        &mut self,
        new: NewSession,
        address: String,
        now: Timestamp,
    ) -> Result<Registered> {
        let known = self.addresses.get(&address).copied();
        if self.sessions.contains_key(&new.id) {
            return Err(StoreError::Engine("a session with this id exists".into()));
        }
        if known.is_none() && self.users.contains_key(&new.user_if_new) {
            return Err(StoreError::Engine("a user with this id exists".into()));
        }
        let user = known.unwrap_or(new.user_if_new);
        if known.is_none() {
            let scopes = normal_scopes(new.scopes_if_new);
            self.users
                .insert(user, User { id: user, address: address.clone(), created: now, scopes });
            self.addresses.insert(address.clone(), user);
        }
        let displaced = self.make_room(user, new.max_per_user, now);
        let session = StoredSession {
            id: new.id,
            user,
            public_key: new.public_key,
            name: new.name,
            platform: new.platform,
            created: now,
            last_seen: now,
            status: SessionStatus::Live,
            scopes: Vec::new(),
        };
        self.owners.insert((user, new.id));
        self.sessions.insert(new.id, session.clone());
        let session = self.with_scopes(&session);
        Ok(Registered { session, new_user: known.is_none(), displaced, address })
    }

    /// Live and revoked ones, in the order of their ids.
    pub(super) fn session_ids(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        let first = (user, SessionId::from_bytes([0; SessionId::LEN]));
        let last = (user, SessionId::from_bytes([0xff; SessionId::LEN]));
        self.owners.range(first..=last).map(|&(_, id)| id)
    }

    /// Longest unseen first.
    pub(super) fn live_sessions(&self, user: UserId) -> Vec<SessionId> {
        let mut live: Vec<_> = self
            .sessions_of(user)
            .filter(|session| session.status == SessionStatus::Live)
            .map(|session| (session.last_seen, session.created, session.id))
            .collect();
        live.sort_unstable();
        live.into_iter().map(|(_, _, id)| id).collect()
    }

    fn make_room(&mut self, user: UserId, max_per_user: u32, now: Timestamp) -> Vec<SessionId> {
        let mut ids = self.live_sessions(user);
        let others = (max_per_user as usize).saturating_sub(1);
        ids.truncate(ids.len().saturating_sub(others));
        self.revoke_all(user, &ids, now);
        ids
    }

    fn revoke_all(&mut self, user: UserId, ids: &[SessionId], now: Timestamp) {
        for &id in ids {
            self.revoke_session(user, id, now);
        }
    }

    fn sessions_of(&self, user: UserId) -> impl Iterator<Item = &StoredSession> {
        self.session_ids(user).filter_map(|id| self.sessions.get(&id))
    }

    fn live_session(&mut self, user: UserId, id: SessionId) -> Option<&mut StoredSession> {
        self.sessions
            .get_mut(&id)
            .filter(|session| session.user == user && session.status == SessionStatus::Live)
    }

    fn with_scopes(&self, session: &StoredSession) -> StoredSession {
        let scopes = self.users.get(&session.user).map(|user| user.scopes.clone());
        StoredSession { scopes: scopes.unwrap_or_default(), ..session.clone() }
    }
}
