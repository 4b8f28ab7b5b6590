//! What a chip does that is the radio of a Linux master: link frames from the serial line go on the air, and back.
//!
//! ```text
//!   Linux ═ bytes ═▶ read_line ─▶ 16 frames ─▶ next_packet ═ packets ═▶ air
//!         ◀═ bytes ═ line, line_taken ◀─ 16 frames ◀─ hear ◀═ packets ═
//! ```
//!
//! It opens nothing, keeps nothing, and cannot tell a genuine frame from another: the link proves itself at its ends. A frame
//! that finds its direction full is lost, as on any radio, and the link sends it again.

use super::MAX_FRAME;
use super::serial::{Decoder, encode};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Frames that wait in each direction: some 40 ms of a line of 921,600 baud, and as much of the air at its slowest.
pub const WAITING: usize = 16;

/// What happened since the start. Each number stops at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames that went on the air.
    pub to_air: u32,
    /// Frames that went to the line, whole.
    pub to_line: u32,
    /// Frames of the line that found too many before them.
    pub air_full: u32,
    /// Packets of the air that found too many before them.
    pub line_full: u32,
    /// Packets of the air that can be no link frame: empty, or too long.
    pub foreign: u32,
    /// What stood between two zeros on the line and was no frame.
    pub noise: u32,
}

/// Both directions, between a serial line and the air. At most [`WAITING`] frames wait in each.
#[derive(Debug, Clone, Default)]
pub struct Bridge {
    decoder: Decoder,
    to_air: VecDeque<Vec<u8>>,
    /// Encoded for the line.
    to_line: VecDeque<Vec<u8>>,
    /// Bytes of the first of them that the line has taken.
    taken: usize,
    counts: Counts,
}

impl Bridge {
    /// Nothing waits yet.
    pub fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            to_air: VecDeque::with_capacity(WAITING),
            to_line: VecDeque::with_capacity(WAITING),
            taken: 0,
            counts: Counts::default(),
        }
    }

    /// What happened so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes bytes of the line, in any portions.
    pub fn read_line(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.decoder.take(*byte) {
                None => {}
                Some(Err(_)) => count(&mut self.counts.noise),
                Some(Ok(_)) if self.to_air.len() == WAITING => count(&mut self.counts.air_full),
                Some(Ok(frame)) => self.to_air.push_back(frame),
            }
        }
    }

    /// The next packet for the air. It is out of our hands then, heard or not.
    pub fn next_packet(&mut self) -> Option<Vec<u8>> {
        let packet = self.to_air.pop_front()?;
        count(&mut self.counts.to_air);
        Some(packet)
    }

    /// Takes a packet of the air, from anybody.
    pub fn hear(&mut self, packet: &[u8]) {
        if self.to_line.len() == WAITING {
            return count(&mut self.counts.line_full);
        }
        match encode(packet) {
            Ok(line) => self.to_line.push_back(line),
            Err(_) => count(&mut self.counts.foreign),
        }
    }

    /// What the line gets next: the rest of a frame; nothing if none waits.
    pub fn line(&self) -> &[u8] {
        self.to_line.front().and_then(|line| line.get(self.taken..)).unwrap_or_default()
    }

    /// The line took so many bytes of [`Bridge::line`].
    pub fn line_taken(&mut self, bytes: usize) {
        self.taken += bytes.min(self.line().len());
        if !self.to_line.is_empty() && self.line().is_empty() {
            self.to_line.pop_front();
            self.taken = 0;
            count(&mut self.counts.to_line);
        }
    }
}

const _: () = assert!(MAX_FRAME == 250, "one packet of ESP-NOW carries one frame");

fn count(number: &mut u32) {
    *number = number.saturating_add(1);
}
