//! Just enough arithmetic modulo the order of the curve to make signatures that only a sloppy verifier accepts.

use sha2::{Digest, Sha512};
use std::cmp::Ordering;

/// A number below 2^256, lowest byte first.
pub(crate) type Number = [u8; 32];

/// L, the order of the base point.
pub(crate) const ORDER: Number = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// `a + b`; `None` if it is 2^256 or more.
pub(crate) fn add(a: &Number, b: &Number) -> Option<Number> {
    let (mut sum, mut carry) = ([0; 32], 0);
    for i in 0..32 {
        let digit = u16::from(a[i]) + u16::from(b[i]) + carry;
        (sum[i], carry) = (digit as u8, digit >> 8);
    }
    (carry == 0).then_some(sum)
}

/// `a - b` for `a >= b`.
pub(crate) fn subtract(a: &Number, b: &Number) -> Number {
    let (mut difference, mut borrow) = ([0; 32], 0);
    for i in 0..32 {
        let digit = 256 + u16::from(a[i]) - u16::from(b[i]) - borrow;
        (difference[i], borrow) = (digit as u8, u16::from(digit < 256));
    }
    difference
}

/// The sum modulo L of two numbers below L.
fn add_mod(a: &Number, b: &Number) -> Number {
    // L is below 2^253: the sum fits.
    let sum = add(a, b).unwrap_or_default();
    match sum.iter().rev().cmp(ORDER.iter().rev()) {
        Ordering::Less => sum,
        Ordering::Equal | Ordering::Greater => subtract(&sum, &ORDER),
    }
}

/// `bytes * times` modulo L, for a `times` below L.
fn multiply_mod(bytes: &[u8], times: &Number) -> Number {
    let mut product = [0; 32];
    for bit in (0..bytes.len() * 8).rev() {
        product = add_mod(&product, &product);
        if bytes[bit / 8] >> (bit % 8) & 1 == 1 {
            product = add_mod(&product, times);
        }
    }
    product
}

/// `S` of a signature by the holder of `seed` for any `R` of small order: `SHA-512(R ‖ A ‖ message) * a`.
pub(crate) fn s_for_small_order_r(seed: &[u8; 32], r: &[u8], a: &[u8], message: &[u8]) -> Number {
    let mut secret: Number = Sha512::digest(seed)[..32].try_into().unwrap();
    secret[0] &= 248;
    secret[31] = secret[31] & 127 | 64;
    let one: Number = std::array::from_fn(|i| u8::from(i == 0));
    let hash = Sha512::new_with_prefix(r).chain_update(a).chain_update(message).finalize();
    multiply_mod(&hash, &multiply_mod(&secret, &one))
}

#[test]
fn the_arithmetic_is_right() {
    let one: Number = std::array::from_fn(|i| u8::from(i == 0));
    let most = subtract(&ORDER, &one);
    assert_eq!(add_mod(&most, &one), [0; 32]);
    assert_eq!(multiply_mod(&most, &most), one, "(L - 1)^2 = 1");
    assert_eq!(multiply_mod(&ORDER, &most), [0; 32]);
    assert_eq!(add(&[0xff; 32], &one), None);
}
