//! `countersign doctor`: what is wrong, or will be.

use super::data::{database, wait};
use super::keys::pin_of_certificate;
use super::{OpsError, Output};
use crate::server::ConfigArgs;
use countersign::{Realm, Timestamp};
use countersign_identity::config::{MailMode, SmsMode};
use countersign_keys::folder::read_keyset;
use countersign_keys::{OnlineKeys, Utc, Warning, warnings};
use countersign_listen::{Certificate, TlsFiles};
use countersign_server::config::{Config, Engine, TlsConfig};
use countersign_store::{ClockVerdict, Store};
use countersign_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How far the clock may be behind what was seen; the server's own tolerance.
const TOLERANCE: Duration = Duration::from_secs(5);
/// What renews certificates by itself does so a month before their end: two weeks before, it has failed.
const CERTIFICATE_WARNING: Duration = Duration::from_secs(14 * 86_400);

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks at the configuration, the keys, the database (every page of it), the clock, TLS and mail, and changes \
nothing. Also while the server runs. The exit code is 1 when something is wrong; warnings alone leave it at 0.

Examples:
  countersign doctor
  countersign doctor --config /etc/countersign.toml
  countersign doctor --json || alert")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The server's data folder [default: what the configuration says]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Good,
    Warning,
    Bad,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    topic: &'static str,
    level: Level,
    message: String,
    remedy: String,
}

pub(super) fn run(
    args: &DoctorArgs,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    let findings = examine(args, now);
    let sound = findings.iter().all(|finding| finding.level != Level::Bad);
    if args.json {
        let all: Vec<_> = findings.iter().map(Finding::as_json).collect();
        out.json(&json!({ "ok": sound, "findings": all }))?;
    } else {
        for Finding { topic, level, message, remedy } in &findings {
            out.line(format_args!("{:7}  {topic:13} {message}", level.word()))?;
            if !remedy.is_empty() {
                out.line(format_args!("{:23} -> {remedy}", ""))?;
            }
        }
        let verdict = if sound { "Nothing is wrong." } else { "Something is wrong; see above." };
        out.line(verdict)?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn examine(args: &DoctorArgs, now: Timestamp) -> Vec<Finding> {
    let more = args.data.iter().map(|data| format!("store.data={}", data.display()));
    let (config, mut findings) = match args.config.load(&more.collect::<Vec<_>>()) {
        Ok(config) => (Some(config), vec![Finding::good("configuration", "it is sound")]),
        Err(error) => (
            None,
            vec![Finding::bad(
                "configuration",
                error,
                "Give it with --config; `countersign config example` shows every setting.",
            )],
        ),
    };
    let named = config.as_ref().map(|config| config.store.data.clone());
    let data = args.data.clone().or(named).unwrap_or_else(|| "countersign-data".into());
    let folder = data.join("keys");
    findings.extend(keys(&folder, config.as_ref(), now));
    if config.as_ref().is_none_or(|config| config.store.engine == Engine::Sqlite) {
        findings.extend(store(&data, now));
    }
    if let Some(config) = &config {
        findings.push(messages(config));
        if let Some(tls) = &config.server.tls {
            findings.push(end_of_certificate(tls, now));
            findings.push(pinned(tls, &folder, config));
        }
    }
    findings
}

fn keys(folder: &Path, config: Option<&Config>, now: Timestamp) -> Vec<Finding> {
    const TOPIC: &str = "keys";
    let realm = match realm(folder, config) {
        Ok(realm) => realm,
        Err(finding) => return vec![finding],
    };
    // First, because a wrong clock makes keys look wrong.
    let set = read_keyset(folder, &realm).ok();
    let mut findings: Vec<_> =
        set.map(|set| issued(set.keyset.content.issued, now)).into_iter().collect();
    findings.push(match OnlineKeys::load(folder, &realm, now) {
        Ok(keys) => {
            let id = keys.signing.key.fingerprint().server_key_id();
            let version = keys.keyset.content.version;
            Finding::good(TOPIC, format!("key {id} signs; version {version} of the key set"))
        }
        Err(error) => Finding::bad(TOPIC, error, "`countersign keys show` lists the keys."),
    });
    let found = warnings(folder, &realm, now).unwrap_or_default();
    findings.extend(found.iter().map(|warning| {
        let level = match warning {
            Warning::KeysetExpired(_) | Warning::NoneSigns | Warning::KeyFileMissing(_) => {
                Level::Bad
            }
            Warning::RootOnServer(_)
            | Warning::KeysetExpiresSoon { .. }
            | Warning::KeyEndsSoon { .. }
            | Warning::NoSuccessor { .. }
            | Warning::UselessKeyFile(_) => Level::Warning,
        };
        Finding { topic: TOPIC, level, message: warning.to_string(), remedy: String::new() }
    }));
    findings
}

fn realm(folder: &Path, config: Option<&Config>) -> Result<Realm, Finding> {
    let bad =
        |error: String| Finding::bad("keys", error, "Make keys with `countersign keys init`.");
    if let Some(realm) = config.and_then(|config| config.realm().ok()) {
        return Ok(realm);
    }
    let found =
        countersign_keys::folder::read_realm(folder).map_err(|error| bad(error.to_string()))?;
    found.ok_or_else(|| bad(format!("{} does not say whose keys it holds", folder.display())))
}

/// The key set is the oldest witness of time that is always there.
fn issued(issued: Timestamp, now: Timestamp) -> Finding {
    match issued <= now.plus(TOLERANCE) {
        true => Finding::good("clock", format!("it says {}", Utc(now))),
        false => behind(now, issued, "the key set was issued"),
    }
}

fn store(data: &Path, now: Timestamp) -> Vec<Finding> {
    let path = database(data);
    if !path.is_file() {
        let message = format!("there is no database {}", path.display());
        let remedy = "The first start of the server makes it; otherwise check the path.";
        return vec![Finding {
            topic: "database",
            level: Level::Warning,
            message,
            remedy: remedy.into(),
        }];
    }
    let mut findings: Vec<_> =
        countersign_store_sqlite::doctor(&path).into_iter().map(Finding::of_store).collect();
    if can_be_opened(&findings) {
        findings.push(high_water(&path, now));
    }
    findings
}

/// Opening brings an older schema up to date, and a doctor changes nothing.
fn can_be_opened(findings: &[Finding]) -> bool {
    let current = |finding: &Finding| {
        let version = finding.message.strip_prefix("version ");
        finding.topic == "schema" && version.is_some_and(|version| version.parse::<u32>().is_ok())
    };
    findings.iter().all(|finding| finding.level == Level::Good) && findings.iter().any(current)
}

/// Asks for the mark with the earliest time there is, which cannot raise it.
fn high_water(path: &Path, now: Timestamp) -> Finding {
    let asked = SqliteStore::open(path).map_err(OpsError::from);
    let asked = asked.and_then(|store| wait(store.advance_clock(Timestamp::ZERO, Duration::ZERO)));
    match asked {
        Ok(ClockVerdict::Behind { mark }) if now.plus(TOLERANCE) < mark => {
            behind(now, mark, "the server has seen")
        }
        Ok(ClockVerdict::Behind { .. } | ClockVerdict::Sound) => {
            Finding::good("clock", "it is not behind what the server has seen")
        }
        Err(error) => Finding::bad("clock", error, "Look at the findings about the database."),
    }
}

fn behind(now: Timestamp, mark: Timestamp, what: &str) -> Finding {
    Finding::bad(
        "clock",
        format!("it says {}, but {what} {}", Utc(now), Utc(mark)),
        "Set the clock, and keep it with NTP; the server refuses to serve until then.",
    )
}

fn messages(config: &Config) -> Finding {
    const TOPIC: &str = "messages";
    let remedy = "Set [email] mode, host and from; see `countersign config example`.".to_owned();
    let warning = |message: &str| Finding {
        topic: TOPIC,
        level: Level::Warning,
        message: message.into(),
        remedy: remedy.clone(),
    };
    match (config.email.mode, config.sms.mode) {
        (MailMode::Off, SmsMode::Off) => {
            warning("neither mail nor SMS is set up, so nobody can log in")
        }
        (MailMode::Dev, _) | (_, SmsMode::Dev) => {
            warning("login codes are written to files, for development only")
        }
        (MailMode::Starttls | MailMode::Tls | MailMode::Plain, _)
            if config.email.host.is_empty() || config.email.from.is_empty() =>
        {
            Finding::bad(TOPIC, "mail is on, but email.host or email.from is missing", &remedy)
        }
        (MailMode::Off, SmsMode::Webhook)
        | (MailMode::Starttls | MailMode::Tls | MailMode::Plain, SmsMode::Off | SmsMode::Webhook) => {
            Finding::good(TOPIC, "login codes can be sent")
        }
    }
}

/// Loads certificate and key as the server would, and looks at the date.
fn end_of_certificate(tls: &TlsConfig, now: Timestamp) -> Finding {
    const TOPIC: &str = "tls";
    const RENEW: &str = "Renew it; the server takes the new files within 30 s.";
    let files = TlsFiles { cert: tls.certificate.clone(), key: tls.key.clone() };
    let end = match Certificate::load(files) {
        Ok(certificate) => certificate.expires(),
        Err(error) => {
            let remedy = "Check server.tls.certificate and server.tls.key.";
            return Finding::bad(TOPIC, error, remedy);
        }
    };
    let message = format!("the certificate ends at {}", Utc(end));
    if end <= now {
        Finding::bad(TOPIC, format!("{message}: it has expired, and clients refuse it"), RENEW)
    } else if end <= now.plus(CERTIFICATE_WARNING) {
        let days = end.since(now).as_secs() / 86_400;
        let message = format!("{message}, in {days} days");
        Finding { topic: TOPIC, level: Level::Warning, message, remedy: RENEW.into() }
    } else {
        Finding::good(TOPIC, message)
    }
}

fn pinned(tls: &TlsConfig, folder: &Path, config: &Config) -> Finding {
    const TOPIC: &str = "tls";
    let pin = match pin_of_certificate(&tls.certificate) {
        Ok(pin) => pin,
        Err(error) => return Finding::bad(TOPIC, error, "Check server.tls.certificate."),
    };
    let set = config.realm().ok().and_then(|realm| read_keyset(folder, &realm).ok());
    let pins = set.map(|set| set.keyset.content.pins).unwrap_or_default();
    if pins.is_empty() || pins.contains(&pin) {
        Finding::good(TOPIC, "the key of the certificate is one that clients accept")
    } else {
        Finding::bad(
            TOPIC,
            "the key of the certificate is not among the pins of the key set, so clients refuse it",
            "Use a certificate for a pinned key, or change the pins with `countersign keys pins`.",
        )
    }
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

impl Finding {
    fn good(topic: &'static str, message: impl ToString) -> Self {
        Self { topic, level: Level::Good, message: message.to_string(), remedy: String::new() }
    }

    fn bad(topic: &'static str, message: impl ToString, remedy: &str) -> Self {
        Self { topic, level: Level::Bad, message: message.to_string(), remedy: remedy.into() }
    }

    fn of_store(found: countersign_store_sqlite::Finding) -> Self {
        let level = if found.ok { Level::Good } else { Level::Bad };
        Self { topic: found.name, level, message: found.message, remedy: found.remedy }
    }

    fn as_json(&self) -> Value {
        json!({
            "topic": self.topic,
            "level": self.level.word(),
            "message": self.message,
            "remedy": self.remedy,
        })
    }
}
