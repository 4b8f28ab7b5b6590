//! Integer Elo for teams: what is at stake, and what a match changes.
//!
//! ```text
//!   tickets, teams ─▶ stakes ─▶ MatchStart      outcome, score, leavers ─▶ final_deltas ─▶ MatchResult
//! ```
//!
//! Device, server and browser compute with the same integers (`docs/league.md`, "Rating and draw"). Changes start from the
//! ratings of the tickets and are added to whatever the ratings are by then, so that the order of settling does not matter.

mod deltas;
mod elo;
pub mod table;

pub use deltas::{Deltas, Ending, final_deltas};
pub use elo::{ONE, Rated, change, difference, expectation, floor_relief, round_half_away, stakes};
