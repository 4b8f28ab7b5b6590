//! What a server needs to sign answers.

use crate::folder::{ReadError, StoredKeyset, online_path, read_history, read_keyset};
use crate::key_file::{self, KeyFileError};
use crate::lifecycle::{id_of, signs, state_name};
use crate::utc::Utc;
use core::fmt;
use countersign::{Keyset, OnlineKey, Realm, SigningKey, Timestamp, VerifyingKey};
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

/// The current set, and the key to sign with.
#[derive(Debug)]
#[non_exhaustive]
pub struct OnlineKeys {
    /// What the set says. It may have expired: [`crate::warnings`] tells.
    pub keyset: Keyset,
    /// What clients fetch.
    pub frame: Vec<u8>,
    /// Former sets as clients may still ask for them, by version: the newest [`crate::folder::HISTORY_MAX`].
    pub history: BTreeMap<u64, Vec<u8>>,
    /// What signs.
    pub signing: OnlineSeed,
}

/// A private online key, for a faster library than the core's.
pub struct OnlineSeed {
    /// RFC 8032 section 5.1.5. Wiped when dropped.
    pub seed: Zeroizing<[u8; 32]>,
    /// The public half.
    pub key: VerifyingKey,
}

/// Why a server has nothing to sign with.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No set.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Keys, but none that may sign now.
    #[error("no key of the key set may sign now: {0}; prepare one that starts now and activate it")]
    NoneSigns(String),
    /// The key that should sign is not here.
    #[error("the key that should sign cannot be used: {0}")]
    KeyFile(#[from] KeyFileError),
}

impl OnlineKeys {
    /// The current set with the newest active key whose interval contains `now` and whose file is in the folder.
    ///
    /// An older active key stands in for one whose file is *missing*. A file that is there and cannot be used is an error:
    /// it may have been tampered with.
    pub fn load(folder: &Path, realm: &Realm, now: Timestamp) -> Result<Self, LoadError> {
        let StoredKeyset { keyset, frame } = read_keyset(folder, realm)?;
        let mut candidates: Vec<_> =
            keyset.content.keys.iter().filter(|key| signs(key, now)).collect();
        // Stable, so that of two keys with the same start the one that joined later comes first.
        candidates.reverse();
        candidates.sort_by_key(|online| core::cmp::Reverse(online.not_before));
        let mut missing = None;
        for online in candidates {
            let fingerprint = online.key.fingerprint();
            match key_file::read_online(&online_path(folder, fingerprint), fingerprint) {
                Ok(key) => {
                    let signing = OnlineSeed::new(&key, online.key.clone());
                    let history = read_history(folder).map_err(ReadError::from)?;
                    return Ok(Self { keyset, frame, history, signing });
                }
                Err(error @ KeyFileError::Missing { .. }) => {
                    missing.get_or_insert(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        match missing {
            Some(error) => Err(error.into()),
            None => Err(LoadError::NoneSigns(summary(&keyset.content.keys))),
        }
    }
}

impl OnlineSeed {
    fn new(key: &SigningKey, public: VerifyingKey) -> Self {
        Self { seed: key.to_seed(), key: public }
    }
}

impl fmt::Debug for OnlineSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnlineSeed(.., public {})", self.key.fingerprint())
    }
}

fn summary(keys: &[OnlineKey]) -> String {
    let one = |online: &OnlineKey| {
        let (id, state) = (id_of(&online.key), state_name(online.state));
        format!("{id} is {state} from {} to {}", Utc(online.not_before), Utc(online.not_after))
    };
    keys.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::Signer;

    #[test]
    fn debug_shows_no_secret() {
        let key = SigningKey::from_seed(&[0x5e; 32]);
        let seed = OnlineSeed::new(&key, key.verifying_key().clone());
        let expected = format!("OnlineSeed(.., public {})", key.verifying_key().fingerprint());
        assert_eq!(format!("{seed:?}"), expected);
    }
}
