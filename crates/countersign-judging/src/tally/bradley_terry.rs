//! Bradley-Terry: only the order in which each judge put his projects counts, so that his scale does not matter.
//!
//! A project of strength `π` is put above one of strength `ρ` with chance `π / (π + ρ)`; the strengths are those under which
//! every project expects as many wins as it had. Equal scores are half a win for both. Every project besides draws once against
//! a project of strength 1, which gives an answer for whatever was compared.
//!
//! One project after the other is moved by a step of Newton's on `ln π`, and between two rounds each group as one: how strong a
//! group is on the whole only its draws say, and single steps would find that last. Hunter's minorisation (2004, "MM algorithms
//! for generalized Bradley-Terry models") ends at the same strengths; for 5,000 projects and 2,000 judges it was not at rest
//! after 394 rounds, and this is after 18.

use super::graph::Groups;
use super::round::{nearest, root};
use super::{Estimate, Rest, Sheet, Tally};
use alloc::vec;
use alloc::vec::Vec;

pub(super) struct Fit {
    pub(super) projects: Vec<Option<Estimate>>,
    pub(super) rest: Rest,
}

/// A draw against the project of strength 1.
const DRAW: f64 = 0.5;
/// A strength that changes by less than this part of itself is at rest.
const STILL: f64 = 1e-9;
const ROUNDS_MAX: usize = 1000;
/// Comparisons evaluated at most, over all rounds: about a second.
const WORK_MAX: usize = 300_000_000;

/// How often two projects were compared, seen from one of them.
struct Meeting {
    other: u16,
    times: f64,
}

struct Results {
    /// Meetings of all projects, one after the other.
    meetings: Vec<Meeting>,
    /// Where each project's end.
    ends: Vec<usize>,
    wins: Vec<f64>,
}

pub(super) fn fit(sheet: &Sheet, groups: &Groups) -> Fit {
    let pairs = |count: usize| count * count.saturating_sub(1) / 2;
    let all: usize = sheet.judges().map(|judge| pairs(sheet.of_judge(judge).len())).sum();
    if all > Tally::PAIRS_MAX {
        return Fit { projects: vec![None; sheet.projects().len()], rest: Rest::TooMany };
    }
    let results = Results::of(sheet);
    let (strengths, rest) = results.strengths(groups.numbers());
    let projects = sheet.projects().map(|project| {
        let at = project.at();
        let strength = strengths[at];
        let met = !results.of_project(at).is_empty();
        met.then(|| {
            let chance = strength / (strength + 1.0);
            // By the delta rule, from the project's own term of the information on `ln π`.
            let slope = chance * (1.0 - chance) * 1e6;
            let error = root(slope * slope / results.information(at, &strengths));
            Estimate { value: nearest(chance * 1e6), error: Some(error), place: None }
        })
    });
    Fit { projects: projects.collect(), rest }
}

impl Results {
    fn of(sheet: &Sheet) -> Self {
        let mut wins = vec![0.0; sheet.projects().len()];
        let mut keys = Vec::new();
        for judge in sheet.judges() {
            let scored = sheet.of_judge(judge);
            for (row, (first, higher)) in scored.iter().enumerate() {
                for (second, lower) in &scored[..row] {
                    keys.push((first.0, second.0));
                    keys.push((second.0, first.0));
                    let share = match higher.cmp(lower) {
                        core::cmp::Ordering::Greater => 1.0,
                        core::cmp::Ordering::Equal => 0.5,
                        core::cmp::Ordering::Less => 0.0,
                    };
                    wins[first.at()] += share;
                    wins[second.at()] += 1.0 - share;
                }
            }
        }
        keys.sort_unstable();
        let mut ends = vec![0; wins.len()];
        let mut meetings = Vec::new();
        for run in keys.chunk_by(|a, b| a == b) {
            let Some((own, other)) = run.first() else { continue };
            meetings.push(Meeting { other: *other, times: run.len() as f64 });
            ends[usize::from(*own)] = meetings.len();
        }
        let mut end = 0;
        for slot in &mut ends {
            end = end.max(*slot);
            *slot = end;
        }
        Self { meetings, ends, wins }
    }

    fn of_project(&self, project: usize) -> &[Meeting] {
        let start = project.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.meetings[start..self.ends[project]]
    }

    fn strengths(&self, groups: &[u16]) -> (Vec<f64>, Rest) {
        let mut strengths = vec![1.0_f64; self.wins.len()];
        let rounds = (WORK_MAX / self.meetings.len().max(1)).clamp(20, ROUNDS_MAX);
        for _ in 0..rounds {
            if self.round(&mut strengths) < STILL {
                return (strengths, Rest::Settled);
            }
            shift(&mut strengths, groups);
        }
        (strengths, Rest::Moving)
    }

    /// One step for each project; the largest change as a part of the strength.
    fn round(&self, strengths: &mut [f64]) -> f64 {
        let mut moved = 0.0_f64;
        for project in 0..strengths.len() {
            let own = strengths[project];
            // The score equation and its slope on `ln π`.
            let mut missing = self.wins[project] + DRAW;
            let mut slope = 0.0;
            let mut meet = |times: f64, other: f64| {
                let chance = own / (own + other);
                missing -= times * chance;
                slope += times * chance * (1.0 - chance);
            };
            meet(2.0 * DRAW, 1.0);
            for met in self.of_project(project) {
                meet(met.times, strengths[usize::from(met.other)]);
            }
            let step = (missing / slope).clamp(-1.0, 1.0);
            moved = moved.max(step.abs());
            strengths[project] = moved_by(own, step);
        }
        moved
    }

    fn information(&self, project: usize, strengths: &[f64]) -> f64 {
        let own = strengths[project];
        let of = |times: f64, other: f64| times * own * other / ((own + other) * (own + other));
        let met = self.of_project(project).iter();
        of(2.0 * DRAW, 1.0)
            + met.map(|met| of(met.times, strengths[usize::from(met.other)])).sum::<f64>()
    }
}

/// Moves each group towards where its draws are draws on the whole.
fn shift(strengths: &mut [f64], groups: &[u16]) {
    let count = groups.iter().max().map_or(0, |last| usize::from(*last) + 1);
    let mut sums = vec![(0.0, 0.0); count];
    for (strength, group) in strengths.iter().zip(groups) {
        let chance = strength / (strength + 1.0);
        let (missing, slope) = &mut sums[usize::from(*group)];
        *missing += 0.5 - chance;
        *slope += chance * (1.0 - chance);
    }
    for (strength, group) in strengths.iter_mut().zip(groups) {
        let (missing, slope) = sums[usize::from(*group)];
        let step = (missing / slope).clamp(-1.0, 1.0);
        *strength = moved_by(*strength, step);
    }
}

/// `strength · e^step`, nearly: where the steps end they are small, and there it is exact.
fn moved_by(strength: f64, step: f64) -> f64 {
    strength * (2.0 + step) / (2.0 - step)
}
