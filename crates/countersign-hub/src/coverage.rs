//! Who judged what, and what is short: never a score.

use countersign_judging::event::{Assignment, Judge, RoundState};
use countersign_judging::venue::Slot;
use countersign_judging::{CategoryId, JudgeId, ProjectId, Venue};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most lines on a page. What is short comes first, so they are the ones to look at.
const LINES_MAX: usize = 400;

/// A judge. What somebody is not waited for (a conflict, a recusal) is nowhere counted as assigned.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JudgeView {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Ballots that hold, also of what was not assigned.
    pub(crate) done: usize,
    /// Assignments that are done.
    pub(crate) met: usize,
    /// Assignments, in all rounds.
    pub(crate) assigned: usize,
    /// Assignments that are still to do, in rounds that are not closed.
    pub(crate) left: usize,
    pub(crate) revoked: bool,
}

/// An assigned project in a category and a round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LineView {
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) round: u8,
    pub(crate) done: usize,
    pub(crate) wanted: usize,
    /// By whom it was judged, assigned or not.
    pub(crate) judges: Vec<String>,
    /// Who is asked for it and has not judged it.
    pub(crate) waits: Vec<String>,
}

impl LineView {
    pub(crate) const fn is_short(&self) -> bool {
        self.done < self.wanted
    }
}

/// Assigned and done.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CoverageView {
    pub(crate) done: usize,
    pub(crate) wanted: usize,
    /// Lines that are short of judgements.
    pub(crate) short: usize,
    /// All lines, also those that are not shown.
    pub(crate) all: usize,
    /// Open rounds first, and in them what lacks most.
    pub(crate) lines: Vec<LineView>,
}

type Place = (u8, ProjectId, CategoryId);

/// Who is asked for a place: those who have judged it, and those who have not.
#[derive(Default)]
struct Asked {
    done: usize,
    waits: Vec<JudgeId>,
}

/// What is assigned, and how much of it is done. A judge with a conflict, or who recused themself, is not waited for.
pub(crate) fn coverage(venue: &Venue) -> CoverageView {
    let judged = judged(venue);
    let mut places: BTreeMap<Place, Asked> = BTreeMap::new();
    for one in awaited(venue) {
        let place = (one.round, one.project, one.category);
        let asked = places.entry(place).or_default();
        match judged.get(&place).is_some_and(|judges| judges.contains(&one.judge)) {
            true => asked.done += 1,
            false => asked.waits.push(one.judge),
        }
    }
    let rounds: BTreeMap<u8, RoundState> = venue.rounds().collect();
    let mut order: Vec<(&Place, &Asked)> = places.iter().collect();
    order.sort_by_key(|(place, asked)| {
        (asked.waits.is_empty(), urgency(rounds.get(&place.0)), Reverse(asked.waits.len()))
    });
    let shown = order.iter().take(LINES_MAX);
    CoverageView {
        done: places.values().map(|asked| asked.done).sum(),
        wanted: places.values().map(|asked| asked.done + asked.waits.len()).sum(),
        short: places.values().filter(|asked| !asked.waits.is_empty()).count(),
        all: places.len(),
        lines: shown.map(|(place, asked)| line(venue, place, asked, judged.get(place))).collect(),
    }
}

/// Nothing can be done about a round that is closed, and nothing yet about one that has not begun.
const fn urgency(state: Option<&RoundState>) -> u8 {
    match state {
        Some(RoundState::Open) => 0,
        Some(RoundState::Draft) => 1,
        Some(RoundState::Closed) | None => 2,
    }
}

fn line(
    venue: &Venue,
    place: &Place,
    asked: &Asked,
    judged: Option<&BTreeSet<JudgeId>>,
) -> LineView {
    let event = venue.bundle().event();
    let (round, project, category) = place;
    LineView {
        project: project.to_string(),
        name: event.project(project).map(|it| it.title.clone()).unwrap_or_default(),
        category: event.category(category).map(|it| it.title.clone()).unwrap_or_default(),
        round: *round,
        done: asked.done,
        wanted: asked.done + asked.waits.len(),
        judges: judged.into_iter().flatten().map(ToString::to_string).collect(),
        waits: asked.waits.iter().map(ToString::to_string).collect(),
    }
}

/// The judges; who has most to do comes first.
pub(crate) fn judges(venue: &Venue) -> Vec<JudgeView> {
    let judged = judged(venue);
    let mut done: BTreeMap<JudgeId, usize> = BTreeMap::new();
    for judge in judged.values().flatten() {
        *done.entry(*judge).or_default() += 1;
    }
    let mut asked: BTreeMap<JudgeId, (usize, usize)> = BTreeMap::new();
    for one in awaited(venue) {
        let place = (one.round, one.project, one.category);
        let is_done = judged.get(&place).is_some_and(|judges| judges.contains(&one.judge));
        let sum = asked.entry(one.judge).or_default();
        *sum = (sum.0 + usize::from(is_done), sum.1 + 1);
    }
    let of = |judge: &Judge| {
        let (met, assigned) = asked.get(&judge.id).copied().unwrap_or_default();
        JudgeView {
            id: judge.id.to_string(),
            name: judge.name.clone(),
            done: done.get(&judge.id).copied().unwrap_or(0),
            met,
            assigned,
            left: venue.left(&judge.id).len(),
            revoked: venue.revoked_at(judge.key.fingerprint()).is_some(),
        }
    };
    let mut judges: Vec<JudgeView> = venue.bundle().judges.iter().map(of).collect();
    judges.sort_by_key(|judge| Reverse(judge.left));
    judges
}

/// Who judged what.
fn judged(venue: &Venue) -> BTreeMap<Place, BTreeSet<JudgeId>> {
    let mut judged: BTreeMap<Place, BTreeSet<JudgeId>> = BTreeMap::new();
    for ballot in venue.ballots() {
        let Slot { judge, project, category, round } = Slot::of(ballot.vote);
        judged.entry((round, project, category)).or_default().insert(judge);
    }
    judged
}

/// The assignments that somebody is waited for.
fn awaited(venue: &Venue) -> impl Iterator<Item = &Assignment> {
    let event = venue.bundle();
    event.assignments.iter().filter(move |one| {
        !event.has_conflict(&one.judge, &one.project) && !venue.is_recused(&one.judge, &one.project)
    })
}
