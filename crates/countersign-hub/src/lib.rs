//! The venue's server: it takes votes from the mesh, keeps them, answers with receipts and shows the tally. Offline all day.
//!
//! ```text
//!   links ─▶ Node ─▶ intake: threads open, read, verify ─▶ desk: one thread, Venue + log.bin ─▶ fsync ─▶ announce ─▶ Node ─▶ links
//!                                                           ▲                                    receipts, orders, beacon
//!   pages, control socket, `countersign hub …` ─────────────┘
//! ```
//!
//! What was acknowledged is in the log and on the disk: whoever waits while the disk syncs shares the next sync.
#![forbid(unsafe_code)]

mod announce;
mod clock;
pub mod control;
pub mod count;
mod desk;
mod disk;
mod error;
pub mod export;
mod http;
mod hub;
mod intake;
mod links;
pub mod package;
mod papers;
mod random;
mod view;
mod voice;

pub use control::{Answer, Command, ControlError};
pub use disk::{Folder, FolderError, HubPublic, SecretError};
pub use error::HubError;
pub use export::{Export, ExportError, Report};
pub use hub::{Hub, HubOptions, command};
pub use links::LinkOptions;
pub use package::{Package, PackageError, Trust, TrustedEvent};
pub use random::NoRandom;
