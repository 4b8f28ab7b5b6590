//! What is to be kept and is not on the disk yet. Votes wait for it: one that leaves before it is kept would be voted again, with the same
//! number and other points, by a page that was loaded again.

use crate::device::Wish;
use countersign::EventId;
use countersign_mesh::{Packet, PacketType};

/// How the names of votes begin: see [`countersign_app::judge::JudgeEffect::Keep`].
const BALLOT: &str = "ballot/";
/// Pause before what failed is tried again, doubled up to the longest.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 30_000;
/// Most packets that wait for the disk; one more is dropped, and made again when they go.
const HELD_MAX: usize = 64;

/// What waits for the disk.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    /// The newest of each name: bounded by what a judge keeps, which is a bundle, a code and the votes.
    open: Vec<Open>,
    number: u32,
    held: Vec<Packet>,
    /// Whether packets were dropped because a vote could not be kept.
    has_dropped: bool,
    pause_ms: u64,
    again_ms: Option<u64>,
    is_memory_only: bool,
}

#[derive(Debug)]
struct Open {
    name: String,
    number: u32,
    event: EventId,
    bytes: Vec<u8>,
    has_failed: bool,
}

/// Where the votes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// On the disk.
    Has,
    /// On their way there: a page that is loaded again now may lose the newest.
    Writes,
    /// The disk does not take them.
    Refuses,
}

/// What follows from the disk's word.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing yet.
    Wait,
    /// These packets may go.
    Go(Vec<Packet>),
    /// The disk takes votes again: what was lost meanwhile is to be sent again.
    Again,
}

impl Keeping {
    /// Nothing outlives this page, the key for votes neither: nothing waits.
    pub(crate) fn memory_only(&mut self) {
        *self = Self { is_memory_only: true, ..Self::default() };
    }

    /// Keeps these bytes under this name.
    pub(crate) fn keep(&mut self, event: EventId, name: String, bytes: Vec<u8>) -> Wish {
        self.number = self.number.wrapping_add(1);
        let number = self.number;
        if !self.is_memory_only {
            let before = self.open.iter().position(|it| it.name == name);
            let before = before.map(|at| self.open.swap_remove(at));
            let has_failed = before.is_some_and(|it| it.has_failed);
            let (name, bytes) = (name.clone(), bytes.clone());
            self.open.push(Open { name, number, event, bytes, has_failed });
        }
        Wish::Keep { number, event, name, bytes }
    }

    /// The disk has it, or has not.
    pub(crate) fn settled(&mut self, name: &str, number: u32, is_kept: bool, now_ms: u64) -> Then {
        let is_it = |it: &Open| it.number == number && it.name == name;
        let Some(at) = self.open.iter().position(is_it) else { return Then::Wait };
        if !is_kept {
            self.open[at].has_failed = true;
            if name.starts_with(BALLOT) {
                self.held.clear();
                self.has_dropped = true;
            }
            self.pause_ms = (self.pause_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
            self.again_ms = Some(now_ms + self.pause_ms);
            return Then::Wait;
        }
        self.open.swap_remove(at);
        if !self.open.iter().any(|it| it.has_failed) {
            (self.pause_ms, self.again_ms) = (0, None);
        }
        if self.has_open_votes() {
            return Then::Wait;
        }
        let held = core::mem::take(&mut self.held);
        match core::mem::take(&mut self.has_dropped) {
            true => Then::Again,
            false => Then::Go(held),
        }
    }

    /// A packet that wants to go; given back if it may.
    pub(crate) fn pass(&mut self, packet: Packet) -> Option<Packet> {
        if packet.packet_type() != PacketType::Vote || !self.has_open_votes() {
            return Some(packet);
        }
        match self.is_stuck() || self.held.len() >= HELD_MAX {
            true => self.has_dropped = true,
            false => self.held.push(packet),
        }
        None
    }

    /// What failed, once more, if it is time.
    pub(crate) fn due(&mut self, now_ms: u64) -> Vec<Wish> {
        if self.again_ms.is_none_or(|at| at > now_ms) {
            return Vec::new();
        }
        self.again_ms = None;
        let failed = self.open.iter().filter(|it| it.has_failed);
        let again = |it: &Open| Wish::Keep {
            number: it.number,
            event: it.event,
            name: it.name.clone(),
            bytes: it.bytes.clone(),
        };
        failed.map(again).collect()
    }

    /// When [`Self::due`] has something, in milliseconds of the steady clock.
    pub(crate) fn next(&self) -> Option<u64> {
        self.again_ms
    }

    /// Whether anything is on its way to the disk.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether a vote is on its way to the disk, or did not get there.
    pub(crate) fn has_open_votes(&self) -> bool {
        self.open.iter().any(|it| it.name.starts_with(BALLOT))
    }

    /// Where the votes are.
    pub(crate) fn disk(&self) -> Disk {
        match (self.is_stuck(), self.has_open_votes()) {
            (true, _) => Disk::Refuses,
            (false, true) => Disk::Writes,
            (false, false) => Disk::Has,
        }
    }

    /// Whether a vote did not get to the disk.
    pub(crate) fn is_stuck(&self) -> bool {
        self.open.iter().any(|it| it.has_failed && it.name.starts_with(BALLOT))
    }
}
