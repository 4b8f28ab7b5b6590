//! An event in one file: its signed bundle, and the key sets by which a root vouches for the bundle's signer.
//!
//! `"CSB1" ‖ LP8 app ‖ LP8 audience ‖ u8 n ‖ n × LP16 key set ‖ u32 length ‖ record event.bundle`. Nothing in it is believed but
//! what a root vouches for that the reader knew before: root, key set, bundle.

use crate::Bundle;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use countersign::evidence::{EvidenceError, Received, Signed, open};
use countersign::keyset::KeysetError;
use countersign::wire::{Reader, put_lp8};
use countersign::{Fingerprint, Keyset, Malformed, Realm, RealmError, Timestamp, VerifyingKey};

const MAGIC: [u8; 4] = *b"CSB1";
/// Most key sets in a package.
const SETS_MAX: usize = 16;
/// Most bytes of a key set, which has 16 keys at most.
const SET_MAX: usize = 4_096;
/// Most bytes of the bundle's record.
const BUNDLE_MAX: usize = 1024 * 1024 + 1024;

/// The parts of a package; nothing is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The deployment's app, as in its realm.
    pub app: String,
    /// Its audience.
    pub audience: String,
    /// Frames of key sets.
    pub sets: Vec<Vec<u8>>,
    /// The record `event.bundle`.
    pub bundle: Vec<u8>,
}

/// Whom the reader believes, from before.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Root keys, of which one has to have signed the package's key sets.
    Roots(Vec<VerifyingKey>),
    /// The frame of a key set, which counts in place of those in the package.
    Keyset(Vec<u8>),
}

/// Why a package says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Not a package.
    #[error("this is no event package: {0}")]
    Malformed(#[from] Malformed),
    /// The names in it are none.
    #[error("the package names no deployment: {0}")]
    Realm(#[from] RealmError),
    /// No trusted root stands behind its keys.
    #[error("the keys in the package are not to be trusted: {0}")]
    Keyset(#[from] KeysetError),
    /// None of the trusted keys signed the bundle, or not at a time when it might.
    #[error("the bundle is signed by {0}, which is no key of the server at that time")]
    Signer(Fingerprint),
    /// The bundle.
    #[error("the bundle is not valid: {0}")]
    Bundle(#[from] EvidenceError),
}

/// A deployment's keys, vouched for by a root that was known before.
struct TrustedKeys {
    /// The newest set first: a key counts as the newest set says that names it.
    sets: Vec<Keyset>,
}

/// An event as a server signed it, and what all its signatures are for.
#[derive(Debug, Clone)]
pub struct TrustedEvent {
    /// The deployment.
    pub realm: Realm,
    /// The event.
    pub bundle: Signed<Bundle>,
}

impl Package {
    /// Longest package.
    pub const MAX: usize = 1_024 + SETS_MAX * (SET_MAX + 2) + BUNDLE_MAX;

    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_lp8(&mut out, self.app.as_bytes());
        put_lp8(&mut out, self.audience.as_bytes());
        out.push(self.sets.len().min(SETS_MAX) as u8);
        for set in self.sets.iter().take(SETS_MAX) {
            out.extend_from_slice(&(set.len() as u16).to_be_bytes());
            out.extend_from_slice(set);
        }
        out.extend_from_slice(&(self.bundle.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.bundle);
        out
    }

    /// Reads exactly one.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != MAGIC {
            return Err(Malformed::Range);
        }
        let app = text(reader.lp8()?)?;
        let audience = text(reader.lp8()?)?;
        let count = usize::from(reader.u8()?);
        if count == 0 || count > SETS_MAX {
            return Err(Malformed::Range);
        }
        let mut sets = Vec::with_capacity(count);
        for _ in 0..count {
            let len = usize::from(reader.u16()?);
            sets.push(bounded(&mut reader, len, SET_MAX)?);
        }
        let len = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let bundle = bounded(&mut reader, len, BUNDLE_MAX)?;
        reader.finish()?;
        Ok(Self { app, audience, sets, bundle })
    }

    /// A bundle as devices have it, with a key set from elsewhere.
    pub fn around(app: &str, keyset: &[u8], bundle: &[u8]) -> Result<Self, PackageError> {
        let header = countersign::Frame::split(keyset)?.header;
        let (_, audience) = countersign::keyset::decode(header)?;
        let (sets, bundle) = (alloc::vec![keyset.to_vec()], bundle.to_vec());
        Ok(Self { app: app.to_owned(), audience, sets, bundle })
    }

    /// The event, if who is trusted stands behind it.
    pub fn open(&self, trust: &Trust) -> Result<TrustedEvent, PackageError> {
        let realm = self.realm()?;
        let keys = self.keys(&realm, trust)?;
        let received = Received::<Bundle>::decode(&self.bundle)?;
        let signer = received.signer();
        // The time is believed after the signature; a key that never was one is refused before.
        let key = keys.any(&signer).ok_or(PackageError::Signer(signer))?;
        let bundle = open::<Bundle>(&realm, key, &self.bundle)?;
        match keys.at(&signer, bundle.created) {
            Some(_) => Ok(TrustedEvent { realm, bundle }),
            None => Err(PackageError::Signer(signer)),
        }
    }

    /// The event again, from a package that [`Self::open`] passed before and that lay where only this program can write.
    pub fn reopen(&self) -> Result<TrustedEvent, PackageError> {
        let realm = self.realm()?;
        let bundle = Signed::<Bundle>::reopen(&realm, &self.bundle)?;
        Ok(TrustedEvent { realm, bundle })
    }

    fn realm(&self) -> Result<Realm, PackageError> {
        Ok(Realm::new(&self.app, &self.audience)?)
    }

    fn keys(&self, realm: &Realm, trust: &Trust) -> Result<TrustedKeys, PackageError> {
        let mut sets = match trust {
            Trust::Roots(roots) => {
                let open = |frame: &Vec<u8>| Keyset::open(realm, roots, 0, frame);
                self.sets.iter().map(open).collect::<Result<Vec<_>, _>>()?
            }
            Trust::Keyset(frame) => {
                let header = countersign::Frame::split(frame)?.header;
                let (content, _) = countersign::keyset::decode(header)?;
                alloc::vec![Keyset::open(realm, &content.roots, 0, frame)?]
            }
        };
        sets.sort_by_key(|set| core::cmp::Reverse(set.content.version));
        Ok(TrustedKeys { sets })
    }
}

impl TrustedKeys {
    /// The server's key of this fingerprint, if it might sign at that time.
    fn at(&self, signer: &Fingerprint, at: Timestamp) -> Option<&VerifyingKey> {
        use countersign::keyset::KeyChoiceError;
        let mut chosen = self.sets.iter().map(|set| set.record_key(signer, at));
        let first = chosen.find(|it| !matches!(it, Err(KeyChoiceError::Unknown(_))));
        first.and_then(Result::ok)
    }

    fn any(&self, signer: &Fingerprint) -> Option<&VerifyingKey> {
        let mut keys = self.sets.iter().flat_map(|set| &set.content.keys).map(|online| &online.key);
        keys.find(|key| key.fingerprint() == signer)
    }
}

fn bounded(reader: &mut Reader<'_>, len: usize, max: usize) -> Result<Vec<u8>, Malformed> {
    match len <= max {
        true => reader.slice(len).map(<[u8]>::to_vec),
        false => Err(Malformed::Range),
    }
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    core::str::from_utf8(bytes).map(Into::into).map_err(|_| Malformed::Range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn lengths_are_bounded_before_anything_is_kept() {
        let bytes = Package {
            app: "a".into(),
            audience: "b".into(),
            sets: vec![vec![1; 9]],
            bundle: vec![2; 9],
        }
        .encode();
        for cut in 0..bytes.len() {
            assert!(Package::decode(&bytes[..cut]).is_err());
        }
        let mut long = bytes.clone();
        let at = bytes.len() - 9 - 4;
        long[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(Package::decode(&long), Err(Malformed::Range));
    }
}
