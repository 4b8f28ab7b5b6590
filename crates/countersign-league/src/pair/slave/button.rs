//! Nobody pairs a slave from afar: outside of a match, a person stands at each half.
//!
//! A slave that was switched on, or whose button was pressed, looks for its master for two minutes. Then it is silent, and costs
//! neither the air nor, with signatures for strangers, its own time. Once the halves have met, nothing is asked of people until the
//! slave is switched off: a master that starts again finds it. Nor in a match: a slave that lost power there comes back by itself.

use super::Slave;
use crate::button::{Then, Touch};
use crate::pair::Phase;
use countersign::Signer;

/// So long after it was switched on, or its button was pressed, a slave looks for its master: time to walk to the other goal and press
/// the button there. Milliseconds.
pub const SEARCH: u64 = 120_000;

impl<S: Signer> Slave<S> {
    /// Whether it looks for its master, or has it. Otherwise it is silent, and deaf to handshakes, until its button is pressed.
    pub fn is_awake(&self, now: u64) -> bool {
        self.search_until.is_none_or(|until| now < until)
    }

    /// The button: a press wakes the slave for [`SEARCH`]; held outside of a match, it wants the sheet measured, and then
    /// [`Input::Calibrated`](super::Input::Calibrated).
    pub fn touched(&mut self, touch: Touch, now: u64) -> Then {
        match touch {
            Touch::Press => {
                if let Some(until) = &mut self.search_until {
                    *until = now.saturating_add(SEARCH);
                    self.next_beat = now;
                }
                Then::Nothing
            }
            Touch::Hold if self.phase() == Phase::Idle => Then::Calibrate,
            Touch::Hold => Then::Nothing,
        }
    }
}
