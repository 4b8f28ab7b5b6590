//! Putting a server together from its configuration, and running it until it is told to end.

use crate::app::{App, Backend, Failed, NewAccount};
use crate::clock;
use crate::config::{Config, ServerConfig, UpstreamConfig};
use crate::gateway::{Gateway, GatewayParts, Sealer};
use crate::ingress::{self, IngressLimits, Pages, Site};
use crate::league::{self, League};
use crate::limits::{NetworkQuota, Networks};
use crate::maintenance;
use crate::pool::{Pool, PoolLimits};
use crate::push::{Hub, PushLimits};
use crate::random::{self, NoRandom};
use crate::seen::SharedSeen;
use crate::sessions::Sessions;
use crate::shutdown::Shutdown;
use crate::signer::{BadSeed, OnlineSigner, ServerKeys};
use crate::telemetry::Metrics;
use crate::tls;
use crate::upstream::{RestRule, Route, RouteError, RouteSpec, Upstream, UpstreamParts};
use arc_swap::ArcSwap;
use countersign::{Epochs, Realm, Timestamp};
use countersign_identity::Identity;
use countersign_identity::code::{Pepper, PepperError};
use countersign_identity::secret::Secret;
use countersign_identity::sender::{
    Outbox, OutboxCounts, OutboxSettings, SenderConfigError, Senders, Wake,
};
use countersign_identity::webhook::{SecretError, WebhookSecret};
use countersign_keys::{LoadError, OnlineKeys};
use countersign_league::evidence::Bundle;
use countersign_listen::{
    BindError, Certificate, ListenConfig, Listener, NetworkError, Stats, TlsError, TlsFiles,
    TrustedProxies,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often certificate files are looked at.
const CERTIFICATE_WATCH: Duration = Duration::from_secs(30);
/// Largest frame of [`ingress::LARGE_TYPES`]: a bundle and its envelope.
const LARGE_MAX: usize = Bundle::MAX + 1024;
/// Largest JSON body of a login call.
const JSON_MAX: usize = 4096;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// There are no keys, or none that may sign.
    #[error(
        "{0}\nRun `countersign keys init` to make the first keys, or `countersign keys show` to see what is there"
    )]
    Keys(#[from] LoadError),
    /// The online key's file.
    #[error(transparent)]
    Seed(#[from] BadSeed),
    /// The pepper.
    #[error(transparent)]
    Pepper(#[from] PepperError),
    /// Mail or text messages.
    #[error(transparent)]
    Senders(#[from] SenderConfigError),
    /// The webhook secret.
    #[error("upstream.secret: {0}")]
    Secret(#[from] SecretError),
    /// A file that holds a secret.
    #[error("{path} cannot be read: {source}")]
    SecretFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A route.
    #[error("upstream: {0}")]
    Route(#[from] RouteError),
    /// A proxy.
    #[error("server.trusted_proxies: {0}")]
    Proxy(#[from] NetworkError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Certificates for devices.
    #[error(transparent)]
    Broker(#[from] countersign_broker::OpenError),
    /// The address.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Threads.
    #[error("the verifying threads could not be started: {0}")]
    Threads(#[from] std::io::Error),
    /// Randomness.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// The clock is behind the highest time that was stored.
    #[error(
        "the clock is behind the highest time this server has stored; set it right, then start again"
    )]
    Clock,
}

/// A server with its sockets bound, not yet serving.
pub struct Server<S> {
    app: Arc<App<S>>,
    public: Listener,
    admin: Option<Listener>,
    outbox: Arc<Outbox<S>>,
    certificate: Option<Arc<Certificate>>,
    reload: Reload,
}

/// What can be read again while the server runs.
#[derive(Debug, Clone)]
pub struct Reload {
    keys_folder: PathBuf,
    realm: Arc<Realm>,
    keys: Arc<ArcSwap<ServerKeys>>,
    certificate: Option<Arc<Certificate>>,
}

impl<S: Backend> Server<S> {
    /// Reads keys and secrets, and binds the sockets. `poisoned` tells whether the store may write no more.
    pub async fn start(
        config: &Config,
        store: Arc<S>,
        poisoned: Box<dyn Fn() -> bool + Send + Sync>,
    ) -> Result<Self, StartError> {
        let realm = Arc::new(config.realm()?);
        let keys_folder = config.store.data.join("keys");
        let keys = Arc::new(ArcSwap::from_pointee(load_keys(&keys_folder, &realm)?));
        let certificate = match &config.server.tls {
            None => None,
            Some(tls) => Some(Certificate::load(TlsFiles {
                cert: tls.certificate.clone(),
                key: tls.key.clone(),
            })?),
        };
        let listen = listen_config(config)?;
        let proxies = Arc::new(listen.trusted_proxies.clone());
        let public = match &certificate {
            None => Listener::plain(config.server.listen, listen.clone())?,
            Some(certificate) => Listener::tls(config.server.listen, listen.clone(), certificate)?,
        };
        let admin = match config.admin.listen {
            None => None,
            Some(address) => Some(Listener::plain(address, listen)?),
        };
        let wake = Wake::default();
        let senders = Senders::from_config(&config.email, &config.sms)?;
        let outbox = Arc::new(Outbox::new(
            Arc::clone(&store),
            senders,
            wake.clone(),
            OutboxSettings::default(),
        ));
        let reload = Reload { keys_folder, realm, keys, certificate: certificate.clone() };
        let tls = tls::open(config).await?;
        let app = Arc::new(App { tls, ..build(config, store, poisoned, &reload, proxies, wake)? });
        maintenance::check_clock(&app).await;
        if app.failed.is_set() {
            return Err(StartError::Clock);
        }
        Ok(Self { app, public, admin, outbox, certificate, reload })
    }

    /// The address of the public listener.
    pub fn public_addr(&self) -> SocketAddr {
        self.public.local_addr()
    }

    /// The address of the operator's listener.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Listener::local_addr)
    }

    /// The parts, for whoever runs the server inside another program.
    pub fn app(&self) -> &Arc<App<S>> {
        &self.app
    }

    /// Ends the server.
    pub fn shutdown(&self) -> Shutdown {
        self.app.shutdown.clone()
    }

    /// Reads keys and certificate again.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Serves until [`Shutdown::begin`], then ends what is under way. Whether it ended because it failed is the result.
    pub async fn run(self) -> Ended {
        let Self { app, public, admin, outbox, certificate, .. } = self;
        let mut background = JoinSet::new();
        background.spawn(maintenance::run(Arc::clone(&app)));
        background.spawn(league::run(Arc::clone(&app)));
        background.spawn(tls::run(Arc::clone(&app)));
        background.spawn(watch(Arc::clone(&app), public.stats(), outbox.counts()));
        background.spawn({
            let shutdown = app.shutdown.clone();
            let clock = app.clock;
            async move { outbox.run(clock, async move { shutdown.cancelled().await }).await }
        });
        let watching =
            certificate.map(|certificate| tokio::spawn(certificate.watch(CERTIFICATE_WATCH)));
        if let Some(admin) = admin {
            let (router, shutdown) =
                (ingress::admin_router(Arc::clone(&app)), app.shutdown.clone());
            background.spawn(async move {
                admin.serve(router, async move { shutdown.cancelled().await }).await;
            });
        }
        let shutdown = app.shutdown.clone();
        let report = public
            .serve(ingress::router(Arc::clone(&app)), async move { shutdown.cancelled().await })
            .await;
        tracing::info!(?report, "the public listener has ended");
        if let Some(watching) = watching {
            watching.abort();
        }
        while background.join_next().await.is_some() {}
        if app.failed.is_set() { Ended::Failed } else { Ended::Asked }
    }
}

/// Why a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Asked,
    /// Its store or its clock could not be trusted any more.
    Failed,
}

impl Reload {
    /// Reads keys and certificate again. What cannot be read leaves the old one in use.
    pub fn run(&self) {
        match load_keys(&self.keys_folder, &self.realm) {
            Ok(keys) => {
                tracing::info!(version = keys.keyset.content.version, "the key set was read again");
                self.keys.store(Arc::new(keys));
            }
            Err(error) => {
                tracing::error!(%error, "the key set could not be read again; the old one stays in use")
            }
        }
        if let Some(certificate) = &self.certificate
            && let Err(error) = certificate.reload()
        {
            tracing::error!(%error, "the certificate could not be read again; the old one stays in use");
        }
    }
}

/// Reads everything that the configuration names except keys and database: what [`Server::start`] would refuse, this
/// refuses, without binding or connecting.
pub fn check(config: &Config) -> Result<(), StartError> {
    listen_config(config)?;
    if let Some(tls) = &config.server.tls {
        Certificate::load(TlsFiles { cert: tls.certificate.clone(), key: tls.key.clone() })?;
    }
    Senders::from_config(&config.email, &config.sms)?;
    config.upstream.as_ref().map(upstream).transpose()?;
    Ok(())
}

fn load_keys(folder: &Path, realm: &Realm) -> Result<ServerKeys, StartError> {
    let loaded = OnlineKeys::load(folder, realm, clock::now())?;
    let signer = OnlineSigner::from_seed(&loaded.signing.seed)?;
    let OnlineKeys { keyset, frame, mut history, .. } = loaded;
    history.insert(keyset.content.version, frame.clone());
    let keysets = history.into_iter().map(|(version, frame)| (version, frame.into())).collect();
    Ok(ServerKeys { signer, keyset, keyset_frame: frame, keysets })
}

fn listen_config(config: &Config) -> Result<ListenConfig, StartError> {
    let networks =
        config.server.trusted_proxies.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    Ok(ListenConfig {
        max_connections: config.limits.connections,
        max_connections_per_ip: config.limits.connections_per_ip,
        trusted_proxies: TrustedProxies { networks, ..TrustedProxies::default() },
        shutdown_grace: Duration::from_secs(config.server.shutdown_seconds),
        ..ListenConfig::default()
    })
}

fn build<S: Backend>(
    config: &Config,
    store: Arc<S>,
    poisoned: Box<dyn Fn() -> bool + Send + Sync>,
    reload: &Reload,
    proxies: Arc<TrustedProxies>,
    wake: Wake,
) -> Result<App<S>, StartError> {
    let limits = &config.limits;
    let clock: fn() -> Timestamp = clock::now;
    let epochs = Arc::new(ArcSwap::from_pointee(Epochs::new(random::bytes()?, clock())));
    let sealer = Sealer::new(Arc::clone(&reload.realm), Arc::clone(&reload.keys), epochs);
    let sessions = Arc::new(Sessions::new(
        limits.session_cache,
        Duration::from_millis(limits.session_cache_ms),
    ));
    let metrics = Arc::new(Metrics::new());
    let gateway = Gateway::new(GatewayParts {
        store: Arc::clone(&store),
        sessions: Arc::clone(&sessions),
        networks: Networks::new(NetworkQuota {
            burst: limits.refused_burst,
            per_second: limits.refused_per_second,
            networks: 65_536,
        }),
        pool: Pool::start(pool_limits(config))?,
        window: config.window(),
        seen: SharedSeen::new(random::bytes()?, config.window(), config.replay_limits()),
        sealer: sealer.clone(),
        metrics: Arc::clone(&metrics),
        clock,
    });
    let pepper = Pepper::load_or_create(&config.store.data.join("keys").join("pepper"))?;
    let identity = Identity::new(
        Arc::clone(&store),
        (*reload.realm).clone(),
        config.login.clone(),
        config.email.mode,
        &config.sms,
        pepper,
        wake,
    );
    let hub = Hub::new(PushLimits {
        events: limits.stream_events,
        age: Duration::from_secs(limits.stream_seconds),
        streams: limits.streams,
    });
    let league = config.league.as_ref().map(League::new).transpose()?;
    let push_secret = config.upstream.as_ref().map(upstream_secret).transpose()?.flatten();
    Ok(App {
        gateway,
        sealer,
        sessions,
        identity,
        hub,
        upstream: config.upstream.as_ref().map(upstream).transpose()?,
        league,
        tls: None,
        handing_over: tokio::sync::Mutex::default(),
        metrics,
        pages: pages(config),
        limits: ingress_limits(config, proxies),
        new_account: NewAccount {
            scopes: config.account.new_scopes.clone(),
            sessions_max: config.account.sessions_max,
        },
        step_up: Duration::from_secs(config.account.step_up_seconds),
        push_secret,
        retention: config.retention(),
        traced: config.log.otlp.is_some(),
        shutdown: Shutdown::new(),
        clock,
        failed: Failed::default(),
        poisoned,
        store,
    })
}

fn pool_limits(config: &Config) -> PoolLimits {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads =
        if config.limits.verify_threads == 0 { cores } else { config.limits.verify_threads };
    let max_wait = Duration::from_millis(config.limits.verify_wait_ms);
    PoolLimits { threads, queue: config.limits.verify_queue, max_wait }
}

fn ingress_limits(config: &Config, trusted_proxies: Arc<TrustedProxies>) -> IngressLimits {
    let ServerConfig { rest_prefix, public_prefix, .. } = &config.server;
    IngressLimits {
        frame_max: config.limits.frame_max,
        large_max: match config.league {
            Some(_) => config.limits.frame_max.max(LARGE_MAX),
            None => config.limits.frame_max,
        },
        json_max: JSON_MAX,
        body_deadline: Duration::from_secs(config.limits.body_seconds),
        rest_prefix: if config.upstream.is_some() { rest_prefix.clone() } else { String::new() },
        public_prefix: public_prefix.clone(),
        page_connects: config.page_connects(),
        trusted_proxies,
    }
}

fn pages(config: &Config) -> Pages {
    let (realm, server) = (&config.realm, &config.server);
    let site = Site::new(realm.audience.clone(), server.public_prefix.clone());
    Pages::new(site, server.public_pages)
}

fn upstream(config: &UpstreamConfig) -> Result<Upstream, StartError> {
    let everything = RouteSpec::everything();
    let specs = if config.route.is_empty() { vec![everything] } else { config.route.clone() };
    let routes = specs.into_iter().map(Route::try_from).collect::<Result<_, _>>()?;
    let rest = config.rest.iter().cloned().map(RestRule::try_from).collect::<Result<_, _>>()?;
    Ok(Upstream::new(UpstreamParts {
        base: config.url.trim_end_matches('/').to_owned(),
        routes,
        rest,
        secret: upstream_secret(config)?,
        answer_max: config.answer_max,
        timeout: Duration::from_millis(config.timeout_ms),
    }))
}

fn upstream_secret(config: &UpstreamConfig) -> Result<Option<WebhookSecret>, StartError> {
    let text = match (&config.secret, &config.secret_file) {
        (Some(secret), _) => secret.clone(),
        (None, Some(path)) => {
            let source = |source| StartError::SecretFile { path: path.clone(), source };
            Secret::new(std::fs::read_to_string(path).map_err(source)?.trim().to_owned())
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(text.expose().parse()?))
}

/// Copies the counters of listener and outbox to where metrics are read.
async fn watch<S: Backend>(
    app: Arc<App<S>>,
    stats: Arc<Stats>,
    outbox: watch::Receiver<OutboxCounts>,
) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let level = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = app.shutdown.cancelled() => return,
        }
        let (now, gauges) = (stats.snapshot(), app.metrics.gauges());
        gauges.connections.set(level(now.open));
        gauges.connections_refused.set(level(now.refused_full + now.refused_per_ip));
        gauges
            .connections_timed_out
            .set(level(now.late_handshake + now.late_first_head + now.late_head));
        let messages = *outbox.borrow();
        gauges.messages_sent.set(level(messages.sent));
        gauges.messages_failed.set(level(messages.failed + messages.refused + messages.expired));
    }
}
