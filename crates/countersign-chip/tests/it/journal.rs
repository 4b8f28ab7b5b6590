//! The match, on two areas.

use crate::nor::{Nor, PowerCut};
use countersign_chip::flash::{Ahead, FlashError, JOURNAL_MAX, Journal, SECTOR, Store};
use countersign_league::game::State;
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
fn sectors_that_were_erased_ahead_are_not_erased_again() {
    let mut flash = Nor::new(16);
    let mut journal = open(&mut flash);
    assert_eq!(journal.prepare(&mut flash), Ok(false), "there is no journal");
    for n in 0..20 {
        let entries = entries(8);
        journal.start_new();
        assert_eq!(
            journal.prepare(&mut flash),
            Ok(false),
            "the old one is needed until the new one begins"
        );
        journal.append(&mut flash, &entries[0]).unwrap();
        let turns = (0..).take_while(|_| journal.prepare(&mut flash).unwrap()).count();
        assert_eq!(turns, 7, "one sector for each turn");
        let erases: u32 = flash.erases.iter().sum();
        entries[1..].iter().for_each(|entry| journal.append(&mut flash, entry).unwrap());
        assert_eq!(flash.erases.iter().sum::<u32>(), erases, "journal {n}");
        assert_eq!(found(&mut flash), entries.concat());
    }
    assert!(flash.erases.iter().all(|erases| *erases == 10), "{:?}", flash.erases);
}

#[test]
fn power_may_fail_while_sectors_are_erased_ahead() {
    let mut before = Nor::new(16);
    // Both areas have been full of other matches.
    for _ in 0..3 {
        write(&mut before, &entries(20)).unwrap();
    }
    let (new, more) = (entries(8), 3);
    write(&mut before, &new[..more]).unwrap();
    let go = |flash: &mut Nor| -> Result<(), FlashError<PowerCut>> {
        let mut journal = Journal::open(flash, AREAS)?;
        while journal.prepare(flash)? {}
        new[more..].iter().try_for_each(|entry| journal.append(flash, entry))
    };
    let mut whole = before.clone();
    whole.steps = 0;
    go(&mut whole).unwrap();
    for cut in (0..60).chain((60..whole.steps).step_by(97)) {
        let mut flash = before.clone();
        flash.cut_after(cut);
        go(&mut flash).unwrap_err();
        flash.power();
        let bytes = found(&mut flash);
        let count = (more..=new.len()).find(|count| bytes == new[..*count].concat());
        let count = count.unwrap_or_else(|| panic!("cut {cut}: {} bytes", bytes.len()));
        let mut journal = open(&mut flash);
        new[count..].iter().for_each(|entry| journal.append(&mut flash, entry).unwrap());
        assert_eq!(found(&mut flash), new.concat(), "cut {cut}");
    }
}

#[test]
fn before_a_match_one_sector_is_erased_for_each_turn_and_in_it_none() {
    let mut flash = Nor::new(32 + 64);
    let areas = [0..16 * SECTOR, 16 * SECTOR..32 * SECTOR];
    let mut journal = Journal::open(&mut flash, areas).unwrap();
    let mut store = Store::open(&mut flash, 32 * SECTOR..96 * SECTOR).unwrap();
    let mut ahead = Ahead::new();
    let sum = |flash: &Nor| flash.erases.iter().sum::<u32>();
    for _ in 0..6 {
        journal.start_new();
        let entries = entries(28);
        journal.append(&mut flash, &entries[0]).unwrap();
        for state in [State::Lobby, State::Ready, State::Lobby] {
            for _ in 0..20 {
                let before = sum(&flash);
                ahead.turn(state, &mut flash, &mut journal, &mut store).unwrap();
                assert!(sum(&flash) <= before + 1, "one for each turn");
            }
        }
        let before = sum(&flash);
        for (n, entry) in (0_u8..).zip(&entries[1..]) {
            ahead.turn(State::Playing, &mut flash, &mut journal, &mut store).unwrap();
            journal.append(&mut flash, entry).unwrap();
            // The link's record follows each report.
            (0..8).for_each(|_| store.write(&mut flash, 0x201, &[n; 160]).unwrap());
        }
        assert_eq!(sum(&flash), before, "nothing waits for an erase in play");
    }
}

/// However a journal is divided into entries.
#[test]
fn as_much_as_a_journal_may_have_fits() {
    let lengths = [0, 1, 3, 18, 60, 200, 1_970, 3_950, 3_990, 4_000, 4_040, 4_100, PAYLOAD_MAX];
    let areas: [Range<u32>; 2] = [0..32 * SECTOR, 32 * SECTOR..64 * SECTOR];
    for length in lengths {
        let mut flash = Nor::new(64);
        let mut journal = Journal::open(&mut flash, areas.clone()).unwrap();
        let mut writer = Writer::new();
        while writer.bytes() + journal::entry_len(length) <= JOURNAL_MAX {
            let entry = writer.append(1, 0, &vec![7; length]).unwrap();
            journal.append(&mut flash, &entry).unwrap();
        }
        assert!(writer.bytes() + 9_000 > JOURNAL_MAX);
        assert_eq!(journal.read(&mut flash).unwrap().len(), writer.bytes() as usize);
    }
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
