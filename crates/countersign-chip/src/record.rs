//! The device record: what a half has to know about itself, sealed by the factory for one chip.
//!
//! ```text
//!   "GLR1" ‖ u16 n ‖ nonce 12 ‖ ciphertext n ‖ tag 16        ChaCha20-Poly1305, in one flash sector
//!      associated data: "GLR1" ‖ u16 n ‖ device id 16, as it stands in the eFuses
//! ```
//!
//! [`Sealed`] is bytes, [`Content`] is what the factory wrote, [`DeviceRecord`] is what proved to be true of this chip. Only the last one
//! runs a device, and only it can be sealed: a factory cannot seal what its chip would refuse.

use crate::access_point::{AccessPoint, AccessPointError};
use crate::identity::{self, HmacUp, RecordKey};
use alloc::string::String;
use alloc::vec::Vec;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use core::fmt;
use countersign::domain::RealmError;
use countersign::key::ALG_ED25519;
use countersign::keyset::{KeysetError, ROOTS_MAX};
use countersign::wire::{Malformed, Reader, put_lp8};
use countersign::{Fingerprint, Keyset, Realm, Signer, SigningKey, VerifyingKey};
use countersign_league::evidence::{Artefact, EvidenceError, PairCertificate, Signed, open};
use countersign_league::pair::Pair;
use countersign_league::{DeviceId, Params};
use zeroize::Zeroizing;

/// Bytes of a record and of the flash sector that holds it.
pub const MAX: usize = 4096;
/// The version that this crate writes and reads.
pub const VERSION: u8 = 1;
/// Most bytes of a key set's frame. The longest that there can be has 1,820.
pub const KEYSET_MAX: usize = 2048;

const MAGIC: [u8; 4] = *b"GLR1";
const NONCE: usize = 12;
const TAG: usize = 16;
const HEAD: usize = MAGIC.len() + 2;
const PLAIN_MAX: usize = MAX - HEAD - NONCE - TAG;
const URL_MAX: usize = 255;
const RULESET_MAX: usize = 32;

/// Which of the two boxes of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Half {
    /// Serves the phones, runs the match, signs the result.
    Master = 1,
    /// Watches the other goal, reports to the master.
    Slave = 2,
}

impl Half {
    /// "master" or "slave".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Slave => "slave",
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a sector holds no record of this chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Nothing was ever written.
    #[error("the record's sector is empty; this chip has not been through the factory")]
    Blank,
    /// Something else was.
    #[error("the record's sector does not begin with GLR1; write this chip's record to it")]
    NotARecord,
    /// The length cannot be.
    #[error("the record says that it has {0} bytes, which do not fit its sector")]
    Length(u16),
    /// Another key, another device id, or changed bytes: they look alike.
    #[error("the record does not open: it was sealed for another chip, or it was changed")]
    Seal,
    /// Written by a newer factory.
    #[error(
        "the record has version {0}, and this firmware reads version {VERSION}; install newer firmware"
    )]
    Version(u8),
    /// Sealed by the right key, and yet no record.
    #[error("the record's content cannot be read: {0}")]
    Content(Malformed),
    /// No realm.
    #[error("the record's realm is none: {0}")]
    Realm(#[from] RealmError),
}

/// Why a record is not true of a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The certificate is not the factory's.
    #[error("the pair certificate is none of the factory key in the record: {0}")]
    Pair(EvidenceError),
    /// The eFuses name another pair.
    #[error("the pair certificate is of device {found}, but the eFuses say {expected}")]
    OtherDevice {
        /// What the eFuses say.
        expected: DeviceId,
        /// What the certificate says.
        found: DeviceId,
    },
    /// The halves were swapped.
    #[error("the record is that of the {0}, but this chip's key is that of its other half")]
    OtherHalf(Half),
    /// The certificate was made for other eFuse keys.
    #[error("this chip's key is {own}, but the pair certificate names {named} as its {half}")]
    OtherKey {
        /// Which half the record is for.
        half: Half,
        /// What the chip derives.
        own: Fingerprint,
        /// What the certificate names.
        named: Fingerprint,
    },
    /// A pair of one.
    #[error("the pair certificate names the same key for both halves")]
    OneKey,
    /// The key set is not one of the roots.
    #[error("the key set is not valid: {0}")]
    Keyset(#[from] KeysetError),
    /// No built-in rules of this name.
    #[error(
        "the record names rules that this firmware does not have; they are \"official\" or \"short\""
    )]
    Ruleset,
    /// No root, too many, or one twice.
    #[error("a record names 1 to {ROOTS_MAX} roots, each once")]
    Roots,
    /// Not a URL that a phone could open.
    #[error(
        "the server's URL begins with https:// or http:// and has at most {URL_MAX} bytes without spaces"
    )]
    Url,
    /// A frame that is longer than it can be.
    #[error("the {0} is longer than it may be")]
    TooLong(&'static str),
    /// A master without Wi-Fi, or a slave with one: it must not know the passphrase.
    #[error("a master's record has an access point, and a slave's has none")]
    AccessPoint,
    /// Settings that no phone could use.
    #[error(transparent)]
    Wifi(#[from] AccessPointError),
}

/// The limits of all parts add up to less than a sector, so that this does not happen while they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record is longer than its sector of {MAX} bytes")]
pub struct SealError;

/// Why [`load`] gives no device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoadError<E> {
    /// The HMAC peripheral did not answer.
    #[error("the HMAC peripheral gives no key: {0}")]
    Hmac(E),
    /// The sector holds no record of this chip.
    #[error(transparent)]
    Open(OpenError),
    /// It holds one that is not true.
    #[error(transparent)]
    Check(CheckError),
}

/// What a factory wrote. Nothing in it is believed before [`Content::check`].
///
/// What the pair certificate says (serial, mark, both keys, players) stands there and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Which half the chip is.
    pub half: Half,
    /// Whom everything is signed for.
    pub realm: Realm,
    /// Base URL of the server, for phones that carry evidence; at most 255 bytes.
    pub server: String,
    /// Roots of the server's key set: 1 to 4.
    pub roots: Vec<VerifyingKey>,
    /// Who signed the pair certificate.
    pub factory: VerifyingKey,
    /// Name of the rules: "official" or "short". Not their id, which a newer firmware may change.
    pub ruleset: String,
    /// Frame of the pair certificate.
    pub pair: Vec<u8>,
    /// Frame of the key set, as it was in the factory; couriers bring newer ones.
    pub keyset: Vec<u8>,
    /// The Wi-Fi: a master has one, a slave has none.
    pub access_point: Option<AccessPoint>,
}

/// What is true of this chip.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DeviceRecord {
    /// The record.
    pub content: Content,
    /// The rules that it plays by.
    pub params: Params,
    /// The pair, as the factory signed it.
    pub pair: Signed<PairCertificate>,
    /// The server's keys. They may have expired on the shelf.
    pub keyset: Keyset,
}

/// Reads a sector, derives both keys and checks everything: what a chip does at boot.
pub fn load<H: HmacUp>(
    sector: &[u8],
    device: &DeviceId,
    chip: &mut H,
) -> Result<(DeviceRecord, SigningKey), LoadError<H::Error>> {
    let sealed = Sealed::read(sector).map_err(LoadError::Open)?;
    let record_key = identity::record_key(chip).map_err(LoadError::Hmac)?;
    let content = sealed.open(&record_key, device).map_err(LoadError::Open)?;
    let key = identity::device_key(chip).map_err(LoadError::Hmac)?;
    let record = content.check(device, key.verifying_key()).map_err(LoadError::Check)?;
    Ok((record, key))
}

/// A record in its sector, bounded and not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed<'s> {
    head: &'s [u8],
    nonce: &'s [u8; NONCE],
    ciphertext: &'s [u8],
    tag: &'s [u8; TAG],
}

impl<'s> Sealed<'s> {
    /// Finds the record at the start of its sector; what stands behind it does not matter.
    pub fn read(sector: &'s [u8]) -> Result<Self, OpenError> {
        let sector = sector.get(..MAX).unwrap_or(sector);
        if sector.iter().all(|byte| *byte == 0xff) {
            return Err(OpenError::Blank);
        }
        let (head, rest) = sector.split_first_chunk::<HEAD>().ok_or(OpenError::NotARecord)?;
        if head[..MAGIC.len()] != MAGIC {
            return Err(OpenError::NotARecord);
        }
        let length = u16::from_be_bytes([head[4], head[5]]);
        let split = || {
            let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
            let (ciphertext, rest) = rest.split_at_checked(usize::from(length))?;
            Some(Self { head, nonce, ciphertext, tag: rest.first_chunk::<TAG>()? })
        };
        split().ok_or(OpenError::Length(length))
    }

    /// Opens it with the key and the id of one chip.
    pub fn open(self, key: &RecordKey, device: &DeviceId) -> Result<Content, OpenError> {
        let mut plain = Zeroizing::new(self.ciphertext.to_vec());
        let cipher = ChaCha20Poly1305::new(key.expose().into());
        let about = associated(self.head, device);
        cipher
            .decrypt_inout_detached(
                self.nonce.into(),
                &about,
                plain.as_mut_slice().into(),
                self.tag.into(),
            )
            .map_err(|_| OpenError::Seal)?;
        Content::decode(&plain)
    }
}

impl Content {
    /// Checks every part against the others and against the chip: its id in the eFuses, and the public half of its key.
    pub fn check(self, device: &DeviceId, own: &VerifyingKey) -> Result<DeviceRecord, CheckError> {
        self.check_alone()?;
        let params = Params::named(&self.ruleset).ok_or(CheckError::Ruleset)?;
        let pair = open::<PairCertificate>(&self.realm, &self.factory, &self.pair)
            .map_err(CheckError::Pair)?;
        if pair.value.device != *device {
            let (expected, found) = (*device, pair.value.device);
            return Err(CheckError::OtherDevice { expected, found });
        }
        if pair.value.master == pair.value.slave {
            return Err(CheckError::OneKey);
        }
        let (named, other) = halves(self.half, &pair.value);
        if other == own {
            return Err(CheckError::OtherHalf(self.half));
        }
        if named != own {
            let (own, named) = (*own.fingerprint(), *named.fingerprint());
            return Err(CheckError::OtherKey { half: self.half, own, named });
        }
        let keyset = Keyset::open(&self.realm, &self.roots, 0, &self.keyset)?;
        Ok(DeviceRecord { content: self, params, pair, keyset })
    }

    fn check_alone(&self) -> Result<(), CheckError> {
        let is_twice = |(at, root)| self.roots.iter().take(at).any(|other| other == root);
        if !(1..=ROOTS_MAX).contains(&self.roots.len())
            || self.roots.iter().enumerate().any(is_twice)
        {
            return Err(CheckError::Roots);
        }
        let has_scheme = ["https://", "http://"].iter().any(|s| self.server.starts_with(s));
        if !has_scheme || self.server.len() > URL_MAX || self.server.contains(char::is_whitespace) {
            return Err(CheckError::Url);
        }
        if self.pair.len() > PairCertificate::MAX_FRAME {
            return Err(CheckError::TooLong("pair certificate"));
        }
        if self.keyset.len() > KEYSET_MAX {
            return Err(CheckError::TooLong("key set"));
        }
        match (&self.access_point, self.half) {
            (Some(access_point), Half::Master) => Ok(access_point.check()?),
            (None, Half::Slave) => Ok(()),
            (None, Half::Master) | (Some(_), Half::Slave) => Err(CheckError::AccessPoint),
        }
    }

    /// The plaintext: [`VERSION`], then the fields in order, nothing left over. Has a master's passphrase in it.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Never grows, so that no copy of the passphrase is left behind.
        let mut out = Zeroizing::new(Vec::with_capacity(MAX));
        out.extend_from_slice(&[VERSION, self.half as u8]);
        put_lp8(&mut out, self.realm.app().as_bytes());
        put_lp8(&mut out, self.realm.audience().as_bytes());
        put_lp8(&mut out, self.server.as_bytes());
        out.push(self.roots.len() as u8);
        self.roots.iter().for_each(|root| put_key(&mut out, root));
        put_key(&mut out, &self.factory);
        put_lp8(&mut out, self.ruleset.as_bytes());
        put_frame(&mut out, &self.pair);
        put_frame(&mut out, &self.keyset);
        out.push(u8::from(self.access_point.is_some()));
        if let Some(access_point) = &self.access_point {
            access_point.put(&mut out);
        }
        out
    }

    /// Reads a plaintext.
    pub fn decode(plain: &[u8]) -> Result<Self, OpenError> {
        let mut reader = Reader::new(plain);
        match reader.u8().map_err(OpenError::Content)? {
            VERSION => {}
            version => return Err(OpenError::Version(version)),
        }
        let content = Self::take(&mut reader)?;
        reader.finish().map_err(OpenError::Content)?;
        Ok(content)
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, OpenError> {
        let half = match reader.u8()? {
            1 => Half::Master,
            2 => Half::Slave,
            _ => return Err(Malformed::Range.into()),
        };
        let (app, audience) = (text(reader)?, text(reader)?);
        let realm = Realm::new(app, audience)?;
        let server = text(reader)?.into();
        let count = usize::from(reader.u8()?);
        if !(1..=ROOTS_MAX).contains(&count) {
            return Err(Malformed::Range.into());
        }
        let roots = (0..count).map(|_| take_key(reader)).collect::<Result<_, _>>()?;
        let factory = take_key(reader)?;
        let ruleset = text(reader)?;
        if ruleset.len() > RULESET_MAX {
            return Err(Malformed::Range.into());
        }
        Ok(Self {
            half,
            realm,
            server,
            roots,
            factory,
            ruleset: ruleset.into(),
            pair: take_frame(reader, PairCertificate::MAX_FRAME)?,
            keyset: take_frame(reader, KEYSET_MAX)?,
            access_point: match reader.u8()? {
                0 => None,
                1 => Some(AccessPoint::take(reader)?),
                _ => return Err(Malformed::Range.into()),
            },
        })
    }
}

impl DeviceRecord {
    /// The sealed record, for the start of its sector. A nonce is never used twice with this key: draw it.
    pub fn seal(&self, key: &RecordKey, nonce: [u8; NONCE]) -> Result<Vec<u8>, SealError> {
        let mut text = self.content.encode();
        let length = u16::try_from(text.len()).ok().filter(|_| text.len() <= PLAIN_MAX);
        let mut sealed = Vec::with_capacity(HEAD + NONCE + text.len() + TAG);
        sealed.extend_from_slice(&MAGIC);
        sealed.extend_from_slice(&length.ok_or(SealError)?.to_be_bytes());
        let about = associated(&sealed, self.device());
        let cipher = ChaCha20Poly1305::new(key.expose().into());
        let tag = cipher
            .encrypt_inout_detached(&nonce.into(), &about, text.as_mut_slice().into())
            .map_err(|_| SealError)?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Which half the chip is.
    pub const fn half(&self) -> Half {
        self.content.half
    }

    /// The pair.
    pub const fn device(&self) -> &DeviceId {
        &self.pair.value.device
    }

    /// The public half of its own key.
    pub fn own(&self) -> &VerifyingKey {
        halves(self.content.half, &self.pair.value).0
    }

    /// The other half: the only one that it talks to.
    pub fn partner(&self) -> &VerifyingKey {
        halves(self.content.half, &self.pair.value).1
    }

    /// Both halves, for the pair link.
    pub fn halves(&self) -> Pair {
        Pair::from(&self.pair.value)
    }
}

fn halves(half: Half, pair: &PairCertificate) -> (&VerifyingKey, &VerifyingKey) {
    match half {
        Half::Master => (&pair.master, &pair.slave),
        Half::Slave => (&pair.slave, &pair.master),
    }
}

fn associated(head: &[u8], device: &DeviceId) -> Vec<u8> {
    [head, device.as_bytes()].concat()
}

fn put_key(out: &mut Vec<u8>, key: &VerifyingKey) {
    out.push(ALG_ED25519);
    out.extend_from_slice(key.as_bytes());
}

fn take_key(reader: &mut Reader<'_>) -> Result<VerifyingKey, Malformed> {
    let alg = reader.u8()?;
    let key: [u8; 32] = reader.array()?;
    VerifyingKey::from_alg(alg, &key).map_err(|_| Malformed::Range)
}

fn put_frame(out: &mut Vec<u8>, frame: &[u8]) {
    out.extend_from_slice(&(frame.len() as u16).to_be_bytes());
    out.extend_from_slice(frame);
}

fn take_frame(reader: &mut Reader<'_>, max: usize) -> Result<Vec<u8>, Malformed> {
    let length = usize::from(reader.u16()?);
    if length > max {
        return Err(Malformed::Range);
    }
    reader.slice(length).map(<[u8]>::to_vec)
}

/// UTF-8 with a length byte.
pub(crate) fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)
}

impl From<Malformed> for OpenError {
    fn from(source: Malformed) -> Self {
        Self::Content(source)
    }
}
