//! What the programs of the chips share: clock, flash, keys, entropy, radio, watchdog, lamp, display.
//!
//! Shells only: what is to be done decide `countersign_league`, `countersign_chip` and `countersign_boot`, which are tested on the
//! host. Nothing here has run on a chip yet.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

pub mod air;
pub mod board;
pub mod clock;
pub mod describe;
pub mod dog;
pub mod entropy;
pub mod fault;
pub mod flash;
pub mod keep;
pub mod keys;
pub mod lamp;
pub mod radio;
pub mod release;
pub mod reset;
pub mod screen;
pub mod sheet;
pub mod slot;
pub mod update;
pub mod whoami;
