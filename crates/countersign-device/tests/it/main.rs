//! Real programs: a master and a slave, phones over HTTP, and losses of power.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it unwraps"
)]

mod browsers;
mod crashes;
mod folders;
mod matches;
mod pairing;
mod phone;
mod phones;
mod program;
mod radio;
