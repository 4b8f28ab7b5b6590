//! Who judges what: balanced incomplete blocks.
//!
//! Every project gets the views it wants, every judge about the same number of projects, and two judges meet at about as many
//! projects as any other two, so that their scores can be compared. The same task is the same plan; the seed only decides
//! between equals. See `docs/judging.md`, "Assignment".

mod deal;
mod even;
mod hall;
mod order;

use crate::tally::{JudgeIndex, ProjectIndex, Sheet};
use alloc::vec::Vec;
use hall::{Hall, Seat};

/// Categories by their place in the event, 0 to 63, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Categories(pub u64);

impl Categories {
    /// Every one.
    pub const ALL: Self = Self(u64::MAX);

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A judge who may be sent to projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgeSlot {
    /// Most projects for him in all, those that he has done included, anchors not. 0: he is not here (any more).
    pub capacity: u16,
    /// What he may judge.
    pub categories: Categories,
}

/// A project that wants to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectSlot {
    /// By how many judges. Of an anchor it does not matter.
    pub views: u16,
    /// Where it takes part; one of them is enough for a judge.
    pub categories: Categories,
    /// Whether every judge sees it first.
    pub anchor: bool,
}

/// A judge and a project: a visit, a vote, a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visit {
    /// Who.
    pub judge: JudgeIndex,
    /// Where.
    pub project: ProjectIndex,
}

/// What is to be dealt out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// By [`JudgeIndex`].
    pub judges: Vec<JudgeSlot>,
    /// By [`ProjectIndex`].
    pub projects: Vec<ProjectSlot>,
    /// Who must not see what: declared conflicts, and recusals since.
    pub conflicts: Vec<Visit>,
    /// Decides between equals.
    pub seed: u64,
}

/// Why nothing is dealt out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
    /// Too much.
    #[error("{what}: {given} is above {most}, the most that is dealt out at once")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many may be.
        most: usize,
    },
    /// A conflict, done visit or earlier plan names somebody else's judge or project.
    #[error("judge {} or project {} is not in the task", .0.judge.0, .0.project.0)]
    Unknown(Visit),
}

/// Who goes where, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    lists: Vec<Vec<ProjectIndex>>,
    short: Vec<(ProjectIndex, u16)>,
    groups: usize,
}

impl Plan {
    /// Most wanted views in all.
    pub const VIEWS_MAX: usize = 1 << 18;
    /// Most conflicts.
    pub const CONFLICTS_MAX: usize = 1 << 18;

    /// Deals out a task from nothing.
    pub fn deal(task: &Task) -> Result<Self, AssignError> {
        check(task)?;
        let mut hall = Hall::new(task);
        deal::fill(&mut hall);
        even::pairs(&mut hall);
        Ok(Self::of(hall))
    }

    /// Deals out again when a judge left or came late, or a project did: visits of `done` stay whatever the task says, those of
    /// the earlier plan stay as far as the task allows and an even load does not need them elsewhere.
    pub fn deal_again(task: &Task, before: &[Visit], done: &[Visit]) -> Result<Self, AssignError> {
        check(task)?;
        let known = |visit: &Visit| {
            visit.judge.at() < task.judges.len() && visit.project.at() < task.projects.len()
        };
        if let Some(stranger) = done.iter().chain(before).find(|visit| !known(visit)) {
            return Err(AssignError::Unknown(*stranger));
        }
        let mut hall = Hall::new(task);
        for visit in done {
            hall.seat_done(*visit);
        }
        for &Visit { judge, project } in before {
            let slot = task.projects[project.at()];
            let wanted = hall.seats(project.at()).len() < usize::from(slot.views);
            if wanted && !slot.anchor && hall.may_sit(judge.at(), project.at()) {
                hall.seat(Seat { judge: judge.0, fixed: false }, project.at());
            }
        }
        deal::fill(&mut hall);
        Ok(Self::of(hall))
    }

    fn of(mut hall: Hall<'_>) -> Self {
        deal::level(&mut hall);
        even::connect(&mut hall);
        let views = |(at, slot): (usize, &ProjectSlot)| {
            let missing = usize::from(slot.views).saturating_sub(hall.seats(at).len());
            (missing > 0 && !slot.anchor).then_some((ProjectIndex(at as u16), missing as u16))
        };
        let short = hall.task.projects.iter().enumerate().filter_map(views).collect();
        Self { short, groups: even::groups(&hall), lists: order::lists(&hall) }
    }

    /// Where a judge goes, in this order: what he has done, anchors, the rest; empty for one who is not there.
    pub fn list(&self, judge: JudgeIndex) -> &[ProjectIndex] {
        self.lists.get(judge.at()).map_or(&[], Vec::as_slice)
    }

    /// How many more he must do, and which: those of his list on which he has not spoken yet (neither voted nor recused himself).
    pub fn left(
        &self,
        judge: JudgeIndex,
        has_spoken: impl Fn(ProjectIndex) -> bool,
    ) -> impl Iterator<Item = ProjectIndex> {
        self.list(judge).iter().copied().filter(move |project| !has_spoken(*project))
    }

    /// All visits, judge after judge.
    pub fn visits(&self) -> impl Iterator<Item = Visit> {
        (0..).map(JudgeIndex).zip(&self.lists).flat_map(|(judge, list)| {
            list.iter().map(move |project| Visit { judge, project: *project })
        })
    }

    /// Projects that cannot have all the views they want, and how many are missing. No other plan would have fewer in all.
    pub fn short(&self) -> &[(ProjectIndex, u16)] {
        &self.short
    }

    /// Into how many groups the judges fall that share no project, directly or through others. More than one: their scores
    /// cannot be compared; anchors mend it.
    pub const fn groups(&self) -> usize {
        self.groups
    }
}

fn check(task: &Task) -> Result<(), AssignError> {
    let views = task.projects.iter().map(|slot| usize::from(slot.views)).sum();
    let counts = [
        ("judges", task.judges.len(), Sheet::JUDGES_MAX),
        ("projects", task.projects.len(), Sheet::PROJECTS_MAX),
        ("views", views, Plan::VIEWS_MAX),
        ("conflicts", task.conflicts.len(), Plan::CONFLICTS_MAX),
    ];
    if let Some((what, given, most)) = counts.into_iter().find(|(_, given, most)| given > most) {
        return Err(AssignError::TooMany { what, given, most });
    }
    let unknown = |visit: &&Visit| {
        visit.judge.at() >= task.judges.len() || visit.project.at() >= task.projects.len()
    };
    task.conflicts.iter().find(unknown).map_or(Ok(()), |visit| Err(AssignError::Unknown(*visit)))
}

#[cfg(test)]
mod tests;
