//! The order of verification, as chains of values.
//!
//! Each step takes the value before it and gives out the next one; the last one, and nothing else, is what business
//! code accepts. There is no flag to forget and no order to get wrong: a step that was not taken leaves nothing
//! to call the next one on. The checks are numbered as in docs/PROTOCOL.md section 7.
//!
//! ```compile_fail
//! # use countersign::verify::{Received, Verified};
//! fn business(request: Verified) {}
//! fn gateway(received: Received<'_>) {
//!     business(received); // a received request is not a verified one
//! }
//! ```
//!
//! ```compile_fail
//! # use countersign::verify::Verified;
//! # fn forge(header: countersign::RequestHeader, digest: countersign::RequestDigest) -> Verified {
//! Verified { header, digest, content: vec![] } // nobody else can build one
//! # }
//! ```

mod push;
mod record;
mod register;
mod request;
mod response;

pub use push::{PushError, PushEvent, PushStream, SnapshotStream};
pub use record::{ReceivedRecord, RecordError, VerifiedRecord};
pub use register::{ProvenRegister, ReceivedRegister};
pub use request::{
    Authentic, DeviceSession, Fresh, Received, Refused, Resolved, SessionState, Verified,
};
pub use response::{Pending, ResponseError, VerifiedResponse, verify_response};
