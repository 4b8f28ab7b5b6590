//! Records of chips that are not there, and stores and updates on a simulated flash whose power fails at every step.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod corpus;
mod images;
mod journal;
mod kept;
mod nor;
mod outbox;
mod record;
mod store;
mod update;
mod world;
