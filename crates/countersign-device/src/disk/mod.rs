//! What outlives a loss of power: the folder `state/` of a half.
//!
//! ```text
//!   master  journal.0 journal.1   the match, alternating        slave  slots.bin   head and ring of reports, fixed slots
//!           link.bin              the pair link's record
//!           keyset.bin            newest key set, and who may replace it
//!           device.cert           the device's certificate
//!           outbox/<match>.bundle what waits for a courier
//!   both    boot  calibration.bin  control.sock  .lock
//! ```
//!
//! `Ok` means durable. After an error the program ends: it has promised nothing that it does not have.

mod journal;
mod slots;
mod state;

pub(crate) use journal::Journal;
pub(crate) use slots::Slots;
pub(crate) use state::{
    StateError, StateFolder, list_outbox, parse_match, read_bundle, read_calibration,
};
