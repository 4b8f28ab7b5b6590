//! The checks of a vote, in the order of the design: cheap and impersonal ones first, the judge's own affairs last.
//!
//! The packet was opened before: its shape, net tag, cache of ids and encryption are the mesh's. The design looks for revoked keys
//! before it verifies; here the signature comes first, because quarantine must not fill with what anybody could have written in a
//! revoked judge's name, and because a judge with a new phone has two keys, and only the signature tells which one it was.

use super::{
    Outcome, QUARANTINE_MAX, QUARANTINE_PER_JUDGE_MAX, Quarantined, Refusal, Slot, Venue, Verdict,
    VoteReceipt,
};
use crate::event::{Event, RoundState};
use crate::log::{Act, Entry};
use crate::venue::KeptVote;
use crate::vote::{SignedVote, Vote};
use core::time::Duration;
use countersign::Timestamp;

/// How old a vote may be when it comes in.
pub const STALE_AFTER: Duration = Duration::from_secs(2 * 60 * 60);

/// How far ahead of the hub's clock a vote's time may be.
pub const FUTURE_MAX: Duration = Duration::from_secs(5 * 60);

/// What the checks lead to, before anything is written.
enum Decision {
    Accept,
    Quarantine,
    Say(Outcome),
}

impl Venue {
    /// Decides about the content of a VOTE packet that came in now. State changes at once; the receipt goes out when the entry is
    /// durable.
    pub fn take_vote(&mut self, content: &[u8], now: Timestamp) -> Verdict {
        match self.examiner.examine(content) {
            Ok(vote) => self.admit(vote, now),
            Err(refusal) => Verdict::refused(refusal),
        }
    }

    /// Decides about a vote whose signature an [`Examiner`](super::Examiner) found good.
    pub fn admit(&mut self, vote: SignedVote, now: Timestamp) -> Verdict {
        match self.decide(&vote, now) {
            Err(refusal) => Verdict::refused(refusal),
            Ok(Decision::Say(outcome)) => Verdict { outcome, entry: None },
            Ok(Decision::Accept) => {
                let act = Act::Vote { content: vote.content.clone() };
                // [H13] in the log before anybody hears of it
                let Ok(entry) = self.chain.append(&Entry { at: now, act }) else {
                    return Verdict::refused(Refusal::Full);
                };
                let outcome = Outcome::Accepted(self.keep(vote, now));
                Verdict { outcome, entry: Some(entry) }
            }
            Ok(Decision::Quarantine) => {
                let act = Act::Quarantine { content: vote.content.clone() };
                let entry = self.chain.append(&Entry { at: now, act }).ok();
                if entry.is_some() {
                    self.keep_apart(vote, now);
                }
                Verdict { outcome: Outcome::Quarantined, entry }
            }
        }
    }

    fn decide(&self, vote: &SignedVote, now: Timestamp) -> Result<Decision, Refusal> {
        let judge = vote.vote.judge;
        // The vote may have been examined elsewhere.
        if !self.examiner.knows(vote) {
            return Err(Refusal::Signature(judge));
        }
        // [H4] quarantined by arrival, whatever time it claims
        if self.revoked.contains_key(&vote.signer) {
            return Ok(self.decide_revoked(vote));
        }
        check_time(&vote.vote, now)?;
        if let Some(outcome) = self.check_seen(vote)? {
            return Ok(Decision::Say(outcome));
        }
        check_content(&self.bundle.value, &vote.vote)?;
        self.check_conflict(&vote.vote)?;
        self.check_round(&vote.vote)?;
        self.check_revision(vote)?;
        // [H12] a full log refuses; it never forgets
        if self.votes.count() >= self.votes_max {
            return Err(Refusal::Full);
        }
        Ok(Decision::Accept)
    }

    fn decide_revoked(&self, vote: &SignedVote) -> Decision {
        let judge = vote.vote.judge;
        let of_judge = |one: &&Quarantined| one.vote.vote.judge == judge;
        let known = self.votes.of(&vote.digest).is_some();
        let seen = known || self.quarantined.contains(&vote.digest);
        let full = self.quarantine.len() >= QUARANTINE_MAX
            || self.quarantine.iter().filter(of_judge).count() >= QUARANTINE_PER_JUDGE_MAX;
        match seen || full {
            true => Decision::Say(Outcome::Quarantined),
            false => Decision::Quarantine,
        }
    }

    /// What came before is answered as before, also when it was signed again because its receipt got lost. `[H6]`
    fn check_seen(&self, vote: &SignedVote) -> Result<Option<Outcome>, Refusal> {
        let known = |kept: &KeptVote| {
            let receipt = VoteReceipt { vote: kept.vote.digest, position: kept.position };
            Some(Outcome::Duplicate(receipt))
        };
        if let Some(kept) = self.votes.of(&vote.digest) {
            return Ok(known(kept));
        }
        if self.votes.with_id(&vote.vote.judge, &vote.vote.id).is_some() {
            return Err(Refusal::IdReused);
        }
        let says_the_same = |kept: &&KeptVote| {
            kept.vote.signer == vote.signer
                && kept.vote.vote.revision == vote.vote.revision
                && kept.vote.vote.points == vote.vote.points
        };
        Ok(self.last(&Slot::of(&vote.vote)).filter(says_the_same).and_then(known))
    }

    /// Nobody judges what they must not judge. `[H9]`
    fn check_conflict(&self, vote: &Vote) -> Result<(), Refusal> {
        if vote.is_recusal() {
            return Ok(());
        }
        if self.bundle.value.has_conflict(&vote.judge, &vote.project) {
            return Err(Refusal::Conflict);
        }
        if self.is_recused(&vote.judge, &vote.project) {
            return Err(Refusal::Recused);
        }
        Ok(())
    }

    /// Only while the round is open, by arrival. `[H10]`
    fn check_round(&self, vote: &Vote) -> Result<(), Refusal> {
        match self.rounds.get(&vote.round) {
            None => Err(Refusal::UnknownRound(vote.round)),
            Some(RoundState::Open) => Ok(()),
            Some(state) => Err(Refusal::NotOpen { number: vote.round, state: *state }),
        }
    }

    /// Newer than what the same key said last. A new phone counts from 1 again and is newer than the old one. `[H11]`
    fn check_revision(&self, vote: &SignedVote) -> Result<(), Refusal> {
        let by_this_key = |kept: &&KeptVote| kept.vote.signer == vote.signer;
        let last = self.last(&Slot::of(&vote.vote)).filter(by_this_key);
        let last = last.map_or(0, |kept| kept.vote.vote.revision);
        let found = vote.vote.revision;
        if found > last { Ok(()) } else { Err(Refusal::StaleRevision { last, found }) }
    }

    pub(super) fn keep(&mut self, vote: SignedVote, accepted: Timestamp) -> VoteReceipt {
        let position = self.chain.entries().saturating_sub(1);
        let receipt = VoteReceipt { vote: vote.digest, position };
        self.votes.add(KeptVote { vote, accepted, hub: self.hub, position });
        receipt
    }

    pub(super) fn keep_apart(&mut self, vote: SignedVote, at: Timestamp) {
        let position = self.chain.entries().saturating_sub(1);
        self.quarantined.insert(vote.digest);
        self.quarantine.push(Quarantined { vote, at, position });
    }
}

/// Neither too old nor too far ahead, by the hub's clock. `[H5]`
fn check_time(vote: &Vote, now: Timestamp) -> Result<(), Refusal> {
    let (age, ahead) = (now.since(vote.time()), vote.time().since(now));
    if age > STALE_AFTER {
        Err(Refusal::Stale(age.as_secs()))
    } else if ahead > FUTURE_MAX {
        Err(Refusal::Future(ahead.as_secs()))
    } else {
        Ok(())
    }
}

/// The project, the category and the rubric.
pub(super) fn check_content(event: &Event, vote: &Vote) -> Result<(), Refusal> {
    // [H7] a project of the event, in a category that it is in
    let project = event.project(&vote.project).ok_or(Refusal::UnknownProject(vote.project))?;
    let category = Some(&vote.category).filter(|id| project.categories.contains(id));
    let category = category.and_then(|id| event.category(id));
    let criteria = &category.ok_or(Refusal::NotItsCategory(vote.category))?.criteria;
    if vote.is_recusal() {
        return Ok(());
    }
    // [H8] one number per criterion, within its range
    if vote.points.len() != criteria.len() {
        let (expected, found) = (criteria.len(), vote.points.len());
        return Err(Refusal::PointsCount { expected, found });
    }
    for (place, (criterion, found)) in criteria.iter().zip(&vote.points).enumerate() {
        let (min, max) = (criterion.min, criterion.max);
        if !(min..=max).contains(found) {
            let criterion = place + 1;
            return Err(Refusal::PointsRange { criterion, min, max, found: *found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bundle;
    use crate::event::{Category, Criterion, HubKey, Judge, Project, Round};
    use alloc::vec;
    use alloc::vec::Vec;
    use countersign::evidence::{Stamp, open, seal};
    use countersign::{Realm, RecordDigest, RecordId, Signer, SigningKey};

    /// One hub, one project, one judge, one number.
    fn venue(realm: &Realm, key: &SigningKey, judge: &SigningKey) -> Venue {
        let public = |key: &SigningKey| key.verifying_key().clone();
        let one: crate::CategoryId = "ONE".parse().unwrap();
        let text = || alloc::string::String::from("one");
        let event = Event {
            id: "FAIR".parse().unwrap(),
            version: 1,
            title: text(),
            starts: Timestamp::ZERO,
            ends: Timestamp::ZERO,
            salt: None,
            categories: vec![Category {
                id: one,
                title: text(),
                criteria: vec![Criterion { title: text(), min: 0, max: 9, weight: 1 }],
            }],
            projects: vec![Project {
                id: "P".parse().unwrap(),
                title: text(),
                table: text(),
                categories: vec![one],
                anchor: false,
            }],
            judges: vec![Judge { id: "J".parse().unwrap(), name: text(), key: public(judge) }],
            rounds: vec![Round { number: 1, title: text(), state: RoundState::Open }],
            conflicts: Vec::new(),
            assignments: Vec::new(),
            hubs: vec![HubKey { name: text(), key: public(key), sealing: None }],
        };
        let stamp = Stamp {
            id: RecordId::from_bytes([1; 16]),
            created: Timestamp::ZERO,
            previous: RecordDigest::from_bytes([0; 32]),
        };
        let frame = seal(realm, key, stamp, &Bundle::new(event).unwrap()).unwrap();
        let bundle = open(realm, key.verifying_key(), &frame).unwrap();
        let hub = *key.verifying_key().fingerprint();
        Venue::begin(realm.clone(), hub, bundle, Timestamp::ZERO).unwrap().0
    }

    #[test]
    fn h12_a_full_log_refuses_and_forgets_nothing() {
        let realm = Realm::new("fair", "fair.example.org").unwrap();
        let (key, judge) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let mut venue = venue(&realm, &key, &judge);
        venue.votes_max = 2;
        let mut say = |revision: u32| {
            let vote = Vote {
                project: "P".parse().unwrap(),
                category: "ONE".parse().unwrap(),
                points: vec![revision as u16],
                id: crate::VoteId::from_bytes([revision as u8; 16]),
                seconds: 0,
                judge: "J".parse().unwrap(),
                revision,
                round: 1,
            };
            let content = vote.sign(&realm, &"FAIR".parse().unwrap(), &judge).unwrap();
            venue.take_vote(&content, Timestamp::ZERO).outcome
        };
        assert!(matches!(say(1), Outcome::Accepted(_)));
        assert!(matches!(say(2), Outcome::Accepted(_)));
        assert_eq!(say(3), Outcome::Refused(Refusal::Full));
        assert!(matches!(say(1), Outcome::Duplicate(_)));
    }
}
