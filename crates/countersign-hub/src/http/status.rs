//! For whoever watches the hub.

use super::App;
use super::problem::{self, Problem};
use crate::intake::Counts;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use countersign_mesh::ReceiptStatus;
use countersign_node::metrics;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::{Arc, PoisonError};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const END: &str = "# EOF\n";

/// "ok" if the desk answers: the disk does.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    app.handle.call(|_, _, _| ()).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain")], "ok\n").into_response())
}

/// The mesh's and the hub's counters. Nothing in them is a score.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let mesh = metrics::text(&app.node.status()).map_err(|_| problem::FAILED)?;
    let mut registry = Registry::with_prefix("countersign_hub");
    registry.register_collector(Box::new(Scrape::of(&app)));
    let mut text = mesh.strip_suffix(END).unwrap_or(&mesh).to_owned();
    encode(&mut text, &registry).map_err(|_| problem::FAILED)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

#[derive(Debug)]
struct Scrape {
    counts: Arc<Counts>,
    entries: u64,
    quarantined: usize,
    uptime_s: u64,
}

impl Scrape {
    fn of(app: &App) -> Self {
        let venue = app.venue.read().unwrap_or_else(PoisonError::into_inner);
        Self {
            counts: Arc::clone(&app.counts),
            entries: venue.entries(),
            quarantined: venue.quarantine().len(),
            uptime_s: app.clock.uptime().as_secs(),
        }
    }
}

impl Collector for Scrape {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        let counts = &self.counts;
        for (name, help, counter) in [
            ("vote_packets", "VOTE packets that came in", &counts.votes),
            ("auth_packets", "AUTH packets that came in", &counts.auths),
            ("unreadable", "Packets that do not open or do not read", &counts.unreadable),
            ("unproven", "Votes that no judge of the roster has signed", &counts.unproven),
        ] {
            let metric = ConstCounter::new(Counts::get(counter));
            metric.encode(to.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let help = "Receipts by what they say";
        let mut receipts = to.encode_descriptor("receipts", help, None, MetricType::Counter)?;
        for (status, counter) in ReceiptStatus::ALL.into_iter().zip(&counts.receipts) {
            let labels = [("status", word(status))];
            ConstCounter::new(Counts::get(counter)).encode(receipts.encode_family(&labels)?)?;
        }
        for (name, help, value) in [
            ("log_entries", "Entries of the log", self.entries as i64),
            ("quarantined", "Votes of revoked keys", self.quarantined as i64),
            ("uptime_seconds", "Since the hub started", self.uptime_s as i64),
        ] {
            let metric = ConstGauge::new(value);
            metric.encode(to.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

const fn word(status: ReceiptStatus) -> &'static str {
    match status {
        ReceiptStatus::Accepted => "accepted",
        ReceiptStatus::Duplicate => "duplicate",
        ReceiptStatus::Stale => "stale",
        ReceiptStatus::Future => "future",
        ReceiptStatus::Revoked => "revoked",
        ReceiptStatus::Closed => "closed",
        ReceiptStatus::Invalid => "invalid",
        ReceiptStatus::Superseded => "superseded",
    }
}
