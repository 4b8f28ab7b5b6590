//! What the shell says to the slave's machine, and what it hears from it.

use super::Slot;
use crate::goal::{Calibration, Event};
use crate::id::MatchId;
use crate::pair::{BadPeer, Light, Phase, ReportKind};
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
    /// What the shell says to a parcel; at most [`ANSWER_MAX`](crate::pair::ANSWER_MAX) bytes.
    Answer {
        /// Of [`Output::Parcel`]; the answer to any other parcel is dropped.
        number: u32,
        /// What is said.
        bytes: &'f [u8],
    },
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
    /// The master brings something for the shell, outside of a match: answer it with [`Input::Answer`].
    Parcel {
        /// Which one; each comes once.
        number: u32,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// Somebody speaks as our master and is not.
    BadPeer(BadPeer),
}
