//! Keys and strict signatures. The only place that verifies, and the only one that names an algorithm.

use crate::id::Fingerprint;
use alloc::boxed::Box;
use core::fmt;
use ed25519_dalek::{Signer as _, Verifier as _, VerifyingKey as Ed25519};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// An Ed25519 signature: `R ‖ S`. Never an identifier.
pub type Signature = [u8; 64];

/// Length of an Ed25519 public key.
pub const PUBLIC_KEY_LEN: usize = 32;

/// Number of Ed25519 in key documents and fingerprints.
pub const ALG_ED25519: u8 = 1;

/// The eight points whose order divides 8, as they are encoded.
const SMALL_ORDER: [[u8; 32]; 8] = [
    small(0x01, 0x00, 0x00),
    small(0x00, 0x00, 0x00),
    small(0x00, 0x00, 0x80),
    small(0xec, 0xff, 0x7f),
    ORDER_8,
    with_sign(ORDER_8),
    ORDER_8_NEGATED,
    with_sign(ORDER_8_NEGATED),
];

/// `y` of a point of order 8, little-endian.
const ORDER_8: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];

/// `p - y` of the same.
const ORDER_8_NEGATED: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

const fn small(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// Whether `y` is below `p = 2^255 - 19`. The other texts that are not canonical, where `x` is zero with a sign, are of points
/// of small order.
fn is_canonical(bytes: &[u8; PUBLIC_KEY_LEN]) -> bool {
    let [first, middle @ .., last] = bytes;
    *first < 0xed || *last & 0x7f != 0x7f || middle.iter().any(|&byte| byte != 0xff)
}

const fn with_sign(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] |= 0x80;
    bytes
}

/// Why a public key is refused where keys enter: registration, key set, record signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not a canonical point of the curve.
    #[error("the public key is not a canonical Ed25519 point")]
    NotAPoint,
    /// Of small order, or with a small-order part: signatures of it could be repudiated.
    #[error("the public key is weak: it is not in the prime-order group")]
    Weak,
    /// An algorithm that version 1 does not verify.
    #[error("algorithm {0} is not supported; use 1, Ed25519")]
    Algorithm(u8),
}

/// A signature that does not verify. Deliberately says no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the signature is not valid")]
pub struct BadSignature;

/// A public key that passed [`VerifyingKey::from_bytes`] here or where it was taken in, decompressed once, with its
/// fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    point: Ed25519,
    fingerprint: Fingerprint,
}

impl VerifyingKey {
    /// Takes a key in. Refuses anything but a canonical point of the prime-order group. `[L5]`
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        let key = Self::from_vouched(bytes)?;
        match key.point.to_edwards().is_torsion_free() {
            true => Ok(key),
            false => Err(KeyError::Weak),
        }
    }

    /// A key that [`VerifyingKey::from_bytes`] took in before, where only such keys get in: the server's own store, or what
    /// the server signed, once its signature is verified. Bytes that anybody else chose do not come here: who signs with a
    /// key that has a small-order part could repudiate it.
    ///
    /// Leaves out the multiplication by the group's order, as dear as a verification; what else is refused is refused here.
    pub fn from_vouched(bytes: &[u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        if !is_canonical(bytes) {
            return Err(KeyError::NotAPoint);
        }
        let point = Ed25519::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        if point.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self { point, fingerprint: fingerprint(ALG_ED25519, bytes) })
    }

    /// A key named by algorithm, as key documents do.
    pub fn from_alg(alg: u8, bytes: &[u8]) -> Result<Self, KeyError> {
        match (alg, bytes.try_into()) {
            (ALG_ED25519, Ok(bytes)) => Self::from_bytes(bytes),
            (ALG_ED25519, Err(_)) => Err(KeyError::NotAPoint),
            _ => Err(KeyError::Algorithm(alg)),
        }
    }

    /// The encoded point.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        self.point.as_bytes()
    }

    /// SHA-256 over algorithm and key.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Strict verification: `S < L`, no small-order `A` or `R`, cofactorless equation.
    ///
    /// The one seam of verification: faster forms of the same predicate go here. This is `verify_strict` of ed25519-dalek
    /// without its decompression of `R`, a fifth of its time: the equation compares `R` as bytes, so an `R` that passes is
    /// canonical, and a canonical one of small order is one of eight texts. `A` was checked when the key was taken in.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let parsed = ed25519_dalek::Signature::from_bytes(signature);
        if SMALL_ORDER.contains(parsed.r_bytes()) {
            return Err(BadSignature);
        }
        self.point.verify(message, &parsed).map_err(|_| BadSignature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.fingerprint)
    }
}

/// Whatever can sign: a software key, a faster library, a secure element.
///
/// The one seam of signing. Browsers and hardware that sign asynchronously use
/// `signing_input` and `seal` of the unsigned messages instead.
pub trait Signer {
    /// The public half.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Signs the bytes.
    fn sign(&self, message: &[u8]) -> Signature;
}

/// A private key in memory; cleared when dropped, never printed.
pub struct SigningKey {
    secret: Box<ed25519_dalek::SigningKey>,
    public: VerifyingKey,
}

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032 section 5.1.5), which must come from a cryptographic generator.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = Box::new(ed25519_dalek::SigningKey::from_bytes(seed));
        let point = secret.verifying_key();
        let public =
            VerifyingKey { fingerprint: fingerprint(ALG_ED25519, point.as_bytes()), point };
        Self { secret, public }
    }

    /// The seed, for a key store.
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes())
    }
}

impl Signer for SigningKey {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.secret.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(.., public {})", self.public.fingerprint)
    }
}

/// `SHA-256("countersign-key-v1" ‖ alg ‖ pk)`.
fn fingerprint(alg: u8, public_key: &[u8]) -> Fingerprint {
    let hash =
        Sha256::new_with_prefix(b"countersign-key-v1").chain_update([alg]).chain_update(public_key);
    Fingerprint::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn debug_shows_no_secret() {
        let key = SigningKey::from_seed(&[0x5e; 32]);
        let shown = format!("{key:?}");
        assert!(!shown.contains("5e5e") && !shown.contains("94, 94"), "{shown}");
    }

    #[test]
    fn l5_weak_and_torsioned_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let order_8 = hex_32("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
        assert_eq!(VerifyingKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(VerifyingKey::from_bytes(&order_8), Err(KeyError::Weak));
        // y = p + 1, a second encoding of the identity.
        let non_canonical =
            hex_32("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
        assert_eq!(VerifyingKey::from_bytes(&non_canonical), Err(KeyError::NotAPoint));
        // x = 0 with a sign: y = 1, and y = p - 1.
        for encoding in [with_sign(identity), with_sign(small(0xec, 0xff, 0x7f))] {
            assert_eq!(VerifyingKey::from_bytes(&encoding), Err(KeyError::Weak));
        }
        // Large order with a small-order part: class 3 of eprint 2020/1244.
        let mixed = hex_32("cf5026947ef73b09712fdca09da152251bbbdff76f18cf44c076fdbca624b435");
        assert_eq!(VerifyingKey::from_bytes(&mixed), Err(KeyError::Weak));
        assert_eq!(VerifyingKey::from_alg(2, &[0; 33]), Err(KeyError::Algorithm(2)));
        // Whoever vouches for a key has checked its order; everything else is checked again.
        assert_eq!(VerifyingKey::from_vouched(&identity), Err(KeyError::Weak));
        assert_eq!(VerifyingKey::from_vouched(&order_8), Err(KeyError::Weak));
        assert_eq!(VerifyingKey::from_vouched(&non_canonical), Err(KeyError::NotAPoint));
        let good = SigningKey::from_seed(&[9; 32]);
        let vouched = VerifyingKey::from_vouched(good.verifying_key().as_bytes());
        assert_eq!(vouched.as_ref(), Ok(good.verifying_key()));
    }

    /// Every text above the largest `y`, with and without the sign, and the largest itself.
    #[test]
    fn l5_only_the_canonical_encoding_of_a_point_is_taken() {
        for first in 0xe0..=0xff_u8 {
            for last in [0x7f, 0xff] {
                let bytes = small(first, 0xff, last);
                let library = Ed25519::from_bytes(&bytes).ok();
                let is_same = |point: Ed25519| *point.to_edwards().compress().as_bytes() == bytes;
                // Where the library finds no point, or one of small order, nothing can be compared.
                if let Some(point) = library.filter(|point| !point.is_weak()) {
                    assert_eq!(is_canonical(&bytes), is_same(point), "{first:02x} {last:02x}");
                }
                assert_eq!(is_canonical(&bytes), first < 0xed);
            }
        }
    }

    #[test]
    fn the_points_of_small_order_are_all_there() {
        let torsion = curve25519_dalek::constants::EIGHT_TORSION;
        let mut expected = torsion.map(|point| point.compress().to_bytes());
        let mut listed = SMALL_ORDER;
        expected.sort();
        listed.sort();
        assert_eq!(listed, expected);
    }

    #[test]
    fn v4a_verification_is_the_strict_one_of_the_library() {
        let key = SigningKey::from_seed(&[9; 32]);
        let good = key.sign(b"message");
        let both = |signature: &Signature, message: &[u8]| {
            let ours = key.verifying_key().verify(message, signature).is_ok();
            let library = ed25519_dalek::Signature::from_bytes(signature);
            let strict = key.verifying_key().point.verify_strict(message, &library).is_ok();
            assert_eq!(ours, strict, "{signature:02x?}");
            ours
        };
        assert!(both(&good, b"message") && !both(&good, b"massage"));
        for bit in 0..512 {
            let mut flipped = good;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!both(&flipped, b"message"));
        }
        for small in SMALL_ORDER {
            let mut signature = good;
            signature[..32].copy_from_slice(&small);
            assert!(!both(&signature, b"message"));
        }
    }

    fn hex_32(text: &str) -> [u8; 32] {
        *text.parse::<Fingerprint>().unwrap().as_bytes()
    }
}
