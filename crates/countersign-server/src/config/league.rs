//! `[league]`: matches, ratings and goal-line devices.

use super::ConfigError;
use countersign::VerifyingKey;
use countersign_broker::BrokerConfig;
use countersign_league::Params;
use countersign_league::settlement::{Caps, KnownRules};
use serde::Deserialize;

/// All built-in rules.
const RULESETS: [&str; 2] = ["official", "short"];
/// Longest domain below which devices have names: the label has 16 characters and a dot.
const DOMAIN_MAX: usize = 253 - 17;
/// Most factory keys.
const FACTORY_KEYS_MAX: usize = 64;

/// `[league]`. Its presence turns the league on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeagueConfig {
    /// Built-in rules whose matches are rated: `official`, `short`. Default `["official"]`.
    pub rulesets: Vec<String>,
    /// Public keys of the factories whose batches are registered, 64 hexadecimal digits each. Default: none.
    pub factory_keys: Vec<String>,
    /// Domain below which devices have names: `<first 16 digits of the device id>.<domain>`; empty: they have none.
    pub device_domain: String,
    /// How long a device certificate is believed. Default 90.
    pub certificate_days: u32,
    /// How long a ticket for one lobby may be joined with. Default 30.
    pub ticket_minutes: u32,
    /// How long a ticket for any lobby may be joined with; at most 12, which is the default.
    pub travel_hours: u32,
    /// Rated matches of a player on one day (UTC). Default 6.
    pub player_matches_per_day: u16,
    /// Rated matches of a device on one day (UTC). Default 20.
    pub device_matches_per_day: u16,
    /// How long a flagged match waits for disputes before it counts. Default 24.
    pub pending_hours: u32,
    /// Certificates for devices; none: browsers reach devices by names that somebody else certifies, or over plain HTTP.
    pub tls: Option<BrokerConfig>,
}

impl Default for LeagueConfig {
    fn default() -> Self {
        Self {
            rulesets: vec!["official".into()],
            factory_keys: Vec::new(),
            device_domain: String::new(),
            certificate_days: 90,
            ticket_minutes: 30,
            travel_hours: 12,
            player_matches_per_day: Caps::OFFICIAL.player,
            device_matches_per_day: Caps::OFFICIAL.device,
            pending_hours: 24,
            tls: None,
        }
    }
}

impl LeagueConfig {
    /// All rules that are known, and which of them are rated.
    pub fn rules(&self) -> Vec<KnownRules> {
        let rules = |name: &str| {
            let rated = self.rulesets.iter().any(|rated| rated == name);
            Params::named(name).map(|params| KnownRules { params, rated })
        };
        RULESETS.iter().filter_map(|name| rules(name)).collect()
    }

    /// The factories' keys.
    pub fn keys(&self) -> Result<Vec<VerifyingKey>, ConfigError> {
        self.factory_keys.iter().map(|text| key(text)).collect()
    }

    /// How many rated matches a day has.
    pub const fn caps(&self) -> Caps {
        Caps { player: self.player_matches_per_day, device: self.device_matches_per_day }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fail = |text: String| Err(ConfigError::Value(text));
        if let Some(name) = self.rulesets.iter().find(|name| !RULESETS.contains(&name.as_str())) {
            return fail(format!("league.rulesets: {name:?} is none of {}", RULESETS.join(", ")));
        }
        if self.factory_keys.len() > FACTORY_KEYS_MAX {
            return fail(format!("league.factory_keys has at most {FACTORY_KEYS_MAX} keys"));
        }
        self.keys()?;
        if !is_domain(&self.device_domain) {
            return fail(
                "league.device_domain is a domain like glt.league.example.org, or \"\"".into(),
            );
        }
        if let Some(tls) = &self.tls {
            self.check_tls(tls)?;
        }
        let ranges = [
            ("certificate_days", self.certificate_days, 1, 3650),
            ("ticket_minutes", self.ticket_minutes, 1, 720),
            ("travel_hours", self.travel_hours, 1, 12),
            ("player_matches_per_day", self.player_matches_per_day.into(), 1, 65_535),
            ("device_matches_per_day", self.device_matches_per_day.into(), 1, 65_535),
            ("pending_hours", self.pending_hours, 1, 72),
        ];
        match ranges.iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            None => Ok(()),
            Some((name, _, least, most)) => fail(format!("league.{name} is {least} to {most}")),
        }
    }

    /// A device certificate tells phones the name that the broker gets certified.
    fn check_tls(&self, tls: &BrokerConfig) -> Result<(), ConfigError> {
        tls.check().map_err(|error| ConfigError::Value(error.to_string()))?;
        match tls.domain == self.device_domain {
            true => Ok(()),
            false => Err(ConfigError::Value(format!(
                "league.tls.domain is {:?}, but league.device_domain is {:?}; they have to be the same",
                tls.domain, self.device_domain
            ))),
        }
    }
}

fn key(text: &str) -> Result<VerifyingKey, ConfigError> {
    let wrong = || {
        ConfigError::Value(format!(
            "league.factory_keys: {text:?} is no Ed25519 public key of 64 hexadecimal digits; \
             `countersign factory show` prints it"
        ))
    };
    let bytes = hex::decode(text).map_err(|_| wrong())?;
    let bytes = bytes.try_into().map_err(|_| wrong())?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| wrong())
}

/// Empty, or labels of letters, digits and hyphens.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.is_empty() || (text.len() <= DOMAIN_MAX && text.split('.').all(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut LeagueConfig)) -> Result<(), String> {
        let mut config = LeagueConfig::default();
        change(&mut config);
        config.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_missing_is_the_published_rule() {
        assert_eq!(with(|_| ()), Ok(()));
        let config = LeagueConfig::default();
        assert_eq!(config.caps(), Caps::OFFICIAL);
        let rated: Vec<bool> = config.rules().iter().map(|rules| rules.rated).collect();
        assert_eq!(rated, [true, false]);
    }

    #[test]
    fn mistakes_are_named() {
        let said = |change: fn(&mut LeagueConfig)| with(change).unwrap_err();
        assert!(said(|it| it.rulesets = vec!["blitz".into()]).contains("none of official, short"));
        assert!(said(|it| it.factory_keys = vec!["00".into()]).contains("64 hexadecimal digits"));
        assert!(said(|it| it.factory_keys = vec!["00".repeat(32)]).contains("public key"));
        assert!(said(|it| it.device_domain = "Example.org".into()).contains("device_domain"));
        assert!(said(|it| it.travel_hours = 13).contains("league.travel_hours is 1 to 12"));
        assert!(said(|it| it.player_matches_per_day = 0).contains("player_matches_per_day"));
        let tls = r#"
            directory = "https://acme.example.org/dir"
            contact = "mailto:tls@example.org"
            agree_to_terms = true
            domain = "glt.example.org"
            nameserver = "ns.example.org"
        "#;
        let tls = |domain: &str| LeagueConfig {
            device_domain: domain.into(),
            tls: toml::from_str(tls).ok(),
            ..LeagueConfig::default()
        };
        assert_eq!(tls("glt.example.org").check().map_err(|error| error.to_string()), Ok(()));
        let other = tls("glt.example.net").check().unwrap_err().to_string();
        assert!(other.contains("league.tls.domain is \"glt.example.org\""), "{other}");
    }
}
