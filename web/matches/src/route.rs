//! The places of the page, as they stand behind the `#` of its address.

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The own matches and rating.
    History,
    /// Another player's matches, by id.
    Player(String),
    /// A match, by id.
    Match(String),
    /// The own disputes.
    Disputes,
    /// The own penalties.
    Penalties,
}

/// The places of the navigation, in order.
pub const MAIN: [Route; 3] = [Route::History, Route::Disputes, Route::Penalties];

impl Route {
    /// Reads the part from `#` on; what is not known is the first place.
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_matches('/');
        match path.split_once('/').unwrap_or((path, "")) {
            (id, "") if is_id(id) => Self::Match(id.to_owned()),
            ("player", id) if is_id(id) => Self::Player(id.to_owned()),
            ("disputes", "") => Self::Disputes,
            ("penalties", "") => Self::Penalties,
            _ => Self::History,
        }
    }

    /// The part from `#` on.
    pub fn hash(&self) -> String {
        match self {
            Self::History => "#/history".to_owned(),
            Self::Player(id) => format!("#/player/{id}"),
            Self::Match(id) => format!("#{id}"),
            Self::Disputes => "#/disputes".to_owned(),
            Self::Penalties => "#/penalties".to_owned(),
        }
    }

    /// The place of the navigation that it belongs to.
    pub fn main(&self) -> Self {
        match self {
            Self::History | Self::Player(_) | Self::Match(_) => Self::History,
            Self::Disputes => Self::Disputes,
            Self::Penalties => Self::Penalties,
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again_by_its_address() {
        let id = "0123456789abcdef0123456789abcdef".to_owned();
        let more = [Route::Match(id.clone()), Route::Player(id)];
        for route in MAIN.into_iter().chain(more) {
            assert_eq!(Route::parse(&route.hash()), route);
            assert!(MAIN.contains(&route.main()));
        }
    }

    #[test]
    fn what_is_no_place_is_the_first_one() {
        for hash in ["", "#", "#/nowhere", "#<img src=x>", "#/player/ABC", "#/player/", "#0123"] {
            assert_eq!(Route::parse(hash), Route::History, "{hash}");
        }
    }
}
