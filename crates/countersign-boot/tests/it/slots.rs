//! What an application does with the record, and what is chosen of it.

use crate::world::Rng;
use countersign_boot::image::Refusal;
use countersign_boot::slots::{ATTEMPTS_MAX, ChangeError, RECORD_LEN, Write};
use countersign_boot::*;

const ERASED: [u8; RECORD_LEN] = [0xff; RECORD_LEN];

/// Both sectors, as far as the record goes.
struct Sectors([[u8; RECORD_LEN]; 2]);

impl Sectors {
    fn read(&self) -> Slots {
        Slots::read([&self.0[0], &self.0[1]])
    }

    fn keep(&mut self, state: &State) {
        let Write { sector, record } = self.read().write(state);
        self.0[sector] = record;
        assert_eq!(self.read().state(), state);
    }
}

/// A device whose slot 0 was confirmed.
fn confirmed() -> State {
    let choice = choose(&State::FRESH, |_| Ok(())).unwrap();
    choice.write.unwrap().confirm(Slot::Zero).unwrap()
}

#[test]
fn a_device_without_a_record_tries_what_the_factory_wrote() {
    let fresh = Sectors([ERASED; 2]).read();
    assert_eq!(*fresh.state(), State::FRESH);
    let choice = choose(fresh.state(), Ok).unwrap();
    assert_eq!(
        (choice.slot, choice.image, choice.standing),
        (Slot::Zero, Slot::Zero, Standing::Trial)
    );
    let state = choice.write.unwrap();
    assert_eq!(state.of(Slot::Zero), SlotState::Trying { attempts: 1 });
    assert_eq!(state.running(), Slot::Zero);
}

#[test]
fn each_record_goes_to_the_sector_that_holds_none_or_the_older_one() {
    let mut sectors = Sectors([ERASED; 2]);
    let mut before = sectors.read().write(&State::FRESH).sector;
    sectors.keep(&State::FRESH);
    for _ in 0..300 {
        let sector = sectors.read().write(&confirmed()).sector;
        assert_eq!(sector, 1 - before);
        before = sector;
        sectors.keep(&confirmed());
    }
}

#[test]
fn the_later_of_two_records_counts_even_when_numbers_begin_again() {
    for (older, later) in [(1, 2), (u32::MAX, 0), (u32::MAX - 1, 1), (0x7fff_ffff, 0x8000_0000)] {
        let older = numbered(&State::FRESH, older);
        let later = numbered(&confirmed(), later);
        assert_eq!(*Slots::read([&older, &later]).state(), confirmed());
        assert_eq!(*Slots::read([&later, &older]).state(), confirmed());
        assert_eq!(Slots::read([&older, &later]).write(&State::FRESH).sector, 0);
        assert_eq!(Slots::read([&later, &older]).write(&State::FRESH).sector, 1);
    }
}

/// A record with this number, written with the checksum of another implementation.
fn numbered(state: &State, sequence: u32) -> [u8; RECORD_LEN] {
    let mut record = Sectors([ERASED; 2]).read().write(state).record;
    record[4..8].copy_from_slice(&sequence.to_le_bytes());
    let crc = crate::world::crc32(&record[..28]);
    record[28..].copy_from_slice(&crc.to_le_bytes());
    record
}

#[test]
fn no_changed_bit_of_a_record_is_taken_for_a_state() {
    let good = Sectors([ERASED; 2]).read().write(&confirmed()).record;
    for byte in 0..RECORD_LEN {
        for bit in 0..8 {
            let mut record = good;
            record[byte] ^= 1 << bit;
            assert_eq!(*Slots::read([&record, &ERASED]).state(), State::FRESH);
            assert_eq!(*Slots::read([&record, &good]).state(), confirmed());
        }
    }
}

#[test]
fn a_record_that_is_whole_but_says_nonsense_counts_as_none() {
    let good = numbered(&confirmed(), 9);
    for (at, values) in [(8, 2..=255), (9, 2..=255), (10, 5..=255), (11, 1..=255), (12, 5..=255)] {
        for value in values {
            let mut record = good;
            record[at] = value;
            let crc = crate::world::crc32(&record[..28]);
            record[28..].copy_from_slice(&crc.to_le_bytes());
            assert_eq!(*Slots::read([&record, &ERASED]).state(), State::FRESH, "{at}: {value}");
        }
    }
    let mut rng = Rng(3);
    for _ in 0..10_000 {
        let mut record = [0; RECORD_LEN];
        record.iter_mut().for_each(|byte| *byte = rng.next() as u8);
        assert_eq!(*Slots::read([&record, &record]).state(), State::FRESH);
    }
}

#[test]
fn an_update_is_tried_so_often_and_then_the_confirmed_image_runs_again() {
    let mut state = confirmed().begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap();
    for attempt in 1..=ATTEMPTS_MAX {
        let choice = choose(&state, |_| Ok(())).unwrap();
        assert_eq!((choice.slot, choice.standing), (Slot::One, Standing::Trial));
        state = choice.write.unwrap();
        assert_eq!(state.of(Slot::One), SlotState::Trying { attempts: attempt });
        assert_eq!(state.running(), Slot::One);
    }
    let choice = choose(&state, |_| Ok(())).unwrap();
    assert_eq!((choice.slot, choice.standing), (Slot::Zero, Standing::Confirmed));
    state = choice.write.unwrap();
    assert_eq!((state.of(Slot::One), state.running()), (SlotState::Refused, Slot::Zero));
    // From then on nothing is written.
    let choice = choose(&state, |_| Ok(())).unwrap();
    assert_eq!((choice.slot, choice.write), (Slot::Zero, None));
}

#[test]
fn a_confirmed_update_stays_and_the_image_before_it_is_the_way_back() {
    let ready = confirmed().begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap();
    let state = choose(&ready, |_| Ok(())).unwrap().write.unwrap().confirm(Slot::One).unwrap();
    assert_eq!(state.current(), Slot::One);
    let choice = choose(&state, |_| Ok(())).unwrap();
    assert_eq!(
        (choice.slot, choice.standing, choice.write),
        (Slot::One, Standing::Confirmed, None)
    );
    let is_bad = |slot| if slot == Slot::One { Err(Refusal::Changed) } else { Ok(()) };
    let choice = choose(&state, is_bad).unwrap();
    assert_eq!((choice.slot, choice.standing), (Slot::Zero, Standing::Confirmed));
    // It was confirmed: one bad reading does not rule it out.
    let next = choose(&choice.write.unwrap(), |_| Ok(())).unwrap();
    assert_eq!(next.slot, Slot::One);
}

#[test]
fn an_update_whose_signature_is_bad_is_looked_at_once() {
    let state = confirmed().begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap();
    let is_bad = |slot| if slot == Slot::One { Err(Refusal::NotOurs) } else { Ok(()) };
    let choice = choose(&state, is_bad).unwrap();
    assert_eq!((choice.slot, choice.standing), (Slot::Zero, Standing::Confirmed));
    assert_eq!(choice.write.unwrap().of(Slot::One), SlotState::Refused);
}

#[test]
fn with_both_slots_bad_the_device_halts_and_says_why() {
    let why = |slot| match slot {
        Slot::Zero => Refusal::Changed,
        Slot::One => Refusal::Unsigned,
    };
    for state in [State::FRESH, confirmed()] {
        let halt = choose(&state, |slot| Err::<(), _>(why(slot))).unwrap_err();
        assert_eq!(halt.why, [Refusal::Changed, Refusal::Unsigned]);
        // And does so again, without writing, until somebody changes the flash.
        let state = halt.write.unwrap_or(state);
        assert_eq!(choose(&state, |slot| Err::<(), _>(why(slot))).unwrap_err().write, None);
    }
}

#[test]
fn a_signed_image_that_was_given_up_is_better_than_none() {
    let mut state = State::FRESH;
    for _ in 0..ATTEMPTS_MAX {
        let is_bad = |slot| if slot == Slot::One { Err(Refusal::Unsigned) } else { Ok(()) };
        state = choose(&state, is_bad).unwrap().write.unwrap();
    }
    let is_bad = |slot| if slot == Slot::One { Err(Refusal::Unsigned) } else { Ok(()) };
    let choice = choose(&state, is_bad).unwrap();
    assert_eq!((choice.slot, choice.standing), (Slot::Zero, Standing::LastResort));
    let state = choice.write.unwrap();
    assert_eq!(choose(&state, is_bad).unwrap().write, None);
    assert_eq!(state.confirm(Slot::Zero).unwrap().of(Slot::Zero), SlotState::Confirmed);
}

#[test]
fn what_lies_in_the_other_slot_of_a_new_device_never_replaces_what_was_confirmed() {
    let choice = choose(&confirmed(), |_| Ok(())).unwrap();
    assert_eq!(
        (choice.slot, choice.standing, choice.write),
        (Slot::Zero, Standing::Confirmed, None)
    );
    // But an update that waits for its reset is still there when the application confirms itself again.
    let ready = confirmed().begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap();
    assert_eq!(ready.confirm(Slot::Zero), Ok(ready));
}

#[test]
fn only_the_other_slot_can_be_updated_and_only_once_this_one_is_confirmed() {
    let state = confirmed();
    let trying = choose(&State::FRESH, |_| Ok(())).unwrap().write.unwrap();
    assert_eq!(trying.begin(Slot::Zero), Err(ChangeError::Unconfirmed));
    assert_eq!(trying.ready(Slot::Zero), Err(ChangeError::NotBegun));
    let begun = state.begin(Slot::Zero).unwrap();
    assert_eq!(begun.of(Slot::One), SlotState::Empty);
    assert_eq!(begun.of(Slot::Zero), SlotState::Confirmed);
    // A reset during the writing: the half image is not even looked at.
    let choice = choose(&begun, Ok).unwrap();
    assert_eq!((choice.slot, choice.write), (Slot::Zero, None));
    assert_eq!(begun.begin(Slot::Zero), Ok(begun));
}

/// An update was tried for the last time, and at the next reset the flash took no record: slot 0 runs, and the record names slot 1.
#[test]
fn an_application_changes_nothing_for_a_slot_that_it_does_not_run_from() {
    let mut state = confirmed().begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap();
    for _ in 0..ATTEMPTS_MAX {
        state = choose(&state, |_| Ok(())).unwrap().write.unwrap();
    }
    let choice = choose(&state, |_| Ok(())).unwrap();
    assert_eq!((choice.slot, state.running()), (Slot::Zero, Slot::One));
    let other = Err(ChangeError::OtherSlot);
    assert_eq!(state.confirm(Slot::Zero), other, "the image that was given up is not confirmed");
    assert_eq!((state.begin(Slot::Zero), state.ready(Slot::Zero)), (other, other));
    // Both were confirmed, one bad reading of slot 1, and no record of it: an update would be written over what runs.
    let both = state.confirm(Slot::One).unwrap();
    assert_eq!(both.begin(Slot::Zero), other);
}

#[test]
fn the_page_under_its_code_says_from_which_slot_an_application_runs() {
    let slots: Vec<Option<Slot>> = (0..64).map(Slot::of_page).collect();
    let expected = |page: usize| match page {
        1..=25 => Some(Slot::Zero),
        26..=50 => Some(Slot::One),
        _ => None,
    };
    assert_eq!(slots, (0..64).map(expected).collect::<Vec<_>>());
    assert_eq!(Slot::of_page(u32::MAX), None);
}
