//! Which projects can be compared at all: those that a chain of judges connects.

use super::{ProjectIndex, Sheet, Standing};
use alloc::vec::Vec;

/// For each project the number of its group.
pub(super) struct Groups(Vec<u16>);

impl Groups {
    pub(super) fn of_project(&self, project: ProjectIndex) -> u16 {
        self.0.get(project.at()).copied().unwrap_or(0)
    }

    /// In the order of the projects.
    pub(super) fn numbers(&self) -> &[u16] {
        &self.0
    }
}

/// Numbered by their first project, from 0.
pub(super) fn groups(sheet: &Sheet) -> Groups {
    let mut parents: Vec<usize> = (0..sheet.projects().len()).collect();
    for judge in sheet.judges() {
        let scored = sheet.of_judge(judge);
        let Some((first, _)) = scored.first() else { continue };
        for (project, _) in scored {
            unite(&mut parents, first.at(), project.at());
        }
    }
    let mut numbers = Vec::with_capacity(parents.len());
    let mut next = 0;
    for project in 0..parents.len() {
        let leader = top(&mut parents, project);
        let number = numbers.get(leader).copied().unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        numbers.push(number);
    }
    Groups(numbers)
}

/// How many groups hold a ranked project.
pub(super) fn ranked(projects: &[Standing], votes_min: u16) -> u16 {
    let is_ranked = |standing: &&Standing| standing.is_ranked(votes_min);
    let mut groups: Vec<_> = projects.iter().filter(is_ranked).map(|it| it.group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len() as u16
}

/// Makes one group of two. The lower leader leads, so that a group is led by its first member.
pub(crate) fn unite(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (top(parents, a), top(parents, b));
    parents[a.max(b)] = a.min(b);
}

/// The leader of a member's group.
pub(crate) fn top(parents: &mut [usize], start: usize) -> usize {
    let mut at = start;
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}
