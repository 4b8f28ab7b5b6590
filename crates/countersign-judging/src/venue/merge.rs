//! Two hubs of one event: the union of what they accepted and revoked.

use super::decide::check_content;
use super::{Alarm, KeptVote, Venue};
use crate::id::VoteDigest;
use crate::log::{Act, Entry, Full};
use crate::vote::SignedVote;
use alloc::vec::Vec;
use countersign::{EventId, Fingerprint, Timestamp};
use thiserror::Error;

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the entries have to be appended and synced"]
pub struct Merge {
    /// Bytes to append to the log; empty if the other hub knew nothing new.
    pub entries: Vec<u8>,
    /// Votes that this hub did not have, or accepted later than the other.
    pub votes: usize,
    /// Keys that this hub had not revoked, or later than the other.
    pub revoked: usize,
    /// Votes left out, because this hub never had a bundle with their key, or is full: the roots will differ.
    pub left_out: usize,
    /// What people have to look at, of everything that the hub knows now.
    pub alarms: Vec<Alarm>,
}

/// Why another hub's log is not merged. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MergeRefusal {
    /// Of another event or realm.
    #[error("the other log is of the event {0}, or of another realm")]
    OtherEvent(EventId),
    /// The hub's own log.
    #[error("the other log is this hub's own")]
    SameHub,
    /// Not a hub of this event.
    #[error("the bundle does not name the other hub")]
    NotAHub,
    /// The other hub is further.
    #[error("the other hub has version {theirs} of the bundle, this one {ours}; amend this one")]
    NewerBundle {
        /// This hub's.
        ours: u32,
        /// The other's.
        theirs: u32,
    },
    /// Two bundles with one version.
    #[error("the two hubs have different bundles with the version {0}")]
    OtherBundle(u32),
}

impl Venue {
    /// Adds what another hub accepted and revoked. Merging both ways, in any order and any number of times, gives both the same
    /// ballots and the same ballot root, once both have the same bundles.
    pub fn merge(&mut self, other: &Self, now: Timestamp) -> Result<Merge, MergeRefusal> {
        self.check_merge(other)?;
        let mut merge =
            Merge { entries: Vec::new(), votes: 0, revoked: 0, left_out: 0, alarms: Vec::new() };
        for (key, revoked) in &other.revoked {
            if self.learns_revocation(key, *revoked) {
                let act = Act::MergedRevoke { hub: other.hub, revoked: *revoked, key: *key };
                match self.append(&mut merge.entries, Entry { at: now, act }) {
                    Ok(()) => {
                        self.revoked.insert(*key, *revoked);
                        merge.revoked += 1;
                    }
                    Err(Full) => merge.left_out += 1,
                }
            }
        }
        for kept in other.votes.all() {
            if !self.learns_acceptance(&kept.vote.digest, kept.accepted) {
                continue;
            }
            let act = Act::MergedVote {
                hub: kept.hub,
                accepted: kept.accepted,
                content: kept.vote.content.clone(),
            };
            let fits = self.check_merged(&kept.vote);
            if fits && self.append(&mut merge.entries, Entry { at: now, act }) == Ok(()) {
                self.keep_merged(kept.vote.clone(), kept.hub, kept.accepted);
                merge.votes += 1;
            } else {
                merge.left_out += 1;
            }
        }
        merge.alarms = self.alarms();
        Ok(merge)
    }

    fn check_merge(&self, other: &Self) -> Result<(), MergeRefusal> {
        let (ours, theirs) = (&self.bundle, &other.bundle);
        if ours.value.id != theirs.value.id || self.examiner.realm != other.examiner.realm {
            return Err(MergeRefusal::OtherEvent(theirs.value.id));
        }
        if self.hub == other.hub {
            return Err(MergeRefusal::SameHub);
        }
        if ours.value.hub(&other.hub).is_none() {
            return Err(MergeRefusal::NotAHub);
        }
        let (ours_version, theirs_version) = (ours.value.version, theirs.value.version);
        if theirs_version > ours_version {
            let (ours, theirs) = (ours_version, theirs_version);
            return Err(MergeRefusal::NewerBundle { ours, theirs });
        }
        if theirs_version == ours_version && ours.digest != theirs.digest {
            return Err(MergeRefusal::OtherBundle(ours_version));
        }
        Ok(())
    }

    fn append(&mut self, entries: &mut Vec<u8>, entry: Entry) -> Result<(), Full> {
        self.chain.append(&entry).map(|bytes| entries.extend(bytes))
    }

    pub(super) fn learns_revocation(&self, key: &Fingerprint, revoked: Timestamp) -> bool {
        self.revoked.get(key).is_none_or(|known| revoked < *known)
    }

    pub(super) fn learns_acceptance(&self, vote: &VoteDigest, accepted: Timestamp) -> bool {
        self.votes.of(vote).is_none_or(|known| accepted < known.accepted)
    }

    /// What this hub can check of a vote that another one accepted: its key, project and points. That the round was open and the
    /// vote in time is the other hub's word.
    pub(super) fn check_merged(&self, vote: &SignedVote) -> bool {
        self.examiner.knows(vote)
            && check_content(&self.bundle.value, &vote.vote).is_ok()
            && self.rounds.contains_key(&vote.vote.round)
            && (self.votes.count() < self.votes_max || self.votes.of(&vote.digest).is_some())
    }

    pub(super) fn keep_merged(&mut self, vote: SignedVote, hub: Fingerprint, accepted: Timestamp) {
        let position = self.chain.entries().saturating_sub(1);
        self.votes.add(KeptVote { vote, accepted, hub, position });
    }
}
