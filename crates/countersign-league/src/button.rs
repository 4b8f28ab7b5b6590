//! The one button of a half: from a wire that bounces to what a person wants. What follows is decided by
//! [`Device::touched`](crate::device::Device::touched) and [`Slave::touched`](crate::pair::Slave::touched).

/// A shorter touch is none. Milliseconds.
pub const PRESS: u64 = 30;
/// Who holds the button so long wants the sheet measured again. Milliseconds.
pub const HOLD: u64 = 3_000;
/// Released for a shorter time than this, it is held all the same: the contact bounces. Milliseconds.
const BOUNCE: u64 = 30;

/// What a finger did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Touch {
    /// Pressed and let go.
    Press,
    /// Held; told while it is.
    Hold,
}

/// What the shell does after a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Then {
    /// Nothing more than what the machine wants done anyway.
    Nothing,
    /// Measures the sheet, and gives the machine what was found.
    Calibrate,
}

/// A button that is looked at again and again, at least every 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Button {
    down: Option<Down>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Down {
    since: u64,
    /// When it was last seen down.
    last: u64,
    is_told: bool,
}

impl Button {
    /// A button that nobody touches.
    pub const fn new() -> Self {
        Self { down: None }
    }

    /// Whether it is down now. Who held it tells nothing when letting go.
    pub fn look(&mut self, is_down: bool, now: u64) -> Option<Touch> {
        let Some(down) = &mut self.down else {
            self.down = is_down.then_some(Down { since: now, last: now, is_told: false });
            return None;
        };
        if is_down {
            down.last = now;
            let is_due = !down.is_told && now.saturating_sub(down.since) >= HOLD;
            down.is_told |= is_due;
            return is_due.then_some(Touch::Hold);
        }
        if now.saturating_sub(down.last) < BOUNCE {
            return None;
        }
        let is_press = !down.is_told && down.last.saturating_sub(down.since) >= PRESS;
        self.down = None;
        is_press.then_some(Touch::Press)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// What is told of a button that is down in these times, looked at every 10 ms.
    fn told(down: &[(u64, u64)]) -> Vec<(u64, Touch)> {
        let mut button = Button::new();
        let is_down = |now| down.iter().any(|(from, to)| (*from..*to).contains(&now));
        let looks = (0..10_000).step_by(10);
        looks.filter_map(|now| Some((now, button.look(is_down(now), now)?))).collect()
    }

    #[test]
    fn a_press_is_told_when_it_is_over_and_a_hold_while_it_lasts() {
        assert_eq!(told(&[(100, 250)]), [(270, Touch::Press)]);
        assert_eq!(told(&[(100, 5_000)]), [(100 + HOLD, Touch::Hold)]);
        assert_eq!(told(&[(100, 250), (1_000, 1_200)]).len(), 2);
    }

    #[test]
    fn a_spark_is_no_press_and_a_bounce_no_second_one() {
        assert_eq!(told(&[(100, 130)]), []);
        assert_eq!(told(&[(100, 110), (120, 200), (220, 300), (310, 320)]).len(), 1);
        assert_eq!(told(&[(100, 2_000), (2_010, 4_000)]), [(100 + HOLD, Touch::Hold)]);
    }

    #[test]
    fn what_was_held_at_the_start_is_held() {
        assert_eq!(told(&[(0, 9_000)]), [(HOLD, Touch::Hold)]);
    }
}
