//! The chip line: pairs whose secrets are burnt into microcontrollers.
//!
//! ```text
//!   Line::init ──▶ chip/vault.sealed, chip/boot.pem, chip/boot.digest
//!        │
//!        ├── image ── ELFs ─▶ releases/slave-esp32c3-1.0.0/ (padded, signed, manifest signed by the station)
//!        │
//!        ├── make ─── eFuse keys into the vault ─▶ public keys ─▶ a batch ─▶ sealed records
//!        │
//!        └── burn ─── plan, from what the fuses say ─▶ chip ─▶ check
//! ```
//!
//! What is secret is in the vault and nowhere else: the key that signs images, and three eFuse keys for each chip. Espressif's tools,
//! which sign, and burn, get a key as a file that exists in memory only; no argument and no file holds one.
//! The formats are in `docs/firmware.md`, section 4.

mod address;
mod board;
mod burn;
mod check;
mod chip;
mod claim;
mod flash;
mod foreign;
mod fuses;
mod image;
mod job;
mod make;
mod plan;
mod record;
mod release;
mod station;
mod step;
mod tool;
mod vault;

pub use address::{Address, AddressError};
pub use burn::{BurnError, Burnt, Standing, burn, state};
pub use check::{CheckError, Checked, Identity, check, identify};
pub use chip::{Bench, Chip, Kind, Site, Virtual};
pub use claim::{Claim, ClaimError, claim, may_claim};
pub use flash::{FlashKey, FlashKeyError};
pub use foreign::Foreign;
pub use fuses::{Fuses, FusesError};
pub use image::{Image, ImageError, ShapeError, image};
pub use job::Job;
pub use make::{ChipMakeError, ChipOrder, Master, Stage, make_chips, seal_records};
pub use plan::{BurnPlan, Owner};
pub use record::RecordError;
pub use release::{Manifest, Release, ReleaseError, ReleaseFile};
pub use station::{Line, LineError};
pub use step::{Progress, Step};
pub use tool::{ToolError, Tools, stop_tools};
pub use vault::{ChipKeySet, KnownChip, PairKeySet, Vault, VaultError, VaultPassphrase};
