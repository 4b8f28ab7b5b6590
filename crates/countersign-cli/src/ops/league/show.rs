//! How the league is shown: points, times, words.

use countersign::Timestamp;
use countersign_keys::Utc;
use countersign_league::evidence::Outcome;
use countersign_league::settlement::Reason;
use countersign_league::{RulesetId, Team};
use countersign_store::league::{
    Conduct, DisputeKind, DisputeState, LineKind, PenaltyKind, RulingKind, Visibility, Weight,
};

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

pub(super) const fn team(team: Team) -> &'static str {
    match team {
        Team::A => "A",
        Team::B => "B",
    }
}

/// `3:1 A`, `2:2 -`.
pub(super) fn score(score: [u8; 2], winner: Option<Team>) -> String {
    format!("{}:{} {}", score[0], score[1], winner.map_or("-", team))
}

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Final => "final",
        Outcome::Conceded => "conceded",
        Outcome::VoidGoalGap => "void, goals of the other half are missing",
        Outcome::VoidSensorGap => "void, a sensor was away for too long",
        Outcome::VoidPower => "void, power was away for too long",
        Outcome::VoidSensor => "void, a sensor was stuck or noisy",
        Outcome::VoidTooFew => "void, too few players",
        Outcome::VoidPair => "void, the halves do not believe each other",
        Outcome::Abandoned => "abandoned before kickoff",
    }
}

/// The sentence that the player reads.
pub(super) fn sentence(reason: u16) -> String {
    match Reason::from_number(reason) {
        Some(reason) => reason.sentence().to_owned(),
        None => format!("reason {reason}, which this program does not know"),
    }
}

/// The rules by their name, or by the beginning of their id.
pub(super) fn rules(id: RulesetId) -> String {
    let named = super::keys::RULES.iter().find(|(_, params)| params.id() == id);
    named.map_or_else(|| format!("{:.8}", id.to_string()), |(name, _)| (*name).to_owned())
}

pub(super) const fn conduct(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Unjudged => "-",
        Conduct::Finished => "finished",
        Conduct::Left => "left",
        Conduct::Excused => "excused",
    }
}

pub(super) const fn dispute_kind(kind: DisputeKind) -> &'static str {
    match kind {
        DisputeKind::Other => "other",
        DisputeKind::Goal => "goal",
        DisputeKind::Roster => "roster",
        DisputeKind::Conduct => "conduct",
        DisputeKind::Fork => "fork",
    }
}

pub(super) const fn ruling(kind: RulingKind) -> &'static str {
    match kind {
        RulingKind::Uphold => "upheld",
        RulingKind::Amend => "amended",
        RulingKind::Void => "void",
        RulingKind::Refund => "refunded",
    }
}

pub(super) const fn dispute_state(state: DisputeState) -> &'static str {
    match state {
        DisputeState::Open => "open",
        DisputeState::Ruled(kind, _) => ruling(kind),
    }
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
