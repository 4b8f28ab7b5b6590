//! Rules of goal detection, one test each, then all of them against random contacts.

use countersign_league::goal::{
    Calibration, CalibrationError, Calibrator, Cause, Detector, Event, Hit, Input, Rules, Sample,
};
use countersign_league::ruleset::Params;
use proptest::prelude::*;

const CALIBRATION: Calibration = Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 };

fn detector() -> Detector {
    Detector::new(Rules::from(&Params::OFFICIAL), CALIBRATION, 0)
}

fn contact(at: u64) -> Input {
    Input::Contact(Hit { at, peak: 900, duration: 30, rise: 5, rows: 0b11, cols: 0b110 })
}

fn events(detector: &mut Detector) -> Vec<Event> {
    std::iter::from_fn(|| detector.poll_output()).collect()
}

fn after(detector: &mut Detector, input: Input) -> Vec<Event> {
    detector.handle_input(input);
    events(detector)
}

fn sample(at: u64, max: u16) -> Input {
    Input::Sample(Sample { at, max, rows: 1, cols: 2 })
}

/// Readings every 10 ms from `from` up to, and without, `to`.
fn read(detector: &mut Detector, from: u64, to: u64, max: u16) -> Vec<Event> {
    let times = (from..to).step_by(10);
    times.flat_map(|at| after(detector, sample(at, max))).collect()
}

fn is_goal(event: &Event) -> bool {
    matches!(event, Event::Goal(_))
}

#[test]
fn a_goal_needs_a_quiet_sheet() {
    let mut fresh = detector();
    assert!(!fresh.is_armed(1_999) && fresh.is_armed(2_000));
    assert!(matches!(after(&mut fresh, contact(1_999))[..], [Event::Touch(_)]));
    assert!(matches!(after(&mut fresh, contact(4_028))[..], [Event::Touch(_)]), "1999 ms quiet");
    assert!(matches!(after(&mut fresh, contact(6_058))[..], [Event::Goal(_)]), "2000 ms quiet");
}

#[test]
fn a_goal_needs_eight_seconds_since_the_last() {
    let mut detector = detector();
    assert!(is_goal(&after(&mut detector, contact(5_000))[0]));
    assert!(matches!(after(&mut detector, contact(12_999))[..], [Event::Touch(_)]));
    assert!(is_goal(&after(&mut detector, contact(15_100))[0]));
}

#[test]
fn one_contact_of_many_readings_is_one_goal_with_its_features() {
    let mut detector = detector();
    assert_eq!(read(&mut detector, 0, 3_000, 101), []);
    let curve = [(3_000, 117), (3_010, 400), (3_020, 950), (3_030, 300), (3_040, 90), (3_050, 200)];
    let mut found = Vec::new();
    for (at, max) in curve {
        found.extend(after(&mut detector, sample(at, max)));
    }
    assert_eq!(found, [], "a bounce within 50 ms belongs to the same contact");
    found.extend(read(&mut detector, 3_060, 4_000, 101));
    let hit = Hit { at: 3_000, peak: 950, duration: 50, rise: 20, rows: 1, cols: 2 };
    assert_eq!(found, [Event::Goal(hit)]);
}

#[test]
fn readings_up_to_the_threshold_are_nothing() {
    let mut detector = detector();
    read(&mut detector, 0, 3_000, 100);
    assert_eq!(CALIBRATION.threshold(), 116);
    assert_eq!(after(&mut detector, sample(3_000, 116)), []);
    assert_eq!(read(&mut detector, 3_010, 3_900, 100), []);
}

#[test]
fn a_ball_that_stays_is_reported_at_once_and_only_once() {
    let mut detector = detector();
    read(&mut detector, 0, 3_000, 100);
    let lying = read(&mut detector, 3_000, 8_000, 500);
    let [Event::Goal(hit)] = lying[..] else { panic!("{lying:?}") };
    assert_eq!((hit.at, hit.duration), (3_000, 500));
    assert_eq!(read(&mut detector, 8_000, 12_000, 100), []);
    // Quiet since 7990 and eight seconds since 3000: the next contact counts.
    let next = [read(&mut detector, 12_000, 12_030, 500), read(&mut detector, 12_030, 12_200, 100)];
    assert!(is_goal(&next.concat()[0]));
}

#[test]
fn endless_pressure_disarms_until_it_ends() {
    let mut detector = detector();
    read(&mut detector, 0, 3_000, 100);
    let pressed = read(&mut detector, 3_000, 13_020, 500);
    assert_eq!(pressed[1..], [Event::Disarmed { since: 3_000, cause: Cause::Pressed }]);
    let released = read(&mut detector, 13_020, 16_000, 100);
    assert_eq!(released, [Event::Rearmed { at: 15_010, lasted: 12_010 }]);
}

#[test]
fn more_touches_than_allowed_disarm() {
    let mut detector = detector();
    let times = (0..7).map(|n| 1_000 + n * 1_500);
    let found: Vec<_> = times.flat_map(|at| after(&mut detector, contact(at))).collect();
    assert_eq!(found.len(), 8);
    assert_eq!(found[7], Event::Disarmed { since: 10_000, cause: Cause::Touches });
    assert!(matches!(after(&mut detector, contact(11_000))[..], [Event::Touch(_)]));
    let (at, _) = detector.poll_timeout().unwrap();
    assert_eq!(at, 13_030);
    detector.handle_timeout(at - 1);
    assert_eq!(events(&mut detector), []);
    detector.handle_timeout(at);
    assert_eq!(events(&mut detector), [Event::Rearmed { at: 13_030, lasted: 3_030 }]);
    assert!(is_goal(&after(&mut detector, contact(20_000))[0]));
}

#[test]
fn as_many_touches_as_allowed_do_not_disarm() {
    let mut detector = detector();
    let times = (0..20).map(|n| 1_000 + n * 1_700);
    let found: Vec<_> = times.flat_map(|at| after(&mut detector, contact(at))).collect();
    assert!(found.iter().all(|event| matches!(event, Event::Touch(_))), "{found:?}");
}

#[test]
fn noise_beyond_the_calibrated_floor_disarms() {
    let mut detector = detector();
    assert_eq!(read(&mut detector, 0, 3_000, 106), [], "three times the noise is allowed");
    let noisy = read(&mut detector, 3_010, 6_000, 107);
    assert!(matches!(noisy[..], [Event::Disarmed { cause: Cause::Noise, .. }]), "{noisy:?}");
    let quiet = read(&mut detector, 6_000, 12_000, 100);
    assert!(matches!(quiet[..], [Event::Rearmed { .. }]), "{quiet:?}");
    let mut broken = self::detector();
    let found = read(&mut broken, 0, 2_000, 0);
    assert!(matches!(found[..], [Event::Disarmed { cause: Cause::Noise, .. }]), "a broken wire");
}

#[test]
fn a_silent_sensor_disarms() {
    let mut detector = detector();
    read(&mut detector, 0, 3_000, 100);
    let (at, why) = detector.poll_timeout().unwrap();
    assert_eq!((at, why), (3_990, "sensor silence"));
    detector.handle_timeout(at);
    let silent = Event::Disarmed { since: 2_990, cause: Cause::Silent };
    assert_eq!(events(&mut detector), [silent]);
    detector.handle_timeout(20_000);
    assert_eq!(events(&mut detector), [], "still silent");
    let back = read(&mut detector, 20_010, 23_000, 100);
    assert_eq!(back, [Event::Rearmed { at: 22_010, lasted: 19_020 }]);
}

#[test]
fn a_calibration_is_relative_to_the_noise_and_survives_storage() {
    let mut calibrator = Calibrator::default();
    for n in 0..200_u64 {
        calibrator.take(n * 10, [500, 504][usize::from(n % 2 == 0)]);
    }
    let found = calibrator.finish().unwrap();
    assert_eq!((found.rest, found.noise, found.threshold()), (502, 4, 534));
    assert_eq!(Calibration::decode(&found.encode()), Ok(found));
    assert_ne!(found.digest(), CALIBRATION.digest());
    for len in 0..Calibration::LEN {
        assert!(Calibration::decode(&found.encode()[..len]).is_err());
    }
    let silent = Calibration { noise: 0, ..found };
    assert!(Calibration::decode(&silent.encode()).is_err());
}

#[test]
fn a_touched_or_short_calibration_is_refused() {
    let mut calibrator = Calibrator::default();
    (0..19).for_each(|n| calibrator.take(n * 100, 500));
    let short = CalibrationError::TooShort { needed: 20, found: 19 };
    assert_eq!(calibrator.finish(), Err(short));
    (19..200).for_each(|n| calibrator.take(n * 100, if n == 50 { 900 } else { 500 }));
    let touched = CalibrationError::NotQuiet { least: 500, most: 900 };
    assert_eq!(calibrator.finish(), Err(touched));
}

proptest! {
    #[test]
    fn every_contact_is_one_event_and_goals_keep_their_distance(
        gaps in proptest::collection::vec((1_u64..12_000, 0_u32..3_000), 1..120)
    ) {
        let rules = Rules::from(&Params::OFFICIAL);
        let mut detector = detector();
        let (mut now, mut goals, mut blind) = (0, Vec::new(), false);
        for (gap, duration) in gaps {
            now += gap;
            detector.handle_timeout(now);
            for event in events(&mut detector) {
                prop_assert!(blind);
                let is_rearmed = matches!(event, Event::Rearmed { .. });
                prop_assert!(is_rearmed);
                blind = false;
            }
            let hit = Hit { at: now, peak: 500, duration, rise: 1, rows: 1, cols: 1 };
            let mut contacts = 0;
            for event in after(&mut detector, Input::Contact(hit)) {
                match event {
                    Event::Goal(found) => {
                        prop_assert!(found == hit && !blind);
                        goals.push(hit.at);
                        contacts += 1;
                    }
                    Event::Touch(found) => {
                        prop_assert_eq!(found, hit);
                        contacts += 1;
                    }
                    Event::Disarmed { .. } => blind = true,
                    Event::Rearmed { .. } => prop_assert!(false, "a contact rearms nothing"),
                }
            }
            prop_assert_eq!(contacts, 1);
            now += u64::from(duration);
        }
        prop_assert!(goals.windows(2).all(|pair| pair[1] - pair[0] >= u64::from(rules.rearm)));
    }

    #[test]
    fn readings_in_any_order_never_give_close_goals(
        readings in proptest::collection::vec((0_u64..3_000, 0_u16..300), 1..400)
    ) {
        let mut detector = detector();
        let (mut now, mut last, mut blind) = (0_u64, None::<u64>, false);
        for (step, max) in readings {
            now = (now + step / 20).saturating_sub(u64::from(step % 7 == 0) * 500);
            for event in after(&mut detector, sample(now, max)) {
                match event {
                    Event::Goal(hit) => {
                        prop_assert!(last.is_none_or(|last| hit.at - last >= 8_000));
                        prop_assert!(hit.peak > CALIBRATION.threshold());
                        last = Some(hit.at);
                    }
                    Event::Touch(_) => {}
                    Event::Disarmed { .. } => {
                        prop_assert!(!blind);
                        blind = true;
                    }
                    Event::Rearmed { .. } => {
                        prop_assert!(blind);
                        blind = false;
                    }
                }
            }
        }
    }
}
