//! States, lights and warnings in words, for displays, pages and JSON.

use countersign_league::game::{Light, LinkColour, State, View, Warnings};
use countersign_league::pair;
use countersign_league::{End, Team};

/// One lower-case word for a state; the same in JSON and on the display.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Off => "off",
        State::Pairing => "pairing",
        State::Handshake => "handshake",
        State::GoalCheck => "goal_check",
        State::Lobby => "lobby",
        State::Ready => "ready",
        State::RollCall => "roll_call",
        State::Draw => "draw",
        State::Kickoff => "kickoff",
        State::Playing => "playing",
        State::Drain => "drain",
        State::Review => "review",
        State::Signed => "signed",
        State::Settled => "settled",
        State::Recover => "recover",
        State::Void => "void",
        State::Abandoned => "abandoned",
        State::Locked => "locked",
    }
}

/// What a person does in a state.
pub(crate) const fn advice(state: State) -> &'static str {
    match state {
        State::Off => "Press the button of the master.",
        State::Pairing => "The two halves look for each other. Is the other one switched on?",
        State::Handshake => "The two halves prove who they are.",
        State::GoalCheck => "Hit each goal once.",
        State::Lobby => "Come in with your phones.",
        State::Ready => "It begins soon. Others may still come in.",
        State::RollCall => "All phones answer now.",
        State::Draw => "The teams are drawn.",
        State::Kickoff => "Walk to your places.",
        State::Playing => "Play.",
        State::Drain => "Goals under way arrive.",
        State::Review => "Look at the result on your phones, and confirm it.",
        State::Signed => "Signed. Any phone carries the result to the league.",
        State::Settled => "Final. The league has countersigned the result.",
        State::Recover => {
            "Power is back. The match goes on if the other half can vouch for the time between."
        }
        State::Void => "This match does not count.",
        State::Abandoned => "Nothing was played.",
        State::Locked => "The two halves do not believe each other. The pair needs an inspection.",
    }
}

/// A colour.
pub(crate) const fn colour(colour: LinkColour) -> &'static str {
    match colour {
        LinkColour::Green => "green",
        LinkColour::Amber => "amber",
        LinkColour::Red => "red",
    }
}

/// What the master's lights show.
pub(crate) const fn light(light: Light) -> &'static str {
    match light {
        Light::Off => "off",
        Light::Error => "error",
        Light::Searching => "searching",
        Light::GoalCheck => "goal_check",
        Light::Lobby => "lobby",
        Light::Countdown => "countdown",
        Light::Play => "play",
        Light::Amber => "amber",
        Light::Red => "red",
        Light::Disarmed(End::North) => "north_disarmed",
        Light::Disarmed(End::South) => "south_disarmed",
        Light::Review => "review",
        Light::Done => "done",
        Light::Void => "void",
    }
}

/// What the slave's lamp shows.
pub(crate) const fn lamp(light: pair::Light) -> &'static str {
    match light {
        pair::Light::Off => "off",
        pair::Light::Ready => "ready",
        pair::Light::Playing => "playing",
        pair::Light::Goal => "goal",
        pair::Light::Amber => "amber",
        pair::Light::Red => "red",
        pair::Light::Locked => "locked",
    }
}

/// What the slave is there for.
pub(crate) const fn phase(phase: pair::Phase) -> &'static str {
    match phase {
        pair::Phase::Idle => "idle",
        pair::Phase::Check => "check",
        pair::Phase::Armed => "armed",
        pair::Phase::Held => "held",
        pair::Phase::Drain => "drain",
        pair::Phase::Sealed => "sealed",
    }
}

/// A team's letter.
pub(crate) const fn team(team: Team) -> &'static str {
    match team {
        Team::A => "A",
        Team::B => "B",
    }
}

/// What is wrong: a word, and a sentence.
pub(crate) fn warnings(view: &View) -> Vec<(&'static str, &'static str)> {
    let all = [
        (Warnings::NORTH_DISARMED, "north_disarmed", "The north goal sees nothing at the moment."),
        (Warnings::SOUTH_DISARMED, "south_disarmed", "The south goal sees nothing at the moment."),
        (Warnings::GAP, "gap", "A goal was blind for a while in this match."),
        (Warnings::SHORT, "short", "A team has too few players."),
        (Warnings::FAILED, "failed", "That did not work. Press the button to try again."),
        (Warnings::LOCKED, "locked", "The two halves do not believe each other."),
        (
            Warnings::UNSETTLED,
            "unsettled",
            "Too many results wait. Let a phone carry them to the league.",
        ),
    ];
    let all = all.into_iter().filter(|(bit, ..)| view.warnings.has(*bit));
    all.map(|(_, word, sentence)| (word, sentence)).collect()
}

/// Milliseconds as minutes and seconds.
pub(crate) fn minutes(millis: u32) -> String {
    let seconds = millis / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The clock that matters in this state: what is left of the match, or of the state's own timer.
pub(crate) fn clock(view: &View) -> Option<String> {
    if view.state == State::Playing {
        return Some(minutes(view.duration.saturating_sub(view.played)));
    }
    (view.left != countersign_league::game::NO_TIMER).then(|| minutes(view.left))
}
