//! The accept loop: everything between a TCP connection and a request in a handler.
//!
//! `axum::serve` keeps a silent connection, half an HTTP/2 preface, a stalled body and an idle
//! connection open for as long as the client likes. Here each of them has a deadline:
//!
//! ```text
//! accept ── caps ── TLS ── protocol ── head ── vetting ── handler ── response ── idle ┐
//!   │        │      └────────┬──────────┘         │          └ read_body: body        │
//!   │        └ closed at     └ 5 s from accept,   └ 400, 431                          │
//!   │          once            then 5 s per head                                      │
//!   └──────────────────────────────── 60 s ───────────────────────────────────────────┘
//! ```
//!
//! A request in a handler and an upgraded WebSocket have no deadline here: they belong to the
//! handler. Only a peer that takes no bytes for [`ListenConfig::write_stall`] loses them.
//!
//! We look at the protocol ourselves instead of using hyper-util's `auto` builder, because that
//! one cannot limit the size of a head exactly, and because hyper's own `header_read_timeout`
//! also ends idle connections, so that a head could not have 5 s and an idle connection 60 s.

mod accept;
mod activity;
mod bind;
mod body;
mod client_ip;
mod config;
mod connection;
mod ending;
mod expiry;
mod free;
mod gate;
mod io;
mod service;
mod shutdown;
mod stats;
mod tls;
mod vet;

pub use accept::Listener;
pub use bind::BindError;
pub use body::{BodyError, read_body};
pub use client_ip::{ForwardedBy, IpNetwork, NetworkError, TrustedProxies, client_ip};
pub use config::ListenConfig;
pub use ending::Ending;
pub use free::free_port;
pub use service::{ConnectionInfo, HttpService, Transport};
pub use shutdown::{ShutdownReport, ShutdownSignal};
pub use stats::{Stats, StatsSnapshot};
pub use tls::{Certificate, Reload, TlsError, TlsFiles};
