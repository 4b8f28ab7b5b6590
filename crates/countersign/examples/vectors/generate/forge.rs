//! Signatures that sloppy verifiers accept.

use super::Result;
use super::world::Who;
use countersign::{Signature, Signer};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::{Scalar, constants};
use sha2::{Digest, Sha512};

/// The neutral point.
pub(super) const IDENTITY: [u8; 32] = first_byte(0x01, 0x00, 0x00);
/// The neutral point again: y = p + 1.
pub(super) const IDENTITY_AGAIN: [u8; 32] = first_byte(0xee, 0xff, 0x7f);
/// y = p + 3: a second encoding of a point of large order.
pub(super) const P_PLUS_3: [u8; 32] = first_byte(0xf0, 0xff, 0x7f);
/// y = 2 lies on no point of the curve.
pub(super) const NO_POINT: [u8; 32] = first_byte(0x02, 0x00, 0x00);
/// The order of the base point, little-endian.
const L: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

const fn first_byte(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// Every encoding that some decoder takes for one of the eight points of small order.
pub(super) fn small_order_encodings() -> Vec<[u8; 32]> {
    let mut encodings = Vec::new();
    for point in constants::EIGHT_TORSION {
        let canonical = point.compress().to_bytes();
        let y_is = |first: u8, rest: u8| {
            canonical[0] == first && canonical[1..31].iter().all(|byte| *byte == rest)
        };
        let mut spellings = vec![canonical];
        if y_is(0, 0) || y_is(1, 0) {
            let mut plus_p = if y_is(0, 0) { first_byte(0xed, 0xff, 0x7f) } else { IDENTITY_AGAIN };
            plus_p[31] |= canonical[31] & 0x80;
            spellings.push(plus_p);
        }
        for spelling in spellings {
            encodings.push(spelling);
            // Where x is 0 the sign bit says nothing, and some decoders do not mind it.
            let mut signed = spelling;
            signed[31] |= 0x80;
            if !encodings.contains(&signed) && (y_is(1, 0) || y_is(0xec, 0xff)) {
                encodings.push(signed);
            }
        }
    }
    encodings.sort_unstable();
    encodings.dedup();
    encodings
}

/// The same signature with `S + L`: the same scalar for whoever does not look.
pub(super) fn with_l_added(signature: &[u8]) -> Result<Signature> {
    let mut sum: Signature = signature.try_into()?;
    let mut carry = 0;
    for (byte, l) in sum[32..].iter_mut().zip(hex::decode(L)?) {
        let total = u16::from(*byte) + u16::from(l) + carry;
        *byte = total as u8;
        carry = total >> 8;
    }
    Ok(sum)
}

/// A signature by a real key whose `R` is the neutral point, in the given spelling: `S = k·a`.
pub(super) fn with_neutral_r(who: Who, message: &[u8], r: [u8; 32]) -> Signature {
    let k = challenge(&r, who.public().as_bytes(), message);
    join(r, k * secret(who))
}

/// A signature that verifies under the neutral point as the key, for any message: `R = [a]B`, `S = a`.
pub(super) fn by_the_neutral_key(who: Who) -> Signature {
    join(*who.public().as_bytes(), secret(who))
}

/// The key of `who` plus a point of order 8.
pub(super) fn mixed_order_key(who: Who) -> [u8; 32] {
    (EdwardsPoint::mul_base(&secret(who)) + constants::EIGHT_TORSION[1]).compress().to_bytes()
}

/// A signature that passes strict verification under [`mixed_order_key`]: `R` is chosen until the challenge is a
/// multiple of 8. Its owner can later show the same message not to verify for somebody else's rules.
pub(super) fn by_the_mixed_order_key(who: Who, message: &[u8]) -> Result<Signature> {
    let key = mixed_order_key(who);
    for nonce in 1..10_000u64 {
        let nonce = Scalar::from(nonce);
        let r = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
        let k = challenge(&r, &key, message);
        if k.to_bytes()[0].is_multiple_of(8) {
            return Ok(join(r, nonce + k * secret(who)));
        }
    }
    Err("no nonce gives a challenge that is a multiple of 8".into())
}

fn secret(who: Who) -> Scalar {
    ed25519_dalek::SigningKey::from_bytes(&who.seed()).to_scalar()
}

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn join(r: [u8; 32], s: Scalar) -> Signature {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

/// Makes sure that what is called a key here signs.
pub(super) fn sign(who: Who, message: &[u8]) -> Signature {
    who.key().sign(message)
}
