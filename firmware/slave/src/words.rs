//! What the lamp and the display show. The core says what is so; this says what it looks like.

use alloc::format;
use countersign::Signer;
use countersign_chip::record::DeviceRecord;
use countersign_chip::starts::{Cause, Starts};
use countersign_league::pair::{Light, Phase, Slave};
use firmware_shell::lamp::{Colour, Pattern};
use firmware_shell::screen::Page;

/// Whether the master is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Up,
    /// Heard of nothing for a while, or not yet.
    Looking,
    /// Nobody wanted this half for a while: the button wakes it.
    Asleep,
}

impl Link {
    pub(crate) fn of<S: Signer>(slave: &Slave<S>, now: u64) -> Self {
        match (slave.is_up(), slave.is_awake(now)) {
            (true, _) => Self::Up,
            (false, true) => Self::Looking,
            (false, false) => Self::Asleep,
        }
    }
}

/// What the half knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) link: Link,
    pub(crate) is_armed: bool,
    pub(crate) phase: Phase,
    pub(crate) light: Light,
    /// Goals of both teams, as the master counts them.
    pub(crate) score: [u8; 2],
    /// Goals that this sheet saw in this match, as far as it knows.
    pub(crate) goals: u16,
    pub(crate) waiting: usize,
    pub(crate) starts: Starts,
}

/// Nobody touches the sheet, please.
pub(crate) const MEASURING: Pattern = Pattern::Fast(Colour::AMBER);
/// This chip is nobody yet, or its flash fails.
pub(crate) const BROKEN: Pattern = Pattern::Steady(Colour::VIOLET);

pub(crate) const fn pattern(light: Light, link: Link) -> Pattern {
    match (light, link) {
        (Light::Locked, _) => Pattern::Fast(Colour::VIOLET),
        (Light::Red, _) => Pattern::Fast(Colour::RED),
        (_, Link::Looking) => Pattern::Slow(Colour::BLUE),
        (_, Link::Asleep) => Pattern::Slow(Colour::WHITE),
        (Light::Off, Link::Up) => Pattern::Steady(Colour::DARK),
        (Light::Ready, Link::Up) => Pattern::Steady(Colour::BLUE),
        (Light::Playing, Link::Up) => Pattern::Steady(Colour::GREEN),
        (Light::Goal, Link::Up) => Pattern::Fast(Colour::WHITE),
        (Light::Amber, Link::Up) => Pattern::Slow(Colour::AMBER),
    }
}

pub(crate) const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "ready",
        Phase::Check => "hit me once",
        Phase::Armed => "match",
        Phase::Held => "held",
        Phase::Drain => "end",
        Phase::Sealed => "sealed",
    }
}

pub(crate) fn page(record: &DeviceRecord, shown: &Shown) -> Page {
    let pair = &record.pair.value;
    let link = match shown.link {
        Link::Up => "linked",
        Link::Looking => "looking for master",
        Link::Asleep => "press the button",
    };
    let sheet = if shown.is_armed { "armed" } else { "resting" };
    Page {
        head: format!("{} south", pair.serial),
        large: match shown.phase {
            Phase::Armed | Phase::Held | Phase::Drain | Phase::Sealed => {
                let [one, two] = shown.score;
                format!("{one} : {two}")
            }
            Phase::Idle | Phase::Check => phase(shown.phase).into(),
        },
        foot: [
            format!("{link}, {}", phase(shown.phase)),
            format!(
                "{sheet} g{} {}/{} q{}",
                shown.goals,
                shown.starts.all(),
                shown.starts.of(Cause::BrownOut),
                shown.waiting
            ),
        ],
    }
}
