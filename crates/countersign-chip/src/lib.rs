//! What a half of a pair adds when it runs on a microcontroller: who it is, what the factory told it, where it keeps things, and how
//! it gets new firmware.
//!
//! ```text
//!   eFuses ── HMAC peripheral ──▶ identity ── seed ──▶ the device key
//!                                    └── record key ─┐
//!   flash 0x9000 ── sealed ──▶ record ◀──────────────┘ ──▶ Content ── checked ──▶ DeviceRecord
//! ```
//!
//! Pure: no clock, no randomness, no peripherals. The HMAC and the flash come in through traits; the firmware gives them the chip's,
//! the factory and the tests their own. Runs on the ESP32-C3, which has no atomic read-modify-write instructions.
//! The formats are specified in `docs/firmware.md`, sections 3 and 6.
#![no_std]

extern crate alloc;

pub mod access_point;
pub mod callers;
pub mod flash;
pub mod identity;
pub mod kept;
pub mod names;
pub mod record;
pub mod starts;
pub mod update;

pub use access_point::AccessPoint;
pub use callers::Callers;
pub use identity::{EfuseKey, HmacUp, RecordKey, SoftwareHmac};
pub use kept::Keeper;
pub use record::{Content, DeviceRecord, Half, Sealed};
