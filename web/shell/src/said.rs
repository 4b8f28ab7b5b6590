//! What the server says, as JSON. It was verified before it comes here; members that are not shown are not read.
//!
//! Read by hand from one generic value: code made for each type would be a tenth of everything that a browser loads.

use countersign_app::Failure;
use serde_json::Value;

/// Something that can be read from a JSON value; `None` if it is not there or of another type.
pub trait Read: Sized {
    /// Reads it.
    fn read(value: &Value) -> Option<Self>;

    /// Reads it from text.
    fn parse(text: &[u8]) -> Option<Self> {
        Self::read(&serde_json::from_slice(text).ok()?)
    }
}

impl Read for Value {
    fn read(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Read for u32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl Read for i64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Read for i32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

/// What is not there is empty.
impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::new()),
            Value::Array(items) => items.iter().map(T::read).collect(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
        }
    }
}

macro_rules! said {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name {
                $($(#[$about])* pub $field: $type,)*
            }

            impl Read for $name {
                fn read(value: &Value) -> Option<Self> {
                    Some(Self { $($field: Read::read(&value[stringify!($field)])?,)* })
                }
            }
        )*
    };
}

said! {
    /// `session.list`.
    Sessions {
        /// All that the server still knows.
        sessions: Vec<Session>,
    }

    /// A session.
    Session {
        /// Its id, in hex.
        session_id: String,
        /// What its device calls itself.
        name: String,
        /// The platform.
        platform: String,
        /// When it was seen last.
        last_seen_ms: u64,
        /// Whether it is this one.
        current: bool,
        /// `live` or `revoked`.
        status: String,
    }

    /// `league.profile`.
    Profile {
        /// The player, in hex.
        user: String,
        /// The display name.
        name: String,
        /// `public`, `opponents` or `hidden`.
        visibility: String,
        /// The rating, in thousandths of a point.
        rating: i32,
        /// Whether little is known of the player yet.
        provisional: bool,
        /// The rank, if ranked.
        rank: Option<u32>,
        /// Of how many.
        of: Option<u32>,
        /// The season.
        season: u32,
        /// Matches in it.
        season_matches: u32,
        /// Matches in all.
        matches: u32,
        /// Different opponents.
        opponents: u32,
        /// The line of the season's table.
        table: Option<Table>,
    }

    /// A player's line in the season's table.
    Table {
        /// Matches won.
        won: u32,
        /// Matches drawn.
        drawn: u32,
        /// Matches lost.
        lost: u32,
    }

    /// `league.rank`.
    Rank {
        /// The rating, in thousandths of a point.
        rating: i32,
        /// The season.
        season: u32,
        /// Players on the board.
        of: u32,
        /// The rank, if ranked.
        rank: Option<u32>,
        /// The place in the list, if ranked; no two players share it.
        position: Option<u32>,
        /// How many of a hundred are behind.
        percentile: Option<u32>,
        /// The tier's name.
        tier: Option<String>,
        /// What is missing to be ranked.
        missing: Option<Missing>,
        /// Rows around.
        neighbours: Vec<Row>,
    }

    /// What a player lacks to be ranked.
    Missing {
        /// Matches.
        matches: u32,
        /// Different opponents.
        opponents: u32,
        /// Matches of this season.
        season_matches: u32,
        /// Whether the last match is too long ago.
        dormant: bool,
    }

    /// `league.top`.
    Top {
        /// Players on the board.
        of: u32,
        /// The rows of this page.
        rows: Vec<Row>,
    }

    /// A row of a list of ranks. Who is not public has neither id nor name.
    Row {
        /// The rank; equal ratings share it.
        rank: u32,
        /// The place in the list.
        position: u32,
        /// The rating, in thousandths of a point.
        rating: i32,
        /// The player, in hex.
        user: Option<String>,
        /// The display name.
        name: Option<String>,
    }

    /// `league.search`.
    Found {
        /// Who was found.
        players: Vec<Hit>,
    }

    /// A player that was found.
    Hit {
        /// The player, in hex.
        user: String,
        /// The display name.
        name: String,
        /// The rating, in thousandths of a point.
        rating: i32,
        /// The rank, if ranked.
        rank: Option<u32>,
    }
}

/// What an answer without a signature is worth: nobody was reached, unless it says to come back later. That much may be believed of
/// anybody.
pub fn unsigned(status: u16) -> Failure {
    let code = match status {
        429 => "rate_limited",
        503 => "overloaded",
        _ => return Failure::Unreachable(format!("status {status}")),
    };
    Failure::Refused { code: code.to_owned(), detail: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_too_much_to_do_is_not_taken_for_none() {
        for (status, code) in [(429, "rate_limited"), (503, "overloaded")] {
            let is =
                matches!(unsigned(status), Failure::Refused { code: said, .. } if said == code);
            assert!(is, "{status}");
        }
        for status in [200, 404, 500, 502] {
            assert!(matches!(unsigned(status), Failure::Unreachable(_)), "{status}");
        }
    }

    #[test]
    fn members_may_be_missing_only_where_the_type_says_so() {
        let row = Row::parse(br#"{"rank":1,"position":1,"rating":-5,"user":null,"more":[]}"#);
        let expected = Row { rank: 1, position: 1, rating: -5, user: None, name: None };
        assert_eq!(row, Some(expected));
        for wrong in [
            &br#"{"rank":1,"position":1}"#[..],
            br#"{"rank":-1,"position":1,"rating":0}"#,
            br#"{"rank":"1","position":1,"rating":0}"#,
            br#"{"rank":4294967296,"position":1,"rating":0}"#,
            br#"{"rank":1,"position":1,"rating":0,"name":7}"#,
            b"[]",
            b"",
        ] {
            assert_eq!(Row::parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
        assert_eq!(Found::parse(b"{}"), Some(Found { players: Vec::new() }));
        assert_eq!(Found::parse(br#"{"players":"x"}"#), None);
    }
}
