//! The match, on two areas.

use crate::nor::{Nor, PowerCut};
use countersign_chip::flash::{FlashError, Journal, SECTOR};
use countersign_league::journal::{self, PAYLOAD_MAX, Writer};
use std::ops::Range;

const AREAS: [Range<u32>; 2] = [0..8 * SECTOR, 8 * SECTOR..16 * SECTOR];

fn open(flash: &mut Nor) -> Journal {
    Journal::open(flash, AREAS).unwrap()
}

fn found(flash: &mut Nor) -> Vec<u8> {
    open(flash).read(flash).unwrap()
}

/// Entries of one journal, each by itself; some are longer than a sector.
fn entries(count: u8) -> Vec<Vec<u8>> {
    let mut writer = Writer::new();
    let length = |n: u8| if n % 7 == 3 { PAYLOAD_MAX } else { usize::from(n) * 11 + 1 };
    (0..count).map(|n| writer.append(n, n.into(), &vec![n; length(n)]).unwrap()).collect()
}

fn write(flash: &mut Nor, entries: &[Vec<u8>]) -> Result<(), FlashError<PowerCut>> {
    let mut journal = Journal::open(flash, AREAS)?;
    journal.start_new();
    entries.iter().try_for_each(|entry| journal.append(flash, entry))
}

#[test]
fn the_newest_journal_is_found_and_goes_on() {
    let mut flash = Nor::new(16);
    assert!(found(&mut flash).is_empty());
    let (three, five) = (entries(3), entries(5));
    write(&mut flash, &three).unwrap();
    write(&mut flash, &five[..4]).unwrap();
    assert_eq!(found(&mut flash), five[..4].concat());
    let mut journal = open(&mut flash);
    journal.append(&mut flash, &five[4]).unwrap();
    assert_eq!(found(&mut flash), five.concat());
}

#[test]
fn an_area_that_was_erased_ahead_is_not_erased_again() {
    let mut flash = Nor::new(16);
    let mut journal = open(&mut flash);
    for n in 0..20 {
        journal.start_new();
        journal.prepare(&mut flash).unwrap();
        let erases: u32 = flash.erases.iter().sum();
        entries(8).iter().for_each(|entry| journal.append(&mut flash, entry).unwrap());
        assert_eq!(flash.erases.iter().sum::<u32>(), erases, "journal {n}");
        assert_eq!(found(&mut flash), entries(8).concat());
    }
    assert!(flash.erases.iter().all(|erases| *erases == 10), "{:?}", flash.erases);
}

#[test]
fn power_may_fail_in_every_step_of_a_new_journal() {
    let mut before = Nor::new(16);
    let (old, new) = (entries(3), entries(5));
    write(&mut before, &old).unwrap();
    let mut whole = before.clone();
    whole.steps = 0;
    write(&mut whole, &new).unwrap();
    for cut in 0..whole.steps {
        let mut flash = before.clone();
        flash.cut_after(cut);
        write(&mut flash, &new).unwrap_err();
        flash.power();
        let bytes = found(&mut flash);
        let count = (0..=new.len()).find(|count| bytes == new[..*count].concat());
        assert!(bytes == old.concat() || count.is_some_and(|count| count > 0), "cut {cut}");
        // It goes on behind what is torn.
        let read = journal::read(&bytes);
        let (mut journal, mut writer) = (open(&mut flash), read.writer);
        journal.keep(read.entries.len() as u32);
        let more = writer.append(99, 1_000, &[9; 50]).unwrap();
        journal.append(&mut flash, &more).unwrap();
        assert_eq!(found(&mut flash), [bytes, more].concat(), "cut {cut}");
    }
}

/// The new journal is attempted until it begins; the old one is there until then.
#[test]
fn power_may_fail_again_and_again() {
    let mut before = Nor::new(16);
    let (old, new) = (entries(5), entries(4)[3..].to_vec());
    write(&mut before, &old).unwrap();
    for seed in 0..300_u64 {
        let mut flash = before.clone();
        for round in 0..8 {
            flash.cut_after(seed.wrapping_mul(0x9e37_79b9).wrapping_add(round * 7_919) % 8_300);
            let attempt = new[0].iter().map(|byte| byte ^ round as u8).collect();
            let outcome = write(&mut flash, &[attempt]);
            flash.power();
            if outcome.is_ok() {
                break;
            }
            assert_eq!(found(&mut flash), old.concat(), "seed {seed} round {round}");
        }
        write(&mut flash, &new).unwrap();
        assert_eq!(found(&mut flash), new.concat(), "seed {seed}");
    }
}

#[test]
fn what_does_not_belong_to_the_chain_is_written_over() {
    let mut flash = Nor::new(16);
    let all = entries(6);
    write(&mut flash, &all).unwrap();
    let mut journal = open(&mut flash);
    journal.keep(2);
    journal.append(&mut flash, b"another third entry").unwrap();
    assert_eq!(found(&mut flash), [&all[0][..], &all[1], b"another third entry"].concat());
}

#[test]
fn a_full_area_takes_no_more_and_keeps_what_it_has() {
    let mut flash = Nor::new(16);
    let mut journal = open(&mut flash);
    let mut kept = Vec::new();
    let mut writer = Writer::new();
    let refusal = (0..100).find_map(|n| {
        let entry = writer.append(n, n.into(), &[n; 3_000]).unwrap();
        let outcome = journal.append(&mut flash, &entry);
        outcome.is_ok().then(|| kept.extend(entry));
        outcome.err()
    });
    assert_eq!(refusal, Some(FlashError::Full));
    assert!(kept.len() > 28_000 && found(&mut flash) == kept, "{} bytes", kept.len());
    assert_eq!(journal.append(&mut flash, &[1; 3_000]), Err(FlashError::Full));
    journal.start_new();
    journal.append(&mut flash, b"the next match").unwrap();
    assert_eq!(found(&mut flash), b"the next match");
}
