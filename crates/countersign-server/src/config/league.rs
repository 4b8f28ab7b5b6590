//! `[league]`.

use countersign_broker::BrokerConfig;
use serde::Deserialize;

/// `[league]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeagueConfig {
    /// Certificates for devices; none: devices are reached over plain HTTP, and by names that somebody else certifies.
    pub tls: Option<BrokerConfig>,
}
