//! One night: an evening at the pitch, then days in which results find their way.

use crate::time::S;
use crate::world::{Event, World};
use crate::{Config, Report};

/// After the last match phones still are at the pitch for so long.
const LINGER: u64 = 40 * S;
/// Results are on their way for so long.
const DAYS: u64 = 6 * 24 * 3_600 * S;

/// Runs the night of this seed.
pub fn run(config: &Config) -> Report {
    let Some(mut world) = World::new(config) else {
        let violations = vec!["the world cannot begin".to_owned()];
        return Report {
            digest: [0; 32],
            trace: Vec::new(),
            counts: Default::default(),
            violations,
        };
    };
    world.evening();
    world.days();
    if !world.log.is_broken() {
        world.check_night();
    }
    let finished = world.log.finish();
    Report {
        digest: finished.digest,
        trace: finished.lines,
        counts: finished.counts,
        violations: finished.violations,
    }
}

impl World {
    fn evening(&mut self) {
        self.note(format_args!("plan {:?}", self.plan.clone()));
        if self.plan.travel {
            (0..self.phones.len()).for_each(|phone| self.prepare(phone));
            self.wan.cut(self.now + 7_200 * S);
        }
        self.start_master();
        self.start_slave();
        for phone in 0..self.phones.len() {
            let first = self.below(2 * S);
            self.at(self.now + first, Event::Phone(phone));
        }
        self.at(self.now + S, Event::Referee);
        let params = &self.plan.params;
        let one = params.duration + params.kickoff + params.review + params.drain_down;
        let limit = (u64::from(one) * 1_000 + 240 * S) * u64::from(self.plan.games) + 300 * S;
        self.run(self.now + limit, |world| world.truth.over >= world.plan.games);
        self.run(self.now + LINGER, |_| false);
    }

    /// The device goes into its box; later somebody switches it on for its receipts.
    fn days(&mut self) {
        self.is_late = true;
        self.radio.heal();
        self.wifi.heal();
        self.settle_open_match();
        self.stop_master(DAYS);
        self.stop_slave(2 * DAYS);
        self.wan.heal();
        let until = self.now + DAYS;
        self.run(until, |_| false);
        self.run(until + 120 * S, |_| false);
    }

    /// A match that is still open ends one way or the other before the box is closed.
    fn settle_open_match(&mut self) {
        let limit = self.now + 1_500 * S;
        self.run(limit, |world| world.truth.current.is_none() && world.master.device.is_some());
        self.run(self.now + 20 * S, |_| false);
    }
}
