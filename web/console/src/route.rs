//! The places of the console, as they stand behind the `#` of its address.

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// What waits.
    Overview,
    /// Goal-line pairs, or only those of a status.
    Devices(Option<String>),
    /// A pair, by id.
    Device(String),
    /// Matches, or only those of a queue.
    Matches(Option<String>),
    /// A match, by id.
    Match(String),
    /// Open disputes.
    Disputes,
    /// Accounts.
    Users,
    /// An account, by id.
    User(String),
    /// Events that are judged.
    Events,
    /// An event, by id.
    Event(String),
    /// Where files become an event.
    SetUp,
    /// The audit log.
    Audit,
    /// The server and its keys.
    Server,
}

/// The places of the navigation, in order.
pub const MAIN: [Route; 8] = [
    Route::Overview,
    Route::Devices(None),
    Route::Matches(None),
    Route::Disputes,
    Route::Events,
    Route::Users,
    Route::Audit,
    Route::Server,
];
/// Those of organisers.
pub const OF_ORGANISERS: [Route; 1] = [Route::Events];

/// What devices can be.
pub const STATUSES: [&str; 6] = ["made", "sold", "active", "suspect", "rma", "revoked"];
/// What matches can wait for.
pub const QUEUES: [&str; 3] = ["disputed", "frozen", "pending"];

impl Route {
    /// Reads the part from `#` on; what is not known is the first place.
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_matches('/');
        let (place, rest) = path.split_once('/').unwrap_or((path, ""));
        let among = |known: &[&str]| known.contains(&rest).then(|| rest.to_owned());
        match place {
            "devices" => Self::Devices(among(&STATUSES)),
            "matches" => Self::Matches(among(&QUEUES)),
            "disputes" => Self::Disputes,
            "events" => Self::Events,
            "event" if is_event(rest) => Self::Event(rest.to_owned()),
            "set-up" => Self::SetUp,
            "users" => Self::Users,
            "audit" => Self::Audit,
            "server" => Self::Server,
            "device" if is_id(rest) => Self::Device(rest.to_owned()),
            "match" if is_id(rest) => Self::Match(rest.to_owned()),
            "user" if is_id(rest) => Self::User(rest.to_owned()),
            _ => Self::Overview,
        }
    }

    /// The part from `#` on.
    pub fn hash(&self) -> String {
        let with = |place: &str, rest: &Option<String>| match rest {
            Some(rest) => format!("#/{place}/{rest}"),
            None => format!("#/{place}"),
        };
        match self {
            Self::Overview => "#/overview".to_owned(),
            Self::Devices(status) => with("devices", status),
            Self::Device(id) => format!("#/device/{id}"),
            Self::Matches(queue) => with("matches", queue),
            Self::Match(id) => format!("#/match/{id}"),
            Self::Disputes => "#/disputes".to_owned(),
            Self::Events => "#/events".to_owned(),
            Self::Event(id) => format!("#/event/{id}"),
            Self::SetUp => "#/set-up".to_owned(),
            Self::Users => "#/users".to_owned(),
            Self::User(id) => format!("#/user/{id}"),
            Self::Audit => "#/audit".to_owned(),
            Self::Server => "#/server".to_owned(),
        }
    }

    /// The place of the navigation that it belongs to.
    pub fn main(&self) -> Self {
        match self {
            Self::Devices(_) | Self::Device(_) => Self::Devices(None),
            Self::Matches(_) | Self::Match(_) => Self::Matches(None),
            Self::Users | Self::User(_) => Self::Users,
            Self::Events | Self::Event(_) | Self::SetUp => Self::Events,
            Self::Overview => Self::Overview,
            Self::Disputes => Self::Disputes,
            Self::Audit => Self::Audit,
            Self::Server => Self::Server,
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// 1 to 32 of `A-Z a-z 0-9 _ - .`
fn is_event(text: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again_by_its_address() {
        let id = "0123456789abcdef0123456789abcdef".to_owned();
        let of = |words: &[&str], place: fn(Option<String>) -> Route| {
            words.iter().map(|it| place(Some((*it).to_owned()))).collect::<Vec<_>>()
        };
        let more = [
            Route::Device(id.clone()),
            Route::Match(id.clone()),
            Route::User(id),
            Route::Event("FAIR_2027".to_owned()),
            Route::SetUp,
        ];
        let narrowed = of(&STATUSES, Route::Devices).into_iter().chain(of(&QUEUES, Route::Matches));
        for route in MAIN.into_iter().chain(more).chain(narrowed) {
            assert_eq!(Route::parse(&route.hash()), route);
            assert!(MAIN.contains(&route.main()));
        }
    }

    #[test]
    fn what_is_no_place_is_the_first_one() {
        for hash in
            ["", "#", "#/nowhere", "#/device/<img src=x>", "#/user/ABC", "#/match/", "#/event/<b>"]
        {
            assert_eq!(Route::parse(hash), Route::Overview, "{hash}");
        }
        assert_eq!(Route::parse("#/devices/<b>"), Route::Devices(None));
    }
}
