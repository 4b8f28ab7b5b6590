//! The hub's folder.
//!
//! ```text
//!   hub.toml        its name                           hub.key       signs receipts, control, log head
//!   event.package   bundle and the keys behind it      sealing.key   opens votes that are sealed to the hub
//!   log.bin         what was taken; only grows         event.key     KEY of the event's QR, and its epoch
//!   mesh.bin        what the node remembers            organiser.key token of the organiser's page
//!   control.sock    commands to a running hub          .lock
//! ```
//!
//! `Ok` means durable. After an error of the log the program ends: it has acknowledged nothing that it does not have.

mod event_key;
mod folder;
mod log_file;
mod secret;

pub(crate) use event_key::CurrentCode;
pub use folder::{Folder, FolderError};
pub(crate) use log_file::LogFile;
pub use secret::SecretError;
