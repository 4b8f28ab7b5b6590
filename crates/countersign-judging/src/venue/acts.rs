//! What the organiser does at the hub: begin, amend the event, open and close rounds, revoke keys.

use super::{Examiner, KEYS_PER_JUDGE_MAX, Venue};
use crate::bundle::Bundle;
use crate::event::{Category, Event, RoundState};
use crate::id::{JudgeId, ProjectId};
use crate::log::{Act, Chain, Entry, Full};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use countersign::evidence::Signed;
use countersign::{EventId, Fingerprint, Realm, Timestamp};
use thiserror::Error;

/// Why a log cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BeginRefusal {
    /// Nobody would believe its receipts.
    #[error("the bundle does not name this hub's key; add it to the event's hubs")]
    NotAHub,
}

/// Why the organiser's act is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ActRefusal {
    /// No such round.
    #[error("the event has no round {0}")]
    UnknownRound(u8),
    /// Nothing to do.
    #[error("round {number} is {} already", state.as_str())]
    AlreadyThere {
        /// Which.
        number: u8,
        /// Where it is.
        state: RoundState,
    },
    /// Rounds do not go back to draft, and only an open one closes.
    #[error("round {number} is {}; it cannot become {}", from.as_str(), to.as_str())]
    NoWay {
        /// Which.
        number: u8,
        /// Where it is.
        from: RoundState,
        /// Where it should be.
        to: RoundState,
    },
    /// No judge has that key.
    #[error("no judge has or had this key")]
    UnknownKey,
    /// Nothing to do.
    #[error("the key is revoked already")]
    AlreadyRevoked,
    /// The log takes no more.
    #[error(transparent)]
    Full(#[from] Full),
}

/// Why a bundle does not replace the one that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmendRefusal {
    /// Of another event.
    #[error("the bundle is of the event {0}, not of this one")]
    OtherEvent(EventId),
    /// Not newer.
    #[error("the bundle has version {found}; the hub has {held}, and takes only higher ones")]
    NotNewer {
        /// The hub's.
        held: u32,
        /// The bundle's.
        found: u32,
    },
    /// The start or the salt: packets on the way could not be read any more.
    #[error("the bundle changes the start or the salt of the event")]
    Traffic,
    /// The rubric is locked.
    #[error("votes were cast: categories and criteria cannot change any more")]
    RubricLocked,
    /// A project is gone, or not judged any more as what it was.
    #[error("the bundle takes away project {0}, or a category of it")]
    ProjectGone(ProjectId),
    /// A judge is gone; revoke the key instead.
    #[error("the bundle takes away judge {0}; revoke the key instead")]
    JudgeGone(JudgeId),
    /// A judge with more keys than anybody needs.
    #[error("judge {0} has had {KEYS_PER_JUDGE_MAX} keys; give them a new id")]
    Keys(JudgeId),
    /// A key that was somebody else's here, or was revoked.
    #[error("judge {0} gets a key that was revoked, or was another judge's")]
    UsedKey(JudgeId),
    /// A round is gone.
    #[error("the bundle takes away round {0}")]
    RoundGone(u8),
    /// A declared conflict of interest is gone.
    #[error("the bundle takes away the conflict of judge {judge} with {project}")]
    ConflictGone {
        /// The judge.
        judge: JudgeId,
        /// The project.
        project: ProjectId,
    },
    /// A hub is gone; its log could not be merged any more.
    #[error("the bundle takes away a hub")]
    HubGone,
    /// The log takes no more.
    #[error(transparent)]
    Full(#[from] Full),
}

impl Venue {
    /// The first entry of a log, and the venue after it.
    pub fn begin(
        realm: Realm,
        hub: Fingerprint,
        bundle: Signed<Bundle>,
        now: Timestamp,
    ) -> Result<(Self, Vec<u8>), BeginRefusal> {
        let mut chain = Chain::new();
        let act = Act::Begin { hub, event: bundle.value.id, bundle: bundle.digest };
        // An empty log is not full.
        let entry = chain.append(&Entry { at: now, act }).unwrap_or_default();
        Self::with_chain(realm, hub, bundle, chain).map(|venue| (venue, entry))
    }

    pub(super) fn with_chain(
        realm: Realm,
        hub: Fingerprint,
        bundle: Signed<Bundle>,
        chain: Chain,
    ) -> Result<Self, BeginRefusal> {
        let event = bundle.value.event();
        if event.hub(&hub).is_none() {
            return Err(BeginRefusal::NotAHub);
        }
        Ok(Self {
            examiner: Examiner::new(realm, event),
            rounds: event.rounds.iter().map(|round| (round.number, round.state)).collect(),
            hub,
            bundle,
            chain,
            revoked: BTreeMap::new(),
            votes: super::Votes::default(),
            votes_max: super::VOTES_MAX,
            quarantine: Vec::new(),
            quarantined: BTreeSet::new(),
        })
    }

    /// Opens a round, also one that was closed. Gives the bytes to append.
    pub fn open_round(&mut self, number: u8, now: Timestamp) -> Result<Vec<u8>, ActRefusal> {
        self.turn_round(number, RoundState::Open, now)
    }

    /// Closes an open round. Gives the bytes to append.
    pub fn close_round(&mut self, number: u8, now: Timestamp) -> Result<Vec<u8>, ActRefusal> {
        self.turn_round(number, RoundState::Closed, now)
    }

    fn turn_round(
        &mut self,
        number: u8,
        state: RoundState,
        now: Timestamp,
    ) -> Result<Vec<u8>, ActRefusal> {
        self.check_turn(number, state)?;
        let entry = self.chain.append(&Entry { at: now, act: Act::Round { number, state } })?;
        self.rounds.insert(number, state);
        Ok(entry)
    }

    pub(super) fn check_turn(&self, number: u8, to: RoundState) -> Result<(), ActRefusal> {
        let from = *self.rounds.get(&number).ok_or(ActRefusal::UnknownRound(number))?;
        match (from, to) {
            (RoundState::Draft | RoundState::Closed, RoundState::Open)
            | (RoundState::Open, RoundState::Closed) => Ok(()),
            _ if from == to => Err(ActRefusal::AlreadyThere { number, state: from }),
            _ => Err(ActRefusal::NoWay { number, from, to }),
        }
    }

    /// From now on what this key signs is quarantined when it comes in, whatever time it claims. Gives the bytes to append.
    pub fn revoke(&mut self, key: &Fingerprint, now: Timestamp) -> Result<Vec<u8>, ActRefusal> {
        self.check_revoke(key)?;
        let at = self.no_earlier_than_votes_of(&[*key], now);
        let entry = self.chain.append(&Entry { at, act: Act::Revoke { key: *key } })?;
        self.revoked.insert(*key, at);
        Ok(entry)
    }

    pub(super) fn check_revoke(&self, key: &Fingerprint) -> Result<(), ActRefusal> {
        let mut keys = self.examiner.keys.values().flatten();
        if !keys.any(|known| known.fingerprint() == key) {
            return Err(ActRefusal::UnknownKey);
        }
        match self.revoked.contains_key(key) {
            true => Err(ActRefusal::AlreadyRevoked),
            false => Ok(()),
        }
    }

    /// A clock that went back must not take away what was accepted before.
    pub(super) fn no_earlier_than_votes_of(
        &self,
        keys: &[Fingerprint],
        now: Timestamp,
    ) -> Timestamp {
        let theirs = self.votes.all().iter().filter(|kept| keys.contains(&kept.vote.signer));
        theirs.map(|kept| kept.accepted).fold(now, Timestamp::max)
    }

    /// Puts another bundle in force. It may add judges, projects, rounds, conflicts and hubs, assign anew, and give a judge another
    /// key, which revokes the old one. Gives the bytes to append.
    pub fn amend(
        &mut self,
        bundle: Signed<Bundle>,
        now: Timestamp,
    ) -> Result<Vec<u8>, AmendRefusal> {
        self.check_amendment(&bundle.value)?;
        let replaced = self.replaced_keys(&bundle.value);
        let at = self.no_earlier_than_votes_of(&replaced, now);
        let entry = self.chain.append(&Entry { at, act: Act::Amend { bundle: bundle.digest } })?;
        self.put_in_force(bundle, at);
        Ok(entry)
    }

    pub(super) fn put_in_force(&mut self, bundle: Signed<Bundle>, at: Timestamp) {
        for key in self.replaced_keys(&bundle.value) {
            self.revoked.entry(key).or_insert(at);
        }
        for judge in &bundle.value.judges {
            let keys = self.examiner.keys.entry(judge.id).or_default();
            if keys.last() != Some(&judge.key) {
                keys.push(judge.key.clone());
            }
        }
        for round in &bundle.value.rounds {
            self.rounds.entry(round.number).or_insert(round.state);
        }
        self.bundle = bundle;
    }

    pub(super) fn replaced_keys(&self, event: &Event) -> Vec<Fingerprint> {
        let replaced = event.judges.iter().filter_map(|judge| {
            let held = self.examiner.keys.get(&judge.id)?.last()?;
            (*held != judge.key).then(|| *held.fingerprint())
        });
        replaced.collect()
    }

    pub(super) fn check_amendment(&self, new: &Event) -> Result<(), AmendRefusal> {
        let old = self.bundle.value.event();
        if new.id != old.id {
            return Err(AmendRefusal::OtherEvent(new.id));
        }
        if new.version <= old.version {
            return Err(AmendRefusal::NotNewer { held: old.version, found: new.version });
        }
        if (new.starts, new.salt) != (old.starts, old.salt) {
            return Err(AmendRefusal::Traffic);
        }
        if self.votes.count() > 0 && !same_rubric(&old.categories, &new.categories) {
            return Err(AmendRefusal::RubricLocked);
        }
        for project in &old.projects {
            let kept = new.project(&project.id).is_some_and(|now| {
                project.categories.iter().all(|category| now.categories.contains(category))
            });
            if !kept && self.votes.count() > 0 {
                return Err(AmendRefusal::ProjectGone(project.id));
            }
        }
        self.check_amended_judges(new)?;
        let gone = old.rounds.iter().find(|round| new.round(round.number).is_none());
        if let Some(round) = gone {
            return Err(AmendRefusal::RoundGone(round.number));
        }
        let gone = old.conflicts.iter().find(|one| !new.has_conflict(&one.judge, &one.project));
        if let Some(conflict) = gone {
            let (judge, project) = (conflict.judge, conflict.project);
            return Err(AmendRefusal::ConflictGone { judge, project });
        }
        match old.hubs.iter().all(|hub| new.hub(hub.key.fingerprint()).is_some()) {
            true => Ok(()),
            false => Err(AmendRefusal::HubGone),
        }
    }

    fn check_amended_judges(&self, new: &Event) -> Result<(), AmendRefusal> {
        let owners: BTreeMap<&Fingerprint, &JudgeId> = self
            .examiner
            .keys
            .iter()
            .flat_map(|(judge, keys)| keys.iter().map(move |key| (key.fingerprint(), judge)))
            .collect();
        if let Some(judge) = self.examiner.keys.keys().find(|judge| new.judge(judge).is_none()) {
            return Err(AmendRefusal::JudgeGone(*judge));
        }
        for judge in &new.judges {
            let key = judge.key.fingerprint();
            let keys = self.examiner.keys.get(&judge.id).map_or(&[][..], Vec::as_slice);
            if keys.last() == Some(&judge.key) {
                continue;
            }
            if owners.contains_key(key) || self.revoked.contains_key(key) {
                return Err(AmendRefusal::UsedKey(judge.id));
            }
            if keys.len() >= KEYS_PER_JUDGE_MAX {
                return Err(AmendRefusal::Keys(judge.id));
            }
        }
        Ok(())
    }
}

/// Titles may be put right; what is scored, and how it counts, may not change.
fn same_rubric(old: &[Category], new: &[Category]) -> bool {
    let same = |old: &Category, new: &Category| {
        let numbers = |category: &Category| -> Vec<(u16, u16, u16)> {
            let criteria = category.criteria.iter();
            criteria.map(|one| (one.min, one.max, one.weight)).collect()
        };
        old.id == new.id && numbers(old) == numbers(new)
    };
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
}
