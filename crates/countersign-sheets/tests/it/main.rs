//! What is printed is read back: codes by another implementation, PDF by a small reader of what we write.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod pages;
mod pdf;
mod qr;
