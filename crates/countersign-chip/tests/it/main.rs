//! The stores and updates on a simulated flash, with the power failing at every step.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod nor;
mod store;
mod update;
