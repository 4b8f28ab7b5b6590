//! Epochs: which server process, and which ten minutes of it, a request was signed for.

use crate::id::Epoch;
use crate::time::Timestamp;
use core::time::Duration;

/// How long an epoch is the current one.
pub const EPOCH_LIFE: Duration = Duration::from_secs(600);

/// The current and the previous epoch of one process. Never stored, never shared: that is the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epochs {
    current: Epoch,
    previous: Epoch,
    drawn: Timestamp,
}

impl Epochs {
    /// The first epoch of a process, from eight random bytes.
    pub fn new(random: [u8; 8], now: Timestamp) -> Self {
        let current = draw(random);
        Self { current, previous: current, drawn: now }
    }

    /// The epoch that answers carry.
    pub const fn current(&self) -> Epoch {
        self.current
    }

    /// When the next one should be drawn.
    pub const fn due(&self) -> Timestamp {
        self.drawn.plus(EPOCH_LIFE)
    }

    /// Draws the next epoch; the current one stays valid until the one after.
    pub fn rotate(&mut self, random: [u8; 8], now: Timestamp) {
        *self = Self { current: draw(random), previous: self.current, drawn: now };
    }

    /// Whether a request may carry this epoch.
    pub fn accepts(&self, epoch: Epoch, bootstrap: Bootstrap) -> bool {
        match bootstrap {
            Bootstrap::Allowed if epoch == Epoch::NONE => true,
            Bootstrap::Allowed | Bootstrap::Refused => {
                epoch == self.current || epoch == self.previous
            }
        }
    }
}

/// Whether a message type may be sent before any epoch is known. Only for what changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bootstrap {
    /// Epoch 0 is accepted.
    Allowed,
    /// A current epoch is needed.
    Refused,
}

/// Zero means "none", so it is not drawn.
fn draw(random: [u8; 8]) -> Epoch {
    if random == [0; 8] { Epoch::from_bytes([1; 8]) } else { Epoch::from_bytes(random) }
}
