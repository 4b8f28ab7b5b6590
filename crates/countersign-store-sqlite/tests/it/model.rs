//! The same calls, drawn by chance, give the same answers from SQLite and from the memory store.

use crate::support::{block_on, id, open};
use countersign::{
    Fingerprint, LoginId, PayloadHash, RecordDigest, RecordId, SessionId, Timestamp, UserId,
};
use countersign_store::{
    AttemptedCode, AuditEvent, Channel, ClaimId, CodeMac, Erasure, IdempotencyKey, LoginLimits,
    MemoryStore, NewCode, NewLogin, NewMessage, NewRecord, NewSession, OutboxId, Result, Store,
    StoredAnswer,
};
use std::fmt::Debug;
use std::time::Duration;

const SEEDS: u64 = 12;
const CALLS: usize = 400;
const LIMITS: LoginLimits = LoginLimits {
    code_life: Duration::from_secs(600),
    attempts: 2,
    resend_after: Duration::from_secs(30),
    per_hour: 4,
    per_day: 9,
};

#[test]
fn sqlite_answers_like_the_memory_store() {
    block_on(async {
        for seed in 0..SEEDS {
            let dir = tempfile::tempdir().unwrap();
            let (sqlite, memory) = (open(&dir.path().join("store.db")), MemoryStore::default());
            let mut draw = Draw { state: seed, now: Timestamp::from_millis(1_800_000_000_000) };
            for call in 0..CALLS {
                let before = draw.clone();
                let (name, expected) = step(&memory, &mut before.clone()).await;
                let (_, found) = step(&sqlite, &mut draw).await;
                assert_eq!(found, expected, "seed {seed}, call {call}, {name}");
            }
        }
    });
}

/// One call drawn by chance: its name and its answer as text.
async fn step(store: &impl Store, draw: &mut Draw) -> (&'static str, String) {
    draw.pass_time();
    match draw.below(4) {
        0 => login_step(store, draw).await,
        1 => session_step(store, draw).await,
        2 => account_step(store, draw).await,
        _ => other_step(store, draw).await,
    }
}

async fn login_step(store: &impl Store, draw: &mut Draw) -> (&'static str, String) {
    let now = draw.now;
    let login = LoginId::from_bytes(id(draw.below(6)));
    match draw.below(7) {
        0 | 1 => {
            let new = NewLogin {
                id: login,
                address: draw.address(),
                channel: draw.channel(),
                fingerprint: draw.key(),
                pow: Some(vec![1]).filter(|_| draw.coin()),
                limits: LIMITS,
                now,
            };
            ("open_login", text(store.open_login(new).await))
        }
        2 => ("find_login", text(store.find_login(login, LIMITS, now).await)),
        3 | 4 => {
            let code = NewCode { mac: draw.code(), message: draw.message() };
            ("issue_code", text(store.issue_code(login, code, LIMITS, now).await))
        }
        _ => {
            let code = AttemptedCode { mac: draw.code() };
            let new = NewSession {
                id: draw.session(),
                user_if_new: draw.user(),
                scopes_if_new: draw.scopes(),
                public_key: [7; 32],
                fingerprint: draw.key(),
                name: "Phone".into(),
                platform: "cli".into(),
                max_per_user: draw.below(4),
            };
            let attempt = store.claim_login_attempt(login, code, new, now).await;
            ("claim_login_attempt", text(attempt))
        }
    }
}

async fn session_step(store: &impl Store, draw: &mut Draw) -> (&'static str, String) {
    let (user, session, now) = (draw.user(), draw.session(), draw.now);
    match draw.below(6) {
        0 => ("find_session", text(store.find_session(session).await)),
        1 => ("list_sessions", text(store.list_sessions(user).await)),
        2 => ("rename_session", text(store.rename_session(user, session, "New".into()).await)),
        3 => ("revoke_session", text(store.revoke_session(user, session, now).await)),
        4 if draw.below(4) == 0 => {
            let keep = Some(session).filter(|_| draw.coin());
            ("revoke_sessions", text(store.revoke_sessions(user, keep, now).await))
        }
        _ => {
            let early = now.minus(Duration::from_secs(u64::from(draw.below(500))));
            let seen = vec![(session, early), (draw.session(), now)];
            ("touch_sessions", text(store.touch_sessions(seen).await))
        }
    }
}

async fn account_step(store: &impl Store, draw: &mut Draw) -> (&'static str, String) {
    let user = draw.user();
    match draw.below(10) {
        9 => ("users_after", text(store.users_after(draw.address(), draw.below(4)).await)),
        0 => ("find_user", text(store.find_user(user).await)),
        1 => ("find_user_by_address", text(store.find_user_by_address(draw.address()).await)),
        2 => ("set_scopes", text(store.set_scopes(user, draw.scopes()).await)),
        3 | 4 => ("export_account", text(store.export_account(user).await)),
        5 if draw.coin() => ("erase_account", text(store.erase_account(user, draw.now).await)),
        6 if draw.below(4) == 0 => {
            let ledger = vec![Erasure { user, at: draw.now }];
            ("replay_erasures", text(store.replay_erasures(ledger).await))
        }
        7 => {
            let event = AuditEvent {
                at: draw.now,
                action: "session.rename".into(),
                user: Some(user).filter(|_| draw.coin()),
                session: Some(draw.session()).filter(|_| draw.coin()),
                detail: "{}".into(),
            };
            ("append_audit", text(store.append_audit(event).await))
        }
        8 => ("audit_before", text(store.audit_before(u64::from(draw.below(9)), 3).await)),
        _ => ("audit_after", text(store.audit_after(u64::from(draw.below(9)), 1_000).await)),
    }
}

async fn other_step(store: &impl Store, draw: &mut Draw) -> (&'static str, String) {
    let (user, now) = (draw.user(), draw.now);
    let span = Duration::from_secs(u64::from(draw.below(100)));
    let record = RecordId::from_bytes(id(draw.below(20)));
    let key = IdempotencyKey {
        user,
        message_type: "order".into(),
        key: draw.below(3).to_string(),
        fingerprint: PayloadHash::from_bytes([u8::from(draw.below(5) == 0); 32]),
    };
    let message = OutboxId(u64::from(draw.below(40)));
    let (claim, limit) = (ClaimId([u8::from(draw.coin()); 16]), draw.below(5));
    match draw.below(14) {
        0 => {
            let new = NewRecord {
                id: record,
                user,
                session: draw.session(),
                signer: draw.key(),
                record_type: "result".into(),
                digest: RecordDigest::from_bytes([u8::from(draw.below(5) == 0); 32]),
                frame: vec![1; draw.below(3_000) as usize],
                received: now,
            };
            ("append_record", text(store.append_record(new).await))
        }
        1 => ("find_record", text(store.find_record(user, record).await)),
        2 => ("records_after", text(store.records_after(u64::from(draw.below(9)), 99).await)),
        3 => ("begin_idempotent", text(store.begin_idempotent(key, claim, now, span).await)),
        4 => {
            let answer = StoredAnswer { code: 7, payload: vec![7; 7] };
            ("finish_idempotent", text(store.finish_idempotent(key, answer, now).await))
        }
        5 => ("abandon_idempotent", text(store.abandon_idempotent(key, claim).await)),
        6 => ("enqueue_message", text(store.enqueue_message(draw.message(), now).await)),
        7 | 8 => ("claim_messages", text(store.claim_messages(draw.below(4), now, span).await)),
        9 => ("message_sent", text(store.message_sent(message).await)),
        10 => {
            let retry_at = Some(now.plus(span)).filter(|_| draw.coin());
            ("message_failed", text(store.message_failed(message, retry_at).await))
        }
        11 => ("purge_sessions", text(store.purge_sessions(now.minus(span * 9), limit).await)),
        12 => ("purge_idempotent", text(store.purge_idempotent(now.minus(span), limit).await)),
        _ => ("advance_clock", text(store.advance_clock(now.minus(span * 3), span).await)),
    }
}

/// Errors are told in each store's own words.
fn text<T: Debug>(result: Result<T>) -> String {
    result.map_or("an error".into(), |value| format!("{value:?}"))
}

/// Few different values, so that calls meet.
#[derive(Clone)]
struct Draw {
    state: u64,
    now: Timestamp,
}

impl Draw {
    fn below(&mut self, end: u32) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(end)).unwrap()
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Mostly seconds, sometimes hours.
    fn pass_time(&mut self) {
        let seconds = if self.below(40) == 0 { self.below(40_000) } else { self.below(20) };
        self.now = self.now.plus(Duration::from_secs(u64::from(seconds)));
    }

    fn address(&mut self) -> String {
        format!("{}@example.org", self.below(3))
    }

    fn channel(&mut self) -> Channel {
        if self.coin() { Channel::Email } else { Channel::Sms }
    }

    fn key(&mut self) -> Fingerprint {
        Fingerprint::from_bytes([u8::from(self.below(8) == 0); 32])
    }

    fn code(&mut self) -> CodeMac {
        CodeMac([u8::from(self.below(4) == 0); 32])
    }

    fn user(&mut self) -> UserId {
        UserId::from_bytes(id(self.below(8)))
    }

    fn session(&mut self) -> SessionId {
        SessionId::from_bytes(id(self.below(30)))
    }

    fn scopes(&mut self) -> Vec<String> {
        (0..self.below(3)).map(|_| self.below(3).to_string()).collect()
    }

    fn message(&mut self) -> NewMessage {
        NewMessage {
            channel: self.channel(),
            user: Some(self.user()).filter(|_| self.coin()),
            to: self.address(),
            subject: "Hello".into(),
            body: self.below(1_000).to_string(),
            expires: self.now.plus(Duration::from_secs(u64::from(self.below(400)))),
        }
    }
}
