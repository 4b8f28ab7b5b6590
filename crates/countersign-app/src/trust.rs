//! Which server keys to believe: a root that the user names, and the newest set that it signed.

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use countersign::keyset::{self, KeysetError};
use countersign::{Fingerprint, Frame, Keyset, Realm, Timestamp, VerifyingKey};
use thiserror::Error;

/// Most sets that are asked for between a known root and the server's newest set.
pub const SETS_MAX: usize = 256;

/// Why the server's keys are not trusted. Absent, expired, wrongly signed and revoked are four different things.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustError {
    /// There is no set to look at.
    #[error("the server offers no key set")]
    Absent,
    /// The set ran out, by the server's own time, and there is no newer one.
    #[error(
        "the server's key set expired at {expired} and it offers no newer one; tell its operator"
    )]
    Expired {
        /// When.
        expired: Timestamp,
    },
    /// No trusted root signed it.
    #[error(
        "the key set is not signed by a root that this device trusts; somebody made it up, or the root \
         given is not this server's"
    )]
    WrongSignature,
    /// Older than one that this device has seen.
    #[error(
        "the key set has version {found}, but this device has seen version {known}; an old one is being \
         played back"
    )]
    Rollback {
        /// The version seen.
        known: u64,
        /// The version offered.
        found: u64,
    },
    /// It cannot be used for another reason.
    #[error(transparent)]
    Unusable(KeysetError),
    /// The named root is not among those of the set.
    #[error("the server's roots are {listed}; none of them is {named}")]
    OtherRoot {
        /// What the user named.
        named: RootName,
        /// What the set names.
        listed: String,
    },
}

impl TrustError {
    /// Whether an earlier set may lead from a known root to the refused one.
    pub fn may_be_followed(&self) -> bool {
        match self {
            Self::WrongSignature | Self::OtherRoot { .. } => true,
            Self::Absent | Self::Expired { .. } | Self::Rollback { .. } | Self::Unusable(_) => {
                false
            }
        }
    }
}

impl From<KeysetError> for TrustError {
    fn from(error: KeysetError) -> Self {
        match error {
            KeysetError::NotByARoot => Self::WrongSignature,
            KeysetError::Rollback { known, found } => Self::Rollback { known, found },
            KeysetError::Malformed(_)
            | KeysetError::Audience
            | KeysetError::Key(_)
            | KeysetError::Expired
            | KeysetError::Protocol(_) => Self::Unusable(error),
        }
    }
}

/// A root as users write it: its public key or its fingerprint, 64 hexadecimal digits either way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RootName([u8; 32]);

/// Text that names no root.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a root; give its public key or its fingerprint, 64 hexadecimal digits")]
pub struct ParseRootError(String);

impl FromStr for RootName {
    type Err = ParseRootError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes)
            .map_err(|_| ParseRootError(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for RootName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RootName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootName({self})")
    }
}

impl RootName {
    /// The root that is meant: one of those listed, or, if the text is a key itself, that key.
    pub fn resolve(&self, listed: &[VerifyingKey]) -> Option<VerifyingKey> {
        let known = listed.iter().find(|root| self.names(root)).cloned();
        // A set may be signed by an old root and list only the new one: then the text has to be the key itself.
        known.or_else(|| VerifyingKey::from_bytes(&self.0).ok())
    }

    fn names(&self, root: &VerifyingKey) -> bool {
        self.0 == *root.as_bytes() || self.0 == *root.fingerprint().as_bytes()
    }
}

/// What a device remembers of a server's keys. Kept when it logs out: a rollback has to fail then too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    realm: Realm,
    roots: Vec<VerifyingKey>,
    /// The roots as they were when `frame` was accepted: it may have replaced its own signer.
    signers: Vec<VerifyingKey>,
    highest_version: u64,
    frame: Vec<u8>,
}

impl Trust {
    /// Starts from roots that the user named.
    pub fn from_roots(
        realm: Realm,
        named: &[RootName],
        frame: &[u8],
    ) -> Result<(Self, Keyset), TrustError> {
        let listed = listed_roots(frame)?;
        let mut roots: Vec<VerifyingKey> = Vec::new();
        for name in named {
            let other = || TrustError::OtherRoot { named: *name, listed: list(&listed) };
            roots.push(name.resolve(&listed).ok_or_else(other)?);
        }
        Self::start(realm, roots, frame)
    }

    /// Believes the set's own roots, because nothing better is known. Whoever calls this has shown the fingerprints to the
    /// user and heard a yes.
    pub fn on_first_sight(realm: Realm, frame: &[u8]) -> Result<(Self, Keyset), TrustError> {
        let roots = listed_roots(frame)?;
        Self::start(realm, roots, frame)
    }

    fn start(
        realm: Realm,
        roots: Vec<VerifyingKey>,
        frame: &[u8],
    ) -> Result<(Self, Keyset), TrustError> {
        let signers = roots.clone();
        let mut trust = Self { realm, roots, signers, highest_version: 0, frame: Vec::new() };
        let keyset = trust.accept(frame)?;
        Ok((trust, keyset))
    }

    /// What an earlier run remembered.
    pub fn remembered(
        realm: Realm,
        roots: Vec<VerifyingKey>,
        signers: Vec<VerifyingKey>,
        highest_version: u64,
        frame: Vec<u8>,
    ) -> Self {
        Self { realm, roots, signers, highest_version, frame }
    }

    /// Takes a newer set in. The roots that it names are the ones to trust from now on.
    pub fn accept(&mut self, frame: &[u8]) -> Result<Keyset, TrustError> {
        if frame.is_empty() {
            return Err(TrustError::Absent);
        }
        let keyset = Keyset::open(&self.realm, &self.roots, self.highest_version, frame)?;
        self.highest_version = keyset.content.version;
        self.signers = core::mem::replace(&mut self.roots, keyset.content.roots.clone());
        self.frame = frame.to_vec();
        Ok(keyset)
    }

    /// The remembered set, verified again: a file on disk is not more trusted than the network.
    pub fn keyset(&self) -> Result<Keyset, TrustError> {
        if self.frame.is_empty() {
            return Err(TrustError::Absent);
        }
        Ok(Keyset::open(&self.realm, &self.signers, self.highest_version, &self.frame)?)
    }

    /// The realm.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The trusted roots.
    pub fn roots(&self) -> &[VerifyingKey] {
        &self.roots
    }

    /// The roots that the remembered set was verified with.
    pub fn signers(&self) -> &[VerifyingKey] {
        &self.signers
    }

    /// The highest version seen.
    pub fn highest_version(&self) -> u64 {
        self.highest_version
    }

    /// The remembered set as it was received.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }
}

/// `[K2]` Takes in the newest set that verifies, again and again, up to the first of `later`. `later` begins with the newest.
pub fn climb(mut trust: Trust, mut later: Vec<Vec<u8>>) -> Option<(Trust, Keyset)> {
    loop {
        // A set that does not verify leaves `trust` as it was.
        let mut sets = later.iter().enumerate();
        let (at, keyset) = sets.find_map(|(at, frame)| Some((at, trust.accept(frame).ok()?)))?;
        if at == 0 {
            return Some((trust, keyset));
        }
        later.truncate(at);
    }
}

/// What an unverified set says of its version.
pub fn claimed_version(frame: &[u8]) -> Result<u64, TrustError> {
    let frame = Frame::split(frame).map_err(KeysetError::from)?;
    Ok(keyset::decode(frame.header)?.0.version)
}

/// The fingerprints of the roots that a set names, unverified, to be shown to the user.
pub fn claimed_roots(frame: &[u8]) -> Result<Vec<Fingerprint>, TrustError> {
    Ok(listed_roots(frame)?.iter().map(|root| *root.fingerprint()).collect())
}

fn listed_roots(frame: &[u8]) -> Result<Vec<VerifyingKey>, TrustError> {
    if frame.is_empty() {
        return Err(TrustError::Absent);
    }
    let frame = Frame::split(frame).map_err(KeysetError::from)?;
    let (content, _) = keyset::decode(frame.header)?;
    Ok(content.roots)
}

fn list(roots: &[VerifyingKey]) -> String {
    let all: Vec<String> = roots.iter().map(|root| root.fingerprint().to_string()).collect();
    all.join(", ")
}
