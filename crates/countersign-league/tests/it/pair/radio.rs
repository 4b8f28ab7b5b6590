//! Honest halves over a radio that loses, repeats, reorders and damages, with and without loss of power.

use super::world::{MATCH, Radio, World, our_pair};
use countersign_league::pair::master::{Order, Output, Sighting};
use countersign_league::pair::{Phase, Report, ReportKind};
use std::collections::BTreeSet;

const SEEDS: u64 = 200;

fn bad_radio(world: &mut World) {
    let delay = (500, world.dice.within(2_000, 80_000));
    let (loss, copies, flips) = (world.dice.below(45), world.dice.below(30), world.dice.below(10));
    world.radio = Radio { loss, copies, flips, delay };
}

/// What happened to the slave: when it lost power, and when it was back; true time.
type Outages = Vec<(u64, u64)>;

/// Forty seconds of play with contacts, silences of the radio, and losses of power as the seed will have it.
fn play(world: &mut World) -> Outages {
    let (mut outages, mut left) = (Vec::new(), 40_000_u64);
    while left > 0 {
        let step = world.dice.within(1, 3_000).min(left);
        world.run(step);
        left -= step;
        match world.dice.below(20) {
            0..=9 => world.contact(),
            10 => world.is_cut = true,
            11..=13 => world.is_cut = false,
            14 if outages.len() < 3 => {
                let began = world.now;
                world.stop_slave();
                let off = world.dice.within(1, 2_000);
                world.run(off);
                left = left.saturating_sub(off);
                world.start_slave();
                outages.push((began, world.now));
            }
            _ => {}
        }
    }
    world.is_cut = false;
    outages
}

fn goals(world: &World) -> Vec<&Sighting> {
    world.from_master.iter().filter_map(goal_of).collect()
}

fn goal_of(output: &Output) -> Option<&Sighting> {
    if let Output::Goal(sighting) = output { Some(sighting) } else { None }
}

/// Every goal once, in order, signed, and at the right time.
fn check_goals(world: &World, seed: u64) {
    let found: Vec<_> = goals(world);
    let expected: Vec<_> = world.scored.iter().map(|(boot, at, _)| (*boot, *at)).collect();
    let delivered: Vec<_> =
        found.iter().map(|goal| (goal.report.boot, goal.report.ticks)).collect();
    assert_eq!(delivered, expected, "seed {seed}");
    let linked: BTreeSet<u16> = world.from_master.iter().filter_map(boot_of_link).collect();
    for (goal, (boot, _, real)) in found.iter().zip(&world.scored) {
        assert_eq!(Report::open(&our_pair(), &goal.bytes), Ok(goal.report));
        assert_eq!(goal.report.match_id8, MATCH.as_bytes()[..8]);
        match goal.at {
            Some(at) => {
                let real = (*real as i64 - world.master_zero as i64).div_euclid(1_000);
                let off = at.at.abs_diff(real);
                assert!(off <= at.uncertainty.into(), "seed {seed}: {off} ms off, {at:?}");
                assert!(at.uncertainty < 100, "seed {seed}: {at:?}");
            }
            None => assert!(!linked.contains(boot), "seed {seed}: boot {boot} was linked"),
        }
    }
}

fn boot_of_link(output: &Output) -> Option<u16> {
    if let Output::LinkUp { boot, .. } = output { Some(*boot) } else { None }
}

/// Each blind time is reported, and never smaller than it was, but for what a frame needs through the air.
fn check_gaps(world: &World, outages: &Outages, seed: u64) {
    let reported: Vec<u32> = world.from_master.iter().filter_map(gap_of).collect();
    assert_eq!(reported.is_empty(), outages.is_empty(), "seed {seed}");
    let total: u64 = reported.iter().map(|gap| u64::from(*gap)).sum();
    let blind: u64 = outages.iter().map(|(began, ended)| (ended - began) / 1_000).sum();
    let air = 2 * world.radio.delay.1 / 1_000 + 3;
    assert!(total + air * outages.len() as u64 >= blind, "seed {seed}: {total} of {blind}");
}

fn gap_of(output: &Output) -> Option<u32> {
    let Output::SlaveRebooted { gap, sighting } = output else { return None };
    assert_eq!(sighting.report.kind, ReportKind::Boot);
    Some(*gap)
}

fn check_end(world: &mut World, seed: u64) {
    world.order(Order::Drain);
    let is_end = |output: &Output| matches!(output, Output::Drained(_) | Output::SealRefused(_));
    assert!(world.run_until(120_000, is_end), "seed {seed}: no seal");
    let bad = |output: &&Output| {
        matches!(output, Output::SealRefused(_) | Output::Missing { .. } | Output::BadPeer(_))
    };
    assert_eq!(world.from_master.iter().find(bad), None, "seed {seed}");
    let Some(Output::Drained(seal)) = world.from_master.back() else {
        panic!("seed {seed}: something after the seal")
    };
    assert_eq!((seal.goals, seal.head), (world.master.chain().goals, world.master.chain().head));
    assert_eq!(usize::from(seal.goals), world.scored.len(), "seed {seed}");
}

/// The slave knows of the match before it starts: the countdown is long.
fn begin(world: &mut World) {
    world.begin(60_000);
    while world.slave.as_ref().is_some_and(|slave| slave.phase() != Phase::Armed) {
        world.run(1);
    }
}

fn connected(seed: u64) -> World {
    let mut world = World::new(seed, Radio::GOOD);
    bad_radio(&mut world);
    world.order(Order::Connect);
    let is_up = |output: &Output| matches!(output, Output::LinkUp { .. });
    assert!(world.run_until(60_000, is_up), "seed {seed}: no link");
    world
}

#[test]
fn every_goal_arrives_once_in_order_and_in_time() {
    for seed in 0..SEEDS {
        let mut world = connected(seed);
        begin(&mut world);
        let outages = play(&mut world);
        let end = world.master_now() as i64;
        world.order(Order::End { at: end });
        check_end(&mut world, seed);
        check_goals(&world, seed);
        check_gaps(&world, &outages, seed);
    }
}

#[test]
fn a_good_link_is_up_at_once_and_knows_the_time_to_five_milliseconds() {
    let mut world = World::new(7, Radio::GOOD);
    world.order(Order::Connect);
    assert!(world.run_until(1_000, |output| matches!(
        output,
        Output::LinkUp { epoch: 1, boot: 1, uncertainty: 0..=5 }
    )));
    world.begin(10_000);
    world.run(3_000);
    world.contact();
    let before = world.now;
    assert!(world.run_until(100, |output| matches!(output, Output::Goal(_))));
    assert!(world.now - before < 5_000, "a goal needs {} µs", world.now - before);
}

#[test]
fn the_master_may_lose_power_in_a_match() {
    for seed in 0..40 {
        let mut world = connected(seed);
        let began = world.now;
        begin(&mut world);
        play(&mut world);
        // Both may have been off: what the record holds is what counts.
        world.restart_master();
        let start = (began as i64 - world.master_zero as i64) / 1_000;
        world.order(Order::Begin { match_id: MATCH, start, end: start + 60_000 });
        world.run(8_000);
        world.contact();
        world.run(2_000);
        let end = world.master_now() as i64;
        world.order(Order::End { at: end });
        check_end(&mut world, seed);
        let delivered: Vec<_> = goals(&world).iter().map(|goal| goal.report.ticks).collect();
        let expected: Vec<_> = world.scored.iter().map(|(_, at, _)| *at).collect();
        assert_eq!(delivered, expected, "seed {seed}");
    }
}
