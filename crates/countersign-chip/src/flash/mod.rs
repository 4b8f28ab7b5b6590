//! What outlives a loss of power, on NOR flash: bits go from one to zero when they are written, and back by whole sectors.
//!
//! ```text
//!   Store    small values by number: the slave's link slots, and what a half has few of       any half
//!   Journal  the match, in two areas: the old one stays until the new one has begun           master
//!   Outbox   bundles that wait for couriers                                                   master
//! ```
//!
//! `Ok` from a write means durable. The power may fail at any moment of a write or an erase, again and again while the start after it
//! repairs things: what was there before is there afterwards, and what was being written is there as a whole or not at all. After an
//! error the RAM may be behind the flash: open it again, as after a loss of power.
//!
//! These areas are read and written as they are, without the flash encryption that the applications have: nothing in them is secret.

mod ahead;
mod areas;
mod journal;
mod outbox;
mod sector;
mod slots;
mod store;

pub use ahead::Ahead;
pub use areas::{JOURNAL, JOURNAL_MAX, OUTBOX, STORE, Small};
pub use journal::Journal;
pub use outbox::{BUNDLES_MAX, Outbox, OutboxError, Parcel};
pub use sector::{FlashError, SECTOR, VALUE_MAX};
pub use slots::{Found, LinkSlots, SlotError};
pub use store::{KEYS_MAX, Store};
