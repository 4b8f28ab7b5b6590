//! Certificates for devices with private addresses: the server asks an ACME authority on their behalf.
//!
//! ```text
//!  phone ─ league.csr ─▶ server ─ CheckedCsr ─▶ Broker ─▶ Queue ─▶ Acme ─▶ authority (RFC 8555)
//!                                                 │                  └──▶ Publish: own zone, or a webhook ─▶ _acme-challenge
//!  phone ◀─ league.chain ◀─ server ◀─ Issued ─────┴──▶ Shelf: one file per device
//! ```
//!
//! The device keeps its TLS key; nothing here holds one. An authority proves that we own the name, the device's master key proves
//! whose name it is, and the caller has checked that signature before anything gets here.
//!
//! Orders are carried out one after the other. Time is an argument.

mod acme;
mod broker;
mod config;
mod csr;
mod http;
mod issued;
mod publish;
mod queue;
mod shelf;

pub use broker::{Broker, Next, OpenError, RequestError, State};
pub use config::{BrokerConfig, ConfigError, DnsMode};
pub use csr::{CheckedCsr, CsrError};
pub use issued::{ChainError, Issued};
pub use publish::{Publish, Publishing, WebhookError, WebhookPublisher, ZonePublisher};
