//! `[league.tls]`: which authority, which names, and who answers DNS for them.

use countersign_identity::secret::Secret;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// `[league.tls]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// The authority's directory, like `https://acme-v02.api.letsencrypt.org/directory`.
    pub directory: String,
    /// Whom the authority writes to, like `mailto:tls@league.example.org`.
    pub contact: String,
    /// `true`: you have read the authority's terms of service, and agree to them. Nothing is asked for without.
    #[serde(default)]
    pub agree_to_terms: bool,
    /// The domain below which devices are named: the same as the factory's `network.domain`.
    pub domain: String,
    /// The address of every device on its own Wi-Fi. Default `10.77.77.1`.
    #[serde(default = "device_address")]
    pub address: Ipv4Addr,
    /// Who answers DNS. Default `own`.
    #[serde(default)]
    pub dns: DnsMode,
    /// `own`: where this server answers DNS. Default `0.0.0.0:53`.
    #[serde(default = "dns_port")]
    pub listen: SocketAddr,
    /// `own`: the name by which the parent zone delegates the domain to this server, like `ns.league.example.org`.
    #[serde(default)]
    pub nameserver: String,
    /// `hook`: `https://…`, or `http://` on the loopback.
    #[serde(default)]
    pub hook_url: String,
    /// `hook`: `whsec_…`, which signs the calls (Standard Webhooks).
    pub hook_secret: Option<Secret>,
    /// `hook`: file that holds the secret.
    pub hook_secret_file: Option<PathBuf>,
    /// PEM file with a root to trust besides those that browsers trust, for a private authority or a private hook.
    pub ca_file: Option<PathBuf>,
    /// The authority's profile, like `tlsserver`; none: the authority's default.
    pub profile: Option<String>,
    /// Certificates in any seven days. Default 40, below the 50 that Let's Encrypt allows a registered domain.
    #[serde(default = "per_week")]
    pub per_week: u32,
}

/// Who answers DNS for the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DnsMode {
    /// This server; the parent zone delegates the domain to it.
    #[default]
    Own,
    /// A provider, through a webhook.
    Hook,
}

/// What makes no sense in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nobody has agreed.
    #[error(
        "league.tls.agree_to_terms has to be true: read the authority's terms of service first"
    )]
    Terms,
    /// The directory.
    #[error("league.tls.directory is a URL that begins with https://")]
    Directory,
    /// The contact.
    #[error("league.tls.contact is a mailto: address")]
    Contact,
    /// A name.
    #[error("league.tls.{setting}: {why}")]
    Name {
        /// Which.
        setting: &'static str,
        /// Why.
        why: String,
    },
    /// No limit.
    #[error("league.tls.per_week is 1 to 100,000")]
    PerWeek,
    /// `hook` without a hook.
    #[error(
        "league.tls.dns is \"hook\": give hook_url and one of hook_secret_file and hook_secret"
    )]
    Hook,
}

impl BrokerConfig {
    /// Whether it makes sense, without looking at any file or network.
    pub fn check(&self) -> Result<(), ConfigError> {
        let zone = |name: &str, setting: &'static str| {
            let zone = countersign_dns::Zone::own(name, self.address);
            zone.map(drop).map_err(|error| ConfigError::Name { setting, why: error.to_string() })
        };
        if !self.agree_to_terms {
            return Err(ConfigError::Terms);
        }
        if !self.directory.starts_with("https://") {
            return Err(ConfigError::Directory);
        }
        if !self.contact.starts_with("mailto:") || !self.contact.contains('@') {
            return Err(ConfigError::Contact);
        }
        zone(&self.domain, "domain")?;
        if !(1..=100_000).contains(&self.per_week) {
            return Err(ConfigError::PerWeek);
        }
        match self.dns {
            DnsMode::Own => zone(&self.nameserver, "nameserver"),
            DnsMode::Hook => {
                let has_secret = self.hook_secret.is_some() != self.hook_secret_file.is_some();
                if has_secret && !self.hook_url.is_empty() {
                    Ok(())
                } else {
                    Err(ConfigError::Hook)
                }
            }
        }
    }
}

const fn device_address() -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 77, 1)
}

const fn dns_port() -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 53)
}

const fn per_week() -> u32 {
    40
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"
        directory = "https://acme.example.org/directory"
        contact = "mailto:tls@league.example.org"
        agree_to_terms = true
        domain = "glt.league.example.org"
        nameserver = "ns.league.example.org"
    "#;

    fn read(text: &str) -> Result<(), String> {
        let config: BrokerConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())
    }

    #[test]
    fn the_least_that_is_needed() {
        assert_eq!(read(OWN), Ok(()));
        let config: BrokerConfig = toml::from_str(OWN).unwrap();
        assert_eq!((config.per_week, config.listen.port()), (40, 53));
        assert_eq!(config.address, Ipv4Addr::new(10, 77, 77, 1));
        let hook = "dns = \"hook\"\nhook_url = \"https://dns.example.org/hook\"";
        assert_eq!(read(&format!("{OWN}{hook}\nhook_secret = \"whsec_x\"")), Ok(()));
        for secrets in ["", "\nhook_secret = \"a\"\nhook_secret_file = \"b\""] {
            assert!(
                read(&format!("{OWN}{hook}{secrets}")).unwrap_err().contains("hook_secret_file")
            );
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (right, wrong, named) in [
            ("agree_to_terms = true", "agree_to_terms = false", "agree_to_terms"),
            ("agree_to_terms = true", "", "agree_to_terms"),
            ("https://acme", "http://acme", "directory"),
            ("mailto:", "", "contact"),
            ("\"glt.league", "\"*.league", "domain"),
            ("\"ns.league", "\".league", "nameserver"),
            ("agree_to_terms", "per_week = 0\nagree_to_terms", "per_week"),
            ("agree_to_terms", "surprise = 1\nagree_to_terms", "surprise"),
        ] {
            let error = read(&OWN.replace(right, wrong)).unwrap_err();
            assert!(error.contains(named), "{wrong}: {error}");
        }
    }
}
