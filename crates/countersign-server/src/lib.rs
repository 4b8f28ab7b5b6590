//! The server: gateway, identity, commands and push.
//!
//! ```text
//!  listen ─▶ ingress/{http,ws,stream,rest,login} ─▶ Gateway::verify (V0–V6) ─▶ commands, or the service behind ─▶ Gateway::seal
//!             no other way in                        core, on a bounded pool      take `Verified`, nothing else     bound to the request
//! ```
//!
//! Everything that answers a signed request goes through [`gateway::Gateway`]; nothing else holds the signing key.

pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod desk;
pub mod gateway;
pub mod ingress;
pub mod league;
pub mod limits;
pub mod logging;
pub mod maintenance;
#[cfg(feature = "otlp")]
mod otlp;
mod outbound;
pub mod pool;
pub mod problem;
pub mod push;
pub mod random;
pub mod reply;
pub mod seen;
pub mod serve;
pub mod sessions;
pub mod shutdown;
pub mod signer;
pub mod telemetry;
pub mod tls;
pub mod trace;
pub mod upstream;
