//! The whole app as values: what it knows, what happens to it, what it wants done. Time and I/O are outside.

use crate::route::Route;
use crate::said::{Found, Profile, Rank, Row, Sessions};
use countersign_app::Failure;
use countersign_web_kit::frame;
use countersign_web_kit::login::Trouble;
use countersign_web_kit::text::Language;
use serde_json::{Value, json};

/// Rows of the table that are fetched at once.
pub const PAGE: u32 = 50;
/// Most rows of the table that are kept.
pub const ROWS_MAX: usize = 500;

/// What the app knows.
#[derive(Debug)]
pub struct App {
    /// The language.
    pub language: Language,
    /// The place.
    pub route: Route,
    /// Whether somebody is logged in.
    pub phase: Phase,
    /// Said once, until the next thing happens.
    pub notice: Option<Notice>,
    /// Whether the browser has no network, or the server did not answer last time.
    pub offline: bool,
    /// Whether the key is in memory only.
    pub memory_only: bool,
    /// Server time minus this device's, in milliseconds, as far as it is known.
    pub offset_ms: Option<i64>,
    /// This device's time, in milliseconds since 1970, when something last happened.
    pub now_ms: u64,
    /// What the server said.
    pub data: Data,
    /// What was asked and is not answered.
    pub asking: Vec<Ask>,
}

/// Whether somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The key is being looked for.
    Starting,
    /// An address is wanted.
    Address(Entry),
    /// A code was sent to this address.
    Code(Entry),
    /// Logged in with this address.
    In {
        /// The address.
        address: String,
        /// The session's id, in hex.
        session_id: String,
    },
}

/// A form of the login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The address so far.
    pub address: String,
    /// Why it has to be filled in again.
    pub trouble: Option<Trouble>,
    /// Whether the answer is awaited.
    pub is_busy: bool,
    /// Whether the device works for the code.
    pub is_working: bool,
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The storage was cleared.
    KeyLost,
    /// The storage could not be read.
    Unreadable,
    /// Logged out by oneself.
    LoggedOut,
    /// Logged out by another device, or by the server.
    Ended,
    /// The profile is saved.
    Saved,
    /// A device was logged out.
    Revoked,
    /// So many devices were logged out.
    RevokedOthers(u32),
    /// Something did not work.
    Failed(Ask, Failure),
}

/// What the server said, as far as it is known.
#[derive(Debug, Default)]
pub struct Data {
    /// Sessions.
    pub sessions: Option<Sessions>,
    /// The own profile.
    pub profile: Option<Profile>,
    /// The own rank.
    pub rank: Option<Rank>,
    /// Rows of the table from the first on, and how many there are.
    pub table: Option<(Vec<Row>, u32)>,
    /// What was searched for, and who was found.
    pub found: Option<(String, Found)>,
    /// Another player.
    pub player: Option<Profile>,
    /// Whether the server runs no league.
    pub no_league: bool,
}

/// A question to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Who is logged in where.
    Sessions,
    /// Log out this session.
    Revoke(String),
    /// Log out all others.
    RevokeOthers,
    /// Log out this one.
    Logout(String),
    /// The own profile.
    Profile,
    /// Another player's.
    Player(String),
    /// Change the profile.
    Save {
        /// The display name.
        name: String,
        /// Who may see it.
        visibility: String,
    },
    /// The own rank.
    Rank,
    /// Rows of the table from here on.
    Top(u32),
    /// Players whose names begin so.
    Search(String),
}

impl Ask {
    /// Message type and payload.
    pub fn message(&self) -> (&'static str, Value) {
        match self {
            Self::Sessions => ("session.list", json!({})),
            Self::Revoke(id) | Self::Logout(id) => ("session.revoke", json!({ "session_id": id })),
            Self::RevokeOthers => ("session.revoke_others", json!({})),
            Self::Profile => ("league.profile", json!({})),
            Self::Player(id) => ("league.profile", json!({ "user": id })),
            Self::Save { name, visibility } => {
                ("league.profile_update", json!({ "name": name, "visibility": visibility }))
            }
            Self::Rank => ("league.rank", json!({})),
            Self::Top(offset) => ("league.top", json!({ "limit": PAGE, "offset": offset })),
            Self::Search(query) => ("league.search", json!({ "q": query })),
        }
    }
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// There is a session on this device.
    Found(Registered),
    /// There is none.
    NotFound {
        /// The address of a session whose key is gone.
        lost: Option<String>,
    },
    /// The browser did not say whether there is one.
    Unreadable {
        /// The address that was logged in with last, if it is known.
        address: String,
    },
    /// The address bar changed.
    Went(Route),
    /// Something was pressed.
    Press(Press),
    /// A form was sent.
    Submit(Form),
    /// The device begins to work for a code.
    Working,
    /// A code was sent, to this address as the server writes it, or not.
    Sent(Result<String, Trouble>),
    /// The session was made, or not.
    Registered(Result<Registered, Trouble>),
    /// The server answered.
    Answer(Ask, Result<Vec<u8>, Failure>),
    /// The browser's network came or went.
    Online(bool),
    /// The app was looked at again.
    Shown,
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

/// What can be pressed. In the page it stands as text: [`Press::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// The other language.
    Language,
    /// Another code.
    Resend,
    /// Another address.
    OtherAddress,
    /// Ask again for what the place shows.
    Reload,
    /// More rows.
    More,
    /// Log out a session.
    Revoke(String),
    /// Log out all others.
    RevokeOthers,
    /// Log out.
    Logout,
}

impl Press {
    /// As it stands in the page.
    pub fn name(&self) -> String {
        match self {
            Self::Language => frame::LANGUAGE.to_owned(),
            Self::Resend => "resend".to_owned(),
            Self::OtherAddress => "other-address".to_owned(),
            Self::Reload => "reload".to_owned(),
            Self::More => "more".to_owned(),
            Self::Revoke(id) => format!("revoke {id}"),
            Self::RevokeOthers => "revoke-others".to_owned(),
            Self::Logout => "logout".to_owned(),
        }
    }

    /// Reads it from the page.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            frame::LANGUAGE => Self::Language,
            "resend" => Self::Resend,
            "other-address" => Self::OtherAddress,
            "reload" => Self::Reload,
            "more" => Self::More,
            "revoke-others" => Self::RevokeOthers,
            "logout" => Self::Logout,
            other => Self::Revoke(other.strip_prefix("revoke ")?.to_owned()),
        })
    }
}

/// A form with what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The address to log in with.
    Address(String),
    /// The code.
    Code(String),
    /// A search.
    Search(String),
    /// The profile.
    Profile {
        /// The display name.
        name: String,
        /// Who may see it.
        visibility: String,
    },
}

impl Form {
    /// Reads a form by its name and fields.
    pub fn read(name: &str, field: impl Fn(&str) -> String) -> Option<Self> {
        Some(match name {
            "address" => Self::Address(field("address")),
            "code" => Self::Code(field("code")),
            "search" => Self::Search(field("q")),
            "profile" => Self::Profile { name: field("name"), visibility: field("visibility") },
            _ => return None,
        })
    }
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server; answer with [`Event::Answer`].
    Ask(Ask),
    /// Make a key, begin a login and have a code sent; answer with [`Event::Sent`].
    Login(String),
    /// Have another code sent; answer with [`Event::Sent`].
    Resend,
    /// Prove key and code; answer with [`Event::Registered`].
    Register(String),
    /// Forget this session and its key.
    Forget,
    /// Remember the language.
    Speak(Language),
}

impl App {
    /// An app that knows nothing yet.
    pub fn new(language: Language, route: Route, is_online: bool, now_ms: u64) -> Self {
        Self {
            language,
            route,
            phase: Phase::Starting,
            notice: None,
            offline: !is_online,
            memory_only: false,
            offset_ms: None,
            now_ms,
            data: Data::default(),
            asking: Vec::new(),
        }
    }

    /// Whether an answer to this is awaited.
    pub fn is_asking(&self, is: impl Fn(&Ask) -> bool) -> bool {
        self.asking.iter().any(is)
    }

    /// The server's time.
    pub fn server_now_ms(&self) -> u64 {
        self.now_ms.saturating_add_signed(self.offset_ms.unwrap_or(0))
    }
}
