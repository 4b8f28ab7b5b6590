//! [`Store`] for SQLite: each method is one unit of work for the writing thread, or one query for a reading one.

use crate::{SqliteStore, account, audit, idempotency, login, outbox, record, retention, session};
use countersign::{LoginId, RecordId, SessionId, Timestamp, UserId};
use countersign_store::{
    AccountExport, Attempt, AttemptedCode, AuditEntry, AuditEvent, ClaimId, ClockVerdict,
    CodeIssue, Erasure, IdempotencyKey, Idempotent, LoginLimits, LoginState, Message, NewCode,
    NewLogin, NewMessage, NewRecord, NewSession, OutboxId, RecordOutcome, Result, Store,
    StoredAnswer, StoredRecord, StoredSession, User,
};
use std::time::Duration;

impl Store for SqliteStore {
    async fn find_session(&self, id: SessionId) -> Result<Option<StoredSession>> {
        self.readers.run(move |db| session::find(db, id)).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<StoredSession>> {
        self.readers.run(move |db| session::list(db, user)).await
    }

    async fn rename_session(&self, user: UserId, id: SessionId, name: String) -> Result<bool> {
        self.writer.run(move |db| session::rename(db, user, id, &name)).await
    }

    async fn revoke_session(&self, user: UserId, id: SessionId, now: Timestamp) -> Result<bool> {
        self.writer.run(move |db| session::revoke(db, user, id, now)).await
    }

    async fn revoke_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        self.writer.run(move |db| session::revoke_all(db, user, keep, now)).await
    }

    async fn touch_sessions(&self, seen: Vec<(SessionId, Timestamp)>) -> Result<()> {
        self.writer.run(move |db| session::touch(db, seen)).await
    }

    async fn open_login(&self, login: NewLogin) -> Result<LoginState> {
        self.writer.run(move |db| login::open(db, login)).await
    }

    async fn find_login(
        &self,
        id: LoginId,
        limits: LoginLimits,
        now: Timestamp,
    ) -> Result<Option<LoginState>> {
        self.readers.run(move |db| login::find(db, id, limits, now)).await
    }

    async fn issue_code(
        &self,
        id: LoginId,
        code: NewCode,
        limits: LoginLimits,
        now: Timestamp,
    ) -> Result<CodeIssue> {
        self.writer.run(move |db| login::issue_code(db, id, &code, limits, now)).await
    }

    async fn claim_login_attempt(
        &self,
        id: LoginId,
        code: AttemptedCode,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Attempt> {
        self.writer.run(move |db| login::claim_attempt(db, id, code, session, now)).await
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>> {
        self.readers.run(move |db| account::find(db, id)).await
    }

    async fn find_user_by_address(&self, address: String) -> Result<Option<User>> {
        self.readers.run(move |db| account::find_by_address(db, &address)).await
    }

    async fn users_after(&self, after: String, limit: u32) -> Result<Vec<User>> {
        self.readers.run(move |db| account::users_after(db, &after, limit)).await
    }

    async fn set_scopes(&self, id: UserId, scopes: Vec<String>) -> Result<bool> {
        self.writer.run(move |db| account::set_scopes(db, id, scopes)).await
    }

    async fn export_account(&self, id: UserId) -> Result<Option<AccountExport>> {
        self.readers.run(move |db| account::export(db, id)).await
    }

    async fn erase_account(&self, id: UserId, now: Timestamp) -> Result<Option<Vec<SessionId>>> {
        let ledger = self.ledger.clone();
        self.writer.run(move |db| account::erase(db, &ledger, Erasure { user: id, at: now })).await
    }

    async fn erasures(&self) -> Result<Vec<Erasure>> {
        self.readers.run(account::erasures).await
    }

    async fn replay_erasures(&self, lines: Vec<Erasure>) -> Result<u64> {
        let ledger = self.ledger.clone();
        self.writer.run(move |db| account::replay(db, Some(&ledger), lines)).await
    }

    async fn append_record(&self, record: NewRecord) -> Result<RecordOutcome> {
        self.writer.run(move |db| record::append(db, &record)).await
    }

    async fn find_record(&self, user: UserId, id: RecordId) -> Result<Option<StoredRecord>> {
        self.readers.run(move |db| record::find(db, user, id)).await
    }

    async fn records_after(&self, after: u64, limit: u32) -> Result<Vec<StoredRecord>> {
        self.readers.run(move |db| record::after(db, after, limit)).await
    }

    async fn begin_idempotent(
        &self,
        key: IdempotencyKey,
        claim: ClaimId,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Idempotent> {
        self.writer.run(move |db| idempotency::begin(db, &key, claim, now, lease)).await
    }

    async fn finish_idempotent(
        &self,
        key: IdempotencyKey,
        answer: StoredAnswer,
        now: Timestamp,
    ) -> Result<()> {
        self.writer.run(move |db| idempotency::finish(db, &key, &answer, now)).await
    }

    async fn abandon_idempotent(&self, key: IdempotencyKey, claim: ClaimId) -> Result<()> {
        self.writer.run(move |db| idempotency::abandon(db, &key, claim)).await
    }

    async fn purge_sessions(&self, revoked_before: Timestamp, limit: u32) -> Result<u32> {
        self.writer.run(move |db| retention::purge_sessions(db, revoked_before, limit)).await
    }

    async fn purge_idempotent(&self, ended_before: Timestamp, limit: u32) -> Result<u32> {
        self.writer.run(move |db| retention::purge_idempotent(db, ended_before, limit)).await
    }

    async fn enqueue_message(&self, message: NewMessage, now: Timestamp) -> Result<OutboxId> {
        self.writer.run(move |db| outbox::enqueue(db, &message, now)).await
    }

    async fn claim_messages(
        &self,
        limit: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<Message>> {
        self.writer.run(move |db| outbox::claim(db, limit, now, lease)).await
    }

    async fn message_sent(&self, id: OutboxId) -> Result<()> {
        self.writer.run(move |db| outbox::delete(db, id)).await
    }

    async fn message_failed(&self, id: OutboxId, retry_at: Option<Timestamp>) -> Result<()> {
        self.writer
            .run(move |db| match retry_at {
                Some(at) => outbox::retry(db, id, at),
                None => outbox::delete(db, id),
            })
            .await
    }

    async fn advance_clock(&self, now: Timestamp, tolerance: Duration) -> Result<ClockVerdict> {
        self.writer.run(move |db| audit::advance_clock(db, now, tolerance)).await
    }

    async fn append_audit(&self, event: AuditEvent) -> Result<u64> {
        self.writer.run(move |db| audit::append(db, &event)).await
    }

    async fn audit_after(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>> {
        self.readers.run(move |db| audit::after(db, after, limit)).await
    }

    async fn audit_before(&self, before: u64, limit: u32) -> Result<Vec<AuditEntry>> {
        self.readers.run(move |db| audit::before(db, before, limit)).await
    }

    async fn ping(&self) -> Result<()> {
        // Both kinds of threads must be alive, and the lock for writing must be free within the busy timeout.
        let answers = |db: &rusqlite::Connection| Ok(db.prepare_cached("SELECT 1")?.exists([])?);
        self.readers.run(answers).await?;
        self.writer.run(answers).await.map(drop)
    }
}
