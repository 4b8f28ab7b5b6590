//! The configuration: a TOML file, environment variables over it, flags over both. Unknown names are errors.
//!
//! `COUNTERSIGN__SERVER__LISTEN=0.0.0.0:443` sets `server.listen`; so does `--set server.listen=0.0.0.0:443`.

use crate::telemetry::LogFormat;
use crate::upstream::{RestRuleSpec, RouteSpec};
use countersign::{FreshnessWindow, Realm, RealmError, ReplayLimits};
use countersign_identity::config::{EmailConfig, LoginConfig, SmsConfig};
use countersign_identity::secret::Secret;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::{Table, Value};

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
}

/// `[upstream]`: the service behind the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    /// `http://host:port`, or `https://…`.
    pub url: String,
    /// Deadline of a call in milliseconds. Default 10,000.
    #[serde(default = "ten_seconds")]
    pub timeout_ms: u64,
    /// Largest answer in bytes. Default 1,048,576.
    #[serde(default = "one_mebibyte")]
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

impl Config {
    /// Reads the file, then the environment, then flags of the form `section.name=value`.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        set: &[String],
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            None => Table::new(),
            Some(path) => read_table(path)?,
        };
        for (name, value) in env {
            if let Some(path) = name.strip_prefix(ENV_PREFIX) {
                insert(&mut table, &path.to_lowercase().replace("__", "."), &value)?;
            }
        }
        for flag in set {
            let (path, value) =
                flag.split_once('=').ok_or_else(|| ConfigError::Set(flag.clone()))?;
            insert(&mut table, path, value)?;
        }
        let origin =
            file.map_or_else(|| "the configuration".into(), |path| path.display().to_string());
        let parsed = toml::to_string(&table).ok().map(|text| (toml::from_str::<Self>(&text), text));
        let config = match parsed {
            Some((Ok(config), _)) => config,
            Some((Err(source), _)) => {
                return Err(ConfigError::Toml { origin, source: Box::new(source) });
            }
            None => {
                return Err(ConfigError::Value(
                    "the configuration cannot be written as TOML".into(),
                ));
            }
        };
        config.check()?;
        Ok(config)
    }

    /// The realm.
    pub fn realm(&self) -> Result<Realm, ConfigError> {
        Ok(Realm::new(&self.realm.app, &self.realm.audience)?)
    }

    /// The freshness window; the replay memory is derived from it.
    pub fn window(&self) -> FreshnessWindow {
        let seconds = Duration::from_secs;
        FreshnessWindow::new(
            seconds(self.limits.max_age_seconds),
            seconds(self.limits.max_ahead_seconds),
        )
    }

    /// The size of the replay memory.
    pub fn replay_limits(&self) -> ReplayLimits {
        ReplayLimits {
            per_session: self.limits.replay_per_session,
            total: self.limits.replay_total,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.realm()?;
        let fail = |text: &str| Err(ConfigError::Value(text.into()));
        let limits = &self.limits;
        if !(1024..=16 * 1024 * 1024).contains(&limits.frame_max) {
            return fail("limits.frame_max is between 1,024 and 16,777,216 bytes");
        }
        if limits.max_age_seconds == 0
            || limits.max_age_seconds > 3600
            || limits.max_ahead_seconds > 3600
        {
            return fail(
                "limits.max_age_seconds is 1 to 3,600 and limits.max_ahead_seconds at most 3,600",
            );
        }
        if limits.connections == 0 || limits.connections_per_ip == 0 || limits.verify_queue == 0 {
            return fail(
                "limits.connections, limits.connections_per_ip and limits.verify_queue are at least 1",
            );
        }
        for prefix in [&self.server.rest_prefix, &self.server.public_prefix] {
            if !prefix.is_empty() && (!prefix.starts_with('/') || prefix.ends_with('/')) {
                return fail(
                    "server.rest_prefix and server.public_prefix begin with '/' and do not end with one",
                );
            }
        }
        if let Some(upstream) = &self.upstream
            && !(upstream.url.starts_with("http://") || upstream.url.starts_with("https://"))
        {
            return fail("upstream.url begins with http:// or https://");
        }
        Ok(())
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8400)),
            tls: None,
            trusted_proxies: Vec::new(),
            rest_prefix: "/api".into(),
            public_prefix: String::new(),
            threads: 0,
            shutdown_seconds: 10,
        }
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 8401))) }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { data: "countersign-data".into(), engine: Engine::Sqlite }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            frame_max: 65_536,
            connections: 2_000,
            connections_per_ip: 32,
            body_seconds: 10,
            max_age_seconds: 60,
            max_ahead_seconds: 30,
            replay_per_session: 2_000,
            replay_total: 2_000_000,
            verify_queue: 1_024,
            verify_wait_ms: 100,
            verify_threads: 0,
            refused_burst: 200,
            refused_per_second: 50,
            session_cache: 100_000,
            session_cache_ms: 2_000,
            stream_events: 1_000,
            stream_seconds: 600,
            streams: 100_000,
        }
    }
}

impl Default for AccountConfig {
    fn default() -> Self {
        Self { new_scopes: vec!["user".into()], sessions_max: 20 }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Text }
    }
}

fn ten_seconds() -> u64 {
    10_000
}

fn one_mebibyte() -> usize {
    1024 * 1024
}

fn read_table(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::File { path: path.into(), source })?;
    // Read once as a whole configuration, so that a mistake is shown with its own line; what is missing may still come.
    let source =
        |source| ConfigError::Toml { origin: path.display().to_string(), source: Box::new(source) };
    toml::from_str::<Table>(&text).map_err(source)
}

/// Sets `a.b.c` to a value: what reads as a TOML value counts as one, anything else is a text.
fn insert(table: &mut Table, path: &str, text: &str) -> Result<(), ConfigError> {
    let wrong = || ConfigError::Path(path.into());
    let (sections, name) = path.rsplit_once('.').ok_or_else(wrong)?;
    let mut section = table;
    for part in sections.split('.') {
        let entry = section.entry(part).or_insert_with(|| Value::Table(Table::new()));
        section = entry.as_table_mut().ok_or_else(wrong)?;
    }
    let parsed = toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"));
    section.insert(name.into(), parsed.unwrap_or_else(|| Value::String(text.into())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(env: &[(&str, &str)], set: &[&str]) -> Result<Config, ConfigError> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut flags =
            vec!["realm.app=league".to_owned(), "realm.audience=league.example.org".to_owned()];
        flags.extend(set.iter().map(|flag| (*flag).to_owned()));
        Config::load(None, env, &flags)
    }

    #[test]
    fn flags_win_over_the_environment() {
        let env = [
            ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:1"),
            ("COUNTERSIGN__LIMITS__FRAME_MAX", "2048"),
        ];
        let config =
            load(&env, &["server.listen=127.0.0.1:2", "account.new_scopes=[\"a\"]"]).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.limits.frame_max, 2048);
        assert_eq!(config.account.new_scopes, ["a"]);
    }

    #[test]
    fn mistakes_are_named() {
        let text = |result: Result<Config, ConfigError>| result.unwrap_err().to_string();
        assert!(text(load(&[], &["limits.frame_maxx=1"])).contains("frame_maxx"));
        assert!(text(load(&[], &["nonsense"])).contains("section.name=value"));
        assert!(text(load(&[], &["limits.frame_max=1"])).contains("between 1,024 and"));
        assert!(text(load(&[], &["realm.app=UPPER"])).contains("a-z"));
        assert!(
            text(Config::load(Some(Path::new("/nowhere.toml")), [], &[])).contains("/nowhere.toml")
        );
    }
}
