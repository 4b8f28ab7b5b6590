//! The hub's side of the handshake. It remembers nothing between a challenge and its answer.

use super::{Challenge, Hello, ReceivedProof, Welcome};
use crate::id::JudgeId;
use crate::venue::Venue;
use core::time::Duration;
use countersign::key::BadSignature;
use countersign::{Fingerprint, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// How long a challenge can be answered.
pub const CHALLENGE_LIFE: Duration = Duration::from_secs(60);

/// A judge whose device proved its key to this hub just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticJudge {
    /// Who.
    pub judge: JudgeId,
    /// With which key.
    pub key: Fingerprint,
    /// Hub time minus the device's clock as it said, in milliseconds: how wrong the device is, and the way to here.
    pub offset_ms: i64,
    /// Version of the bundle that the device has.
    pub bundle_version: u32,
}

/// Why the hub does not know a judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AuthRefusal {
    /// Not in the roster.
    #[error("the roster has no judge {0}")]
    UnknownJudge(JudgeId),
    /// No challenge of this hub, or for somebody else.
    #[error("the answer is not to a challenge of this hub")]
    Challenge,
    /// Too late.
    #[error("the challenge is older than {} s; ask again", CHALLENGE_LIFE.as_secs())]
    Late,
    /// By another key than the roster's.
    #[error("the proof is not signed by the judge's key")]
    Signature,
    /// By a key that was revoked.
    #[error("the key of {0} was revoked")]
    Revoked(JudgeId),
}

/// The hub's side of the handshake.
pub struct Desk {
    mac: Hmac<Sha256>,
}

impl core::fmt::Debug for Desk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Desk(..)")
    }
}

impl Desk {
    /// A desk with 32 bytes of a cryptographic generator, drawn when the hub starts and kept nowhere.
    pub fn new(secret: &[u8; 32]) -> Self {
        // HMAC fills a short key with zeroes.
        let mut key = [0; 64];
        key[..32].copy_from_slice(secret);
        Self { mac: Hmac::new(&key.into()) }
    }

    /// Challenges a judge of the roster.
    pub fn hello(
        &self,
        venue: &Venue,
        hello: &Hello,
        now: Timestamp,
    ) -> Result<Challenge, AuthRefusal> {
        if venue.bundle().judge(&hello.judge).is_none() {
            return Err(AuthRefusal::UnknownJudge(hello.judge));
        }
        let hub_nonce = self.nonce(hello, now);
        Ok(Challenge { judge: hello.judge, nonce: hello.nonce, hub_nonce, time: now })
    }

    /// Believes a proof, and says what to sign and send.
    pub fn proof(
        &self,
        venue: &Venue,
        received: &ReceivedProof,
        now: Timestamp,
    ) -> Result<(AuthenticJudge, Welcome), AuthRefusal> {
        let Challenge { judge, nonce, hub_nonce, time } = received.proof.challenge;
        let expected = self.nonce(&Hello { judge, nonce }, time);
        if !bool::from(expected.ct_eq(&hub_nonce)) {
            return Err(AuthRefusal::Challenge);
        }
        if now.since(time) > CHALLENGE_LIFE {
            return Err(AuthRefusal::Late);
        }
        let roster = venue.bundle();
        let Some(of_roster) = roster.judge(&judge) else {
            return Err(AuthRefusal::UnknownJudge(judge));
        };
        let key = &of_roster.key;
        let proof = received
            .verify(venue.realm(), &roster.id, key)
            .map_err(|BadSignature| AuthRefusal::Signature)?;
        if venue.revoked_at(key.fingerprint()).is_some() {
            return Err(AuthRefusal::Revoked(judge));
        }
        let offset = i128::from(now.as_millis()) - i128::from(proof.clock.as_millis());
        let authentic = AuthenticJudge {
            judge,
            key: *key.fingerprint(),
            offset_ms: offset.clamp(i64::MIN.into(), i64::MAX.into()) as i64,
            bundle_version: proof.bundle_version,
        };
        let welcome = Welcome {
            judge,
            nonce,
            time: now,
            clock: proof.clock,
            bundle_version: roster.version,
            bundle: venue.bundle_digest(),
            rounds: venue.rounds().collect(),
            left: venue.left(&judge).len().try_into().unwrap_or(u16::MAX),
        };
        Ok((authentic, welcome))
    }

    fn nonce(&self, hello: &Hello, time: Timestamp) -> [u8; 16] {
        let mut mac = self.mac.clone();
        mac.update(&hello.encode());
        mac.update(&time.as_millis().to_be_bytes());
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&tag[..16]);
        nonce
    }
}
