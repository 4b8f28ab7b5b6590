//! Everything that handlers share.

use crate::gateway::{Gateway, Sealer};
use crate::ingress::{IngressLimits, Pages};
use crate::league::League;
use crate::push::Hub;
use crate::sessions::Sessions;
use crate::shutdown::Shutdown;
use crate::telemetry::Metrics;
use crate::upstream::Upstream;
use countersign::verify::SessionState;
use countersign::{SessionId, Timestamp};
use countersign_broker::Broker;
use countersign_identity::Identity;
use countersign_identity::webhook::WebhookSecret;
use countersign_store::{AuditEvent, EventStore, LeagueStore, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a server keeps everything in.
pub trait Backend: Store + LeagueStore + EventStore {}

impl<S: Store + LeagueStore + EventStore> Backend for S {}

/// The parts of a running server.
pub struct App<S> {
    /// Where everything is kept.
    pub store: Arc<S>,
    /// The way in and out of signed traffic.
    pub gateway: Gateway<S>,
    /// What signs.
    pub sealer: Sealer,
    /// The session cache, the same that the gateway uses.
    pub sessions: Arc<Sessions>,
    /// Logins.
    pub identity: Identity<S>,
    /// Push streams.
    pub hub: Hub,
    /// The service behind the gateway, if there is one.
    pub upstream: Option<Upstream>,
    /// The league, if this server runs one.
    pub league: Option<League>,
    /// Certificates for devices, if this server asks for them.
    pub tls: Option<Arc<Broker>>,
    /// Held while a hub's log is checked: one log at a time is in memory.
    pub handing_over: tokio::sync::Mutex<()>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What everybody may see without a login.
    pub pages: Pages,
    /// Sizes and deadlines of what comes in.
    pub limits: IngressLimits,
    /// What a new account may do.
    pub new_account: NewAccount,
    /// For how long after its login a session may do at the console what is dangerous.
    pub step_up: Duration,
    /// Whoever signs with this may push events.
    pub push_secret: Option<WebhookSecret>,
    /// How long what has ended is kept.
    pub retention: Retention,
    /// Whether requests are traced.
    pub traced: bool,
    /// The signal to end.
    pub shutdown: Shutdown,
    /// The server's clock.
    pub clock: fn() -> Timestamp,
    /// Set when the clock or the store can no longer be trusted.
    pub failed: Failed,
    /// Whether the store may write no more; see [`Self::check_store`].
    pub poisoned: Box<dyn Fn() -> bool + Send + Sync>,
}

/// What a new account may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Live sessions at most.
    pub sessions_max: u32,
}

/// How long what has ended is kept; `None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Sessions, from their revocation.
    pub sessions: Option<Duration>,
    /// Idempotency keys, from their answer or the end of their claim.
    pub idempotent: Option<Duration>,
}

/// Whether the server has to stop serving.
#[derive(Debug, Default)]
pub struct Failed(AtomicBool);

impl Failed {
    /// From now on nothing is served.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl<S: Backend> App<S> {
    /// The server's time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Sessions were revoked: they are forgotten here, and whoever listens on them is told.
    pub fn sessions_ended(&self, sessions: &[SessionId], reason: &str) {
        self.sessions.forget(sessions);
        self.hub.end(&self.sealer, sessions, reason, self.now());
    }

    /// Whether a stream's session is alive; one that another process revoked is ended here as well. Asked before events
    /// are delivered, so that they reach a revoked session no longer than its requests are answered.
    pub async fn may_listen(&self, session: SessionId) -> Result<bool, StoreError> {
        let known = self.sessions.find(&*self.store, session).await.inspect_err(|error| {
            tracing::error!(%error, "a stream's session could not be read");
        })?;
        let alive = known.is_some_and(|it| matches!(it.device.state, SessionState::Live));
        if !alive {
            self.sessions.forget(&[session]);
            self.hub.cut(&self.sealer, session, "revoked", self.now());
        }
        Ok(alive)
    }

    /// Writes to the audit log; a failure is logged.
    pub async fn audit(&self, event: AuditEvent) {
        let action = event.action.clone();
        if let Err(error) = self.store.append_audit(event).await {
            tracing::error!(%error, action, "the audit log could not be written");
        }
    }

    /// After a failed sync nobody knows what is on the disk: such a store is never asked again, and the server ends.
    pub fn check_store(&self) {
        if (self.poisoned)() && !self.failed.is_set() {
            tracing::error!("the store could not make its writes durable; the server ends");
            self.failed.set();
            self.shutdown.begin();
        }
    }
}

impl<S> core::fmt::Debug for App<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
