//! A chip with one core: one loop that reads the sheet, and phones that all want something at once. Time is in milliseconds.

use countersign_league::device::{Gate, Share, Work};

/// A reading of the sheet takes this long, and is due so often.
const READ: u64 = 3;
const EVERY: u64 = 10;
/// What the stated bound is made of: the time between two readings, one piece of work, and the reading itself.
const BOUND: u64 = EVERY + 62 + READ;

/// One executor on which everybody who is due has a turn, as the shells' has it: phones ask as soon as they may.
struct Chip {
    gate: Gate,
    share: Share,
    now: u64,
    next: u64,
    /// When it was read last.
    read: u64,
    /// Longest time from one reading to the next.
    longest: u64,
    phones: Vec<Phone>,
    /// Milliseconds of work.
    worked: u64,
}

struct Phone {
    station: u8,
    work: Work,
    /// Asks until it was served so often.
    wants: u32,
    served: u32,
    /// When it asks again.
    again: u64,
    /// When it had what it wanted.
    done: Option<u64>,
}

/// These stations want the same, so often.
fn phones(
    stations: impl Iterator<Item = u8>,
    work: Work,
    wants: u32,
) -> impl Iterator<Item = Phone> {
    stations.map(move |station| Phone { station, work, wants, served: 0, again: 0, done: None })
}

impl Chip {
    fn new(share: Share, phones: impl Iterator<Item = Phone>) -> Self {
        let mut gate = Gate::new(0);
        gate.read(0);
        let phones = phones.collect();
        Self { gate, share, now: 0, next: 0, read: 0, longest: 0, phones, worked: 0 }
    }

    fn run(&mut self, until: u64, has_gate: bool) {
        while self.now < until {
            for phone in &mut self.phones {
                if phone.again > self.now || phone.served >= phone.wants {
                    continue;
                }
                let Phone { station, work, .. } = *phone;
                match self.gate.permit(work, [station; 8], self.share, self.now) {
                    Err(wait) if has_gate => phone.again = self.now + u64::from(wait.0),
                    Ok(()) | Err(_) => {
                        self.now += u64::from(work.cost());
                        self.worked += u64::from(work.cost());
                        phone.served += 1;
                        phone.done = (phone.served == phone.wants).then_some(self.now);
                    }
                }
            }
            if self.now >= self.next {
                self.now += READ;
                self.longest = self.longest.max(self.now - self.read);
                (self.read, self.next) = (self.now, self.now + EVERY);
                self.gate.read(self.now);
            }
            // Until somebody is due.
            let waiting = self.phones.iter().filter(|phone| phone.served < phone.wants);
            let due = waiting.map(|phone| phone.again).chain([self.next]).min();
            self.now = self.now.max(due.unwrap_or(self.next));
        }
    }

    fn served(&self) -> u32 {
        self.phones.iter().map(|phone| phone.served).sum()
    }

    /// When the last of those who want only so much had it.
    fn done(&self, wants: u32) -> Option<u64> {
        let all = self.phones.iter().filter(|phone| phone.wants == wants);
        all.map(|phone| phone.done).collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

const EVER: u32 = u32::MAX;

#[test]
fn a_flood_of_joins_delays_the_sheet_by_one_join_at_most() {
    for share in [Share::Half, Share::Tenth] {
        let mut chip = Chip::new(share, phones(0..13, Work::Join, EVER));
        chip.run(60_000, true);
        assert!(chip.longest <= BOUND, "{} ms", chip.longest);
        assert!(chip.served() > 60, "and they come in: {}", chip.served());
    }
    // The same without: the sheet waits for all of them.
    let mut chip = Chip::new(Share::Half, phones(0..13, Work::Join, EVER));
    chip.run(60_000, false);
    assert!(chip.longest >= 13 * 62, "{} ms", chip.longest);
}

#[test]
fn in_play_strangers_get_a_tenth_of_the_time() {
    let all = Work::ALL.into_iter().zip([0..4, 4..7, 7..10, 10..13]);
    let all = all.flat_map(|(work, stations)| phones(stations, work, EVER));
    let mut chip = Chip::new(Share::Tenth, all);
    chip.run(60_000, true);
    assert!((5_000..6_500).contains(&chip.worked), "{} ms of 60,000", chip.worked);
}

#[test]
fn ten_phones_come_in_within_two_seconds() {
    let mut chip = Chip::new(Share::Half, phones(0..10, Work::Join, 1));
    chip.run(3_000, true);
    assert!(chip.done(1).is_some_and(|at| at < 2_000), "{:?}", chip.done(1));
}

#[test]
fn one_station_takes_nothing_from_the_others() {
    // Nine connections of one station, and a phone that comes in again and again.
    let flood = phones([1; 9].into_iter(), Work::Join, EVER);
    let mut chip = Chip::new(Share::Half, flood.chain(phones(2..3, Work::Join, 40)));
    chip.run(60_000, true);
    assert!(chip.done(40).is_some_and(|at| at < 50_000), "{:?}", chip.done(40));
    assert!(chip.served() - 40 <= 52, "{}", chip.served());
}

#[test]
fn the_roll_call_is_answered_whoever_knocks() {
    let strangers = phones(100..110, Work::Join, EVER);
    let mut chip = Chip::new(Share::Half, strangers.chain(phones(0..10, Work::Say, 0)));
    chip.run(10_000, true);
    chip.phones.iter_mut().filter(|phone| phone.wants == 0).for_each(|phone| phone.wants = 1);
    chip.run(13_000, true);
    assert!(chip.done(1).is_some_and(|at| at < 12_000), "{:?}", chip.done(1));
}

#[test]
fn a_hundred_addresses_of_one_stranger_do_not_make_the_sheet_wait() {
    let mut chip = Chip::new(Share::Tenth, phones(0..100, Work::Inbox, EVER));
    chip.run(60_000, true);
    assert!(chip.longest <= BOUND && chip.worked < 6_500, "{} and {}", chip.longest, chip.worked);
}

#[test]
fn where_no_sheet_is_read_nobody_waits_for_it() {
    let mut gate = Gate::new(0);
    for phone in 0..2 {
        assert_eq!(gate.permit(Work::Join, [phone; 8], Share::Half, 0), Ok(()));
    }
    gate.read(5);
    assert_eq!(gate.permit(Work::Prove, [9; 8], Share::Half, 10), Ok(()));
    assert!(gate.permit(Work::Prove, [8; 8], Share::Half, 500).is_err(), "not read since");
    assert_eq!(gate.permit(Work::Prove, [8; 8], Share::Half, 1_100), Ok(()), "nobody reads it");
}
