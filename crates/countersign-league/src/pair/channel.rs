//! On which of the radio's channels the halves meet.
//!
//! A master, or a master's radio, stays on one channel, because its phones are there. A slave looks for it: it stays where it is
//! while it hears its master, and goes round otherwise.

use super::BEAT;

/// The three channels of 2.4 GHz that do not overlap.
pub const CHANNELS: [u8; 3] = [1, 6, 11];
/// A slave that looks hears at least two knocks on each channel, and has time to answer. Milliseconds.
pub const STAY: u64 = 5 * BEAT / 2;

/// The channel of a master, by the last byte of its radio's address: pairs side by side spread over all three.
pub const fn home(address: u8) -> u8 {
    CHANNELS[address as usize % CHANNELS.len()]
}

/// A slave's search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    index: usize,
    /// When to go on; none while the master is heard.
    next: Option<u64>,
}

impl Search {
    /// Begins on the first channel.
    pub const fn new(now: u64) -> Self {
        Self { index: 0, next: Some(now + STAY) }
    }

    /// The channel to listen on.
    pub const fn channel(&self) -> u8 {
        CHANNELS[self.index % CHANNELS.len()]
    }

    /// Whether the master is heard, and what time it is: after every call look at [`Search::channel`].
    pub const fn handle(&mut self, is_up: bool, now: u64) {
        self.next = match self.next {
            _ if is_up => None,
            None => Some(now + STAY),
            Some(next) if next > now => Some(next),
            Some(_) => {
                self.index = (self.index + 1) % CHANNELS.len();
                Some(now + STAY)
            }
        };
    }

    /// When to call [`Search::handle`], and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        self.next.map(|at| (at, "next channel"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slave_goes_round_until_it_hears_its_master() {
        let mut search = Search::new(0);
        let mut heard = alloc::vec::Vec::new();
        for now in (0..4 * STAY).step_by(100) {
            search.handle(false, now);
            heard.push(search.channel());
        }
        heard.dedup();
        assert_eq!(heard, [1, 6, 11, 1]);
        search.handle(true, 4 * STAY);
        assert_eq!(search.poll_timeout(), None);
        search.handle(true, 40 * STAY);
        assert_eq!(search.channel(), 1, "it stays while the master is heard");
    }

    #[test]
    fn a_lost_master_is_waited_for_where_it_was() {
        let mut search = Search::new(0);
        search.handle(false, STAY);
        search.handle(true, STAY + 10);
        search.handle(false, 9_000);
        search.handle(false, 9_000 + STAY - 1);
        assert_eq!(search.channel(), 6);
        search.handle(false, 9_000 + STAY);
        assert_eq!(search.channel(), 11);
    }

    #[test]
    fn masters_spread_over_all_channels() {
        let homes: alloc::vec::Vec<u8> = (0..4).map(home).collect();
        assert_eq!(homes, [1, 6, 11, 1]);
        assert_eq!(home(255), 1);
    }
}
