//! Registration: proof that whoever typed the code holds the new key.

use crate::domain::{Domain, Realm};
use crate::id::{Fingerprint, LoginId, PayloadHash, RequestDigest, RequestId};
use crate::key::{ALG_ED25519, Signature, Signer, VerifyingKey};
use crate::payload;
use crate::request::ReplyTo;
use crate::time::Timestamp;
use crate::wire::{Flags, Frame, Kind, Malformed, Reader, begin_header, put_lp8};
use alloc::string::String;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Longest address, in bytes.
pub const ADDRESS_LEN_MAX: usize = 254;

/// Everything a registration's signature covers besides the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterHeader {
    /// The login that this ends.
    pub login: LoginId,
    /// When.
    pub timestamp: Timestamp,
    /// Fresh random bytes; the answer names it.
    pub request_id: RequestId,
    /// Number of the key's algorithm.
    pub alg: u8,
    /// The new public key.
    pub public_key: [u8; 32],
    /// Normalised address, 1 to 254 bytes.
    pub address: String,
    /// [`code_hash`] of the code.
    pub code_hash: [u8; 32],
    /// SHA-256 of the payload.
    pub payload_hash: PayloadHash,
}

impl RegisterHeader {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = begin_header(Kind::Register, Flags::NONE, 144 + self.address.len());
        out.extend_from_slice(self.login.as_bytes());
        out.extend_from_slice(&self.timestamp.as_millis().to_be_bytes());
        out.extend_from_slice(self.request_id.as_bytes());
        out.push(self.alg);
        put_lp8(&mut out, &self.public_key);
        put_lp8(&mut out, self.address.as_bytes());
        out.extend_from_slice(&self.code_hash);
        out.extend_from_slice(self.payload_hash.as_bytes());
        out
    }

    /// Reads exactly one header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut reader, _) = Reader::header(bytes, Kind::Register, Flags::NONE)?;
        let header = Self {
            login: LoginId::from_bytes(reader.array()?),
            timestamp: reader.time()?,
            request_id: RequestId::from_bytes(reader.array()?),
            alg: reader.u8()?,
            public_key: reader.lp8()?.try_into().map_err(|_| Malformed::Range)?,
            address: address(reader.lp8()?)?,
            code_hash: reader.array()?,
            payload_hash: PayloadHash::from_bytes(reader.array()?),
        };
        reader.finish()?;
        Ok(header)
    }
}

/// `SHA-256("countersign-code-v1" ‖ LP8(code))` of a code of at most 255 bytes.
pub fn code_hash(code: &str) -> [u8; 32] {
    let bytes = &code.as_bytes()[..code.len().min(255)];
    let hash = Sha256::new_with_prefix(b"countersign-code-v1").chain_update([bytes.len() as u8]);
    hash.chain_update(bytes).finalize().into()
}

/// Whether the signed hash is the hash of this code, in constant time. `[L4]`
pub fn code_matches(signed: &[u8; 32], code: &str) -> bool {
    code_hash(code).ct_eq(signed).into()
}

/// The bytes that a registration's signature covers.
pub fn signing_input(realm: &Realm, key: &Fingerprint, header: &[u8]) -> Vec<u8> {
    realm.signing_input(Domain::Register, key, &[header])
}

/// What the answer to a registration is bound to.
pub fn reply_to(realm: &Realm, header: &[u8], request_id: RequestId) -> ReplyTo {
    ReplyTo {
        request_id,
        digest: RequestDigest::from_bytes(realm.digest(Domain::Register, header)),
    }
}

/// A registration that waits for its signature.
#[derive(Debug, Clone)]
pub struct UnsignedRegister {
    header: Vec<u8>,
    payload: Vec<u8>,
    input: Vec<u8>,
    reply_to: ReplyTo,
}

impl UnsignedRegister {
    /// Fixes the bytes of a registration of `key`. `header`'s key and payload hash are filled in.
    pub fn new(
        realm: &Realm,
        key: &VerifyingKey,
        header: RegisterHeader,
        payload: Vec<u8>,
    ) -> Self {
        let header = RegisterHeader {
            alg: ALG_ED25519,
            public_key: *key.as_bytes(),
            payload_hash: payload::hash(&payload),
            ..header
        };
        let bytes = header.encode();
        Self {
            input: signing_input(realm, key.fingerprint(), &bytes),
            reply_to: reply_to(realm, &bytes, header.request_id),
            header: bytes,
            payload,
        }
    }

    /// What the key signs.
    pub fn signing_input(&self) -> &[u8] {
        &self.input
    }

    /// What the answer will be bound to.
    pub fn reply_to(&self) -> ReplyTo {
        self.reply_to
    }

    /// The frame, with a signature over [`Self::signing_input`].
    pub fn seal(&self, signature: &Signature) -> Vec<u8> {
        Frame::join(&self.header, signature, &self.payload)
    }

    /// The frame, signed by the new key at hand.
    pub fn sign(&self, key: &impl Signer) -> Vec<u8> {
        self.seal(&key.sign(&self.input))
    }
}

fn address(bytes: &[u8]) -> Result<String, Malformed> {
    match core::str::from_utf8(bytes) {
        Ok(text) if (1..=ADDRESS_LEN_MAX).contains(&text.len()) => Ok(text.into()),
        _ => Err(Malformed::Range),
    }
}
