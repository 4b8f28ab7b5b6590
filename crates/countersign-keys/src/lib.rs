//! The operator's keys: files, the signed key set, and the steps of its life.
//!
//! ```text
//!   prepare ──▶ activate ──▶ retire ──▶ (its interval ends)         renew    new issue and expiry
//!      │           │            │                                   pins     other TLS pins
//!      │           └─────┬──────┘                                   roots    another root
//!      │                 ▼
//!      │               taint ──▶ revoke                             every step: version + 1, signed by a root
//!      └────────────────────────────▶ revoke
//! ```
//!
//! A **root** signs key sets and nothing else. Clients embed its public half, so it outlives every server: keep it on a
//! medium that lies in a drawer, not on the server. [`folder::KeyFolder`] signs with a root at hand; the
//! [`ceremony`] carries the bytes to a root that never comes near the server. **Online** keys sign answers and lie on the
//! server.
//!
//! ```text
//!   keys/realm                 whom the keys are for
//!   keys/root.key              only until it is moved away
//!   keys/online-1f2e3d4c.key   one per online key, named by the first 8 digits of its fingerprint
//!   keys/keyset.frame          the current set, as clients fetch it
//!   keys/keyset-history/       every former set, by version
//! ```
//!
//! Key files of a factory, of the devices that it makes, and of an event's hub have the same form, with roles of their own.
//!
//! Nothing here reads a clock. Files are written aside, synced and renamed: a crash leaves the old set or the new one.
#![forbid(unsafe_code)]

pub mod ceremony;
pub mod disk;
pub mod folder;
pub mod init;
pub mod key_file;
pub mod lifecycle;
pub mod online;
pub mod utc;
pub mod warning;

pub use ceremony::{CeremonyError, Unsigned};
pub use disk::DiskError;
pub use folder::{InstallError, KeyFolder, ReadError, StoredKeyset};
pub use init::{InitError, InitOptions, Initialised, init};
pub use key_file::{KeyFileError, Role};
pub use lifecycle::{Interval, LifecycleError};
pub use online::{LoadError, OnlineKeys, OnlineSeed};
pub use utc::Utc;
pub use warning::{Warning, warnings};
