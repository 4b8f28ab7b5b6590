//! A node's counters for Prometheus, read when somebody asks.

use crate::status::Status;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use core::fmt;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tokio::sync::watch;

/// What the answer is.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text for one scrape.
pub fn text(status: &watch::Receiver<Status>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("countersign_mesh");
    registry.register_collector(Box::new(Scrape(status.clone())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// A service with `/metrics` and nothing else.
pub fn router(status: watch::Receiver<Status>) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state(Arc::new(status))
}

async fn scrape(State(status): State<Arc<watch::Receiver<Status>>>) -> impl IntoResponse {
    // Writing into a string does not fail.
    ([(CONTENT_TYPE, OPEN_METRICS)], text(&status).unwrap_or_default())
}

#[derive(Debug)]
struct Scrape(watch::Receiver<Status>);

impl Collector for Scrape {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> fmt::Result {
        let status = self.0.borrow().clone();
        let counters = &status.counters;
        for (name, help, value) in [
            ("frames_in", "Frames that came in", counters.frames_in),
            ("frames_out", "Frames that went out", counters.frames_out),
            ("originated", "Packets that began here", counters.originated),
            ("delivered", "Packets that were given to the owner", counters.delivered),
            ("forwarded", "Packets that were forwarded", counters.forwarded),
            ("suppressed", "Packets that others had sent already", counters.suppressed),
            ("ttl_raised", "Packets sent further after a better copy", counters.ttl_raised),
            ("purged", "Packets that the hub has decided about", counters.purged),
            ("expired", "Packets that were kept for two hours in vain", counters.expired),
            ("questions", "Questions to neighbours", counters.questions),
            ("answers", "Packets that a neighbour lacked", counters.answers),
            ("queue_lost_in", "Frames heard while the node was behind", status.lost_heard),
            ("queue_lost_out", "Frames that a link was too slow for", status.lost_said),
            ("queue_lost_events", "Packets that the owner was too slow for", status.lost_events),
            ("snapshots", "Snapshots that were written", status.saved),
        ] {
            let metric = ConstCounter::new(value);
            metric.encode(to.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let help = "Frames and packets that were dropped, by reason";
        let mut drops: MetricEncoder<'_> =
            to.encode_descriptor("dropped", help, None, MetricType::Counter)?;
        for (reason, count) in counters.drops() {
            let labels = [("reason", reason.as_str())];
            ConstCounter::new(count).encode(drops.encode_family(&labels)?)?;
        }
        let time = status.hub_time.map_or(0, |time| time.as_millis());
        for (name, help, value) in [
            ("stored", "Packets that are kept, what hubs said among them", status.stored as i64),
            ("links", "Links that are up", status.links.len() as i64),
            ("neighbours", "Nodes that were heard", status.neighbours.len() as i64),
            ("hops", "Links to the hub, -1: unknown", status.hops.map_or(-1, i64::from)),
            ("hub_time_ms", "The hub's time, 0: unknown", i64::try_from(time).unwrap_or(0)),
            (
                "save_failed",
                "1: kept packets are not on disk",
                i64::from(status.save_error.is_some()),
            ),
        ] {
            let metric = ConstGauge::new(value);
            metric.encode(to.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_a_drop_and_every_level_is_told() {
        let (_publish, status) = watch::channel(Status { stored: 7, ..Status::default() });
        let text = text(&status).unwrap();
        assert!(text.contains("countersign_mesh_stored 7\n"), "{text}");
        assert!(text.contains("countersign_mesh_hops -1\n"), "{text}");
        assert!(text.contains("countersign_mesh_dropped_total{reason=\"net_tag\"} 0\n"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
