//! What a slave hears, and what it wants done.

use super::Slot;
use crate::goal::{Calibration, Event};
use crate::id::MatchId;
use crate::pair::report::ReportKind;
use crate::pair::{BadPeer, Light, Phase};
use alloc::vec::Vec;

/// What the slave takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'f> {
    /// A frame from the radio, genuine or not.
    Frame(&'f [u8]),
    /// What the detector found.
    Sensor(Event),
    /// The sheet was calibrated: its digest goes into all reports from now on.
    Calibrated(Calibration),
}

/// What the slave wants done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this frame to the master.
    Send(Vec<u8>),
    /// Persist this slot, before anything that comes after it.
    Persist(Slot),
    /// The master is there.
    LinkUp {
        /// Epoch of the session.
        epoch: u32,
    },
    /// The master is not heard any more.
    LinkDown {
        /// When it was last heard.
        since: u64,
    },
    /// What the master wants has changed.
    Wanted {
        /// What the half is there for.
        phase: Phase,
        /// What the lamp shows.
        light: Light,
        /// Goals of both teams, as the master counts them.
        score: [u8; 2],
        /// The match, if there is one.
        match_id: Option<MatchId>,
    },
    /// There was no room for a report of this kind. If it was a goal, the seal will not match: the match is void.
    Full(ReportKind),
    /// Somebody speaks as our master and is not.
    BadPeer(BadPeer),
}
