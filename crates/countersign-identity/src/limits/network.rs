//! L7: token buckets per network and endpoint (generic cell rate algorithm: one time per bucket is all its state).
//!
//! Not `governor`: it asks a clock of its own, and its keyed store grows with every key that an attacker invents.

use countersign::Timestamp;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// How much coarser buckets allow when there are too many networks to keep one each.
const COARSE_FACTOR: u32 = 16;
/// How often a full table is searched for buckets that have refilled.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// What is being asked for; each has buckets of its own, so that typing a code wrong does not spend the next code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Opening a login.
    Open,
    /// Asking for a code.
    Code,
    /// Trying a code: as many attempts as the codes that the quota allows have.
    Register,
}

/// `burst` at once, then one `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Tokens in a full bucket.
    pub burst: u32,
    /// Time for one token to come back.
    pub every: Duration,
}

/// Buckets of at most a given number of networks; what comes beyond shares coarse buckets instead of being
/// let through, or pushing somebody's spent bucket out.
#[derive(Debug)]
pub struct NetworkLimits {
    quota: Quota,
    attempts: u32,
    capacity: usize,
    full_again: HashMap<(Endpoint, Network), Timestamp>,
    swept: Timestamp,
}

/// IPv4 /24 or IPv6 /48: what one customer usually gets; the coarse form is /8 and /16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    V4([u8; 3]),
    V6([u8; 6]),
    CoarseV4(u8),
    CoarseV6([u8; 2]),
}

impl Quota {
    /// Each of `factor` callers gets this quota.
    const fn times(self, factor: u32) -> Self {
        let factor = if factor == 0 { 1 } else { factor };
        let millis = (self.every.as_millis() as u64) / factor as u64;
        Self {
            burst: self.burst.saturating_mul(factor),
            every: Duration::from_millis(if millis == 0 { 1 } else { millis }),
        }
    }
}

impl NetworkLimits {
    /// Buckets with this quota. `attempts` scales [`Endpoint::Register`]; `capacity` is how many buckets are kept.
    pub fn new(quota: Quota, attempts: u32, capacity: usize) -> Self {
        Self { quota, attempts, capacity, full_again: HashMap::new(), swept: Timestamp::ZERO }
    }

    /// Takes one token, or says how long to wait for it.
    pub fn take(&mut self, endpoint: Endpoint, ip: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let mut quota = match endpoint {
            Endpoint::Open | Endpoint::Code => self.quota,
            Endpoint::Register => self.quota.times(self.attempts),
        };
        let mut network = Network::of(ip);
        if !self.full_again.contains_key(&(endpoint, network)) && self.is_full(now) {
            network = network.coarse();
            quota = quota.times(COARSE_FACTOR);
        }
        let slot = self.full_again.entry((endpoint, network)).or_insert(now);
        let next = (*slot).max(now).plus(quota.every);
        let tolerance = quota.every.saturating_mul(quota.burst);
        let ahead = next.since(now);
        if ahead > tolerance {
            // [L7]
            return Err(ahead.saturating_sub(tolerance));
        }
        *slot = next;
        Ok(())
    }

    /// Buckets kept now; at most the capacity and the 3 × (256 + 65 536) coarse ones.
    pub fn tracked(&self) -> usize {
        self.full_again.len()
    }

    fn is_full(&mut self, now: Timestamp) -> bool {
        if self.full_again.len() < self.capacity {
            return false;
        }
        if now.since(self.swept) >= SWEEP_EVERY {
            self.swept = now;
            // A bucket that is full again says the same as no bucket.
            self.full_again.retain(|_, full_again| *full_again > now);
        }
        self.full_again.len() >= self.capacity
    }
}

impl Network {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::v4(ip),
            IpAddr::V6(ip) => Self::v6(ip),
        }
    }

    fn v4(ip: Ipv4Addr) -> Self {
        let [a, b, c, _] = ip.octets();
        Self::V4([a, b, c])
    }

    fn v6(ip: Ipv6Addr) -> Self {
        let [a, b, c, d, e, f, ..] = ip.octets();
        Self::V6([a, b, c, d, e, f])
    }

    fn coarse(self) -> Self {
        match self {
            Self::V4([a, _, _]) => Self::CoarseV4(a),
            Self::V6([a, b, ..]) => Self::CoarseV6([a, b]),
            Self::CoarseV4(_) | Self::CoarseV6(_) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { burst: 5, every: Duration::from_secs(60) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn l7_login_flood_from_one_network_is_refused() {
        let mut limits = NetworkLimits::new(QUOTA, 5, 100);
        let mut take =
            |host: u8, now| limits.take(Endpoint::Open, IpAddr::from([192, 0, 2, host]), now);
        for host in 0..5 {
            assert_eq!(take(host, at(0)), Ok(()));
        }
        assert_eq!(take(99, at(0)), Err(Duration::from_secs(60)));
        assert_eq!(take(99, at(59)), Err(Duration::from_secs(1)));
        assert_eq!(take(99, at(60)), Ok(()));
        assert_eq!(take(98, at(60)), Err(Duration::from_secs(60)));
    }

    #[test]
    fn neighbours_and_other_endpoints_are_not_punished() {
        let mut limits = NetworkLimits::new(QUOTA, 5, 100);
        let flooder = ip("2001:db8:1::1");
        for _ in 0..9 {
            let _ = limits.take(Endpoint::Open, flooder, at(0));
        }
        assert!(limits.take(Endpoint::Open, flooder, at(0)).is_err());
        assert!(limits.take(Endpoint::Open, ip("2001:db8:1:ffff::9"), at(0)).is_err());
        assert!(limits.take(Endpoint::Open, ip("2001:db8:2::1"), at(0)).is_ok());
        assert!(limits.take(Endpoint::Code, flooder, at(0)).is_ok());
    }

    #[test]
    fn a_mapped_address_is_its_ipv4_address() {
        let mut limits = NetworkLimits::new(QUOTA, 5, 100);
        for _ in 0..5 {
            assert!(limits.take(Endpoint::Open, ip("::ffff:192.0.2.1"), at(0)).is_ok());
        }
        assert!(limits.take(Endpoint::Open, ip("192.0.2.200"), at(0)).is_err());
    }

    #[test]
    fn attempts_follow_the_codes_that_are_allowed() {
        let mut limits = NetworkLimits::new(QUOTA, 5, 100);
        let taken =
            (0..100).filter(|_| limits.take(Endpoint::Register, ip("192.0.2.1"), at(0)).is_ok());
        assert_eq!(taken.count(), 25);
        assert!(limits.take(Endpoint::Register, ip("192.0.2.1"), at(12)).is_ok());
    }

    #[test]
    fn l7_inventing_networks_neither_fills_memory_nor_frees_a_spent_bucket() {
        let mut limits = NetworkLimits::new(QUOTA, 5, 50);
        let spent = ip("192.0.2.1");
        while limits.take(Endpoint::Open, spent, at(0)).is_ok() {}
        let accepted = (0..10_000u32).filter(|n| {
            let [_, _, b, c] = n.to_be_bytes();
            limits.take(Endpoint::Open, IpAddr::from([10, b, c, 1]), at(0)).is_ok()
        });
        assert_eq!(accepted.count(), 49 + 80, "one each for those kept, 16 × 5 for the rest");
        assert_eq!(limits.tracked(), 51);
        assert!(limits.take(Endpoint::Open, spent, at(0)).is_err());
        assert!(limits.take(Endpoint::Open, ip("172.16.0.1"), at(0)).is_ok(), "elsewhere goes on");
        assert!(limits.take(Endpoint::Open, ip("10.200.0.1"), at(400)).is_ok());
        assert_eq!(limits.tracked(), 1, "refilled buckets are forgotten");
    }
}
