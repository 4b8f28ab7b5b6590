//! A venue from its log: every entry's decision is taken again.

use super::{ActRefusal, AmendRefusal, BeginRefusal, Outcome, Refusal, Venue, Verdict};
use crate::bundle::Bundle;
use crate::log::{Act, Chain, Entry, Position, ReadFault, Reader};
use countersign::evidence::Signed;
use countersign::{EventId, Fingerprint, Realm, RecordDigest};
use thiserror::Error;

/// A venue, and how much of the file it came from.
#[derive(Debug, Clone)]
pub struct Restored {
    /// As it was after the last whole entry.
    pub venue: Venue,
    /// Bytes of the whole entries: cut the file to this length before anything is appended.
    pub valid: usize,
    /// Bytes behind them: torn, never acknowledged.
    pub torn: usize,
}

/// Why a log does not make a venue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestoreFault {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// It does not begin.
    #[error("the log has no first entry that says whose log it is")]
    NoBeginning,
    /// It begins, and is not a hub's of that bundle.
    #[error(transparent)]
    Begin(#[from] BeginRefusal),
    /// Its event is not that of its bundle.
    #[error("the log is of the event {0}, its bundle of another one")]
    OtherEvent(EventId),
    /// It begins in the middle.
    #[error("entry {0} of the log begins it again")]
    SecondBeginning(Position),
    /// A bundle is missing.
    #[error("entry {position} of the log names the bundle {digest}, which is not at hand")]
    MissingBundle {
        /// The entry.
        position: Position,
        /// The bundle.
        digest: RecordDigest,
    },
    /// A vote that the rules do not accept there.
    #[error("entry {position} of the log is a vote that does not belong there: {refusal}")]
    Vote {
        /// The entry.
        position: Position,
        /// Why it is not taken.
        refusal: Refusal,
    },
    /// A vote that is not accepted, or not quarantined, there.
    #[error("entry {0} of the log is a vote of which the rules say something else")]
    OtherOutcome(Position),
    /// A merged vote or revocation that changes nothing, or cannot be checked.
    #[error("entry {0} of the log is merged from nowhere, or says nothing new")]
    Merged(Position),
    /// A revocation dated before a vote that was accepted: it would take away what was receipted.
    #[error("entry {0} of the log revokes a key at a time before votes of it that were accepted")]
    Backdated(Position),
    /// An act of the organiser that is not possible there.
    #[error("entry {position} of the log is not possible there: {refusal}")]
    Act {
        /// The entry.
        position: Position,
        /// Why.
        refusal: ActRefusal,
    },
    /// An amendment that is not possible there.
    #[error("entry {position} of the log is not possible there: {refusal}")]
    Amend {
        /// The entry.
        position: Position,
        /// Why.
        refusal: AmendRefusal,
    },
}

impl Venue {
    /// Reads a log and takes every decision in it again, signatures included. `bundles` are those that its entries name, in any
    /// order; each was verified with the server's key.
    pub fn restore(
        realm: &Realm,
        bundles: &[Signed<Bundle>],
        log: &[u8],
    ) -> Result<Restored, RestoreFault> {
        let mut reader = Reader::new(log);
        let first = reader.next_entry()?.ok_or(RestoreFault::NoBeginning)?;
        let mut venue = Self::replay_first(realm, bundles, &first)?;
        while let Some(entry) = reader.next_entry()? {
            venue.replay(bundles, entry)?;
        }
        Ok(Restored { venue, valid: reader.valid(), torn: reader.behind() })
    }

    fn replay_first(
        realm: &Realm,
        bundles: &[Signed<Bundle>],
        first: &Entry,
    ) -> Result<Self, RestoreFault> {
        let Act::Begin { hub, event, bundle } = &first.act else {
            return Err(RestoreFault::NoBeginning);
        };
        let bundle = find(bundles, bundle, 0)?;
        if bundle.value.id != *event {
            return Err(RestoreFault::OtherEvent(*event));
        }
        let mut chain = Chain::new();
        // An empty log is not full.
        let _ = chain.append(first);
        Ok(Self::with_chain(realm.clone(), *hub, bundle.clone(), chain)?)
    }

    fn replay(&mut self, bundles: &[Signed<Bundle>], entry: Entry) -> Result<(), RestoreFault> {
        let position = self.entries();
        let act = |refusal| RestoreFault::Act { position, refusal };
        match &entry.act {
            Act::Begin { .. } => return Err(RestoreFault::SecondBeginning(position)),
            Act::Vote { content } | Act::Quarantine { content } => {
                return self.replay_vote(content, &entry);
            }
            Act::MergedVote { hub, accepted, content } => {
                let vote = self.examiner.examine(content);
                let vote = vote.map_err(|refusal| RestoreFault::Vote { position, refusal })?;
                let new = self.learns_acceptance(&vote.digest, *accepted);
                if !new || !self.check_merged(&vote) || !self.is_certified(hub) {
                    return Err(RestoreFault::Merged(position));
                }
                self.push(&entry)?;
                self.keep_merged(vote, *hub, *accepted);
            }
            Act::MergedRevoke { hub, revoked, key } => {
                if !self.learns_revocation(key, *revoked) || !self.is_certified(hub) {
                    return Err(RestoreFault::Merged(position));
                }
                self.push(&entry)?;
                self.revoked.insert(*key, *revoked);
            }
            Act::Round { number, state } => {
                self.check_turn(*number, *state).map_err(act)?;
                self.push(&entry)?;
                self.rounds.insert(*number, *state);
            }
            Act::Revoke { key } => {
                self.check_revoke(key).map_err(act)?;
                self.check_date(&[*key], &entry)?;
                self.push(&entry)?;
                self.revoked.insert(*key, entry.at);
            }
            Act::Amend { bundle } => {
                let bundle = find(bundles, bundle, position)?;
                self.check_amendment(&bundle.value)
                    .map_err(|refusal| RestoreFault::Amend { position, refusal })?;
                self.check_date(&self.replaced_keys(&bundle.value), &entry)?;
                self.push(&entry)?;
                self.put_in_force(bundle.clone(), entry.at);
            }
        }
        Ok(())
    }

    fn replay_vote(&mut self, content: &[u8], entry: &Entry) -> Result<(), RestoreFault> {
        let position = self.entries();
        let Verdict { outcome, entry: added } = self.take_vote(content, entry.at);
        match (&entry.act, outcome) {
            (_, Outcome::Refused(refusal)) => Err(RestoreFault::Vote { position, refusal }),
            (Act::Vote { .. }, Outcome::Accepted(_)) => Ok(()),
            (Act::Quarantine { .. }, Outcome::Quarantined) if added.is_some() => Ok(()),
            _ => Err(RestoreFault::OtherOutcome(position)),
        }
    }

    fn check_date(&self, revoked: &[Fingerprint], entry: &Entry) -> Result<(), RestoreFault> {
        match self.no_earlier_than_votes_of(revoked, entry.at) == entry.at {
            true => Ok(()),
            false => Err(RestoreFault::Backdated(self.entries())),
        }
    }

    fn push(&mut self, entry: &Entry) -> Result<(), RestoreFault> {
        self.chain.append(entry).map(|_| ()).map_err(|_| ReadFault::TooMany.into())
    }

    /// Also this hub itself: one that lost its disk gets its own votes back from another.
    fn is_certified(&self, hub: &Fingerprint) -> bool {
        self.bundle.value.hub(hub).is_some()
    }
}

fn find<'a>(
    bundles: &'a [Signed<Bundle>],
    digest: &RecordDigest,
    position: Position,
) -> Result<&'a Signed<Bundle>, RestoreFault> {
    let found = bundles.iter().find(|bundle| bundle.digest == *digest);
    found.ok_or(RestoreFault::MissingBundle { position, digest: *digest })
}
