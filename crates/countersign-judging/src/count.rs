//! From ballots to a tally: one sheet for each round and category that has a vote.

use crate::event::Category;
use crate::tally::{
    Criterion, JudgeIndex, ProjectIndex, Rules, Score, Sheet, SheetError, Tally, WeighError, weigh,
};
use crate::{CategoryId, JudgeId, ProjectId, Venue};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The ballots of one category in one round, by places in tables: what can be counted without the venue.
#[derive(Debug, Clone)]
pub struct Ballots {
    /// The round.
    pub round: u8,
    /// The category.
    pub category: CategoryId,
    /// Every project of the category.
    pub projects: Vec<ProjectId>,
    /// Every judge of the roster.
    pub judges: Vec<JudgeId>,
    scores: Vec<Score>,
    anchors: Vec<ProjectIndex>,
    recused: Vec<(JudgeIndex, ProjectIndex)>,
}

/// Ballots and what follows from them.
#[derive(Debug, Clone)]
pub struct Count {
    /// What was counted.
    pub ballots: Ballots,
    /// By every method.
    pub tally: Tally,
}

/// Why ballots cannot be counted: the event is larger than a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// Too many votes, judges or projects.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Points that do not fit the rubric; a venue takes none.
    #[error(transparent)]
    Weigh(#[from] WeighError),
}

/// The ballots that hold now, without counting them; sorted by round and category.
pub fn ballots(venue: &Venue) -> Result<Vec<Ballots>, CountError> {
    let event = venue.bundle().event();
    let judges: Vec<JudgeId> = event.judges.iter().map(|judge| judge.id).collect();
    let mut found = BTreeMap::new();
    for ballot in venue.ballots() {
        let vote = ballot.vote;
        let Some(category) = event.category(&vote.category) else { continue };
        let sheet = found
            .entry((vote.round, vote.category))
            .or_insert_with(|| empty(venue, vote.round, category, judges.clone()));
        let judge = judges.binary_search(&vote.judge);
        let (Ok(judge), Ok(project)) = (judge, sheet.projects.binary_search(&vote.project)) else {
            continue;
        };
        let (judge, project) = (JudgeIndex(judge as u16), ProjectIndex(project as u16));
        let scores: Vec<u32> = vote.points.iter().map(|points| u32::from(*points)).collect();
        let points = weigh(&scores, &rubric(category))?;
        sheet.scores.push(Score { project, judge, points });
    }
    Ok(found.into_values().collect())
}

/// Counts them.
pub fn count(ballots: Ballots) -> Result<Count, CountError> {
    let sheet = Sheet::new(
        ballots.judges.len() as u16,
        ballots.projects.len() as u16,
        ballots.scores.clone(),
        &ballots.anchors,
        &ballots.recused,
    )?;
    let tally = Tally::count(&sheet, &Rules::default());
    Ok(Count { ballots, tally })
}

/// Every count of a venue.
pub fn counts(venue: &Venue) -> Result<Vec<Count>, CountError> {
    ballots(venue)?.into_iter().map(count).collect()
}

fn empty(venue: &Venue, round: u8, category: &Category, judges: Vec<JudgeId>) -> Ballots {
    let event = venue.bundle().event();
    let of_category = event.projects.iter().filter(|it| it.categories.contains(&category.id));
    let projects: Vec<_> = of_category.clone().map(|project| project.id).collect();
    let anchors = of_category.enumerate().filter(|(_, project)| project.anchor);
    let anchors = anchors.map(|(at, _)| ProjectIndex(at as u16)).collect();
    let mut recused = Vec::new();
    for (j, judge) in judges.iter().enumerate() {
        for (p, project) in projects.iter().enumerate() {
            if venue.is_recused(judge, project) {
                recused.push((JudgeIndex(j as u16), ProjectIndex(p as u16)));
            }
        }
    }
    Ballots { round, category: category.id, projects, judges, scores: Vec::new(), anchors, recused }
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
