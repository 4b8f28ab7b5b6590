//! The stores and updates on a simulated flash, with the power failing at every step.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod nor;
mod store;
