//! The connection caps.

use super::config::ListenConfig;
use super::stats::{Stats, count};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Counts connections of one listener.
#[derive(Debug)]
pub(super) struct Gate {
    seats: Mutex<Seats>,
    max: usize,
    max_per_ip: usize,
    emptied: Notify,
    stats: Arc<Stats>,
}

#[derive(Debug, Default)]
struct Seats {
    taken: usize,
    /// Never longer than `taken`: an address leaves with its last connection.
    per_ip: HashMap<IpAddr, usize>,
}

/// How a peer is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cap {
    /// By address and in all.
    PerIp(IpAddr),
    /// In all only: a trusted proxy.
    Exempt,
}

/// One connection's place; lives as long as its socket, also after an upgrade.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
    cap: Cap,
}

impl Gate {
    pub(super) fn new(config: &ListenConfig, stats: Arc<Stats>) -> Arc<Self> {
        Arc::new(Self {
            seats: Mutex::default(),
            max: config.max_connections,
            max_per_ip: config.max_connections_per_ip,
            emptied: Notify::new(),
            stats,
        })
    }

    /// A place, or `None` if a cap is reached (which is counted).
    pub(super) fn admit(self: &Arc<Self>, cap: Cap) -> Option<Pass> {
        let cap = cap.grouped();
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.taken >= self.max {
            count(&self.stats.refused_full);
            return None;
        }
        if let Cap::PerIp(ip) = cap {
            let mine = seats.per_ip.entry(ip).or_insert(0);
            if *mine >= self.max_per_ip {
                // A cap of 0 must not leave an entry behind.
                if *mine == 0 {
                    seats.per_ip.remove(&ip);
                }
                count(&self.stats.refused_per_ip);
                return None;
            }
            *mine += 1;
        }
        seats.taken += 1;
        drop(seats);
        count(&self.stats.accepted);
        count(&self.stats.open);
        Some(Pass { gate: Arc::clone(self), cap })
    }

    /// Connections now.
    pub(super) fn taken(&self) -> usize {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner).taken
    }

    /// Returns when no connection is left.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            // Listen before looking, or the last pass could go between the two.
            emptied.as_mut().enable();
            if self.taken() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut seats = self.gate.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.taken -= 1;
        if let Cap::PerIp(ip) = self.cap
            && let Some(mine) = seats.per_ip.get_mut(&ip)
        {
            *mine -= 1;
            if *mine == 0 {
                seats.per_ip.remove(&ip);
            }
        }
        let empty = seats.taken == 0;
        drop(seats);
        self.gate.stats.open.fetch_sub(1, Relaxed);
        if empty {
            self.gate.emptied.notify_waiters();
        }
    }
}

impl Cap {
    /// An IPv6 customer has a /64 at least: counting single addresses would count nothing.
    fn grouped(self) -> Self {
        match self {
            Self::PerIp(ip) => match ip.to_canonical() {
                IpAddr::V4(v4) => Self::PerIp(IpAddr::V4(v4)),
                IpAddr::V6(v6) => {
                    let prefix = u128::from(v6) & !u128::from(u64::MAX);
                    Self::PerIp(IpAddr::V6(Ipv6Addr::from(prefix)))
                }
            },
            Self::Exempt => Self::Exempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(max: usize, per_ip: usize) -> Arc<Gate> {
        let config = ListenConfig {
            max_connections: max,
            max_connections_per_ip: per_ip,
            ..ListenConfig::default()
        };
        Gate::new(&config, Arc::default())
    }

    fn from(ip: &str) -> Cap {
        Cap::PerIp(ip.parse().unwrap())
    }

    #[test]
    fn an_ipv6_customer_is_counted_by_64() {
        let gate = gate(10, 2);
        let _a = gate.admit(from("2001:db8:1:2::1")).unwrap();
        let b = gate.admit(from("2001:db8:1:2:ffff::9")).unwrap();
        assert!(gate.admit(from("2001:db8:1:2::3")).is_none());
        assert!(gate.admit(from("2001:db8:1:3::1")).is_some());
        drop(b);
        assert!(gate.admit(from("2001:db8:1:2::3")).is_some());
    }

    #[test]
    fn a_mapped_address_is_its_ipv4_address() {
        let gate = gate(10, 1);
        let _a = gate.admit(from("::ffff:192.0.2.1")).unwrap();
        assert!(gate.admit(from("192.0.2.1")).is_none());
        assert!(gate.admit(from("::ffff:192.0.2.2")).is_some());
    }

    #[test]
    fn a_proxy_counts_in_all_but_not_per_ip() {
        let gate = gate(3, 1);
        let passes: Vec<_> = (0..3).map(|_| gate.admit(Cap::Exempt).unwrap()).collect();
        assert!(gate.admit(Cap::Exempt).is_none());
        assert_eq!(gate.stats.snapshot().refused_full, 1);
        drop(passes);
        assert_eq!(gate.taken(), 0);
        assert_eq!(gate.stats.snapshot().open, 0);
    }

    #[test]
    fn refusals_leave_nothing_behind() {
        let gate = gate(10, 0);
        for last in 0..=255 {
            assert!(gate.admit(Cap::PerIp(IpAddr::from([192, 0, 2, last]))).is_none());
        }
        assert!(gate.seats.lock().unwrap().per_ip.is_empty());
        assert_eq!(gate.stats.snapshot().refused_per_ip, 256);
    }
}
