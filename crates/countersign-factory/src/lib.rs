//! Makes goal-line pairs: keys, certificates, batches, labels, and the checks of what lies at a station.
//!
//! ```text
//!   Factory::init ──▶ factory.toml, factory.key, keyset.bin
//!        │
//!        ▼                    killed anywhere: run it again
//!   make ── plan ──▶ pair, pair, pair … ──▶ manifest ──▶ register (the shell sends) ──▶ server
//!                     │
//!                     └── master/, slave/ (countersign-provision), label
//! ```
//!
//! A batch begins with its plan and ends with its manifest. Each pair is built aside and put in place by one rename: it is there as a
//! whole or not at all, and what was built aside when the power went is thrown away with its keys. The formats are in
//! `docs/league.md`, section 12.
//!
//! Nothing here reads a clock or knows a network.
#![forbid(unsafe_code)]

mod batch;
mod chip;
mod config;
mod factory;
mod html;
mod label;
pub mod line;
mod make;
mod mark;
mod plan;
pub mod qr;
mod random;
mod register;
mod verify;

pub use batch::{Batch, BatchError};
pub use chip::{ChipError, ChipKeys, ChipPair};
pub use config::{FactoryConfig, Settings, SettingsError};
pub use factory::{Factory, FactoryError};
pub use html::sheet;
pub use label::{Label, LabelError};
pub use make::{Made, MakeError, Order, make};
pub use mark::{Colour, mark};
pub use plan::{Plan, Secrets};
pub use register::{RegisterError, Shipment};
pub use verify::{Report, verify};
