//! How the league is shown: points, times, words.

use countersign::Timestamp;
use countersign_keys::Utc;
use countersign_league::Team;
use countersign_server::desk::game;
use countersign_store::league::{LineKind, PenaltyKind, Visibility, Weight};

/// Thousandths of a point as points: `-8.250`.
pub(super) fn points(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let magnitude = thousandths.unsigned_abs();
    format!("{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)
}

/// The same for a change, with its sign.
pub(super) fn change(thousandths: i64) -> String {
    let plus = if thousandths > 0 { "+" } else { "" };
    format!("{plus}{}", points(thousandths))
}

/// A time, or a word where there is none yet.
pub(super) fn since(at: Timestamp, none: &str) -> String {
    if at == Timestamp::ZERO { none.to_owned() } else { Utc(at).to_string() }
}

/// Time of a match: `07:31.250`.
pub(super) fn clock(millis: u32) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}.{:03}", seconds / 60, seconds % 60, millis % 1000)
}

/// `3:1 A`, `2:2 -`.
pub(super) fn score(score: [u8; 2], winner: Option<Team>) -> String {
    format!("{}:{} {}", score[0], score[1], winner.map_or("-", game::team))
}

pub(super) const fn line_kind(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Opening => "opening",
        LineKind::Sporting => "sporting",
        LineKind::Adjustment => "adjustment",
        LineKind::Correction => "correction",
        LineKind::Season => "season",
        LineKind::Bank => "bank",
    }
}

pub(super) const fn penalty_kind(kind: PenaltyKind) -> &'static str {
    match kind {
        PenaltyKind::NoStart => "missed start",
        PenaltyKind::Left => "left a match",
        PenaltyKind::Operator => "operator",
    }
}

pub(super) const fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Opponents => "opponents",
        Visibility::Hidden => "hidden",
    }
}

pub(super) const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Full => "full",
        Weight::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_three_places_and_changes_a_sign() {
        for (thousandths, shown, changed) in [
            (0, "0.000", "0.000"),
            (1_508_250, "1508.250", "+1508.250"),
            (-8_005, "-8.005", "-8.005"),
            (-5, "-0.005", "-0.005"),
            (i64::MIN, "-9223372036854775.808", "-9223372036854775.808"),
        ] {
            assert_eq!((points(thousandths), change(thousandths)), (shown.into(), changed.into()));
        }
        assert_eq!(clock(451_250), "07:31.250");
    }
}
