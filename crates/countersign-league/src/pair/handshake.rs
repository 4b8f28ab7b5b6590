//! Who is there: both sides sign the same transcript, sealed under keys that only the two of them can have.
//!
//! SIGMA with known identities: ephemeral X25519 on both sides, both fingerprints and both nonces in what is signed, each
//! signature encrypted and authenticated under a key of this very exchange. A recording of it opens nothing later.

use super::session::{Keys, Session, open_from, seal_from};
use super::{Entropy, MAX_FRAME, Pair, VERSION};
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Kind bytes of the frames in the clear.
pub(super) const HELLO: u8 = 1;
pub(super) const ANSWER: u8 = 2;
pub(super) const CONFIRM: u8 = 3;
pub(super) const KNOCK: u8 = 5;

const PURPOSE: &[u8] = b"goal line";
const ANSWER_OPEN: usize = 18 + 32 + 32 + 4 + 2;
const CONFIRM_OPEN: usize = 18 + 4;

/// Why a frame of the handshake leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Noise, another pair, another handshake, or somebody who meddles: not worth a word.
    NotOurs,
    /// Everything fits but the signature.
    Signature,
}

/// What each side contributes.
#[derive(Clone, Copy)]
struct Share {
    nonce: [u8; 32],
    public: [u8; 32],
    /// The largest epoch that the side knows of.
    floor: u32,
}

impl Share {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.public);
        out.extend_from_slice(&self.floor.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            nonce: reader.array().ok()?,
            public: reader.array().ok()?,
            floor: reader.u32().ok()?,
        })
    }
}

/// The start of any frame in the clear.
fn begin(kind: u8, pair: &Pair) -> Vec<u8> {
    let mut out = Vec::with_capacity(MAX_FRAME);
    out.extend_from_slice(&[VERSION, kind]);
    out.extend_from_slice(pair.device.as_bytes());
    out
}

/// Reads the start of a frame in the clear, if it is for this pair.
fn body<'f>(kind: u8, pair: &Pair, frame: &'f [u8]) -> Option<Reader<'f>> {
    let mut reader = Reader::new(frame);
    let fits = frame.len() <= MAX_FRAME
        && reader.array().ok()? == [VERSION, kind]
        && reader.array().ok()? == *pair.device.as_bytes();
    fits.then_some(reader)
}

/// "I am here and have no session": asks the master for a handshake. Proves nothing.
pub(super) fn knock(pair: &Pair) -> Vec<u8> {
    begin(KNOCK, pair)
}

pub(super) fn is_knock(pair: &Pair, frame: &[u8]) -> bool {
    body(KNOCK, pair, frame).is_some_and(|reader| reader.finish().is_ok())
}

fn transcript(pair: &Pair, master: &Share, slave: &Share, boot: u16) -> [u8; 32] {
    let mut out = Vec::with_capacity(320);
    out.extend_from_slice(b"countersign-pair-handshake-v1");
    countersign::wire::put_lp8(&mut out, PURPOSE);
    out.extend_from_slice(pair.device.as_bytes());
    out.extend_from_slice(pair.master.fingerprint().as_bytes());
    out.extend_from_slice(pair.slave.fingerprint().as_bytes());
    master.put(&mut out);
    slave.put(&mut out);
    out.extend_from_slice(&boot.to_be_bytes());
    Sha256::digest(&out).into()
}

fn message(role: &[u8], transcript: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend_from_slice(b"countersign-pair-v1 ");
    out.extend_from_slice(role);
    out.extend_from_slice(transcript);
    out
}

fn agree(secret: &StaticSecret, theirs: &[u8; 32], transcript: &[u8; 32]) -> Option<Keys> {
    let shared = secret.diffie_hellman(&PublicKey::from(*theirs));
    if !shared.was_contributory() {
        return None;
    }
    Keys::derive(transcript, shared.as_bytes())
}

fn secret(entropy: &mut impl Entropy) -> StaticSecret {
    StaticSecret::from(*Zeroizing::new(entropy.draw()))
}

fn check(
    key: &VerifyingKey,
    role: &[u8],
    transcript: &[u8; 32],
    signature: &[u8],
) -> Result<(), Refusal> {
    let signature: &Signature = signature.try_into().map_err(|_| Refusal::Signature)?;
    key.verify(&message(role, transcript), signature).map_err(|_| Refusal::Signature)
}

/// The master's side of one try.
pub(super) struct Opening {
    secret: StaticSecret,
    share: Share,
}

/// What the master has when the slave has proved itself.
pub(super) struct Agreed {
    pub(super) session: Session,
    /// To be sent until the slave speaks under the new keys.
    pub(super) confirm: Vec<u8>,
    pub(super) boot: u16,
}

impl Opening {
    pub(super) fn new(floor: u32, entropy: &mut impl Entropy) -> Self {
        let secret = secret(entropy);
        let public = PublicKey::from(&secret).to_bytes();
        Self { secret, share: Share { nonce: entropy.draw(), public, floor } }
    }

    pub(super) fn hello(&self, pair: &Pair) -> Vec<u8> {
        let mut out = begin(HELLO, pair);
        self.share.put(&mut out);
        out
    }

    pub(super) fn accept(
        &self,
        pair: &Pair,
        signer: &impl Signer,
        answer: &[u8],
    ) -> Result<Agreed, Refusal> {
        let mut reader = body(ANSWER, pair, answer).ok_or(Refusal::NotOurs)?;
        let theirs = Share::take(&mut reader).ok_or(Refusal::NotOurs)?;
        let boot = reader.u16().map_err(|_| Refusal::NotOurs)?;
        let epoch = self.share.floor.max(theirs.floor).checked_add(1).ok_or(Refusal::NotOurs)?;
        let transcript = transcript(pair, &self.share, &theirs, boot);
        let keys = agree(&self.secret, &theirs.public, &transcript).ok_or(Refusal::NotOurs)?;
        let signature = open_from(&keys.answer, 0, answer, ANSWER_OPEN).ok_or(Refusal::NotOurs)?;
        check(&pair.slave, b"slave", &transcript, &signature)?;
        let mut confirm = begin(CONFIRM, pair);
        confirm.extend_from_slice(&epoch.to_be_bytes());
        confirm.extend_from_slice(&signer.sign(&message(b"master", &transcript)));
        seal_from(&keys.confirm, 0, &mut confirm, CONFIRM_OPEN).ok_or(Refusal::NotOurs)?;
        Ok(Agreed { session: Session::of_master(epoch, &keys), confirm, boot })
    }
}

/// The slave's side of one try: its answer is out, the master has still to prove itself.
pub(super) struct Reply {
    hello: Vec<u8>,
    answer: Vec<u8>,
    keys: Keys,
    transcript: [u8; 32],
    epoch: u32,
}

impl Reply {
    pub(super) fn new(
        pair: &Pair,
        signer: &impl Signer,
        hello: &[u8],
        floor: u32,
        boot: u16,
        entropy: &mut impl Entropy,
    ) -> Option<Self> {
        let mut reader = body(HELLO, pair, hello)?;
        let theirs = Share::take(&mut reader)?;
        reader.finish().ok()?;
        let epoch = floor.max(theirs.floor).checked_add(1)?;
        let secret = secret(entropy);
        let public = PublicKey::from(&secret).to_bytes();
        let ours = Share { nonce: entropy.draw(), public, floor };
        let transcript = transcript(pair, &theirs, &ours, boot);
        let keys = agree(&secret, &theirs.public, &transcript)?;
        let mut answer = begin(ANSWER, pair);
        ours.put(&mut answer);
        answer.extend_from_slice(&boot.to_be_bytes());
        answer.extend_from_slice(&signer.sign(&message(b"slave", &transcript)));
        seal_from(&keys.answer, 0, &mut answer, ANSWER_OPEN)?;
        Some(Self { hello: hello.to_vec(), answer, keys, transcript, epoch })
    }

    /// Whether this is the answer to that hello, which was then only repeated.
    pub(super) fn is_to(&self, hello: &[u8]) -> bool {
        self.hello == hello
    }

    pub(super) fn answer(&self) -> &[u8] {
        &self.answer
    }

    pub(super) fn finish(&self, pair: &Pair, confirm: &[u8]) -> Result<Session, Refusal> {
        let mut reader = body(CONFIRM, pair, confirm).ok_or(Refusal::NotOurs)?;
        if reader.u32() != Ok(self.epoch) {
            return Err(Refusal::NotOurs);
        }
        let signature =
            open_from(&self.keys.confirm, 0, confirm, CONFIRM_OPEN).ok_or(Refusal::NotOurs)?;
        check(&pair.master, b"master", &self.transcript, &signature)?;
        Ok(Session::of_slave(self.epoch, &self.keys))
    }
}
