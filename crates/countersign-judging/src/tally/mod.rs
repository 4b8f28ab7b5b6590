//! What follows from the votes: three ways of counting side by side, each with its confidence.
//!
//! The method with its formulas is in `docs/judging.md`, "Tally". All of it is additions, subtractions, multiplications and
//! divisions of IEEE 754 doubles in a fixed order, and every result is rounded to an integer: the same sheet gives the same
//! bits on every machine that Rust compiles `f64` for by the standard (x86-64 with SSE2, aarch64, wasm32, riscv), which
//! leaves out 32-bit x86 without SSE2.

mod bradley_terry;
pub(crate) mod graph;
mod place;
mod points;
mod raw;
mod ridge;
mod round;
mod sheet;
mod spread;
mod system;

pub use place::Place;
pub use points::{Criterion, Points, WeighError, weigh};
pub use ridge::Penalty;
pub use sheet::{JudgeIndex, ProjectIndex, Score, Sheet, SheetError};

use alloc::vec::Vec;

/// What the organiser decides about the count, before the first vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A project with fewer votes is shown without a rank.
    pub votes_min: u16,
    /// How strongly the ridge method doubts that projects differ.
    pub project: Penalty,
    /// How strongly it doubts that judges differ.
    pub judge: Penalty,
}

impl Default for Rules {
    fn default() -> Self {
        Self { votes_min: 2, project: Penalty::USUAL, judge: Penalty::USUAL }
    }
}

/// One method's answer for one project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// In millionths of the range. Ridge may leave 0 to 1,000,000 by a little. Bradley-Terry: the chance to be put above a
    /// project of middling strength.
    pub value: i32,
    /// Its standard error in the same unit, if there is enough to say one.
    pub error: Option<u32>,
    /// Its place; anchors and projects with too few votes have none.
    pub place: Option<Place>,
}

/// All that is known of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub project: ProjectIndex,
    /// A project that everybody scores first; never ranked.
    pub anchor: bool,
    /// Judges who scored it.
    pub votes: u16,
    /// Judges who recused themselves from it.
    pub recused: u16,
    /// Projects are in one group if judges connect them. Between groups no score was ever compared, and ranks say little.
    /// Groups are numbered from 0 by their first project.
    pub group: u16,
    /// Mean of its votes.
    pub raw: Option<Estimate>,
    /// Two-way ridge: its score if everybody had judged it.
    pub ridge: Option<Estimate>,
    /// Strength by the order in which each judge put the projects.
    pub bradley_terry: Option<Estimate>,
}

/// How a judge scores beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaning {
    /// Who.
    pub judge: JudgeIndex,
    /// Projects that he scored, anchors among them.
    pub votes: u16,
    /// How much higher than the others he scores by ridge, in millionths of the range; nothing without a vote.
    pub offset: Option<i32>,
}

/// The count of one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// In the order of the sheet.
    pub projects: Vec<Standing>,
    /// In the order of the sheet.
    pub judges: Vec<Leaning>,
    /// Groups that hold a ranked project; more than one: ranks across them are a guess.
    pub groups: u16,
    /// What is left in a single vote when project and judge are taken off: the standard deviation in millionths.
    pub noise: Option<u32>,
    /// How the standard errors of ridge were found.
    pub spread: Spread,
    /// Whether the order of every judge could be used, and the strengths came to rest.
    pub bradley_terry: Rest,
}

/// How the standard errors of ridge were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// From the inverse of the information matrix.
    Exact,
    /// Above [`Tally::EXACT_JUDGES`]: from its diagonal, with the judges taken as independent of each other.
    Near,
}

/// What became of the strengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They changed by less than a billionth in the last round.
    Settled,
    /// The rounds ran out before; the order of close projects may not be final.
    Moving,
    /// Left out: there are more than [`Tally::PAIRS_MAX`] pairs.
    TooMany,
}

impl Tally {
    /// Up to this many judges the standard errors of ridge are exact.
    pub const EXACT_JUDGES: usize = 320;
    /// Most pairs (of projects that one judge scored, over all judges) that Bradley-Terry takes.
    pub const PAIRS_MAX: usize = 4_000_000;

    /// Counts a sheet. Twice the same sheet is twice the same tally, bit for bit.
    pub fn count(sheet: &Sheet, rules: &Rules) -> Self {
        let groups = graph::groups(sheet);
        let raw = raw::estimates(sheet);
        let ridge = ridge::fit(sheet, rules);
        let strengths = bradley_terry::fit(sheet, &groups);
        let mut projects: Vec<_> = sheet
            .projects()
            .map(|project| {
                let at = project.at();
                Standing {
                    project,
                    anchor: sheet.is_anchor(project),
                    votes: sheet.of_project(project).len() as u16,
                    recused: sheet.recused(project),
                    group: groups.of_project(project),
                    raw: raw.get(at).copied().flatten(),
                    ridge: ridge.projects.get(at).copied().flatten(),
                    bradley_terry: strengths.projects.get(at).copied().flatten(),
                }
            })
            .collect();
        place::assign(&mut projects, rules.votes_min, |standing| standing.raw.as_mut());
        place::assign(&mut projects, rules.votes_min, |standing| standing.ridge.as_mut());
        place::assign(&mut projects, rules.votes_min, |standing| standing.bradley_terry.as_mut());
        let judges = sheet.judges().map(|judge| Leaning {
            judge,
            votes: sheet.of_judge(judge).len() as u16,
            offset: ridge.judges.get(judge.at()).copied().flatten(),
        });
        Self {
            judges: judges.collect(),
            groups: graph::ranked(&projects, rules.votes_min),
            projects,
            noise: ridge.noise,
            spread: ridge.spread,
            bradley_terry: strengths.rest,
        }
    }
}

impl Standing {
    /// Whether it takes part in the ranking.
    pub const fn is_ranked(&self, votes_min: u16) -> bool {
        !self.anchor && self.votes > 0 && self.votes >= votes_min
    }
}

#[cfg(test)]
mod tests;
