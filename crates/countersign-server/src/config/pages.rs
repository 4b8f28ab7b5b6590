//! Where pages of the app may connect besides their own server.

use super::{Config, LeagueConfig};
use std::net::Ipv4Addr;

/// Most sources that are set.
const SOURCES_MAX: usize = 32;
/// Longest source.
const SOURCE_MAX: usize = 300;
/// A device on its own Wi-Fi, unless the broker is told another address.
const DEVICE: Ipv4Addr = Ipv4Addr::new(10, 77, 77, 1);

impl Config {
    /// Everything that is not this server and that pages which need it may reach, as it stands in a Content-Security-Policy: devices of the
    /// league by name and by address, and what is set.
    pub fn page_connects(&self) -> String {
        let devices = self.league.iter().flat_map(devices);
        devices.chain(self.server.page_connects.iter().cloned()).collect::<Vec<_>>().join(" ")
    }
}

fn devices(league: &LeagueConfig) -> Vec<String> {
    let address = league.tls.as_ref().map_or(DEVICE, |tls| tls.address);
    let mut sources = vec![format!("http://{address}"), format!("ws://{address}")];
    if !league.device_domain.is_empty() {
        let domain = &league.device_domain;
        sources.extend([format!("https://*.{domain}"), format!("wss://*.{domain}")]);
    }
    sources
}

/// Whether these may be part of a policy: each is one source with a scheme, and ends nothing that stands around it.
pub(super) fn are_sources(sources: &[String]) -> bool {
    sources.len() <= SOURCES_MAX && sources.iter().all(|source| is_source(source))
}

fn is_source(source: &str) -> bool {
    let host =
        ["http://", "https://", "ws://", "wss://"].iter().find_map(|it| source.strip_prefix(it));
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"*.-:[]".contains(&b);
    source.len() <= SOURCE_MAX && host.is_some_and(|it| !it.is_empty() && it.bytes().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(set: &[&str]) -> Config {
        let realm = ["realm.app=league", "realm.audience=league.example.org"];
        let set: Vec<String> = realm.iter().chain(set).map(|it| (*it).to_owned()).collect();
        Config::load(None, [], &set).unwrap()
    }

    #[test]
    fn pages_reach_devices_of_the_league_by_address_and_by_name_and_what_is_set() {
        assert_eq!(config(&[]).page_connects(), "");
        let set = r#"server.page_connects=["http://127.0.0.1:*"]"#;
        let league = config(&["league.device_domain=glt.example.org", set]).page_connects();
        let devices =
            "http://10.77.77.1 ws://10.77.77.1 https://*.glt.example.org wss://*.glt.example.org";
        assert_eq!(league, format!("{devices} http://127.0.0.1:*"));
    }

    #[test]
    fn nothing_but_a_source_gets_into_a_policy() {
        for good in ["http://192.168.4.1", "wss://*.hubs.example.org", "ws://[::1]:*"] {
            assert!(is_source(good), "{good}");
        }
        for bad in [
            "*",
            "https://",
            "http://a; script-src *",
            "http://a b",
            "data://a",
            "http://a,b",
            "https://a/'self'",
        ] {
            assert!(!is_source(bad), "{bad}");
        }
    }
}
