//! The tables of an export.

use super::VOTES;
use countersign_judging::count::Count;
use countersign_judging::csv::{self, ProjectName, VoteRow};
use countersign_judging::tally::Rules;
use countersign_judging::venue::Slot;
use countersign_judging::{Venue, VoteDigest};
use std::collections::BTreeSet;

/// Name and content of every table.
pub(super) fn all(venue: &Venue, counts: &[Count]) -> Vec<(String, String)> {
    let mut tables = vec![(VOTES.to_owned(), votes(venue))];
    tables.extend(counts.iter().map(|count| {
        let (round, category) = (count.ballots.round, count.ballots.category);
        (format!("results-{round}-{category}.csv"), results(venue, count))
    }));
    tables
}

/// Every vote in the order of the log; what does not count is there, too.
fn votes(venue: &Venue) -> String {
    let counting: BTreeSet<VoteDigest> = venue.ballots().map(|ballot| ballot.digest).collect();
    let rows = venue.votes().iter().map(|kept| {
        let vote = &kept.vote.vote;
        let is_recusal = vote.is_recusal() && venue.is_recused(&vote.judge, &vote.project);
        let counts = counting.contains(&kept.vote.digest) || is_recusal;
        let scores: Vec<u32> = vote.points.iter().map(|points| u32::from(*points)).collect();
        (kept, vote.id.to_string(), Slot::of(vote), counts, scores)
    });
    let rows: Vec<_> = rows.collect();
    csv::votes(rows.iter().map(|(kept, id, slot, counts, scores)| VoteRow {
        position: kept.position,
        vote: id,
        judge: slot.judge.as_str(),
        project: slot.project.as_str(),
        category: slot.category.as_str(),
        round: slot.round.into(),
        revision: kept.vote.vote.revision,
        time: kept.vote.vote.seconds,
        scores,
        counts: *counts,
    }))
}

fn results(venue: &Venue, count: &Count) -> String {
    let event = venue.bundle().event();
    let names = count.ballots.projects.iter().map(|id| {
        let project = event.project(id);
        ProjectName {
            id: id.as_str(),
            title: project.map(|it| it.title.as_str()).unwrap_or_default(),
            table: project.map(|it| it.table.as_str()).unwrap_or_default(),
        }
    });
    csv::results(&count.tally, &Rules::default(), &names.collect::<Vec<_>>())
}
