//! Power: what was shown is on the disk, and what happened without it is told.

use crate::pitch::{Done, Pitch};
use countersign_app::Tap;
use countersign_league::evidence::Outcome;
use countersign_league::game::State;
use countersign_league::{End, Params};

/// A match of six that is under way; the server is out of reach, so that its result stays.
fn playing(duration: u32) -> Pitch {
    let mut pitch = Pitch::new(Params { duration, ..Params::SHORT }, 6);
    pitch.open();
    pitch.everybody(Tap::Approach);
    pitch.everybody(Tap::Ready);
    pitch.until(State::Playing);
    pitch.server.online = false;
    pitch.run(3_000);
    pitch
}

fn end(pitch: &mut Pitch) {
    pitch.until(State::Review);
    pitch.until(State::Signed);
}

/// Milliseconds between two moments, give or take what clocks and steps of the world may differ.
#[track_caller]
fn is_about(found: u32, expected: u64) {
    assert!(u64::from(found).abs_diff(expected) <= 20, "{found} ms instead of {expected} ms");
}

#[test]
fn a_goal_in_the_south_while_the_master_has_no_power_counts() {
    let mut pitch = playing(60_000);
    pitch.hit(End::South);
    pitch.run(2_000);
    let kickoff = pitch.now - u64::from(pitch.view().played);
    pitch.power_cut(1_500);
    let scored = pitch.now - kickoff;
    pitch.hit(End::South);
    pitch.run(1_500);
    let from = pitch.journaled;
    pitch.power_back();
    assert_eq!(pitch.master.state(), State::Recover);
    pitch.until(State::Playing);
    let away = pitch.now - from;
    pitch.run(2_000);
    pitch.hit(End::South);
    end(&mut pitch);
    let result = pitch.result();
    assert_eq!(result.outcome, Outcome::Final);
    assert_eq!(result.score.iter().sum::<u8>(), 3);
    is_about(result.goals[1].at, scored);
    is_about(result.gaps[0], away);
    assert_eq!(result.gaps[1], 0);
    assert_eq!(result.slave.unwrap().goals, 3);
}

#[test]
fn blind_time_of_the_slave_that_the_master_hears_of_after_a_power_cut_is_as_long_as_it_was() {
    let mut pitch = playing(60_000);
    pitch.slave_power_cut(4_000);
    // The link is back, and the master loses power before the slave has said what it missed.
    pitch.until_linked();
    pitch.power_cut(1_000);
    pitch.power_back();
    pitch.until(State::Playing);
    end(&mut pitch);
    let result = pitch.result();
    assert_eq!(result.outcome, Outcome::Final);
    is_about(result.gaps[1], 4_000);
}

#[test]
fn a_device_that_slept_for_an_hour_has_written_down_everything() {
    let mut pitch = playing(50 * 60_000);
    pitch.sleep(3_600_000);
    pitch.until(State::Void);
    let signed = pitch.result();
    assert_eq!(signed.outcome, Outcome::VoidGoalGap);
    assert!(signed.journal.1 > 600, "a checkpoint every five seconds: {}", signed.journal.1);
    pitch.outbox.clear();
    pitch.power_cut(100);
    pitch.power_back();
    assert_eq!(pitch.result(), signed, "the journal has no hole");
}

#[test]
fn nothing_is_shown_or_offered_before_it_is_on_the_disk() {
    let mut pitch = playing(20_000);
    for end in [End::North, End::South] {
        pitch.done.clear();
        pitch.hit(end);
        assert_eq!(pitch.done, [Done::Written, Done::Shown], "a goal in the {end:?}");
        pitch.run(2_000);
    }
    pitch.until(State::Review);
    pitch.done.clear();
    pitch.until(State::Signed);
    // Checkpoints come first, and show nothing.
    pitch.done.dedup();
    assert_eq!(pitch.done, [Done::Written, Done::Offered, Done::Shown]);
}
