//! Ballots on paper, two on a page: what a judge fills in when his phone is dead, and what the hub's people type in later.

use crate::canvas::{HEIGHT, Hold, Pages, PrintError, Printed, Style, WIDTH};
use crate::cards::Card;
use crate::qr::{Correction, Qr};

/// What a ballot asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// The category's name.
    pub category: String,
    /// The project; a ballot without one has lines to fill in.
    pub project: Option<Card>,
    /// Who judges; without, a line to fill in.
    pub judge: Option<String>,
    /// The rubric, 1 to 10 criteria.
    pub criteria: Vec<Criterion>,
}

/// A line of the rubric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// What is judged.
    pub name: String,
    /// Least score.
    pub least: u32,
    /// Highest score. Up to twelve scores have a box each, else there is one to write into.
    pub most: u32,
    /// Its weight.
    pub weight: u32,
}

/// Most ballots of a file.
const MOST: usize = 4096;
const CRITERIA: usize = 10;
/// Scores with a box each.
const BOXES: u32 = 12;
/// White at the sides, in millimetres.
const SIDE: f32 = 12.0;
const HALF: f32 = HEIGHT / 2.0;
/// A box to tick, in millimetres.
const BOX: f32 = 6.5;

/// Two ballots on each page, to be cut in the middle.
pub fn ballots(event: &str, ballots: &[Ballot]) -> Result<Printed, PrintError> {
    if ballots.is_empty() {
        return Err(PrintError::Empty("ballot"));
    }
    if ballots.len() > MOST {
        return Err(PrintError::TooMany { what: "ballots", given: ballots.len(), most: MOST });
    }
    let mut pages = Pages::new();
    for (number, pair) in ballots.chunks(2).enumerate() {
        for (at, ballot) in pair.iter().enumerate() {
            let given = ballot.criteria.len();
            if given == 0 {
                return Err(PrintError::Empty("criterion"));
            }
            if given > CRITERIA {
                return Err(PrintError::TooMany { what: "criteria", given, most: CRITERIA });
            }
            let count = (number * 2 + at + 1, ballots.len());
            draw(&mut pages, event, ballot, at as f32 * HALF, count)?;
        }
        pages.line((0.0, HALF), (6.0, HALF));
        pages.line((WIDTH - 6.0, HALF), (WIDTH, HALF));
        pages.end_page();
    }
    Ok(pages.finish(&format!("{event}: ballots")))
}

fn draw(
    pages: &mut Pages,
    event: &str,
    ballot: &Ballot,
    top: f32,
    (number, total): (usize, usize),
) -> Result<(), PrintError> {
    let (right, label) = (WIDTH - SIDE, Style::plain(9.0));
    let head = format!("{event} \u{2022} {}", ballot.category);
    pages.text((SIDE, top + 13.0), &head, Style::bold(12.0), 110.0, 1);
    let count = format!("ballot {number} of {total}");
    pages.text((right - 38.0, top + 13.0), &count, label.held(Hold::Right), 35.0, 1);
    match &ballot.project {
        Some(project) => {
            let code = Qr::new(&project.code, Correction::Q)?;
            pages.code((right - 34.0, top + 6.0), 34.0, &code);
            pages.text((SIDE, top + 22.0), &project.title, Style::bold(11.0), 130.0, 2);
            let place = format!("Table {} \u{2022} {}", project.table, project.id);
            pages.text((SIDE, top + 33.0), &place, Style::plain(10.0), 130.0, 1);
        }
        None => {
            field(pages, "Project", (SIDE, top + 24.0), 90.0);
            field(pages, "Table", (SIDE + 95.0, top + 24.0), 40.0);
        }
    }
    match &ballot.judge {
        Some(judge) => {
            let text = format!("Judge  {judge}");
            pages.text((SIDE, top + 41.0), &text, Style::plain(10.0), 130.0, 1);
        }
        None => field(pages, "Judge", (SIDE, top + 41.0), 90.0),
    }
    let weights = ballot.criteria.iter().map(|criterion| u64::from(criterion.weight)).sum();
    let step = (82.0 / ballot.criteria.len() as f32).min(11.0);
    for (at, criterion) in ballot.criteria.iter().enumerate() {
        row(pages, criterion, weights, top + 47.0 + at as f32 * step);
    }
    let foot = top + HALF - 8.0;
    pages.frame((SIDE, foot - 4.0), 4.5, 4.5);
    pages.text((SIDE + 7.0, foot), "I recuse myself from this project", label, 60.0, 1);
    field(pages, "Time", (SIDE + 72.0, foot), 28.0);
    field(pages, "Signature", (SIDE + 105.0, foot), right - SIDE - 105.0);
    Ok(())
}

fn row(pages: &mut Pages, criterion: &Criterion, weights: u64, top: f32) {
    let right = WIDTH - SIDE;
    let foot = top + BOX - 1.8;
    let share = (u64::from(criterion.weight) * 200 + weights) / (2 * weights.max(1));
    let name = format!("{} ({share} %)", criterion.name);
    let scores = criterion.most.saturating_sub(criterion.least).saturating_add(1);
    let room = if scores <= BOXES { scores as f32 * (BOX + 1.5) } else { 52.0 };
    let style = Style::plain(9.5);
    let lines = if right - SIDE - room < 95.0 { 2 } else { 1 };
    let start = if lines == 2 { foot - style.leading() / 2.0 } else { foot };
    pages.text((SIDE, start), &name, style, right - SIDE - room - 3.0, lines);
    if scores <= BOXES {
        for (at, score) in (criterion.least..=criterion.most).enumerate() {
            let left = right - room + at as f32 * (BOX + 1.5) + 1.5;
            pages.frame((left, top), BOX, BOX);
            let digit = Style::plain(8.0).held(Hold::Middle);
            pages.text((left + BOX / 2.0, foot), &score.to_string(), digit, BOX, 1);
        }
    } else {
        let range = format!("{} to {}", criterion.least, criterion.most);
        pages.text((right - 24.0, foot), &range, Style::plain(8.0).held(Hold::Right), 30.0, 1);
        pages.frame((right - 22.0, top), 22.0, BOX);
    }
}

/// A label with a line to write on.
fn field(pages: &mut Pages, label: &str, (x, foot): (f32, f32), width: f32) {
    let style = Style::plain(9.0);
    pages.text((x, foot), label, style, 30.0, 1);
    let start = x + if label.len() > 6 { 17.0 } else { 12.0 };
    pages.line((start, foot + 0.5), (x + width, foot + 0.5));
}
