//! The server's keys of today and before: what evidence is verified with.

use alloc::vec::Vec;
use countersign::keyset::{KeyChoiceError, KeysetError};
use countersign::{Fingerprint, Keyset, Realm, Timestamp, VerifyingKey};

/// Key sets, the newest first: a key counts as the newest set says that names it.
#[derive(Debug, Clone)]
pub struct ServerKeys {
    realm: Realm,
    sets: Vec<(Keyset, Vec<u8>)>,
}

impl ServerKeys {
    /// Sets that were verified, each with its frame.
    pub fn new(realm: Realm, mut sets: Vec<(Keyset, Vec<u8>)>) -> Self {
        sets.sort_by_key(|(set, _)| core::cmp::Reverse(set.content.version));
        Self { realm, sets }
    }

    /// Sets from elsewhere, each of which one of these roots has to have signed.
    pub fn open(
        realm: Realm,
        roots: &[VerifyingKey],
        frames: &[Vec<u8>],
    ) -> Result<Self, KeysetError> {
        let open =
            |frame: &Vec<u8>| Keyset::open(&realm, roots, 0, frame).map(|set| (set, frame.clone()));
        let sets = frames.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::new(realm, sets))
    }

    /// The deployment.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The newest set; `None` if there is none at all.
    pub fn newest(&self) -> Option<&Keyset> {
        self.sets.first().map(|(set, _)| set)
    }

    /// The server's key of this fingerprint, if it was one at that time.
    pub fn at(&self, signer: &Fingerprint, at: Timestamp) -> Option<VerifyingKey> {
        self.named(signer, at).and_then(|(_, chosen)| chosen.ok())
    }

    /// Whether some set names this key, whatever it says of it.
    pub fn names(&self, signer: &Fingerprint, at: Timestamp) -> bool {
        self.named(signer, at).is_some()
    }

    /// The current set's frame, and those of the sets that these keys need.
    pub fn frames(&self, signers: &[(Fingerprint, Timestamp)]) -> Vec<Vec<u8>> {
        let mut wanted: Vec<_> =
            signers.iter().filter_map(|(key, at)| self.named(key, *at)).collect();
        wanted.sort_by_key(|(index, _)| *index);
        let mut indexes: Vec<_> =
            [0].into_iter().chain(wanted.into_iter().map(|(index, _)| index)).collect();
        indexes.dedup();
        indexes.iter().filter_map(|index| self.sets.get(*index)).map(|(_, f)| f.clone()).collect()
    }

    fn named(
        &self,
        signer: &Fingerprint,
        at: Timestamp,
    ) -> Option<(usize, Result<VerifyingKey, KeyChoiceError>)> {
        let mut chosen = self
            .sets
            .iter()
            .enumerate()
            .map(|(index, (set, _))| (index, set.record_key(signer, at).cloned()));
        chosen.find(|(_, chosen)| !matches!(chosen, Err(KeyChoiceError::Unknown(_))))
    }
}
