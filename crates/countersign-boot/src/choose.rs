//! Which slot starts, and what has to be on flash before it does.
//!
//! First whatever is new, up to [`ATTEMPTS_MAX`] times; then what was confirmed last; then what was confirmed before; and if all
//! that is bad, whatever else has a good signature, because a device that starts something signed is better than one that
//! never starts again.

use crate::image::Refusal;
use crate::slots::{ATTEMPTS_MAX, Slot, SlotState, State};

/// What starts.
#[derive(Debug)]
pub struct Choice<I> {
    /// Where it is.
    pub slot: Slot,
    /// What the examination made of it.
    pub image: I,
    /// Why it is this one.
    pub standing: Standing,
    /// What has to be on flash first, if anything changed. A trial must not start without it.
    pub write: Option<State>,
}

/// How an image came to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is tried.
    Trial,
    /// It was confirmed. If its secure version is above the eFuses', it is time to burn that.
    Confirmed,
    /// It was given up, and there is nothing else.
    LastResort,
}

/// Neither slot holds anything that may start. The second stage stays where it is and says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halt {
    /// What is wrong with each slot.
    pub why: [Refusal; 2],
    /// What is still to be put on flash, if anything changed.
    pub write: Option<State>,
}

/// Decides. `examine` reads and verifies the image in a slot; it is asked at most once for each.
///
/// # Errors
///
/// [`Halt`] if both are bad.
pub fn choose<I>(
    before: &State,
    mut examine: impl FnMut(Slot) -> Result<I, Refusal>,
) -> Result<Choice<I>, Halt> {
    let mut state = *before;
    for slot in Slot::BOTH {
        if state.of(slot) == (SlotState::Trying { attempts: ATTEMPTS_MAX }) {
            state = state.with(slot, SlotState::Refused);
        }
    }
    let first = order(&state);
    let why = match examine(first) {
        Ok(image) => return Ok(start(before, state, first, image)),
        Err(why) => why,
    };
    state = after_refusal(state, first);
    let second = first.other();
    match examine(second) {
        Ok(image) => Ok(start(before, state, second, image)),
        Err(other) => {
            state = after_refusal(state, second);
            let why = match first {
                Slot::Zero => [why, other],
                Slot::One => [other, why],
            };
            Err(Halt { why, write: (state != *before).then_some(state) })
        }
    }
}

/// The same without anything that is to be tried: for a flash that no longer takes a record, so that attempts cannot be counted.
pub fn without_trials(state: &State) -> State {
    Slot::BOTH.into_iter().fold(*state, |state, slot| match state.of(slot) {
        SlotState::New | SlotState::Trying { .. } => state.with(slot, SlotState::Refused),
        SlotState::Empty | SlotState::Confirmed | SlotState::Refused => state,
    })
}

/// The slot to look at first.
fn order(state: &State) -> Slot {
    let rank = |slot| match state.of(slot) {
        SlotState::Trying { .. } => 0,
        SlotState::New => 1,
        SlotState::Confirmed if slot == state.current() => 2,
        SlotState::Confirmed => 3,
        SlotState::Refused => 4,
        SlotState::Empty => 5,
    };
    if rank(Slot::One) < rank(Slot::Zero) { Slot::One } else { Slot::Zero }
}

/// What was never confirmed and is bad now needs no further look. What was confirmed stays so: it may have been the reading.
fn after_refusal(state: State, slot: Slot) -> State {
    match state.of(slot) {
        SlotState::New | SlotState::Trying { .. } => state.with(slot, SlotState::Refused),
        SlotState::Empty | SlotState::Confirmed | SlotState::Refused => state,
    }
}

fn start<I>(before: &State, state: State, slot: Slot, image: I) -> Choice<I> {
    let (state, standing) = match state.of(slot) {
        SlotState::New => (state.with(slot, SlotState::Trying { attempts: 1 }), Standing::Trial),
        SlotState::Trying { attempts } => {
            let attempts = attempts.saturating_add(1);
            (state.with(slot, SlotState::Trying { attempts }), Standing::Trial)
        }
        SlotState::Confirmed => (state, Standing::Confirmed),
        SlotState::Empty | SlotState::Refused => (state, Standing::LastResort),
    };
    let state = state.started(slot);
    Choice { slot, image, standing, write: (state != *before).then_some(state) }
}
