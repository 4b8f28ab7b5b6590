//! The places of the app, as they stand behind the `#` of its address.

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Where one stands, and the table.
    Ranks,
    /// Finding players.
    Players,
    /// A player, by id.
    Player(String),
    /// One's own profile.
    Profile,
    /// Sessions.
    Devices,
}

/// The places of the navigation, in order.
pub const MAIN: [Route; 4] = [Route::Ranks, Route::Players, Route::Profile, Route::Devices];

impl Route {
    /// Reads the part from `#` on; what is not known is the first place.
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_matches('/');
        match path {
            "players" => Self::Players,
            "profile" => Self::Profile,
            "devices" => Self::Devices,
            other => match other.strip_prefix("player/") {
                Some(id) if is_id(id) => Self::Player(id.to_owned()),
                Some(_) | None => Self::Ranks,
            },
        }
    }

    /// The part from `#` on.
    pub fn hash(&self) -> String {
        match self {
            Self::Ranks => "#/ranks".to_owned(),
            Self::Players => "#/players".to_owned(),
            Self::Player(id) => format!("#/player/{id}"),
            Self::Profile => "#/profile".to_owned(),
            Self::Devices => "#/devices".to_owned(),
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
        let player = Route::Player("0123456789abcdef0123456789abcdef".to_owned());
        for route in MAIN.into_iter().chain([player]) {
            assert_eq!(Route::parse(&route.hash()), route);
        }
    }

    #[test]
    fn what_is_no_place_is_the_first_one() {
        for hash in ["", "#", "#/nowhere", "#/player/<img src=x>", "#/player/ABC"] {
            assert_eq!(Route::parse(hash), Route::Ranks, "{hash}");
        }
    }
}
