//! The whole console as values: what it knows, what happens to it, what it wants done. Time and I/O are outside.

use crate::act::Act;
use crate::ask::Ask;
use crate::files::{Files, SetUp};
use crate::route::Route;
use crate::said::{
    Device, Dispute, Entry, Event as Judged, Fair, Health, Hello, Keys, Match, Person, Results,
    Rows, User, Whole,
};
use countersign_app::Failure;
use countersign_web_kit::frame;
use countersign_web_kit::login::Trouble;
use countersign_web_kit::text::Language;

/// What the console knows.
#[derive(Debug)]
pub struct App {
    /// The language.
    pub language: Language,
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
    /// What is about to be done.
    pub draft: Option<Draft>,
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
    /// Somebody is logged in, and the server has not said yet whether the console is theirs.
    Asking(Registered),
    /// The console is not theirs.
    Stranger(Registered),
    /// An operator.
    In(Registered),
}

/// A session, as it was made or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id, in hex.
    pub session_id: String,
    /// The address, as the server writes it.
    pub address: String,
    /// Whether its key is in memory only.
    pub memory_only: bool,
}

/// What is about to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What.
    pub act: Act,
    /// Why, once that was said.
    pub reason: String,
    /// How far it is.
    pub step: Step,
}

/// How far an act is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A reason is wanted.
    Reason,
    /// The server was asked.
    Sent,
    /// The session is too old: a code is wanted first.
    Offer(Confirm),
    /// A code was sent.
    Code(Confirm),
}

/// A form of the confirmation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirm {
    /// Why it has to be filled in again.
    pub trouble: Option<Trouble>,
    /// Whether the answer is awaited.
    pub is_busy: bool,
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It was done.
    Done,
    /// So many sessions were ended.
    Ended(u64),
    /// A round was dealt out.
    Assigned {
        /// Visits.
        visits: u64,
        /// Projects for which no judge is left.
        short: Vec<String>,
    },
    /// Files do not fit into one question.
    TooLong,
    /// A file that was chosen cannot be read.
    FileUnread,
    /// Something did not work.
    Failed(Failure),
}

/// What the server said, as far as it is known.
#[derive(Debug, Default)]
pub struct Data {
    /// What waits.
    pub hello: Option<Hello>,
    /// Goal-line pairs.
    pub devices: Option<Rows<Device>>,
    /// A pair.
    pub device: Option<Device>,
    /// Matches.
    pub matches: Option<Rows<Match>>,
    /// A match.
    pub whole: Option<Whole>,
    /// Open disputes.
    pub disputes: Option<Rows<Dispute>>,
    /// Accounts.
    pub users: Option<Rows<User>>,
    /// An account.
    pub person: Option<Person>,
    /// Events.
    pub events: Option<Rows<Judged>>,
    /// An event.
    pub fair: Option<Fair>,
    /// What was published of it.
    pub results: Option<Results>,
    /// What hubs handed over of it, counted and not published.
    pub counted: Option<Results>,
    /// Files for one.
    pub set_up: SetUp,
    /// The audit log.
    pub audit: Option<Rows<Entry>>,
    /// How the server is.
    pub health: Option<Health>,
    /// Its keys.
    pub keys: Option<Keys>,
    /// Whether what the place is about does not exist.
    pub is_missing: bool,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// There is a session on this device.
    Found(Registered),
    /// There is none.
    NotFound,
    /// The browser did not say whether there is one.
    Unreadable,
    /// The address bar changed.
    Went(Route),
    /// Something was pressed.
    Press(Press),
    /// A form was sent.
    Submit(Form),
    /// A code was sent, or not.
    Sent(Result<(), Trouble>),
    /// A fresh session was made, or not.
    Registered(Result<Registered, Trouble>),
    /// The server answered.
    Answer(Ask, Result<Vec<u8>, Failure>),
    /// The browser's network came or went.
    Online(bool),
    /// The console was looked at again.
    Shown,
    /// A file that was chosen cannot be read.
    FileUnread,
}

/// What can be pressed. In the page it stands as text: [`Press::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// The other language.
    Language,
    /// Ask again for what the place shows.
    Reload,
    /// More rows.
    More,
    /// Begin to do something.
    Act(Act),
    /// Do not do it.
    Cancel,
    /// Have a code sent.
    Code,
    /// Store the event that the files describe.
    Store,
    /// Fetch the cards with codes.
    Sheets,
    /// Fetch what a hub takes.
    Package,
    /// Count what hubs handed over.
    Count,
}

impl Press {
    /// As it stands in the page.
    pub fn name(&self) -> String {
        match self {
            Self::Language => frame::LANGUAGE.to_owned(),
            Self::Reload => "reload".to_owned(),
            Self::More => "more".to_owned(),
            Self::Cancel => "cancel".to_owned(),
            Self::Code => "send-code".to_owned(),
            Self::Store => "store".to_owned(),
            Self::Sheets => "sheets".to_owned(),
            Self::Package => "package".to_owned(),
            Self::Count => "count".to_owned(),
            Self::Act(act) => format!("act {}", act.name()),
        }
    }

    /// Reads it from the page.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            frame::LANGUAGE => Self::Language,
            "reload" => Self::Reload,
            "more" => Self::More,
            "cancel" => Self::Cancel,
            "send-code" => Self::Code,
            "store" => Self::Store,
            "sheets" => Self::Sheets,
            "package" => Self::Package,
            "count" => Self::Count,
            other => Self::Act(Act::parse(other.strip_prefix("act ")?)?),
        })
    }
}

/// A form with what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// What to look for.
    Find(String),
    /// Why something is done.
    Reason(String),
    /// The code.
    Code(String),
    /// Files to be looked at: typed, or chosen.
    Files(Box<Files>),
    /// How a round is to be dealt out.
    Assign {
        /// Which.
        round: String,
        /// By how many judges each project is to be seen.
        views: String,
    },
}

impl Form {
    /// Reads a form by its name and fields.
    pub fn read(name: &str, field: impl Fn(&str) -> String) -> Option<Self> {
        Some(match name {
            "find" => Self::Find(field("find")),
            "reason" => Self::Reason(field("reason")),
            "code" => Self::Code(field("code")),
            "assign" => Self::Assign { round: field("round"), views: field("views") },
            _ => return None,
        })
    }
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server; answer with [`Event::Answer`].
    Ask(Ask),
    /// Make a key and have a code sent to this address; answer with [`Event::Sent`].
    SendCode(String),
    /// Prove key and code; answer with [`Event::Registered`].
    Register(String),
    /// Remember the language.
    Speak(Language),
    /// Go to a place.
    Go(Route),
    /// Put a file where the browser puts files.
    Save {
        /// What it is called.
        name: String,
        /// What it is.
        kind: &'static str,
        /// What is in it.
        content: Vec<u8>,
    },
}

impl App {
    /// Whether everything is theirs to see, and not events alone.
    pub fn is_operator(&self) -> bool {
        self.data.hello.as_ref().is_some_and(|hello| hello.is_operator)
    }

    /// A console that knows nothing yet.
    pub fn new(language: Language, route: Route, is_online: bool) -> Self {
        Self {
            language,
            route,
            phase: Phase::Starting,
            notice: None,
            offline: !is_online,
            memory_only: false,
            offset_ms: None,
            data: Data::default(),
            draft: None,
            asking: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_can_be_pressed_is_found_again_by_its_name() {
        let act = Act::Device { device: "ab".to_owned(), to: "revoked".to_owned() };
        for press in [
            Press::Language,
            Press::Reload,
            Press::More,
            Press::Cancel,
            Press::Code,
            Press::Store,
            Press::Sheets,
            Press::Package,
            Press::Count,
            Press::Act(act),
        ] {
            assert_eq!(Press::parse(&press.name()), Some(press));
        }
        assert_eq!(Press::parse("act"), None);
    }
}
