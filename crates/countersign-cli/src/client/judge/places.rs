//! What a judge types: projects, categories, points.

use countersign::EventId;
use countersign_app::judge::{BallotState, JudgeTap, Place};
use countersign_judging::{CategoryId, ProjectId};
use countersign_mesh::ReceiptStatus;

/// One command of a judge.
pub(super) enum Said {
    /// For the app core.
    Tap(JudgeTap),
    /// Show the list.
    List,
    /// Show a vote as a text for a QR.
    Code(Place),
    /// End when nothing waits for a receipt.
    Done,
}

/// A line of standard input.
pub(super) fn said(line: &str) -> Result<Said, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["scan", text] => Ok(Said::Tap(JudgeTap::Scan((*text).to_owned()))),
        ["vote", project, category, points @ ..] if !points.is_empty() => {
            let place = place(project, category)?;
            Ok(Said::Tap(JudgeTap::Vote { place, points: numbers(points)? }))
        }
        ["recuse", project, category] => Ok(Said::Tap(JudgeTap::Recuse(place(project, category)?))),
        ["draft", project, category, points @ ..] => {
            let place = place(project, category)?;
            let points = points.iter().map(|word| word.parse().ok()).collect();
            Ok(Said::Tap(JudgeTap::Draft { place, points }))
        }
        ["fetch", event] => {
            let event = EventId::new(event).map_err(|error| error.to_string())?;
            Ok(Said::Tap(JudgeTap::Fetch(event)))
        }
        ["code", project, category] => Ok(Said::Code(place(project, category)?)),
        ["list"] => Ok(Said::List),
        ["done"] => Ok(Said::Done),
        _ => Err(format!("'{line}' is no command; see --help")),
    }
}

/// A project and a category.
pub(super) fn place(project: &str, category: &str) -> Result<Place, String> {
    Ok(Place {
        project: ProjectId::new(project).map_err(|error| format!("{project}: {error}"))?,
        category: CategoryId::new(category).map_err(|error| format!("{category}: {error}"))?,
    })
}

/// `PROJECT:CATEGORY:9,8,10`; without points it is a recusal.
pub(super) fn ballot(text: &str) -> Result<(Place, Vec<u16>), String> {
    let [project, category, points] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err(format!("'{text}' is not PROJECT:CATEGORY:POINTS, as P1:INNOVATION:9,8,10"));
    };
    let words: Vec<&str> = points.split(',').filter(|word| !word.is_empty()).collect();
    Ok((place(project, category)?, numbers(&words)?))
}

fn numbers(words: &[&str]) -> Result<Vec<u16>, String> {
    let number = |word: &&str| {
        word.trim_end_matches(',').parse().map_err(|_| format!("'{word}' is no number of points"))
    };
    words
        .iter()
        .flat_map(|word| word.split(','))
        .filter(|word| !word.is_empty())
        .map(|w| number(&w))
        .collect()
}

/// A state in a word.
pub(super) const fn word(state: &BallotState) -> &'static str {
    match state {
        BallotState::Draft => "draft",
        BallotState::Signing => "signing",
        BallotState::Sent { .. } => "sent",
        BallotState::Accepted => "accepted",
        BallotState::Refused(status) => match status {
            ReceiptStatus::Accepted | ReceiptStatus::Duplicate => "accepted",
            ReceiptStatus::Stale => "refused: too old",
            ReceiptStatus::Future => "refused: from the future",
            ReceiptStatus::Revoked => "refused: key revoked",
            ReceiptStatus::Closed => "refused: round closed",
            ReceiptStatus::Invalid => "refused: not valid",
            ReceiptStatus::Superseded => "refused: a newer vote is there",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_typed_with_commas_or_blanks() {
        for line in ["vote P1 DESIGN 9 8 10", "vote P1 DESIGN 9,8,10", "vote P1 DESIGN 9, 8, 10"] {
            let Ok(Said::Tap(JudgeTap::Vote { points, .. })) = said(line) else { panic!("{line}") };
            assert_eq!(points, [9, 8, 10]);
        }
        assert_eq!(ballot("P1:DESIGN:9,8,10").unwrap().1, [9, 8, 10]);
        assert_eq!(ballot("P1:DESIGN:").unwrap().1, Vec::<u16>::new());
        for line in ["vote P1 DESIGN nine", "vote P1", "vote P_é DESIGN 1", "drop table", ""] {
            assert!(said(line).is_err(), "{line}");
        }
    }
}
