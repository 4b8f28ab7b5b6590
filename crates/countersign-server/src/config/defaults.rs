//! What counts where a setting is missing.

use super::{
    AccountConfig, AdminConfig, Engine, LimitsConfig, LogConfig, ServerConfig, StoreConfig,
};
use crate::logging::LogFormat;
use std::net::SocketAddr;

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8400)),
            tls: None,
            trusted_proxies: Vec::new(),
            rest_prefix: "/api".into(),
            public_prefix: String::new(),
            page_connects: Vec::new(),
            public_pages: true,
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
        Self {
            data: "countersign-data".into(),
            engine: Engine::Sqlite,
            revoked_sessions_days: 90,
            idempotency_days: 30,
        }
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
        Self { new_scopes: vec!["user".into()], sessions_max: 20, step_up_seconds: 600 }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Text, otlp: None }
    }
}

pub(super) fn ten_seconds() -> u64 {
    10_000
}

pub(super) fn one_mebibyte() -> usize {
    1024 * 1024
}
