//! The whole page as values: what it knows, what happens to it, what it wants done. Time and I/O are outside.

use crate::ask::Ask;
use crate::proof::Outcome;
use crate::rating::Ratings;
use crate::route::Route;
use crate::said::{Case, Met, Penalty, Played, Profile, Rows, Standing, Whole};
use countersign_app::Failure;
use countersign_web_kit::frame;
use countersign_web_kit::text::Language;

/// Most bytes of the text of a dispute; the server says the same.
pub const TEXT_MAX: usize = 2_000;

/// Minutes by which the local clock is ahead of UTC at a moment, in milliseconds since 1970.
pub type Zone = fn(u64) -> i64;

/// What the page knows.
#[derive(Debug)]
pub struct App {
    /// The language.
    pub language: Language,
    /// Where the clocks on the wall are.
    pub zone: Zone,
    /// The place.
    pub route: Route,
    /// Who is there.
    pub phase: Phase,
    /// Said once, until the next thing happens.
    pub notice: Option<Notice>,
    /// Whether the browser has no network, or the server did not answer last time.
    pub offline: bool,
    /// Whether the key is in memory only.
    pub memory_only: bool,
    /// Server time minus this device's, in milliseconds, as far as it is known.
    pub offset_ms: Option<i64>,
    /// What the server said.
    pub data: Data,
    /// What was asked and is not answered.
    pub asking: Vec<Ask>,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The key is being looked for.
    Starting,
    /// Nobody is logged in on this device.
    Nobody,
    /// The session could not be read.
    Unreadable,
    /// Somebody is logged in.
    In,
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The match is disputed now.
    Disputed,
    /// It was disputed already.
    DisputedBefore,
    /// Something did not work.
    Failed(Failure),
}

/// What the server said, as far as it is known.
#[derive(Debug, Default)]
pub struct Data {
    /// Who asks.
    pub me: Option<Profile>,
    /// The own rating.
    pub ratings: Ratings,
    /// Matches of whose place it is.
    pub history: Option<Rows<Played>>,
    /// Another player.
    pub player: Option<Profile>,
    /// Meetings with that player.
    pub met: Option<Met>,
    /// A match.
    pub whole: Option<Whole>,
    /// Whether the match that is shown holds.
    pub check: Check,
    /// The own disputes.
    pub disputes: Option<Rows<Case>>,
    /// What is held against oneself.
    pub standing: Option<Standing>,
    /// The own penalties.
    pub penalties: Option<Rows<Penalty>>,
    /// Why the dispute could not be sent: so many bytes.
    pub too_long: Option<usize>,
    /// Whether what the place is about does not exist, or may not be seen.
    pub is_missing: bool,
    /// Whether the server runs no league.
    pub no_league: bool,
}

/// How far the check of a match is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Check {
    /// Nothing to check yet.
    #[default]
    None,
    /// What it would need may not be seen.
    Impossible,
    /// Under way.
    Running,
    /// Done.
    Done(Box<Outcome>),
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// There is a session on this device; whether its key is in memory only.
    Found {
        /// Whether its key is in memory only.
        memory_only: bool,
    },
    /// There is none.
    NotFound,
    /// The browser did not say whether there is one.
    Unreadable,
    /// The address bar changed.
    Went(Route),
    /// Something was pressed.
    Press(Press),
    /// Somebody wants to disagree with the match that is shown.
    Dispute {
        /// What about.
        kind: String,
        /// Why.
        text: String,
    },
    /// The server answered.
    Answer(Ask, Result<Vec<u8>, Failure>),
    /// This was checked; nothing came out if the server's older keys could not be fetched.
    Checked(Box<Whole>, Option<Box<Outcome>>),
    /// The browser's network came or went.
    Online(bool),
    /// The page was looked at again.
    Shown,
}

/// What can be pressed. In the page it stands as text: [`Press::parse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// The other language.
    Language,
    /// Ask again for what the place shows.
    Reload,
    /// More rows.
    More,
    /// Keep the proof as a file.
    Save,
}

impl Press {
    /// As it stands in the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Language => frame::LANGUAGE,
            Self::Reload => "reload",
            Self::More => "more",
            Self::Save => "save",
        }
    }

    /// Reads it from the page.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Language, Self::Reload, Self::More, Self::Save]
            .into_iter()
            .find(|it| it.name() == name)
    }
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server; answer with [`Event::Answer`].
    Ask(Ask),
    /// Check this; answer with [`Event::Checked`].
    Check(Box<Whole>),
    /// Give a file of this name to whoever looks at the page.
    Save(String, Vec<u8>),
    /// Remember the language.
    Speak(Language),
}

impl App {
    /// A page that knows nothing yet.
    pub fn new(language: Language, zone: Zone, route: Route, is_online: bool) -> Self {
        Self {
            language,
            zone,
            route,
            phase: Phase::Starting,
            notice: None,
            offline: !is_online,
            memory_only: false,
            offset_ms: None,
            data: Data::default(),
            asking: Vec::new(),
        }
    }

    /// Whether the own player is this one.
    pub fn is_me(&self, user: Option<&str>) -> bool {
        user.is_some() && self.data.me.as_ref().map(|me| me.user.as_str()) == user
    }
}
