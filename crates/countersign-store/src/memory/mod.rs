//! The memory store: for tests, demos and the simulator. It loses everything when the process ends.

mod account;
mod event;
mod idempotency;
mod league;
mod login;
mod outbox;
mod record;
mod retention;
mod session;
mod store;

use crate::account::{Erasure, User};
use crate::audit::{AuditEntry, AuditEvent};
use crate::clock::ClockVerdict;
use crate::record::StoredRecord;
use crate::session::StoredSession;
use crate::{OutboxId, Result, StoreError};
use countersign::{LoginId, RecordId, SessionId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Keeps everything in memory.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl core::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    fn state(&self) -> Result<MutexGuard<'_, State>> {
        // A panic inside may have left half a change behind: such a state is not used any more.
        self.state.lock().map_err(|_| {
            StoreError::Engine("an earlier panic left the memory store half changed".into())
        })
    }
}

/// Everything, with one method per unit of work. Each checks before it changes, so that an error changes nothing.
#[derive(Default)]
struct State {
    users: BTreeMap<UserId, User>,
    addresses: HashMap<String, UserId>,
    sessions: BTreeMap<SessionId, StoredSession>,
    owners: BTreeSet<(UserId, SessionId)>,
    /// Sessions that signed records.
    signers: BTreeSet<SessionId>,
    logins: HashMap<LoginId, login::Login>,
    code_issues: BTreeMap<String, Vec<Timestamp>>,
    records: Vec<StoredRecord>,
    record_ids: HashMap<RecordId, usize>,
    idempotent: HashMap<idempotency::Identity, idempotency::Entry>,
    outbox: BTreeMap<OutboxId, outbox::Waiting>,
    last_message: u64,
    erasures: BTreeMap<UserId, Timestamp>,
    audit: Vec<AuditEvent>,
    clock_mark: Timestamp,
    league: league::League,
    events: event::Events,
}

impl State {
    fn advance_clock(&mut self, now: Timestamp, tolerance: Duration) -> ClockVerdict {
        if now.plus(tolerance) < self.clock_mark {
            return ClockVerdict::Behind { mark: self.clock_mark };
        }
        self.clock_mark = self.clock_mark.max(now);
        ClockVerdict::Sound
    }

    fn append_audit(&mut self, mut event: AuditEvent) -> u64 {
        if event.user.is_some_and(|user| self.erasures.contains_key(&user)) {
            (event.user, event.session) = (None, None);
        }
        self.audit.push(event);
        self.audit.len() as u64
    }

    fn audit_entries(&self) -> impl Iterator<Item = AuditEntry> {
        (1..).zip(&self.audit).map(|(seq, event)| AuditEntry { seq, event: event.clone() })
    }

    fn audit_before(&self, before: u64, limit: u32) -> Vec<AuditEntry> {
        let kept = usize::try_from(before.saturating_sub(1)).unwrap_or(usize::MAX);
        let earlier = (1..).zip(&self.audit).take(kept);
        let entries = earlier.map(|(seq, event)| AuditEntry { seq, event: event.clone() });
        let mut entries: Vec<_> = entries.collect();
        entries.reverse();
        entries.truncate(limit as usize);
        entries
    }

    fn audit_after(&self, after: u64, limit: u32) -> Vec<AuditEntry> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        self.audit_entries().skip(skip).take(limit as usize).collect()
    }

    fn erasures(&self) -> Vec<Erasure> {
        let mut ledger: Vec<_> =
            self.erasures.iter().map(|(&user, &at)| Erasure { user, at }).collect();
        ledger.sort_by_key(|line| (line.at, line.user));
        ledger
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;

    crate::conformance_tests!(async { (MemoryStore::default(), ()) });
    crate::league_conformance_tests!(async { (MemoryStore::default(), ()) });
    crate::event_conformance_tests!(async { (MemoryStore::default(), ()) });
}
