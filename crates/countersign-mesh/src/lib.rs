//! The relay mesh: what carries a vote from a judge's device to the hub through whatever stands in between.
#![no_std]

extern crate alloc;
