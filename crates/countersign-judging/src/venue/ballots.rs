//! The votes of a venue, and which of them hold.

use super::Venue;
use crate::id::{CategoryId, JudgeId, ProjectId, Root, VoteDigest, VoteId};
use crate::log::{Position, root_of};
use crate::vote::{SignedVote, Vote};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use countersign::{Fingerprint, Timestamp};

/// What one ballot is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Who judges.
    pub judge: JudgeId,
    /// What.
    pub project: ProjectId,
    /// As what.
    pub category: CategoryId,
    /// In which round.
    pub round: u8,
}

/// A vote that some hub accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptVote {
    /// The vote.
    pub vote: SignedVote,
    /// The earliest time at which a hub accepted it, as far as this one knows.
    pub accepted: Timestamp,
    /// Which hub that was.
    pub hub: Fingerprint,
    /// Its first entry in this log.
    pub position: Position,
}

/// The vote that holds for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ballot<'a> {
    /// What was said.
    pub vote: &'a Vote,
    /// What it is called in proofs.
    pub digest: VoteDigest,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// Its entry.
    pub position: Position,
}

/// Something that people have to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// One key signed two different votes with the same revision, and each got to another hub. The one with the lower digest holds.
    TwoVotes {
        /// About what.
        slot: Slot,
        /// The revision.
        revision: u32,
        /// The one that holds.
        kept: VoteDigest,
        /// One that does not.
        other: VoteDigest,
    },
}

impl Slot {
    /// What a vote is about.
    pub const fn of(vote: &Vote) -> Self {
        Self {
            judge: vote.judge,
            project: vote.project,
            category: vote.category,
            round: vote.round,
        }
    }
}

/// Every vote, found by what it is called and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Votes {
    kept: Vec<KeptVote>,
    by_digest: BTreeMap<VoteDigest, usize>,
    by_id: BTreeMap<(JudgeId, VoteId), usize>,
    by_slot: BTreeMap<Slot, Vec<usize>>,
    recusals: BTreeMap<(JudgeId, ProjectId), Vec<usize>>,
}

impl Votes {
    pub(super) const fn count(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn all(&self) -> &[KeptVote] {
        &self.kept
    }

    pub(super) fn of(&self, digest: &VoteDigest) -> Option<&KeptVote> {
        self.kept.get(*self.by_digest.get(digest)?)
    }

    pub(super) fn with_id(&self, judge: &JudgeId, id: &VoteId) -> Option<&KeptVote> {
        self.kept.get(*self.by_id.get(&(*judge, *id))?)
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> + '_ {
        self.by_slot.keys()
    }

    pub(super) fn in_slot(&self, slot: &Slot) -> impl Iterator<Item = &KeptVote> + '_ {
        self.at(self.by_slot.get(slot))
    }

    pub(super) fn recusals(
        &self,
        judge: &JudgeId,
        project: &ProjectId,
    ) -> impl Iterator<Item = &KeptVote> + '_ {
        self.at(self.recusals.get(&(*judge, *project)))
    }

    /// Adds a vote, or the earlier acceptance of one that is there.
    pub(super) fn add(&mut self, kept: KeptVote) {
        if let Some(place) = self.by_digest.get(&kept.vote.digest) {
            if let Some(known) = self.kept.get_mut(*place) {
                (known.accepted, known.hub) = (kept.accepted, kept.hub);
            }
            return;
        }
        let place = self.kept.len();
        let vote = &kept.vote.vote;
        self.by_digest.insert(kept.vote.digest, place);
        // Two hubs may have accepted two votes with one id; the first one stands for it here.
        self.by_id.entry((vote.judge, vote.id)).or_insert(place);
        self.by_slot.entry(Slot::of(vote)).or_default().push(place);
        if vote.is_recusal() {
            self.recusals.entry((vote.judge, vote.project)).or_default().push(place);
        }
        self.kept.push(kept);
    }

    fn at<'a>(&'a self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a KeptVote> {
        places.into_iter().flatten().filter_map(|place| self.kept.get(*place))
    }
}

/// The digests of the votes that hold, ascending.
pub(super) struct Holding(Vec<VoteDigest>);

impl Holding {
    pub(super) fn root(&self) -> Root {
        root_of(self.0.iter().map(|digest| digest.as_bytes().as_slice()))
    }

    pub(super) const fn count(&self) -> u32 {
        self.0.len() as u32
    }
}

impl Venue {
    /// Every vote that some hub accepted, in the order in which they got here, also those that do not hold.
    pub fn votes(&self) -> &[KeptVote] {
        self.votes.all()
    }

    pub(super) fn holding(&self) -> Holding {
        let holding = self.votes.all().iter().filter(|kept| self.holds(kept));
        let mut digests: Vec<VoteDigest> = holding.map(|kept| kept.vote.digest).collect();
        digests.sort_unstable();
        Holding(digests)
    }

    pub(super) fn ballot(&self, slot: &Slot) -> Option<Ballot<'_>> {
        if self.bundle.value.has_conflict(&slot.judge, &slot.project)
            || self.is_recused(&slot.judge, &slot.project)
        {
            return None;
        }
        self.last(slot).map(|kept| Ballot {
            vote: &kept.vote.vote,
            digest: kept.vote.digest,
            accepted: kept.accepted,
            position: kept.position,
        })
    }

    /// What the judge said last about a slot: by their newest key, with the highest revision, of several the lowest digest.
    pub(super) fn last(&self, slot: &Slot) -> Option<&KeptVote> {
        let rank = |kept: &&KeptVote| {
            let key = self.examiner.key_order(&slot.judge, &kept.vote.signer);
            (key, kept.vote.vote.revision, Reverse(kept.vote.digest))
        };
        self.votes.in_slot(slot).filter(|kept| self.holds(kept)).max_by_key(rank)
    }

    pub(super) fn alarm(&self, slot: &Slot) -> Option<Alarm> {
        let last = self.last(slot)?;
        let Vote { revision, ref points, .. } = last.vote.vote;
        let differs = |kept: &&KeptVote| {
            kept.vote.signer == last.vote.signer
                && kept.vote.vote.revision == revision
                && kept.vote.vote.points != *points
                && self.holds(kept)
        };
        let other = self.votes.in_slot(slot).find(differs)?.vote.digest;
        Some(Alarm::TwoVotes { slot: *slot, revision, kept: last.vote.digest, other })
    }
}
