//! When to send again: 20, 40, 80 … 500 ms.

const FIRST: u64 = 20;
const LAST: u64 = 500;

/// The time of the next repetition, if there is something to repeat.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Resend {
    next: Option<u64>,
    step: u64,
}

impl Resend {
    /// Something new was sent.
    pub(super) fn start(&mut self, now: u64) {
        (self.next, self.step) = (Some(now.saturating_add(FIRST)), FIRST);
    }

    /// It was sent again.
    pub(super) fn again(&mut self, now: u64) {
        self.step = (self.step * 2).clamp(FIRST, LAST);
        self.next = Some(now.saturating_add(self.step));
    }

    /// It arrived.
    pub(super) fn stop(&mut self) {
        self.next = None;
    }

    pub(super) const fn next(&self) -> Option<u64> {
        self.next
    }

    pub(super) fn is_due(&self, now: u64) -> bool {
        super::is_due(self.next, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn pauses_double_up_to_half_a_second() {
        let (mut resend, mut now, mut pauses) = (Resend::default(), 0, Vec::new());
        resend.start(now);
        for _ in 0..8 {
            let next = resend.next().unwrap();
            pauses.push(next - now);
            now = next;
            assert!(resend.is_due(now) && !resend.is_due(now - 1));
            resend.again(now);
        }
        assert_eq!(pauses, [20, 40, 80, 160, 320, 500, 500, 500]);
        resend.stop();
        assert!(!resend.is_due(u64::MAX));
    }
}
