//! Honest halves in trouble: silence, full memory, lost memory, a match that is not there any more.

use super::world::{MATCH, Radio, World};
use countersign_league::MatchId;
use countersign_league::goal::{Cause, Event, Hit};
use countersign_league::pair::master::{Order, Output};
use countersign_league::pair::{Light, Phase, ReportKind, slave};

fn playing(seed: u64) -> World {
    let mut world = World::new(seed, Radio::GOOD);
    world.order(Order::Connect);
    world.run(3_000);
    world.begin(600_000);
    world.run(100);
    assert_eq!(world.slave.as_ref().map(|slave| slave.phase()), Some(Phase::Armed));
    world.from_master.clear();
    world.from_slave.clear();
    world
}

/// A goal past the detector: as many as a test needs.
fn goal(world: &mut World) {
    let hit = Hit { at: world.slave_now(), peak: 600, duration: 30, rise: 4, rows: 1, cols: 1 };
    world.slave_input(slave::Input::Sensor(Event::Goal(hit)));
}

fn count(world: &World, fits: impl Fn(&Output) -> bool) -> usize {
    world.from_master.iter().filter(|output| fits(output)).count()
}

#[test]
fn three_missed_beats_are_a_lost_link_and_its_return_needs_no_new_handshake() {
    let mut world = playing(1);
    let epoch = world.master.epoch();
    world.is_cut = true;
    world.run(2_000);
    assert_eq!(world.from_master, [], "two beats may be missing");
    world.run(4_000);
    let since = world.master.heard();
    assert_eq!(world.from_master, [Output::LinkDown { since }]);
    assert!(matches!(world.from_slave.make_contiguous(), [slave::Output::LinkDown { .. }]));
    world.is_cut = false;
    assert!(world.run_until(2_000, |output| matches!(output, Output::LinkUp { .. })));
    assert!(world.master.epoch() <= epoch + 1);
    assert_eq!(count(&world, |output| matches!(output, Output::SlaveRebooted { .. })), 0);
}

#[test]
fn the_slave_says_when_it_knows_of_the_match() {
    let mut world = World::new(4, Radio::GOOD);
    world.order(Order::Connect);
    world.run(3_000);
    world.is_cut = true;
    world.begin(600_000);
    world.run(5_000);
    assert_eq!(count(&world, |output| *output == Output::Begun), 0);
    world.is_cut = false;
    assert!(world.run_until(3_000, |output| *output == Output::Begun));
    assert_eq!(world.slave.as_ref().map(|slave| slave.phase()), Some(Phase::Armed));
    world.from_master.clear();
    world.run(5_000);
    assert_eq!(count(&world, |output| *output == Output::Begun), 0, "once");
}

#[test]
fn a_master_that_starts_again_in_a_match_does_not_stop_the_slave() {
    let mut world = playing(5);
    world.restart_master();
    world.run(3_000);
    let wanted = |output: &slave::Output| matches!(output, slave::Output::Wanted { phase, .. } if *phase != Phase::Armed);
    assert!(world.master.is_up() && !world.from_slave.iter().any(wanted));
    goal(&mut world);
    assert!(world.run_until(2_000, |output| matches!(output, Output::Goal(_))));
}

#[test]
fn nobody_there_is_said_once_for_each_try() {
    let mut world = World::new(2, Radio::GOOD);
    world.is_cut = true;
    world.order(Order::Connect);
    world.run(15_900);
    let tries: Vec<_> = (1..=3).map(|tries| Output::Unanswered { tries }).collect();
    assert_eq!(world.from_master, tries);
}

#[test]
fn a_restarted_slave_knocks_and_is_back_within_two_seconds() {
    let mut world = playing(3);
    world.stop_slave();
    world.run(300);
    world.start_slave();
    let is_back = |output: &Output| matches!(output, Output::SlaveRebooted { .. });
    assert!(world.run_until(2_000, is_back));
    let Some(Output::SlaveRebooted { gap, sighting }) = world.from_master.back() else { panic!() };
    // Up to one beat of doubt, because only a beat proves that it was awake.
    assert!((297..=1_310).contains(gap), "{gap}");
    assert_eq!((sighting.report.boot, sighting.report.peak), (2, 1));
}

#[test]
fn a_locked_pair_is_silent() {
    let mut world = playing(4);
    world.order(Order::Disconnect);
    world.tape.clear();
    world.stop_slave();
    world.run(20_000);
    assert_eq!(world.tape.len(), 0);
    assert!(!world.master.is_up());
}

#[test]
fn the_lamp_and_the_phase_follow_the_master() {
    let mut world = playing(5);
    world.order(Order::Light(Light::Amber));
    world.run(100);
    world.order(Order::Score([2, 1]));
    world.run(100);
    let wanted =
        |phase, light, score, match_id| slave::Output::Wanted { phase, light, score, match_id };
    let amber = |score| wanted(Phase::Armed, Light::Amber, score, Some(MATCH));
    assert_eq!(world.from_slave, [amber([0, 0]), amber([2, 1])]);
    world.from_slave.clear();
    world.order(Order::Hold);
    world.run(100);
    goal(&mut world);
    world.run(100);
    assert_eq!(count(&world, |output| matches!(output, Output::Touch(_))), 1);
    world.order(Order::Arm);
    world.run(100);
    goal(&mut world);
    world.run(100);
    assert_eq!(count(&world, |output| matches!(output, Output::Goal(_))), 1);
    world.order(Order::Forget);
    world.run(100);
    assert_eq!(world.from_slave.back(), Some(&wanted(Phase::Idle, Light::Amber, [2, 1], None)));
    world.order(Order::Arm);
    world.run(100);
    assert_eq!(world.slave.as_ref().map(|slave| slave.phase()), Some(Phase::Idle), "no match");
}

#[test]
fn each_goal_is_checked_before_the_match() {
    let mut world = World::new(6, Radio::GOOD);
    world.order(Order::Connect);
    world.order(Order::Check);
    world.run(3_000);
    world.contact();
    assert!(world.run_until(100, |output| matches!(output, Output::Checked(_))));
}

#[test]
fn a_blind_goal_says_so_and_for_how_long() {
    let mut world = playing(7);
    let since = world.slave_now();
    let disarmed = Event::Disarmed { since, cause: Cause::Touches };
    world.slave_input(slave::Input::Sensor(disarmed));
    world.run(4_000);
    let rearmed = Event::Rearmed { at: world.slave_now(), lasted: 4_000 };
    world.slave_input(slave::Input::Sensor(rearmed));
    world.run(100);
    let [Output::Disarmed(blind), Output::Rearmed(sees)] = world.from_master.make_contiguous()
    else {
        panic!("{:?}", world.from_master)
    };
    assert_eq!((blind.report.ticks, blind.report.peak), (since, Cause::Touches as u16));
    assert_eq!(sees.report.duration, 4_000);
}

#[test]
fn contacts_outside_of_the_time_of_play_are_touches() {
    let mut world = playing(8);
    world.order(Order::End { at: world.master_now() as i64 });
    world.run(100);
    goal(&mut world);
    world.run(100);
    assert_eq!(count(&world, |output| matches!(output, Output::Touch(_))), 1);
    assert_eq!(count(&world, |output| matches!(output, Output::Goal(_))), 0);
}

#[test]
fn touches_leave_room_for_goals() {
    let mut world = playing(9);
    world.is_cut = true;
    for _ in 0..300 {
        let hit = Hit { at: world.slave_now(), peak: 600, duration: 30, rise: 4, rows: 1, cols: 1 };
        world.slave_input(slave::Input::Sensor(Event::Touch(hit)));
        world.run(10);
    }
    let full = slave::Output::Full(ReportKind::Touch);
    assert_eq!(world.from_slave.iter().filter(|output| **output == full).count(), 300 - 192);
    goal(&mut world);
    world.is_cut = false;
    assert!(world.run_until(30_000, |output| matches!(output, Output::Goal(_))));
    assert_eq!(count(&world, |output| matches!(output, Output::Touch(_))), 192);
}

#[test]
fn a_goal_without_room_spoils_the_seal() {
    let mut world = playing(10);
    world.is_cut = true;
    for _ in 0..257 {
        goal(&mut world);
        world.run(10);
    }
    assert_eq!(world.from_slave.back(), Some(&slave::Output::Full(ReportKind::Goal)));
    assert_eq!(world.slots.len(), 1 + 256);
    world.is_cut = false;
    world.order(Order::End { at: world.master_now() as i64 });
    world.order(Order::Drain);
    assert!(world.run_until(60_000, |output| matches!(output, Output::SealRefused(_))));
    assert_eq!(count(&world, |output| matches!(output, Output::Goal(_))), 256);
    assert_eq!(count(&world, |output| matches!(output, Output::Drained(_))), 0);
}

#[test]
fn a_slave_that_lost_its_memory_cannot_seal() {
    let mut world = playing(11);
    goal(&mut world);
    world.run(100);
    world.slots.clear();
    world.stop_slave();
    world.start_slave();
    world.run(5_000);
    world.order(Order::End { at: world.master_now() as i64 });
    world.order(Order::Drain);
    assert!(world.run_until(60_000, |output| matches!(output, Output::SealRefused(_))));
    assert_eq!(count(&world, |output| matches!(output, Output::Drained(_))), 0);
}

#[test]
fn what_a_forgetful_slave_has_lost_is_missing_and_not_forgotten() {
    let mut world = playing(12);
    world.is_cut = true;
    for _ in 0..3 {
        goal(&mut world);
        world.run(100);
    }
    // The slot of the first goal is damaged while nobody has it.
    let first = world.slots.keys().copied().find(|number| *number > 0).unwrap();
    world.slots.insert(first, vec![1, 2, 3]);
    world.stop_slave();
    world.start_slave();
    world.is_cut = false;
    assert!(world.run_until(30_000, |output| matches!(output, Output::Missing { from: 1, to: 1 })));
    assert!(world.run_until(30_000, |output| matches!(output, Output::Goal(_))));
    world.order(Order::End { at: world.master_now() as i64 });
    world.order(Order::Drain);
    assert!(world.run_until(60_000, |output| matches!(output, Output::SealRefused(_))));
    assert_eq!(count(&world, |output| matches!(output, Output::Goal(_))), 2);
}

#[test]
fn goals_of_an_earlier_match_are_taken_and_not_counted() {
    let mut world = playing(13);
    world.is_cut = true;
    goal(&mut world);
    let next = MatchId::from_bytes([0x4e; 16]);
    let start = world.master_now() as i64;
    world.order(Order::Begin { match_id: next, start, end: start + 600_000 });
    world.run(100);
    world.is_cut = false;
    world.run(6_000);
    assert_eq!(count(&world, |output| matches!(output, Output::Goal(_))), 0);
    goal(&mut world);
    assert!(world.run_until(1_000, |output| matches!(output, Output::Goal(_))));
    world.order(Order::End { at: world.master_now() as i64 });
    world.order(Order::Drain);
    assert!(world.run_until(5_000, |output| matches!(output, Output::Drained(_))));
    let Some(Output::Drained(seal)) = world.from_master.back() else { panic!() };
    assert_eq!(seal.goals, 1);
}

#[test]
fn a_goal_without_its_record_comes_again_with_the_same_number() {
    let mut world = playing(14);
    let began = world.now;
    world.dies_at_goal = true;
    goal(&mut world);
    assert!(world.run_until(100, |output| matches!(output, Output::Goal(_))));
    world.restart_master();
    let start = (began as i64 - world.master_zero as i64) / 1_000 - 100;
    world.order(Order::Begin { match_id: MATCH, start, end: start + 600_000 });
    world.run(5_000);
    world.order(Order::End { at: world.master_now() as i64 });
    world.order(Order::Drain);
    assert!(world.run_until(5_000, |output| matches!(output, Output::Drained(_))));
    let goals: Vec<_> = world.from_master.iter().filter_map(seq_of_goal).collect();
    assert_eq!(goals.len(), 2);
    assert_eq!(goals[0], goals[1]);
    assert_eq!(world.master.chain().goals, 1);
}

fn seq_of_goal(output: &Output) -> Option<(u16, u32)> {
    let Output::Goal(goal) = output else { return None };
    Some((goal.report.boot, goal.report.seq))
}
