//! The hub's decisions, in their order, and the state that follows from them.
//!
//! A [`Venue`] is a fold over its log: what it decides becomes an entry, and the entries alone make the same venue again
//! ([`Venue::restore`]), every decision taken once more. Whoever calls it appends the bytes that it hands out and syncs them before
//! anybody hears of the decision.
//!
//! Which votes hold is a function of sets that only grow: the votes with the earliest time at which any hub accepted each, the keys
//! with the earliest time at which any hub revoked each. That is why two hubs that merged agree, in whatever order they did.

mod acts;
mod ballots;
mod decide;
mod examiner;
mod merge;
mod refusal;
mod restore;

pub use acts::{ActRefusal, AmendRefusal, BeginRefusal};
pub use ballots::{Alarm, Ballot, KeptVote, Slot};
pub use decide::{FUTURE_MAX, STALE_AFTER};
pub use examiner::Examiner;
pub use merge::{Merge, MergeRefusal};
pub use refusal::{Outcome, Refusal, Status, Verdict, VoteReceipt};
pub use restore::{RestoreFault, Restored};

use crate::bundle::Bundle;
use crate::event::{Assignment, RoundState};
use crate::id::{JudgeId, ProjectId, VoteDigest};
use crate::log::{Chain, Inclusion, LogHead, Position};
use crate::vote::SignedVote;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use ballots::Votes;
use countersign::evidence::Signed;
use countersign::{Fingerprint, Realm, RecordDigest, Timestamp};

/// Most votes that a venue keeps.
pub const VOTES_MAX: usize = 1_000_000;

/// Most votes of revoked keys that a venue keeps; more are refused without a trace.
pub const QUARANTINE_MAX: usize = 10_000;

/// Most votes of the revoked keys of one judge that a venue keeps.
pub const QUARANTINE_PER_JUDGE_MAX: usize = 500;

/// Most keys that one judge can have had.
pub const KEYS_PER_JUDGE_MAX: usize = 8;

/// An event at one hub, from its first entry to its last.
#[derive(Debug, Clone)]
pub struct Venue {
    examiner: Examiner,
    hub: Fingerprint,
    bundle: Signed<Bundle>,
    chain: Chain,
    rounds: BTreeMap<u8, RoundState>,
    revoked: BTreeMap<Fingerprint, Timestamp>,
    votes: Votes,
    /// [`VOTES_MAX`], but in the test of a full venue.
    votes_max: usize,
    quarantine: Vec<Quarantined>,
    quarantined: BTreeSet<VoteDigest>,
}

/// A vote that came in after its key was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quarantined {
    /// The vote; its signature is good.
    pub vote: SignedVote,
    /// When it came in.
    pub at: Timestamp,
    /// Its entry.
    pub position: Position,
}

impl Venue {
    /// What all signatures of the event are for.
    pub const fn realm(&self) -> &Realm {
        &self.examiner.realm
    }

    /// What looks at votes before they are admitted; clone it for other threads, and again after every amendment.
    pub const fn examiner(&self) -> &Examiner {
        &self.examiner
    }

    /// Whose log this is.
    pub const fn hub(&self) -> &Fingerprint {
        &self.hub
    }

    /// The bundle that holds.
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle.value
    }

    /// Its digest.
    pub const fn bundle_digest(&self) -> RecordDigest {
        self.bundle.digest
    }

    /// The rounds and where they are, by number.
    pub fn rounds(&self) -> impl Iterator<Item = (u8, RoundState)> + '_ {
        self.rounds.iter().map(|(number, state)| (*number, *state))
    }

    /// When a key was revoked, by the earliest revocation that this hub knows of; `None` if it was not.
    pub fn revoked_at(&self, key: &Fingerprint) -> Option<Timestamp> {
        self.revoked.get(key).copied()
    }

    /// The revoked keys.
    pub fn revoked(&self) -> impl Iterator<Item = (Fingerprint, Timestamp)> + '_ {
        self.revoked.iter().map(|(key, at)| (*key, *at))
    }

    /// Votes that came in after their key was revoked, in the order of their arrival: for the organiser to see.
    pub fn quarantine(&self) -> &[Quarantined] {
        &self.quarantine
    }

    /// How many entries the log has.
    pub fn entries(&self) -> u64 {
        self.chain.entries()
    }

    /// The log's chain and tree.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What the hub signs, with `evidence::seal`, whenever somebody wants to hold it to its log.
    pub fn head(&self) -> LogHead {
        let holding = self.holding();
        LogHead {
            event: self.bundle.value.id,
            bundle: self.bundle.digest,
            entries: self.chain.entries(),
            chain: self.chain.head(),
            root: self.chain.root(),
            ballot_root: holding.root(),
            votes: holding.count(),
        }
    }

    /// The proof that a vote's entry is in the log under the root that it has now.
    pub fn prove(&self, vote: &VoteDigest) -> Option<(Position, Inclusion)> {
        let position = self.votes.of(vote)?.position;
        Some((position, self.chain.prove(position, self.chain.entries())?))
    }

    /// What holds now: for each judge, project, category and round the vote that was said last.
    pub fn ballots(&self) -> impl Iterator<Item = Ballot<'_>> + '_ {
        self.votes.slots().filter_map(|slot| self.ballot(slot))
    }

    /// Every vote about one slot, in the order in which they got here, also those that do not hold.
    pub fn history(&self, slot: &Slot) -> impl Iterator<Item = &KeptVote> + '_ {
        self.votes.in_slot(slot)
    }

    /// What people have to look at before results are read out.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.votes.slots().filter_map(|slot| self.alarm(slot)).collect()
    }

    /// Whether the judge said, with a key that held, that they must not judge the project.
    pub fn is_recused(&self, judge: &JudgeId, project: &ProjectId) -> bool {
        self.votes.recusals(judge, project).any(|kept| self.holds(kept))
    }

    /// What the judge is still asked to do: assignments in rounds that are not closed, without a ballot, and without a conflict
    /// of interest.
    pub fn left(&self, judge: &JudgeId) -> Vec<&Assignment> {
        let open = |one: &&Assignment| {
            let Assignment { judge, round, project, category } = **one;
            let slot = Slot { judge, project, category, round };
            self.rounds.get(&round).is_some_and(|state| *state != RoundState::Closed)
                && !self.bundle.value.has_conflict(&judge, &project)
                && !self.is_recused(&judge, &project)
                && self.ballot(&slot).is_none()
        };
        self.bundle.value.assignments_of(judge).iter().filter(open).collect()
    }

    /// Whether a head that this hub signed earlier is one of this log.
    pub fn agrees_with(&self, head: &LogHead) -> bool {
        head.event == self.bundle.value.id && self.chain.root_at(head.entries) == Some(head.root)
    }

    /// Whether a vote counts as said: some hub accepted it no later than the first hub revoked its key.
    fn holds(&self, kept: &KeptVote) -> bool {
        self.revoked.get(&kept.vote.signer).is_none_or(|revoked| kept.accepted <= *revoked)
    }
}
