//! The hub's folder.
//!
//! ```text
//!   hub.toml        its name                           hub.key       signs receipts, control, log head
//!   packages/       bundles and the keys behind them    sealing.key   opens votes that are sealed to the hub
//!   log.bin         what was taken; only grows         event.key     KEY of the event's QR
//!   log.durable     how much of it is certain           organiser.key token of the organiser's page
//!   log.head        signed when the event was sealed
//!   control.sock    commands to a running hub          .lock
//! ```
//!
//! `Ok` means durable. After an error of the log the program ends: it has acknowledged nothing that it does not have.

mod event_key;
mod folder;
mod log_file;
mod secret;

pub use folder::{Folder, FolderError, HubPublic};
pub(crate) use folder::{PACKAGES, package_name, read_packages};
pub(crate) use log_file::{Found, LOG_MAX, LogFile};
pub use secret::SecretError;
