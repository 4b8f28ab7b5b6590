//! Bundles that wait.

use crate::nor::{Nor, PowerCut};
use countersign_chip::flash::{BUNDLES_MAX, FlashError, Outbox, OutboxError, SECTOR, VALUE_MAX};
use countersign_league::MatchId;
use countersign_league::evidence::Bundle;
use std::collections::BTreeMap;

const SECTORS: u32 = 80;

fn open(flash: &mut Nor) -> Outbox {
    Outbox::open(flash, 0..SECTORS * SECTOR).unwrap()
}

fn id(byte: u8) -> MatchId {
    MatchId::from_bytes([byte; 16])
}

fn bundle(byte: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| byte ^ (at / 7) as u8).collect()
}

/// As a phone gets it: piece by piece.
fn read(outbox: &Outbox, flash: &mut Nor, id: MatchId) -> Option<Vec<u8>> {
    let parcel = outbox.find(&id)?;
    let mut pieces = (0..).map_while(|piece| outbox.piece(flash, &parcel, piece).unwrap());
    let bundle: Vec<u8> =
        pieces.by_ref().inspect(|piece| assert!(piece.len() <= VALUE_MAX)).flatten().collect();
    assert_eq!(bundle.len(), parcel.len());
    Some(bundle)
}

fn all(flash: &mut Nor) -> BTreeMap<[u8; 16], Vec<u8>> {
    let outbox = open(flash);
    let mut read = |id: MatchId| read(&outbox, flash, id).unwrap();
    outbox.waiting().map(|(id, _)| (*id.as_bytes(), read(id))).collect()
}

#[test]
fn bundles_wait_until_their_receipt() {
    let mut flash = Nor::new(SECTORS as usize);
    let mut outbox = open(&mut flash);
    for round in 0..30_u8 {
        for n in 0..BUNDLES_MAX as u8 {
            outbox.put(&mut flash, &id(n), &bundle(n ^ round, 25_000 + usize::from(n))).unwrap();
        }
        assert_eq!(outbox.put(&mut flash, &id(99), &[1]), Err(OutboxError::Full));
        let found = all(&mut flash);
        assert!((0..8).all(|n| found[&[n; 16]] == bundle(n ^ round, 25_000 + usize::from(n))));
        for n in 0..BUNDLES_MAX as u8 {
            outbox.settle(&mut flash, &id(n)).unwrap();
        }
        outbox.settle(&mut flash, &id(77)).unwrap();
        assert!(all(&mut flash).is_empty());
    }
}

#[test]
fn a_bundle_is_offered_again_while_all_wait() {
    let mut flash = Nor::new(SECTORS as usize);
    let mut outbox = open(&mut flash);
    for n in 0..BUNDLES_MAX as u8 {
        outbox.put(&mut flash, &id(n), &bundle(n, 25_000)).unwrap();
    }
    let before = flash.bytes().to_vec();
    outbox.put(&mut flash, &id(3), &bundle(3, 25_000)).unwrap();
    assert!(flash.bytes() == before, "the same one is not written again");
    outbox.put(&mut flash, &id(3), &bundle(77, 26_000)).unwrap();
    assert_eq!(outbox.put(&mut flash, &id(99), &[1]), Err(OutboxError::Full));
    let found = all(&mut flash);
    assert_eq!(found.len(), usize::from(BUNDLES_MAX));
    assert_eq!(found[&[3; 16]], bundle(77, 26_000));
}

#[test]
fn the_longest_bundle_has_room() {
    let mut flash = Nor::new(SECTORS as usize);
    let mut outbox = open(&mut flash);
    for round in 0..5 {
        outbox.put(&mut flash, &id(1), &bundle(round, Bundle::MAX)).unwrap();
        assert_eq!(read(&outbox, &mut flash, id(1)), Some(bundle(round, Bundle::MAX)));
    }
    let long = vec![0; Bundle::MAX + 1];
    assert_eq!(outbox.put(&mut flash, &id(2), &long), Err(OutboxError::Length(long.len())));
    assert_eq!(outbox.put(&mut flash, &id(2), &[]), Err(OutboxError::Length(0)));
    assert_eq!(outbox.find(&id(2)), None);
}

#[test]
fn power_may_fail_in_every_write_of_a_bundle() {
    let mut before = Nor::new(SECTORS as usize);
    let mut outbox = open(&mut before);
    outbox.put(&mut before, &id(1), &bundle(1, 9_000)).unwrap();
    outbox.put(&mut before, &id(2), &bundle(2, 9_000)).unwrap();
    let go = |flash: &mut Nor| -> Result<(), OutboxError<PowerCut>> {
        let mut outbox = Outbox::open(flash, 0..SECTORS * SECTOR).map_err(OutboxError::Flash)?;
        outbox.put(flash, &id(3), &bundle(3, 13_000))?;
        outbox.put(flash, &id(1), &bundle(9, 10_000))?;
        outbox.settle(flash, &id(2))
    };
    let mut whole = before.clone();
    whole.calls = 0;
    go(&mut whole).unwrap();
    for call in 0..whole.calls {
        for steps in [0, 1, 5, 11, 1_000, 4_095] {
            let mut flash = before.clone();
            flash.calls = 0;
            flash.cut_in(call, steps);
            let outcome = go(&mut flash);
            flash.power();
            let found = all(&mut flash);
            let is = |n: u8, bytes: &[u8]| found.get(&[n; 16]).is_some_and(|found| found == bytes);
            let one = is(1, &bundle(1, 9_000)) || is(1, &bundle(9, 10_000));
            let two = is(2, &bundle(2, 9_000)) || !found.contains_key(&[2; 16]);
            let three = is(3, &bundle(3, 13_000)) || !found.contains_key(&[3; 16]);
            assert!(one && two && three, "call {call}, {steps} steps");
            assert!(matches!(
                outcome,
                Ok(()) | Err(OutboxError::Flash(FlashError::Flash(PowerCut)))
            ));
            go(&mut flash).unwrap();
            assert_eq!(all(&mut flash), all(&mut whole.clone()));
        }
    }
}

/// A phone that fetches slowly, and its bundle is settled by another one, or replaced: it gets no bytes of another bundle.
#[test]
fn a_bundle_that_goes_while_it_is_read_ends_there() {
    let mut flash = Nor::new(SECTORS as usize);
    let mut outbox = open(&mut flash);
    for is_replaced in [false, true] {
        outbox.put(&mut flash, &id(1), &bundle(1, 25_000)).unwrap();
        let parcel = outbox.find(&id(1)).unwrap();
        assert_eq!(
            outbox.piece(&mut flash, &parcel, 0).unwrap().unwrap(),
            bundle(1, 25_000)[..VALUE_MAX]
        );
        match is_replaced {
            true => outbox.put(&mut flash, &id(1), &bundle(2, 25_000)).unwrap(),
            false => outbox.settle(&mut flash, &id(1)).unwrap(),
        }
        outbox.put(&mut flash, &id(2), &bundle(3, 25_000)).unwrap();
        assert_eq!(outbox.piece(&mut flash, &parcel, 1), Ok(None));
        outbox.settle(&mut flash, &id(1)).unwrap();
        outbox.settle(&mut flash, &id(2)).unwrap();
    }
}
