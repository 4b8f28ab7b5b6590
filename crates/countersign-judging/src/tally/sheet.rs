//! The votes as the count takes them: numbers by judge and project.

use super::Points;
use alloc::vec;
use alloc::vec::Vec;

/// A judge by his place in the roster of the category, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JudgeIndex(pub u16);

/// A project by its place in the category, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectIndex(pub u16);

impl JudgeIndex {
    pub(crate) const fn at(self) -> usize {
        self.0 as usize
    }
}

impl ProjectIndex {
    pub(crate) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// What a judge says of a project; his last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Of which project.
    pub project: ProjectIndex,
    /// Who says it.
    pub judge: JudgeIndex,
    /// His criteria combined, see [`super::weigh`].
    pub points: Points,
}

/// All votes of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    by_project: Rows<JudgeIndex>,
    by_judge: Rows<ProjectIndex>,
    anchors: Vec<bool>,
    recused: Vec<u16>,
}

/// Lists of different length one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rows<T> {
    ends: Vec<u32>,
    cells: Vec<(T, Points)>,
}

/// Why the votes cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Too much.
    #[error("{what}: {given} is above {most}, the most that is counted at once")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many may be.
        most: usize,
    },
    /// A judge who is not there.
    #[error("judge {} is not among the {judges} judges of the sheet", .judge.0)]
    Judge {
        /// Who.
        judge: JudgeIndex,
        /// How many there are.
        judges: u16,
    },
    /// A project that is not there.
    #[error("project {} is not among the {projects} projects of the sheet", .project.0)]
    Project {
        /// Which.
        project: ProjectIndex,
        /// How many there are.
        projects: u16,
    },
    /// More than one word of a judge on a project.
    #[error("judge {} speaks twice of project {}; only his last vote or his recusal may be in the sheet", .judge.0, .project.0)]
    Twice {
        /// Who.
        judge: JudgeIndex,
        /// Of which.
        project: ProjectIndex,
    },
}

impl Sheet {
    /// Most judges.
    pub const JUDGES_MAX: usize = 4096;
    /// Most projects.
    pub const PROJECTS_MAX: usize = 16_384;
    /// Most votes and recusals together.
    pub const VOTES_MAX: usize = 1 << 20;

    /// Sorts the votes. Their order does not matter.
    pub fn new(
        judges: u16,
        projects: u16,
        mut scores: Vec<Score>,
        anchors: &[ProjectIndex],
        recused: &[(JudgeIndex, ProjectIndex)],
    ) -> Result<Self, SheetError> {
        bounded("judges", usize::from(judges), Self::JUDGES_MAX)?;
        bounded("projects", usize::from(projects), Self::PROJECTS_MAX)?;
        bounded("votes", scores.len().saturating_add(recused.len()), Self::VOTES_MAX)?;
        scores.sort_unstable();
        let mut words: Vec<_> = scores.iter().map(|score| (score.project, score.judge)).collect();
        words.extend(recused.iter().map(|(judge, project)| (*project, *judge)));
        words.sort_unstable();
        for (project, judge) in &words {
            known(*judge, judges, *project, projects)?;
        }
        let same = words.windows(2).find(|pair| pair.first() == pair.last());
        if let Some((project, judge)) = same.and_then(|pair| pair.first()) {
            return Err(SheetError::Twice { judge: *judge, project: *project });
        }
        let mut is_anchor = vec![false; usize::from(projects)];
        for project in anchors {
            match is_anchor.get_mut(project.at()) {
                Some(slot) => *slot = true,
                None => return Err(SheetError::Project { project: *project, projects }),
            }
        }
        let mut recusals = vec![0_u16; usize::from(projects)];
        for (_, project) in recused {
            recusals[project.at()] += 1;
        }
        let by_project = Rows::of(
            usize::from(projects),
            scores.iter().map(|score| (score.project.at(), (score.judge, score.points))),
        );
        scores.sort_unstable_by_key(|score| (score.judge, score.project));
        let by_judge = Rows::of(
            usize::from(judges),
            scores.iter().map(|score| (score.judge.at(), (score.project, score.points))),
        );
        Ok(Self { by_project, by_judge, anchors: is_anchor, recused: recusals })
    }

    /// All projects, in order.
    pub fn projects(&self) -> impl ExactSizeIterator<Item = ProjectIndex> + use<> {
        (0..self.anchors.len() as u16).map(ProjectIndex)
    }

    /// All judges, in order.
    pub fn judges(&self) -> impl ExactSizeIterator<Item = JudgeIndex> + use<> {
        (0..self.by_judge.ends.len() as u16).map(JudgeIndex)
    }

    /// Who scored a project, in order of the judges; empty for one that is not there.
    pub fn of_project(&self, project: ProjectIndex) -> &[(JudgeIndex, Points)] {
        self.by_project.row(project.at())
    }

    /// What a judge scored, in order of the projects; empty for one who is not there.
    pub fn of_judge(&self, judge: JudgeIndex) -> &[(ProjectIndex, Points)] {
        self.by_judge.row(judge.at())
    }

    /// Whether everybody scores it first and it is not ranked.
    pub fn is_anchor(&self, project: ProjectIndex) -> bool {
        self.anchors.get(project.at()) == Some(&true)
    }

    /// How many judges recused themselves from a project.
    pub fn recused(&self, project: ProjectIndex) -> u16 {
        self.recused.get(project.at()).copied().unwrap_or(0)
    }

    /// Number of votes.
    pub fn votes(&self) -> usize {
        self.by_project.cells.len()
    }
}

impl<T> Rows<T> {
    /// From cells in order of their row.
    fn of(rows: usize, cells: impl Iterator<Item = (usize, (T, Points))>) -> Self {
        let mut ends = vec![0; rows];
        let mut all = Vec::with_capacity(cells.size_hint().0);
        for (row, cell) in cells {
            all.push(cell);
            ends[row] = all.len() as u32;
        }
        let mut end = 0;
        for slot in &mut ends {
            end = end.max(*slot);
            *slot = end;
        }
        Self { ends, cells: all }
    }

    fn row(&self, row: usize) -> &[(T, Points)] {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(row).copied().unwrap_or(0) as usize;
        self.cells.get(start.unwrap_or(0) as usize..end).unwrap_or_default()
    }
}

const fn bounded(what: &'static str, given: usize, most: usize) -> Result<(), SheetError> {
    if given > most { Err(SheetError::TooMany { what, given, most }) } else { Ok(()) }
}

const fn known(
    judge: JudgeIndex,
    judges: u16,
    project: ProjectIndex,
    projects: u16,
) -> Result<(), SheetError> {
    if judge.0 >= judges {
        return Err(SheetError::Judge { judge, judges });
    }
    if project.0 >= projects {
        return Err(SheetError::Project { project, projects });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(judge: u16, project: u16, millionths: u32) -> Score {
        Score {
            judge: JudgeIndex(judge),
            project: ProjectIndex(project),
            points: Points::new(millionths).unwrap(),
        }
    }

    #[test]
    fn votes_are_found_by_judge_and_by_project_in_whatever_order_they_came() {
        let scores = [score(2, 0, 7), score(0, 3, 5), score(0, 0, 9)];
        let recused = [(JudgeIndex(1), ProjectIndex(3))];
        let sheet = Sheet::new(3, 4, scores.to_vec(), &[ProjectIndex(1)], &recused).unwrap();
        let mut backwards = scores.to_vec();
        backwards.reverse();
        assert_eq!(Sheet::new(3, 4, backwards, &[ProjectIndex(1)], &recused).unwrap(), sheet);
        let points = |n| Points::new(n).unwrap();
        assert_eq!(
            sheet.of_project(ProjectIndex(0)),
            [(JudgeIndex(0), points(9)), (JudgeIndex(2), points(7))]
        );
        assert_eq!(sheet.of_project(ProjectIndex(2)), []);
        assert_eq!(sheet.of_project(ProjectIndex(9)), []);
        assert_eq!(
            sheet.of_judge(JudgeIndex(0)),
            [(ProjectIndex(0), points(9)), (ProjectIndex(3), points(5))]
        );
        assert_eq!(sheet.of_judge(JudgeIndex(1)), []);
        assert_eq!((sheet.votes(), sheet.recused(ProjectIndex(3))), (3, 1));
        assert!(sheet.is_anchor(ProjectIndex(1)) && !sheet.is_anchor(ProjectIndex(0)));
    }

    #[test]
    fn two_words_of_a_judge_on_a_project_and_strangers_are_refused() {
        let error = |scores: &[Score], anchors: &[ProjectIndex], recused: &[_]| {
            Sheet::new(2, 2, scores.to_vec(), anchors, recused).unwrap_err()
        };
        let (judge, project) = (JudgeIndex(1), ProjectIndex(1));
        let twice = SheetError::Twice { judge, project };
        assert_eq!(error(&[score(1, 1, 5), score(1, 1, 6)], &[], &[]), twice);
        assert_eq!(error(&[score(1, 1, 5)], &[], &[(judge, project)]), twice);
        assert_eq!(error(&[], &[], &[(judge, project), (judge, project)]), twice);
        let stranger = SheetError::Judge { judge: JudgeIndex(2), judges: 2 };
        assert_eq!(error(&[score(2, 1, 5)], &[], &[]), stranger);
        let nowhere = SheetError::Project { project: ProjectIndex(2), projects: 2 };
        assert_eq!(error(&[score(1, 2, 5)], &[], &[]), nowhere);
        assert_eq!(error(&[], &[ProjectIndex(2)], &[]), nowhere);
        assert_eq!(error(&[], &[], &[(judge, ProjectIndex(2))]), nowhere);
        let crowd = Sheet::new(5000, 2, Vec::new(), &[], &[]).unwrap_err();
        assert_eq!(crowd, SheetError::TooMany { what: "judges", given: 5000, most: 4096 });
    }
}
