//! How much of a slow master's time strangers may use: while it checks a signature it reads no sheet.
//!
//! Work is paid for in milliseconds, from what its station has and from what all have together. Between two pieces of work the sheet is
//! read: however many phones want something, a reading waits for one of them at most.

use crate::goal::SILENCE;
use alloc::vec::Vec;

/// A call that costs a chip some time: signatures, mostly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// The device proves itself.
    Prove,
    /// A phone joins.
    Join,
    /// An act, or an answer to the roll call, of somebody who is in.
    Say,
    /// Something that couriers bring.
    Inbox,
}

impl Work {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prove, Self::Join, Self::Say, Self::Inbox];

    /// Milliseconds on an ESP32-C3, from the instructions in docs/firmware.md section 7; the view that may follow is signed within it.
    pub const fn cost(self) -> u32 {
        match self {
            Self::Prove => 8,
            Self::Join => 62,
            Self::Say => 30,
            Self::Inbox => 54,
        }
    }

    /// Who is in comes first: so much of what all have is kept for acts and for the roll call.
    const fn reserve(self) -> u32 {
        match self {
            Self::Say => 0,
            Self::Prove | Self::Join | Self::Inbox => 100,
        }
    }
}

/// How busy strangers may keep the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    /// Nothing is felt: half of the time.
    Half,
    /// In play: a tenth.
    Tenth,
}

impl Share {
    /// Microseconds of work for each millisecond.
    const fn rate(self) -> u32 {
        match self {
            Self::Half => 500,
            Self::Tenth => 100,
        }
    }
}

/// Too much to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much to do; again in {0} ms")]
pub struct Again(pub u32);

/// Most work that all may have saved up, in milliseconds.
const ALL_MAX: u32 = 250;
/// Most of one station: it takes a key set and a certificate along, asks for a proof, and joins.
const STATION_MAX: u32 = 200;
/// A station's own share, in microseconds for each millisecond.
const STATION_RATE: u32 = 50;
/// Stations that are remembered; more than a chip's Wi-Fi takes at a time.
const STATIONS: usize = 32;
/// By then the sheet was read. Milliseconds.
const READING: u32 = 10;

/// What is left, and to whom.
#[derive(Debug, Clone)]
pub struct Gate {
    all: Bucket,
    stations: Vec<([u8; 8], Bucket)>,
    /// When the sheet was read last; none if nobody reads one here.
    read: Option<u64>,
    /// There was a permit since.
    is_owed: bool,
}

impl Gate {
    /// Nobody has asked for anything yet.
    pub const fn new(now: u64) -> Self {
        Self { all: Bucket::full(ALL_MAX, now), stations: Vec::new(), read: None, is_owed: false }
    }

    /// The sheet was read.
    pub const fn read(&mut self, now: u64) {
        (self.read, self.is_owed) = (Some(now), false);
    }

    /// Whether this may be done now. A refusal costs nothing and says when it is worth asking again.
    pub fn permit(
        &mut self,
        work: Work,
        station: [u8; 8],
        share: Share,
        now: u64,
    ) -> Result<(), Again> {
        let is_reading = self.read.is_some_and(|at| now.saturating_sub(at) < SILENCE);
        if self.is_owed && is_reading {
            return Err(Again(READING));
        }
        self.all.fill(ALL_MAX, share.rate(), now);
        let mut own = self.take(station, now);
        let wait = self.all.wait(work.cost() + work.reserve(), share.rate());
        let wait = wait.max(own.wait(work.cost(), STATION_RATE));
        if wait == 0 {
            self.all.take(work.cost());
            own.take(work.cost());
            self.is_owed = true;
        }
        self.stations.push((station, own));
        if wait == 0 { Ok(()) } else { Err(Again(wait)) }
    }

    /// What a station has. If too many are known, whoever has most is forgotten: it loses least by being new.
    fn take(&mut self, station: [u8; 8], now: u64) -> Bucket {
        self.stations.iter_mut().for_each(|(_, own)| own.fill(STATION_MAX, STATION_RATE, now));
        let known = self.stations.iter().position(|(known, _)| *known == station);
        if let Some(place) = known {
            return self.stations.remove(place).1;
        }
        let richest = (0..).zip(&self.stations).max_by_key(|(_, (_, own))| own.level);
        if let Some((place, _)) = richest.filter(|_| self.stations.len() >= STATIONS) {
            self.stations.remove(place);
        }
        Bucket::full(STATION_MAX, now)
    }
}

/// Work that was saved up, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: u32,
    at: u64,
}

impl Bucket {
    const fn full(max: u32, now: u64) -> Self {
        Self { level: max * 1_000, at: now }
    }

    fn fill(&mut self, max: u32, rate: u32, now: u64) {
        let gone = u32::try_from(now.saturating_sub(self.at)).unwrap_or(u32::MAX);
        self.level = self.level.saturating_add(gone.saturating_mul(rate)).min(max * 1_000);
        self.at = self.at.max(now);
    }

    /// Milliseconds until there is so much.
    const fn wait(&self, cost: u32, rate: u32) -> u32 {
        (cost * 1_000).saturating_sub(self.level).div_ceil(rate)
    }

    const fn take(&mut self, cost: u32) {
        self.level = self.level.saturating_sub(cost * 1_000);
    }
}
