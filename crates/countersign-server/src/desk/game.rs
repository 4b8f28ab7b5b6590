//! Matches with their evidence.

use super::dispute;
use countersign::{Realm, VerifyingKey};
use countersign_league::evidence::{
    Goal, GoalState, MatchResult, MatchStart, Outcome, SeatFlags, Settlement, open,
};
use countersign_league::ruleset::BUILT_IN;
use countersign_league::settlement::{Reason, read};
use countersign_league::{RulesetId, Team};
use countersign_store::league::{
    Conduct, Device, DisputeEntry, EvidenceView, GameView, StoredGame, StoredSeat,
};
use serde_json::{Value, json};

/// Start and end of the settled result, as the device signed them.
#[derive(Debug)]
pub struct Story {
    /// Who began, on which ends.
    pub start: MatchStart,
    /// Goals and flags.
    pub result: MatchResult,
}

impl Story {
    /// Reads the first result of a match of this device; or says why it cannot be shown.
    pub fn read(realm: &Realm, device: &Device, view: &GameView) -> Result<Self, String> {
        let evidence = view.evidence.first().ok_or("there is no evidence")?;
        let bundle = read(&evidence.bundle).map_err(|error| error.to_string())?;
        let master = VerifyingKey::from_bytes(&device.pair.master).map_err(|e| e.to_string())?;
        let start = open::<MatchStart>(realm, &master, &bundle.start);
        let result = open::<MatchResult>(realm, &master, &bundle.result);
        let start = start.map_err(|error| error.to_string())?.value;
        Ok(Self { start, result: result.map_err(|error| error.to_string())?.value })
    }
}

/// A match as programs read it, without what was played.
pub fn view(game: &StoredGame) -> Value {
    json!({
        "no": game.no,
        "match": game.match_id.to_string(),
        "result": game.result.to_string(),
        "device": game.device.to_string(),
        "device_seq": game.device_seq,
        "rules": rules(game.ruleset),
        "season": game.season,
        "started_ms": game.started.as_millis(),
        "ended_ms": game.ended.as_millis(),
        "settled_ms": game.settled.as_millis(),
        "counts_at_ms": (game.settlement == Settlement::Pending).then(|| game.counts_at.as_millis()),
        "outcome": outcome_word(game.outcome),
        "score": game.score,
        "winner": game.winner.map(team),
        "state": game.settlement.as_str(),
        "reason": game.reason,
        "sentence": sentence(game.reason),
        "integrity": game.integrity,
        "forks": game.forks,
    })
}

/// The same with seats, goals, results and disputes.
pub fn whole(view: &GameView, disputes: &[DisputeEntry], story: Option<&Story>) -> Value {
    let mut value = self::view(&view.game);
    value["seats"] = view.seats.iter().map(|it| seat(it, story)).collect();
    let goals = story.map(|story| story.result.goals.iter().enumerate().map(goal).collect());
    value["goals"] = goals.map_or(Value::Null, Value::Array);
    value["results"] = view.evidence.iter().map(result).collect();
    value["disputes"] = disputes.iter().map(dispute::view).collect();
    value
}

fn seat(seat: &StoredSeat, story: Option<&Story>) -> Value {
    let flags = story.and_then(|story| story.result.seats.get(usize::from(seat.seat)));
    json!({
        "seat": seat.seat,
        "user": seat.user.to_string(),
        "team": team(seat.team),
        "ticket": seat.ticket.to_string(),
        "sporting": seat.line.sporting,
        "adjustment": seat.line.adjustment,
        "booked": seat.booked,
        "conduct": conduct(seat.conduct),
        "said": flags.map(|flags| said(*flags)),
    })
}

fn goal((index, goal): (usize, &Goal)) -> Value {
    json!({
        "goal": index,
        "at_ms": goal.at,
        "team": team(goal.team),
        "end": goal.end as u8,
        "annulled": goal.state == GoalState::Annulled,
    })
}

fn result(evidence: &EvidenceView) -> Value {
    json!({
        "result": evidence.result.to_string(),
        "received_ms": evidence.received.as_millis(),
        "bytes": evidence.bundle.len(),
    })
}

/// What the result says of a player.
pub fn said(flags: SeatFlags) -> Vec<&'static str> {
    let words = [
        (SeatFlags::CONFIRMED, "confirmed"),
        (SeatFlags::FLAGGED, "flagged"),
        (SeatFlags::LEFT, "left"),
        (SeatFlags::INJURED, "injured"),
        (SeatFlags::ABSENT, "absent"),
    ];
    words.into_iter().filter(|(bit, _)| flags.has(*bit)).map(|(_, word)| word).collect()
}

/// The letter of a team.
pub const fn team(team: Team) -> &'static str {
    match team {
        Team::A => "A",
        Team::B => "B",
    }
}

/// How a match ended, in words.
pub const fn outcome(outcome: Outcome) -> &'static str {
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

/// The first word, for programs.
pub fn outcome_word(of: Outcome) -> &'static str {
    outcome(of).split([',', ' ']).next().unwrap_or_default()
}

/// The sentence that the player reads.
pub fn sentence(reason: u16) -> String {
    match Reason::from_number(reason) {
        Some(reason) => reason.sentence().to_owned(),
        None => format!("reason {reason}, which this program does not know"),
    }
}

/// The rules by their name, or by the beginning of their id.
pub fn rules(id: RulesetId) -> String {
    let named = BUILT_IN.iter().find(|(_, params)| params.id() == id);
    named.map_or_else(|| format!("{:.8}", id.to_string()), |(name, _)| (*name).to_owned())
}

/// What was decided about how somebody behaved.
pub const fn conduct(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Unjudged => "-",
        Conduct::Finished => "finished",
        Conduct::Left => "left",
        Conduct::Excused => "excused",
    }
}
