//! What the device says to the master's machine, and what it hears from it.

use crate::evidence::SlaveSeal;
use crate::id::MatchId;
use crate::pair::{BadPeer, Light, Mapped, Report};
use alloc::vec::Vec;

/// What the master takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'f> {
    /// A frame from the radio, genuine or not.
    Frame(&'f [u8]),
    /// What the device wants.
    Order(Order),
}

/// What the device can want of the link. Moments are milliseconds on the master's clock, below 0 if before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Find the slave, and find it again whenever it is lost.
    Connect,
    /// Drop the session and stay silent: the pair is locked.
    Disconnect,
    /// Report contacts as checks.
    Check,
    /// A match begins, or goes on after the master had no power; its chain goes on if it is the one that was persisted.
    Begin {
        /// The match.
        match_id: MatchId,
        /// First moment of play.
        start: i64,
        /// Last moment of play.
        end: i64,
    },
    /// Contacts in the match are goals again.
    Arm,
    /// Contacts in the match are touches.
    Hold,
    /// The match ends at another moment.
    End {
        /// Last moment of play.
        at: i64,
    },
    /// Send everything, then the seal.
    Drain,
    /// The match is done with; its number and chain are forgotten.
    Forget,
    /// Goals of both teams: the slave's display shows them.
    Score([u8; 2]),
    /// What the slave's lamp shows.
    Light(Light),
}

/// A verified report, and when it was on the master's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// What the slave signed.
    pub report: Report,
    /// The signed bytes, for the journal.
    pub bytes: Vec<u8>,
    /// When; missing if the link was never up in that boot of the slave.
    pub at: Option<Mapped>,
}

/// What the master wants done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this frame to the slave.
    Send(Vec<u8>),
    /// Persist this record in place of the one before, before anything that comes after it. After a loss of power between
    /// a report and its record the report comes again: its number tells.
    Persist(Vec<u8>),
    /// The slave proved itself and its clock is known.
    LinkUp {
        /// Epoch of the session.
        epoch: u32,
        /// How many times the slave has started.
        boot: u16,
        /// How far its clock may be off, in milliseconds.
        uncertainty: u32,
    },
    /// Three beats are missing.
    LinkDown {
        /// When the slave was last heard.
        since: u64,
    },
    /// One try of the handshake is over without success; the next begins.
    Unanswered {
        /// Tries so far, at most 255.
        tries: u8,
    },
    /// The slave knows of the match that was begun last. Before that its goal counts for nothing.
    Begun,
    /// A goal in the present match, as far as the slave knows: its time decides.
    Goal(Sighting),
    /// A contact that counts as no goal.
    Touch(Sighting),
    /// A contact during the check of the goals.
    Checked(Sighting),
    /// The slave's goal is blind.
    Disarmed(Sighting),
    /// The slave's goal sees again.
    Rearmed(Sighting),
    /// The slave had no power.
    SlaveRebooted {
        /// How long its goal was blind, in milliseconds: from its last beat to its start; [`u32::MAX`] if nobody knows.
        gap: u32,
        /// What it signed about it.
        sighting: Sighting,
    },
    /// Reports that the slave does not have any more: what they said is lost.
    Missing {
        /// The first.
        from: u32,
        /// The last.
        to: u32,
    },
    /// Everything of the match is here, and the slave's seal says so.
    Drained(SlaveSeal),
    /// The slave sealed something else than what is here: goals are missing.
    SealRefused(SlaveSeal),
    /// What the slave says to the parcel that it was brought.
    Answered(Vec<u8>),
    /// The parcel, or the answer to it, is lost: bring it again. The slave may have it.
    Undelivered,
    /// Somebody speaks as our slave and is not.
    BadPeer(BadPeer),
}
