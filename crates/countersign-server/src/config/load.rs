//! From a file, the environment and flags to a configuration that makes sense.

use super::{Config, ConfigError, ENV_PREFIX, LogConfig};
use crate::app::Retention;
use crate::commands::{OPERATOR, ORGANISER};
use crate::ingress::PAGE_ROOTS;
use countersign::{FreshnessWindow, Realm, ReplayLimits};
use std::path::Path;
use std::time::Duration;
use toml::{Table, Value};

const DAY: Duration = Duration::from_secs(86_400);

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

    /// How long what has ended is kept. A day is the least: no request is fresh for longer than two hours.
    pub fn retention(&self) -> Retention {
        let span = |days: u32| (days > 0).then(|| DAY.saturating_mul(days));
        Retention {
            sessions: span(self.store.revoked_sessions_days),
            idempotent: span(self.store.idempotency_days),
        }
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
        if !super::pages::are_sources(&self.server.page_connects) {
            return fail(
                "server.page_connects has at most 32 sources like http://192.168.4.1 or wss://*.hubs.example.org",
            );
        }
        for prefix in [&self.server.rest_prefix, &self.server.public_prefix] {
            if !prefix.is_empty() && (!prefix.starts_with('/') || prefix.ends_with('/')) {
                return fail(
                    "server.rest_prefix and server.public_prefix begin with '/' and do not end with one",
                );
            }
        }
        let is_page = |root: &&&str| {
            let below = self.server.rest_prefix.strip_prefix(**root);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(root) = PAGE_ROOTS.iter().find(is_page) {
            return Err(ConfigError::Value(format!(
                "server.rest_prefix does not begin with {root}, where public pages are"
            )));
        }
        if let Some(upstream) = &self.upstream
            && !(upstream.url.starts_with("http://") || upstream.url.starts_with("https://"))
        {
            return fail("upstream.url begins with http:// or https://");
        }
        if self
            .account
            .new_scopes
            .iter()
            .any(|scope| [OPERATOR, ORGANISER].contains(&scope.as_str()))
        {
            return fail(
                "account.new_scopes makes nobody an operator or organiser; use `countersign user grant ADDRESS operator`",
            );
        }
        if let Some(league) = &self.league {
            league.check()?;
        }
        self.log.check()
    }
}

impl LogConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let Some(url) = &self.otlp else { return Ok(()) };
        let fail = |text: &str| Err(ConfigError::Value(text.into()));
        if !cfg!(feature = "otlp") {
            return fail(
                "log.otlp is set, but this program was built without OTLP; build it with \
                 `cargo build --release -p countersign-cli --features otlp`, or take log.otlp out",
            );
        }
        let is_base = |uri: http::Uri| {
            let scheme = uri.scheme_str().is_some_and(|scheme| ["http", "https"].contains(&scheme));
            scheme && uri.query().is_none() && !url.contains('@')
        };
        if url.parse().is_ok_and(is_base) {
            return Ok(());
        }
        fail(
            "log.otlp is the base URL of a collector, like http://127.0.0.1:4318; a token for it goes into the \
             environment: OTEL_EXPORTER_OTLP_HEADERS",
        )
    }
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
    fn nothing_is_configured_to_be_where_public_pages_are() {
        for wrong in ["/table", "/match", "/event/api", "/player"] {
            let said = load(&[], &[&format!("server.rest_prefix={wrong}")]).unwrap_err();
            assert!(said.to_string().contains("where public pages are"), "{wrong}: {said}");
        }
        load(&[], &["server.rest_prefix=/tables"]).unwrap();
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
        let everybody = r#"account.new_scopes=["user", "operator"]"#;
        assert!(text(load(&[], &[everybody])).contains("countersign user grant"));
        assert!(
            text(Config::load(Some(Path::new("/nowhere.toml")), [], &[])).contains("/nowhere.toml")
        );
    }

    #[test]
    #[cfg(feature = "otlp")]
    fn a_collector_is_named_by_its_base_url() {
        let otlp = |url: &str| load(&[], &[&format!("log.otlp={url}")]);
        for url in ["http://127.0.0.1:4318", "https://collector.example.org/otlp/"] {
            assert_eq!(otlp(url).unwrap().log.otlp.as_deref(), Some(url));
        }
        for url in ["127.0.0.1:4318", "grpc://a", "http://", "http://u:p@a", "http://a?b=c"] {
            assert!(otlp(url).unwrap_err().to_string().contains("base URL"), "{url}");
        }
    }

    #[test]
    #[cfg(not(feature = "otlp"))]
    fn a_collector_needs_a_build_that_can_reach_it() {
        let refused = load(&[], &["log.otlp=http://127.0.0.1:4318"]).unwrap_err().to_string();
        assert!(refused.contains("--features otlp"), "{refused}");
    }
}
