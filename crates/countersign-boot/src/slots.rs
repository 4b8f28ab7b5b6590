//! What was tried and confirmed: a record in two sectors, of which the one that is not valid is always the next to be written.
//!
//! A record is 32 bytes at the beginning of its sector: `"GLS1" ‖ sequence u32 ‖ current u8 ‖ running u8 ‖ 2 × (state u8,
//! attempts u8) ‖ 14 zeros ‖ CRC-32 of all this`, least significant byte first. Written in one go after its sector was erased.
//! Whatever part of it is on flash when power fails, the other sector still holds the record before it.

use core::fmt;

use crate::bytes::{array, crc32, u32_at};
use crate::layout::{APP_SLOT_MAX, APP_SLOTS, PAGE};

/// A record, in bytes.
pub const RECORD_LEN: usize = 32;

/// How often an image that nobody confirmed may start. A reset by a watchdog is a failed attempt like any other.
pub const ATTEMPTS_MAX: u8 = 3;

const MAGIC: [u8; 4] = *b"GLS1";
const CRC_AT: usize = RECORD_LEN - 4;

/// One of the two places for an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The one the factory writes.
    Zero,
    /// The other.
    One,
}

/// What is known of the image in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Nothing, or an update that is being written.
    Empty,
    /// A whole image that never started.
    New,
    /// It started this often and was not confirmed: 1 to [`ATTEMPTS_MAX`].
    Trying {
        /// How often.
        attempts: u8,
    },
    /// It ran and said that all is well.
    Confirmed,
    /// It was not confirmed in time, or its signature was bad.
    Refused,
}

/// What is known of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    slots: [SlotState; 2],
    current: Slot,
    running: Slot,
}

/// A change of state that must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeError {
    /// The record says that the other slot started last: the second stage could not write it.
    OtherSlot,
    /// The slot that runs is not confirmed, so that the other one is still the way back.
    Unconfirmed,
    /// Its update was not begun: it may hold anything.
    NotBegun,
}

/// What both sectors say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    state: State,
    sequence: u32,
    next: usize,
}

/// A record that has to be written to make a state last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// Which of [`crate::layout::BOOT_STATE`]: erase it, then write `record` at its beginning.
    pub sector: usize,
    /// The bytes.
    pub record: [u8; RECORD_LEN],
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherSlot => {
                "a change by another slot than the one that the record says is running; start again, so that the record is written"
            }
            Self::Unconfirmed => {
                "an update before this image was confirmed; confirm it, or start the image before it"
            }
            Self::NotBegun => "an update that was not begun; begin it, then write all of it",
        })
    }
}

impl core::error::Error for ChangeError {}

impl Slot {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::Zero, Self::One];

    /// 0 or 1.
    pub const fn index(self) -> usize {
        match self {
            Self::Zero => 0,
            Self::One => 1,
        }
    }

    /// The one that this is not.
    pub const fn other(self) -> Self {
        match self {
            Self::Zero => Self::One,
            Self::One => Self::Zero,
        }
    }

    /// The slot that a page of flash lies in, by the page's number: that under an application's own code says from which slot it
    /// runs, whatever the record says.
    pub const fn of_page(page: u32) -> Option<Self> {
        const PAGES: u32 = APP_SLOT_MAX / PAGE;
        const ZERO: u32 = APP_SLOTS[0] / PAGE;
        const ONE: u32 = APP_SLOTS[1] / PAGE;
        if page >= ZERO && page < ZERO + PAGES {
            Some(Self::Zero)
        } else if page >= ONE && page < ONE + PAGES {
            Some(Self::One)
        } else {
            None
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Zero),
            1 => Some(Self::One),
            _ => None,
        }
    }
}

impl State {
    /// No record: what the factory wrote is to be tried, and the other slot if that is nothing.
    pub const FRESH: Self =
        Self { slots: [SlotState::New; 2], current: Slot::Zero, running: Slot::Zero };

    /// What is known of one slot.
    pub const fn of(&self, slot: Slot) -> SlotState {
        match slot {
            Slot::Zero => self.slots[0],
            Slot::One => self.slots[1],
        }
    }

    /// The slot that was confirmed last.
    pub const fn current(&self) -> Slot {
        self.current
    }

    /// The slot that the second stage says it started last. A flash that takes no record leaves an older one here, so an
    /// application says from which slot it really runs ([`Slot::of_page`]) whenever it changes anything.
    pub const fn running(&self) -> Slot {
        self.running
    }

    /// The application in the slot `runs` runs well: that slot is the one to start from now on. Whatever was to be tried after it,
    /// on a device without a record, is tried only if there is nothing else.
    ///
    /// # Errors
    ///
    /// [`ChangeError::OtherSlot`]: what runs well is not what would be confirmed.
    pub fn confirm(self, runs: Slot) -> Result<Self, ChangeError> {
        self.is_of(runs)?;
        let was_trial = self.of(runs) != SlotState::Confirmed;
        let state = Self { current: runs, ..self.with(runs, SlotState::Confirmed) };
        Ok(if was_trial && state.of(runs.other()) == SlotState::New {
            state.with(runs.other(), SlotState::Refused)
        } else {
            state
        })
    }

    /// An update is about to be written to the slot that does not run; until it is whole, that slot counts as empty.
    ///
    /// # Errors
    ///
    /// [`ChangeError::OtherSlot`], or [`ChangeError::Unconfirmed`] as long as the application has not confirmed itself.
    pub fn begin(self, runs: Slot) -> Result<Self, ChangeError> {
        self.is_of(runs)?;
        match self.of(runs) {
            SlotState::Confirmed => Ok(self.with(runs.other(), SlotState::Empty)),
            SlotState::Empty | SlotState::New | SlotState::Trying { .. } | SlotState::Refused => {
                Err(ChangeError::Unconfirmed)
            }
        }
    }

    /// The update in the slot that does not run is whole and its hash is right: it starts at the next reset.
    ///
    /// # Errors
    ///
    /// [`ChangeError::OtherSlot`], or [`ChangeError::NotBegun`] if the slot does not count as empty.
    pub fn ready(self, runs: Slot) -> Result<Self, ChangeError> {
        self.is_of(runs)?;
        match self.of(runs.other()) {
            SlotState::Empty => Ok(self.with(runs.other(), SlotState::New)),
            SlotState::New
            | SlotState::Trying { .. }
            | SlotState::Confirmed
            | SlotState::Refused => Err(ChangeError::NotBegun),
        }
    }

    fn is_of(&self, runs: Slot) -> Result<(), ChangeError> {
        if self.running == runs { Ok(()) } else { Err(ChangeError::OtherSlot) }
    }

    pub(crate) fn with(mut self, slot: Slot, state: SlotState) -> Self {
        match slot {
            Slot::Zero => self.slots[0] = state,
            Slot::One => self.slots[1] = state,
        }
        self
    }

    pub(crate) fn started(self, slot: Slot) -> Self {
        Self { running: slot, ..self }
    }
}

impl Slots {
    /// Reads the beginnings of both sectors. A record that is torn, or of another kind, counts as none.
    pub fn read(sectors: [&[u8; RECORD_LEN]; 2]) -> Self {
        let [zero, one] = sectors.map(decode);
        let (found, next) = match (zero, one) {
            (Some(zero), Some(one)) if is_later(one.1, zero.1) => (Some(one), 0),
            (Some(zero), _) => (Some(zero), 1),
            (None, one) => (one, 0),
        };
        let (state, sequence) = found.unwrap_or((State::FRESH, 0));
        Self { state, sequence, next }
    }

    /// What both say.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The record that makes `state` last. Once it is written, this value is to be read again.
    pub fn write(&self, state: &State) -> Write {
        Write { sector: self.next, record: encode(state, self.sequence.wrapping_add(1)) }
    }
}

/// Numbers go on after the last one.
const fn is_later(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).cast_signed() > 0
}

fn encode(state: &State, sequence: u32) -> [u8; RECORD_LEN] {
    let mut record = [0; RECORD_LEN];
    let [a, b, c, d] = sequence.to_le_bytes();
    let (zero, zero_attempts) = slot_bytes(state.slots[0]);
    let (one, one_attempts) = slot_bytes(state.slots[1]);
    let body = [
        MAGIC[0],
        MAGIC[1],
        MAGIC[2],
        MAGIC[3],
        a,
        b,
        c,
        d,
        state.current.index() as u8,
        state.running.index() as u8,
        zero,
        zero_attempts,
        one,
        one_attempts,
    ];
    if let Some(place) = record.first_chunk_mut() {
        *place = body;
    }
    let crc = crc32(record.get(..CRC_AT).unwrap_or(&[]));
    if let Some(place) = record.last_chunk_mut() {
        *place = crc.to_le_bytes();
    }
    record
}

fn decode(record: &[u8; RECORD_LEN]) -> Option<(State, u32)> {
    if record.first_chunk() != Some(&MAGIC)
        || u32_at(record, CRC_AT) != Some(crc32(record.get(..CRC_AT)?))
    {
        return None;
    }
    let [current, running, zero, zero_attempts, one, one_attempts] = array(record, 8)?;
    let state = State {
        slots: [slot_state(zero, zero_attempts)?, slot_state(one, one_attempts)?],
        current: Slot::from_byte(current)?,
        running: Slot::from_byte(running)?,
    };
    Some((state, u32_at(record, 4)?))
}

const fn slot_bytes(state: SlotState) -> (u8, u8) {
    match state {
        SlotState::Empty => (0, 0),
        SlotState::New => (1, 0),
        SlotState::Trying { attempts } => (2, attempts),
        SlotState::Confirmed => (3, 0),
        SlotState::Refused => (4, 0),
    }
}

const fn slot_state(kind: u8, attempts: u8) -> Option<SlotState> {
    match (kind, attempts) {
        (0, 0) => Some(SlotState::Empty),
        (1, 0) => Some(SlotState::New),
        (2, 1..=ATTEMPTS_MAX) => Some(SlotState::Trying { attempts }),
        (3, 0) => Some(SlotState::Confirmed),
        (4, 0) => Some(SlotState::Refused),
        _ => None,
    }
}
