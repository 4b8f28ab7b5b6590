//! Outside of a match, a person stands at each half.

use super::world::{Radio, World};
use countersign_league::button::{Then, Touch};
use countersign_league::pair::master::{Order, Output};
use countersign_league::pair::slave::SEARCH;
use countersign_league::pair::{Phase, Slave};

const MINUTE: u64 = 60_000;

fn touch(world: &mut World, touch: Touch) -> Option<Then> {
    let now = world.slave_now();
    world.slave.as_mut().map(|slave| slave.touched(touch, now))
}

fn is_awake(world: &World) -> bool {
    world.slave.as_ref().is_some_and(|slave| slave.is_awake(world.slave_now()))
}

fn is_up(world: &World) -> bool {
    world.slave.as_ref().is_some_and(Slave::is_up)
}

/// A slave that nobody wanted for ten minutes.
fn forgotten(seed: u64) -> World {
    let mut world = World::new(seed, Radio::GOOD);
    world.run(10 * MINUTE);
    world.tape.clear();
    world
}

#[test]
fn a_slave_that_nobody_wants_is_silent_and_deaf_until_its_button_is_pressed() {
    let mut world = World::new(1, Radio::GOOD);
    world.run(SEARCH - 1_000);
    assert!(is_awake(&world) && world.tape.len() > 100, "it knocks once a second");
    let mut world = forgotten(1);
    world.run(MINUTE);
    assert!(!is_awake(&world) && world.tape.is_empty(), "{} frames", world.tape.len());
    // A master, or somebody who says to be one, asks: no answer, no signature.
    world.order(Order::Connect);
    world.run(MINUTE);
    assert!(!is_up(&world) && !world.from_master.iter().any(is_link_up));
    assert_eq!(touch(&mut world, Touch::Press), Some(Then::Nothing));
    assert!(world.run_until(3_000, is_link_up) && is_awake(&world));
}

#[test]
fn who_presses_at_one_goal_has_time_to_walk_to_the_other() {
    let mut world = forgotten(2);
    let _ = touch(&mut world, Touch::Press);
    world.run(SEARCH - 5_000);
    world.order(Order::Connect);
    assert!(world.run_until(4_000, is_link_up));
}

#[test]
fn halves_that_have_met_find_each_other_again_without_anybody() {
    let mut world = World::new(3, Radio::GOOD);
    world.order(Order::Connect);
    assert!(world.run_until(3_000, is_link_up));
    world.is_cut = true;
    world.run(30 * MINUTE);
    world.is_cut = false;
    world.from_master.clear();
    world.restart_master();
    assert!(world.run_until(3_000, is_link_up));
}

#[test]
fn in_a_match_a_slave_comes_back_by_itself_however_late_the_master_is() {
    let mut world = World::new(4, Radio::GOOD);
    world.order(Order::Connect);
    world.run(3_000);
    world.begin(60 * MINUTE as i64);
    world.run(1_000);
    world.stop_slave();
    world.run(1_000);
    world.is_cut = true;
    world.start_slave();
    world.run(10 * MINUTE);
    world.is_cut = false;
    world.from_master.clear();
    assert!(is_awake(&world) && world.run_until(5_000, is_link_up));
}

#[test]
fn the_sheet_is_measured_outside_of_a_match_only() {
    let mut world = World::new(5, Radio::GOOD);
    assert_eq!(touch(&mut world, Touch::Hold), Some(Then::Calibrate));
    world.order(Order::Connect);
    world.run(3_000);
    assert_eq!(touch(&mut world, Touch::Hold), Some(Then::Calibrate));
    for phase in [Phase::Check, Phase::Armed] {
        match phase {
            Phase::Check => world.order(Order::Check),
            _ => world.begin(MINUTE as i64),
        }
        world.run(200);
        assert_eq!(world.slave.as_ref().map(Slave::phase), Some(phase));
        assert_eq!(touch(&mut world, Touch::Hold), Some(Then::Nothing));
    }
}

fn is_link_up(output: &Output) -> bool {
    matches!(output, Output::LinkUp { .. })
}
