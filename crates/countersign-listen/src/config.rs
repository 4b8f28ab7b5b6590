//! Every limit of the accept loop in one place.

use super::client_ip::TrustedProxies;
use std::time::Duration;

/// Limits and deadlines of one [`Listener`](super::Listener). `default()` is the deployment value.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// From accept to the end of the first request head, TLS handshake included. Default 5 s.
    pub first_head: Duration,
    /// From the first byte of a later HTTP/1.1 head to its end. Default 5 s.
    pub head: Duration,
    /// Without a request in flight. Default 60 s; longer than a proxy's keep-alive towards us, or
    /// the proxy reuses a connection that we are closing.
    pub idle: Duration,
    /// The peer takes no byte of what we write, or gives an HTTP/2 stream no window. Holds for
    /// upgraded connections too. Default 30 s.
    pub write_stall: Duration,
    /// Header fields per request; one more is answered with 431. Default 64.
    pub max_headers: usize,
    /// Bytes of a request head (HTTP/2: of the header list); more is answered with 431.
    /// Default 16 KiB.
    pub head_bytes: usize,
    /// Concurrent HTTP/2 streams of a connection. Default 64.
    pub h2_streams: u32,
    /// HTTP/2 ping to a quiet client. Default every 20 s.
    pub h2_ping: Duration,
    /// An HTTP/2 ping without answer closes the connection. Default 10 s.
    pub h2_ping_timeout: Duration,
    /// Connections of this listener. One more is accepted and closed at once: a client that sees
    /// a close can try elsewhere or later, one that waits in the backlog sees nothing, and the
    /// backlog would then hold the honest clients back too. Default 2,000.
    pub max_connections: usize,
    /// Connections per IPv4 address or IPv6 /64. Does not hold for `trusted_proxies`. Schools and
    /// mobile carriers share an address, so this is a brake and not a login limit. Default 32.
    pub max_connections_per_ip: usize,
    /// Who may tell us the client's address. Default nobody.
    pub trusted_proxies: TrustedProxies,
    /// What requests in flight get at shutdown before they are dropped. Default 10 s.
    pub shutdown_grace: Duration,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            first_head: Duration::from_secs(5),
            head: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            write_stall: Duration::from_secs(30),
            max_headers: 64,
            head_bytes: 16 * 1024,
            h2_streams: 64,
            h2_ping: Duration::from_secs(20),
            h2_ping_timeout: Duration::from_secs(10),
            max_connections: 2_000,
            max_connections_per_ip: 32,
            trusted_proxies: TrustedProxies::default(),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
