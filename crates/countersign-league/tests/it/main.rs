//! Tests of the league through its public interface.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod goal;
mod pair;
