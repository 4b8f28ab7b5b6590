//! Judging an event: who may judge what by which rubric, what they said, and what follows from it.
#![no_std]

extern crate alloc;

pub mod tally;
