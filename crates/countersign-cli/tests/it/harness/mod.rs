//! A server process, devices that log in to it, and the means to lie to it.
//!
//! ```ignore
//! let server = Server::start(Options::new().set("limits.refused_burst", 100_000));
//! let mut ana = Device::register(&server, "ana@example.org");
//! let request = ana.draft("session.list", b"{}").with(|header| header.epoch = Epoch::NONE).sign();
//! let answer = ana.send(&request.frame);                       // HttpAnswer: status, headers, body
//! assert_eq!(ana.open(request.reply_to, &answer).result, ResultCode::STALE_EPOCH);   // R1 to R4 hold
//! assert_eq!(server.business_calls("session.list"), 0);
//! ```
//!
//! Every wait has a deadline; only processes that a test started are ended.

pub(crate) mod archive;
mod device;
mod http;
pub(crate) mod league;
pub(crate) mod live;
mod login;
pub(crate) mod peers;
pub(crate) mod recorder;
pub(crate) mod rest;
mod server;
pub(crate) mod tls;

pub(crate) use device::{Device, Opened, Request, reply_to_of};
pub(crate) use http::{Address, Http, HttpAnswer, connect};
pub(crate) use login::Login;
pub(crate) use server::{Options, Server, code_in};

pub(crate) use countersign_server::clock::{instant, now};

use std::time::Duration;

/// When a test gives up waiting. A busy two-core machine takes a while to start a process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again until there is something, at most [`PATIENCE`] long.
pub(crate) fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look)
}

/// Looks again until there is something, at most `patience` long.
pub(crate) fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = instant();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < patience, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    countersign_server::random::bytes().unwrap()
}
