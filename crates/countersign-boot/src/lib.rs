//! What the second stage of a goal-line device decides, without the chip: which of two slots starts, and whether the image
//! in it may.
//!
//! [`layout`] says where things lie in flash. [`Unverified::parse`] reads an image within its bounds, and
//! [`Unverified::verify`] turns it into a [`Verified`], the only type that yields what is to be copied, mapped and jumped to.
//! [`slots`] is the record of what was tried and confirmed, written so that power may fail at any byte. [`choose()`] puts
//! them together, and [`start()`] is a whole run over a [`Board`]. The signature itself is checked by the shell ([`SignatureCheck`]): on the chip by the ROM.
//!
//! It runs in a second stage of at most 20 KB, so it has no dependency and allocates nothing.

#![no_std]

pub mod chip;
pub mod choose;
pub mod image;
pub mod layout;
pub mod slots;
pub mod start;

mod bytes;

pub use chip::Chip;
pub use choose::{Choice, Halt, Standing, choose};
pub use image::{ImageError, Refusal, SecureVersion, SignatureCheck, Unverified, Verified};
pub use slots::{Slot, SlotState, Slots, State};
pub use start::{Board, start};
