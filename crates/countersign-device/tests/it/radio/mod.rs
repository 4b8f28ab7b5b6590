//! A Linux master whose radio is a chip on a serial line: the real program, the firmware's own bridge, a bad air, a slave.

mod air;
mod chip;
mod flash;
mod slave;
mod update;

use crate::folders::Folders;
use crate::matches::{confirm, settle};
use crate::phone::{six_in_kickoff, watch};
use crate::program::Program;
use air::Air;
use chip::Chip;
use countersign_league::End;
use countersign_league::evidence::{Goal, Outcome};
use countersign_league::game::State;
use countersign_league::pair::Phase;
use slave::SlaveChip;
use std::net::SocketAddr;

/// The master's clock and the slave's, and the way through the program.
const OFF_MS: u64 = 60;

/// Paired over the radio, and each goal was tried.
fn open_lobby(master: &Program, slave: &SlaveChip) {
    master.ask(&["button"]).unwrap();
    master.until_state("goal_check");
    slave.until("told to check", |shown| shown.phase == Phase::Check);
    slave.goal();
    master.goal();
    master.until_state("lobby");
}

fn goals_are(to: SocketAddr, count: usize) {
    watch(to, |view| {
        assert_ne!(view.state, State::Void, "with {} of {count} goals", view.goals.len());
        view.goals.len() == count
    });
}

#[test]
fn a_match_over_a_radio_on_a_serial_line_is_settled_as_it_was_played() {
    let (folders, air) = (Folders::new(), Air::new());
    let port = folders.path().join("ttyRADIO");
    let chip = Chip::plug(&port, &air.ends[0], 10);
    let slave = SlaveChip::start(&air.ends[1]);
    let master = Program::master(&folders, &format!("serial:{}@921600", port.to_str().unwrap()));
    let to = master.http();
    open_lobby(&master, &slave);
    let mut phones = six_in_kickoff(to);
    watch(to, |view| view.state == State::Playing);
    slave.until("armed for the match", |shown| shown.phase == Phase::Armed);

    slave.goal();
    goals_are(to, 1);
    master.goal();
    goals_are(to, 2);
    let before = chip.unplug();
    // Nobody can tell the master now; the slave keeps it.
    slave.goal();
    slave.until("out of touch", |shown| !shown.is_up && shown.waiting > 0);
    assert_eq!(watch(to, |_| true).goals.len(), 2);
    let chip = Chip::plug(&port, &air.ends[0], 11);
    goals_are(to, 3);
    slave.goal();
    goals_are(to, 4);
    confirm(to, &mut phones);

    let (_, _, checked) = settle(to);
    let result = &checked.result.value;
    assert_eq!((result.outcome, result.gaps), (Outcome::Final, [0, 0]));
    assert!(checked.objections.is_empty(), "{:?}", checked.objections);
    let ends: Vec<End> = result.goals.iter().map(|goal| goal.end).collect();
    assert_eq!(ends, [End::South, End::North, End::South, End::South]);
    assert_times(&result.goals, &slave.show().goals);
    let (after, weather) = (chip.unplug(), air.weather());
    assert!(before.noise + after.noise > 0, "{before:?} {after:?}");
    for counts in [before, after] {
        assert!(counts.to_air > 10 && counts.to_line > 10, "{counts:?}");
    }
    assert_eq!((before.foreign, after.foreign), (0, 0), "what flies is a frame");
    let mishaps = [weather.lost, weather.twice, weather.late, weather.flipped];
    assert!(mishaps.iter().all(|count| *count > 0), "{weather:?}");
}

/// The southern goals are as far apart as they were on the slave's clock.
fn assert_times(goals: &[Goal], played: &[u64]) {
    let south: Vec<&Goal> = goals.iter().filter(|goal| goal.end == End::South).collect();
    assert_eq!(south.len(), played.len());
    assert!(south.iter().all(|goal| goal.boot == 1), "{south:?}");
    for (goal, at) in south.iter().zip(played) {
        let counted = u64::from(goal.at - south[0].at);
        let really = at - played[0];
        let may = u64::from(goal.uncertainty) + u64::from(south[0].uncertainty) + OFF_MS;
        assert!(counted.abs_diff(really) <= may, "{counted} ms, and it was {really}: {goal:?}");
    }
}
