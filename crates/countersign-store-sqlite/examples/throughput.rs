//! Registrations and records per second, one at a time and with many waiting: what group commit is worth on this disk.
//!
//! `cargo run --release -p countersign-store-sqlite --example throughput [directory]`
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and tells")]

use countersign::{Fingerprint, LoginId, RecordDigest, RecordId, SessionId, Timestamp, UserId};
use countersign_store::{
    Attempt, AttemptedCode, Channel, CodeMac, LoginLimits, NewCode, NewLogin, NewMessage,
    NewRecord, NewSession, Result, Store, StoreError,
};
use countersign_store_sqlite::SqliteStore;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const LIMITS: LoginLimits = LoginLimits {
    code_life: Duration::from_secs(600),
    attempts: 5,
    resend_after: Duration::from_secs(60),
    per_hour: 3,
    per_day: 10,
};
const KEY: Fingerprint = Fingerprint::from_bytes([7; 32]);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const WORKERS: [u32; 4] = [1, 16, 64, 256];

fn main() -> core::result::Result<(), Box<dyn Error>> {
    let parent = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let dir = tempfile::tempdir_in(parent)?;
    let store = Arc::new(SqliteStore::open(&dir.path().join("store.db"))?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let next = Arc::new(AtomicU32::new(0));
    println!(
        "{:>8} {:>16} {:>12} {:>14}",
        "waiting", "registrations/s", "records/s", "find_session/s"
    );
    for workers in WORKERS {
        let total = if workers == 1 { 500 } else { 10_000 };
        let each = total / workers;
        let registrations = per_second(&runtime, workers, each, &store, &next, register);
        let records = per_second(&runtime, workers, each, &store, &next, append);
        let reads = per_second(&runtime, workers, each, &store, &next, find);
        println!("{workers:>8} {:>16.0} {:>12.0} {:>14.0}", registrations?, records?, reads?);
    }
    Ok(())
}

fn per_second<F>(
    runtime: &tokio::runtime::Runtime,
    workers: u32,
    each: u32,
    store: &Arc<SqliteStore>,
    next: &Arc<AtomicU32>,
    work: impl Fn(Arc<SqliteStore>, u32) -> F + Clone + Send + Sync + 'static,
) -> core::result::Result<f64, Box<dyn Error>>
where
    F: Future<Output = Result<()>> + Send,
{
    let start = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                let (store, next, work) = (Arc::clone(store), Arc::clone(next), work.clone());
                tokio::spawn(async move {
                    for _ in 0..each {
                        work(Arc::clone(&store), next.fetch_add(1, Ordering::Relaxed)).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok::<_, Box<dyn Error>>(())
    })?;
    Ok(f64::from(workers * each) / start.elapsed().as_secs_f64())
}

/// The three calls of a sign-up: open, code, claim.
async fn register(store: Arc<SqliteStore>, n: u32) -> Result<()> {
    let id = LoginId::from_bytes(scattered(n));
    let address = format!("{n}@example.org");
    let mac = CodeMac([1; 32]);
    let message = NewMessage {
        channel: Channel::Email,
        user: None,
        to: address.clone(),
        subject: "Your code".into(),
        body: "Your code is 7K3M9QXA. Never tell it to anybody.".into(),
        expires: NOW.plus(LIMITS.code_life),
    };
    let channel = Channel::Email;
    let login =
        NewLogin { id, address, channel, fingerprint: KEY, pow: None, limits: LIMITS, now: NOW };
    store.open_login(login).await?;
    store.issue_code(id, NewCode { mac, message }, LIMITS, NOW).await?;
    let session = NewSession {
        id: session_id(n),
        user_if_new: UserId::from_bytes(scattered(n)),
        scopes_if_new: vec!["user".into()],
        public_key: [7; 32],
        fingerprint: KEY,
        name: "Ana's phone".into(),
        platform: "android".into(),
        max_per_user: 20,
    };
    match store.claim_login_attempt(id, AttemptedCode { mac }, session, NOW).await? {
        Attempt::Registered(_) => Ok(()),
        refused @ Attempt::Refused { .. } => Err(StoreError::Damaged(format!("{refused:?}"))),
    }
}

async fn append(store: Arc<SqliteStore>, n: u32) -> Result<()> {
    let record = NewRecord {
        id: RecordId::from_bytes(scattered(n)),
        user: UserId::from_bytes(scattered(n % 500)),
        session: session_id(n),
        signer: KEY,
        record_type: "match.result".into(),
        digest: RecordDigest::from_bytes([1; 32]),
        frame: vec![5; 400],
        received: NOW,
    };
    store.append_record(record).await.map(drop)
}

async fn find(store: Arc<SqliteStore>, n: u32) -> Result<()> {
    store.find_session(session_id(n % 500)).await.map(drop)
}

/// Rising, as the server mints them.
fn session_id(n: u32) -> SessionId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    SessionId::from_bytes(bytes)
}

/// Spread over the whole range, like random ids.
fn scattered(n: u32) -> [u8; 16] {
    (u128::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}
