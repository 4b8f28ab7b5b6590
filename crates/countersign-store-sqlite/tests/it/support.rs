//! What several tests need.

use countersign::{Fingerprint, LoginId, RecordDigest, RecordId, SessionId, Timestamp, UserId};
use countersign_store::{
    Attempt, AttemptedCode, Channel, CodeMac, LoginLimits, NewCode, NewLogin, NewMessage,
    NewRecord, NewSession, Result, Store, StoredSession,
};
use countersign_store_sqlite::SqliteStore;
use std::path::Path;
use std::time::Duration;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const LIMITS: LoginLimits = LoginLimits {
    code_life: Duration::from_secs(600),
    attempts: 5,
    resend_after: Duration::from_secs(60),
    per_hour: 3,
    per_day: 10,
};
const KEY: Fingerprint = Fingerprint::from_bytes([3; 32]);

pub(crate) fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    runtime.unwrap().block_on(work)
}

pub(crate) fn id(n: u32) -> [u8; 16] {
    let mut bytes = [0x5a; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub(crate) fn user(n: u32) -> UserId {
    UserId::from_bytes(id(n))
}

pub(crate) fn session(n: u32) -> SessionId {
    SessionId::from_bytes(id(n))
}

pub(crate) fn message(body: &str) -> NewMessage {
    NewMessage {
        channel: Channel::Email,
        user: None,
        to: "ana@example.org".into(),
        subject: "Your code".into(),
        body: body.into(),
        expires: NOW.plus(LIMITS.code_life),
    }
}

pub(crate) fn record(n: u32) -> NewRecord {
    NewRecord {
        id: RecordId::from_bytes(id(n)),
        user: user(1),
        session: session(1),
        signer: KEY,
        record_type: "match.result".into(),
        digest: RecordDigest::from_bytes([1; 32]),
        frame: n.to_be_bytes().repeat(60),
        received: NOW,
    }
}

/// User `n` with session `n`, at the address `n@example.org`.
pub(crate) async fn sign_up(store: &SqliteStore, n: u32) -> Result<StoredSession> {
    let login = LoginId::from_bytes(id(n));
    let address = format!("{n}@example.org");
    let new = NewLogin {
        id: login,
        address: address.clone(),
        channel: Channel::Email,
        fingerprint: KEY,
        pow: None,
        limits: LIMITS,
        now: NOW,
    };
    store.open_login(new).await?;
    let mac = CodeMac([1; 32]);
    let message = NewMessage { to: address, ..message("Your code is 7K3M9QXA.") };
    store.issue_code(login, NewCode { mac, message }, LIMITS, NOW).await?;
    let new = NewSession {
        id: session(n),
        user_if_new: user(n),
        scopes_if_new: vec!["user".into()],
        public_key: [7; 32],
        fingerprint: KEY,
        name: "Phone".into(),
        platform: "android".into(),
        max_per_user: 20,
    };
    match store.claim_login_attempt(login, AttemptedCode { mac }, new, NOW).await? {
        Attempt::Registered(registered) => Ok(registered.session),
        Attempt::Refused { .. } => panic!("the right code was refused"),
    }
}
