//! The values of `_acme-challenge` that are published now.

use domain::base::Name;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Published values by the host that they are for. Holds at most [`Challenges::HOSTS_MAX`] hosts with
/// [`Challenges::VALUES_MAX`] values each; when full, nothing more is published.
#[derive(Debug, Default)]
pub struct Challenges {
    values: Mutex<BTreeMap<Name<Vec<u8>>, Vec<String>>>,
}

/// Why a value is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Too many are published.
    #[error("too many challenges are published at once; withdraw some first")]
    Full,
    /// Longer than one string of a TXT record.
    #[error("a challenge has 1 to 255 bytes")]
    Length,
}

impl Challenges {
    /// Most hosts with a challenge at a time.
    pub const HOSTS_MAX: usize = 256;
    /// Most values for one host: two orders that overlap need two.
    pub const VALUES_MAX: usize = 4;

    /// Answers `_acme-challenge.<host>` with this value, besides those that are there.
    pub(crate) fn publish(&self, host: Name<Vec<u8>>, value: &str) -> Result<(), PublishError> {
        if !(1..=255).contains(&value.len()) {
            return Err(PublishError::Length);
        }
        let mut values = self.lock();
        if values.len() >= Self::HOSTS_MAX && !values.contains_key(&host) {
            return Err(PublishError::Full);
        }
        let of_host = values.entry(host).or_default();
        if of_host.iter().any(|known| known == value) {
            return Ok(());
        }
        if of_host.len() >= Self::VALUES_MAX {
            return Err(PublishError::Full);
        }
        of_host.push(value.to_owned());
        Ok(())
    }

    /// Answers with this value no more.
    pub(crate) fn withdraw(&self, host: &Name<Vec<u8>>, value: &str) {
        let mut values = self.lock();
        if let Some(of_host) = values.get_mut(host) {
            of_host.retain(|known| known != value);
            if of_host.is_empty() {
                values.remove(host);
            }
        }
    }

    pub(crate) fn of(&self, host: &Name<Vec<u8>>) -> Vec<String> {
        self.lock().get(host).cloned().unwrap_or_default()
    }

    /// Every change is a single step, so that a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name<Vec<u8>>, Vec<String>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
