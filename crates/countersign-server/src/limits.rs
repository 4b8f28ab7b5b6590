//! A bucket per network in front of what costs CPU and is not paid for by a signature.

use countersign::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many requests that are counted a network may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkQuota {
    /// At once.
    pub burst: u32,
    /// Per second after that.
    pub per_second: u32,
    /// Networks that are remembered.
    pub networks: usize,
}

/// Counts requests per network: at the gateway those that failed V2 to V4, for public pages those for which one had to be written.
/// All others cost nothing, so that a school behind one address is not slowed down by its size.
#[derive(Debug)]
pub struct Networks {
    quota: NetworkQuota,
    buckets: Mutex<HashMap<Network, Bucket>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    V4([u8; 4]),
    V6([u8; 6]),
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a request.
    used: u64,
    at: Timestamp,
}

impl Networks {
    /// Nothing has been counted yet.
    pub fn new(quota: NetworkQuota) -> Self {
        Self { quota, buckets: Mutex::default() }
    }

    /// `[V0b]` Whether a request from this address may be looked at; otherwise how long to wait.
    pub fn check(&self, ip: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bucket) = buckets.get_mut(&network(ip)) else { return Ok(()) };
        let used = self.drained(*bucket, now);
        if used < u64::from(self.quota.burst) * 1000 {
            return Ok(());
        }
        let excess = used - u64::from(self.quota.burst) * 1000 + 1000;
        Err(Duration::from_millis(excess.div_ceil(u64::from(self.quota.per_second.max(1)))))
    }

    /// A request from this address counts.
    pub fn count(&self, ip: IpAddr, now: Timestamp) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = network(ip);
        if buckets.len() >= self.quota.networks && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| self.drained(*bucket, now) > 0);
            if buckets.len() >= self.quota.networks {
                return;
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { used: 0, at: now });
        *bucket = Bucket { used: self.drained(*bucket, now).saturating_add(1000), at: now };
    }

    fn drained(&self, bucket: Bucket, now: Timestamp) -> u64 {
        let millis = now.as_millis().saturating_sub(bucket.at.as_millis());
        bucket.used.saturating_sub(millis.saturating_mul(u64::from(self.quota.per_second)))
    }
}

/// An IPv4 address; for IPv6 the /48, because whoever has one address there has all of them.
fn network(ip: IpAddr) -> Network {
    match ip.to_canonical() {
        IpAddr::V4(ip) => Network::V4(ip.octets()),
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, ..] = ip.octets();
            Network::V6([a, b, c, d, e, f])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v0b_refusals_of_one_network_are_counted_and_forgiven() {
        let networks = Networks::new(NetworkQuota { burst: 3, per_second: 10, networks: 100 });
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let now = Timestamp::from_millis(1_000_000);
        for _ in 0..3 {
            assert_eq!(networks.check(here, now), Ok(()));
            networks.count(here, now);
        }
        assert_eq!(networks.check(here, now), Err(Duration::from_millis(100)));
        assert_eq!(networks.check(there, now), Ok(()));
        assert_eq!(networks.check(here, now.plus(Duration::from_millis(100))), Ok(()));
    }

    #[test]
    fn v0b_memory_is_bounded() {
        let networks = Networks::new(NetworkQuota { burst: 3, per_second: 1, networks: 10 });
        for last in 0..=255 {
            networks.count(IpAddr::from([10, 0, 0, last]), Timestamp::from_millis(5));
        }
        assert!(networks.buckets.lock().unwrap().len() <= 10);
    }
}
