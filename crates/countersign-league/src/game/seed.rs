//! Randomness and time of day, both from outside.

use crate::id::Nonce;
use core::time::Duration;
use countersign::Timestamp;
use sha2::{Digest, Sha256};

/// The game's source of secrets: a chain of hashes that starts at 32 bytes of a cryptographic generator. Nobody who sees a
/// secret can compute an earlier or a later one. It has no `Debug`.
pub struct Seed([u8; 32]);

impl Seed {
    /// From a cryptographic generator.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Stirs fresh randomness in; cannot make the source worse.
    pub fn mix(&mut self, fresh: &[u8; 32]) {
        self.0 = self.hash(b"countersign-game-mix-v1", fresh);
    }

    /// The next 32 secret bytes.
    pub(super) fn draw(&mut self) -> [u8; 32] {
        let out = self.hash(b"countersign-game-draw-v1", &[]);
        self.0 = self.hash(b"countersign-game-next-v1", &[]);
        out
    }

    /// The next sixteen.
    pub(super) fn nonce(&mut self) -> Nonce {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&self.draw()[..16]);
        Nonce::from_bytes(nonce)
    }

    fn hash(&self, label: &[u8], more: &[u8]) -> [u8; 32] {
        Sha256::new_with_prefix(label).chain_update(self.0).chain_update(more).finalize().into()
    }
}

/// Best known time of day: the newest time that a server signed, carried on by the device's own clock.
///
/// It may be late, by as much as the newest ticket is old; it is never early. [`Timestamp::ZERO`] until the first one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Utc {
    server: Timestamp,
    at: u64,
}

impl Utc {
    /// Learns a time that a server signed.
    pub(super) fn learn(&mut self, server: Timestamp, now: u64) {
        if server > self.at(now) {
            *self = Self { server, at: now };
        }
    }

    /// The time of day at this moment of the device's clock.
    pub(super) fn at(&self, now: u64) -> Timestamp {
        match self.server {
            Timestamp::ZERO => Timestamp::ZERO,
            server => server.plus(Duration::from_millis(now.saturating_sub(self.at))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_day_only_moves_forward() {
        let mut utc = Utc::default();
        assert_eq!(utc.at(5_000), Timestamp::ZERO);
        utc.learn(Timestamp::from_millis(1_000_000), 5_000);
        assert_eq!(utc.at(6_000), Timestamp::from_millis(1_001_000));
        utc.learn(Timestamp::from_millis(1_000_500), 6_000);
        assert_eq!(utc.at(6_000), Timestamp::from_millis(1_001_000));
        utc.learn(Timestamp::from_millis(2_000_000), 6_000);
        assert_eq!(utc.at(6_001), Timestamp::from_millis(2_000_001));
    }

    #[test]
    fn secrets_differ_and_follow_from_the_seed() {
        let (mut a, mut b) = (Seed::from_bytes([7; 32]), Seed::from_bytes([7; 32]));
        let drawn = [a.draw(), a.draw(), a.draw()];
        assert_eq!(drawn, [b.draw(), b.draw(), b.draw()]);
        assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2]);
        b.mix(&[1; 32]);
        assert_ne!(a.draw(), b.draw());
    }
}
