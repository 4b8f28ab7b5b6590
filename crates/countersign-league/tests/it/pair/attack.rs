//! Liars on the air: strangers, clones, false masters, recordings, meddlers.

use super::world::{CALIBRATION, Dice, Key, MATCH, Radio, World, our_pair, pair_of};
use countersign::{Signature, Signer, VerifyingKey};
use countersign_league::button::Touch;
use countersign_league::goal::{Event, Hit};
use countersign_league::pair::master::{self, Order};
use countersign_league::pair::{BadPeer, Master, Pair, Report, ReportError, Slave, slave};
use countersign_league::ruleset::Params;
use std::cell::Cell;
use std::rc::Rc;

/// Two halves and no radio: the test carries each frame by hand.
struct Table<M, S> {
    master: Master<M>,
    slave: Slave<S>,
    dice: Dice,
    now: u64,
}

impl<M: Signer, S: Signer> Table<M, S> {
    fn new(of_master: (Pair, M), of_slave: (Pair, S)) -> Self {
        let master = Master::new(of_master.0, of_master.1, &Params::OFFICIAL, None).unwrap();
        let slave = Slave::new(of_slave.0, of_slave.1, &CALIBRATION, [], 0);
        Self { master, slave, dice: Dice(5), now: 1_000 }
    }

    fn master(&mut self, input: master::Input<'_>) -> (Vec<Vec<u8>>, Vec<master::Output>) {
        let dice = &mut self.dice;
        self.master.handle_input(input, self.now, &mut || dice.bytes());
        let (mut frames, mut said) = (Vec::new(), Vec::new());
        while let Some(output) = self.master.poll_output() {
            if let master::Output::Send(frame) = output {
                frames.push(frame);
            } else if !matches!(output, master::Output::Persist(_)) {
                said.push(output);
            }
        }
        (frames, said)
    }

    fn slave(&mut self, input: slave::Input<'_>) -> (Vec<Vec<u8>>, Vec<slave::Output>) {
        let dice = &mut self.dice;
        self.slave.handle_input(input, self.now, &mut || dice.bytes());
        let (mut frames, mut said) = (Vec::new(), Vec::new());
        while let Some(output) = self.slave.poll_output() {
            if let slave::Output::Send(frame) = output {
                frames.push(frame);
            } else if !matches!(output, slave::Output::Persist(_)) {
                said.push(output);
            }
        }
        (frames, said)
    }

    fn hello(&mut self) -> Vec<u8> {
        self.now += 1_000;
        self.master(master::Input::Order(Order::Disconnect));
        let (frames, _) = self.master(master::Input::Order(Order::Connect));
        frames.into_iter().next().unwrap()
    }

    fn answer(&mut self, hello: &[u8]) -> Option<Vec<u8>> {
        self.slave(slave::Input::Frame(hello)).0.into_iter().next()
    }

    fn confirm(&mut self, answer: &[u8]) -> Option<Vec<u8>> {
        self.master(master::Input::Frame(answer)).0.into_iter().next()
    }

    /// The whole handshake; whether both sides speak under the new keys.
    fn connect(&mut self) -> bool {
        let hello = self.hello();
        let Some(answer) = self.answer(&hello) else { return false };
        let Some(confirm) = self.confirm(&answer) else { return false };
        let (frames, said) = self.slave(slave::Input::Frame(&confirm));
        let is_up = said.iter().any(|said| matches!(said, slave::Output::LinkUp { .. }));
        let Some(beat) = frames.first() else { return false };
        let (frames, _) = self.master(master::Input::Frame(beat));
        is_up && !frames.is_empty()
    }
}

fn honest() -> Table<Key, Key> {
    Table::new((our_pair(), Key::of(1)), (our_pair(), Key::of(2)))
}

fn flips(frame: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..frame.len() * 8).map(|bit| {
        let mut flipped = frame.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn the_frames_of_an_honest_handshake_have_the_specified_lengths() {
    let mut table = honest();
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    let confirm = table.confirm(&answer).unwrap();
    let (beat, said) = table.slave(slave::Input::Frame(&confirm));
    assert_eq!(said, [slave::Output::LinkUp { epoch: 1 }]);
    let (frames, _) = table.master(master::Input::Frame(&beat[0]));
    let lengths = [&hello, &answer, &confirm, &beat[0], &frames[0], &frames[1]].map(Vec::len);
    assert_eq!(lengths, [86, 168, 102, 43, 35, 77], "docs/league.md section 5");
}

#[test]
fn another_devices_slave_is_not_heard() {
    let (others_master, others_slave) = (Key::of(3), Key::of(4));
    let theirs = pair_of(2, &others_master, &others_slave);
    let mut table = Table::new((our_pair(), Key::of(1)), (theirs.clone(), others_slave.clone()));
    let hello = table.hello();
    assert_eq!(table.answer(&hello), None, "it is another pair's hello");
    // It answers its own master; our master hears that too, and says nothing.
    let mut other = Table::new((theirs, others_master), (our_pair(), Key::of(2)));
    let foreign = other.hello();
    let answer = table.answer(&foreign).unwrap();
    assert_eq!(table.master(master::Input::Frame(&answer)), (vec![], vec![]));
}

#[test]
fn a_stranger_under_our_number_is_not_heard() {
    // All it can do without the certificate: our device id, its own keys.
    let stranger = pair_of(1, &Key::of(1), &Key::of(9));
    let mut table = Table::new((our_pair(), Key::of(1)), (stranger, Key::of(9)));
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    assert_eq!(table.master(master::Input::Frame(&answer)), (vec![], vec![]));
}

#[test]
fn a_clone_with_another_key_is_an_incident() {
    // It knows everything that is public, and claims the slave's fingerprint.
    let mut table = Table::new((our_pair(), Key::of(1)), (our_pair(), Key::of(9)));
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    let (frames, said) = table.master(master::Input::Frame(&answer));
    assert_eq!((frames, said), (vec![], vec![master::Output::BadPeer(BadPeer::Handshake)]));
}

#[test]
fn a_false_master_is_an_incident_for_the_slave() {
    let mut table = Table::new((our_pair(), Key::of(9)), (our_pair(), Key::of(2)));
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    let confirm = table.confirm(&answer).unwrap();
    let (frames, said) = table.slave(slave::Input::Frame(&confirm));
    assert_eq!((frames, said), (vec![], vec![slave::Output::BadPeer(BadPeer::Handshake)]));
    assert!(!table.slave.is_up());
}

#[test]
fn a_hello_with_any_flipped_bit_leads_nowhere() {
    let mut table = honest();
    let hello = table.hello();
    for flipped in flips(&hello) {
        table.now += 1_000;
        let _ = table.slave.touched(Touch::Press, table.now);
        if let Some(answer) = table.answer(&flipped) {
            assert_eq!(table.master(master::Input::Frame(&answer)), (vec![], vec![]));
        }
    }
    table.now += 1_000;
    let answer = table.answer(&hello).unwrap();
    assert!(table.confirm(&answer).is_some(), "the true one still works");
}

#[test]
fn an_answer_with_any_flipped_bit_leads_nowhere() {
    let mut table = honest();
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    for flipped in flips(&answer) {
        assert_eq!(table.master(master::Input::Frame(&flipped)), (vec![], vec![]));
    }
    assert!(table.confirm(&answer).is_some(), "the true one still works");
}

#[test]
fn a_confirmation_with_any_flipped_bit_leads_nowhere() {
    let mut table = honest();
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    let confirm = table.confirm(&answer).unwrap();
    for flipped in flips(&confirm) {
        table.now += 1;
        assert_eq!(table.slave(slave::Input::Frame(&flipped)), (vec![], vec![]));
        assert!(!table.slave.is_up());
    }
    table.slave(slave::Input::Frame(&confirm));
    assert!(table.slave.is_up(), "the true one still works");
}

#[test]
fn frames_of_no_and_of_too_many_bytes_are_nothing() {
    let mut table = honest();
    assert!(table.connect());
    for len in [0, 1, 9, 10, 25, 26, 250, 251, 4_096] {
        for first in [[1, 1], [1, 2], [1, 3], [1, 4], [1, 5], [2, 4]] {
            let mut frame = vec![0; len];
            frame.iter_mut().zip(first).for_each(|(byte, value)| *byte = value);
            assert_eq!(table.master(master::Input::Frame(&frame)), (vec![], vec![]));
            assert_eq!(table.slave(slave::Input::Frame(&frame)), (vec![], vec![]));
        }
    }
}

#[test]
fn a_recorded_handshake_opens_nothing_later() {
    let mut table = honest();
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    let confirm = table.confirm(&answer).unwrap();
    // The master starts again: the old answer does not fit its new hello.
    table.hello();
    assert_eq!(table.confirm(&answer), None);
    // The slave hears the old hello again, after another: its new answer does not fit the old confirmation.
    let other = table.hello();
    table.now += 1_000;
    table.answer(&other).unwrap();
    table.now += 1_000;
    assert_ne!(table.answer(&hello).unwrap(), answer);
    assert_eq!(table.slave(slave::Input::Frame(&confirm)), (vec![], vec![]));
    assert!(!table.slave.is_up());
}

#[test]
fn a_recorded_session_says_nothing_in_the_next() {
    let mut world = World::new(3, Radio::GOOD);
    world.order(Order::Connect);
    world.run(2_000);
    world.begin(60_000);
    world.run(2_000);
    world.contact();
    world.run(2_000);
    let tape = world.tape.clone();
    let (first, goals) = (world.master.epoch(), world.master.chain().goals);
    assert_eq!((first, goals), (1, 1));
    world.stop_slave();
    world.run(500);
    world.start_slave();
    world.run(3_000);
    assert!(world.master.is_up() && world.master.epoch() > first);
    world.from_master.clear();
    world.from_slave.clear();
    let epoch = world.master.epoch();
    for frame in tape {
        world.master_frame(&frame);
        world.slave_input(slave::Input::Frame(&frame));
    }
    world.run(10_000);
    assert_eq!((world.from_master.len(), world.from_slave.len()), (0, 0));
    assert!(world.master.is_up() && world.master.epoch() == epoch);
    assert_eq!(world.master.chain().goals, 1);
}

#[test]
fn every_handshake_has_a_larger_epoch_than_either_side_ever_saw() {
    let mut world = World::new(4, Radio::GOOD);
    world.order(Order::Connect);
    let mut last = 0;
    for round in 0..6 {
        world.run(6_000);
        assert!(world.master.is_up() && world.master.epoch() > last, "round {round}");
        last = world.master.epoch();
        if round % 2 == 0 {
            world.stop_slave();
            world.start_slave();
        } else {
            world.restart_master();
        }
    }
    // Only the slave remembers.
    world.record = None;
    world.restart_master();
    world.run(6_000);
    assert!(world.master.is_up() && world.master.epoch() > last);
}

/// A slave whose key was swapped after the handshake: it holds the session, and not the key.
struct Swapped {
    before: Key,
    after: Key,
    is_swapped: Rc<Cell<bool>>,
}

impl Signer for Swapped {
    fn verifying_key(&self) -> &VerifyingKey {
        self.before.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        if self.is_swapped.get() { self.after.sign(message) } else { self.before.sign(message) }
    }
}

/// Carries frames both ways until nobody has anything to say; what the master said.
fn settle<M: Signer, S: Signer>(
    table: &mut Table<M, S>,
    frames: Vec<Vec<u8>>,
) -> Vec<master::Output> {
    let (mut to_master, mut all) = (frames, Vec::new());
    while !to_master.is_empty() {
        let mut to_slave = Vec::new();
        for frame in to_master.drain(..) {
            let (frames, said) = table.master(master::Input::Frame(&frame));
            to_slave.extend(frames);
            all.extend(said);
        }
        for frame in to_slave {
            to_master.extend(table.slave(slave::Input::Frame(&frame)).0);
        }
        table.now += 20;
        let dice = &mut table.dice;
        table.master.handle_timeout(table.now, &mut || dice.bytes());
        while let Some(output) = table.master.poll_output() {
            if let master::Output::Send(frame) = output {
                to_master.extend(table.slave(slave::Input::Frame(&frame)).0);
            }
        }
    }
    all
}

#[test]
fn a_report_inside_the_link_needs_the_slaves_own_signature() {
    let is_swapped = Rc::new(Cell::new(false));
    let signer =
        Swapped { before: Key::of(2), after: Key::of(9), is_swapped: Rc::clone(&is_swapped) };
    let mut table = Table::new((our_pair(), Key::of(1)), (our_pair(), signer));
    let hello = table.hello();
    let answer = table.answer(&hello).unwrap();
    let confirm = table.confirm(&answer).unwrap();
    let (beat, _) = table.slave(slave::Input::Frame(&confirm));
    let said = settle(&mut table, beat);
    assert!(said.iter().any(|said| matches!(said, master::Output::LinkUp { .. })), "{said:?}");
    let start = table.now as i64;
    let begin = Order::Begin { match_id: MATCH, start, end: start + 9_000 };
    let (frames, _) = table.master(master::Input::Order(begin));
    let echoes: Vec<_> =
        frames.iter().flat_map(|frame| table.slave(slave::Input::Frame(frame)).0).collect();
    settle(&mut table, echoes);
    let hit = Hit { at: table.now + 5, peak: 500, duration: 30, rise: 4, rows: 1, cols: 1 };
    let (report, _) = table.slave(slave::Input::Sensor(Event::Goal(hit)));
    let said = settle(&mut table, report);
    assert!(matches!(said[..], [master::Output::Goal(_)]), "{said:?}");
    is_swapped.set(true);
    let hit = Hit { at: table.now + 5, ..hit };
    let (report, _) = table.slave(slave::Input::Sensor(Event::Goal(hit)));
    let (frames, said) = table.master(master::Input::Frame(&report[0]));
    assert_eq!((frames, said), (vec![], vec![master::Output::BadPeer(BadPeer::Report)]));
}

#[test]
fn a_report_with_any_flipped_bit_proves_nothing() {
    let mut world = World::new(3, Radio::GOOD);
    world.order(Order::Connect);
    world.run(2_000);
    world.begin(60_000);
    world.run(2_000);
    world.contact();
    assert!(world.run_until(100, |output| matches!(output, master::Output::Goal(_))));
    let Some(master::Output::Goal(goal)) = world.from_master.back() else { panic!() };
    assert_eq!(goal.bytes.len(), Report::LEN);
    assert_eq!(Report::open(&our_pair(), &goal.bytes), Ok(goal.report));
    for flipped in flips(&goal.bytes) {
        assert!(Report::open(&our_pair(), &flipped).is_err());
    }
    let other = pair_of(2, &Key::of(1), &Key::of(2));
    assert_eq!(Report::open(&other, &goal.bytes), Err(ReportError::Pair));
}
