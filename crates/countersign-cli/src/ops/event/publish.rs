//! From files to a signed bundle.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::EventError;
use super::desk::Desk;
use super::files::Files;
use super::plan::{Plan, id};
use countersign::evidence::{Signed, Stamp, digest_of, seal};
use countersign::{EventId, RecordHeader, RecordId, SigningKey, Timestamp, VerifyingKey};
use countersign_judging::{Bundle, JudgeId, Venue};
use countersign_keys::OnlineKeys;
use countersign_store::event::{
    EventStore, NewBundle, NewEvent, PublishOutcome, PutOutcome, RosterLine, Seat, StoredEvent,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn create(files: &Files, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let salt = countersign_server::random::bytes::<32>().map_err(EventError::from)?;
    let (plan, seats) = files.read(Some(hex::encode(salt)))?;
    plan.check()?;
    let event = put(&plan, seats, None, desk)?;
    desk.note("event.create", event, counts(&plan))?;
    if desk.json {
        let mut said = counts(&plan);
        said["event"] = json!(event.as_str());
        return Ok(out.json(&said)?);
    }
    out.line(format_args!(
        "{event} is stored: {} projects, {} judges, {} categories, {} rounds, {} hubs.",
        plan.projects.len(),
        plan.judges.len(),
        plan.categories.len(),
        plan.rounds.len(),
        plan.hubs.len()
    ))?;
    out.line(format_args!("Judges enrol now: countersign judge enrol --event {event}"))?;
    Ok(())
}

pub(super) fn amend(files: &Files, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let (mut plan, seats) = files.read(None)?;
    let event: EventId = id(&plan.id, "event")?;
    let (stored, before) = desk.event(event)?;
    plan.salt = before.salt.clone();
    plan.assignments = before.assignments.clone();
    let dropped = drop_what_does_not_fit(&mut plan);
    plan.check()?;
    put(&plan, seats, Some(stored.revision), desk)?;
    let mut detail = counts(&plan);
    detail["dropped_assignments"] = json!(dropped);
    desk.note("event.amend", event, detail.clone())?;
    if desk.json {
        return Ok(out.json(&detail)?);
    }
    out.line(format_args!(
        "{event} is amended: {} projects, {} judges; {dropped} assignments did not fit any more.",
        plan.projects.len(),
        plan.judges.len()
    ))?;
    if stored.summary.version > 0 {
        out.line(format_args!("Devices learn of it with: countersign event publish {event}"))?;
    }
    Ok(())
}

/// Stores a description in place of the revision that it was made from.
pub(super) fn put(
    plan: &Plan,
    seats: Vec<Seat>,
    from: Option<u32>,
    desk: &Desk<'_>,
) -> Result<EventId, OpsError> {
    let event: EventId = id(&plan.id, "event")?;
    let new = NewEvent {
        id: event,
        title: plan.title.clone(),
        starts: Timestamp::from_millis(plan.starts_ms),
        ends: Timestamp::from_millis(plan.ends_ms),
        content: plan.encode()?,
        seats,
        from,
        now: desk.now,
    };
    match wait(desk.store.put_event(new))? {
        PutOutcome::Stored { .. } => Ok(event),
        PutOutcome::Exists => Err(EventError::Exists(event).into()),
        PutOutcome::NoEvent => Err(EventError::NoEvent(event).into()),
        PutOutcome::Changed { .. } => Err(EventError::Changed.into()),
        PutOutcome::Twice => Err(EventError::Twice.into()),
    }
}

/// Assignments of what is gone, or conflicts now. How many.
fn drop_what_does_not_fit(plan: &mut Plan) -> usize {
    let before = plan.assignments.len();
    let judges: BTreeSet<_> = plan.judges.iter().map(|judge| judge.id.clone()).collect();
    let rounds: BTreeSet<_> = plan.rounds.iter().map(|round| round.number).collect();
    let (projects, conflicts) = (plan.projects.clone(), plan.conflicts.clone());
    plan.assignments.retain(|(judge, round, project, category)| {
        let is_in = |it: &&super::plan::PlanProject| it.id == *project;
        let found = projects.iter().find(is_in);
        judges.contains(judge)
            && rounds.contains(round)
            && found.is_some_and(|it| it.categories.contains(category))
            && !conflicts.iter().any(|(who, what)| who == judge && what == project)
    });
    before - plan.assignments.len()
}

fn counts(plan: &Plan) -> serde_json::Value {
    json!({
        "projects": plan.projects.len(),
        "judges": plan.judges.len(),
        "categories": plan.categories.len(),
        "rounds": plan.rounds.len(),
        "hubs": plan.hubs.len(),
        "conflicts": plan.conflicts.len(),
        "assignments": plan.assignments.len(),
    })
}

pub(super) fn publish(
    event: EventId,
    without_missing: bool,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let (stored, plan) = desk.event(event)?;
    let realm = desk.realm()?;
    let last = wait(desk.store.find_bundle(event, None))?;
    let last = last.map(|bundle| desk.open(&realm, &bundle)).transpose()?;
    let roster = wait(desk.store.roster(event))?;
    let (keys, missing) = keys(&roster, last.as_ref())?;
    if !missing.is_empty() && !without_missing {
        return Err(EventError::Missing(missing.join(", ")).into());
    }
    let version = stored.summary.version + 1;
    let bundle = plan.bundle(version, &keys)?;
    let online = OnlineKeys::load(&desk.keys(), &realm, desk.now).map_err(EventError::from)?;
    let signer = SigningKey::from_seed(&online.signing.seed);
    let id = countersign_server::random::bytes().map_err(EventError::from)?;
    let previous = last.as_ref().map_or(RecordHeader::FIRST, |last| last.digest);
    let stamp = Stamp { id: RecordId::from_bytes(id), created: desk.now, previous };
    let frame = seal(&realm, &signer, stamp, &bundle).map_err(EventError::from)?;
    let digest = digest_of(&realm, &frame).map_err(EventError::from)?;
    let next = Signed::<Bundle>::reopen(&realm, &frame).map_err(EventError::from)?;
    check_amendment(&realm, last, next, desk.now)?;
    let fingerprints = keys.values().map(|key| *key.fingerprint()).collect();
    let bytes = frame.len();
    let new = NewBundle {
        event,
        revision: stored.revision,
        version,
        digest,
        frame,
        keys: fingerprints,
        now: desk.now,
    };
    published(wait(desk.store.publish_bundle(new))?, event)?;
    let said = json!({
        "version": version, "digest": digest.to_string(), "bytes": bytes,
        "judges": keys.len(), "missing": missing,
    });
    desk.note("event.publish", event, said.clone())?;
    if desk.json {
        return Ok(out.json(&said)?);
    }
    let judges = keys.len();
    out.line(format_args!(
        "Version {version} of {event} is published: {judges} judges, {bytes} bytes, digest {digest}."
    ))?;
    if !missing.is_empty() {
        out.line(format_args!("Left out, because they have no key yet: {}", missing.join(", ")))?;
    }
    warn_without_hub(&stored, &bundle, out)
}

fn warn_without_hub(
    stored: &StoredEvent,
    bundle: &Bundle,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    if bundle.event().hubs.is_empty() {
        let id = stored.summary.id;
        out.line(format_args!(
            "It names no hub yet: add what `countersign hub init` prints to the event's file, amend {id} \
             and publish again before the day."
        ))?;
    }
    Ok(())
}

/// Each judge's key: the enrolled one, or that of the last bundle while there is no other. And who has none.
fn keys(
    roster: &[RosterLine],
    last: Option<&Signed<Bundle>>,
) -> Result<(BTreeMap<JudgeId, VerifyingKey>, Vec<String>), EventError> {
    let (mut keys, mut missing) = (BTreeMap::new(), Vec::new());
    for line in roster {
        let damaged = |error| EventError::Damaged(format!("the key of {}: {error}", line.judge));
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
    realm: &countersign::Realm,
    last: Option<Signed<Bundle>>,
    next: Signed<Bundle>,
    now: Timestamp,
) -> Result<(), EventError> {
    let Some(last) = last else { return Ok(()) };
    let Some(hub) = last.value.event().hubs.first().map(|hub| *hub.key.fingerprint()) else {
        return Ok(());
    };
    if let Ok((mut venue, _)) = Venue::begin(realm.clone(), hub, last, now) {
        venue.amend(next, now)?;
    }
    Ok(())
}

fn published(outcome: PublishOutcome, event: EventId) -> Result<(), EventError> {
    match outcome {
        PublishOutcome::Published => Ok(()),
        PublishOutcome::Changed { .. } => Err(EventError::Changed),
        PublishOutcome::NotNext { newest } => Err(EventError::NotNext { newest }),
        PublishOutcome::Full => Err(EventError::Full),
        PublishOutcome::NoEvent => Err(EventError::NoEvent(event)),
    }
}
