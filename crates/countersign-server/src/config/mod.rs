//! The configuration: a TOML file, environment variables over it, flags over both. Unknown names are errors.
//!
//! `COUNTERSIGN__SERVER__LISTEN=0.0.0.0:443` sets `server.listen`; so does `--set server.listen=0.0.0.0:443`.

mod defaults;
mod league;
mod load;
mod pages;

pub use league::LeagueConfig;

use crate::logging::LogFormat;
use crate::upstream::{RestRuleSpec, RouteSpec};
use countersign::RealmError;
use countersign_identity::config::{EmailConfig, LoginConfig, SmsConfig};
use countersign_identity::secret::Secret;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Prefix of environment variables.
pub const ENV_PREFIX: &str = "COUNTERSIGN__";

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who signs for whom.
    pub realm: RealmConfig,
    /// The public listener.
    #[serde(default)]
    pub server: ServerConfig,
    /// The operator's listener.
    #[serde(default)]
    pub admin: AdminConfig,
    /// Where everything is kept.
    #[serde(default)]
    pub store: StoreConfig,
    /// Sizes, deadlines and counts.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Accounts and sessions.
    #[serde(default)]
    pub account: AccountConfig,
    /// Login codes.
    #[serde(default)]
    pub login: LoginConfig,
    /// Mail.
    #[serde(default)]
    pub email: EmailConfig,
    /// Text messages.
    #[serde(default)]
    pub sms: SmsConfig,
    /// The service behind the gateway.
    pub upstream: Option<UpstreamConfig>,
    /// The league; none: this server runs no league.
    pub league: Option<LeagueConfig>,
    /// Logs.
    #[serde(default)]
    pub log: LogConfig,
}

/// `[realm]`: part of every signature; changing it invalidates every session.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealmConfig {
    /// 1 to 32 of `a-z`, `0-9`, `-`.
    pub app: String,
    /// 1 to 255 printable ASCII characters, like `league.example.org`.
    pub audience: String,
}

/// `[server]`: the public listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port. Default `127.0.0.1:8400`.
    pub listen: SocketAddr,
    /// TLS with an own certificate; none: plain HTTP, for the loopback or behind a proxy.
    pub tls: Option<TlsConfig>,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks.
    pub trusted_proxies: Vec<String>,
    /// Prefix of the REST profile; empty: off. Default `/api`.
    pub rest_prefix: String,
    /// What a proxy in front cuts off paths; clients sign it. Default empty.
    pub public_prefix: String,
    /// Where pages of the app may connect besides this server and the devices of the league: sources like `http://192.168.4.1` or
    /// `wss://*.hubs.example.org`. At most 32. Default none.
    pub page_connects: Vec<String>,
    /// Whether there are pages without a login: the table, players who show themselves to everybody, matches, published results. Default
    /// true.
    pub public_pages: bool,
    /// Threads that serve; 0: one per core.
    pub threads: usize,
    /// Time for requests under way when the server is told to end. Default 10.
    pub shutdown_seconds: u64,
}

/// `[server.tls]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file: the certificate and its chain. Read again when it changes.
    pub certificate: PathBuf,
    /// PEM file: its private key.
    pub key: PathBuf,
}

/// `[admin]`: metrics, health, and events to push. Never public.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// Address and port; none: no such listener. Default `127.0.0.1:8401`.
    pub listen: Option<SocketAddr>,
}

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Folder of the database, the keys and the pepper. Default `countersign-data`.
    pub data: PathBuf,
    /// `sqlite` (in the data folder) or `memory` (everything is lost at the end). Default `sqlite`.
    pub engine: Engine,
    /// How long a revoked session is kept, so that its device can be told; 0: for ever. Default 90.
    pub revoked_sessions_days: u32,
    /// How long an idempotency key is kept with its answer; 0: for ever. Default 30.
    pub idempotency_days: u32,
}

/// The engine of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// One file, durable.
    #[default]
    Sqlite,
    /// Nothing is kept.
    Memory,
}

/// `[limits]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Largest request frame or WebSocket message, in bytes. Default 65,536.
    pub frame_max: usize,
    /// Connections in all. Default 2,000.
    pub connections: usize,
    /// Connections per address (/64 for IPv6). Default 32.
    pub connections_per_ip: usize,
    /// Time for a body to arrive. Default 10.
    pub body_seconds: u64,
    /// How old a request may be. Default 60.
    pub max_age_seconds: u64,
    /// How far ahead a request's time may be. Default 30.
    pub max_ahead_seconds: u64,
    /// Live request ids of one session. Default 2,000.
    pub replay_per_session: u32,
    /// Live request ids of all sessions. Default 2,000,000.
    pub replay_total: usize,
    /// Requests that may wait to be verified. Default 1,024.
    pub verify_queue: usize,
    /// How long one may wait, in milliseconds. Default 100.
    pub verify_wait_ms: u64,
    /// Threads that verify; 0: one per core.
    pub verify_threads: usize,
    /// Refused requests of one network at once. Default 200.
    pub refused_burst: u32,
    /// Refused requests of one network per second after that. Default 50.
    pub refused_per_second: u32,
    /// Sessions kept near at hand. Default 100,000.
    pub session_cache: usize,
    /// How long another process's revocation may go unnoticed, in milliseconds. Default 2,000.
    pub session_cache_ms: u64,
    /// Events that a push stream keeps. Default 1,000.
    pub stream_events: usize,
    /// How long it keeps them. Default 600.
    pub stream_seconds: u64,
    /// Push streams. Default 100,000.
    pub streams: usize,
}

/// `[account]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountConfig {
    /// Scopes of a new account. Default `["user"]`.
    pub new_scopes: Vec<String>,
    /// Live sessions of an account; the longest unseen make room. Default 20.
    pub sessions_max: u32,
    /// For how long after its login an operator's session may change something at the console; later it needs another code.
    /// Default 600.
    pub step_up_seconds: u64,
}

/// `[upstream]`: the service behind the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    /// `http://host:port`, or `https://…`.
    pub url: String,
    /// Deadline of a call in milliseconds. Default 10,000.
    #[serde(default = "defaults::ten_seconds")]
    pub timeout_ms: u64,
    /// Largest answer in bytes. Default 1,048,576.
    #[serde(default = "defaults::one_mebibyte")]
    pub answer_max: usize,
    /// `whsec_…`: calls are signed with it, and events to push have to be.
    pub secret: Option<Secret>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// Message types that are forwarded. None: every type becomes `POST /{type}`.
    #[serde(default)]
    pub route: Vec<RouteSpec>,
    /// Paths that the REST profile lets through. None: nothing.
    #[serde(default)]
    pub rest: Vec<RestRuleSpec>,
}

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// A `tracing` filter. Default `info`.
    pub filter: String,
    /// `text` or `json`. Default `text`.
    pub format: LogFormat,
    /// Base URL of a collector that takes OTLP over HTTP, like `http://127.0.0.1:4318`; traces go to `/v1/traces` below
    /// it. None: no traces. Needs the cargo feature `otlp`.
    pub otlp: Option<String>,
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, lacks something, or has something unknown.
    #[error("{origin}: {source}")]
    Toml {
        /// Where it stands.
        origin: String,
        /// What is wrong, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A flag is not of the form `section.name=value`.
    #[error("--set {0:?} is not of the form section.name=value")]
    Set(String),
    /// A path of an override goes through something that is no section.
    #[error("{0} cannot be set: a part of its path is no section")]
    Path(String),
    /// The realm.
    #[error("realm: {0}")]
    Realm(#[from] RealmError),
    /// A value that is read but makes no sense.
    #[error("{0}")]
    Value(String),
}
