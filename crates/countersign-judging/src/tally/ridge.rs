//! Two-way ridge: a score is a project's worth plus a judge's leaning plus noise; both are found together, and doubted a little.
//!
//! Least `Σ (y − μ − θ_project − β_judge)² + λ_project Σ θ² + λ_judge Σ β²`, with μ the mean of all votes.

use super::round::{nearest, root};
use super::spread;
use super::system::System;
use super::{Estimate, Rules, Sheet, Spread};
use alloc::vec::Vec;

/// The weight of a doubt in thousandths of a vote: as if this many votes had said that there is no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Penalty(u16);

impl Penalty {
    /// What is taken if nothing else is said. From 0.1 to 2 the ranks hardly change (docs/judging.md, "Tally").
    pub const USUAL: Self = Self(500);

    /// From 10 thousandths, below which unconnected projects would have no answer, to 65,535.
    pub const fn new(thousandths: u16) -> Option<Self> {
        if thousandths < 10 { None } else { Some(Self(thousandths)) }
    }

    /// In thousandths of a vote.
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    pub(super) fn votes(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// What was found.
pub(super) struct Fit {
    pub(super) projects: Vec<Option<Estimate>>,
    pub(super) judges: Vec<Option<i32>>,
    pub(super) noise: Option<u32>,
    pub(super) spread: Spread,
}

/// Below this many votes beyond what the model explains, nothing is said about errors.
const FREE_MIN: f64 = 2.0;

pub(super) fn fit(sheet: &Sheet, rules: &Rules) -> Fit {
    let system = System::new(sheet, rules);
    let mean = mean(sheet);
    let (by_project, by_judge) = deviations(sheet, mean);
    let (worth, leaning) = system.solve(&by_project, &by_judge);
    let spread = spread::of(&system);
    let free = sheet.votes() as f64 - spread.explained;
    let noise = (free >= FREE_MIN).then(|| rest(sheet, mean, &worth, &leaning) / free);
    let projects = sheet.projects().map(|project| {
        let at = project.at();
        (!sheet.of_project(project).is_empty()).then(|| Estimate {
            value: nearest(mean + worth[at]),
            error: noise.map(|noise| root(noise * spread.projects[at])),
            place: None,
        })
    });
    let judges = sheet
        .judges()
        .map(|judge| (!sheet.of_judge(judge).is_empty()).then(|| nearest(leaning[judge.at()])));
    Fit {
        projects: projects.collect(),
        judges: judges.collect(),
        noise: noise.map(root),
        spread: spread.kind,
    }
}

/// Mean of all votes; 0 without one.
fn mean(sheet: &Sheet) -> f64 {
    let all = sheet.projects().flat_map(|project| sheet.of_project(project));
    let sum: u64 = all.map(|(_, points)| u64::from(points.millionths())).sum();
    if sum == 0 { 0.0 } else { sum as f64 / sheet.votes() as f64 }
}

/// Sums of what is above the mean, by project and by judge.
fn deviations(sheet: &Sheet, mean: f64) -> (Vec<f64>, Vec<f64>) {
    let above = |points: super::Points| f64::from(points.millionths()) - mean;
    let of_project = |project| sheet.of_project(project).iter().map(|(_, it)| above(*it)).sum();
    let of_judge = |judge| sheet.of_judge(judge).iter().map(|(_, it)| above(*it)).sum();
    (sheet.projects().map(of_project).collect(), sheet.judges().map(of_judge).collect())
}

/// Sum of the squares of what neither project nor judge explains.
fn rest(sheet: &Sheet, mean: f64, worth: &[f64], leaning: &[f64]) -> f64 {
    let mut sum = 0.0;
    for project in sheet.projects() {
        for (judge, points) in sheet.of_project(project) {
            let said = f64::from(points.millionths());
            let left = said - mean - worth[project.at()] - leaning[judge.at()];
            sum += left * left;
        }
    }
    sum
}
