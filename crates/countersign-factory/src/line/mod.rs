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

mod burn;
mod check;
mod chip;
mod flash;
mod fuses;
mod image;
mod make;
mod plan;
mod record;
mod release;
mod station;
mod tool;
mod vault;

pub use burn::{BurnError, Burnt, Job, burn, state};
pub use check::{CheckError, check};
pub use chip::{Bench, Chip, Kind, Virtual};
pub use flash::{FlashKey, FlashKeyError};
pub use fuses::{Fuses, FusesError};
pub use image::{Image, ImageError, image};
pub use make::{ChipMakeError, ChipOrder, Stage, make_chips};
pub use plan::{BurnPlan, Foreign, Progress, Step};
pub use record::RecordError;
pub use release::{Manifest, Release, ReleaseError, ReleaseFile};
pub use station::{Line, LineError};
pub use tool::{ToolError, Tools};
pub use vault::{ChipKeySet, PairKeySet, Vault, VaultError, VaultPassphrase};
