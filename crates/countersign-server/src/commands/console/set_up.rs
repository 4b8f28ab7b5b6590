//! `console.event_check`, `_put`, `_assign`, `_publish`, `_replace`: an event before the day, by the rules of `countersign event`.

use super::event::{Mine, blocking, decoded, id, mine};
use super::proof::{Desk, Organiser};
use super::{Stop, conflict, not_found};
use crate::app::Backend;
use crate::desk::event::{
    Next, NextError, Plan, PlanError, Slots, Source, Sources, deal_out, id as plan_id, published,
};
use crate::random;
use crate::reply::Reply;
use countersign::{EventId, RecordId, ResultCode};
use countersign_judging::JudgeId;
use countersign_judging::assignment::AssignError;
use countersign_judging::event::ASSIGNMENTS_MAX;
use countersign_store::StoreError;
use countersign_store::event::{PutOutcome, ReplaceOutcome, Seat};
use serde::Deserialize;
use serde_json::{Value, json};

/// An organiser's files, as text. Together they fit into one request (`limits.frame_max`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    event: String,
    projects: String,
    judges: String,
    #[serde(default)]
    conflicts: String,
}

impl Files {
    /// The description and its roster, if nothing is wrong with it.
    fn read(&self, salt: Option<String>) -> Result<(Plan, Vec<Seat>), PlanError> {
        let source = |name, text| Source { name, content: str::as_bytes(text) };
        let conflicts = (!self.conflicts.is_empty()).then_some(self.conflicts.as_str());
        let sources = Sources {
            event: source("event", &self.event),
            projects: source("projects", &self.projects),
            judges: source("judges", &self.judges),
            conflicts: conflicts.map(|text| source("conflicts", text)),
        };
        sources.read(salt)
    }
}

/// Says everything that is wrong with files, or what they describe.
pub(super) async fn check<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        files: Files,
    }
    let expected = r#"expected {"files":{"event":"<TOML>","projects":"<CSV>","judges":"<CSV>","conflicts":"<CSV>"}}"#;
    let Wish { files } = desk.payload(expected)?;
    let read = move || {
        let (plan, seats) = files.read(None)?;
        plan.check()?;
        Ok::<_, PlanError>((plan, seats))
    };
    let (plan, seats) = match blocking(read).await? {
        Ok(read) => read,
        Err(error) => return Ok(Reply::json(&json!({ "faults": error.sentences() }))),
    };
    let stored = match plan_id::<EventId>(&plan.id, "event") {
        Ok(event) => desk.store().find_event(event).await?,
        Err(error) => return Err(wrong(&error).into()),
    };
    let mut said = preview(&plan, &seats);
    said["revision"] = stored.as_ref().map(|it| it.revision).into();
    said["may_change"] = match stored {
        Some(stored) => Mine::may(desk, &decoded(&stored.content)?).into(),
        None => true.into(),
    };
    Ok(Reply::json(&said))
}

fn preview(plan: &Plan, seats: &[Seat]) -> Value {
    let judges = plan.judges.iter().zip(seats).map(|(judge, seat)| {
        json!({ "judge": judge.id, "name": judge.name, "address": seat.address,
            "capacity": judge.capacity, "categories": judge.categories })
    });
    json!({
        "faults": [],
        "event": plan.id,
        "title": plan.title,
        "starts_ms": plan.starts_ms,
        "ends_ms": plan.ends_ms,
        "categories": plan.categories,
        "rounds": plan.rounds,
        "hubs": plan.hubs.iter().map(|hub| &hub.name).collect::<Vec<_>>(),
        "projects": plan.projects,
        "judges": judges.collect::<Vec<_>>(),
        "conflicts": plan.conflicts.len(),
    })
}

/// A new event, or other files for one; keys stay with their judges, and assignments as far as they fit. `[O4]`
pub(super) async fn put<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        files: Files,
        from: Option<u32>,
        reason: String,
    }
    let expected = r#"expected {"files":{"event":"<TOML>","projects":"<CSV>","judges":"<CSV>"},"from":<revision or null>,"reason":"<text>"}"#;
    let Wish { files, from, reason } = desk.payload(expected)?;
    let salt = random::bytes::<32>().map_err(|error| StoreError::Engine(error.to_string()))?;
    let read = blocking(move || files.read(Some(hex::encode(salt)))).await?;
    let (mut plan, seats) = read.map_err(|error| wrong(&error))?;
    let event: EventId = plan_id(&plan.id, "event").map_err(|error| wrong(&error))?;
    plan.owner = Some(desk.me().0.to_string());
    let mut dropped = 0;
    if from.is_some() {
        dropped = plan.follow(&mine(desk, event).await?.plan);
    }
    let plan = blocking(move || plan.check().map(|()| plan)).await?;
    let plan = plan.map_err(|error| wrong(&error))?;
    let mut detail = plan.counts();
    detail["event"] = json!(event.as_str());
    detail["dropped_assignments"] = json!(dropped);
    let (app, _) = desk.act(&reason, detail).await?.into_parts();
    let new = plan.stored(seats, from, app.now()).map_err(|error| wrong(&error))?;
    let revision = stored(app.store.put_event(new).await?)?;
    let said = json!({ "event": event.as_str(), "revision": revision, "dropped": dropped });
    Ok(Reply::json(&said))
}

fn stored(outcome: PutOutcome) -> Result<u32, Stop> {
    Err(match outcome {
        PutOutcome::Stored { revision } => return Ok(revision),
        PutOutcome::Exists => conflict("there is an event of this id already").into(),
        PutOutcome::NoEvent => not_found(),
        PutOutcome::Changed { .. } => changed().into(),
        PutOutcome::Twice => {
            Reply::invalid("a judge or an address stands twice in the list of judges").into()
        }
    })
}

fn changed() -> Reply {
    conflict("the event changed meanwhile; nothing was stored, so look at it and try again")
}

/// Deals out a round in which nobody has judged. `[O4]`
pub(super) async fn assign<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        event: String,
        round: u8,
        views: u16,
        reason: String,
    }
    /// Decides between equals; the command line has it as an option.
    const SEED: u64 = 1;
    let expected = r#"expected {"event":"<id>","round":1,"views":<1 to 2000>,"reason":"<text>"}"#;
    let Wish { event, round, views, reason } = desk.payload(expected)?;
    if !(1..=2_000).contains(&views) {
        return Err(Reply::invalid(expected).into());
    }
    let event = id(&event)?;
    let Mine { stored: before, plan } = mine(desk, event).await?;
    desk.may_act()?;
    let wanted = plan.visits(views);
    if wanted > ASSIGNMENTS_MAX {
        let message =
            format!("{wanted} visits would be asked for; an event has {ASSIGNMENTS_MAX} at most");
        return Err(Reply::invalid(&message).into());
    }
    if !desk.store().heads(event).await?.is_empty() {
        let message = "a hub has handed over votes already: a round that is running is dealt out again with \
                       `countersign event assign --again` on the server's machine";
        return Err(conflict(message).into());
    }
    let _one_at_a_time = desk.app().handing_over.lock().await;
    let dealt = blocking(move || dealt(plan, round, views, SEED)).await?;
    let (plan, mut said) = dealt.map_err(|error| Reply::invalid(&error))?;
    said["event"] = json!(event.as_str());
    let mut logged = said.clone();
    logged["short"] = json!(said["short"].as_array().map_or(0, Vec::len));
    let (app, _) = desk.act(&reason, logged).await?.into_parts();
    let roster = app.store.roster(event).await?.into_iter();
    let seats = roster.map(|line| Seat { judge: line.judge, address: line.address }).collect();
    let new = plan.stored(seats, Some(before.revision), app.now());
    stored(app.store.put_event(new.map_err(|error| wrong(&error))?).await?)?;
    Ok(Reply::json(&said))
}

fn dealt(mut plan: Plan, round: u8, views: u16, seed: u64) -> Result<(Plan, Value), String> {
    let dealt = deal_out(&mut plan, round, views, seed);
    let dealt = dealt.map_err(|error: AssignError| format!("nobody can be assigned: {error}"))?;
    plan.check().map_err(|error| error.to_string())?;
    let said = json!({ "round": round, "views": views, "visits": dealt.visits().count(),
        "groups": dealt.groups(), "short": Slots(&plan).short(&dealt) });
    Ok((plan, said))
}

/// Signs the next version of the bundle. `[O4]` `[E6]`
pub(super) async fn publish<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        event: String,
        #[serde(default)]
        without_missing: bool,
        reason: String,
    }
    let expected = r#"expected {"event":"<id>","without_missing":false,"reason":"<text>"}"#;
    let Wish { event, without_missing, reason } = desk.payload(expected)?;
    let event = id(&event)?;
    let stored = mine(desk, event).await?.stored;
    let version = stored.summary.version + 1;
    let detail = json!({ "event": event.as_str(), "version": version,
        "without_missing": without_missing });
    let (app, _) = desk.act(&reason, detail).await?.into_parts();
    let last = app.store.find_bundle(event, None).await?;
    let roster = app.store.roster(event).await?;
    let record = random::bytes().map_err(|error| StoreError::Engine(error.to_string()))?;
    let (realm, keys, now) = (app.sealer.realm().clone(), app.sealer.keys(), app.now());
    let made = blocking(move || {
        let (stored, last, roster) = (&stored, last.as_ref(), roster.as_slice());
        let next = Next { realm: &realm, stored, last, roster, without_missing, now };
        next.make(&keys.signer, RecordId::from_bytes(record))
    });
    let made = made.await?.map_err(unpublished)?;
    let mut said = made.view();
    said["hubs"] = json!(made.hubs);
    published(app.store.publish_bundle(made.new).await?).map_err(unpublished)?;
    Ok(Reply::json(&said))
}

fn unpublished(error: NextError) -> Stop {
    let message = error.to_string();
    let reason = match error {
        NextError::Plan(error) => return wrong(&error).into(),
        NextError::NoEvent => return not_found(),
        NextError::Missing(_) => "missing",
        NextError::Amend(_) => "amend",
        NextError::Changed | NextError::NotNext { .. } => "changed",
        NextError::Full => "full",
        NextError::Last(_) | NextError::Unsigned(_) => "unsigned",
    };
    let members = [("reason", reason.into()), ("message", message.into())];
    Reply::error_with(ResultCode::CONFLICT, &members).into()
}

/// Lets a judge enrol another key once, although a bundle names the present one. `[O4]`
pub(super) async fn replace<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        event: String,
        judge: String,
        reason: String,
    }
    let expected = r#"expected {"event":"<id>","judge":"<id>","reason":"<text>"}"#;
    let Wish { event, judge, reason } = desk.payload(expected)?;
    let event = id(&event)?;
    let judge: JudgeId = judge.parse().map_err(|_| Reply::invalid(expected))?;
    mine(desk, event).await?;
    let detail = json!({ "event": event.as_str(), "judge": judge.as_str() });
    let (app, _) = desk.act(&reason, detail).await?.into_parts();
    match app.store.allow_replacement(event, judge).await? {
        ReplaceOutcome::Allowed => Ok(Reply::json(&json!({ "judge": judge.as_str() }))),
        ReplaceOutcome::NoKey => {
            Ok(conflict("this judge has no key yet, and can enrol one without permission"))
        }
        ReplaceOutcome::NoJudge => Err(not_found()),
    }
}

/// What is wrong with files, each thing by itself and all together.
fn wrong(error: &PlanError) -> Reply {
    let members = [("message", error.to_string().into()), ("faults", error.sentences().into())];
    Reply::error_with(ResultCode::INVALID_PAYLOAD, &members)
}
