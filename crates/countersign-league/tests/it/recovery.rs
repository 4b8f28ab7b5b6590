//! Power fails at every entry of a whole match: the result is the same, or the right void.

use crate::pitch::{Pitch, setup};
use crate::world;
use countersign::Signer;
use countersign_league::evidence::{ActKind, Bundle, MatchResult, Outcome, open};
use countersign_league::game::{
    Effect, Entry, Event, Game, Hit, Seed, SlaveCommand, State, Unsettled,
};
use countersign_league::journal::{self, GENESIS, Writer};
use countersign_league::{Artefact, End, Params, Team};
use proptest::prelude::*;

/// How long the master is away.
const AWAY: u64 = 1_000;
/// What its clock shows afterwards.
const ZERO: u64 = 50_000;

/// A match with everything that is no void: goals at both ends, touches, a leave, a return, gaps, an annulled goal.
fn eventful() -> Pitch {
    let mut pitch = Pitch::kickoff(8);
    pitch.pass(62_000);
    for n in 0..6_u64 {
        pitch.goal(if n % 3 == 0 { End::North } else { End::South });
        pitch.ok(Event::Touch(End::South));
        pitch.pass(31_000 + n * 7);
    }
    let (a, b) = (pitch.team(Team::A), pitch.team(Team::B));
    pitch.act(a[0], ActKind::Leave).unwrap();
    pitch.act(b[1], ActKind::Leave).unwrap();
    pitch.pass(20_100);
    pitch.act(a[0], ActKind::Return).unwrap();
    pitch.ok(Event::Disarmed { end: End::South, at: pitch.now });
    pitch.pass(3_300);
    pitch.ok(Event::Rearmed { end: End::South, at: pitch.now });
    pitch.slave_reboots(2_700);
    pitch.ok(Event::LinkDown { last_seen: pitch.now });
    pitch.pass(41_000);
    pitch.ok(Event::LinkRestored);
    pitch.goal(End::South);
    pitch.pass(346_000);
    assert_eq!(pitch.state(), State::Drain);
    pitch.drain();
    let voters = [&a[..], &b[..2]].concat();
    pitch.all_act(&voters, ActKind::Annul, 0);
    pitch.act(b[0], ActKind::Flag).unwrap();
    pitch.pass(11_000);
    pitch.all_act(&[&a[..3], &b[..3]].concat(), ActKind::Confirm, 0);
    pitch.ended(Outcome::Final);
    pitch
}

/// A master that starts with this journal, its clock, and the result that it signs.
struct Again {
    game: Game,
    born: u64,
    results: Vec<MatchResult>,
    bundles: Vec<Bundle>,
}

impl Again {
    fn boot(journal: &[u8], born: u64) -> Self {
        let (game, boot) =
            Game::boot(setup(Params::OFFICIAL), Seed::from_bytes([3; 32]), journal, ZERO);
        assert_eq!(boot.valid + boot.dropped, journal.len());
        let mut again = Self { game, born, results: Vec::new(), bundles: Vec::new() };
        again.work(born);
        again
    }

    fn clock(&self, now: u64) -> u64 {
        (now + ZERO).checked_sub(self.born).expect("the clock does not reach back so far")
    }

    /// Something that happened at `then` is told at `now`.
    fn tell(&mut self, event: Event, now: u64) {
        let event = match event {
            Event::Goal(hit) => Event::Goal(Hit { at: self.clock(hit.at), ..hit }),
            Event::SlaveGap { from, to } => {
                Event::SlaveGap { from: self.clock(from), to: self.clock(to) }
            }
            Event::LinkDown { last_seen } => Event::LinkDown { last_seen: self.clock(last_seen) },
            Event::Disarmed { end, at } => Event::Disarmed { end, at: self.clock(at) },
            Event::Rearmed { end, at } => Event::Rearmed { end, at: self.clock(at) },
            other => other,
        };
        // What it knew before the power cut it refuses as stale.
        let _ = self.game.handle(event, self.clock(now));
        self.work(now);
    }

    fn work(&mut self, now: u64) {
        while let Some(effect) = self.game.poll_effect() {
            match effect {
                Effect::SignResult { result, previous } => {
                    let frame = crate::pitch::sign(&world::master(), previous, result.as_ref());
                    self.results.push(*result);
                    let signed = Event::ResultSigned(frame);
                    assert_eq!(self.game.handle(signed, self.clock(now)), Ok(()));
                }
                Effect::Outbox(_, bundle) => {
                    let result = open::<MatchResult>(
                        &world::realm(),
                        world::master().verifying_key(),
                        &bundle.result,
                    );
                    self.results.push(result.unwrap().value);
                    self.bundles.push(*bundle);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn power_fails_at_every_entry_and_the_result_is_the_same() {
    let pitch = eventful();
    let expected = pitch.result().clone();
    let entries = journal::read(&pitch.journal).entries;
    let started = entries.iter().position(|entry| entry.kind == 4).unwrap();
    assert!(entries.len() > 140 && entries.len() == pitch.appends.len());
    for (number, (end, told)) in pitch.appends.iter().enumerate() {
        let born = entries[number].at + AWAY;
        let mut again = Again::boot(&pitch.journal[..*end], born);
        if number < started {
            assert_eq!(again.game.state(), State::Off, "no match was open at entry {number}");
            continue;
        }
        if again.game.state() == State::Recover {
            let boot = pitch.log[..*told].iter().rev().find_map(|(_, event)| match event {
                Event::SlaveSeen { boot, .. } => Some(*boot),
                _ => None,
            });
            let ticks = born + 30_000;
            let proof = Event::MasterRecovered { boot: boot.unwrap(), ticks, gapless: true };
            again.tell(proof, born);
        }
        for (then, event) in &pitch.log[*told..] {
            again.tell(event.clone(), (*then).max(born));
        }
        let result = again.results.last().unwrap_or_else(|| panic!("no result after {number}"));
        let same = MatchResult {
            gaps: expected.gaps,
            journal: expected.journal,
            ended: expected.ended,
            ..result.clone()
        };
        assert_eq!(same, expected, "after entry {number}");
        assert_eq!(result.gaps[1], expected.gaps[1]);
        assert!(u64::from(result.gaps[0] - expected.gaps[0]) <= AWAY);
        let bundle = again.bundles.last().unwrap();
        world::check_bundle(bundle, &world::device(), true).unwrap();
    }
}

#[test]
fn power_fails_at_every_entry_and_nobody_can_prove_the_time() {
    let pitch = eventful();
    let entries = journal::read(&pitch.journal).entries;
    let started = entries.iter().position(|entry| entry.kind == 4).unwrap();
    for (number, (end, _)) in pitch.appends.iter().enumerate().skip(started) {
        let born = entries[number].at + AWAY;
        let mut again = Again::boot(&pitch.journal[..*end], born);
        if again.game.state() != State::Recover {
            assert_eq!(again.results.last(), Some(pitch.result()), "ended before entry {number}");
            continue;
        }
        again.game.handle_timeout(ZERO + 60_000);
        again.work(born + 60_000);
        let result = again.results.last().unwrap();
        assert_eq!(result.outcome, Outcome::VoidPower, "after entry {number}");
        assert!(result.deltas.iter().all(|delta| *delta == 0));
    }
}

#[test]
fn a_journal_torn_at_every_byte_boots() {
    let pitch = eventful();
    let tail = pitch.appends[pitch.appends.len() - 3].0;
    for cut in tail..=pitch.journal.len() {
        let again = Again::boot(&pitch.journal[..cut], pitch.now);
        assert!(again.results.len() <= 1 || again.results[0] == again.results[1]);
        let is_whole = cut == pitch.journal.len();
        assert_eq!(!again.bundles.is_empty(), is_whole || !again.results.is_empty());
    }
    let head = pitch.appends[2].0;
    for cut in 0..head {
        assert_eq!(Again::boot(&pitch.journal[..cut], pitch.now).game.state(), State::Off);
    }
}

#[test]
fn a_boot_remembers_what_outlives_the_match() {
    let pitch = eventful();
    let again = Again::boot(&pitch.journal, pitch.now);
    assert_eq!(again.game.standing(), pitch.game.standing());
    let waiting = pitch.game.standing().unsettled.clone();
    let result = pitch.game.standing().last_terminal;
    assert_eq!(waiting, [Unsettled { match_id: pitch.result().match_id, result }]);
    assert_eq!((again.game.state(), again.game.standing().device_seq), (State::Signed, 1));
}

#[test]
fn a_redraw_that_was_not_signed_is_asked_for_again() {
    let mut pitch = Pitch::kickoff(8);
    pitch.signs = false;
    pitch.act(3, ActKind::Quit).unwrap();
    let Some(Effect::SignStart { start: asked, .. }) = pitch.unsigned.pop() else {
        panic!("the redraw wants a signature");
    };
    let whole = pitch.journal.len();
    pitch.reboot(2_000, whole);
    assert_eq!(pitch.state(), State::Draw);
    let again = pitch.unsigned.pop().unwrap();
    assert!(matches!(&again, Effect::SignStart { start, .. } if *start == asked));
    pitch.signs = true;
    pitch.sign_for(again);
    pitch.work();
    assert_eq!((pitch.state(), pitch.view().players.len()), (State::Kickoff, 7));
}

#[test]
fn a_journal_of_other_firmware_voids_an_open_match() {
    let mut pitch = Pitch::playing(6);
    let mut read = journal::read(&pitch.journal);
    let unknown = read.writer.append(200, pitch.now + 60_000, b"from the future").unwrap();
    pitch.journal.extend(unknown);
    let again = Again::boot(&pitch.journal, pitch.now);
    assert_eq!(again.results.last().unwrap().outcome, Outcome::VoidPower);
    pitch.reboot(1, 0);
    assert_eq!(pitch.state(), State::Off);
}

#[test]
fn entries_read_as_they_were_written() {
    let pitch = eventful();
    let read = journal::read(&pitch.journal);
    let mut writer = Writer::new();
    assert_eq!(writer.head(), GENESIS);
    let mut bytes = Vec::new();
    for raw in &read.entries {
        let entry = Entry::decode(raw).unwrap();
        assert_eq!(entry.kind(), raw.kind);
        bytes.extend(writer.append(entry.kind(), raw.at, &entry.payload()).unwrap());
    }
    assert_eq!(bytes, pitch.journal);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_journal(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let again = Again::boot(&bytes, 0);
        prop_assert_eq!(again.game.state(), State::Off);
    }

    #[test]
    fn any_entries_boot(entries in prop::collection::vec(
        (0_u8..21, 0_u64..1_000_000, prop::collection::vec(any::<u8>(), 0..90)), 0..20)) {
        let mut writer = Writer::new();
        let mut bytes = Vec::new();
        for (kind, at, payload) in entries {
            bytes.extend(writer.append(kind, at, &payload).unwrap());
        }
        let again = Again::boot(&bytes, 0);
        prop_assert!(again.results.is_empty());
        prop_assert!(again.game.view(ZERO).encode().len() < 8_192);
    }
}

#[test]
fn master_reboot_while_goals_are_under_way() {
    let mut pitch = Pitch::playing(6);
    pitch.pass(600_000);
    let (match_id, whole) = (pitch.view().match_id, pitch.journal.len());
    pitch.reboot(2_000, whole);
    pitch.effects.clear();
    pitch.recover(true);
    assert_eq!(pitch.state(), State::Drain);
    let told = |effect: &Effect| matches!(effect, Effect::Slave(_));
    let told: Vec<_> = pitch.effects.iter().filter(|effect| told(effect)).collect();
    let drain = Effect::Slave(SlaveCommand::Drain { match_id });
    assert_eq!((told.len(), told[1]), (2, &drain));
    assert!(matches!(told[0], Effect::Slave(SlaveCommand::Begin { .. })));
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
}
