//! [`Store`] for the memory store: each method is one call under the lock.

use super::MemoryStore;
use crate::{
    AccountExport, Attempt, AttemptedCode, AuditEntry, AuditEvent, ClaimId, ClockVerdict,
    CodeIssue, Erasure, IdempotencyKey, Idempotent, LoginLimits, LoginState, Message, NewCode,
    NewLogin, NewMessage, NewRecord, NewSession, OutboxId, RecordOutcome, Result, Store,
    StoredAnswer, StoredRecord, StoredSession, User,
};
use countersign::{LoginId, RecordId, SessionId, Timestamp, UserId};
use std::time::Duration;

impl Store for MemoryStore {
    async fn find_session(&self, id: SessionId) -> Result<Option<StoredSession>> {
        Ok(self.state()?.find_session(id))
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<StoredSession>> {
        Ok(self.state()?.list_sessions(user))
    }

    async fn rename_session(&self, user: UserId, id: SessionId, name: String) -> Result<bool> {
        Ok(self.state()?.rename_session(user, id, name))
    }

    async fn revoke_session(&self, user: UserId, id: SessionId, now: Timestamp) -> Result<bool> {
        Ok(self.state()?.revoke_session(user, id, now))
    }

    async fn revoke_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        Ok(self.state()?.revoke_sessions(user, keep, now))
    }

    async fn touch_sessions(&self, seen: Vec<(SessionId, Timestamp)>) -> Result<()> {
        self.state()?.touch_sessions(seen);
        Ok(())
    }

    async fn open_login(&self, login: NewLogin) -> Result<LoginState> {
        self.state()?.open_login(login)
    }

    async fn find_login(
        &self,
        id: LoginId,
        limits: LoginLimits,
        now: Timestamp,
    ) -> Result<Option<LoginState>> {
        Ok(self.state()?.find_login(id, limits, now))
    }

    async fn issue_code(
        &self,
        id: LoginId,
        code: NewCode,
        limits: LoginLimits,
        now: Timestamp,
    ) -> Result<CodeIssue> {
        Ok(self.state()?.issue_code(id, code, limits, now))
    }

    async fn claim_login_attempt(
        &self,
        id: LoginId,
        code: AttemptedCode,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Attempt> {
        self.state()?.claim_login_attempt(id, code, session, now)
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>> {
        Ok(self.state()?.users.get(&id).cloned())
    }

    async fn find_user_by_address(&self, address: String) -> Result<Option<User>> {
        Ok(self.state()?.find_user_by_address(&address))
    }

    async fn users_after(&self, after: String, limit: u32) -> Result<Vec<User>> {
        Ok(self.state()?.users_after(&after, limit))
    }

    async fn set_scopes(&self, id: UserId, scopes: Vec<String>) -> Result<bool> {
        Ok(self.state()?.set_scopes(id, scopes))
    }

    async fn export_account(&self, id: UserId) -> Result<Option<AccountExport>> {
        Ok(self.state()?.export_account(id))
    }

    async fn erase_account(&self, id: UserId, now: Timestamp) -> Result<Option<Vec<SessionId>>> {
        Ok(self.state()?.erase_account(id, now))
    }

    async fn erasures(&self) -> Result<Vec<Erasure>> {
        Ok(self.state()?.erasures())
    }

    async fn replay_erasures(&self, ledger: Vec<Erasure>) -> Result<u64> {
        Ok(self.state()?.replay_erasures(ledger))
    }

    async fn append_record(&self, record: NewRecord) -> Result<RecordOutcome> {
        Ok(self.state()?.append_record(record))
    }

    async fn find_record(&self, user: UserId, id: RecordId) -> Result<Option<StoredRecord>> {
        Ok(self.state()?.find_record(user, id))
    }

    async fn records_after(&self, after: u64, limit: u32) -> Result<Vec<StoredRecord>> {
        Ok(self.state()?.records_after(after, limit))
    }

    async fn begin_idempotent(
        &self,
        key: IdempotencyKey,
        claim: ClaimId,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Idempotent> {
        Ok(self.state()?.begin_idempotent(key, claim, now, lease))
    }

    async fn finish_idempotent(
        &self,
        key: IdempotencyKey,
        answer: StoredAnswer,
        now: Timestamp,
    ) -> Result<()> {
        self.state()?.finish_idempotent(key, answer, now);
        Ok(())
    }

    async fn abandon_idempotent(&self, key: IdempotencyKey, claim: ClaimId) -> Result<()> {
        self.state()?.abandon_idempotent(key, claim);
        Ok(())
    }

    async fn purge_sessions(&self, revoked_before: Timestamp, limit: u32) -> Result<u32> {
        Ok(self.state()?.purge_sessions(revoked_before, limit))
    }

    async fn purge_idempotent(&self, ended_before: Timestamp, limit: u32) -> Result<u32> {
        Ok(self.state()?.purge_idempotent(ended_before, limit))
    }

    async fn enqueue_message(&self, message: NewMessage, now: Timestamp) -> Result<OutboxId> {
        Ok(self.state()?.enqueue_message(message, now))
    }

    async fn claim_messages(
        &self,
        limit: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<Message>> {
        Ok(self.state()?.claim_messages(limit, now, lease))
    }

    async fn message_sent(&self, id: OutboxId) -> Result<()> {
        self.state()?.message_sent(id);
        Ok(())
    }

    async fn message_failed(&self, id: OutboxId, retry_at: Option<Timestamp>) -> Result<()> {
        self.state()?.message_failed(id, retry_at);
        Ok(())
    }

    async fn advance_clock(&self, now: Timestamp, tolerance: Duration) -> Result<ClockVerdict> {
        Ok(self.state()?.advance_clock(now, tolerance))
    }

    async fn append_audit(&self, event: AuditEvent) -> Result<u64> {
        Ok(self.state()?.append_audit(event))
    }

    async fn audit_after(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>> {
        Ok(self.state()?.audit_after(after, limit))
    }

    async fn audit_before(&self, before: u64, limit: u32) -> Result<Vec<AuditEntry>> {
        Ok(self.state()?.audit_before(before, limit))
    }

    async fn ping(&self) -> Result<()> {
        self.state().map(drop)
    }
}
