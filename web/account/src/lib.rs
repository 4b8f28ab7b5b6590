//! The page `/`: the login, and what a person who is logged in sees first.
//!
//! ```text
//!   browser/ ── Event ──▶ App::update ── Effect ──▶ browser/
//!      ▲                      │
//!      └───── Node ◀───── view::page
//! ```
//!
//! Everything but `browser` is pure and is tested without a browser.

pub mod app;
pub mod route;
pub mod said;
pub mod text;
mod update;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
pub use browser::start;
