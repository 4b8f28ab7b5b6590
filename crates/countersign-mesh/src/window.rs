//! A window over numbers that rise: each is let through once, in whatever order they come.

/// The highest number let through, and which of the 64 below it were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    top: u64,
    // Bit n: `top - n` was let through.
    passed: u64,
}

impl Window {
    pub(crate) const fn from_parts(top: u64, passed: u64) -> Self {
        Self { top, passed }
    }

    pub(crate) const fn parts(self) -> (u64, u64) {
        (self.top, self.passed)
    }

    /// Lets a number through, unless it was before or is too old to tell. `[M13]`
    pub(crate) fn pass(&mut self, number: u64) -> bool {
        if number > self.top || self.passed == 0 {
            let up = number.saturating_sub(self.top);
            self.passed = if up >= 64 { 0 } else { self.passed << up };
            self.passed |= 1;
            self.top = number;
            return true;
        }
        let down = self.top - number;
        let bit = if down >= 64 { 0 } else { 1 << down };
        let is_new = bit != 0 && self.passed & bit == 0;
        self.passed |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn m13_the_window_agrees_with_a_set(numbers in prop::collection::vec(prop_oneof![0_u64..200, 0_u64..2_000, Just(u64::MAX)], 1..300)) {
            let mut window = Window::default();
            let mut passed = BTreeSet::new();
            for number in numbers {
                let top = passed.last().copied().unwrap_or(0);
                let too_old = top >= number && top - number >= 64;
                let expected = !too_old && passed.insert(number);
                prop_assert_eq!(window.pass(number), expected, "{}", number);
            }
        }
    }
}
