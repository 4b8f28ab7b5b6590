//! What happened to connections, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of one listener; only ever grow, except `open`.
#[derive(Debug, Default)]
pub struct Stats {
    pub(super) open: AtomicU64,
    pub(super) accepted: AtomicU64,
    pub(super) accept_errors: AtomicU64,
    pub(super) refused_full: AtomicU64,
    pub(super) refused_per_ip: AtomicU64,
    pub(super) tls_failed: AtomicU64,
    pub(super) late_handshake: AtomicU64,
    pub(super) late_first_head: AtomicU64,
    pub(super) late_head: AtomicU64,
    pub(super) idle: AtomicU64,
    pub(super) write_stalled: AtomicU64,
    pub(super) bad_requests: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsSnapshot {
    /// Connections now, upgraded WebSockets included.
    pub open: u64,
    /// Connections that passed the caps.
    pub accepted: u64,
    /// Failures of `accept` itself, such as too many open files.
    pub accept_errors: u64,
    /// Closed at once: `max_connections` reached.
    pub refused_full: u64,
    /// Closed at once: `max_connections_per_ip` reached.
    pub refused_per_ip: u64,
    /// TLS handshakes that failed.
    pub tls_failed: u64,
    /// Closed: TLS handshake not finished in `first_head`.
    pub late_handshake: u64,
    /// Closed: first request head not finished in `first_head`.
    pub late_first_head: u64,
    /// Closed: a later head not finished in `head`.
    pub late_head: u64,
    /// Closed: no request for `idle`.
    pub idle: u64,
    /// Closed: the peer took no bytes for `write_stall`.
    pub write_stalled: u64,
    /// Refused before the handler by the vetting of the head. What hyper's parser refuses itself
    /// is not counted.
    pub bad_requests: u64,
}

impl Stats {
    /// Reads all counters, each for itself: they may be a few events apart.
    pub fn snapshot(&self) -> StatsSnapshot {
        StatsSnapshot {
            open: self.open.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            accept_errors: self.accept_errors.load(Relaxed),
            refused_full: self.refused_full.load(Relaxed),
            refused_per_ip: self.refused_per_ip.load(Relaxed),
            tls_failed: self.tls_failed.load(Relaxed),
            late_handshake: self.late_handshake.load(Relaxed),
            late_first_head: self.late_first_head.load(Relaxed),
            late_head: self.late_head.load(Relaxed),
            idle: self.idle.load(Relaxed),
            write_stalled: self.write_stalled.load(Relaxed),
            bad_requests: self.bad_requests.load(Relaxed),
        }
    }
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
