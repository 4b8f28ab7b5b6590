//! Votes: their one form in bytes, their signature, and the three types of trust in them.
//!
//! [`Vote`] is what somebody wants to say. [`ReceivedVote`] is bytes of the right shape by nobody knows whom. [`SignedVote`]
//! comes from [`ReceivedVote::verify`] alone. None of them says that the vote counts: that is the [venue](crate::venue)'s.

mod json;

use crate::event::CRITERIA_MAX;
use crate::id::{CategoryId, JudgeId, ProjectId, VoteDigest, VoteId};
use alloc::vec::Vec;
use countersign::key::BadSignature;
use countersign::statement::{self, Subject};
use countersign::wire::put_lp8;
use countersign::{
    EventId, Fingerprint, Malformed, Name, Realm, Signature, Signer, Timestamp, VerifyingKey,
};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Most bytes of a vote's content: JSON and signature.
pub const CONTENT_MAX: usize = 600;

/// Bytes of the signature at its end.
pub const SIGNATURE_LEN: usize = 64;

/// Latest time that a vote can name, in seconds since 1970: the end of the year 9999.
pub const SECONDS_MAX: u64 = 253_402_300_799;

/// Kind of the statement that a vote's signature is.
const KIND: &str = "vote";

/// What a judge says about a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The project.
    pub project: ProjectId,
    /// As what it is judged.
    pub category: CategoryId,
    /// Points per criterion in the rubric's order, at most [`CRITERIA_MAX`]; empty: the judge recuses themself from the project.
    pub points: Vec<u16>,
    /// Random; the same in every retry of the same bytes, another one whenever the bytes differ.
    pub id: VoteId,
    /// When by hub time, in seconds since 1970; at most [`SECONDS_MAX`].
    pub seconds: u64,
    /// The judge.
    pub judge: JudgeId,
    /// From 1, one more for each change of mind about this project, category and round.
    pub revision: u32,
    /// The round, from 1.
    pub round: u8,
}

/// Why bytes are no vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VoteError {
    /// Too long.
    #[error("a vote has at most {CONTENT_MAX} bytes, not {0}")]
    TooLong(usize),
    /// Shorter than its signature.
    #[error("a vote ends with a signature of {SIGNATURE_LEN} bytes")]
    NoSignature,
    /// Not the one form.
    #[error("the vote is not written in its one form; it goes wrong at byte {0}")]
    Form(usize),
}

/// A vote that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Too many numbers.
    #[error("a vote has at most {CRITERIA_MAX} numbers of points, not {0}")]
    Points(usize),
    /// A time after the year 9999.
    #[error("a vote's time is in seconds and before the year 10000, not {0}")]
    Time(u64),
    /// Revision or round 0.
    #[error("revisions and rounds count from 1")]
    Zero,
    /// The kind of statement is no name.
    #[error("the kind of statement cannot be written: {0}")]
    Kind(#[from] Malformed),
}

impl Vote {
    /// The judge says that they must not judge the project.
    pub const fn is_recusal(&self) -> bool {
        self.points.is_empty()
    }

    /// When, by hub time.
    pub const fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.seconds.saturating_mul(1000))
    }

    /// The JSON in its one form: what is signed.
    pub fn to_json(&self) -> Result<Vec<u8>, WriteError> {
        if self.points.len() > CRITERIA_MAX {
            return Err(WriteError::Points(self.points.len()));
        }
        if self.seconds > SECONDS_MAX {
            return Err(WriteError::Time(self.seconds));
        }
        if self.revision == 0 || self.round == 0 {
            return Err(WriteError::Zero);
        }
        Ok(json::write(self))
    }

    /// JSON and signature: the content of a VOTE packet.
    pub fn sign(
        &self,
        realm: &Realm,
        event: &EventId,
        key: &impl Signer,
    ) -> Result<Vec<u8>, WriteError> {
        let input = self.signing_input(realm, event, key.verifying_key().fingerprint())?;
        self.seal(&key.sign(&input))
    }

    /// What the key of that fingerprint signs; for keys that are not at hand.
    pub fn signing_input(
        &self,
        realm: &Realm,
        event: &EventId,
        signer: &Fingerprint,
    ) -> Result<Vec<u8>, WriteError> {
        let json = self.to_json()?;
        let kind = Name::new(KIND)?;
        let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
        Ok(statement::signing_input(realm, signer, subject, &json))
    }

    /// JSON and a signature made elsewhere.
    pub fn seal(&self, signature: &Signature) -> Result<Vec<u8>, WriteError> {
        let mut content = self.to_json()?;
        content.extend_from_slice(signature);
        Ok(content)
    }

    /// What a receipt on direct contact names, and the log's proofs.
    pub fn digest(&self, event: &EventId) -> Result<VoteDigest, WriteError> {
        self.to_json().map(|json| digest(event, &json))
    }
}

/// Bytes that have the shape of a vote. Shows only whose key to look for.
#[derive(Debug)]
pub struct ReceivedVote<'a> {
    vote: Vote,
    content: &'a [u8],
    json: &'a [u8],
    signature: Signature,
}

impl<'a> ReceivedVote<'a> {
    /// Reads JSON and signature. Whatever this accepts is written again as the same bytes. `[H1]`
    pub fn decode(content: &'a [u8]) -> Result<Self, VoteError> {
        if content.len() > CONTENT_MAX {
            return Err(VoteError::TooLong(content.len()));
        }
        let (json, signature) = content.split_last_chunk().ok_or(VoteError::NoSignature)?;
        let vote = json::read(json).map_err(VoteError::Form)?;
        Ok(Self { vote, content, json, signature: *signature })
    }

    /// Whose vote it says it is.
    pub fn judge(&self) -> &JudgeId {
        &self.vote.judge
    }

    /// Whether that key signed it, for that event.
    pub fn verify(
        &self,
        realm: &Realm,
        event: &EventId,
        key: &VerifyingKey,
    ) -> Result<SignedVote, BadSignature> {
        let kind = Name::new(KIND).map_err(|_| BadSignature)?;
        let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
        statement::verify(realm, key, subject, self.json, &self.signature)?;
        Ok(SignedVote {
            vote: self.vote.clone(),
            event: *event,
            signer: *key.fingerprint(),
            digest: digest(event, self.json),
            content: self.content.to_vec(),
        })
    }
}

/// A vote that a key signed. Whether the key is a judge's, and the vote counts, is for the venue to say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedVote {
    /// What was said.
    pub vote: Vote,
    /// At which event.
    pub event: EventId,
    /// By which key.
    pub signer: Fingerprint,
    /// What it is called in proofs.
    pub digest: VoteDigest,
    /// The received bytes: JSON and signature.
    pub content: Vec<u8>,
}

fn digest(event: &EventId, json: &[u8]) -> VoteDigest {
    let mut context = Vec::with_capacity(1 + EventId::MAX_LEN);
    put_lp8(&mut context, event.as_str().as_bytes());
    let hash = Sha256::new_with_prefix(b"countersign-vote-v1")
        .chain_update(&context)
        .chain_update(json)
        .finalize();
    VoteDigest::from_bytes(hash.into())
}
