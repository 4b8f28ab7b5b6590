//! What hubs bring after the event: logs in pieces, heads, votes.

use countersign::{EventId, Fingerprint, RecordDigest, Timestamp};
use countersign_judging::{JudgeId, VoteDigest, VoteId};

/// Most bytes of one hub's log, here as at the hub: about a million entries.
pub const LOG_MAX: u64 = 256 * 1024 * 1024;
/// Most bytes of a piece.
pub const PIECE_MAX: usize = 1024 * 1024;
/// Most heads of forks that are kept of one hub: two convict it.
pub const FORKS_MAX: usize = 8;

/// Some bytes of a hub's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Of which event.
    pub event: EventId,
    /// Whose log.
    pub hub: Fingerprint,
    /// Where they stand in it.
    pub offset: u64,
    /// 1 to [`PIECE_MAX`] of them.
    pub bytes: Vec<u8>,
    /// The time.
    pub now: Timestamp,
}

/// What came of keeping a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceOutcome {
    /// It is there, now or before.
    Kept {
        /// Bytes that are here.
        held: u64,
    },
    /// It does not begin where the bytes that are here end, and is no repetition of an earlier piece.
    NotNext {
        /// Bytes that are here.
        held: u64,
    },
    /// Another piece has this place.
    Differs {
        /// Bytes that are here.
        held: u64,
    },
    /// It is too long, or empty, or the log would be.
    Size,
    /// There is no such event.
    NoEvent,
}

/// How much of a hub's log is here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldLog {
    /// Bytes, verified or not.
    pub held: u64,
    /// Bytes of the verified log, which are the first of them.
    pub verified: u64,
    /// The head under which it was verified.
    pub head: Option<StoredHead>,
}

/// What a hub signed about its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHead {
    /// Whose.
    pub hub: Fingerprint,
    /// Of the record.
    pub digest: RecordDigest,
    /// The record `event.head`.
    pub frame: Vec<u8>,
    /// Entries of the log.
    pub entries: u64,
    /// When it came.
    pub received: Timestamp,
    /// Whether it belongs to another log than the one that was verified.
    pub is_fork: bool,
}

/// What a verified log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// Of which event.
    pub event: EventId,
    /// The head under which it was verified.
    pub head: StoredHead,
    /// Bytes of the log.
    pub bytes: u64,
    /// Every vote in it that some hub accepted.
    pub votes: Vec<HandedVote>,
    /// Every key that it knows as revoked, and since when.
    pub revoked: Vec<(Fingerprint, Timestamp)>,
}

/// A vote as a hub's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedVote {
    /// What it is called in proofs.
    pub digest: VoteDigest,
    /// Who judges.
    pub judge: JudgeId,
    /// The judge's name for it. One who gives two votes the same id, to two hubs, gets both kept.
    pub id: VoteId,
    /// Whose key signed it.
    pub signer: Fingerprint,
    /// The hub that accepted it.
    pub hub: Fingerprint,
    /// When, by that hub.
    pub accepted: Timestamp,
    /// Its entry in the log that was handed over.
    pub position: u64,
    /// JSON and signature.
    pub content: Vec<u8>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverOutcome {
    /// All of it is here.
    Taken {
        /// Votes that no log had brought before.
        new: u64,
        /// Votes of all logs.
        all: u64,
    },
    /// What is here of the log is not what was verified: somebody else handed over at the same time.
    Changed,
    /// There is no such event.
    NoEvent,
}

/// What all verified logs together say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BallotUnion {
    /// By digest, ascending.
    pub votes: Vec<UnionVote>,
    /// By key, ascending: the earliest revocation.
    pub revoked: Vec<(Fingerprint, Timestamp)>,
}

/// A vote of the union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnionVote {
    /// What it is called in proofs.
    pub digest: VoteDigest,
    /// Whose key signed it.
    pub signer: Fingerprint,
    /// The earliest time at which a hub accepted it.
    pub accepted: Timestamp,
}

impl BallotUnion {
    /// The digests of the votes that hold: accepted no later than their key was revoked.
    pub fn holding(&self) -> impl Iterator<Item = &VoteDigest> + '_ {
        let revoked = |key: &Fingerprint| {
            let at = self.revoked.binary_search_by_key(key, |(key, _)| *key).ok()?;
            self.revoked.get(at).map(|(_, at)| *at)
        };
        let holds =
            move |vote: &&UnionVote| revoked(&vote.signer).is_none_or(|at| vote.accepted <= at);
        self.votes.iter().filter(holds).map(|vote| &vote.digest)
    }
}
