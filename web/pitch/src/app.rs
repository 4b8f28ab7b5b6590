//! The page as values: what it knows, what happens to it, what it wants done. Time and I/O are outside.

use crate::address::Device;
use countersign::Timestamp;
use countersign_app::{Player, Tap};
use countersign_league::game::{NO_TIMER, State, View};
use countersign_web_kit::frame;
use countersign_web_kit::text::Language;

/// What the page knows.
pub struct App {
    /// The language.
    pub language: Language,
    /// Whether somebody is logged in.
    pub phase: Phase,
    /// Whether the browser has no network, or the server did not answer last time.
    pub offline: bool,
    /// Whether the key is in memory only.
    pub memory_only: bool,
    /// Server time minus this phone's, in milliseconds, as far as it is known.
    pub offset_ms: Option<i64>,
    /// The core, as long as somebody is logged in.
    pub player: Option<Player>,
    /// The device that this phone goes to.
    pub device: Option<Device>,
    /// How far it is on its way to a device that it does not talk to yet.
    pub door: Door,
    /// The server's time when something last happened, as well as it is known.
    pub server_now: Timestamp,
    /// This phone's monotonic clock, in milliseconds, when something last happened.
    pub now_ms: u64,
    /// The same when the newest view came.
    pub seen_ms: u64,
    /// Whether the device's views were lost and did not come back yet.
    pub is_deaf: bool,
    /// Whether the screen is kept on.
    pub is_awake: bool,
    /// Whether a ticket for any device was asked for, on joining one.
    pub has_prepared: bool,
    /// How often in a row a device refused to take this player in again because it knew a newer act.
    pub old_joins: u8,
}

/// Whether somebody is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The key is being looked for.
    Starting,
    /// Nobody is.
    Out(Out),
    /// Somebody is.
    In,
}

/// Why nobody is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Out {
    /// Nobody ever was, or the key is gone.
    NoSession,
    /// The browser did not say whether there is a session.
    Unreadable,
    /// The server's word: it is over.
    Ended,
}

/// On the way to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Which one?
    Which {
        /// Whether what was typed is no device.
        is_wrong: bool,
    },
    /// Its Wi-Fi has to be joined in the phone's settings.
    Wifi,
    /// The browser is going to ask whether this page may reach devices nearby.
    Permission,
    /// It was told no.
    Denied,
}

/// What the browser says about devices nearby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It does not ask, or was told yes.
    Granted,
    /// It will ask at the first try.
    Prompt,
    /// It was told no.
    Denied,
}

/// Something happened.
pub enum Event {
    /// There is a session on this phone.
    Found {
        /// The core, with what was kept for it.
        player: Box<Player>,
        /// Whether the key is in memory only.
        memory_only: bool,
        /// The device that this phone was at when the page was closed.
        device: Option<String>,
    },
    /// There is none.
    NotFound(Out),
    /// Something for the core.
    Core(countersign_app::Event),
    /// The device's views were lost; the core asks for them again.
    Deaf,
    /// Something was pressed.
    Press(Press),
    /// A device was named.
    Named(String),
    /// What the browser says about devices nearby.
    Permission(Permission),
    /// The browser's network came or went.
    Online(bool),
    /// The server answered, or did not.
    Reached(bool),
    /// The screen is kept on from now on, or not.
    Awake(bool),
    /// A clock on the page has moved on.
    Clock,
}

/// What can be pressed. In the page it stands as text: [`Press::parse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// The other language.
    Language,
    /// The Wi-Fi is joined.
    Joined,
    /// The browser may ask.
    Allow,
    /// Another device.
    OtherDevice,
    /// Keep the screen on, or do not.
    Awake,
    /// Something for the core.
    Tap(Tap),
}

/// Names of taps without a number.
const TAPS: [(&str, Tap); 13] = [
    ("approach", Tap::Approach),
    ("ready", Tap::Ready),
    ("unready", Tap::Unready),
    ("quit", Tap::Quit),
    ("abort", Tap::Abort),
    ("leave", Tap::Leave),
    ("injury", Tap::Injury),
    ("return", Tap::Return),
    ("concede", Tap::Concede),
    ("confirm", Tap::Confirm),
    ("flag", Tap::Flag),
    ("prepare", Tap::Prepare),
    ("depart", Tap::Depart),
];

impl Press {
    /// As it stands in the page.
    pub fn name(&self) -> String {
        match self {
            Self::Language => frame::LANGUAGE.to_owned(),
            Self::Joined => "joined".to_owned(),
            Self::Allow => "allow".to_owned(),
            Self::OtherDevice => "other-device".to_owned(),
            Self::Awake => "awake".to_owned(),
            Self::Tap(Tap::Annul(goal)) => format!("annul {goal}"),
            Self::Tap(Tap::Absent(seat)) => format!("absent {seat}"),
            Self::Tap(tap) => {
                let known = TAPS.iter().find(|(_, known)| known == tap);
                known.map_or(String::new(), |(name, _)| (*name).to_owned())
            }
        }
    }

    /// Reads it from the page.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            frame::LANGUAGE => Self::Language,
            "joined" => Self::Joined,
            "allow" => Self::Allow,
            "other-device" => Self::OtherDevice,
            "awake" => Self::Awake,
            other => Self::Tap(match other.split_once(' ') {
                Some(("annul", goal)) => Tap::Annul(goal.parse().ok()?),
                Some(("absent", seat)) => Tap::Absent(seat.parse().ok()?),
                Some(_) => return None,
                None => TAPS.iter().find(|(known, _)| *known == other)?.1,
            }),
        })
    }
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// What the core wants.
    Core(countersign_app::Effect),
    /// Remember the language.
    Speak(Language),
    /// Remember at which device this phone is, for when the page is loaded again.
    Remember(Option<String>),
    /// Find out what the browser says about devices nearby; answer with [`Event::Permission`].
    LookAtPermission,
    /// Keep the screen on, or do not any more; answer with [`Event::Awake`].
    KeepAwake(bool),
    /// Forget this session and its key.
    Forget,
}

impl App {
    /// A page that knows nothing yet.
    pub fn new(language: Language, is_online: bool) -> Self {
        Self {
            language,
            phase: Phase::Starting,
            offline: !is_online,
            memory_only: false,
            offset_ms: None,
            player: None,
            device: None,
            door: Door::Which { is_wrong: false },
            server_now: Timestamp::ZERO,
            now_ms: 0,
            seen_ms: 0,
            is_deaf: false,
            is_awake: false,
            has_prepared: false,
            old_joins: 0,
        }
    }

    /// How long ago the newest view came, in milliseconds.
    pub fn age_ms(&self) -> u64 {
        self.now_ms.saturating_sub(self.seen_ms)
    }

    /// When the page has to look at its clock again, in milliseconds; `None`: no clock runs.
    pub fn next_look_ms(&self) -> Option<u64> {
        let countersign_app::Screen::There { view: Some(view), .. } =
            self.player.as_ref()?.screen()
        else {
            return None;
        };
        // Just after the last digit changes.
        clock_ms(view, self.age_ms()).filter(|left| *left > 0).map(|left| left % 1000 + 5)
    }
}

/// What the clock of a view shows so long after it came, in milliseconds: what is left of the match, or of the state's own timer.
pub fn clock_ms(view: &View, age_ms: u64) -> Option<u64> {
    if view.state == State::Drain {
        return Some(0);
    }
    let left = match view.state == State::Playing {
        true => view.duration.saturating_sub(view.played),
        false => Some(view.left).filter(|left| *left != NO_TIMER)?,
    };
    Some(u64::from(left).saturating_sub(age_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_pressed_is_found_again_by_its_name() {
        let taps = TAPS.iter().map(|(_, tap)| Press::Tap(*tap));
        let others =
            [Press::Language, Press::Joined, Press::Allow, Press::OtherDevice, Press::Awake];
        let numbered = [Press::Tap(Tap::Annul(7)), Press::Tap(Tap::Absent(21))];
        for press in taps.chain(others).chain(numbered) {
            assert_eq!(Press::parse(&press.name()), Some(press));
        }
        for none in ["", "annul", "annul x", "absent 300", "absent -1", "steal 1"] {
            assert_eq!(Press::parse(none), None, "{none}");
        }
    }
}
