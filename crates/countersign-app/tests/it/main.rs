//! The app core as a shell drives it, with real keys and evidence.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod tls;
mod world;
