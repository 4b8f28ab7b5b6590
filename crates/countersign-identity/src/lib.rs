//! How people prove an address, and how codes reach them.
//!
//! ```text
//!   HTTP shell ──▶ flow::Identity ──▶ limits (network, breaker, SMS budget), pow, code ──▶ Store: login + outbox row
//!                                                                                             │ one unit
//!   mail server ◀── sender::smtp ◀──┐                                                         ▼
//!   SMS webhook ◀── sender::sms  ◀──┴── sender::outbox ◀── wakes at once, polls, leases ── claim_messages
//! ```
//!
//! A library without an HTTP server. Time is an argument; addresses and codes are never logged.

pub mod address;
pub mod code;
pub mod config;
pub mod flow;
mod guards;
pub mod limits;
mod mac;
mod pepper;
pub mod pow;
pub mod secret;
pub mod sender;
mod text;
mod view;
pub mod webhook;

pub use flow::Identity;
