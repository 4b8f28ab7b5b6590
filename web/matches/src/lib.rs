//! The page `/matches`: what somebody played, how the rating went, and one match that the browser checks again by itself.
//!
//! ```text
//!   browser ── Event ──▶ App::update ── Effect ──▶ browser
//!      ▲                     │
//!      └───── Node ◀───── view::page
//! ```
//!
//! Everything but `browser` is pure and is tested without a browser. What is checked, and how, is the league's own code:
//! `countersign_league::proof`, which the command line uses for the same files.

pub mod app;
pub mod ask;
pub mod proof;
pub mod rating;
pub mod route;
pub mod said;
pub mod text;
mod update;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
pub use browser::start;

#[cfg(test)]
mod fixture;
#[cfg(test)]
#[path = "../../../crates/countersign-league/tests/it/world.rs"]
#[expect(dead_code, reason = "the league's tests bend what is honest here")]
mod world;
