//! Whole stations in a temporary folder: made, interrupted, tampered with; and every code read back by an independent decoder.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod bed;
mod burning;
mod claims;
mod closed;
mod codes;
mod elf;
mod line;
mod mixed;
mod radio;
mod resume;
mod rom;
mod station;
mod tamper;
