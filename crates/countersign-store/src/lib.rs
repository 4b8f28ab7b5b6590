//! What Countersign keeps, and the contract of every place that keeps it.
//!
//! [`Store`] is the only door to storage. Every method is one atomic unit of work with an intention name; no
//! transaction object leaves a backend. When a method returns `Ok`, its effect survives `kill -9` and power
//! loss. The module `conformance` (feature of the same name) is the definition of correct: each backend runs it
//! against the real engine.

pub mod account;
pub mod audit;
pub mod clock;
pub mod event;
pub mod idempotency;
pub mod league;
pub mod login;
pub mod outbox;
pub mod record;
pub mod session;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod memory;

use core::future::Future;
use countersign::{LoginId, RecordId, SessionId, Timestamp, UserId};
use std::time::Duration;

pub use account::{AccountExport, Erasure, User};
pub use audit::{AuditEntry, AuditEvent};
pub use clock::ClockVerdict;
pub use event::EventStore;
pub use idempotency::{ClaimId, IdempotencyKey, Idempotent, StoredAnswer};
pub use league::LeagueStore;
pub use login::{
    Attempt, AttemptedCode, Channel, CodeIssue, CodeMac, LoginLimits, LoginState, NewCode, NewLogin,
};
pub use memory::MemoryStore;
pub use outbox::{Message, NewMessage, OutboxId};
pub use record::{NewRecord, RecordOutcome, StoredRecord};
pub use session::{NewSession, Registered, SessionStatus, StoredSession};

/// Why a store could not do its work. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed: disk full, file gone, connection lost.
    #[error("the store failed: {0}")]
    Engine(String),
    /// Something that is stored cannot be read as what it should be.
    #[error("the store holds damaged data: {0}")]
    Damaged(String),
    /// The store was shut down while the work was waiting.
    #[error("the store is shutting down")]
    Closed,
}

/// Result of every [`Store`] method.
pub type Result<T, E = StoreError> = core::result::Result<T, E>;

/// Where accounts, sessions, logins, records and messages are kept.
///
/// Implementations are cheap to clone behind an `Arc` and are called from many tasks at once.
pub trait Store: Send + Sync + 'static {
    // ---- sessions

    /// The session with this id, live or revoked, with its owner's scopes.
    ///
    /// Wrong `None`: the device is told `unauthenticated`. Wrong `Some`, or a stale status: a revoked device gets in.
    fn find_session(
        &self,
        id: SessionId,
    ) -> impl Future<Output = Result<Option<StoredSession>>> + Send;

    /// All sessions of a user that were not yet purged, live and revoked, newest first.
    fn list_sessions(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Vec<StoredSession>>> + Send;

    /// Gives a live session of this user another name. `false`: no such session of this user.
    fn rename_session(
        &self,
        user: UserId,
        id: SessionId,
        name: String,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Revokes one live session of this user. `false`: none of this user's live sessions has this id.
    ///
    /// Returning before it is durable would let a stolen device come back after a crash.
    fn revoke_session(
        &self,
        user: UserId,
        id: SessionId,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Revokes all live sessions of this user, except `keep` if given, and returns their ids.
    fn revoke_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionId>>> + Send;

    /// Notes when sessions were last seen; never moves a time backwards; unknown ids are skipped.
    fn touch_sessions(
        &self,
        seen: Vec<(SessionId, Timestamp)>,
    ) -> impl Future<Output = Result<()>> + Send;

    // ---- login

    /// Opens a login for an address and a key. Says nothing about whether the address has an account.
    ///
    /// Must behave the same for known and unknown addresses. Logins that ended, and code issues that no limit counts any
    /// more, may be purged here.
    fn open_login(&self, login: NewLogin) -> impl Future<Output = Result<LoginState>> + Send;

    /// The state of a login, or `None` if it never existed, ended, or expired at `now`.
    ///
    /// A login ends when it has registered a session, and when the last attempt for its current code was spent.
    fn find_login(
        &self,
        id: LoginId,
        limits: LoginLimits,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<LoginState>>> + Send;

    /// Issues a new code if the limits allow it, kills the old one, resets its attempts and enqueues the message that
    /// carries it, all in one unit: no code without its message, no message without its code.
    ///
    /// The per-address limits count issues over *all* logins of the same address. Attempts and life of the code are fixed
    /// here: later calls with other limits do not change them.
    fn issue_code(
        &self,
        id: LoginId,
        code: NewCode,
        limits: LoginLimits,
        now: Timestamp,
    ) -> impl Future<Output = Result<CodeIssue>> + Send;

    /// Spends one attempt and compares, in one atomic step; on a match the login ends and the session is registered
    /// (the user is created if the address is new) in the same unit.
    ///
    /// Counting after comparing would let parallel guesses share an attempt: a thousand guesses for the price of one.
    /// The MAC comparison is in constant time. The key fingerprint must be the one of [`Store::open_login`].
    fn claim_login_attempt(
        &self,
        id: LoginId,
        code: AttemptedCode,
        session: NewSession,
        now: Timestamp,
    ) -> impl Future<Output = Result<Attempt>> + Send;

    // ---- accounts

    /// The user, or `None` if it never existed or was erased.
    fn find_user(&self, id: UserId) -> impl Future<Output = Result<Option<User>>> + Send;

    /// The user that owns this normalised address.
    fn find_user_by_address(
        &self,
        address: String,
    ) -> impl Future<Output = Result<Option<User>>> + Send;

    /// Users whose address comes after `after`, ordered by the bytes of their addresses, at most `limit`. An empty `after`
    /// comes before all.
    fn users_after(
        &self,
        after: String,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<User>>> + Send;

    /// Replaces the scopes of a user, sorted and without duplicates; `false` if there is no such user. Sessions see it at
    /// once.
    fn set_scopes(
        &self,
        id: UserId,
        scopes: Vec<String>,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Everything that is stored about a user.
    fn export_account(
        &self,
        id: UserId,
    ) -> impl Future<Output = Result<Option<AccountExport>>> + Send;

    /// Erases a user: sessions, logins, code issues, waiting messages, idempotent answers, address and audit links go;
    /// records stay with the user reference removed; a line in the erasure ledger stays. Returns the ids of the sessions
    /// that were live, `None` if there is no such user.
    ///
    /// What arrives late for an erased user is kept without naming the user: records and audit entries.
    fn erase_account(
        &self,
        id: UserId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Vec<SessionId>>>> + Send;

    /// The erasure ledger, oldest first. It is kept apart from backups, to be replayed after a restore.
    fn erasures(&self) -> impl Future<Output = Result<Vec<Erasure>>> + Send;

    /// Erases again whoever the ledger names and a restore brought back; merges the ledger. Returns how many came back.
    fn replay_erasures(&self, ledger: Vec<Erasure>) -> impl Future<Output = Result<u64>> + Send;

    // ---- records

    /// Appends a record. Unique by record id: the same digest again returns the first receipt, another digest is refused.
    fn append_record(
        &self,
        record: NewRecord,
    ) -> impl Future<Output = Result<RecordOutcome>> + Send;

    /// The record with this id, if this user appended it.
    fn find_record(
        &self,
        user: UserId,
        id: RecordId,
    ) -> impl Future<Output = Result<Option<StoredRecord>>> + Send;

    /// Records with a sequence number above `after`, oldest first, at most `limit`.
    fn records_after(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredRecord>>> + Send;

    // ---- idempotency of effects behind the gateway

    /// Claims an idempotency key. A mismatch of the fingerprint is reported before "in progress".
    fn begin_idempotent(
        &self,
        key: IdempotencyKey,
        claim: ClaimId,
        now: Timestamp,
        lease: Duration,
    ) -> impl Future<Output = Result<Idempotent>> + Send;

    /// Stores the answer of a claimed key; it is returned to every later call with the same key and fingerprint. The first
    /// answer stays; a key that is not claimed, or with another fingerprint, is left as it is.
    fn finish_idempotent(
        &self,
        key: IdempotencyKey,
        answer: StoredAnswer,
        now: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Gives a claimed key back: the effect of this claim certainly did not happen. A finished key stays finished.
    ///
    /// A key that another call has claimed since, after this one's lease ended, stays claimed: releasing it would let a third
    /// call do what the second is doing.
    fn abandon_idempotent(
        &self,
        key: IdempotencyKey,
        claim: ClaimId,
    ) -> impl Future<Output = Result<()>> + Send;

    // ---- retention

    /// Deletes sessions that were revoked before `revoked_before`, at most `limit`, longest revoked first. Returns how
    /// many.
    ///
    /// A session that signed records stays: its key is what verifies them. Too early, and a revoked device is told
    /// `unauthenticated`, which is less than it could know; it never gets in.
    fn purge_sessions(
        &self,
        revoked_before: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<u32>> + Send;

    /// Deletes idempotency keys that were finished before `ended_before`, and claims whose leases ended before it; at most
    /// `limit`, oldest first. Returns how many.
    ///
    /// Too early, and a client that tries again has its effect twice.
    fn purge_idempotent(
        &self,
        ended_before: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<u32>> + Send;

    // ---- messages to be sent

    /// Enqueues a message (new-device notice and the like).
    fn enqueue_message(
        &self,
        message: NewMessage,
        now: Timestamp,
    ) -> impl Future<Output = Result<OutboxId>> + Send;

    /// Up to `limit` messages that are due, longest due first; each is leased for `lease`, so that no second sender takes
    /// it meanwhile. Messages that expired at `now` are not handed out; their content is deleted here.
    fn claim_messages(
        &self,
        limit: u32,
        now: Timestamp,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<Message>>> + Send;

    /// The message was handed over: its content is deleted. Numbers of messages are never used again; unknown ones are
    /// skipped here and in [`Store::message_failed`].
    fn message_sent(&self, id: OutboxId) -> impl Future<Output = Result<()>> + Send;

    /// Sending failed; try again at `retry_at`, or give up and delete the content if `None`.
    fn message_failed(
        &self,
        id: OutboxId,
        retry_at: Option<Timestamp>,
    ) -> impl Future<Output = Result<()>> + Send;

    // ---- clock, audit, health

    /// Raises the stored high-water time to `now`, unless `now` is more than `tolerance` behind it.
    ///
    /// Without it, a clock set back would reopen windows that had closed.
    fn advance_clock(
        &self,
        now: Timestamp,
        tolerance: Duration,
    ) -> impl Future<Output = Result<ClockVerdict>> + Send;

    /// Appends to the audit log. The entry's sequence number has no gaps.
    fn append_audit(&self, event: AuditEvent) -> impl Future<Output = Result<u64>> + Send;

    /// Audit entries with a sequence number above `after`, oldest first, at most `limit`.
    fn audit_after(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AuditEntry>>> + Send;

    /// Audit entries with a sequence number below `before`, newest first, at most `limit`.
    fn audit_before(
        &self,
        before: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AuditEntry>>> + Send;

    /// Whether the engine answers, for readiness.
    fn ping(&self) -> impl Future<Output = Result<()>> + Send;
}
