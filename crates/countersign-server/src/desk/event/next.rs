//! The next version of a bundle, signed.

use super::fault::PlanError;
use super::plan::Plan;
use countersign::evidence::{Signed, Stamp, digest_of, seal};
use countersign::{
    Malformed, Realm, RecordDigest, RecordHeader, RecordId, Signer, Timestamp, VerifyingKey,
};
use countersign_judging::venue::AmendRefusal;
use countersign_judging::{Bundle, JudgeId, Venue};
use countersign_store::event::{NewBundle, PublishOutcome, RosterLine, StoredBundle, StoredEvent};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why there is no next version.
#[derive(Debug, thiserror::Error)]
pub enum NextError {
    /// Judges without a key.
    #[error("these judges have not enrolled a key yet: {0}; wait for them, or leave them out")]
    Missing(String),
    /// The description.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The last bundle.
    #[error("the bundle cannot be read: {0}")]
    Last(Malformed),
    /// The next one.
    #[error("the bundle cannot be signed: {0}")]
    Unsigned(#[from] Malformed),
    /// What a hub with the last bundle would say.
    #[error("devices that have the last bundle would not take this one: {0}")]
    Amend(Box<AmendRefusal>),
    /// Somebody was quicker.
    #[error("the event changed while this was done; nothing was stored, so try again")]
    Changed,
    /// Somebody else published.
    #[error("version {newest} is the newest; somebody published it just now")]
    NotNext {
        /// The newest version.
        newest: u32,
    },
    /// No more versions.
    #[error("an event has at most 200 versions of its bundle, and this one has them")]
    Full,
    /// It is gone.
    #[error("there is no such event")]
    NoEvent,
}

/// What a version is made from.
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    /// What signatures are for.
    pub realm: &'a Realm,
    /// The event.
    pub stored: &'a StoredEvent,
    /// The newest version.
    pub last: Option<&'a StoredBundle>,
    /// Judges and their keys.
    pub roster: &'a [RosterLine],
    /// Whether judges without a key are left out.
    pub without_missing: bool,
    /// The time.
    pub now: Timestamp,
}

/// A signed version that is not stored yet.
#[derive(Debug)]
pub struct Made {
    /// For the store.
    pub new: NewBundle,
    /// Who is left out, because they have no key.
    pub missing: Vec<String>,
    /// How many judges it names.
    pub judges: usize,
    /// How many hubs.
    pub hubs: usize,
}

impl Next<'_> {
    /// Makes and signs it. `[E6]`
    pub fn make(&self, signer: &impl Signer, id: RecordId) -> Result<Made, NextError> {
        let Self { realm, stored, now, .. } = *self;
        let plan = Plan::decode(&stored.content)?;
        let last = self.last.map(|last| Signed::<Bundle>::reopen(realm, &last.frame));
        let last = last.transpose().map_err(NextError::Last)?;
        let (keys, missing) = keys(self.roster, last.as_ref())?;
        if !missing.is_empty() && !self.without_missing {
            return Err(NextError::Missing(missing.join(", ")));
        }
        let version = stored.summary.version + 1;
        let bundle = plan.bundle(version, &keys)?;
        let previous = last.as_ref().map_or(RecordHeader::FIRST, |last| last.digest);
        let frame = seal(realm, signer, Stamp { id, created: now, previous }, &bundle)?;
        let digest = digest_of(realm, &frame)?;
        let next = Signed::<Bundle>::reopen(realm, &frame)?;
        check_amendment(realm, last, next, now)?;
        let keys: Vec<_> = keys.values().map(|key| *key.fingerprint()).collect();
        let (judges, hubs) = (keys.len(), bundle.event().hubs.len());
        let (event, revision) = (stored.summary.id, stored.revision);
        let new = NewBundle { event, revision, version, digest, frame, keys, now };
        Ok(Made { new, missing, judges, hubs })
    }
}

impl Made {
    /// For programs, and for the audit log.
    pub fn view(&self) -> Value {
        let NewBundle { version, digest, frame, .. } = &self.new;
        json!({
            "version": version, "digest": RecordDigest::to_string(digest), "bytes": frame.len(),
            "judges": self.judges, "missing": self.missing,
        })
    }
}

/// Each judge's key: the enrolled one, or that of the last bundle while there is no other. And who has none.
fn keys(
    roster: &[RosterLine],
    last: Option<&Signed<Bundle>>,
) -> Result<(BTreeMap<JudgeId, VerifyingKey>, Vec<String>), PlanError> {
    let (mut keys, mut missing) = (BTreeMap::new(), Vec::new());
    for line in roster {
        let damaged = |error| PlanError::Damaged(format!("the key of {}: {error}", line.judge));
        let enrolled = line.enrolment.as_ref().map(|it| VerifyingKey::from_bytes(&it.key));
        let enrolled = enrolled.transpose().map_err(damaged)?;
        let before = last.and_then(|last| last.value.event().judge(&line.judge));
        match enrolled.or_else(|| before.map(|judge| judge.key.clone())) {
            Some(key) => drop(keys.insert(line.judge, key)),
            None => missing.push(line.judge.to_string()),
        }
    }
    Ok((keys, missing))
}

/// Asks what a hub with the last bundle would say of the next one. `[E6]`
fn check_amendment(
    realm: &Realm,
    last: Option<Signed<Bundle>>,
    next: Signed<Bundle>,
    now: Timestamp,
) -> Result<(), NextError> {
    let Some(last) = last else { return Ok(()) };
    let Some(hub) = last.value.event().hubs.first().map(|hub| *hub.key.fingerprint()) else {
        return Ok(());
    };
    if let Ok((mut venue, _)) = Venue::begin(realm.clone(), hub, last, now) {
        venue.amend(next, now).map_err(|refusal| NextError::Amend(Box::new(refusal)))?;
    }
    Ok(())
}

/// What the store said of it.
pub fn published(outcome: PublishOutcome) -> Result<(), NextError> {
    match outcome {
        PublishOutcome::Published => Ok(()),
        PublishOutcome::Changed { .. } => Err(NextError::Changed),
        PublishOutcome::NotNext { newest } => Err(NextError::NotNext { newest }),
        PublishOutcome::Full => Err(NextError::Full),
        PublishOutcome::NoEvent => Err(NextError::NoEvent),
    }
}
