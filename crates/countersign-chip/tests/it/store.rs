//! Values by number.

use crate::nor::{Nor, PowerCut};
use countersign_chip::flash::{FlashError, LinkSlots, SECTOR, SlotError, Store, VALUE_MAX};
use countersign_league::pair::slave::Slot;
use std::collections::BTreeMap;

type Values = BTreeMap<u16, Vec<u8>>;
type Outcome = Result<(), FlashError<PowerCut>>;

const SMALL: u32 = 5;

fn open(flash: &mut Nor, sectors: u32) -> Store {
    Store::open(flash, 0..sectors * SECTOR).unwrap()
}

fn values(flash: &mut Nor, sectors: u32) -> Values {
    let store = open(flash, sectors);
    store.keys().map(|key| (key, store.read(flash, key).unwrap().unwrap())).collect()
}

/// Different for each number; 100 to 399 bytes.
fn value(number: u32) -> Vec<u8> {
    let mut value = vec![number as u8; 100 + (number.wrapping_mul(37) % 300) as usize];
    value[..4].copy_from_slice(&number.to_be_bytes());
    value
}

/// A start of the device, and one write.
fn start_and_write(flash: &mut Nor, key: u16, value: &[u8]) -> Outcome {
    Store::open(flash, 0..SMALL * SECTOR)?.write(flash, key, value)
}

/// A flash in which nearly every sector counts, so that heads take over much.
fn crowded() -> (Nor, Values) {
    let (mut flash, mut truth) = (Nor::new(SMALL as usize), Values::new());
    let mut store = open(&mut flash, SMALL);
    for number in 0..300 {
        let key = (number * 7 % 40) as u16;
        store.write(&mut flash, key, &value(number)).unwrap();
        truth.insert(key, value(number));
    }
    (flash, truth)
}

fn assert_old_or_new(found: &Values, old: &Values, key: u16, new: &[u8], place: &str) {
    let mut expected = old.clone();
    if found.get(&key).is_some_and(|found| found == new) {
        expected.insert(key, new.to_vec());
    }
    assert!(*found == expected, "{place}: something else than the value of key {key} has changed");
}

#[test]
fn the_newest_value_of_every_key_comes_back() {
    let (mut flash, truth) = crowded();
    assert_eq!(values(&mut flash, SMALL), truth);
    let mut store = open(&mut flash, SMALL);
    store.remove(&mut flash, 7).unwrap();
    assert_eq!(store.read(&mut flash, 7), Ok(None));
    for number in 1_000..1_400 {
        store.write(&mut flash, 3, &value(number)).unwrap();
    }
    let mut truth = truth;
    truth.remove(&7);
    truth.insert(3, value(1_399));
    assert_eq!(values(&mut flash, SMALL), truth, "what was removed stays removed");
}

#[test]
fn power_may_fail_at_every_step_of_a_write() {
    let (mut flash, mut truth) = crowded();
    let mut advances = 0;
    for number in 300..400 {
        let (key, new) = ((number * 7 % 40) as u16, value(number));
        let mut whole = flash.clone();
        whole.steps = 0;
        let erases: u32 = whole.erases.iter().sum();
        start_and_write(&mut whole, key, &new).unwrap();
        advances += whole.erases.iter().sum::<u32>() - erases;
        for cut in 0..whole.steps {
            let mut flash = flash.clone();
            flash.cut_after(cut);
            assert!(start_and_write(&mut flash, key, &new).is_err());
            flash.power();
            let found = values(&mut flash, SMALL);
            assert_old_or_new(&found, &truth, key, &new, &format!("cut {cut} of {number}"));
        }
        flash = whole;
        truth.insert(key, new);
    }
    assert!(advances >= 5, "sectors were erased and taken over in {advances} of these writes");
}

/// A sagging battery: the power fails again while the start after it repairs things.
#[test]
fn power_may_fail_again_and_again() {
    let (mut flash, truth) = crowded();
    // The next write that begins a sector.
    let mut store = open(&mut flash, SMALL);
    let mut number = 300;
    let mut old = truth;
    let before = loop {
        let before = flash.clone();
        let key = (number * 7 % 40) as u16;
        store.write(&mut flash, key, &value(number)).unwrap();
        if flash.erases != before.erases {
            break before;
        }
        old.insert(key, value(number));
        number += 1;
    };
    let (key, new) = ((number * 7 % 40) as u16, value(number));
    for seed in 0..3_000_u64 {
        let mut flash = before.clone();
        for round in 0..12 {
            // From a few steps, in the erase, to a few thousand, in what is taken over.
            let cut = seed.wrapping_mul(0x9e37_79b9).wrapping_add(round * 7_919) % 4_500;
            flash.cut_after(if round % 3 == 0 { cut % 20 } else { cut });
            let _ = start_and_write(&mut flash, key, &new);
            flash.power();
            let found = values(&mut flash, SMALL);
            assert_old_or_new(&found, &old, key, &new, &format!("seed {seed} round {round}"));
        }
        start_and_write(&mut flash, key, &new).unwrap();
        assert_eq!(values(&mut flash, SMALL)[&key], new);
    }
}

/// One flash, thousands of starts, and power that fails in nearly every one of them.
#[test]
fn a_life_of_power_cuts_loses_nothing() {
    const SECTORS: u32 = 8;
    let (mut flash, mut truth) = (Nor::new(SECTORS as usize), Values::new());
    let mut random = 0x00c0_ffee_u64;
    let mut draw = |end: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 16) % end
    };
    for start in 0..20_000_u32 {
        let (key, what) = (draw(30) as u16, draw(10));
        let length = if draw(20) == 0 { 3_000 } else { draw(500) as usize };
        let new = match what {
            0 => vec![],
            _ => vec![start as u8; length.max(1)],
        };
        let work = |flash: &mut Nor| -> Outcome {
            let mut store = Store::open(flash, 0..SECTORS * SECTOR)?;
            if what == 1 {
                store.prepare(flash, 3)?;
            }
            store.write(flash, key, &new)
        };
        flash.cut_after(draw(if what < 5 { 6_000 } else { 300 }));
        let outcome = work(&mut flash);
        flash.power();
        let found = values(&mut flash, SECTORS);
        let is_new = found.get(&key).map_or(&[][..], |found| found) == new;
        assert!(is_new || outcome.is_err(), "start {start}: what was promised is not there");
        if is_new {
            truth.remove(&key);
            truth.extend((!new.is_empty()).then_some((key, new)));
        }
        assert!(found == truth, "start {start}");
    }
}

#[test]
fn long_values_find_room_among_many_short_ones() {
    let mut flash = Nor::new(16);
    let mut store = open(&mut flash, 16);
    // One short value in every sector, everything else in it is old.
    for number in 0..14 {
        store.write(&mut flash, 100 + number, &value(number.into())).unwrap();
        store.write(&mut flash, 1, &vec![number as u8; 3_000]).unwrap();
        store.write(&mut flash, 2, &vec![number as u8; 800]).unwrap();
    }
    for byte in 0..40 {
        store.write(&mut flash, 3, &vec![byte; VALUE_MAX]).unwrap();
    }
    let found = values(&mut flash, 16);
    assert_eq!(found[&3], vec![39; VALUE_MAX]);
    assert!((0..14).all(|number| found[&(100 + number)] == value(number.into())));
}

#[test]
fn a_full_store_says_so_and_keeps_what_it_has() {
    let mut flash = Nor::new(4);
    let mut store = open(&mut flash, 4);
    let mut truth = Values::new();
    let refusal = (0..100).find_map(|key| match store.write(&mut flash, key, &[7; 1_000]) {
        Ok(()) => {
            truth.insert(key, vec![7; 1_000]);
            None
        }
        Err(error) => Some(error),
    });
    assert_eq!(refusal, Some(FlashError::Full));
    assert!(truth.len() >= 8, "two of four sectors can be full: {}", truth.len());
    assert_eq!(values(&mut flash, 4), truth);
    let mut store = open(&mut flash, 4);
    store.write(&mut flash, 0, b"shorter").unwrap();
    assert_eq!(
        store.write(&mut flash, 1, &[0; VALUE_MAX + 1]),
        Err(FlashError::TooLong(VALUE_MAX + 1))
    );
}

#[test]
fn keys_are_bounded() {
    let mut flash = Nor::new(8);
    let mut store = open(&mut flash, 8);
    for key in 0..512 {
        store.write(&mut flash, key, b"x").unwrap();
    }
    assert_eq!(store.write(&mut flash, 512, b"x"), Err(FlashError::Full));
    store.write(&mut flash, 511, b"y").unwrap();
}

#[test]
fn an_area_that_cannot_be_is_refused() {
    let mut flash = Nor::new(4);
    for range in [0..2 * SECTOR, 1..5 * SECTOR, 0..4 * SECTOR + 4, SECTOR..5 * SECTOR] {
        assert_eq!(Store::open(&mut flash, range).unwrap_err(), FlashError::Geometry);
    }
}

#[test]
fn a_bad_bit_costs_no_more_than_what_stands_behind_it_in_its_sector() {
    let (flash, truth) = crowded();
    for bit in (0..SMALL as usize * 4096 * 8).step_by(997) {
        let mut flash = flash.clone();
        flash.bytes_mut()[bit / 8] ^= 1 << (bit % 8);
        let found = values(&mut flash, SMALL);
        let wrong = truth.iter().filter(|(key, value)| found.get(key) != Some(value)).count();
        assert!(wrong <= 40 / 2, "bit {bit}: {wrong} values");
        start_and_write(&mut flash, 3, b"goes on").unwrap();
        assert_eq!(values(&mut flash, SMALL)[&3], b"goes on");
    }
}

#[test]
fn slots_keep_what_a_slave_persists() {
    let mut flash = Nor::new(24);
    let mut store = open(&mut flash, 24);
    let slot = |number: u16, byte| Slot { number, bytes: vec![byte; 168] };
    for (number, byte) in [(0, 1), (256, 2), (0, 3), (0, 4), (7, 5)] {
        LinkSlots::write(&mut store, &mut flash, &slot(number, byte)).unwrap();
    }
    store.write(&mut flash, 300, b"something else").unwrap();
    let store = open(&mut flash, 24);
    let found = LinkSlots::read(&store, &mut flash).unwrap();
    assert_eq!(found, [(0, vec![4; 168]), (7, vec![5; 168]), (256, vec![2; 168])]);
    let mut store = store;
    for wrong in
        [slot(257, 1), Slot { number: 0, bytes: vec![0; 201] }, Slot { number: 0, bytes: vec![] }]
    {
        assert_eq!(LinkSlots::write(&mut store, &mut flash, &wrong), Err(SlotError::Slot));
    }
}

/// What docs/firmware.md, section 3, calculates with.
#[test]
fn a_season_of_matches_wears_the_slaves_flash_little() {
    const SECTORS: u32 = 64;
    const MATCHES: u32 = 300;
    let mut flash = Nor::new(SECTORS as usize);
    let (mut seq, mut longest) = (0_u32, 0);
    for _ in 0..MATCHES {
        let mut store = open(&mut flash, SECTORS);
        store.prepare(&mut flash, LinkSlots::PREPARED).unwrap();
        for report in 0..200 {
            seq += 1;
            let number = if report % 10 == 0 { 0 } else { 1 + (seq % 256) as u16 };
            let before = (flash.written, flash.erases.iter().sum::<u32>());
            LinkSlots::write(&mut store, &mut flash, &Slot { number, bytes: vec![seq as u8; 168] })
                .unwrap();
            assert_eq!(
                flash.erases.iter().sum::<u32>(),
                before.1,
                "no write of a match waits for an erase"
            );
            longest = longest.max(flash.written - before.0);
        }
    }
    let most = flash.erases.iter().max().unwrap();
    let least = flash.erases.iter().min().unwrap();
    println!("erases {least} to {most}, longest write {longest} bytes, written {}", flash.written);
    assert!(*most <= 800 && most - least <= 30, "each sector erased {least} to {most} times");
    assert!(longest <= 4_096, "the longest write programs {longest} bytes");
}
