//! The limits and counters of one process behind their locks.

use crate::address::Country;
use crate::config::{LoginConfig, SmsConfig};
use crate::limits::{Breaker, CountryStats, Endpoint, NetworkLimits, SmsBudget, SmsRefusal};
use countersign::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counters since the start of the process, and what stands now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityStats {
    /// Logins opened.
    pub opened: u64,
    /// Codes issued.
    pub codes_issued: u64,
    /// Devices registered.
    pub registered: u64,
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Calls refused because of their network.
    pub network_refusals: u64,
    /// Buckets kept now.
    pub networks_tracked: usize,
    /// The breaker is tripped now: every new login needs a proof of work.
    pub breaker_tripped: bool,
    /// Alarms of the SMS budget.
    pub sms_alarms: u64,
    /// Text messages of the last day by country.
    pub sms: BTreeMap<Country, CountryStats>,
}

#[derive(Debug)]
pub(crate) struct Guards {
    networks: Mutex<NetworkLimits>,
    breaker: Mutex<Breaker>,
    sms: Mutex<SmsBudget>,
    opened: AtomicU64,
    issued: AtomicU64,
    registered: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

impl Guards {
    pub(crate) fn new(login: &LoginConfig, sms: &SmsConfig) -> Self {
        let networks = NetworkLimits::new(
            login.network_quota(),
            login.attempts,
            usize::try_from(login.networks_kept).unwrap_or(usize::MAX),
        );
        let breaker = Breaker::new(
            Duration::from_secs(login.breaker_window_seconds.into()),
            login.breaker_attempts,
            login.breaker_failure_percent,
        );
        let sms = SmsBudget::new(sms.served().iter().copied(), sms.quota());
        Self {
            networks: Mutex::new(networks),
            breaker: Mutex::new(breaker),
            sms: Mutex::new(sms),
            opened: AtomicU64::new(0),
            issued: AtomicU64::new(0),
            registered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn take(
        &self,
        endpoint: Endpoint,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let taken = lock(&self.networks).take(endpoint, ip, now);
        if taken.is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    pub(crate) fn is_tripped(&self, now: Timestamp) -> bool {
        lock(&self.breaker).is_tripped(now)
    }

    pub(crate) fn serves(&self, country: Country) -> bool {
        lock(&self.sms).serves(country)
    }

    pub(crate) fn spend_sms(&self, country: Country, now: Timestamp) -> Result<(), SmsRefusal> {
        lock(&self.sms).spend(country, now)
    }

    pub(crate) fn refund_sms(&self, country: Country) {
        lock(&self.sms).refund(country);
    }

    pub(crate) fn verified_sms(&self, country: Country, now: Timestamp) {
        lock(&self.sms).verified(country, now);
    }

    pub(crate) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn issued(&self) {
        self.issued.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn attempted(&self, success: bool, now: Timestamp) {
        let counter = if success { &self.registered } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        let mut breaker = lock(&self.breaker);
        let before = breaker.is_tripped(now);
        breaker.record(success, now);
        if !before && breaker.is_tripped(now) {
            tracing::warn!("too many login codes fail; new logins need a proof of work");
        }
    }

    pub(crate) fn stats(&self, now: Timestamp) -> IdentityStats {
        let mut sms = lock(&self.sms);
        IdentityStats {
            opened: self.opened.load(Ordering::Relaxed),
            codes_issued: self.issued.load(Ordering::Relaxed),
            registered: self.registered.load(Ordering::Relaxed),
            failed_attempts: self.failed.load(Ordering::Relaxed),
            network_refusals: self.refused.load(Ordering::Relaxed),
            networks_tracked: lock(&self.networks).tracked(),
            breaker_tripped: self.is_tripped(now),
            sms_alarms: sms.alarms(),
            sms: sms.stats(now),
        }
    }
}

/// A thread that panicked while it held a counter left at worst a wrong count.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
