//! Power fails at every byte of what the second stage and the application write.

use crate::run::{Device, IMAGES};
use crate::world::Rng;
use countersign_boot::layout::BOOT_STATE;
use countersign_boot::slots::{ATTEMPTS_MAX, RECORD_LEN};
use countersign_boot::*;

/// What the application does that the record says is running.
pub(crate) fn confirm(state: State) -> State {
    state.confirm(state.running()).unwrap()
}

/// What can be written between a fresh device and one that was updated twice.
fn changes() -> Vec<fn(State) -> State> {
    let boot = |state: State| {
        let choice = choose(&state, |_| Ok(())).unwrap();
        choice.write.unwrap_or(state)
    };
    vec![
        boot,
        confirm,
        |state| state.begin(Slot::Zero).unwrap(),
        |state| state.ready(Slot::Zero).unwrap(),
        boot,
        boot,
        confirm,
        |state| state.begin(Slot::One).unwrap(),
        |state| state.ready(Slot::One).unwrap(),
        boot,
        boot,
        boot,
        boot,
    ]
}

#[test]
fn power_cut_at_any_byte_of_a_write_leaves_the_state_before_or_after() {
    let mut device = Device::new();
    for change in changes() {
        let before = *device.slots().state();
        let after = change(before);
        for power in 0..=2 * RECORD_LEN {
            let kept = device.flash.clone();
            device.power = Some(power);
            device.keep(change);
            device.power = None;
            let found = *device.slots().state();
            // The last two bytes of a record's checksum may be ones like those of an erased sector.
            let is_whole = found == after;
            assert!(is_whole || found == before, "after {power} bytes");
            assert!(!is_whole || before == after || power > 2 * RECORD_LEN - 3, "{power}");
            // Whatever is there, the next write lasts.
            device.keep(|_| after);
            assert_eq!(*device.slots().state(), after);
            device.flash = kept;
        }
        device.keep(change);
    }
}

#[test]
fn a_byte_or_an_erasure_that_is_half_done_leaves_the_state_before_or_after() {
    let mut rng = Rng(4);
    let mut device = Device::new();
    for change in changes() {
        let before = *device.slots().state();
        let after = change(before);
        let write = device.slots().write(&after);
        let at = BOOT_STATE[write.sector] as usize;
        for byte in 0..RECORD_LEN {
            for _ in 0..20 {
                let kept = device.flash.clone();
                // Some bits of one byte are still ones, and nothing after it is written.
                let half = write.record[byte] | rng.next() as u8;
                device.flash[at..at + RECORD_LEN].fill(0xff);
                device.flash[at..at + byte].copy_from_slice(&write.record[..byte]);
                device.flash[at + byte] = half;
                let found = *device.slots().state();
                assert!(found == before || found == after);
                // Erasing has turned any of the bits into ones.
                device.flash.copy_from_slice(&kept);
                for place in &mut device.flash[at..at + RECORD_LEN] {
                    *place |= rng.next() as u8;
                }
                assert_eq!(*device.slots().state(), before);
                device.flash = kept;
            }
        }
        device.keep(change);
    }
}

/// Power fails during a run of the second stage, at every byte, twice in a row: an update that never confirms itself starts at
/// most so often, and afterwards the confirmed image runs.
#[test]
fn power_cuts_while_an_update_is_tried_never_cost_the_way_back() {
    let mut tried = Device::new();
    tried.boot().unwrap();
    tried.keep(confirm);
    tried.update(Slot::One, &IMAGES[1]);
    for first in (0..=2 * RECORD_LEN).step_by(3) {
        for second in (0..=2 * RECORD_LEN).step_by(7) {
            let mut device = Device { flash: tried.flash.clone(), ..Device::new() };
            let mut starts = 0;
            for power in [Some(first), Some(second), None, None, None, None, None] {
                device.power = power;
                let (slot, _, _) = device.boot().unwrap();
                device.power = None;
                starts += u8::from(slot == Slot::One);
            }
            assert!(starts <= ATTEMPTS_MAX, "{starts} starts");
            assert_eq!(device.boot(), Ok((Slot::Zero, Standing::Confirmed, 1)));
        }
    }
}

/// Resets, updates, confirmations and power cuts in any order, a hundred devices long.
#[test]
fn a_device_with_a_confirmed_image_always_starts_and_never_below_its_fuses() {
    for seed in 0..24 {
        let mut rng = Rng(seed);
        let mut device = Device::new();
        device.boot().unwrap();
        device.keep(confirm);
        let mut version = 1;
        for _ in 0..30 {
            device.power = (rng.below(3) == 0).then(|| rng.below(2 * RECORD_LEN + 1));
            let booted = device.boot();
            device.power = None;
            let (slot, standing, secure_version) = booted.unwrap();
            assert!(u32::from(secure_version) >= device.fuses.count_ones());
            let state = *device.slots().state();
            // As an application does it: only what really runs may confirm itself.
            let runs = state.running() == slot;
            if runs && rng.below(2) == 0 {
                device.power = (rng.below(3) == 0).then(|| rng.below(2 * RECORD_LEN + 1));
                device.keep(confirm);
                device.power = None;
            }
            let is_confirmed = device.slots().state().of(slot) == SlotState::Confirmed;
            if runs && is_confirmed && standing == Standing::Confirmed && rng.below(3) == 0 {
                version = (version + rng.below(2)).min(2);
                let image = match rng.below(4) {
                    0 => &IMAGES[version][..1000],
                    _ => &IMAGES[version][..],
                };
                device.update(slot.other(), image);
            }
        }
    }
}
