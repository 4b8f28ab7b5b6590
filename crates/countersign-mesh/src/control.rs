//! CONTROL: what the hub orders everybody at once.

use crate::hub::Notice;
use crate::keys::KeyEpoch;
use crate::packet::PacketType;
use alloc::vec::Vec;
use countersign::wire::{Malformed, Reader};
use countersign::{Fingerprint, Timestamp};

/// An order of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Rises with every order of this hub, also over its restarts. A relay gives each one out at most once, perhaps not in order:
    /// who acts on them keeps the highest for each thing that is ordered about.
    pub sequence: u64,
    /// The hub's time.
    pub time: Timestamp,
    /// What to do.
    pub action: Action,
}

/// What a hub can order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A new QR is on the screen. Relays without its key carry its packets all the same, slowly.
    Rekey {
        /// The epoch from now on.
        epoch: KeyEpoch,
    },
    /// A judge's key counts no more.
    Revoke {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// A round opens or closes.
    Round {
        /// Its number.
        number: u8,
        /// Whether votes are taken.
        open: bool,
    },
}

impl Notice for Control {
    const TYPE: PacketType = PacketType::Control;
    const KIND: &'static str = "hub.control";

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(17 + 32 + 64);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.time.as_millis().to_be_bytes());
        match &self.action {
            Action::Rekey { epoch } => out.extend_from_slice(&[1, epoch.get()]),
            Action::Revoke { fingerprint } => {
                out.push(2);
                out.extend_from_slice(fingerprint.as_bytes());
            }
            Action::Round { number, open } => {
                out.extend_from_slice(&[3, *number, u8::from(*open)]);
            }
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let sequence = reader.u64()?;
        let time = reader.time()?;
        let action = match reader.u8()? {
            1 => Action::Rekey { epoch: KeyEpoch::new(reader.u8()?) },
            2 => Action::Revoke { fingerprint: Fingerprint::from_bytes(reader.array()?) },
            3 => Action::Round {
                number: reader.u8()?,
                open: match reader.u8()? {
                    0 => false,
                    1 => true,
                    _ => return Err(Malformed::Range),
                },
            },
            _ => return Err(Malformed::Range),
        };
        reader.finish()?;
        Ok(Self { sequence, time, action })
    }
}
