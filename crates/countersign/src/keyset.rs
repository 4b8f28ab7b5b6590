//! The server's online keys, signed by a root that never goes online.

use crate::domain::{Domain, Realm, check_audience};
use crate::id::{Fingerprint, ServerKeyId};
use crate::key::{ALG_ED25519, KeyError, Signature, Signer, VerifyingKey};
use crate::time::Timestamp;
use crate::wire::{Flags, Frame, Kind, Malformed, Reader, VERSION, begin_header, put_lp8};
use alloc::string::String;
use alloc::vec::Vec;
use thiserror::Error;

/// Most online keys in a set.
pub const KEYS_MAX: usize = 16;
/// Most roots in a set.
pub const ROOTS_MAX: usize = 4;
/// Most SPKI pins in a set.
pub const PINS_MAX: usize = 16;

/// Where an online key is in its life; verbs: prepare, activate, retire, taint, revoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyState {
    /// Published ahead of its use.
    Prepared = 0,
    /// Signs answers.
    Active = 1,
    /// Signs no more; its last answers are still under way.
    Retired = 2,
    /// No new answer of it is believed; what it signed before stays verifiable.
    Tainted = 3,
    /// Nothing that it ever signed is believed.
    Revoked = 4,
}

/// An online key with its interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineKey {
    /// The key.
    pub key: VerifyingKey,
    /// Where it is in its life.
    pub state: KeyState,
    /// First time at which it signs.
    pub not_before: Timestamp,
    /// First time at which it signs no more.
    pub not_after: Timestamp,
}

/// The content of a key set; signed and unsigned alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysetContent {
    /// Only grows.
    pub version: u64,
    /// When the root signed.
    pub issued: Timestamp,
    /// When a newer one has to be fetched.
    pub expires: Timestamp,
    /// Lowest protocol version that clients may speak.
    pub min_protocol: u8,
    /// 1 to 16 online keys.
    pub keys: Vec<OnlineKey>,
    /// 1 to 4 roots to trust from this version on.
    pub roots: Vec<VerifyingKey>,
    /// Up to 16 SHA-256 hashes of SubjectPublicKeyInfo that TLS certificates may have.
    pub pins: Vec<[u8; 32]>,
}

/// Why a received set is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeysetError {
    /// `[K1]` The bytes are no key set.
    #[error("the key set cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// `[K2]` No trusted root signed it. Not the same as stale: somebody made this up, or the root is not yours.
    #[error("the key set is not signed by a root that this device trusts")]
    NotByARoot,
    /// `[K3]` It is for another realm.
    #[error("the key set is for another audience")]
    Audience,
    /// `[K4]` Older than one seen before.
    #[error("the key set has version {found}, but version {known} was seen before")]
    Rollback {
        /// The version that this device has seen.
        known: u64,
        /// The version that was offered.
        found: u64,
    },
    /// `[K5]` A key in it is weak or of an unknown algorithm.
    #[error("the key set holds an unusable key: {0}")]
    Key(#[from] KeyError),
    /// `[K6]` It expired; fetch a newer one.
    #[error("the key set has expired; fetch the current one")]
    Expired,
    /// `[K7]` The realm has left this protocol version behind.
    #[error("this server requires protocol version {0}; update this program")]
    Protocol(u8),
}

/// Why no key of the set may verify an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyChoiceError {
    /// Fetch the set again, at most once per minute.
    #[error("the server key {0} is not in the key set")]
    Unknown(ServerKeyId),
    /// The key may not sign new answers, or not at that time.
    #[error("the server key {0} may not sign at this time")]
    NotValid(ServerKeyId),
    /// The key is burnt.
    #[error("the server key {0} was revoked")]
    Revoked(ServerKeyId),
}

/// A key set whose root signature, audience, version and keys were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keyset {
    /// What it says.
    pub content: KeysetContent,
}

impl Keyset {
    /// Takes a received set in: K1 to K5 and K7. Expiry (K6) is asked with [`Self::check_current`], because a device that
    /// was offline for long first has to learn the time.
    ///
    /// `known_version` is the highest version this device has accepted, 0 if none.
    pub fn open(
        realm: &Realm,
        roots: &[VerifyingKey],
        known_version: u64,
        frame: &[u8],
    ) -> Result<Self, KeysetError> {
        let frame = Frame::split(frame)?;
        let signature = frame.single_signature()?;
        if !frame.payload.is_empty() {
            return Err(Malformed::TrailingBytes.into());
        }
        let by = |root: &VerifyingKey| {
            root.verify(&signing_input(realm, root.fingerprint(), frame.header), signature).is_ok()
        };
        if !roots.iter().any(by) {
            return Err(KeysetError::NotByARoot);
        }
        let (content, audience) = decode(frame.header)?;
        if audience != realm.audience() {
            return Err(KeysetError::Audience);
        }
        if content.version < known_version {
            return Err(KeysetError::Rollback { known: known_version, found: content.version });
        }
        if content.min_protocol > VERSION {
            return Err(KeysetError::Protocol(content.min_protocol));
        }
        Ok(Self { content })
    }

    /// `[K6]` Whether the set may still be used.
    pub fn check_current(&self, now: Timestamp) -> Result<(), KeysetError> {
        if now < self.content.expires { Ok(()) } else { Err(KeysetError::Expired) }
    }

    /// The key that may have signed an answer with this hint at this time. `[R1]`
    pub fn key_for(&self, id: ServerKeyId, at: Timestamp) -> Result<&VerifyingKey, KeyChoiceError> {
        let known = self.content.keys.iter().find(|k| k.key.fingerprint().server_key_id() == id);
        let online = known.ok_or(KeyChoiceError::Unknown(id))?;
        let in_interval = online.not_before <= at && at < online.not_after;
        match online.state {
            KeyState::Revoked => Err(KeyChoiceError::Revoked(id)),
            KeyState::Prepared | KeyState::Active | KeyState::Retired if in_interval => {
                Ok(&online.key)
            }
            KeyState::Prepared | KeyState::Active | KeyState::Retired | KeyState::Tainted => {
                Err(KeyChoiceError::NotValid(id))
            }
        }
    }

    /// The online key that may have signed a record at this time, by its fingerprint.
    ///
    /// Records last, so a retired key still vouches for what it signed in its interval; a tainted or revoked one does not,
    /// because whoever stole it chooses the time that its records claim.
    pub fn record_key(
        &self,
        signer: &Fingerprint,
        created: Timestamp,
    ) -> Result<&VerifyingKey, KeyChoiceError> {
        let key = self.key_for(signer.server_key_id(), created)?;
        match key.fingerprint() == signer {
            true => Ok(key),
            false => Err(KeyChoiceError::Unknown(signer.server_key_id())),
        }
    }
}

impl KeysetContent {
    /// The canonical bytes for a realm.
    pub fn encode(&self, realm: &Realm) -> Vec<u8> {
        let mut out = begin_header(Kind::Keyset, Flags::NONE, 512);
        for number in [self.version, self.issued.as_millis(), self.expires.as_millis()] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.push(self.min_protocol);
        put_lp8(&mut out, realm.audience().as_bytes());
        out.push(self.keys.len() as u8);
        for online in &self.keys {
            out.push(online.state as u8);
            out.extend_from_slice(&online.not_before.as_millis().to_be_bytes());
            out.extend_from_slice(&online.not_after.as_millis().to_be_bytes());
            put_key(&mut out, &online.key);
        }
        out.push(self.roots.len() as u8);
        self.roots.iter().for_each(|root| put_key(&mut out, root));
        out.push(self.pins.len() as u8);
        self.pins.iter().for_each(|pin| out.extend_from_slice(pin));
        out
    }

    /// What a root signs.
    pub fn signing_input(&self, realm: &Realm, root: &Fingerprint) -> Vec<u8> {
        signing_input(realm, root, &self.encode(realm))
    }

    /// The frame, with a root's signature over [`Self::signing_input`].
    pub fn seal(&self, realm: &Realm, signature: &Signature) -> Vec<u8> {
        Frame::join(&self.encode(realm), signature, &[])
    }

    /// The frame, signed by a root at hand.
    pub fn sign(&self, realm: &Realm, root: &impl Signer) -> Vec<u8> {
        let input = self.signing_input(realm, root.verifying_key().fingerprint());
        self.seal(realm, &root.sign(&input))
    }
}

/// Reads a set and its audience without trusting it, for tools that show what it says.
pub fn decode(header: &[u8]) -> Result<(KeysetContent, String), KeysetError> {
    let (mut reader, _) = Reader::header(header, Kind::Keyset, Flags::NONE)?;
    let version = reader.u64()?;
    let issued = reader.time()?;
    let expires = reader.time()?;
    let min_protocol = reader.u8()?;
    let audience = audience(reader.lp8()?)?;
    let keys = (0..count(&mut reader, 1, KEYS_MAX)?).map(|_| online_key(&mut reader));
    let keys = keys.collect::<Result<_, _>>()?;
    let roots = (0..count(&mut reader, 1, ROOTS_MAX)?).map(|_| key(&mut reader));
    let roots = roots.collect::<Result<_, _>>()?;
    let pins = (0..count(&mut reader, 0, PINS_MAX)?).map(|_| reader.array());
    let pins = pins.collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok((KeysetContent { version, issued, expires, min_protocol, keys, roots, pins }, audience))
}

fn signing_input(realm: &Realm, root: &Fingerprint, header: &[u8]) -> Vec<u8> {
    realm.signing_input(Domain::Keyset, root, &[header])
}

fn put_key(out: &mut Vec<u8>, key: &VerifyingKey) {
    out.push(ALG_ED25519);
    put_lp8(out, key.as_bytes());
}

fn key(reader: &mut Reader<'_>) -> Result<VerifyingKey, KeysetError> {
    let alg = reader.u8()?;
    Ok(VerifyingKey::from_alg(alg, reader.lp8()?)?)
}

fn audience(bytes: &[u8]) -> Result<String, Malformed> {
    let audience = core::str::from_utf8(bytes).map_err(|_| Malformed::Range)?;
    check_audience(audience).map_err(|_| Malformed::Range)?;
    Ok(audience.into())
}

fn online_key(reader: &mut Reader<'_>) -> Result<OnlineKey, KeysetError> {
    let state = match reader.u8()? {
        0 => KeyState::Prepared,
        1 => KeyState::Active,
        2 => KeyState::Retired,
        3 => KeyState::Tainted,
        4 => KeyState::Revoked,
        _ => return Err(Malformed::Range.into()),
    };
    let not_before = reader.time()?;
    let not_after = reader.time()?;
    Ok(OnlineKey { key: key(reader)?, state, not_before, not_after })
}

fn count(reader: &mut Reader<'_>, min: usize, max: usize) -> Result<usize, Malformed> {
    let count = usize::from(reader.u8()?);
    if (min..=max).contains(&count) { Ok(count) } else { Err(Malformed::Range) }
}
