//! Whole logins against the memory store, and messages to real peers: `aiosmtpd` (Debian's python3-aiosmtpd) over
//! SMTP, and an HTTP listener of this test. Everything stays on the loopback.
//!
//! `cfg(test)` tells clippy that the helpers may unwrap, too.

#[cfg(test)]
mod flow;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod sms;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod support;
