//! The handshake of the day: a judge's device proves its key, the hub answers with the time and what it needs to know.
//!
//! ```text
//!   judge                                hub
//!     Hello {judge, nonce}          ──▶
//!                                   ◀──  Challenge {nonce, hub's nonce, hub time}
//!     Proof {both nonces, own time} ──▶  signed by the judge's device, statement `judge.auth`
//!                                   ◀──  Welcome {nonce, hub time, rounds, bundle, left}   signed by the hub, `hub.welcome`
//! ```
//!
//! The content of AUTH packets: `u8 kind ‖ fields`, at most [`CONTENT_MAX`] bytes. The [`Desk`] keeps nothing between the two
//! questions: its nonce is a MAC over the first one and the time, so that nobody can fill its memory.

mod desk;

pub use desk::{AuthRefusal, AuthenticJudge, CHALLENGE_LIFE, Desk};

use crate::event::{ROUNDS_MAX, RoundState};
use crate::id::JudgeId;
use alloc::vec::Vec;
use countersign::key::BadSignature;
use countersign::statement::{self, Subject};
use countersign::wire::{Reader, put_lp8};
use countersign::{
    EventId, Malformed, Name, Realm, RecordDigest, Signature, Signer, Timestamp, VerifyingKey,
};

/// Most bytes of the content of an AUTH packet.
pub const CONTENT_MAX: usize = 512;

const HELLO: u8 = 1;
const CHALLENGE: u8 = 2;
const PROOF: u8 = 3;
const WELCOME: u8 = 4;

/// The judge's device asks to be challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// Who it says it is.
    pub judge: JudgeId,
    /// Fresh random bytes of the device; the answers name them.
    pub nonce: [u8; 16],
}

/// The hub's question. Not signed: whoever changes it gets a proof that the hub does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Whom it answers.
    pub judge: JudgeId,
    /// The device's nonce.
    pub nonce: [u8; 16],
    /// The hub's nonce.
    pub hub_nonce: [u8; 16],
    /// Hub time.
    pub time: Timestamp,
}

/// The device's answer, not signed yet or verified already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The question.
    pub challenge: Challenge,
    /// The device's own clock as it answers: the hub can see how wrong it is.
    pub clock: Timestamp,
    /// Version of the bundle that the device has; 0 if it has none.
    pub bundle_version: u32,
}

/// What the hub tells a judge whose key it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Whom it answers.
    pub judge: JudgeId,
    /// The device's nonce.
    pub nonce: [u8; 16],
    /// Hub time: what a vote's time counts by.
    pub time: Timestamp,
    /// The device's clock as it said in its proof.
    pub clock: Timestamp,
    /// Version of the hub's bundle.
    pub bundle_version: u32,
    /// Digest of the hub's bundle, whoever it is fetched from.
    pub bundle: RecordDigest,
    /// The rounds by number, at most [`ROUNDS_MAX`].
    pub rounds: Vec<(u8, RoundState)>,
    /// How many of the judge's assignments in rounds that are not closed are still to do.
    pub left: u16,
}

/// Content of an AUTH packet, of the right shape.
#[derive(Debug)]
pub enum AuthMessage {
    /// From a judge.
    Hello(Hello),
    /// From the hub.
    Challenge(Challenge),
    /// From a judge.
    Proof(ReceivedProof),
    /// From the hub.
    Welcome(ReceivedWelcome),
}

/// A proof that nobody verified. Shows only whose key to look for.
#[derive(Debug)]
pub struct ReceivedProof {
    proof: Proof,
    content: Vec<u8>,
    signature: Signature,
}

/// A welcome that nobody verified. Shows only whom it is for.
#[derive(Debug)]
pub struct ReceivedWelcome {
    welcome: Welcome,
    content: Vec<u8>,
    signature: Signature,
}

impl AuthMessage {
    /// Reads exactly one.
    pub fn decode(content: &[u8]) -> Result<Self, Malformed> {
        if content.len() > CONTENT_MAX {
            return Err(Malformed::Range);
        }
        let mut reader = Reader::new(content);
        match reader.u8()? {
            HELLO => {
                let hello = Hello { judge: take_judge(&mut reader)?, nonce: reader.array()? };
                reader.finish().map(|()| Self::Hello(hello))
            }
            CHALLENGE => {
                let challenge = Challenge::take(&mut reader)?;
                reader.finish().map(|()| Self::Challenge(challenge))
            }
            PROOF => {
                let proof = Proof::take(&mut reader)?;
                let (content, signature) = take_signature(content, reader)?;
                Ok(Self::Proof(ReceivedProof { proof, content, signature }))
            }
            WELCOME => {
                let welcome = Welcome::take(&mut reader)?;
                let (content, signature) = take_signature(content, reader)?;
                Ok(Self::Welcome(ReceivedWelcome { welcome, content, signature }))
            }
            found => Err(Malformed::Kind { expected: HELLO, found }),
        }
    }
}

impl Hello {
    /// The content of a packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![HELLO];
        put_judge(&mut out, &self.judge);
        out.extend_from_slice(&self.nonce);
        out
    }
}

impl Challenge {
    /// The content of a packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![CHALLENGE];
        self.put(&mut out);
        out
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_judge(out, &self.judge);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.hub_nonce);
        out.extend_from_slice(&self.time.as_millis().to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            judge: take_judge(reader)?,
            nonce: reader.array()?,
            hub_nonce: reader.array()?,
            time: reader.time()?,
        })
    }
}

impl Proof {
    /// The content of a packet, without its signature.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![PROOF];
        self.challenge.put(&mut out);
        out.extend_from_slice(&self.clock.as_millis().to_be_bytes());
        out.extend_from_slice(&self.bundle_version.to_be_bytes());
        out
    }

    /// The content of a packet, signed by the judge's device.
    pub fn sign(
        &self,
        realm: &Realm,
        event: &EventId,
        key: &impl Signer,
    ) -> Result<Vec<u8>, Malformed> {
        sign(realm, event, key, "judge.auth", self.encode())
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            challenge: Challenge::take(reader)?,
            clock: reader.time()?,
            bundle_version: reader.u32()?,
        })
    }
}

impl Welcome {
    /// The content of a packet, without its signature.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![WELCOME];
        put_judge(&mut out, &self.judge);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.time.as_millis().to_be_bytes());
        out.extend_from_slice(&self.clock.as_millis().to_be_bytes());
        out.extend_from_slice(&self.bundle_version.to_be_bytes());
        out.extend_from_slice(self.bundle.as_bytes());
        out.push(self.rounds.len() as u8);
        self.rounds.iter().for_each(|(number, state)| out.extend([*number, *state as u8]));
        out.extend_from_slice(&self.left.to_be_bytes());
        out
    }

    /// The content of a packet, signed by the hub.
    pub fn sign(
        &self,
        realm: &Realm,
        event: &EventId,
        key: &impl Signer,
    ) -> Result<Vec<u8>, Malformed> {
        sign(realm, event, key, "hub.welcome", self.encode())
    }

    /// What to add to the device's clock to have hub time, in milliseconds: half of the way there and back is assumed to be the way
    /// here. `received` is the device's clock when the welcome came in.
    pub fn offset_ms(&self, received: Timestamp) -> i64 {
        let way = received.since(self.clock).as_millis() / 2;
        let here = i128::from(self.time.as_millis()) + way as i128;
        let offset = here - i128::from(received.as_millis());
        offset.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            judge: take_judge(reader)?,
            nonce: reader.array()?,
            time: reader.time()?,
            clock: reader.time()?,
            bundle_version: reader.u32()?,
            bundle: RecordDigest::from_bytes(reader.array()?),
            rounds: {
                let count = usize::from(reader.u8()?);
                if count > ROUNDS_MAX {
                    return Err(Malformed::Range);
                }
                (0..count).map(|_| take_round(reader)).collect::<Result<_, _>>()?
            },
            left: reader.u16()?,
        })
    }
}

impl ReceivedProof {
    /// Who it says it is.
    pub fn judge(&self) -> &JudgeId {
        &self.proof.challenge.judge
    }

    /// Whether that key signed it, for that event.
    pub fn verify(
        &self,
        realm: &Realm,
        event: &EventId,
        key: &VerifyingKey,
    ) -> Result<Proof, BadSignature> {
        verify(realm, event, key, "judge.auth", &self.content, &self.signature)?;
        Ok(self.proof)
    }
}

impl ReceivedWelcome {
    /// Whom it is for.
    pub fn judge(&self) -> &JudgeId {
        &self.welcome.judge
    }

    /// Whether a hub with that key signed it for that event, in answer to that nonce. A welcome to another nonce is a replay, and
    /// its time may be of yesterday.
    pub fn verify(
        self,
        realm: &Realm,
        event: &EventId,
        hub: &VerifyingKey,
        nonce: &[u8; 16],
    ) -> Result<Welcome, BadSignature> {
        verify(realm, event, hub, "hub.welcome", &self.content, &self.signature)?;
        if self.welcome.nonce == *nonce { Ok(self.welcome) } else { Err(BadSignature) }
    }
}

fn sign(
    realm: &Realm,
    event: &EventId,
    key: &impl Signer,
    kind: &str,
    mut content: Vec<u8>,
) -> Result<Vec<u8>, Malformed> {
    let kind = Name::new(kind)?;
    let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
    let signature = statement::sign(realm, key, subject, &content);
    content.extend_from_slice(&signature);
    Ok(content)
}

fn verify(
    realm: &Realm,
    event: &EventId,
    key: &VerifyingKey,
    kind: &str,
    content: &[u8],
    signature: &Signature,
) -> Result<(), BadSignature> {
    let kind = Name::new(kind).map_err(|_| BadSignature)?;
    let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
    statement::verify(realm, key, subject, content, signature)
}

fn take_signature(
    content: &[u8],
    mut reader: Reader<'_>,
) -> Result<(Vec<u8>, Signature), Malformed> {
    let signature = reader.array()?;
    reader.finish()?;
    let signed = content.len().saturating_sub(64);
    Ok((content.get(..signed).unwrap_or_default().to_vec(), signature))
}

fn put_judge(out: &mut Vec<u8>, judge: &JudgeId) {
    put_lp8(out, judge.as_str().as_bytes());
}

fn take_judge(reader: &mut Reader<'_>) -> Result<JudgeId, Malformed> {
    let text = core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)?;
    JudgeId::new(text).map_err(|_| Malformed::Range)
}

fn take_round(reader: &mut Reader<'_>) -> Result<(u8, RoundState), Malformed> {
    let number = reader.u8()?;
    let state = RoundState::from_number(reader.u8()?).ok_or(Malformed::Range)?;
    Ok((number, state))
}
