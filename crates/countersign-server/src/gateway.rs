//! The one way in and the one way out: V0 to V6 before business, a bound signature after it.

use crate::limits::Networks;
use crate::pool::{Pool, Shed};
use crate::random;
use crate::reply::Reply;
use crate::seen::SharedSeen;
use crate::sessions::{KnownSession, Sessions};
use crate::signer::ServerKeys;
use crate::telemetry::Metrics;
use crate::trace;
use arc_swap::ArcSwap;
use bytes::Bytes;
use countersign::push::UnsignedPush;
use countersign::verify::{Received, Refused, Verified};
use countersign::{
    Answer, Bootstrap, Epoch, Epochs, Flags, FreshnessWindow, Malformed, Name, Payload,
    PayloadHash, PushHeader, Realm, RecordDigest, RecordId, ReplayError, ReplyTo, ResultCode,
    ServerKeyId, Signer, StreamId, Timestamp, UnsignedResponse,
};
use countersign_league::Artefact;
use countersign_league::evidence::{self, Stamp};
use countersign_store::Store;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Message types that may come without an epoch; none of them changes anything.
pub const BOOTSTRAP_TYPES: [&str; 3] = ["session.hello", "stream.open", "stream.poll"];

/// Signs what leaves the server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sealer {
    realm: Arc<Realm>,
    keys: Arc<ArcSwap<ServerKeys>>,
    epochs: Arc<ArcSwap<Epochs>>,
}

/// What verification needs, shared with the verifying threads.
#[derive(Debug)]
struct Rules {
    realm: Arc<Realm>,
    window: FreshnessWindow,
    seen: SharedSeen,
    epochs: Arc<ArcSwap<Epochs>>,
    clock: fn() -> Timestamp,
}

/// Verifies requests and seals answers.
#[derive(Debug)]
pub struct Gateway<S> {
    store: Arc<S>,
    sessions: Arc<Sessions>,
    networks: Networks,
    pool: Pool,
    rules: Arc<Rules>,
    sealer: Sealer,
    metrics: Arc<Metrics>,
}

/// Everything a gateway is made of.
#[derive(Debug)]
pub struct GatewayParts<S> {
    /// Where sessions are.
    pub store: Arc<S>,
    /// Their cache.
    pub sessions: Arc<Sessions>,
    /// Buckets of refused requests.
    pub networks: Networks,
    /// Threads that verify.
    pub pool: Pool,
    /// The freshness window.
    pub window: FreshnessWindow,
    /// The replay set; made with the same window.
    pub seen: SharedSeen,
    /// What signs.
    pub sealer: Sealer,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The server's clock.
    pub clock: fn() -> Timestamp,
}

/// A request that passed V0 to V6, with the session that made it.
#[derive(Debug)]
pub struct Admitted {
    /// The request.
    pub request: Verified,
    /// Its session.
    pub session: Arc<KnownSession>,
    /// What the answer has to be bound to.
    pub reply_to: ReplyTo,
}

/// Why a record of this server's own could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordUnsigned {
    /// No random bytes for its id.
    #[error(transparent)]
    Random(#[from] random::NoRandom),
    /// Its type has no name.
    #[error(transparent)]
    Type(#[from] Malformed),
}

/// Why a request does not reach business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No signature: it has no shape, or the refusal must stay cheap.
    Unsigned(crate::problem::Problem),
    /// Signed and bound.
    Signed(ReplyTo, Reply),
}

impl Sealer {
    /// What signs for a realm.
    pub fn new(
        realm: Arc<Realm>,
        keys: Arc<ArcSwap<ServerKeys>>,
        epochs: Arc<ArcSwap<Epochs>>,
    ) -> Self {
        Self { realm, keys, epochs }
    }

    /// The realm.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The keys in use.
    pub fn keys(&self) -> Arc<ServerKeys> {
        self.keys.load_full()
    }

    /// The epoch that answers carry.
    pub fn epoch(&self) -> Epoch {
        self.epochs.load().current()
    }

    /// Signs an answer for exactly one request.
    pub fn seal(&self, reply_to: &ReplyTo, reply: Reply, now: Timestamp) -> Bytes {
        let keys = self.keys.load();
        let (epoch, payload) = (self.epoch(), Payload::whole(reply.payload));
        let answer = Answer { timestamp: now, result: reply.result, epoch, payload };
        let signer = keys.signer.verifying_key().fingerprint();
        UnsignedResponse::new(&self.realm, signer, reply_to, answer).sign(&keys.signer).into()
    }

    /// Signs a record of this server's own: it lasts, and anybody can carry it.
    pub fn record<T: Artefact>(
        &self,
        value: &T,
        previous: RecordDigest,
        now: Timestamp,
    ) -> Result<Vec<u8>, RecordUnsigned> {
        let stamp = Stamp { id: RecordId::from_bytes(random::bytes()?), created: now, previous };
        Ok(evidence::seal(&self.realm, &self.keys.load().signer, stamp, value)?)
    }

    /// Signs an event of a stream.
    pub fn push(
        &self,
        stream: StreamId,
        seq: u64,
        event_type: Name,
        payload: &[u8],
        now: Timestamp,
    ) -> Bytes {
        let keys = self.keys.load();
        let header = PushHeader {
            flags: Flags::NONE,
            stream,
            timestamp: now,
            seq,
            server_key_id: ServerKeyId::from_bytes([0; 4]),
            epoch: self.epoch(),
            payload_hash: PayloadHash::from_bytes([0; 32]),
            event_type,
        };
        let signer = keys.signer.verifying_key().fingerprint();
        UnsignedPush::new(&self.realm, signer, header, payload.to_vec()).sign(&keys.signer).into()
    }

    /// Draws the next epoch when it is due.
    pub fn rotate_epoch(&self, now: Timestamp) -> Result<(), random::NoRandom> {
        let mut epochs = **self.epochs.load();
        if now >= epochs.due() {
            epochs.rotate(random::bytes()?, now);
            self.epochs.store(Arc::new(epochs));
        }
        Ok(())
    }
}

impl<S: Store> Gateway<S> {
    /// Puts the parts together.
    pub fn new(parts: GatewayParts<S>) -> Self {
        let GatewayParts { store, sessions, networks, pool, window, seen, sealer, metrics, clock } =
            parts;
        let (realm, epochs) = (Arc::clone(&sealer.realm), Arc::clone(&sealer.epochs));
        let rules = Arc::new(Rules { realm, window, seen, epochs, clock });
        Self { store, sessions, networks, pool, rules, sealer, metrics }
    }

    /// What signs answers.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Request ids remembered, and jobs waiting for a verifying thread.
    pub fn load(&self) -> (usize, usize) {
        (self.rules.seen.len(), self.pool.waiting())
    }

    /// V0 to V6. The caller has bounded the size of `frame` (V0a) before it was read.
    pub async fn verify(&self, frame: Bytes, ip: IpAddr) -> Result<Admitted, Refusal> {
        self.verdict(frame, ip).instrument(trace::verify()).await
    }

    async fn verdict(&self, frame: Bytes, ip: IpAddr) -> Result<Admitted, Refusal> {
        use crate::problem::Problem;
        let now = (self.rules.clock)();
        self.networks.check(ip, now).map_err(|wait| Refusal::Unsigned(Problem::IpLimited(wait)))?;
        let received =
            Received::decode(&self.rules.realm, &frame).map_err(|why| self.malformed(why))?;
        let (id, reply_to) = (received.session_id(), received.reply_to());
        let session = self.sessions.find(&*self.store, id).await.map_err(|error| {
            tracing::error!(%error, "the session could not be read");
            Refusal::Signed(reply_to, Reply::error(ResultCode::INTERNAL))
        })?;
        let rules = Arc::clone(&self.rules);
        let for_rules = session.clone();
        let verdict = self.pool.run(move || rules.judge(&frame, for_rules.as_deref())).await;
        match (verdict, session) {
            (Err(Shed), _) => {
                self.metrics.shed();
                Err(Refusal::Unsigned(Problem::Overloaded))
            }
            (Ok(Ok(request)), Some(session)) => {
                self.sessions.touch(id, request.header.timestamp.min(now));
                Ok(Admitted { request, session, reply_to })
            }
            (Ok(Ok(_)), None) => {
                Err(Refusal::Signed(reply_to, Reply::error(ResultCode::UNAUTHENTICATED)))
            }
            (Ok(Err(why)), _) => Err(self.refuse(why, reply_to, ip)),
        }
    }

    /// Runs a job that takes as long as verifying some requests, where requests are verified: overload is cut in one place.
    pub async fn compute<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Shed> {
        self.pool.run(job).await.inspect_err(|Shed| self.metrics.shed())
    }

    /// Signs an answer.
    pub fn seal(&self, reply_to: &ReplyTo, reply: Reply) -> Bytes {
        self.sealer.seal(reply_to, reply, (self.rules.clock)())
    }

    fn malformed(&self, why: Malformed) -> Refusal {
        use crate::problem::Problem;
        self.metrics.refused("malformed");
        let problem = match why {
            Malformed::Version(_) => Problem::UnsupportedVersion,
            Malformed::Truncated
            | Malformed::TrailingBytes
            | Malformed::Kind { .. }
            | Malformed::Flags(_)
            | Malformed::Name
            | Malformed::SignatureLength(_)
            | Malformed::Range => Problem::Malformed,
        };
        Refusal::Unsigned(problem)
    }

    fn refuse(&self, why: NotAdmitted, reply_to: ReplyTo, ip: IpAddr) -> Refusal {
        let now = (self.rules.clock)();
        let reply = match why {
            NotAdmitted::Refused(refused) => {
                if matches!(refused, Refused::Unauthenticated | Refused::PayloadMismatch) {
                    self.networks.count(ip, now);
                }
                refusal_reply(refused, now)
            }
            NotAdmitted::Replay(ReplayError::Seen) => Reply::error(ResultCode::REPLAYED),
            NotAdmitted::Replay(ReplayError::SessionFull) => {
                Reply::retry(ResultCode::RATE_LIMITED, Duration::from_secs(10))
            }
            NotAdmitted::Replay(ReplayError::Full) => {
                Reply::retry(ResultCode::OVERLOADED, Duration::from_secs(10))
            }
        };
        self.metrics.refused(reply.result.name());
        Refusal::Signed(reply_to, reply)
    }
}

/// V2 to V6 said no.
enum NotAdmitted {
    Refused(Refused),
    Replay(ReplayError),
}

impl From<Refused> for NotAdmitted {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Rules {
    /// V1 to V6 in one go, on a verifying thread.
    fn judge(&self, frame: &[u8], session: Option<&KnownSession>) -> Result<Verified, NotAdmitted> {
        let received =
            Received::decode(&self.realm, frame).map_err(|_| Refused::Unauthenticated)?;
        let resolved = received.resolve(&self.realm, session.map(|session| &session.device))?;
        let authentic = resolved.authenticate(&self.realm)?;
        let now = (self.clock)();
        let fresh = authentic.check_fresh(now, &self.window, &self.epochs.load(), bootstrap)?;
        let first_use =
            self.seen.first_use(fresh.replay_key(), now).map_err(NotAdmitted::Replay)?;
        Ok(fresh.admit(first_use)?)
    }
}

fn bootstrap(message_type: &str) -> Bootstrap {
    match BOOTSTRAP_TYPES.contains(&message_type) {
        true => Bootstrap::Allowed,
        false => Bootstrap::Refused,
    }
}

fn refusal_reply(refused: Refused, now: Timestamp) -> Reply {
    let time = [("server_time_ms", now.as_millis().into())];
    match refused {
        Refused::StaleTimestamp(_) | Refused::StaleEpoch => {
            Reply::error_with(refused.result(), &time)
        }
        Refused::Unauthenticated
        | Refused::SessionRevoked
        | Refused::PayloadMismatch
        | Refused::Replayed => Reply::error(refused.result()),
    }
}
