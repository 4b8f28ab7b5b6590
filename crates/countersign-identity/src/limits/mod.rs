//! What keeps logins from being abused: buckets per network, a breaker over everybody, a budget for text messages.
//!
//! All three live in the memory of one process and start empty; none of them reads a clock. The limits per address
//! are exact and durable, and live in the store.

pub mod breaker;
pub mod network;
pub mod sms;

pub use breaker::Breaker;
pub use network::{Endpoint, NetworkLimits, Quota};
pub use sms::{CountryStats, SmsBudget, SmsRefusal};
