//! The key folder against operators, crashes and clients that follow along.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod ceremony;
mod files;
mod follow;
mod online;
mod steps;
mod world;
