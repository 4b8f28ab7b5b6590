//! A Golomb-coded set: which ids somebody has, in about nine bits each, wrong about one id in 128.
//!
//! An id becomes `SipHash-2-4(salt ‖ "nodus-gc", id) · (128 n) >> 64`; the sorted numbers are written as differences in Rice code
//! with seven low bits: the high part as that many ones and a zero, then the low part, most significant bit first. With a
//! fresh salt the one in 128 is another one each time.

use crate::packet::ShortId;
use alloc::vec::Vec;
use core::hash::Hasher as _;
use countersign::wire::Malformed;
use siphasher::sip::SipHasher24;

/// Most ids in one set.
pub const IDS_MAX: usize = 355;

const LOW_BITS: u32 = 7;
const DOMAIN: u64 = u64::from_be_bytes(*b"nodus-gc");

/// Eight bytes that are different each time.
pub type Salt = [u8; 8];

/// A set that came from somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdSet {
    salt: Salt,
    ids: u16,
    numbers: Vec<u64>,
}

impl IdSet {
    /// The set of these ids; those over [`IDS_MAX`] are left out.
    pub fn of(salt: Salt, ids: &[ShortId]) -> Self {
        let ids = &ids[..ids.len().min(IDS_MAX)];
        let count = ids.len() as u16;
        let mut numbers: Vec<u64> = ids.iter().map(|id| number(salt, count, id)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self { salt, ids: count, numbers }
    }

    /// Whether the id is in it: never wrong if it is, once in 128 if it is not.
    pub fn contains(&self, id: &ShortId) -> bool {
        self.ids > 0 && self.numbers.binary_search(&number(self.salt, self.ids, id)).is_ok()
    }

    /// `salt ‖ ids u16 ‖ numbers u16 ‖ bits`.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(12 + self.numbers.len() * 5 / 4);
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&self.ids.to_be_bytes());
        out.extend_from_slice(&(self.numbers.len() as u16).to_be_bytes());
        let mut bits = BitWriter { out, used: 8 };
        let mut before = 0;
        for number in &self.numbers {
            let step = number - before;
            (0..step >> LOW_BITS).for_each(|_| bits.push(true));
            bits.push(false);
            (0..LOW_BITS).rev().for_each(|bit| bits.push(step >> bit & 1 == 1));
            before = *number;
        }
        bits.out
    }

    /// Reads a set; one with more than [`IDS_MAX`] is refused before anything is kept.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (salt, rest) = bytes.split_first_chunk::<8>().ok_or(Malformed::Truncated)?;
        let (counts, rest) = rest.split_first_chunk::<4>().ok_or(Malformed::Truncated)?;
        let [ids, count] = [[counts[0], counts[1]], [counts[2], counts[3]]].map(u16::from_be_bytes);
        if usize::from(ids) > IDS_MAX || count > ids || (ids > 0 && count == 0) {
            return Err(Malformed::Range);
        }
        let range = u64::from(ids) << LOW_BITS;
        let mut bits = BitReader { bytes: rest, at: 0 };
        let mut numbers = Vec::with_capacity(usize::from(count));
        let mut number = 0_u64;
        for index in 0..count {
            let mut step = 0_u64;
            while bits.next()? {
                step += 1 << LOW_BITS;
            }
            for bit in (0..LOW_BITS).rev() {
                step |= u64::from(bits.next()?) << bit;
            }
            number += step;
            if number >= range || (index > 0 && step == 0) {
                return Err(Malformed::Range);
            }
            numbers.push(number);
        }
        bits.finish()?;
        Ok(Self { salt: *salt, ids, numbers })
    }
}

fn number(salt: Salt, ids: u16, id: &ShortId) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(u64::from_be_bytes(salt), DOMAIN);
    hasher.write(id.as_bytes());
    let range = u128::from(ids) << LOW_BITS;
    ((u128::from(hasher.finish()) * range) >> 64) as u64
}

struct BitWriter {
    out: Vec<u8>,
    // Bits of the last byte that are taken.
    used: u8,
}

impl BitWriter {
    fn push(&mut self, bit: bool) {
        if self.used == 8 {
            self.out.push(0);
            self.used = 0;
        }
        if let Some(last) = self.out.last_mut() {
            *last |= u8::from(bit) << (7 - self.used);
        }
        self.used += 1;
    }
}

struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl BitReader<'_> {
    fn next(&mut self) -> Result<bool, Malformed> {
        let byte = self.bytes.get(self.at / 8).ok_or(Malformed::Truncated)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(bit == 1)
    }

    /// What is left of the last byte is zero, and it is the last.
    fn finish(mut self) -> Result<(), Malformed> {
        if self.bytes.len() != self.at.div_ceil(8) {
            return Err(Malformed::TrailingBytes);
        }
        while !self.at.is_multiple_of(8) {
            if self.next()? {
                return Err(Malformed::TrailingBytes);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(number: u64) -> ShortId {
        ShortId::from_bytes(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes())
    }

    #[test]
    fn three_hundred_and_fifty_five_ids_fit_four_hundred_bytes() {
        for salt in 0..50_u64 {
            let ids: Vec<_> = (0..355).map(|number| id(number + salt * 1_000)).collect();
            let len = IdSet::of(salt.to_be_bytes(), &ids).encode().len();
            assert!(len <= 400, "{len}");
        }
    }

    #[test]
    fn another_salt_is_wrong_about_another_id() {
        let ids: Vec<_> = (0..300).map(id).collect();
        let strangers: Vec<_> = (1_000..11_000).map(id).collect();
        let missed = |salt: u64| {
            let set = IdSet::of(salt.to_be_bytes(), &ids);
            strangers.iter().filter(|id| set.contains(id)).copied().collect::<Vec<_>>()
        };
        let (first, second) = (missed(1), missed(2));
        assert!((30..140).contains(&first.len()), "one in 128: {}", first.len());
        let both = first.iter().filter(|id| second.contains(id)).count();
        assert!(both < 10, "the same ones again: {both}");
    }

    proptest! {
        #[test]
        fn a_set_reads_back_and_holds_what_was_put_in(salt: [u8; 8], ids in prop::collection::vec(any::<[u8; 8]>(), 0..400)) {
            let ids: Vec<_> = ids.into_iter().map(ShortId::from_bytes).collect();
            let set = IdSet::of(salt, &ids);
            let read = IdSet::decode(&set.encode()).unwrap();
            prop_assert_eq!(&read, &set);
            prop_assert!(ids.iter().take(IDS_MAX).all(|id| read.contains(id)));
        }

        #[test]
        fn bytes_that_read_as_a_set_are_its_only_form(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(set) = IdSet::decode(&bytes) {
                prop_assert_eq!(set.encode(), bytes);
            }
        }
    }
}
