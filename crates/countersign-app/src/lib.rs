//! The app core: what a player's program does, without saying how.
//!
//! ```text
//!            ┌──────────────── Answer, View, Tap, Tick ────────────────┐
//!            ▼                                                         │
//!   Player::update(event, now) ─▶ effects ─▶ shell: sign, ask the device, ask the server, keep, wake
//!            └─▶ Player::screen() ─▶ what is to be shown
//! ```
//!
//! Pure: no clock, no socket, no private key. The browser, the headless player and native shells run the same code, so that
//! they behave alike. `no_std` with `alloc`.
#![no_std]

extern crate alloc;

mod courier;
mod dice;
mod effect;
mod errand;
mod event;
pub mod judge;
pub mod login;
mod player;
mod screen;
pub mod trust;

pub use courier::{Carried, Courier, Delivery};
pub use effect::{Ask, AskId, Effect};
pub use errand::{Errand, Errands};
pub use event::{Event, Failure, Tap};
pub use player::{Player, PlayerConfig};
pub use screen::{Screen, Step, StepState, Trouble};
