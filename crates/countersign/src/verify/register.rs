//! L3 and L5: what stands between a registration and the login that it ends.

use crate::domain::Realm;
use crate::key::VerifyingKey;
use crate::payload;
use crate::register::{RegisterHeader, reply_to, signing_input};
use crate::request::ReplyTo;
use crate::verify::Refused;
use crate::wire::{Flags, Frame, Malformed};

/// A registration that has the right shape.
#[derive(Debug)]
pub struct ReceivedRegister<'f> {
    frame: Frame<'f>,
    header: RegisterHeader,
    reply_to: ReplyTo,
}

impl<'f> ReceivedRegister<'f> {
    /// The envelope is present, whole and supported.
    pub fn decode(realm: &Realm, bytes: &'f [u8]) -> Result<Self, Malformed> {
        let frame = Frame::split(bytes)?;
        let header = RegisterHeader::decode(frame.header)?;
        frame.single_signature()?;
        let reply_to = reply_to(realm, frame.header, header.request_id);
        Ok(Self { frame, header, reply_to })
    }

    /// What any answer, also a refusal, is bound to.
    pub fn reply_to(&self) -> ReplyTo {
        self.reply_to
    }

    /// `[L3]` Whoever sent this holds the new key, the key is strong (L5), and the payload is the signed one.
    pub fn prove(self, realm: &Realm) -> Result<ProvenRegister<'f>, Refused> {
        let refuse = |_| Refused::Unauthenticated;
        let key =
            VerifyingKey::from_alg(self.header.alg, &self.header.public_key).map_err(refuse)?;
        let signature = self.frame.single_signature().map_err(|_| Refused::Unauthenticated)?;
        key.verify(&signing_input(realm, key.fingerprint(), self.frame.header), signature)
            .map_err(|_| Refused::Unauthenticated)?;
        let content = payload::open(Flags::NONE, &self.header.payload_hash, self.frame.payload)
            .map_err(|_| Refused::PayloadMismatch)?;
        Ok(ProvenRegister { header: self.header, key, content })
    }
}

/// A registration whose sender holds the key. The code is still to be checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProvenRegister<'f> {
    /// The signed header.
    pub header: RegisterHeader,
    /// The new key.
    pub key: VerifyingKey,
    /// JSON with the code and the device's name.
    pub content: &'f [u8],
}
