//! The browser's shell: the app core's word as pages, its questions as requests that a key signs which nobody can copy.
//!
//! ```text
//!   browser/ ── Event ──▶ App::update ── Effect ──▶ browser/   keys: WebCrypto   store: IndexedDB   link: countersign::client::Session
//!      ▲                      │
//!      └───── Node ◀───── view::page                            dom: text nodes and elements, never markup
//! ```
//!
//! Everything but `browser` is pure and is tested without a browser.

pub mod app;
pub mod device;
pub mod kept;
pub mod node;
pub mod route;
pub mod said;
pub mod text;
mod update;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod browser;

#[cfg(target_arch = "wasm32")]
pub use browser::start;
