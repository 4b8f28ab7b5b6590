//! What the shells of both halves have to say to each other: updates of the slave, which phones bring the master.

use super::Device;
use crate::game::State;
use crate::pair::Entropy;
use crate::pair::master::{Order, ParcelError};
use countersign::Signer;

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// Whether the device may do something else for some seconds, or start again, and nobody misses it: no lobby, no match, nothing
    /// on its way to the slave. What it has said so far has to be carried out before.
    pub fn is_idle(&self) -> bool {
        self.state().is_quiet() && self.outputs.is_empty() && !self.link.is_bringing()
    }

    /// Brings the slave some bytes, while nobody is in the lobby and nothing is played. What it says to them comes as
    /// [`super::Output::Answered`], or [`super::Output::Undelivered`] comes.
    pub fn bring(&mut self, bytes: &[u8], now: u64) -> Result<(), ParcelError> {
        if !self.state().is_quiet() {
            return Err(ParcelError::Match);
        }
        let brought = self.link.bring(bytes, now);
        if brought == Err(ParcelError::NoSlave) && self.state() != State::Locked {
            // Before the first press of the button nobody has looked for the slave yet.
            self.order(Order::Connect, now);
        }
        self.settle(now);
        brought
    }
}
