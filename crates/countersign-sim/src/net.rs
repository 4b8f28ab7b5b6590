//! Links that lose, repeat, reorder, flip bits, and break.

use crate::dice::Dice;
use crate::log::Log;
use crate::plan::LinkPlan;
use crate::time::Micros;

/// Frames of the past that a listener keeps.
const TAPE: usize = 48;

/// One kind of link.
pub(crate) struct Net {
    plan: LinkPlan,
    dice: Dice,
    cut_until: Micros,
    /// What somebody who listens could send again.
    pub(crate) tape: Vec<Vec<u8>>,
}

impl Net {
    pub(crate) fn new(plan: LinkPlan, dice: Dice) -> Self {
        Self { plan, dice, cut_until: 0, tape: Vec::new() }
    }

    pub(crate) fn cut(&mut self, until: Micros) {
        self.cut_until = self.cut_until.max(until);
    }

    pub(crate) fn heal(&mut self) {
        self.cut_until = 0;
        (self.plan.loss, self.plan.flips) = (0, 0);
    }

    /// When each copy of a message arrives; none if it is lost.
    pub(crate) fn carry(&mut self, now: Micros, log: &mut Log) -> Vec<Micros> {
        if now < self.cut_until {
            log.count("link: lost in a partition");
            return Vec::new();
        }
        let copies = 1 + u64::from(self.dice.percent(self.plan.copies));
        if copies > 1 {
            log.count("link: duplicated");
        }
        let mut arrivals = Vec::new();
        for _ in 0..copies {
            if self.dice.percent(self.plan.loss) {
                log.count("link: lost");
                continue;
            }
            let (least, most) = self.plan.delay;
            arrivals.push(now + self.dice.within(least, most));
        }
        arrivals
    }

    /// Perhaps with a flipped bit.
    pub(crate) fn spoil(&mut self, bytes: &mut [u8], log: &mut Log) {
        if !bytes.is_empty() && self.dice.percent(self.plan.flips) {
            let bit = self.dice.below(bytes.len() as u64 * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
            log.count("link: bit flipped");
        }
    }

    pub(crate) fn record(&mut self, frame: &[u8]) {
        match self.tape.len() < TAPE {
            true => self.tape.push(frame.to_vec()),
            false if self.dice.percent(10) => {
                let place = self.dice.below(TAPE as u64) as usize;
                self.tape[place] = frame.to_vec();
            }
            false => {}
        }
    }
}
