//! What the programs of all pages share. A page is a crate beside this one, with its own budget: see `docs/web.md`.
//!
//! ```text
//!   program:   browser/ ── Event ──▶ update ── Effect ──▶ browser/         pure but for `browser`
//!                 ▲                     │
//!                 └────── Node ◀───── view
//!   kit:       node parts frame notice text said login kept device when           pure
//!              browser: screen dom (nodes → page)  link http (requests)   keys: WebCrypto  store: IndexedDB  trust login clock
//! ```
//!
//! Everything but `browser` is pure and is tested without a browser.

pub mod device;
pub mod frame;
pub mod kept;
pub mod login;
pub mod node;
pub mod notice;
pub mod parts;
pub mod said;
pub mod text;
pub mod when;

#[cfg(target_arch = "wasm32")]
pub mod browser;
