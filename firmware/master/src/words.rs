//! What lamp and display show. The game says what is so; this says what it looks like.

use alloc::format;
use alloc::string::String;
use countersign_chip::record::DeviceRecord;
use countersign_league::game::{Light, NO_TIMER, State, View};
use firmware_shell::lamp::{Colour, Pattern};
use firmware_shell::screen::Page;

/// Nobody touches the sheet, please.
pub(crate) const MEASURING: Pattern = Pattern::Fast(Colour::AMBER);
/// This chip is nobody yet.
pub(crate) const BROKEN: Pattern = Pattern::Steady(Colour::VIOLET);

pub(crate) const fn pattern(light: Light) -> Pattern {
    match light {
        Light::Off => Pattern::Steady(Colour::DARK),
        Light::Error => Pattern::Fast(Colour::VIOLET),
        Light::Searching => Pattern::Slow(Colour::BLUE),
        Light::GoalCheck => Pattern::Fast(Colour::BLUE),
        Light::Lobby => Pattern::Steady(Colour::BLUE),
        Light::Countdown => Pattern::Fast(Colour::GREEN),
        Light::Play => Pattern::Steady(Colour::GREEN),
        Light::Amber => Pattern::Slow(Colour::AMBER),
        Light::Red | Light::Void => Pattern::Fast(Colour::RED),
        Light::Disarmed(_) => Pattern::Fast(Colour::AMBER),
        Light::Review => Pattern::Slow(Colour::WHITE),
        Light::Done => Pattern::Slow(Colour::GREEN),
    }
}

pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Off => "off",
        State::Pairing => "pairing",
        State::Handshake => "handshake",
        State::GoalCheck => "hit each goal",
        State::Lobby => "lobby",
        State::Ready => "ready",
        State::RollCall => "roll call",
        State::Draw => "draw",
        State::Kickoff => "kickoff",
        State::Playing => "playing",
        State::Drain => "end",
        State::Review => "review",
        State::Signed => "signed",
        State::Settled => "settled",
        State::Recover => "recover",
        State::Void => "void",
        State::Abandoned => "abandoned",
        State::Locked => "locked",
    }
}

/// What is left of the match, or of the state's own timer.
pub(crate) fn clock(view: &View) -> String {
    let left = match view.state {
        State::Playing => view.duration.saturating_sub(view.played),
        _ if view.left == NO_TIMER => return String::new(),
        _ => view.left,
    };
    let seconds = left / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

pub(crate) fn page(record: &DeviceRecord, view: &View, is_linked: bool) -> Page {
    let [a, b] = view.score;
    let ready = view.players.iter().filter(|player| player.ready).count();
    let link = if is_linked { "linked" } else { "no slave" };
    Page {
        head: format!("{} north", record.pair.value.serial),
        large: format!("{a}:{b}  {}", clock(view)),
        foot: [
            format!("{}, {ready}/{} ready", state(view.state), view.players.len()),
            format!("{link}, {} waiting", view.unsettled),
        ],
    }
}
