//! `device.toml`.

use crate::text;
use crate::wifi::WifiConfig;
use countersign::{Realm, VerifyingKey};
use countersign_keys::Role;
use countersign_league::{BatchId, DeviceId, Params};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv4Addr;

/// Which of the two boxes of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// Serves the phones, runs the match, signs the result.
    Master,
    /// Watches the other goal, reports to the master.
    Slave,
}

impl Half {
    /// Both, the master first.
    pub const BOTH: [Self; 2] = [Self::Master, Self::Slave];

    /// "master" or "slave": its role in files, and the name of its folder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Slave => "slave",
        }
    }

    /// The role of its key file.
    pub const fn key_role(self) -> Role {
        match self {
            Self::Master => Role::Master,
            Self::Slave => Role::Slave,
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the half's secret key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretPlace {
    /// In the key file of the folder.
    File,
    /// In the chip that made it; no file ever had it.
    Chip,
}

/// Everything a half has to know about itself. The certificate says the same of what both say; where they differ, the folder is
/// refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfig {
    /// Version of this format: [`DeviceConfig::FORMAT`].
    pub format: u32,
    /// Which half.
    pub role: Half,
    /// The pair.
    #[serde(with = "text::plain")]
    pub device: DeviceId,
    /// Its batch.
    #[serde(with = "text::plain")]
    pub batch: BatchId,
    /// Printed on both halves.
    pub serial: String,
    /// The visible mark, "teal 07".
    pub mark: String,
    /// How many phones its radio really serves: 6 to 22.
    pub max_players: u8,
    /// Name of the rules that it plays by until a newer ruleset is agreed: "official" or "short".
    pub ruleset: String,
    /// Whom everything is signed for.
    pub realm: RealmConfig,
    /// Whom it believes.
    pub server: ServerConfig,
    /// The public keys of its life.
    pub keys: KeysConfig,
    /// Its own access point.
    pub wifi: WifiConfig,
    /// Names and ports.
    pub network: NetworkConfig,
}

/// `[realm]`: part of every signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealmConfig {
    /// The application.
    pub app: String,
    /// Usually the domain.
    pub audience: String,
}

/// `[server]`: where the server is, and which roots vouch for its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Base URL, for phones that carry evidence and for devices with a line of their own.
    pub url: String,
    /// Roots of the key set: 1 to 4.
    #[serde(with = "text::keys")]
    pub roots: Vec<VerifyingKey>,
}

/// `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Who signed the pair certificate.
    #[serde(with = "text::key")]
    pub factory: VerifyingKey,
    /// The public half of its own key.
    #[serde(with = "text::key")]
    pub own: VerifyingKey,
    /// The other half of the pair: the only one that it talks to.
    #[serde(with = "text::key")]
    pub partner: VerifyingKey,
    /// Where its own secret key is.
    pub secret: SecretPlace,
}

/// `[network]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Its DNS name; empty if it has none. At most 253 bytes.
    pub host: String,
    /// Its address on its own Wi-Fi.
    pub address: Ipv4Addr,
    /// TCP port for phones, without TLS.
    pub http: u16,
    /// TCP port for phones, with TLS once it has a certificate.
    pub https: u16,
    /// UDP port of the pair link, where the halves talk over IP.
    pub link: u16,
}

/// Why settings cannot be those of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, or not these settings.
    #[error("{0}")]
    Toml(String),
    /// Written by another version.
    #[error("format {0} is not known; this program reads format {known}", known = DeviceConfig::FORMAT)]
    Format(u32),
    /// No realm.
    #[error("realm: {0}")]
    Realm(#[from] countersign::domain::RealmError),
    /// No built-in rules of this name.
    #[error("ruleset is \"official\" or \"short\", not {0:?}")]
    Ruleset(String),
    /// A value that cannot be.
    #[error("{0}")]
    Value(&'static str),
}

impl DeviceConfig {
    /// The version that this crate writes and reads.
    pub const FORMAT: u32 = 1;

    /// Reads and checks the settings on their own.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        config.check()?;
        Ok(config)
    }

    /// The file, with a line on top that says what it is.
    pub fn to_text(&self) -> Result<String, ConfigError> {
        self.check()?;
        let body = toml::to_string(self).map_err(|error| ConfigError::Toml(error.to_string()))?;
        let (role, serial, mark) = (self.role, &self.serial, &self.mark);
        Ok(format!(
            "# The {role} of {serial} ({mark}). Belongs on this device and nowhere else; see docs/league.md section 12.\n\
             {body}"
        ))
    }

    /// The realm.
    pub fn realm(&self) -> Result<Realm, ConfigError> {
        Ok(Realm::new(&self.realm.app, &self.realm.audience)?)
    }

    /// The rules.
    pub fn params(&self) -> Result<Params, ConfigError> {
        Params::named(&self.ruleset).ok_or_else(|| ConfigError::Ruleset(self.ruleset.clone()))
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.format != Self::FORMAT {
            return Err(ConfigError::Format(self.format));
        }
        self.realm()?;
        self.params()?;
        let url = &self.server.url;
        let scheme = url.starts_with("https://") || url.starts_with("http://");
        if !scheme || url.len() > 256 || url.contains(char::is_whitespace) {
            return Err(ConfigError::Value(
                "server.url begins with https:// or http://, and has at most 256 bytes",
            ));
        }
        if !(1..=countersign::keyset::ROOTS_MAX).contains(&self.server.roots.len()) {
            return Err(ConfigError::Value("server.roots names 1 to 4 roots"));
        }
        if self.keys.own == self.keys.partner {
            return Err(ConfigError::Value("keys.own and keys.partner are the same key"));
        }
        if !is_host(&self.network.host) {
            return Err(ConfigError::Value(
                "network.host is a DNS name of a-z, 0-9, '-' and '.', at most 253 bytes, or empty",
            ));
        }
        Ok(())
    }
}

/// Without the line itself: it may be the one with the passphrase.
fn unreadable(text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    ConfigError::Toml(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
}

fn is_host(host: &str) -> bool {
    let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(byte);
    host.is_empty() || host.len() <= 253 && host.split('.').all(label)
}
