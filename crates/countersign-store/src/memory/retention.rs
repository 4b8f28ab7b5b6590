//! What is kept no longer.

use super::State;
use super::idempotency::Identity;
use crate::SessionStatus;
use countersign::{SessionId, Timestamp};

impl State {
    pub(super) fn purge_sessions(&mut self, revoked_before: Timestamp, limit: u32) -> u32 {
        let revoked = |session: &crate::StoredSession| match session.status {
            SessionStatus::Revoked(at) => Some(at),
            SessionStatus::Live => None,
        };
        let mut old: Vec<(Timestamp, SessionId)> = self
            .sessions
            .values()
            .filter(|session| !self.signers.contains(&session.id))
            .filter_map(|session| Some((revoked(session)?, session.id)))
            .filter(|(at, _)| *at < revoked_before)
            .collect();
        old.sort_unstable();
        old.truncate(limit as usize);
        for (_, id) in &old {
            if let Some(session) = self.sessions.remove(id) {
                self.owners.remove(&(session.user, *id));
            }
            let alone =
                |event: &&mut crate::AuditEvent| event.session == Some(*id) && event.user.is_none();
            self.audit.iter_mut().filter(alone).for_each(|event| event.session = None);
        }
        u32::try_from(old.len()).unwrap_or(limit)
    }

    pub(super) fn purge_idempotent(&mut self, ended_before: Timestamp, limit: u32) -> u32 {
        let mut old: Vec<(Timestamp, Identity)> = self
            .idempotent
            .iter()
            .filter(|(_, entry)| entry.end() < ended_before)
            .map(|(identity, entry)| (entry.end(), identity.clone()))
            .collect();
        old.sort_unstable();
        old.truncate(limit as usize);
        for (_, identity) in &old {
            self.idempotent.remove(identity);
        }
        u32::try_from(old.len()).unwrap_or(limit)
    }
}
