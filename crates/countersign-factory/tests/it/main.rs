//! Whole stations in a temporary folder: made, interrupted, tampered with; and every code read back by an independent decoder.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod bed;
mod burning;
mod codes;
mod elf;
mod line;
mod resume;
mod station;
mod tamper;
