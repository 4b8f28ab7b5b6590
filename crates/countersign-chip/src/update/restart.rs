//! When a half starts the image that waits for its next reset.

/// So long nothing may speak against it: the courier hears that all is there, and whoever was about to open a lobby has opened it.
/// Milliseconds.
pub const QUIET: u64 = 10_000;

/// Waits for a moment at which nobody misses the half for some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restart {
    since: Option<u64>,
}

impl Restart {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self { since: None }
    }

    /// Whether an image came whole in this run ([`super::Updater::is_ready`]), whether nothing would be lost, and what time it is:
    /// `true` if the half is to start again now.
    pub fn handle(&mut self, is_ready: bool, is_safe: bool, now: u64) -> bool {
        self.since = (is_ready && is_safe).then(|| self.since.unwrap_or(now));
        self.since.is_some_and(|since| now >= since.saturating_add(QUIET))
    }

    /// When to call [`Restart::handle`] again, and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        self.since.map(|since| (since.saturating_add(QUIET), "start the new image"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_image_starts_when_all_was_quiet_for_so_long() {
        let mut restart = Restart::new();
        assert!(!restart.handle(false, true, 0), "nothing to start");
        assert_eq!(restart.poll_timeout(), None);
        assert!(!restart.handle(true, true, 50_000));
        assert_eq!(restart.poll_timeout(), Some((60_000, "start the new image")));
        assert!(!restart.handle(true, true, 59_999));
        assert!(restart.handle(true, true, 60_000));
    }

    #[test]
    fn a_match_and_a_newer_update_begin_the_wait_again() {
        let mut restart = Restart::new();
        restart.handle(true, true, 0);
        assert!(!restart.handle(true, false, 9_999), "somebody opened a lobby");
        assert!(!restart.handle(true, false, 900_000));
        assert!(!restart.handle(true, true, 900_001));
        assert!(!restart.handle(false, true, 905_000), "a newer release was begun");
        assert!(!restart.handle(true, true, 910_002));
        assert!(restart.handle(true, true, 920_002));
    }
}
