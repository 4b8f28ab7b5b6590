//! The same players in every run.

use countersign::{Timestamp, UserId};
use countersign_ranks::board::Player;

/// A generator without a name in the field; good enough to pick players.
pub(crate) struct Random(u64);

impl Random {
    /// Another seed, other players.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly, but for what 2³² is no multiple of `limit` by.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let number = mix(self.0);
        ((u64::from((number >> 32) as u32) * u64::from(limit)) >> 32) as u32
    }
}

/// The finalizer of splitmix64.
const fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// An id without order, as random ones are.
pub(crate) fn user(number: u32) -> UserId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(u64::from(number) + 1).to_be_bytes());
    bytes[8..].copy_from_slice(&mix(u64::from(number) << 32).to_be_bytes());
    UserId::from_bytes(bytes)
}

/// A bell around 1,500 points with a deviation of about 200: the sum of four dice.
pub(crate) fn rating(number: u32) -> i32 {
    let dice = mix(u64::from(number) ^ 0xABCD);
    let sum: u64 = (0..4).map(|die| (dice >> (16 * die)) & 0xFFFF).sum();
    1_500_000 + (sum as i64 * 1_386 / 262_144 - 693) as i32 * 1_000 + (dice % 1_000) as i32
}

/// The first `count` players.
pub(crate) fn all(count: u32) -> impl Iterator<Item = Player> {
    (0..count).map(|number| Player {
        user: user(number),
        reached: Timestamp::from_millis((number % 1_000).into()),
        rating: rating(number),
    })
}
