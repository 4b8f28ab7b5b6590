//! `votes.csv` and `results.csv` (RFC 4180): numbers are whole, in millionths of the range, so that they compare byte by byte.

use crate::count::Count;
use countersign_judging::Venue;
use countersign_judging::tally::Estimate;
use countersign_keys::Utc;
use std::fmt::Write;

/// Every ballot that holds.
pub(super) fn votes(venue: &Venue) -> String {
    let mut out = String::from(
        "round,category,project,judge,revision,said,accepted,points,vote,log_position\r\n",
    );
    for ballot in venue.ballots() {
        let vote = ballot.vote;
        let points: Vec<_> = vote.points.iter().map(ToString::to_string).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "{},{},{},{},{},{},{},{},{},{}\r\n",
            vote.round,
            cell(vote.category.as_str()),
            cell(vote.project.as_str()),
            cell(vote.judge.as_str()),
            vote.revision,
            Utc(vote.time()),
            Utc(ballot.accepted),
            points.join(" "),
            ballot.digest,
            ballot.position
        );
    }
    out
}

/// Every project by every method.
pub(super) fn results(venue: &Venue, counts: &[Count]) -> String {
    let mut out = String::from(
        "round,category,project,title,votes,recused,anchor,group,ridge,ridge_error,ridge_rank,mean,mean_error,mean_rank,\
         bradley_terry,bradley_terry_error,bradley_terry_rank\r\n",
    );
    for Count { ballots, tally } in counts {
        for standing in &tally.projects {
            let Some(id) = ballots.projects.get(usize::from(standing.project.0)) else { continue };
            let title = venue.bundle().project(id).map(|it| it.title.as_str()).unwrap_or_default();
            let methods = [standing.ridge, standing.raw, standing.bradley_terry].map(columns);
            // Writing to a string cannot fail.
            let _ = write!(
                out,
                "{},{},{},{},{},{},{},{},{}\r\n",
                ballots.round,
                cell(ballots.category.as_str()),
                cell(id.as_str()),
                cell(title),
                standing.votes,
                standing.recused,
                u8::from(standing.anchor),
                standing.group,
                methods.join(",")
            );
        }
    }
    out
}

/// Value, standard error, rank; empty where there is none.
fn columns(estimate: Option<Estimate>) -> String {
    let Some(estimate) = estimate else { return ",,".to_owned() };
    let error = estimate.error.map(|error| error.to_string()).unwrap_or_default();
    let rank = estimate.place.map(|place| place.rank.to_string()).unwrap_or_default();
    format!("{},{error},{rank}", estimate.value)
}

/// Quoted where needed. What a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_and_are_never_formulas() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("-P1"), "'-P1");
        assert_eq!(cell("@x,y"), "\"'@x,y\"");
    }
}
