//! The places of the page, as they stand behind the `#` of its address.

use countersign_app::judge::Place;
use countersign_judging::{CategoryId, ProjectId};

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// All projects.
    Projects,
    /// A project's form.
    Vote(Place),
    /// A vote as a code, for the hub's operator.
    Code(Place),
    /// The camera.
    Scan,
    /// The event, the hub, this device.
    Event,
}

/// The places of the navigation, in order.
pub const MAIN: [Route; 3] = [Route::Projects, Route::Scan, Route::Event];

impl Route {
    /// Reads the part from `#` on; what is not known is the first place.
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["scan"] => Self::Scan,
            ["event"] => Self::Event,
            ["vote", project, category] => {
                place(project, category).map_or(Self::Projects, Self::Vote)
            }
            ["code", project, category] => {
                place(project, category).map_or(Self::Projects, Self::Code)
            }
            _ => Self::Projects,
        }
    }

    /// The part from `#` on. No character of an id means anything in an address.
    pub fn hash(&self) -> String {
        match self {
            Self::Projects => "#/projects".to_owned(),
            Self::Vote(Place { project, category }) => format!("#/vote/{project}/{category}"),
            Self::Code(Place { project, category }) => format!("#/code/{project}/{category}"),
            Self::Scan => "#/scan".to_owned(),
            Self::Event => "#/event".to_owned(),
        }
    }
}

/// What is judged, by its ids.
pub fn place(project: &str, category: &str) -> Option<Place> {
    Some(Place {
        project: ProjectId::new(project).ok()?,
        category: CategoryId::new(category).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again_by_its_address() {
        let there = place("P-1.2_x", "IDEAS").unwrap();
        for route in MAIN.into_iter().chain([Route::Vote(there), Route::Code(there)]) {
            assert_eq!(Route::parse(&route.hash()), route);
        }
    }

    #[test]
    fn what_is_no_place_is_the_first_one() {
        for hash in [
            "",
            "#/nowhere",
            "#/vote/P1",
            "#/vote/P 1/IDEAS",
            "#/vote/<img>/IDEAS",
            "#/code/P1/IDEAS/3",
        ] {
            assert_eq!(Route::parse(hash), Route::Projects, "{hash}");
        }
    }
}
