//! What organisers are shown, on their page and on the terminal.

use crate::coverage::{CoverageView, JudgeView, coverage, judges};
use countersign_judging::count::{Ballots, Count, CountError, ballots, count};
use countersign_judging::event::RoundState;
use countersign_judging::tally::{Estimate, Standing};
use countersign_judging::venue::{Alarm, Slot};
use countersign_judging::{ProjectId, Venue};
use countersign_keys::Utc;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Most lines of a list on a page; the log has them all.
const LIST_MAX: usize = 200;

/// A round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RoundView {
    pub(crate) number: u8,
    pub(crate) name: String,
    pub(crate) state: &'static str,
}

/// A vote that does not count.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct QuarantineView {
    pub(crate) judge: String,
    pub(crate) project: String,
    pub(crate) category: String,
    pub(crate) scores: Vec<u16>,
    pub(crate) at: String,
}

/// What one method says of one project.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cell {
    /// In hundredths of the range.
    pub(crate) score: f64,
    pub(crate) error: Option<f64>,
    /// Nothing for anchors and projects with too few votes.
    pub(crate) rank: Option<u32>,
    pub(crate) tied: bool,
    /// The ranks that the 95 % interval leaves open.
    pub(crate) range: Option<(u32, u32)>,
}

/// One project by all methods.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TallyRow {
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) votes: u16,
    pub(crate) recused: u16,
    pub(crate) anchor: bool,
    pub(crate) cells: [Option<Cell>; 3],
}

/// One category in one round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TallyView {
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) round: u8,
    pub(crate) methods: [&'static str; 3],
    pub(crate) rows: Vec<TallyRow>,
    /// What to know before reading it out; may be empty.
    pub(crate) note: String,
}

/// Everything but the tally, which is counted without the venue.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Overview {
    pub(crate) event: String,
    pub(crate) name: String,
    pub(crate) bundle_version: u32,
    pub(crate) rounds: Vec<RoundView>,
    pub(crate) coverage: CoverageView,
    pub(crate) judges: Vec<JudgeView>,
    pub(crate) quarantine: Vec<QuarantineView>,
    pub(crate) quarantined: usize,
    pub(crate) alarms: Vec<String>,
    /// Ballots of judges who were asked for others in that round: mistaken tables, or false codes on them.
    pub(crate) odd: Vec<String>,
    pub(crate) ballots: usize,
    pub(crate) entries: u64,
    pub(crate) ballot_root: String,
}

impl Overview {
    pub(crate) fn of(venue: &Venue) -> Self {
        let event = venue.bundle().event();
        let quarantine = venue.quarantine();
        Self {
            event: event.id.to_string(),
            name: event.title.clone(),
            bundle_version: event.version,
            rounds: rounds(venue),
            coverage: coverage(venue),
            judges: judges(venue),
            quarantine: quarantine
                .iter()
                .rev()
                .take(LIST_MAX)
                .map(|it| QuarantineView {
                    judge: it.vote.vote.judge.to_string(),
                    project: it.vote.vote.project.to_string(),
                    category: it.vote.vote.category.to_string(),
                    scores: it.vote.vote.points.clone(),
                    at: Utc(it.at).to_string(),
                })
                .collect(),
            quarantined: quarantine.len(),
            alarms: venue.alarms().iter().take(LIST_MAX).map(alarm).collect(),
            odd: odd(venue),
            ballots: venue.ballots().count(),
            entries: venue.entries(),
            ballot_root: venue.head().ballot_root.to_string(),
        }
    }
}

/// The rounds with their names.
pub(crate) fn rounds(venue: &Venue) -> Vec<RoundView> {
    let event = venue.bundle().event();
    let of = |(number, state): (u8, RoundState)| {
        let name = event.round(number).map(|round| round.title.clone()).unwrap_or_default();
        RoundView { number, name, state: state.as_str() }
    };
    venue.rounds().map(of).collect()
}

fn alarm(alarm: &Alarm) -> String {
    let Alarm::TwoVotes { slot, revision, kept, .. } = alarm;
    format!(
        "{} signed two different votes on {} ({}, round {}) with revision {revision}; {kept} holds",
        slot.judge, slot.project, slot.category, slot.round
    )
}

fn odd(venue: &Venue) -> Vec<String> {
    let event = venue.bundle().event();
    let asked: BTreeSet<_> =
        event.assignments.iter().map(|it| (it.judge, it.round, it.project)).collect();
    let in_round: BTreeSet<_> = asked.iter().map(|(judge, round, _)| (*judge, *round)).collect();
    let slots = venue.ballots().map(|ballot| Slot::of(ballot.vote));
    let odd = slots.filter(|it| {
        in_round.contains(&(it.judge, it.round))
            && !asked.contains(&(it.judge, it.round, it.project))
    });
    let sentence = |Slot { judge, project, category, round }: Slot| {
        let table = event.project(&project).map(|it| it.table.as_str()).unwrap_or_default();
        format!(
            "{judge} judged {project} ({category}, round {round}) at table {table}, which was not assigned to them; \
             does the code on that table name another project?"
        )
    };
    odd.take(LIST_MAX).map(sentence).collect()
}

/// The ballots to count, so that the venue is not needed for it.
pub(crate) fn to_count(venue: &Venue) -> Result<Vec<(Ballots, Names)>, CountError> {
    let names = Names::of(venue);
    Ok(ballots(venue)?.into_iter().map(|it| (it, names.clone())).collect())
}

/// What people call projects and categories.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    projects: std::sync::Arc<BTreeMap<ProjectId, String>>,
    categories: std::sync::Arc<BTreeMap<countersign_judging::CategoryId, String>>,
}

impl Names {
    fn of(venue: &Venue) -> Self {
        let event = venue.bundle().event();
        let projects = event.projects.iter().map(|it| (it.id, it.title.clone())).collect();
        let categories = event.categories.iter().map(|it| (it.id, it.title.clone())).collect();
        Self {
            projects: std::sync::Arc::new(projects),
            categories: std::sync::Arc::new(categories),
        }
    }
}

/// Counts, for people.
pub(crate) fn tally(ballots: Vec<(Ballots, Names)>) -> Result<Vec<TallyView>, CountError> {
    ballots.into_iter().map(|(ballots, names)| Ok(shown(&count(ballots)?, &names))).collect()
}

/// Counts that were made already, for people.
pub(crate) fn shown_counts(venue: &Venue, counts: &[Count]) -> Vec<TallyView> {
    let names = Names::of(venue);
    counts.iter().map(|count| shown(count, &names)).collect()
}

fn shown(counted: &Count, names: &Names) -> TallyView {
    let Count { ballots, tally } = counted;
    let mut rows: Vec<TallyRow> = tally.projects.iter().map(|it| row(it, ballots, names)).collect();
    // The default method decides the order; who has no rank comes last.
    rows.sort_by_key(|row| {
        let rank = row.cells[0].as_ref().and_then(|cell| cell.rank);
        (rank.unwrap_or(u32::MAX), row.project.clone())
    });
    let title = names.categories.get(&ballots.category).cloned().unwrap_or_default();
    TallyView {
        name: format!("{title}, round {}", ballots.round),
        category: ballots.category.to_string(),
        round: ballots.round,
        methods: ["Strictness taken off (ridge)", "Mean", "Order (Bradley-Terry)"],
        rows,
        note: match tally.groups {
            0 | 1 => String::new(),
            groups => format!(
                "The projects fall into {groups} groups that no judge compared; ranks across groups are a guess."
            ),
        },
    }
}

fn row(standing: &Standing, ballots: &Ballots, names: &Names) -> TallyRow {
    let id = ballots.projects.get(usize::from(standing.project.0)).copied();
    TallyRow {
        project: id.map(|id| id.to_string()).unwrap_or_default(),
        name: id.and_then(|id| names.projects.get(&id).cloned()).unwrap_or_default(),
        votes: standing.votes,
        recused: standing.recused,
        anchor: standing.anchor,
        cells: [standing.ridge, standing.raw, standing.bradley_terry].map(|it| it.map(cell)),
    }
}

fn cell(estimate: Estimate) -> Cell {
    Cell {
        score: f64::from(estimate.value) / 10_000.0,
        error: estimate.error.map(|error| f64::from(error) / 10_000.0),
        rank: estimate.place.map(|place| place.rank),
        tied: estimate.place.is_some_and(|place| place.shared_by > 1),
        range: estimate.place.and_then(|place| place.range),
    }
}

/// For the terminal.
pub(crate) fn tally_text(views: &[TallyView]) -> String {
    let mut out = String::new();
    for view in views {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", view.name);
        let [first, second, third] = view.methods;
        let _ = writeln!(out, "  {:<24} {:>5}  {first} | {second} | {third}", "project", "votes");
        for row in &view.rows {
            let cells = row.cells.each_ref().map(cell_text);
            let _ = writeln!(out, "  {:<24} {:>5}  {}", row.project, row.votes, cells.join(" | "));
        }
        if !view.note.is_empty() {
            let _ = writeln!(out, "  {}", view.note);
        }
    }
    match out.is_empty() {
        true => "No votes yet.".to_owned(),
        false => out.trim_end().to_owned(),
    }
}

fn cell_text(cell: &Option<Cell>) -> String {
    let Some(cell) = cell else { return "-".to_owned() };
    let error = cell.error.map(|error| format!(" ± {error:.2}")).unwrap_or_default();
    let rank = match cell.rank {
        Some(rank) => format!(" ({rank}{})", if cell.tied { "=" } else { "" }),
        None => String::new(),
    };
    format!("{:.2}{error}{rank}", cell.score)
}

/// For the terminal.
pub(crate) fn overview_text(view: &Overview) -> String {
    let mut out = format!(
        "{} ({}), bundle version {}\n{} ballots, {} log entries, ballot root {}\n",
        view.name, view.event, view.bundle_version, view.ballots, view.entries, view.ballot_root
    );
    for round in &view.rounds {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "round {} {}: {}", round.number, round.name, round.state);
    }
    let CoverageView { done, wanted, short, .. } = &view.coverage;
    let _ = writeln!(out, "{done} of {wanted} assigned judgements; {short} projects are short");
    let revoked = view.judges.iter().filter(|judge| judge.revoked).count();
    let (judges, quarantined) = (view.judges.len(), view.quarantined);
    let _ = writeln!(out, "{judges} judges, {revoked} revoked; {quarantined} votes in quarantine");
    for alarm in view.alarms.iter().chain(&view.odd) {
        let _ = writeln!(out, "look at this: {alarm}");
    }
    out.trim_end().to_owned()
}
