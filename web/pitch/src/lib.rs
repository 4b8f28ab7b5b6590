//! The page `/pitch`: what a player needs from the device's door to the rating.
//!
//! ```text
//!   browser/ ── Event ──▶ App::update ─▶ countersign_app::Player ── Effect ──▶ browser/   device: fetch and WebSocket   server: the kit's link
//!      ▲                      │                                                           kept: IndexedDB               awake: wake lock
//!      └───── Node ◀───── view::page
//! ```
//!
//! The core decides about device, tickets, votes and couriers; here it gets a face. Everything but `browser` is pure and is tested without a
//! browser.

pub mod address;
pub mod app;
pub mod text;
mod update;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
pub use browser::start;
