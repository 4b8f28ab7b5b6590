//! The page of somebody who judges: everything that the day needs is on the device before it begins.
//!
//! ```text
//!   browser/ ── Event ──▶ App::update ── Effect ──▶ browser/    keys: WebCrypto  kept: IndexedDB  socket: WebSocket  camera
//!      ▲                   │  Device: app::judge::Judge + mesh::Relay
//!      └───── Node ◀── view::page
//! ```
//!
//! Everything but `browser` is pure and is tested without a browser.

pub mod address;
pub mod app;
pub mod device;
pub mod form;
mod keeping;
pub mod route;
pub mod said;
pub mod text;
mod update;
pub mod view;

#[cfg(test)]
mod fixture;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
pub use browser::start;
