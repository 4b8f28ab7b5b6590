//! The base URL of a server.

use http::uri::{Authority, Uri};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;

/// Why a text is not the base URL of a server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    /// Not a URL.
    #[error("'{0}' is not a URL; write for example https://league.example.org")]
    Unreadable(String),
    /// Neither https nor http.
    #[error("'{0}' does not start with https://")]
    Scheme(String),
    /// Credentials, a query or a fragment.
    #[error("'{0}' has a user name or a query; a base URL is only scheme, host, port and path")]
    Surplus(String),
    /// Login codes would cross the network in the clear.
    #[error(
        "plain http is used on this machine only (localhost, 127.0.0.1, [::1]); write https://{0}"
    )]
    Insecure(String),
}

/// `https://host[:port][/path]`, or `http://` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    tls: bool,
    authority: Authority,
    path: String,
}

impl BaseUrl {
    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host without brackets.
    pub fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// Host and port as in the URL.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The path that stands before every path of the protocol; empty or `/something`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The URL of a path of the protocol; `tail` starts with a slash.
    pub fn join(&self, tail: &str) -> String {
        format!("{self}{tail}")
    }

    /// The URL of the WebSocket.
    pub fn websocket(&self) -> String {
        format!("{}://{}{}/ws", if self.tls { "wss" } else { "ws" }, self.authority, self.path)
    }
}

impl BaseUrl {
    /// The base URL of a goal-line device. It may speak plain HTTP: nothing secret is sent to it, and what it says is signed.
    pub fn of_device(text: &str) -> Result<Self, BaseUrlError> {
        parse(text)
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let base = parse(text)?;
        match base.tls || is_this_machine(base.host()) {
            true => Ok(base),
            false => Err(BaseUrlError::Insecure(base.authority.to_string())),
        }
    }
}

fn parse(text: &str) -> Result<BaseUrl, BaseUrlError> {
    let unreadable = || BaseUrlError::Unreadable(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| unreadable())?;
    let authority = uri.authority().cloned().ok_or_else(unreadable)?;
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(BaseUrlError::Scheme(text.to_owned())),
    };
    if uri.query().is_some() || text.contains('#') || authority.as_str().contains('@') {
        return Err(BaseUrlError::Surplus(text.to_owned()));
    }
    let path = uri.path().trim_end_matches('/').to_owned();
    Ok(BaseUrl { tls, authority, path })
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_plain_and_secure() {
        let base: BaseUrl = "https://league.example.org:8443/cs/".parse().unwrap();
        assert_eq!(base.join("/x"), "https://league.example.org:8443/cs/x");
        assert_eq!(base.websocket(), "wss://league.example.org:8443/cs/ws");
        assert_eq!((base.host(), base.port(), base.path()), ("league.example.org", 8443, "/cs"));
        let local: BaseUrl = "http://[::1]:80".parse().unwrap();
        assert_eq!((local.host(), local.to_string().as_str()), ("::1", "http://[::1]:80"));
        for (bad, expected) in [
            ("http://league.example.org", "write https://league.example.org"),
            ("ftp://league.example.org", "does not start with https://"),
            ("https://ana@league.example.org", "user name"),
            ("https://league.example.org/?a", "query"),
            ("league", "does not start with https://"),
            ("https://", "not a URL"),
        ] {
            let error = bad.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }
}
