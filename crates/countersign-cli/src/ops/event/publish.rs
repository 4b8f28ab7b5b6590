//! From files to a signed bundle.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::EventError;
use super::desk::Desk;
use super::files::Files;
use countersign::{EventId, RecordId, SigningKey};
use countersign_keys::OnlineKeys;
use countersign_server::desk::event::{Next, NextError, Plan, id, published};
use countersign_store::event::{EventStore, PutOutcome, Seat};
use serde_json::json;

pub(super) fn create(files: &Files, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let salt = countersign_server::random::bytes::<32>().map_err(EventError::from)?;
    let (plan, seats) = files.read(Some(hex::encode(salt)))?;
    plan.check().map_err(EventError::from)?;
    let event = put(&plan, seats, None, desk)?;
    desk.note("event.create", event, plan.counts())?;
    if desk.json {
        let mut said = plan.counts();
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
    let event: EventId = id(&plan.id, "event").map_err(EventError::from)?;
    let (stored, before) = desk.event(event)?;
    let dropped = plan.follow(&before);
    plan.check().map_err(EventError::from)?;
    put(&plan, seats, Some(stored.revision), desk)?;
    let mut detail = plan.counts();
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
    let new = plan.stored(seats, from, desk.now).map_err(EventError::from)?;
    let event = new.id;
    match wait(desk.store.put_event(new))? {
        PutOutcome::Stored { .. } => Ok(event),
        PutOutcome::Exists => Err(EventError::Exists(event).into()),
        PutOutcome::NoEvent => Err(EventError::NoEvent(event).into()),
        PutOutcome::Changed { .. } => Err(EventError::Changed.into()),
        PutOutcome::Twice => Err(EventError::Twice.into()),
    }
}

pub(super) fn publish(
    event: EventId,
    without_missing: bool,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let (stored, _) = desk.event(event)?;
    let realm = desk.realm()?;
    let last = wait(desk.store.find_bundle(event, None))?;
    let roster = wait(desk.store.roster(event))?;
    let online = OnlineKeys::load(&desk.keys(), &realm, desk.now).map_err(EventError::from)?;
    let signer = SigningKey::from_seed(&online.signing.seed);
    let id = countersign_server::random::bytes().map_err(EventError::from)?;
    let next = Next {
        realm: &realm,
        stored: &stored,
        last: last.as_ref(),
        roster: &roster,
        without_missing,
        now: desk.now,
    };
    let made = next.make(&signer, RecordId::from_bytes(id)).map_err(EventError::from)?;
    let said = made.view();
    let (judges, hubs, missing) = (made.judges, made.hubs, made.missing);
    let (version, digest, bytes) = (made.new.version, made.new.digest, made.new.frame.len());
    published(wait(desk.store.publish_bundle(made.new))?).map_err(EventError::from)?;
    desk.note("event.publish", event, said.clone())?;
    if desk.json {
        return Ok(out.json(&said)?);
    }
    out.line(format_args!(
        "Version {version} of {event} is published: {judges} judges, {bytes} bytes, digest {digest}."
    ))?;
    if !missing.is_empty() {
        out.line(format_args!("Left out, because they have no key yet: {}", missing.join(", ")))?;
    }
    if hubs == 0 {
        out.line(format_args!(
            "It names no hub yet: add what `countersign hub init` prints to the event's file, amend {event} \
             and publish again before the day."
        ))?;
    }
    Ok(())
}

impl From<NextError> for EventError {
    /// The command line has an option for what is missing.
    fn from(error: NextError) -> Self {
        match error {
            NextError::Missing(judges) => Self::Missing(judges),
            NextError::Changed => Self::Changed,
            NextError::Plan(error) => Self::Plan(error),
            error @ (NextError::Last(_) | NextError::Unsigned(_) | NextError::Amend(_)) => {
                Self::Next(error)
            }
            error @ (NextError::NotNext { .. } | NextError::Full | NextError::NoEvent) => {
                Self::Next(error)
            }
        }
    }
}
