//! From ballots to tallies: one for each round and category that has a vote.

use super::EventError;
use countersign_judging::csv::{self, ProjectName};
use countersign_judging::event::{Category, Project};
use countersign_judging::tally::{
    Criterion, JudgeIndex, ProjectIndex, Rules, Score, Sheet, Tally, weigh,
};
use countersign_judging::{CategoryId, JudgeId, Venue};
use std::collections::BTreeMap;

/// The count of one category in one round.
pub(super) struct Count {
    pub(super) round: u8,
    pub(super) category: CategoryId,
    /// In the order of the tally.
    pub(super) projects: Vec<Project>,
    pub(super) tally: Tally,
}

/// What is counted of it.
struct Ballots {
    projects: Vec<Project>,
    scores: Vec<Score>,
}

impl Count {
    /// As a table for people and spreadsheets.
    pub(super) fn to_csv(&self) -> String {
        let names = self.projects.iter().map(|project| ProjectName {
            id: project.id.as_str(),
            title: &project.title,
            table: &project.table,
        });
        csv::results(&self.tally, &Rules::default(), &names.collect::<Vec<_>>())
    }
}

/// Every count of a venue, by round and category.
pub(super) fn counts(venue: &Venue) -> Result<Vec<Count>, EventError> {
    let event = venue.bundle().event();
    let judges: Vec<JudgeId> = event.judges.iter().map(|judge| judge.id).collect();
    let mut found: BTreeMap<(u8, CategoryId), Ballots> = BTreeMap::new();
    for ballot in venue.ballots() {
        let vote = ballot.vote;
        let Some(category) = event.category(&vote.category) else { continue };
        let of_category = || {
            let projects = event.projects.iter();
            projects.filter(|it| it.categories.contains(&category.id)).cloned().collect()
        };
        let ballots = found
            .entry((vote.round, vote.category))
            .or_insert_with(|| Ballots { projects: of_category(), scores: Vec::new() });
        let judge = judges.binary_search(&vote.judge);
        let project = ballots.projects.binary_search_by_key(&vote.project, |it| it.id);
        let (Ok(judge), Ok(project)) = (judge, project) else { continue };
        let points: Vec<u32> = vote.points.iter().map(|points| u32::from(*points)).collect();
        let points = weigh(&points, &rubric(category)).map_err(not_counted)?;
        let (judge, project) = (JudgeIndex(judge as u16), ProjectIndex(project as u16));
        ballots.scores.push(Score { project, judge, points });
    }
    let count = |((round, category), ballots): (_, Ballots)| {
        let Ballots { projects, scores } = ballots;
        let (anchors, recused) = (anchors(&projects), recused(venue, &judges, &projects));
        let (judges, count) = (judges.len() as u16, projects.len() as u16);
        let sheet = Sheet::new(judges, count, scores, &anchors, &recused).map_err(not_counted)?;
        let tally = Tally::count(&sheet, &Rules::default());
        Ok(Count { round, category, projects, tally })
    };
    found.into_iter().map(count).collect()
}

fn not_counted(error: impl core::fmt::Display) -> EventError {
    EventError::Count(error.to_string())
}

fn rubric(category: &Category) -> Vec<Criterion> {
    let criteria = category.criteria.iter();
    let as_counted = criteria.map(|it| Criterion {
        least: it.min.into(),
        most: it.max.into(),
        weight: it.weight,
    });
    as_counted.collect()
}

fn anchors(projects: &[Project]) -> Vec<ProjectIndex> {
    let anchors = (0..).zip(projects).filter(|(_, project)| project.anchor);
    anchors.map(|(at, _)| ProjectIndex(at)).collect()
}

fn recused(
    venue: &Venue,
    judges: &[JudgeId],
    projects: &[Project],
) -> Vec<(JudgeIndex, ProjectIndex)> {
    let mut recused = Vec::new();
    for (judge, id) in (0..).zip(judges) {
        for (project, of) in (0..).zip(projects) {
            if venue.is_recused(id, &of.id) {
                recused.push((JudgeIndex(judge), ProjectIndex(project)));
            }
        }
    }
    recused
}
