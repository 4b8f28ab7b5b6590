//! Accounts in memory.

use super::State;
use crate::account::{AccountExport, Erasure, User, normal_scopes};
use crate::audit::AuditEvent;
use countersign::{SessionId, Timestamp, UserId};
use std::collections::BTreeSet;

impl State {
    pub(super) fn find_user_by_address(&self, address: &str) -> Option<User> {
        let id = self.addresses.get(address)?;
        self.users.get(id).cloned()
    }

    pub(super) fn users_after(&self, after: &str, limit: u32) -> Vec<User> {
        let later = self.users.values().filter(|user| user.address.as_str() > after);
        let mut users: Vec<_> = later.cloned().collect();
        users.sort_by(|a, b| a.address.cmp(&b.address));
        users.truncate(limit as usize);
        users
    }

    pub(super) fn set_scopes(&mut self, id: UserId, scopes: Vec<String>) -> bool {
        let user = self.users.get_mut(&id);
        user.map(|user| user.scopes = normal_scopes(scopes)).is_some()
    }

    pub(super) fn export_account(&self, id: UserId) -> Option<AccountExport> {
        let user = self.users.get(&id)?.clone();
        let records = self.records.iter().filter(|record| record.user == Some(id));
        Some(AccountExport {
            user,
            sessions: self.list_sessions(id),
            records: records.cloned().collect(),
            audit: self.audit_entries().filter(|entry| entry.event.user == Some(id)).collect(),
        })
    }

    pub(super) fn erase_account(&mut self, id: UserId, at: Timestamp) -> Option<Vec<SessionId>> {
        let user = self.users.remove(&id)?;
        self.erase_player(id, at);
        self.erase_judge(id, &user.address);
        let died = self.live_sessions(id);
        let sessions: BTreeSet<_> = self.session_ids(id).collect();
        self.addresses.remove(&user.address);
        self.logins.retain(|_, login| login.address != user.address);
        self.code_issues.remove(&user.address);
        self.outbox.retain(|_, waiting| !waiting.concerns(id, &user.address));
        self.idempotent.retain(|identity, _| identity.user != id);
        self.sessions.retain(|id, _| !sessions.contains(id));
        self.signers.retain(|id| !sessions.contains(id));
        self.owners.retain(|&(owner, _)| owner != id);
        for record in self.records.iter_mut().filter(|record| record.user == Some(id)) {
            record.user = None;
        }
        let names = |event: &&mut AuditEvent| {
            event.user == Some(id) || event.session.is_some_and(|id| sessions.contains(&id))
        };
        for event in self.audit.iter_mut().filter(names) {
            (event.user, event.session) = (None, None);
        }
        self.erasures.entry(id).or_insert(at);
        Some(died)
    }

    pub(super) fn replay_erasures(&mut self, ledger: Vec<Erasure>) -> u64 {
        let mut came_back = 0;
        for line in ledger {
            came_back += u64::from(self.erase_account(line.user, line.at).is_some());
            self.erasures.entry(line.user).or_insert(line.at);
        }
        came_back
    }
}
