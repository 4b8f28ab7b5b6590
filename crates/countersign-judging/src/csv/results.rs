//! The tables that leave an event. Shares are written in percent of the range with four digits, which loses nothing.

use super::{Cell, write_row};
use crate::tally::{Estimate, Place, Rules, Standing, Tally};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How people know a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectName<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Where it stands.
    pub table: &'a str,
}

/// A vote as it was counted or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteRow<'a> {
    /// Its position in the log.
    pub position: u64,
    /// Its id.
    pub vote: &'a str,
    /// Who.
    pub judge: &'a str,
    /// Of which project.
    pub project: &'a str,
    /// In which category.
    pub category: &'a str,
    /// In which round.
    pub round: u32,
    /// Which of his words on this project.
    pub revision: u32,
    /// Seconds since 1970 by hub time.
    pub time: u64,
    /// By criterion; none: he recused himself.
    pub scores: &'a [u32],
    /// Whether it is his last word.
    pub counts: bool,
}

const RESULT_HEAD: [&str; 20] = [
    "rank",
    "project",
    "title",
    "table",
    "votes",
    "recused",
    "group",
    "note",
    "raw",
    "raw_error",
    "raw_rank",
    "ridge",
    "ridge_error",
    "ridge_rank",
    "ridge_rank_best",
    "ridge_rank_worst",
    "bradley_terry",
    "bradley_terry_error",
    "bradley_terry_rank",
    "shared_by",
];

/// The tally as a table, by ridge's ranks, then those without a rank; `names` in the order of the sheet.
pub fn results(tally: &Tally, rules: &Rules, names: &[ProjectName<'_>]) -> String {
    let mut rows: Vec<_> = tally.projects.iter().zip(names).collect();
    let rank = |standing: &Standing| place(standing.ridge).map_or(u32::MAX, |place| place.rank);
    rows.sort_by_key(|(standing, _)| (rank(standing), standing.project));
    let mut out = head(&RESULT_HEAD);
    for (standing, name) in rows {
        let ridge = place(standing.ridge);
        let range = ridge.and_then(|place| place.range);
        let rank = |of: Option<Place>| number(of.map(|place| place.rank));
        write_row(
            &mut out,
            &[
                rank(ridge),
                Cell::Text(name.id),
                Cell::Text(name.title),
                Cell::Text(name.table),
                Cell::Number(standing.votes.into()),
                Cell::Number(standing.recused.into()),
                Cell::Number(standing.group.into()),
                note(standing, rules.votes_min),
                value(standing.raw),
                error(standing.raw),
                rank(place(standing.raw)),
                value(standing.ridge),
                error(standing.ridge),
                rank(ridge),
                number(range.map(|(best, _)| best)),
                number(range.map(|(_, worst)| worst)),
                value(standing.bradley_terry),
                error(standing.bradley_terry),
                rank(place(standing.bradley_terry)),
                number(ridge.map(|place| place.shared_by)),
            ],
        );
    }
    out
}

/// Votes as a table; scores of the criteria in one cell, blanks between them.
pub fn votes<'a>(rows: impl IntoIterator<Item = VoteRow<'a>>) -> String {
    let mut out = head(&[
        "position", "vote", "judge", "project", "category", "round", "revision", "time", "scores",
        "note",
    ]);
    for row in rows {
        let scores: Vec<_> = row.scores.iter().map(ToString::to_string).collect();
        let scores = scores.join(" ");
        let note = match (row.counts, row.scores.is_empty()) {
            (false, _) => Cell::Text("replaced"),
            (true, true) => Cell::Text("recused"),
            (true, false) => Cell::Missing,
        };
        let count = |number: u64| Cell::Number(i64::try_from(number).unwrap_or(i64::MAX));
        write_row(
            &mut out,
            &[
                count(row.position),
                Cell::Text(row.vote),
                Cell::Text(row.judge),
                Cell::Text(row.project),
                Cell::Text(row.category),
                Cell::Number(row.round.into()),
                Cell::Number(row.revision.into()),
                count(row.time),
                if scores.is_empty() { Cell::Missing } else { Cell::Text(&scores) },
                note,
            ],
        );
    }
    out
}

fn head(names: &[&str]) -> String {
    let mut out = String::new();
    let cells: Vec<_> = names.iter().map(|name| Cell::Text(name)).collect();
    write_row(&mut out, &cells);
    out
}

const fn note(standing: &Standing, votes_min: u16) -> Cell<'static> {
    match standing {
        Standing { anchor: true, .. } => Cell::Text("anchor"),
        Standing { votes: 0, .. } => Cell::Text("no votes"),
        few if !few.is_ranked(votes_min) => Cell::Text("too few votes"),
        _ => Cell::Missing,
    }
}

fn place(estimate: Option<Estimate>) -> Option<Place> {
    estimate.and_then(|estimate| estimate.place)
}

fn value<'a>(estimate: Option<Estimate>) -> Cell<'a> {
    estimate.map_or(Cell::Missing, |estimate| Cell::Decimal(estimate.value.into()))
}

fn error<'a>(estimate: Option<Estimate>) -> Cell<'a> {
    let error = estimate.and_then(|estimate| estimate.error);
    error.map_or(Cell::Missing, |error| Cell::Decimal(error.into()))
}

fn number<'a>(number: Option<u32>) -> Cell<'a> {
    number.map_or(Cell::Missing, |number| Cell::Number(number.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::read;
    use crate::tally::{JudgeIndex, Points, ProjectIndex, Score, Sheet};

    #[test]
    fn results_are_in_order_and_say_what_is_missing() {
        let said = [
            (0, 0, 400_000),
            (1, 0, 500_000),
            (0, 1, 900_000),
            (1, 1, 800_000),
            (0, 2, 100_000),
            (1, 3, 250_000),
        ];
        let scores = said.map(|(judge, project, points)| Score {
            judge: JudgeIndex(judge),
            project: ProjectIndex(project),
            points: Points::new(points).unwrap(),
        });
        let sheet = Sheet::new(2, 5, scores.to_vec(), &[ProjectIndex(3)], &[]).unwrap();
        let rules = Rules::default();
        let names = ["=P0", "P1", "P2", "P3", "P4"].map(|id| ProjectName {
            id,
            title: "Café, \"le\"",
            table: "7",
        });
        let text = results(&Tally::count(&sheet, &rules), &rules, &names);
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows[0], RESULT_HEAD);
        let column = |at: usize| rows[1..].iter().map(|row| row[at].as_str()).collect::<Vec<_>>();
        assert_eq!(column(0), ["1", "2", "", "", ""]);
        assert_eq!(column(1), ["P1", "'=P0", "P2", "P3", "P4"]);
        assert_eq!(column(7), ["", "", "too few votes", "anchor", "no votes"]);
        assert_eq!(column(8), ["85.0000", "45.0000", "10.0000", "25.0000", ""]);
        assert_eq!(column(9)[0], "5.0000");
        assert!(rows.iter().all(|row| row[2] == "Café, \"le\"" || row[2] == "title"));
    }

    #[test]
    fn votes_show_what_replaced_what() {
        let vote = |revision, scores, counts| VoteRow {
            position: 7,
            vote: "-v",
            judge: "J1",
            project: "P1",
            category: "C",
            round: 1,
            revision,
            time: 1_774_893_600,
            scores,
            counts,
        };
        let text = votes([vote(1, &[9, 8], false), vote(2, &[9, 9], true), vote(3, &[], true)]);
        let expected = "position,vote,judge,project,category,round,revision,time,scores,note\r\n\
            7,\"'-v\",J1,P1,C,1,1,1774893600,9 8,replaced\r\n\
            7,\"'-v\",J1,P1,C,1,2,1774893600,9 9,\r\n\
            7,\"'-v\",J1,P1,C,1,3,1774893600,,recused\r\n";
        assert_eq!(text, expected);
    }
}
