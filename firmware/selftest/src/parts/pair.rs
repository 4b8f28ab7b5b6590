//! The handshake between two halves and the way of one goal, step by step, as each half pays for it.

use crate::dice::Dice;
use crate::evening::{CALIBRATION, Key, pair};
use crate::meter::part;
use alloc::vec::Vec;
use countersign_league::goal::{Event, Hit};
use countersign_league::pair::master::{Input as FromSlave, Order, Output as MasterSays};
use countersign_league::pair::slave::{Input as FromMaster, Output as SlaveSays};
use countersign_league::pair::{Master, Phase, Slave};
use countersign_league::{MatchId, Params};

/// Both halves, with nothing between them.
struct Halves {
    master: Master<Key>,
    slave: Slave<Key>,
    dice: Dice,
    now: u64,
    /// What the master said besides frames.
    heard: Vec<MasterSays>,
}

// A frame of its own: what one part keeps on the stack is not there in another.
#[inline(never)]
pub(crate) fn all() {
    let start = || {
        let master = Master::new(pair(), Key::master(), &Params::OFFICIAL, None);
        let Ok(master) = master else { panic!("a master starts without a record") };
        let slave = Slave::new(pair(), Key::slave(), &CALIBRATION, [], 0);
        Halves { master, slave, dice: Dice(7), now: 1_000, heard: Vec::new() }
    };
    let mut halves = part("pair.start", start, |halves| halves.slave.boot().to_be_bytes());
    halves.slave_frames();
    halves.order(Order::Connect);
    let hello = halves.master_frames();
    let answer = halves.slave_step("pair.answer", &hello);
    let confirm = halves.master_step("pair.confirm", &answer);
    let beat = halves.slave_step("pair.finish", &confirm);
    assert!(halves.slave.is_up(), "the slave does not trust its master");
    let ping = halves.master_step("pair.take_beat", &beat);
    halves.talk(ping);
    assert!(halves.master.is_up(), "the master does not trust its slave");
    halves.goal();
}

impl Halves {
    fn order(&mut self, order: Order) {
        self.master.handle_input(FromSlave::Order(order), self.now, &mut self.dice);
    }

    /// Frames that the master wants sent.
    fn master_frames(&mut self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some(output) = self.master.poll_output() {
            if let MasterSays::Send(frame) = output {
                frames.push(frame);
            } else {
                self.heard.push(output);
            }
        }
        frames
    }

    /// Frames that the slave wants sent.
    fn slave_frames(&mut self) -> Vec<Vec<u8>> {
        let outputs = core::iter::from_fn(|| self.slave.poll_output());
        outputs
            .filter_map(
                |output| if let SlaveSays::Send(frame) = output { Some(frame) } else { None },
            )
            .collect()
    }

    fn slave_step(&mut self, name: &str, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let take = || {
            for frame in frames {
                self.slave.handle_input(FromMaster::Frame(frame), self.now, &mut self.dice);
            }
            self.slave_frames()
        };
        part(name, take, |frames| frames.concat())
    }

    fn master_step(&mut self, name: &str, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let take = || {
            for frame in frames {
                self.master.handle_input(FromSlave::Frame(frame), self.now, &mut self.dice);
            }
            self.master_frames()
        };
        part(name, take, |frames| frames.concat())
    }

    /// A second in which nothing is lost.
    fn talk(&mut self, mut to_slave: Vec<Vec<u8>>) {
        for _ in 0..100 {
            for frame in to_slave {
                self.slave.handle_input(FromMaster::Frame(&frame), self.now, &mut self.dice);
            }
            self.now += 10;
            self.slave.handle_timeout(self.now);
            for frame in self.slave_frames() {
                self.master.handle_input(FromSlave::Frame(&frame), self.now, &mut self.dice);
            }
            self.master.handle_timeout(self.now, &mut self.dice);
            to_slave = self.master_frames();
        }
    }

    /// One goal: felt, signed and sealed by the slave; opened, verified and acknowledged by the master.
    fn goal(&mut self) {
        let start = i64::try_from(self.now).unwrap_or(i64::MAX);
        let match_id = MatchId::from_bytes([0x4d; 16]);
        self.order(Order::Begin { match_id, start, end: start + 600_000 });
        let begin = self.master_frames();
        self.talk(begin);
        assert_eq!(self.slave.phase(), Phase::Armed, "the slave knows of the match");
        let hit = Hit { at: self.now, peak: 700, duration: 40, rise: 9, rows: 3, cols: 5 };
        let feel = || {
            let felt = FromMaster::Sensor(Event::Goal(hit));
            self.slave.handle_input(felt, self.now, &mut self.dice);
            self.slave_frames()
        };
        let report = part("pair.report_goal", feel, |frames| frames.concat());
        self.heard.clear();
        let acknowledged = self.master_step("pair.take_goal", &report);
        let is_goal = |said: &MasterSays| matches!(said, MasterSays::Goal(_));
        assert_eq!(self.heard.iter().filter(|said| is_goal(said)).count(), 1, "one goal");
        self.slave_step("pair.take_ack", &acknowledged);
        self.talk(Vec::new());
        assert_eq!(self.slave.waiting(), 0, "the master has it");
    }
}
