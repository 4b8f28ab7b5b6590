//! Native client: pinned TLS, key store, session.
//!
//! ```text
//!   Login ── key, code ──▶ Registered ──▶ Profile (state.json, key) ──▶ Client ── call, rest, submit_record ──▶ Reply
//!                                             ▲                           │
//!                                             └── key set, epoch, cursor ─┴── Watch (WebSocket, SSE, long poll) ──▶ Event
//! ```
//!
//! A thin shell around [`countersign::client::Session`]: this crate has the clock, the sockets and the disk; every decision is the
//! session's. Whatever goes wrong with TLS, the network or an unsigned answer, the key stays where it is: only
//! [`CallError::LoggedOut`] says that it may be deleted, and only the caller does that.
#![forbid(unsafe_code)]

mod base;
mod call;
mod client;
mod clock;
mod follow;
mod hand_over;
mod judge;
mod kept;
mod keystore;
mod lock;
pub mod login;
mod pitch;
mod player;
mod profile;
mod random;
mod record;
mod rest;
mod server;
mod tls;
mod transport;
pub mod watch;
mod websocket;

pub use base::{BaseUrl, BaseUrlError};
pub use call::{CallError, Exchange, Reply};
pub use client::{Client, OpenClientError};
pub use clock::{Clock, SystemClock};
pub use countersign_app::trust::{ParseRootError, RootName, Trust, TrustError, claimed_roots};
pub use hand_over::{HandOver, HandOverError};
pub use judge::{HeadlessJudge, JudgeError, JudgeLink, JudgeParts};
pub use kept::FolderError;
pub use keystore::{KeyPlace, KeyPlacePreference, KeyPut, KeyStore, KeyStoreError};
pub use pitch::{Pitch, ViewsEnded};
pub use player::{HeadlessPlayer, PlayerError};
pub use profile::{
    Profile, ProfileError, ProfileName, ProfileNameError, SessionState, State, StreamState,
    TlsState,
};
pub use random::{RandomError, generate_key, random};
pub use record::{SignedRecord, SubmitError};
pub use rest::{RestError, RestReply, RestRequest};
pub use server::{KeysetFetchError, Options, Server};
pub use tls::{
    Identity, PINS_TO_ENFORCE, ParsePinError, Pin, PinMismatch, PinMode, PinReporter, TlsOptions,
    TlsSetupError,
};
pub use transport::{FRAME_TYPE, Limits, TransportError};
