//! Where phones find this hub: the address by which somebody opened its page in the hall's network.

use super::problem::{self, Problem};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use countersign_node::link::ws;
use countersign_sheets::{Correction, Qr};
use std::net::IpAddr;

/// Most bytes of an address: the longest name and a port.
const TEXT_MAX: usize = 260;

/// A host and its port, as a browser said it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reached(String);

impl Reached {
    /// The address that was asked for; nothing if no phone gets here by it. Nothing is trusted because of it: whoever lies about it
    /// lies to himself.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        if host.is_empty() || host.len() > TEXT_MAX || !host.bytes().all(is_plain) {
            return None;
        }
        let (name, has_port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => (name, true),
            Some(_) | None => (host, false),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let is_own = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        let is_here = name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_own);
        // A browser leaves the port of HTTP out; the judging page would fill in the usual one of hubs.
        let port = if has_port { "" } else { ":80" };
        (!is_here).then(|| Self(host.to_ascii_lowercase() + port))
    }

    /// What the judging page scans or is told.
    pub(super) fn mesh(&self) -> String {
        format!("ws://{}{}", self.0, ws::PATH)
    }

    /// For people.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// The address as a code.
pub(super) async fn svg(headers: HeaderMap) -> Result<Response, Problem> {
    let reached = Reached::of(&headers).ok_or(problem::NOT_FOUND)?;
    let qr = Qr::new(&reached.mesh(), Correction::M).map_err(|_| problem::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], qr.svg()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(host: &'static str) -> Option<Reached> {
        Reached::of(&HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]))
    }

    #[test]
    fn an_address_that_a_phone_reaches_is_said_and_the_machines_own_is_not() {
        for (host, mesh) in [
            ("192.0.2.7:8470", "ws://192.0.2.7:8470/mesh"),
            ("Hub.local", "ws://hub.local:80/mesh"),
            ("[fe80::1]", "ws://[fe80::1]:80/mesh"),
            ("[fe80::1]:8470", "ws://[fe80::1]:8470/mesh"),
        ] {
            assert_eq!(of(host).unwrap().mesh(), mesh);
        }
        for host in [
            "localhost:8470",
            "127.0.0.1:8470",
            "[::1]:8470",
            "0.0.0.0:8470",
            "",
            "a/b",
            "a\"b",
            "a b",
        ] {
            assert_eq!(of(host), None, "{host}");
        }
    }
}
