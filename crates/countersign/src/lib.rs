//! The pure core of Countersign: keys, canonical bytes, ordered verification, client session, replay memory.
//!
//! ```text
//!   device                                                     server process
//!   Session::prepare ── UnsignedRequest ── sign ──▶ frame ──▶ Received ─▶ Resolved ─▶ Authentic ─▶ Fresh ─▶ Verified
//!        ▲                                                      V1         V2 V3        V4           V5       V6  │
//!        └── R1 R2 R3 R4 ◀── frame ◀── sign ── UnsignedResponse (bound to the request's digest) ◀── business ◀────┘
//! ```
//!
//! Nothing here reads a clock, draws a random number, or does I/O: time and randomness are arguments, and the
//! signer may be anything. `no_std` with `alloc`. The bytes are specified in `docs/PROTOCOL.md`.
#![no_std]

extern crate alloc;

pub mod batch;
pub mod client;
pub mod domain;
pub mod epoch;
pub mod evidence;
pub mod id;
pub mod key;
pub mod keyset;
pub mod offset;
pub mod payload;
pub mod push;
pub mod record;
pub mod register;
pub mod replay;
pub mod request;
pub mod response;
pub mod result;
pub mod statement;
pub mod time;
pub mod verify;
pub mod wire;

pub use domain::{Domain, Realm, RealmError};
pub use epoch::{Bootstrap, Epochs};
pub use id::{
    Epoch, EventId, Fingerprint, LoginId, PayloadHash, RecordDigest, RecordId, RequestDigest,
    RequestId, ServerKeyId, SessionId, StreamId, UserId,
};
pub use key::{Signature, Signer, SigningKey, VerifyingKey};
pub use keyset::{KeyState, Keyset, KeysetContent, OnlineKey};
pub use payload::Payload;
pub use push::PushHeader;
pub use record::RecordHeader;
pub use register::RegisterHeader;
pub use replay::{FirstUse, ReplayError, ReplayKey, ReplayLimits, SeenSet};
pub use request::{ReplyTo, RequestHeader, UnsignedRequest};
pub use response::{Answer, ResponseHeader, UnsignedResponse};
pub use result::ResultCode;
pub use time::{Freshness, FreshnessWindow, Timestamp};
pub use wire::{Flags, Frame, Kind, Malformed, Name};
