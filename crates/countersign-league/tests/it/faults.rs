//! Every row of the table of faults, by its name. `docs/league.md` section "Faults" points here.
//!
//! Rows that the server decides are in `countersign-cli`, `tests/it/league_faults.rs`.

use crate::pitch::{Pitch, setup};
use countersign_league::draw::first_secret;
use countersign_league::evidence::{ActKind, GoalState, Outcome, SeatFlags, TicketFlags};
use countersign_league::game::{
    Effect, Event, Light, LinkColour, Refusal, Setup, SlaveCommand, State, Warnings,
};
use countersign_league::journal;
use countersign_league::settlement::Reason;
use countersign_league::{Commitment, End, Params, Team};

const ALL_ZERO: fn(&i32) -> bool = |delta| *delta == 0;

#[test]
fn phone_gone_in_lobby() {
    let mut pitch = Pitch::open();
    pitch.join(0).unwrap();
    pitch.join(1).unwrap();
    pitch.ok(Event::PhoneClosed(crate::pitch::user(0)));
    pitch.pass(20_000);
    assert_eq!(pitch.view().players.len(), 2, "twenty seconds are not more than twenty seconds");
    pitch.ok(Event::PhoneSeen(crate::pitch::user(1)));
    pitch.pass(1);
    assert_eq!(pitch.view().players.len(), 1);
    assert!(pitch.effects.contains(&Effect::Dropped(crate::pitch::user(0))));
    // Back with the same ticket, once.
    pitch.join(0).unwrap();
    pitch.act(0, ActKind::Quit).unwrap();
    assert_eq!(pitch.view().players.len(), 1, "an explicit leave is at once");
    assert_eq!(pitch.join(0), Err(Refusal::TicketUsed));
}

#[test]
fn gone_in_ready_timer() {
    let mut pitch = Pitch::open();
    pitch.join_ready(7);
    assert_eq!(pitch.state(), State::Ready);
    pitch.pass(8_000);
    (1..7).for_each(|number| pitch.ok(Event::PhoneSeen(crate::pitch::user(number))));
    pitch.pass(2_001);
    let ready = |pitch: &Pitch| pitch.view().players.iter().filter(|player| player.ready).count();
    assert_eq!((pitch.state(), ready(&pitch)), (State::Ready, 6), "six are enough to go on");
    (2..7).for_each(|number| pitch.ok(Event::PhoneSeen(crate::pitch::user(number))));
    pitch.pass(8_000);
    assert_eq!((pitch.state(), ready(&pitch)), (State::Lobby, 5), "five are not");
}

#[test]
fn ready_but_silent_in_roll_call() {
    let mut pitch = Pitch::open();
    pitch.ticket(7).expires = crate::world::after_start(86_400_000);
    pitch.join_ready(8);
    pitch.wait(30_000);
    let first = pitch.view().challenge;
    (0..7).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(3_000);
    assert_ne!(pitch.view().challenge, first, "the second call is another one");
    (0..7).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(3_000);
    assert_eq!(pitch.state(), State::Kickoff);
    assert_eq!(pitch.view().players.len(), 7);
    assert!(pitch.effects.contains(&Effect::Dropped(crate::pitch::user(7))));
    // The second missed start within an hour costs ten minutes.
    pitch.abort();
    let missed = [crate::pitch::user(7)];
    assert_eq!(pitch.checked().missed, missed, "and the server hears of it");
    assert_eq!(pitch.state(), State::Lobby);
    pitch.join_ready(8);
    pitch.wait(30_000);
    (0..7).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(3_000);
    (0..7).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(3_000);
    pitch.abort();
    assert_eq!(pitch.join(7), Err(Refusal::NoStarts));
    pitch.pass(600_000);
    assert_eq!(pitch.join(7), Ok(()));
}

#[test]
fn who_missed_the_start_is_known_after_a_loss_of_power() {
    let mut pitch = Pitch::open();
    pitch.join_ready(9);
    pitch.wait(30_000);
    for _ in 0..2 {
        (0..8).for_each(|number| pitch.roll(number).unwrap());
        pitch.pass(3_000);
    }
    pitch.act(4, ActKind::Quit).unwrap();
    assert_eq!((pitch.state(), pitch.view().players.len()), (State::Kickoff, 7));
    for _ in 0..2 {
        let whole = pitch.journal.len();
        pitch.reboot(1_000, whole);
        pitch.recover(true);
    }
    pitch.pass(60_000);
    pitch.pass(600_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.checked().missed, [8, 4].map(crate::pitch::user));
}

#[test]
fn silence_of_a_third_in_roll_call_is_excused() {
    for (called, last) in [(9, Ok(())), (10, Err(Refusal::NoStarts))] {
        let mut pitch = Pitch::open();
        for _ in 0..2 {
            pitch.join_ready(called);
            pitch.wait(30_000);
            for _ in 0..2 {
                (0..called - 3).for_each(|number| pitch.roll(number).unwrap());
                pitch.pass(3_000);
            }
            assert_eq!(pitch.view().players.len(), usize::from(called) - 3);
            pitch.abort();
            let missed = pitch.checked().missed.len();
            assert_eq!(missed, if last.is_ok() { 0 } else { 3 });
        }
        assert_eq!(
            pitch.join(called - 1),
            last,
            "three of nine are our fault, three of ten are not"
        );
    }
}

#[test]
fn too_few_answers_in_roll_call_lead_back_to_the_lobby() {
    let mut pitch = Pitch::roll_call(6);
    let match_id = pitch.view().match_id;
    (0..5).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(3_000);
    (0..5).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(3_000);
    let view = pitch.view();
    assert_eq!((view.state, view.match_id), (State::Lobby, match_id));
    let ready = view.players.iter().filter(|player| player.ready).count();
    assert_eq!((view.players.len(), ready), (6, 5));
    assert!(pitch.results.is_empty() && pitch.start.is_none());
}

#[test]
fn leaves_in_kickoff_by_button() {
    let mut pitch = Pitch::kickoff(8);
    let before = pitch.start.clone().unwrap();
    pitch.pass(10_000);
    pitch.act(3, ActKind::Quit).unwrap();
    let after = pitch.start.clone().unwrap();
    assert_eq!((pitch.state(), after.roster.len()), (State::Kickoff, 7));
    assert_eq!((after.match_id, after.started), (before.match_id, before.started));
    assert!(after.roster.iter().all(|line| line.user != crate::pitch::user(3)));
    // Drawn again once; the second one ends it.
    let larger = if pitch.team(Team::A).len() == 4 { Team::A } else { Team::B };
    let quitter = pitch.team(larger)[0];
    pitch.act(quitter, ActKind::Quit).unwrap();
    pitch.ended(Outcome::Abandoned);
    assert!(pitch.result().deltas.iter().all(ALL_ZERO));
    let quitters = [3, quitter].map(crate::pitch::user);
    assert_eq!(pitch.checked().missed, quitters, "the server counts both");
    assert_eq!(pitch.state(), State::Lobby);
    assert_eq!(pitch.view().device_seq, before.device_seq + 1);
    assert_eq!(pitch.view().lobby, before.lobby, "tickets stay good");
}

#[test]
fn the_first_start_does_not_tell_how_teams_would_be_drawn_again() {
    let mut pitch = Pitch::kickoff(8);
    let first = pitch.start.clone().unwrap();
    pitch.act(3, ActKind::Quit).unwrap();
    let again = pitch.start.clone().unwrap();
    assert_eq!((again.match_id, again.commit), (first.match_id, first.commit));
    assert_ne!(again.secret, first.secret);
    assert_eq!(first_secret(&again.secret), first.secret, "both were fixed before anybody joined");
    assert_eq!(Commitment::to(&first.secret), first.commit);
}

#[test]
fn leaves_in_kickoff_and_too_few_remain() {
    let mut pitch = Pitch::kickoff(6);
    pitch.act(0, ActKind::Quit).unwrap();
    pitch.ended(Outcome::Abandoned);
    // Seven: if the smaller side loses one, the sides differ by two.
    let mut pitch = Pitch::kickoff(7);
    let smaller = if pitch.team(Team::A).len() == 3 { Team::A } else { Team::B };
    let quitter = pitch.team(smaller)[0];
    pitch.act(quitter, ActKind::Quit).unwrap();
    pitch.ended(Outcome::Abandoned);
}

#[test]
fn a_match_that_was_drawn_again_is_played_to_the_end() {
    let mut pitch = Pitch::kickoff(8);
    pitch.act(3, ActKind::Quit).unwrap();
    pitch.pass(60_000);
    pitch.pass(600_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.result().seats.len(), 7);
}

#[test]
fn phone_gone_in_playing() {
    let mut pitch = Pitch::playing(6);
    (0..6).for_each(|number| pitch.ok(Event::PhoneClosed(crate::pitch::user(number))));
    pitch.pass(300_000);
    assert!(pitch.view().players.iter().all(|player| !player.connected));
    pitch.goal(End::North);
    assert_eq!(pitch.join(2), Ok(()), "back at any time, to look on");
    assert_eq!(pitch.view().players.iter().filter(|player| player.connected).count(), 1);
    pitch.pass(300_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert!(pitch.result().seats.iter().all(|flags| flags.0 == 0));
}

#[test]
fn player_walks_off_phone_or_not() {
    let mut pitch = Pitch::playing(10);
    pitch.pass(200_000);
    let winners = pitch.scorer(End::South);
    let (winner, loser) = (pitch.team(winners)[0], pitch.team(winners.other())[0]);
    let absent = pitch.team(winners.other())[1];
    pitch.goal(End::South);
    // Taken back in time, and too late.
    pitch.act(winner, ActKind::Leave).unwrap();
    pitch.pass(59_999);
    pitch.act(winner, ActKind::Return).unwrap();
    pitch.act(winner, ActKind::Leave).unwrap();
    pitch.pass(60_000);
    assert_eq!(pitch.act(winner, ActKind::Return), Err(Refusal::NotNow));
    pitch.pass(280_001);
    pitch.drain();
    // Two thirds of five are four of the absent player's team, half of five are three of the other.
    let target = u16::from(pitch.seat(absent));
    let own: Vec<u8> = pitch.team(winners.other()).into_iter().filter(|n| *n != absent).collect();
    pitch.all_act(&own, ActKind::Absent, target);
    let others = pitch.team(winners);
    pitch.all_act(&others[..2], ActKind::Absent, target);
    assert!(!pitch.view().players[usize::from(target)].flags.has(SeatFlags::ABSENT));
    pitch.act_on(others[2], ActKind::Absent, target).unwrap();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.flags(winner).0, SeatFlags::LEFT);
    assert_eq!(pitch.flags(absent).0, SeatFlags::ABSENT);
    let stakes = |number| pitch.start.as_ref().unwrap().roster[usize::from(number)].stakes;
    assert_eq!(pitch.delta(winner), stakes(pitch.seat(winner)).loss, "a leaver loses");
    assert_eq!(pitch.delta(others[1]), stakes(pitch.seat(others[1])).win);
    assert_eq!(pitch.delta(absent), stakes(pitch.seat(absent)).loss);
    let half = stakes(pitch.seat(loser)).loss / 2;
    assert!((pitch.delta(loser) - half).abs() <= 1, "the leaver's team loses half");
    let sum: i64 = pitch.result().deltas.iter().copied().map(i64::from).sum();
    assert_eq!(pitch.result().bank, -sum);
}

#[test]
fn injury_button() {
    let mut pitch = Pitch::playing(8);
    pitch.pass(100_000);
    let loser = pitch.team(pitch.scorer(End::South).other())[0];
    pitch.goal(End::South);
    pitch.act(loser, ActKind::Injury).unwrap();
    pitch.pass(500_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.flags(loser).0, SeatFlags::LEFT | SeatFlags::INJURED);
    let seat = usize::from(pitch.seat(loser));
    let stakes = pitch.start.as_ref().unwrap().roster[seat].stakes;
    assert_eq!(pitch.delta(loser), stakes.loss, "as the team, and the team loses whole");
    // Once in thirty days: the server says so in the ticket.
    let mut pitch = Pitch::open();
    pitch.ticket(3).flags = TicketFlags(TicketFlags::INJURY_SPENT);
    pitch.join_ready(8);
    pitch.wait(30_000);
    (0..8).for_each(|number| pitch.roll(number).unwrap());
    pitch.pass(160_000);
    assert_eq!(pitch.act(3, ActKind::Injury), Err(Refusal::InjurySpent));
    pitch.act(3, ActKind::Leave).unwrap();
    pitch.act(4, ActKind::Injury).unwrap();
    pitch.pass(500_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.flags(3).0, SeatFlags::LEFT);
    assert_eq!(pitch.flags(4).0, SeatFlags::LEFT | SeatFlags::INJURED);
}

#[test]
fn roster_present_below_six_or_a_team_below_two() {
    // Early: it never happened.
    let mut pitch = Pitch::playing(6);
    pitch.pass(60_000);
    let leaver = pitch.team(Team::A)[0];
    pitch.act(leaver, ActKind::Leave).unwrap();
    assert!(pitch.view().warnings.has(Warnings::SHORT));
    pitch.pass(59_999);
    assert_eq!(pitch.state(), State::Playing);
    pitch.pass(1);
    pitch.ended(Outcome::VoidTooFew);
    assert!(pitch.flags(leaver).has(SeatFlags::LEFT) && pitch.result().deltas.iter().all(ALL_ZERO));
    // Later: the short side loses.
    let mut pitch = Pitch::playing(6);
    pitch.pass(200_000);
    let leaver = pitch.team(Team::A)[0];
    pitch.act(leaver, ActKind::Leave).unwrap();
    pitch.pass(30_000);
    pitch.act(leaver, ActKind::Return).unwrap();
    assert!(!pitch.view().warnings.has(Warnings::SHORT), "back in time");
    pitch.act(leaver, ActKind::Leave).unwrap();
    pitch.pass(60_000);
    assert_eq!(pitch.state(), State::Drain);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Conceded);
    assert_eq!((pitch.result().loser, pitch.result().played), (Some(Team::A), 290_000));
    // A team of one, though eight are there.
    let mut pitch = Pitch::playing(10);
    pitch.pass(300_000);
    let leavers = pitch.team(Team::B);
    pitch.all_act(&leavers[..4], ActKind::Leave, 0);
    pitch.pass(60_000);
    assert_eq!(pitch.view().ending.unwrap().loser, Some(Team::B));
    // Nobody is the short side.
    let mut pitch = Pitch::playing(6);
    pitch.pass(300_000);
    let (a, b) = (pitch.team(Team::A)[0], pitch.team(Team::B)[0]);
    pitch.all_act(&[a, b], ActKind::Leave, 0);
    pitch.pass(60_000);
    pitch.ended(Outcome::VoidTooFew);
}

#[test]
fn concede() {
    let mut pitch = Pitch::playing(10);
    pitch.goal(End::South);
    let quitters = pitch.team(Team::B);
    pitch.pass(149_999);
    assert_eq!(pitch.act(quitters[0], ActKind::Concede), Err(Refusal::TooEarly));
    pitch.pass(1);
    pitch.all_act(&quitters[..3], ActKind::Concede, 0);
    assert_eq!(pitch.state(), State::Playing, "three of five are no two thirds");
    pitch.act(quitters[3], ActKind::Concede).unwrap();
    assert_eq!(pitch.state(), State::Drain);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Conceded);
    let result = pitch.result();
    assert_eq!((result.loser, result.score[0] + result.score[1]), (Some(Team::B), 1));
    assert!(pitch.delta(pitch.team(Team::A)[0]) > 0 && pitch.delta(quitters[4]) < 0);
    assert!(result.seats.iter().all(|flags| flags.0 == 0), "no penalty");
}

#[test]
fn conceded_in_review() {
    let mut pitch = Pitch::review(6);
    let team = pitch.team(Team::A);
    pitch.all_act(&team[..2], ActKind::Concede, 0);
    pitch.end_review();
    pitch.ended(Outcome::Conceded);
    assert_eq!(pitch.result().loser, Some(Team::A));
}

#[test]
fn link_lost_for_at_most_30_s() {
    let mut pitch = Pitch::playing(6);
    pitch.ok(Event::LinkDown { last_seen: pitch.now });
    assert_eq!(pitch.view().link, LinkColour::Amber);
    let hit = pitch.hit(End::South);
    pitch.pass(30_000);
    assert_eq!(pitch.view().link, LinkColour::Amber);
    pitch.ok(Event::LinkRestored);
    pitch.ok(Event::Goal(hit));
    assert_eq!((pitch.view().link, pitch.view().goals[0].at), (LinkColour::Green, 0));
    pitch.pass(570_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
}

#[test]
fn link_lost_for_more_than_30_s() {
    let mut carried = Pitch::playing(6);
    carried.pass(550_000);
    carried.ok(Event::LinkDown { last_seen: carried.now });
    carried.pass(30_001);
    assert_eq!(carried.view().link, LinkColour::Red);
    assert!(carried.effects.contains(&Effect::Light(Light::Red)));
    let hit = carried.hit(End::South);
    carried.pass(20_000);
    assert_eq!(carried.state(), State::Drain);
    carried.pass(119_000);
    assert_eq!(carried.state(), State::Drain, "somebody carries the slave to the master");
    carried.ok(Event::LinkRestored);
    carried.ok(Event::Goal(hit));
    let seal = carried.seal();
    carried.ok(Event::Drained(seal));
    assert_eq!(carried.state(), State::Review);
    carried.end_review();
    carried.ended(Outcome::Final);
    assert_eq!(carried.result().goals.len(), 1);

    let mut lost = Pitch::playing(6);
    lost.ok(Event::LinkDown { last_seen: lost.now });
    lost.goal(End::North);
    lost.pass(600_000);
    lost.pass(119_000);
    assert_eq!(lost.state(), State::Drain);
    lost.pass(1_001);
    lost.ended(Outcome::VoidGoalGap);
    assert!(lost.result().deltas.iter().all(ALL_ZERO));

    let mut torn = Pitch::playing(6);
    torn.pass(600_000);
    torn.ok(Event::NotDrained);
    torn.ended(Outcome::VoidGoalGap);
}

#[test]
fn a_seal_over_other_goals_drains_nothing() {
    let mut pitch = Pitch::playing(6);
    let missing = pitch.hit(End::South);
    pitch.pass(600_000);
    let seal = pitch.seal();
    assert_eq!(pitch.send(Event::Drained(seal)), Err(Refusal::Seal), "a goal is under way");
    pitch.ok(Event::Goal(missing));
    let mut forged = seal;
    forged.signature[5] ^= 1;
    assert_eq!(pitch.send(Event::Drained(forged)), Err(Refusal::Seal));
    pitch.ok(Event::Drained(seal));
    let late = pitch.hit(End::South);
    assert_eq!(pitch.send(Event::Goal(late)), Err(Refusal::NotNow));
}

#[test]
fn slave_reboot() {
    let mut pitch = Pitch::playing(6);
    pitch.pass(100_000);
    pitch.slave_reboots(6_000);
    pitch.slave_reboots(4_000);
    assert!(pitch.view().warnings.has(Warnings::GAP), "ten seconds are shown, and good");
    pitch.goal(End::South);
    pitch.pass(490_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.result().gaps, [0, 10_000]);

    let mut pitch = Pitch::playing(6);
    pitch.slave_reboots(6_000);
    pitch.slave_reboots(4_001);
    pitch.ended(Outcome::VoidSensorGap);

    let mut pitch = Pitch::kickoff(6);
    pitch.slave_reboots(50_000);
    pitch.pass(10_000);
    assert_eq!(pitch.state(), State::Playing, "nobody plays yet");
}

#[test]
fn master_reboot() {
    let mut pitch = Pitch::playing(6);
    pitch.pass(101_000);
    pitch.goal(End::South);
    let (whole, before) = (pitch.journal.len(), pitch.view());
    let boot = pitch.reboot(8_000, whole);
    assert_eq!((boot.open_match, boot.dropped), (true, 0));
    assert_eq!(pitch.state(), State::Recover);
    pitch.idle(1_000);
    pitch.recover(true);
    // The link was switched off, too: it is told again when play began, which was before it had power.
    let (match_id, at) = (before.match_id, pitch.now as i64 - 110_000);
    assert!(at < 0 && pitch.effects.contains(&Effect::Slave(SlaveCommand::Begin { match_id, at })));
    let mut kept = pitch.hit(End::South);
    kept.at -= 500;
    pitch.ok(Event::Goal(kept));
    let view = pitch.view();
    assert_eq!((view.state, view.played), (State::Playing, 110_000));
    assert_eq!((view.score.iter().sum::<u8>(), view.goals.len()), (2, 2));
    assert!(view.number > before.number && view.warnings.has(Warnings::GAP));
    pitch.pass(490_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!((pitch.result().gaps, pitch.result().played), ([9_000, 0], 600_000));
}

#[test]
fn master_reboot_for_too_long_or_with_a_hole() {
    for (millis, gapless) in [(10_001, true), (60_001, true), (500, false)] {
        let mut pitch = Pitch::playing(6);
        pitch.pass(100_000);
        pitch.goal(End::South);
        let whole = pitch.journal.len();
        pitch.reboot(millis, whole);
        pitch.recover(gapless);
        pitch.ended(Outcome::VoidPower);
        assert!(pitch.result().deltas.iter().all(ALL_ZERO));
    }
    // Nothing was missed in the review, but nobody waits longer than a minute.
    for (millis, state) in [(60_000, State::Review), (60_001, State::Void)] {
        let mut pitch = Pitch::review(6);
        let whole = pitch.journal.len();
        // The master cannot know for how long it lived on after its last entry.
        let last = journal::read(&pitch.journal).entries.pop().unwrap().at;
        pitch.reboot(last + millis - pitch.now - 1_000, whole);
        pitch.idle(1_000);
        pitch.recover(true);
        assert_eq!(pitch.state(), state);
    }
    // Before kickoff nothing can be missed.
    let mut pitch = Pitch::kickoff(6);
    let whole = pitch.journal.len();
    pitch.reboot(55_000, whole);
    pitch.recover(true);
    assert_eq!(pitch.state(), State::Kickoff);
    pitch.pass(5_000);
    assert_eq!(pitch.state(), State::Playing);
}

#[test]
fn both_lost_power() {
    let mut pitch = Pitch::playing(6);
    pitch.pass(100_000);
    let whole = pitch.journal.len();
    pitch.reboot(5_000, whole);
    pitch.slave_boots_again();
    pitch.recover(true);
    pitch.ended(Outcome::VoidPower);
    // Or it never comes back.
    let mut pitch = Pitch::playing(6);
    let whole = pitch.journal.len();
    pitch.reboot(5_000, whole);
    pitch.idle(60_000);
    pitch.ended(Outcome::VoidPower);
    assert_eq!(pitch.state(), State::Void);
}

#[test]
fn sensor_stuck_or_noisy() {
    let mut pitch = Pitch::playing(6);
    (0..7).for_each(|_| pitch.ok(Event::Touch(End::North)));
    pitch.ok(Event::Disarmed { end: End::North, at: pitch.now });
    assert!(pitch.effects.contains(&Effect::Light(Light::Disarmed(End::North))));
    assert!(pitch.view().warnings.has(Warnings::NORTH_DISARMED));
    pitch.pass(10_000);
    pitch.ok(Event::Rearmed { end: End::North, at: pitch.now });
    assert_eq!(pitch.state(), State::Playing);
    pitch.pass(590_000);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!((pitch.result().gaps, pitch.result().touches), ([10_000, 0], 7));

    let mut pitch = Pitch::playing(6);
    pitch.ok(Event::Disarmed { end: End::South, at: pitch.now });
    pitch.pass(10_001);
    pitch.ended(Outcome::VoidSensor);

    // It says so only after the link was down.
    let mut pitch = Pitch::playing(6);
    let at = pitch.now;
    pitch.pass(50_000);
    pitch.ok(Event::Disarmed { end: End::South, at });
    pitch.ok(Event::Rearmed { end: End::South, at: at + 10_001 });
    pitch.ended(Outcome::VoidSensor);

    let mut pitch = Pitch::playing(6);
    for _ in 0..2 {
        pitch.ok(Event::Disarmed { end: End::South, at: pitch.now });
        pitch.pass(6_000);
        pitch.ok(Event::Rearmed { end: End::South, at: pitch.now });
    }
    pitch.ended(Outcome::VoidSensorGap);
}

/// What a small device can keep ends the match, and not the device: the result is written all the same.
#[test]
fn a_match_that_fills_the_journal_is_void_and_says_so() {
    let journal_max = 24 * 1024;
    let mut pitch = Pitch::with(Setup { journal_max, ..setup(Params::OFFICIAL) });
    pitch.pair();
    pitch.gather(6);
    pitch.pass(60_000);
    assert_eq!(pitch.state(), State::Playing);
    let mut touches = 0;
    while pitch.state() == State::Playing {
        pitch.ok(Event::Touch(End::North));
        pitch.pass(100);
        touches += 1;
    }
    pitch.ended(Outcome::VoidSensor);
    assert!(touches > 50 && pitch.journal.len() <= journal_max as usize, "{touches} touches");
    let read = journal::read(&pitch.journal);
    assert_eq!(read.entries.last().map(|entry| entry.kind), Some(15), "the result is there");
    assert_eq!((read.writer.bytes() as usize, read.dropped), (pitch.journal.len(), 0));
    // The next match has a journal of its own.
    pitch.ok(Event::OpenLobby);
    assert_eq!(pitch.state(), State::Lobby);
}

/// Nobody can void a match by talking, and no foot by touching: what a chip can keep is enough for ten who say all that they may.
#[test]
fn acts_and_touches_do_not_fill_a_chip_s_journal() {
    let journal_max = 52 * 1024;
    let mut pitch = Pitch::with(Setup { journal_max, ..setup(Params::OFFICIAL) });
    pitch.pair();
    pitch.gather(10);
    pitch.pass(60_000);
    for player in 0..10 {
        for kind in [ActKind::Leave, ActKind::Return, ActKind::Leave, ActKind::Return] {
            pitch.act(player, kind).unwrap();
        }
    }
    for _ in 0..30 {
        (0..50).for_each(|_| pitch.ok(Event::Touch(End::North)));
        pitch.goal(End::South);
        pitch.pass(20_000);
    }
    assert_eq!(pitch.state(), State::Drain);
    pitch.drain();
    for player in 0..10 {
        pitch.act(player, ActKind::Flag).unwrap();
        let more = pitch.act(player, ActKind::Confirm);
        assert_eq!(more, Err(Refusal::TooMuch), "each an equal share of 52");
    }
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert!(pitch.journal.len() < 44 * 1024, "{} bytes", pitch.journal.len());
}

#[test]
fn annul_goal() {
    let mut pitch = Pitch::review(6);
    let scorers = pitch.scorer(End::South);
    let (own, others) = (pitch.team(scorers), pitch.team(scorers.other()));
    pitch.all_act(&others, ActKind::Annul, 0);
    pitch.act_on(own[0], ActKind::Annul, 0).unwrap();
    assert_eq!(pitch.view().score.iter().sum::<u8>(), 1, "one of three is no half");
    pitch.act_on(own[1], ActKind::Annul, 0).unwrap();
    assert_eq!(pitch.view().score, [0, 0]);
    assert_eq!(pitch.act_on(own[2], ActKind::Annul, 1), Err(Refusal::Target));
    pitch.end_review();
    pitch.ended(Outcome::Final);
    let result = pitch.result();
    assert_eq!((result.goals[0].state, result.score), (GoalState::Annulled, [0, 0]));
}

#[test]
fn match_flagged() {
    let mut pitch = Pitch::review(6);
    let (a, b) = (pitch.team(Team::A)[0], pitch.team(Team::B)[0]);
    pitch.act(a, ActKind::Flag).unwrap();
    pitch.act(b, ActKind::Flag).unwrap();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert!(pitch.flags(a).has(SeatFlags::FLAGGED) && pitch.flags(b).has(SeatFlags::FLAGGED));
    assert!(pitch.checked().objections.contains(&Reason::Flagged));
}

#[test]
fn halves_do_not_believe_each_other() {
    let mut pitch = Pitch::playing(6);
    pitch.ok(Event::PairDistrusted);
    pitch.ended(Outcome::VoidPair);
    assert_eq!(pitch.send(Event::Button), Err(Refusal::Locked));
    assert_eq!(pitch.send(Event::OpenLobby), Err(Refusal::Locked));
    let whole = pitch.journal.len();
    pitch.reboot(1_000, whole);
    assert_eq!(pitch.send(Event::Button), Err(Refusal::Locked), "a restart heals nothing");
    // While the start is being signed.
    let mut pitch = Pitch::roll_call(6);
    pitch.signs = false;
    (0..6).for_each(|number| pitch.roll(number).unwrap());
    pitch.ok(Event::PairDistrusted);
    pitch.signs = true;
    let unsigned = pitch.unsigned.pop().unwrap();
    pitch.sign_for(unsigned);
    pitch.work();
    pitch.ended(Outcome::VoidPair);
}
