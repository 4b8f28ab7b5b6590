//! A small authoritative DNS responder, for two places.
//!
//! ```text
//!  device:  Responder::own_name("d1….glt.…")         its own name on its own Wi-Fi, and nothing else
//!  server:  Zone::league("glt.example.org")          every device's name, and the challenges of ACME (RFC 8555 section 8.4)
//!
//!  UDP, TCP ──▶ Responder ──▶ Zone::answer(query) ──▶ answer
//! ```
//!
//! [`Zone`] does no I/O. It never forwards and never recurses: what is not in the zone is refused, so that a phone asks its other
//! network instead of believing that the name does not exist.

mod challenge;
mod responder;
mod zone;

pub use challenge::{Challenges, PublishError};
pub use responder::{BindError, Responder};
pub use zone::{QUERY_MAX, Transport, Zone, ZoneError};
