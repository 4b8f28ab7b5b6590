//! The bundle: an event as the server signs it and devices keep it. Record type `event.bundle`.

use crate::event::{
    ASSIGNMENTS_MAX, Assignment, CATEGORIES_MAX, CONFLICTS_MAX, CRITERIA_MAX, Category, Conflict,
    Criterion, Event, EventFault, HUBS_MAX, HubKey, JUDGES_MAX, Judge, PROJECTS_MAX, Project,
    ROUNDS_MAX, Round, RoundState, TEXT_MAX,
};
use alloc::string::String;
use alloc::vec::Vec;
use countersign::evidence::Artefact;
use countersign::key::ALG_ED25519;
use countersign::wire::{Reader, put_lp8};
use countersign::{EventId, Malformed, VerifyingKey};

/// Most bytes of the content of a bundle: with its header and signature it fits 1 MiB.
pub const CONTENT_MAX: usize = Bundle::MAX_FRAME - 512;

/// An event that has nothing wrong with it, its tables sorted by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    event: Event,
}

impl Bundle {
    /// Sorts and checks. Says everything that is wrong.
    pub fn new(mut event: Event) -> Result<Self, Vec<EventFault>> {
        let faults = event.check();
        if !faults.is_empty() {
            return Err(faults);
        }
        event.sort();
        Ok(Self { event })
    }

    /// The event.
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// The event, to be amended and checked again.
    pub fn into_event(self) -> Event {
        self.event
    }
}

impl core::ops::Deref for Bundle {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

impl Artefact for Bundle {
    const TYPE: &'static str = "event.bundle";
    const MAX_FRAME: usize = 1024 * 1024;

    fn put(&self, out: &mut Vec<u8>) {
        put_event(&self.event, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let event = take_event(reader)?;
        let read = event.clone();
        let bundle = Self::new(event).map_err(|_| Malformed::Range)?;
        // One form only: what was not sorted when it was signed would be other bytes when written again.
        if bundle.event == read { Ok(bundle) } else { Err(Malformed::Range) }
    }
}

/// Bytes of the content of a sorted event whose counts and texts are within their limits.
pub(crate) fn content_len(event: &Event) -> usize {
    let mut out = Vec::new();
    put_event(event, &mut out);
    out.len() + 1
}

fn put_event(event: &Event, out: &mut Vec<u8>) {
    put_lp8(out, event.id.as_str().as_bytes());
    out.extend_from_slice(&event.version.to_be_bytes());
    put_lp8(out, event.title.as_bytes());
    out.extend_from_slice(&event.starts.as_millis().to_be_bytes());
    out.extend_from_slice(&event.ends.as_millis().to_be_bytes());
    put_option(out, event.salt.as_ref());
    out.push(event.categories.len() as u8);
    event.categories.iter().for_each(|category| put_category(category, out));
    put_count(out, event.projects.len());
    event.projects.iter().for_each(|project| put_project(event, project, out));
    put_count(out, event.judges.len());
    for judge in &event.judges {
        put_lp8(out, judge.id.as_str().as_bytes());
        put_lp8(out, judge.name.as_bytes());
        put_key(out, &judge.key);
    }
    out.push(event.rounds.len() as u8);
    for round in &event.rounds {
        out.push(round.number);
        put_lp8(out, round.title.as_bytes());
        out.push(round.state as u8);
    }
    put_count(out, event.conflicts.len());
    for conflict in &event.conflicts {
        put_count(out, place(&event.judges, |judge| judge.id.cmp(&conflict.judge)));
        put_count(out, place(&event.projects, |project| project.id.cmp(&conflict.project)));
    }
    put_count(out, event.assignments.len());
    for one in &event.assignments {
        put_count(out, place(&event.judges, |judge| judge.id.cmp(&one.judge)));
        out.push(one.round);
        put_count(out, place(&event.projects, |project| project.id.cmp(&one.project)));
        out.push(place(&event.categories, |category| category.id.cmp(&one.category)) as u8);
    }
    out.push(event.hubs.len() as u8);
    for hub in &event.hubs {
        put_lp8(out, hub.name.as_bytes());
        put_key(out, &hub.key);
        put_option(out, hub.sealing.as_ref());
    }
}

fn put_category(category: &Category, out: &mut Vec<u8>) {
    put_lp8(out, category.id.as_str().as_bytes());
    put_lp8(out, category.title.as_bytes());
    out.push(category.criteria.len() as u8);
    for criterion in &category.criteria {
        put_lp8(out, criterion.title.as_bytes());
        for number in [criterion.min, criterion.max, criterion.weight] {
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

fn put_project(event: &Event, project: &Project, out: &mut Vec<u8>) {
    put_lp8(out, project.id.as_str().as_bytes());
    put_lp8(out, project.title.as_bytes());
    put_lp8(out, project.table.as_bytes());
    out.push(u8::from(project.anchor));
    out.push(project.categories.len() as u8);
    for id in &project.categories {
        out.push(place(&event.categories, |category| category.id.cmp(id)) as u8);
    }
}

/// Where a row stands in a sorted table. References were checked.
fn place<T>(rows: &[T], order: impl FnMut(&T) -> core::cmp::Ordering) -> usize {
    rows.binary_search_by(order).unwrap_or_else(|at| at)
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u16).to_be_bytes());
}

fn put_option(out: &mut Vec<u8>, value: Option<&[u8; 32]>) {
    out.push(u8::from(value.is_some()));
    value.into_iter().for_each(|bytes| out.extend_from_slice(bytes));
}

fn put_key(out: &mut Vec<u8>, key: &VerifyingKey) {
    out.push(ALG_ED25519);
    out.extend_from_slice(key.as_bytes());
}

fn take_event(reader: &mut Reader<'_>) -> Result<Event, Malformed> {
    let id = EventId::new(take_id(reader)?).map_err(|_| Malformed::Range)?;
    let version = reader.u32()?;
    let title = take_text(reader)?;
    let (starts, ends) = (reader.time()?, reader.time()?);
    let salt = take_option(reader)?;
    let count = usize::from(reader.u8()?);
    let categories = take_rows(reader, count, CATEGORIES_MAX, take_category)?;
    let count = usize::from(reader.u16()?);
    let projects =
        take_rows(reader, count, PROJECTS_MAX, |reader| take_project(reader, &categories))?;
    let count = usize::from(reader.u16()?);
    let judges = take_rows(reader, count, JUDGES_MAX, take_judge)?;
    let count = usize::from(reader.u8()?);
    let rounds = take_rows(reader, count, ROUNDS_MAX, take_round)?;
    let count = usize::from(reader.u16()?);
    let conflicts = take_rows(reader, count, CONFLICTS_MAX, |reader| {
        Ok(Conflict {
            judge: at(&judges, reader.u16()?)?.id,
            project: at(&projects, reader.u16()?)?.id,
        })
    })?;
    let count = usize::from(reader.u16()?);
    let assignments = take_rows(reader, count, ASSIGNMENTS_MAX, |reader| {
        Ok(Assignment {
            judge: at(&judges, reader.u16()?)?.id,
            round: reader.u8()?,
            project: at(&projects, reader.u16()?)?.id,
            category: at(&categories, reader.u8()?.into())?.id,
        })
    })?;
    let count = usize::from(reader.u8()?);
    let hubs = take_rows(reader, count, HUBS_MAX, take_hub)?;
    Ok(Event {
        id,
        version,
        title,
        starts,
        ends,
        salt,
        categories,
        projects,
        judges,
        rounds,
        conflicts,
        assignments,
        hubs,
    })
}

fn take_category(reader: &mut Reader<'_>) -> Result<Category, Malformed> {
    Ok(Category {
        id: take_id(reader)?.parse().map_err(|_| Malformed::Range)?,
        title: take_text(reader)?,
        criteria: {
            let count = usize::from(reader.u8()?);
            take_rows(reader, count, CRITERIA_MAX, |reader| {
                Ok(Criterion {
                    title: take_text(reader)?,
                    min: reader.u16()?,
                    max: reader.u16()?,
                    weight: reader.u16()?,
                })
            })?
        },
    })
}

fn take_project(reader: &mut Reader<'_>, categories: &[Category]) -> Result<Project, Malformed> {
    Ok(Project {
        id: take_id(reader)?.parse().map_err(|_| Malformed::Range)?,
        title: take_text(reader)?,
        table: take_text(reader)?,
        anchor: take_bool(reader)?,
        categories: {
            let count = usize::from(reader.u8()?);
            take_rows(reader, count, CATEGORIES_MAX, |reader| {
                Ok(at(categories, reader.u8()?.into())?.id)
            })?
        },
    })
}

fn take_judge(reader: &mut Reader<'_>) -> Result<Judge, Malformed> {
    Ok(Judge {
        id: take_id(reader)?.parse().map_err(|_| Malformed::Range)?,
        name: take_text(reader)?,
        key: take_key(reader)?,
    })
}

fn take_round(reader: &mut Reader<'_>) -> Result<Round, Malformed> {
    Ok(Round {
        number: reader.u8()?,
        title: take_text(reader)?,
        state: RoundState::from_number(reader.u8()?).ok_or(Malformed::Range)?,
    })
}

fn take_hub(reader: &mut Reader<'_>) -> Result<HubKey, Malformed> {
    Ok(HubKey { name: take_text(reader)?, key: take_key(reader)?, sealing: take_option(reader)? })
}

/// Rows are read one by one; the vector grows with the bytes that are really there.
fn take_rows<'a, T>(
    reader: &mut Reader<'a>,
    count: usize,
    max: usize,
    mut row: impl FnMut(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    if count > max {
        return Err(Malformed::Range);
    }
    let mut rows = Vec::new();
    for _ in 0..count {
        rows.push(row(reader)?);
    }
    Ok(rows)
}

fn at<T>(rows: &[T], index: u16) -> Result<&T, Malformed> {
    rows.get(usize::from(index)).ok_or(Malformed::Range)
}

fn take_id<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)
}

fn take_text(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    let bytes = reader.lp8()?;
    if bytes.len() > TEXT_MAX {
        return Err(Malformed::Range);
    }
    core::str::from_utf8(bytes).map(Into::into).map_err(|_| Malformed::Range)
}

fn take_bool(reader: &mut Reader<'_>) -> Result<bool, Malformed> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed::Range),
    }
}

fn take_option(reader: &mut Reader<'_>) -> Result<Option<[u8; 32]>, Malformed> {
    Ok(if take_bool(reader)? { Some(reader.array()?) } else { None })
}

fn take_key(reader: &mut Reader<'_>) -> Result<VerifyingKey, Malformed> {
    let alg = reader.u8()?;
    let bytes: [u8; 32] = reader.array()?;
    VerifyingKey::from_alg(alg, &bytes).map_err(|_| Malformed::Range)
}
