//! Any events in any order at any time: nothing panics, nothing counts twice, time goes on, and what is signed the server takes.

use crate::pitch::{Pitch, user};
use countersign_league::evidence::{ActKind, GoalState};
use countersign_league::game::{Event, Hit, State, View};
use countersign_league::{Artefact, End, Team};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What a storm is made of: what happens, to whom, after how long.
#[derive(Debug, Clone, Copy)]
struct Gust {
    what: u8,
    who: u8,
    wait: u64,
}

fn gusts() -> impl Strategy<Value = Vec<Gust>> {
    let wait = prop_oneof![Just(0_u64), 0_u64..3_000, 0_u64..70_000];
    let gust = (0_u8..40, 0_u8..9, wait).prop_map(|(what, who, wait)| Gust { what, who, wait });
    prop::collection::vec(gust, 0..70)
}

fn blow(pitch: &mut Pitch, gust: Gust, hits: &mut Vec<Hit>) {
    let Gust { what, who, wait } = gust;
    pitch.pass(wait);
    let end = if who % 2 == 0 { End::North } else { End::South };
    let (now, target) = (pitch.now, u16::from(who));
    let ago = now.saturating_sub(u64::from(who) * 900);
    // Refusals are welcome: a storm is not an agenda.
    let _ = match what {
        0 | 1 => pitch.join(who),
        2 | 3 => pitch.act(who, ActKind::Ready),
        4 => pitch.act(who, ActKind::Unready),
        5 => pitch.act(who, ActKind::Quit),
        6 => pitch.act(who, ActKind::Abort),
        7 => pitch.act(who, ActKind::Leave),
        8 => pitch.act(who, ActKind::Injury),
        9 => pitch.act(who, ActKind::Return),
        10 => pitch.act(who, ActKind::Concede),
        11 => pitch.act(who, ActKind::Confirm),
        12 => pitch.act_on(who, ActKind::Annul, target % 3),
        13 => pitch.act_on(who, ActKind::Absent, target),
        14 => pitch.act(who, ActKind::Flag),
        15 if pitch.state() == State::RollCall => pitch.roll(who),
        16..=20 => {
            let hit = Hit { at: ago, ..pitch.hit(end) };
            hits.push(hit);
            pitch.send(Event::Goal(hit))
        }
        21 | 22 => {
            hits.get(usize::from(who)).copied().map_or(Ok(()), |hit| pitch.send(Event::Goal(hit)))
        }
        23 => pitch.send(Event::Touch(end)),
        24 => pitch.send(Event::Disarmed { end, at: ago }),
        25 => pitch.send(Event::Rearmed { end, at: ago }),
        26 => pitch.send(Event::SlaveGap { from: ago, to: now }),
        27 => pitch.send(Event::LinkDown { last_seen: ago }),
        28 => pitch.send(Event::LinkRestored),
        29 => pitch.send(Event::Drained(pitch.seal())),
        30 if who == 0 => pitch.send(Event::NotDrained),
        31 => pitch.send(Event::PhoneClosed(user(who))),
        32 => pitch.send(Event::PhoneSeen(user(who))),
        33 => pitch.send(Event::OpenLobby),
        34 => pitch.send(Event::Button),
        35 if who == 0 => pitch.send(Event::PairDistrusted),
        36 => pitch.send(Event::MasterRecovered { boot: 1, ticks: now, gapless: who % 2 == 0 }),
        37 => pitch.send(Event::Fresh([who; 32])),
        38 => pitch.send(Event::GoalCheckHit(end)),
        39 => {
            power_cut(pitch, who);
            Ok(())
        }
        _ => Ok(()),
    };
}

/// The master is away for some seconds.
fn power_cut(pitch: &mut Pitch, who: u8) {
    let whole = pitch.journal.len();
    let boot = pitch.reboot(u64::from(who) * 1_500, whole);
    if boot.open_match {
        pitch.recover(who % 5 != 4);
    }
}

/// What is true after every call.
fn check(pitch: &Pitch, before: &View) {
    let view = pitch.view();
    assert!(view.number >= before.number);
    let (mut now, mut old) = (view.clone(), before.clone());
    (now.left, now.played, old.left, old.played) = (0, 0, 0, 0);
    assert_eq!(view.number == before.number, now == old, "the number tells of every change");
    assert_eq!(View::decode(&view.encode()), Ok(view.clone()));
    let counted = |team| {
        let goals = view.goals.iter();
        goals.filter(|goal| goal.team == team && goal.state == GoalState::Counted).count()
    };
    assert_eq!(Team::BOTH.map(counted), view.score.map(usize::from));
    assert!(view.goals.is_sorted_by_key(|goal| goal.at));
    if let Some((due, name)) = pitch.game.poll_timeout() {
        assert!(due > pitch.now, "the timer {name} does not advance");
    }
}

fn storm(mut pitch: Pitch, gusts: &[Gust]) {
    let mut hits = Vec::new();
    for gust in gusts {
        let before = pitch.view();
        blow(&mut pitch, *gust, &mut hits);
        check(&pitch, &before);
    }
    for result in &pitch.results {
        let frames: BTreeSet<_> =
            result.goals.iter().map(|goal| (goal.end, goal.boot, goal.seq)).collect();
        assert_eq!(frames.len(), result.goals.len(), "a goal counts once");
        let sum: i64 = result.deltas.iter().copied().map(i64::from).sum();
        assert_eq!(sum + result.bank, 0);
    }
    if !pitch.results.is_empty() {
        pitch.checked();
    }
    // Whatever state a storm leaves behind: the journal leads there again, or to a match that waits for its slave.
    let whole = pitch.journal.len();
    let (state, standing) = (pitch.state(), pitch.game.standing().clone());
    let boot = pitch.reboot(1_000, whole);
    assert_eq!(boot.open_match, state.is_open_match());
    assert_eq!(pitch.game.standing(), &standing);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn from_the_lobby(gusts in gusts()) {
        storm(Pitch::open(), &gusts);
    }

    #[test]
    fn from_the_roll_call(gusts in gusts()) {
        storm(Pitch::roll_call(7), &gusts);
    }

    #[test]
    fn from_kickoff(gusts in gusts()) {
        storm(Pitch::kickoff(8), &gusts);
    }

    #[test]
    fn from_play(gusts in gusts()) {
        storm(Pitch::playing(7), &gusts);
    }

    #[test]
    fn from_the_whistle(gusts in gusts()) {
        let mut pitch = Pitch::playing(6);
        pitch.goal(End::South);
        pitch.pass(599_000);
        storm(pitch, &gusts);
    }

    #[test]
    fn from_the_review(gusts in gusts()) {
        storm(Pitch::review(8), &gusts);
    }
}
