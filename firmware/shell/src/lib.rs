//! What the programs of the chips share: clock, flash, keys, entropy, radio, watchdog, lamp.
#![no_std]

extern crate alloc;

pub mod air;
pub mod clock;
pub mod entropy;
