//! An event in one file: its signed bundle, and the key sets by which a root vouches for the bundle's signer.
//!
//! `"CSB1" ‖ LP8 app ‖ LP8 audience ‖ u8 n ‖ n × LP16 key set ‖ u32 length ‖ record event.bundle`. Nothing in it is believed but
//! what a root vouches for that the reader knew before: root, key set, bundle.

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
}

/// A deployment's keys, vouched for by a root that was known before.
#[derive(Debug, Clone)]
pub struct TrustedKeys {
    /// Whose they are.
    pub realm: Realm,
    /// The newest set first: a key counts as the newest set says that names it.
    sets: Vec<Keyset>,
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

    /// Its keys, if one of these roots signed every set.
    pub fn trust(&self, roots: &[VerifyingKey]) -> Result<TrustedKeys, PackageError> {
        let realm = Realm::new(&self.app, &self.audience)?;
        let open = |frame: &Vec<u8>| Keyset::open(&realm, roots, 0, frame);
        let mut sets = self.sets.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        sets.sort_by_key(|set| core::cmp::Reverse(set.content.version));
        Ok(TrustedKeys { realm, sets })
    }

    /// Its keys, if this set, which the reader trusts already, is the only one that counts.
    pub fn trust_set(&self, frame: &[u8]) -> Result<TrustedKeys, PackageError> {
        let realm = Realm::new(&self.app, &self.audience)?;
        let header = countersign::Frame::split(frame)?.header;
        let (content, _) = countersign::keyset::decode(header)?;
        let set = Keyset::open(&realm, &content.roots, 0, frame)?;
        Ok(TrustedKeys { realm, sets: vec![set] })
    }
}

impl TrustedKeys {
    /// The server's key of this fingerprint, if it might sign at that time.
    pub fn at(&self, signer: &Fingerprint, at: Timestamp) -> Option<&VerifyingKey> {
        use countersign::keyset::KeyChoiceError;
        let mut chosen = self.sets.iter().map(|set| set.record_key(signer, at));
        let first = chosen.find(|it| !matches!(it, Err(KeyChoiceError::Unknown(_))));
        first.and_then(Result::ok)
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
    use countersign::{KeyState, KeysetContent, OnlineKey, Signer, SigningKey};

    fn set(version: u64, state: KeyState, root: &SigningKey, online: &SigningKey) -> Vec<u8> {
        let time = Timestamp::from_millis;
        let key = online.verifying_key().clone();
        let content = KeysetContent {
            version,
            issued: time(0),
            expires: time(10_000),
            min_protocol: 1,
            keys: vec![OnlineKey { key, state, not_before: time(0), not_after: time(10_000) }],
            roots: vec![root.verifying_key().clone()],
            pins: Vec::new(),
        };
        content.sign(&Realm::new("fair", "fair.example.org").unwrap(), root)
    }

    #[test]
    fn a_package_is_believed_for_the_sake_of_a_known_root_only() {
        let [root, other, online] = [1, 2, 3].map(|n| SigningKey::from_seed(&[n; 32]));
        let package = Package {
            app: "fair".into(),
            audience: "fair.example.org".into(),
            sets: vec![
                set(1, KeyState::Active, &root, &online),
                set(2, KeyState::Active, &root, &online),
            ],
            bundle: vec![7; 300],
        };
        assert_eq!(Package::decode(&package.encode()), Ok(package.clone()));
        let key = online.verifying_key();
        let at = Timestamp::from_millis(5_000);
        let trusted = package.trust(&[root.verifying_key().clone()]).unwrap();
        assert_eq!(trusted.at(key.fingerprint(), at), Some(key));
        assert_eq!(trusted.at(key.fingerprint(), Timestamp::from_millis(10_000)), None);
        let foreign = package.trust(&[other.verifying_key().clone()]);
        assert_eq!(foreign.unwrap_err(), PackageError::Keyset(KeysetError::NotByARoot));
        // The newest set that names a key decides.
        let burnt = set(3, KeyState::Revoked, &root, &online);
        let sets = [package.sets.clone(), vec![burnt.clone()]].concat();
        let later = Package { sets, ..package.clone() };
        let trusted = later.trust(&[root.verifying_key().clone()]).unwrap();
        assert_eq!(trusted.at(key.fingerprint(), at), None);
        assert_eq!(package.trust_set(&burnt).unwrap().at(key.fingerprint(), at), None);
    }

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
