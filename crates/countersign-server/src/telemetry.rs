//! Counters for Prometheus.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// A message type, or a reason of refusal: names of ours, never of a client's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TypeLabel {
    r#type: String,
}

/// A reason of refusal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: String,
}

/// All counters of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    business_calls: Family<TypeLabel, Counter>,
    refused: Family<ReasonLabel, Counter>,
    shed: Counter,
    requests: Counter,
    duration: Histogram,
    gauges: Gauges,
}

/// Levels that are read when somebody asks.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Open connections.
    pub connections: Gauge,
    /// Connections turned away at a cap.
    pub connections_refused: Gauge,
    /// Connections closed because of a deadline.
    pub connections_timed_out: Gauge,
    /// Request ids in the replay set.
    pub replay_ids: Gauge,
    /// Jobs waiting to be verified.
    pub verify_queue: Gauge,
    /// Open push streams.
    pub streams: Gauge,
    /// Messages handed over since the start.
    pub messages_sent: Gauge,
    /// Messages that were given up or failed since the start.
    pub messages_failed: Gauge,
    /// Logins with a right code since the start.
    pub logins: Gauge,
    /// Wrong codes since the start.
    pub login_failures: Gauge,
    /// Version of the key set.
    pub keyset_version: Gauge,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("countersign");
        let business_calls = Family::<TypeLabel, Counter>::default();
        let refused = Family::<ReasonLabel, Counter>::default();
        let (shed, requests) = (Counter::default(), Counter::default());
        let duration = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        let gauges = Gauges::default();
        registry.register(
            "business_calls",
            "Verified requests handed to business code",
            business_calls.clone(),
        );
        registry.register(
            "requests_refused",
            "Requests that business code never saw",
            refused.clone(),
        );
        registry.register("requests_shed", "Requests refused because of overload", shed.clone());
        registry.register("requests", "Signed requests received", requests.clone());
        registry.register(
            "request_duration_seconds",
            "From the whole request to its answer",
            duration.clone(),
        );
        gauges.register(&mut registry);
        Self { registry, business_calls, refused, shed, requests, duration, gauges }
    }

    /// A verified request reached business code.
    pub fn business_call(&self, message_type: &str) {
        self.business_calls.get_or_create(&TypeLabel { r#type: message_type.to_owned() }).inc();
    }

    /// A request was refused.
    pub fn refused(&self, reason: &str) {
        self.refused.get_or_create(&ReasonLabel { reason: reason.to_owned() }).inc();
    }

    /// A request was shed.
    pub fn shed(&self) {
        self.shed.inc();
    }

    /// A request was answered.
    pub fn answered(&self, took: Duration) {
        self.requests.inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Levels to set before [`Self::render`].
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// The text format of OpenMetrics.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Gauges {
    fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register(
            "connections_refused",
            "Connections turned away at a cap",
            self.connections_refused.clone(),
        );
        registry.register(
            "connections_timed_out",
            "Connections closed at a deadline",
            self.connections_timed_out.clone(),
        );
        registry.register("replay_ids", "Request ids in the replay set", self.replay_ids.clone());
        registry.register(
            "verify_queue",
            "Requests waiting to be verified",
            self.verify_queue.clone(),
        );
        registry.register("streams", "Open push streams", self.streams.clone());
        registry.register(
            "messages_sent",
            "Messages handed over since the start",
            self.messages_sent.clone(),
        );
        registry.register(
            "messages_failed",
            "Messages given up since the start",
            self.messages_failed.clone(),
        );
        registry.register(
            "logins",
            "Logins with a right code since the start",
            self.logins.clone(),
        );
        registry.register(
            "login_failures",
            "Wrong codes since the start",
            self.login_failures.clone(),
        );
        registry.register("keyset_version", "Version of the key set", self.keyset_version.clone());
    }
}
