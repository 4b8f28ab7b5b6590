//! `factory.toml`.

use countersign::{Realm, VerifyingKey};
use countersign_league::claim::check_serial;
use countersign_provision::{ConfigError, NetworkConfig, RealmConfig, ServerConfig, text};
use serde::Deserialize;
use std::net::Ipv4Addr;

/// What a station has to know, as `factory init` is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Name of the station, in every manifest: 1 to 64 bytes.
    pub station: String,
    /// Whom everything is signed for.
    pub realm: Realm,
    /// Base URL of the server, as devices and phones reach it.
    pub server: String,
    /// Roots that vouch for the server's key set: 1 to 4.
    pub roots: Vec<VerifyingKey>,
}

/// The file. Unknown names are errors: a setting that is misspelt is a thousand wrong devices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactoryConfig {
    /// Name of the station.
    pub station: String,
    /// The public half of `factory.key`: the server is told it, and devices know it.
    #[serde(with = "text::key")]
    pub key: VerifyingKey,
    /// Whom everything is signed for.
    pub realm: RealmConfig,
    /// The server and its roots.
    pub server: ServerConfig,
    /// What devices are told besides.
    pub device: DeviceDefaults,
    /// Their own Wi-Fi.
    pub wifi: WifiDefaults,
    /// Their names and ports.
    pub network: NetworkDefaults,
}

/// `[device]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceDefaults {
    /// Built-in rules: "official" or "short".
    pub ruleset: String,
    /// Serials are this, '-', and five digits.
    pub serial_prefix: String,
}

/// `[wifi]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WifiDefaults {
    /// First word of the names: 1 to 16 bytes.
    pub prefix: String,
}

/// `[network]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkDefaults {
    /// Domain of the devices' names; empty: they have none.
    pub domain: String,
    /// Address of a device on its own Wi-Fi.
    pub address: Ipv4Addr,
    /// TCP port for phones, without TLS.
    pub http: u16,
    /// TCP port for phones, with TLS.
    pub https: u16,
    /// UDP port of the pair link.
    pub link: u16,
}

/// Why settings make no devices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not TOML, or not these settings.
    #[error("{0}")]
    Toml(String),
    /// No realm.
    #[error("realm: {0}")]
    Realm(#[from] countersign::domain::RealmError),
    /// A value that cannot be.
    #[error("{0}")]
    Value(&'static str),
    /// Devices would refuse it.
    #[error(transparent)]
    Device(#[from] ConfigError),
}

impl FactoryConfig {
    /// Reads and checks the file.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let config: Self =
            toml::from_str(text).map_err(|error| SettingsError::Toml(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The realm.
    pub fn realm(&self) -> Result<Realm, SettingsError> {
        Ok(Realm::new(&self.realm.app, &self.realm.audience)?)
    }

    /// The network settings of a device whose name begins with this label.
    pub(crate) fn network(&self, label: &str) -> NetworkConfig {
        let NetworkDefaults { domain, address, http, https, link } = self.network.clone();
        let host = if domain.is_empty() { domain } else { format!("{label}.{domain}") };
        NetworkConfig { host, address, http, https, link }
    }

    fn check(&self) -> Result<(), SettingsError> {
        self.realm()?;
        if !(1..=64).contains(&self.station.len()) || self.station.chars().any(char::is_control) {
            return Err(SettingsError::Value(
                "station has 1 to 64 bytes and no control characters",
            ));
        }
        check_prefix(&self.device.serial_prefix)?;
        let prefix = &self.wifi.prefix;
        if !(1..=16).contains(&prefix.len()) || prefix.chars().any(char::is_control) {
            return Err(SettingsError::Value(
                "wifi.prefix has 1 to 16 bytes and no control characters",
            ));
        }
        Ok(())
    }
}

/// Whether serials may begin with this: 1 to 20 of `A-Z`, `0-9` and `-`.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), SettingsError> {
    match check_serial(prefix) {
        Ok(()) if prefix.len() <= 20 => Ok(()),
        Ok(()) | Err(_) => {
            Err(SettingsError::Value("a serial prefix has 1 to 20 of A-Z, 0-9 and '-'"))
        }
    }
}

/// The file as `factory init` writes it.
pub(crate) fn text_of(settings: &Settings, key: &VerifyingKey) -> String {
    let roots: Vec<_> = settings.roots.iter().map(|root| quoted(&hex_of(root))).collect();
    let (app, audience) = (settings.realm.app(), settings.realm.audience());
    let domain = format!("glt.{}", audience.to_ascii_lowercase());
    TEXT.replace("{station}", &quoted(&settings.station))
        .replace("{key}", &quoted(&hex_of(key)))
        .replace("{app}", &quoted(app))
        .replace("{audience}", &quoted(audience))
        .replace("{url}", &quoted(&settings.server))
        .replace("{roots}", &roots.join(", "))
        .replace("{domain}", &quoted(&domain))
}

fn hex_of(key: &VerifyingKey) -> String {
    hex::encode(key.as_bytes())
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

const TEXT: &str = r#"# A station that makes goal-line pairs. Changes count for the pairs that are made after them.

station = {station}
# Public half of factory.key: give it to the server, which believes pairs that it signed.
key = {key}

[realm]
# Part of every signature; the same as the server's.
app = {app}
audience = {audience}

[server]
# Where phones bring what devices sign.
url = {url}
# Public keys of the roots that vouch for the server's keys; devices believe them for life.
roots = [{roots}]

[device]
ruleset = "official"         # or "short": half a minute, for demonstrations
serial_prefix = "GL"         # serials are GL-00001, GL-00002, …; --prefix overrides it for a batch

[wifi]
prefix = "Goal"              # the name is "Goal teal 07 d1d1": prefix, mark, first digits of the device id

[network]
domain = {domain}            # devices are <16 digits>.<domain>; "" gives them no name
address = "10.77.77.1"       # a device on its own Wi-Fi; not a range that home routers use
http = 80
https = 443
link = 4477                  # UDP, where the halves talk over IP
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{Signer, SigningKey};

    fn example() -> (Settings, VerifyingKey) {
        let public = |seed| SigningKey::from_seed(&[seed; 32]).verifying_key().clone();
        let settings = Settings {
            station: "bench \"1\"".into(),
            realm: Realm::new("league", "league.example.org").unwrap(),
            server: "https://league.example.org".into(),
            roots: vec![public(1), public(2)],
        };
        (settings, public(3))
    }

    #[test]
    fn what_init_writes_is_read() {
        let (settings, key) = example();
        let read = FactoryConfig::parse(&text_of(&settings, &key)).unwrap();
        assert_eq!((&read.station, read.realm()), (&settings.station, Ok(settings.realm)));
        assert_eq!((read.key.clone(), &read.server.roots), (key, &settings.roots));
        assert_eq!(read.network("d1d1").host, "d1d1.glt.league.example.org");
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let (settings, key) = example();
        let text = text_of(&settings, &key);
        for (from, to, sentence) in [
            ("serial_prefix = \"GL\"", "serial_prefix = \"g l\"", "a serial prefix has"),
            ("prefix = \"Goal\"", "prefix = \"a very long Wi-Fi name\"", "wifi.prefix"),
            ("http = 80", "htpp = 80", "unknown field `htpp`"),
            ("app = \"league\"", "app = \"The League\"", "realm: "),
            ("station = ", "station = \"\"\nwas = ", "unknown field"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let said = FactoryConfig::parse(&changed).unwrap_err().to_string();
            assert!(said.contains(sentence), "{said}");
        }
    }
}
