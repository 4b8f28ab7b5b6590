//! What one shell brings the other: whole or not at all, each once, over any radio.

use super::world::{Radio, World};
use countersign_league::pair::master::{Order, Output, ParcelError};
use countersign_league::pair::{ANSWER_MAX, PARCEL_LATE, PARCEL_MAX, Phase, slave};

fn connected(seed: u64, is_bad: bool) -> World {
    let mut world = World::new(seed, Radio::GOOD);
    if is_bad {
        let delay = (500, world.dice.within(2_000, 80_000));
        let (loss, copies) = (world.dice.below(45), world.dice.below(60));
        world.radio = Radio { loss, copies, flips: world.dice.below(10), delay };
    }
    world.order(Order::Connect);
    let is_up = |output: &Output| matches!(output, Output::LinkUp { .. });
    assert!(world.run_until(60_000, is_up), "seed {seed}: no link");
    world
}

fn random(world: &mut World, len: usize) -> Vec<u8> {
    (0..len).map(|_| world.dice.next() as u8).collect()
}

/// Parcels that the slave's shell was given.
fn arrived(world: &World) -> Vec<(u32, Vec<u8>)> {
    let parcel = |output: &slave::Output| match output {
        slave::Output::Parcel { number, bytes } => Some((*number, bytes.clone())),
        _ => None,
    };
    world.from_slave.iter().filter_map(parcel).collect()
}

/// The last word about a parcel, if there is one.
fn outcome(world: &World) -> Option<Output> {
    let is_word = |output: &&Output| matches!(output, Output::Answered(_) | Output::Undelivered);
    world.from_master.iter().rev().find(is_word).cloned()
}

/// Runs until the master knows. A slave's shell that takes some time answers with the parcel's first bytes.
fn carry(world: &mut World) -> Output {
    world.from_master.clear();
    let mut answered = arrived(world).len();
    for _ in 0..2 * PARCEL_LATE {
        world.run(1);
        if let Some((number, bytes)) = arrived(world).get(answered).cloned() {
            answered += 1;
            let took = world.dice.below(120);
            world.run(took);
            let bytes = &bytes[..bytes.len().min(ANSWER_MAX)];
            world.slave_input(slave::Input::Answer { number, bytes });
        }
        if let Some(output) = outcome(world) {
            return output;
        }
    }
    panic!("neither answered nor given up")
}

#[test]
fn parcels_arrive_once_whole_and_in_order_over_any_radio() {
    let mut delivered = 0;
    for seed in 0..60 {
        let mut world = connected(seed, true);
        let mut expected = Vec::new();
        for _ in 0..8 {
            let len = world.dice.within(1, PARCEL_MAX as u64) as usize;
            let bytes = random(&mut world, len);
            match world.bring(&bytes) {
                Ok(()) => {}
                // So many frames were lost in a row that the link went down.
                Err(error) => {
                    assert_eq!(error, ParcelError::NoSlave, "seed {seed}");
                    world.run(5_000);
                    continue;
                }
            }
            match carry(&mut world) {
                Output::Answered(answer) => {
                    assert_eq!(answer, bytes[..len.min(ANSWER_MAX)], "seed {seed}");
                    assert_eq!(arrived(&world).last().map(|(_, found)| found), Some(&bytes));
                    delivered += 1;
                    expected.push(bytes);
                }
                // The answer may be lost although the parcel is there.
                _ => expected.extend(
                    arrived(&world).last().map(|last| last.1.clone()).filter(|last| *last == bytes),
                ),
            }
        }
        let found: Vec<_> = arrived(&world).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(found, expected, "seed {seed}: each once");
    }
    assert!(delivered > 400, "{delivered} of 480");
}

#[test]
fn a_chunk_of_an_update_needs_a_tenth_of_a_second_on_a_good_radio() {
    let mut world = connected(1, false);
    let bytes = random(&mut world, 4_613);
    let before = (world.now, world.tape.len());
    world.bring(&bytes).unwrap();
    while arrived(&world).is_empty() {
        world.run(1);
    }
    let (took, frames) = ((world.now - before.0) / 1_000, world.tape.len() - before.1);
    assert!(took < 100 && frames < 40, "{took} ms, {frames} frames");
}

#[test]
fn whoever_repeats_and_invents_frames_brings_nothing() {
    let mut world = connected(2, false);
    let first = random(&mut world, 3_000);
    world.bring(&first).unwrap();
    carry(&mut world);
    let second = random(&mut world, 3_000);
    world.bring(&second).unwrap();
    for frame in world.tape.clone() {
        world.slave_input(slave::Input::Frame(&frame));
        world.master_frame(&frame);
        let mut changed = frame.clone();
        *changed.last_mut().unwrap() ^= 1;
        world.slave_input(slave::Input::Frame(&changed));
    }
    assert_eq!(carry(&mut world), Output::Answered(second[..ANSWER_MAX].to_vec()));
    let found: Vec<_> = arrived(&world).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(found, [first, second]);
}

#[test]
fn a_slave_that_loses_power_gets_the_parcel_again_and_not_half_of_it() {
    for steps in [1, 3, 6, 9, 14, 20, 60] {
        let mut world = connected(3, false);
        let bytes = random(&mut world, 4_613);
        world.bring(&bytes).unwrap();
        world.run(steps);
        world.stop_slave();
        world.run(50);
        world.start_slave();
        let before = arrived(&world).len();
        assert_eq!(carry(&mut world), Output::Undelivered, "after {steps} ms");
        assert_eq!(arrived(&world).len(), before, "the rest of it is no parcel");
        let is_up = |output: &Output| matches!(output, Output::LinkUp { .. });
        assert!(world.run_until(10_000, is_up));
        world.bring(&bytes).unwrap();
        assert_eq!(carry(&mut world), Output::Answered(bytes[..ANSWER_MAX].to_vec()));
        assert_eq!(arrived(&world).last().map(|last| &last.1), Some(&bytes));
    }
}

#[test]
fn a_master_that_loses_power_begins_again() {
    let mut world = connected(4, false);
    let bytes = random(&mut world, 4_613);
    world.bring(&bytes).unwrap();
    world.run(3);
    world.restart_master();
    world.from_master.clear();
    let is_up = |output: &Output| matches!(output, Output::LinkUp { .. });
    assert!(world.run_until(10_000, is_up));
    world.bring(&bytes).unwrap();
    assert_eq!(carry(&mut world), Output::Answered(bytes[..ANSWER_MAX].to_vec()));
    assert_eq!(arrived(&world).len(), 1);
}

#[test]
fn a_match_ends_a_parcel_and_none_begins_in_it() {
    let mut world = connected(5, false);
    let bytes = random(&mut world, 4_613);
    world.bring(&bytes).unwrap();
    world.run(4);
    world.begin(60_000);
    assert_eq!(outcome(&world), Some(Output::Undelivered));
    assert_eq!(world.bring(&bytes), Err(ParcelError::Match));
    world.run(2_000);
    assert_eq!(world.slave.as_ref().map(slave::Slave::phase), Some(Phase::Armed));
    assert!(arrived(&world).is_empty());
    world.order(Order::Forget);
    world.run(2_000);
    world.bring(&bytes).unwrap();
    assert_eq!(carry(&mut world), Output::Answered(bytes[..ANSWER_MAX].to_vec()));
}

#[test]
fn a_shell_that_never_answers_is_given_up() {
    let mut world = connected(6, false);
    world.from_master.clear();
    world.bring(&[7; 300]).unwrap();
    assert_eq!(world.bring(&[8; 300]), Err(ParcelError::Busy));
    world.run(PARCEL_LATE - 10);
    assert_eq!(outcome(&world), None);
    world.run(20);
    assert_eq!(outcome(&world), Some(Output::Undelivered));
    assert_eq!(arrived(&world).len(), 1);
    // An answer to it that comes now is an answer to nothing.
    world.slave_input(slave::Input::Answer { number: 1, bytes: &[1] });
    world.from_master.clear();
    world.run(100);
    assert_eq!(outcome(&world), None);
    world.bring(&[9; 10]).unwrap();
    assert_eq!(carry(&mut world), Output::Answered(vec![9; 10]));
}

#[test]
fn what_is_no_parcel_is_not_sent() {
    let mut world = World::new(7, Radio::GOOD);
    assert_eq!(world.bring(&[1]), Err(ParcelError::NoSlave));
    let mut world = connected(7, false);
    for len in [0, PARCEL_MAX + 1] {
        assert_eq!(world.bring(&vec![0; len]), Err(ParcelError::Length));
    }
    world.bring(&[3; PARCEL_MAX]).unwrap();
    assert_eq!(carry(&mut world), Output::Answered(vec![3; ANSWER_MAX]));
    // Too long an answer is none.
    world.bring(&[4; 10]).unwrap();
    world.run(50);
    let (number, _) = arrived(&world).pop().unwrap();
    let before = world.tape.len();
    world.slave_input(slave::Input::Answer { number, bytes: &[0; ANSWER_MAX + 1] });
    world.slave_input(slave::Input::Answer { number: number + 1, bytes: &[0; 3] });
    assert_eq!(world.tape.len(), before);
}
