//! The real server process against its attackers, on the loopback. Tests are named after the attacks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod backends;
mod behind;
mod bits;
mod certificates;
mod chips;
mod clocks;
mod conformance;
mod connections;
mod crashes;
mod event_day;
mod events;
mod factory;
mod floods;
mod forgeries;
mod harness;
mod hub;
mod journeys;
mod junk;
mod ladder;
mod league;
mod league_evidence;
mod league_faults;
mod league_ops;
mod lifecycle;
mod logins;
mod program;
mod proxies;
mod push;
mod relay;
mod replay;
mod roots;
mod scalars;
mod secrets;
mod signatures;
mod traces;
