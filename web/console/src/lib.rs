//! The page `/console`: what operators look at, and what they decide.
//!
//! ```text
//!   browser ── Event ──▶ App::update ── Effect ──▶ browser
//!      ▲                     │
//!      └───── Node ◀───── view::page
//! ```
//!
//! Everything but `browser` is pure and is tested without a browser. Nothing here is a permission: the server asks for the role with each
//! request, and for a fresh code before each act.

pub mod act;
pub mod app;
pub mod ask;
pub mod files;
pub mod route;
pub mod said;
pub mod text;
mod update;
pub mod view;

use countersign_web_kit::when;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
pub use browser::start;
