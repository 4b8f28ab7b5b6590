//! One link, and what is allowed on it.

use super::{Bearer, Limits};
use crate::bucket::Bucket;

/// Answers that a link gets, per 30 s.
const ANSWERS: u32 = 8;
const ANSWERS_SPAN: u64 = 30_000;

/// Which share of a link a packet takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Checked with the mesh's key.
    Ordinary,
    /// To be checked with the hub's key: a flood of the others does not touch it.
    Hub,
    /// Checked by nothing.
    Keyless,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) bearer: Bearer,
    pub(super) frame_max: usize,
    counter: u8,
    ordinary: Bucket,
    hub: Bucket,
    keyless: Bucket,
    pub(super) sends: Bucket,
    pub(super) answers: Bucket,
    /// When to ask again.
    pub(super) ask_at: u64,
    /// When it was asked last, and how many packets that are kept have come since.
    pub(super) asked: Option<u64>,
    pub(super) gained: usize,
    /// Counts questions, so that slices take turns.
    pub(super) turn: u32,
}

impl Link {
    pub(super) fn new(
        bearer: Bearer,
        frame_max: usize,
        limits: &Limits,
        ask_at: u64,
        now: u64,
    ) -> Self {
        Self {
            bearer,
            frame_max,
            counter: 0,
            ordinary: Bucket::new(limits.link_rate, limits.link_burst, now),
            hub: Bucket::new(limits.hub_rate, limits.hub_burst, now),
            keyless: Bucket::new(limits.keyless_rate, limits.keyless_burst, now),
            sends: Bucket::new(limits.send_rate, limits.send_burst, now),
            answers: Bucket::per(ANSWERS, ANSWERS_SPAN, ANSWERS, now),
            ask_at,
            asked: None,
            gained: 0,
            turn: 0,
        }
    }

    /// Takes one packet's worth of a share. By link, because everything in a packet is its sender's choice. `[M7]`
    pub(super) fn take(&mut self, share: Share, now: u64) -> bool {
        match share {
            Share::Ordinary => self.ordinary.take(now),
            Share::Hub => self.hub.take(now),
            Share::Keyless => self.keyless.take(now),
        }
    }

    /// The number of the next packet in pieces.
    pub(super) fn next_counter(&mut self) -> u8 {
        self.counter = (self.counter + 1) & 0x3f;
        self.counter
    }
}
