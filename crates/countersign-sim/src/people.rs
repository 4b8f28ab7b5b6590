//! The people at the pitch: who presses buttons, kicks balls, pulls plugs, and has enough of it.

use crate::model::{Class, TrueAct, TrueGoal, TrueMatch};
use crate::phone::Answer;
use crate::plan::{Mishap, Part};
use crate::time::{MS, Micros, S};
use crate::world::{Ball, Event, World};
use countersign::Frame;
use countersign_league::button::Touch;
use countersign_league::evidence::{Act, ActKind, Bundle, MatchResult, MatchStart, open};
use countersign_league::game::{State, View, Warnings};
use countersign_league::goal::Hit;
use countersign_league::{Artefact, End, MatchId, Team};

/// How long the referee waits between two looks.
const LOOK: Micros = 700 * MS;
/// Contacts of a rattling sheet.
const RATTLE: Micros = 280 * MS;

impl World {
    /// Somebody looks at the lights, and does what they ask for.
    pub(crate) fn referee(&mut self) {
        if self.is_late {
            return;
        }
        self.at(self.now + LOOK, Event::Referee);
        let now = self.master.clock.at(self.now);
        let Some(device) = &self.master.device else { return };
        let state = device.state();
        match state {
            State::Off | State::Signed | State::Void | State::Abandoned | State::Settled => {
                let is_time = self.now > self.truth.last_over + 6 * S;
                if self.truth.over < self.plan.games && is_time {
                    self.press();
                }
            }
            State::Pairing if device.view(now).warnings.has(Warnings::FAILED) => {
                self.press();
            }
            State::GoalCheck if self.chance(30) => {
                self.contact(End::North, Ball::Goal);
                self.contact(End::South, Ball::Goal);
            }
            State::Pairing
            | State::Handshake
            | State::GoalCheck
            | State::Lobby
            | State::Ready
            | State::RollCall
            | State::Draw
            | State::Kickoff
            | State::Playing
            | State::Drain
            | State::Review
            | State::Recover
            | State::Locked => {}
        }
    }

    /// Both buttons: whoever wants the halves to meet stands at each of them.
    fn press(&mut self) {
        let now = self.slave.clock.at(self.now);
        if let Some(slave) = &mut self.slave.slave {
            // A press never measures the sheet.
            let _ = slave.touched(Touch::Press, now);
        }
        self.drain_slave();
        self.with_master(|device, now| device.press(now));
    }

    /// Looks at the device from outside, after everything that it did.
    pub(crate) fn observe(&mut self) {
        let Some(device) = &self.master.device else { return };
        let state = device.state();
        if self.truth.state == Some(state) {
            return;
        }
        let clock = self.master.clock.at(self.now);
        let view = device.view(clock);
        let before = self.truth.state.replace(state);
        self.note(format_args!("state {before:?} -> {state:?}, match {}", view.match_id));
        // Called off: the next lobby opens in the same moment.
        if state == State::Lobby && self.truth.current.is_some_and(|id| id != view.match_id) {
            self.match_over();
        }
        match state {
            State::Lobby => {
                let lobby = self.truth.lobbies;
                self.truth.lobbies = lobby.saturating_add(1);
                if lobby == self.truth.over {
                    self.schedule(Part::Lobby, 10 * S);
                }
            }
            State::Kickoff => self.kickoff_seen(&view, clock),
            State::Playing => self.play_seen(&view, clock),
            State::Drain => {
                self.part(Part::Drain, &view, 3 * S);
                self.whistle_seen(&view);
            }
            State::Review => {
                let length = u64::from(self.plan.params.review) * MS;
                self.part(Part::Review, &view, length * 3 / 5);
                self.whistle_seen(&view);
                self.confirm_later(&view);
            }
            State::Signed | State::Void | State::Abandoned => self.over_seen(&view),
            State::Recover => self.log.count("power: recover"),
            State::Locked => self.log.count("state: locked"),
            State::Off
            | State::Pairing
            | State::Handshake
            | State::GoalCheck
            | State::Ready
            | State::RollCall
            | State::Draw
            | State::Settled => {}
        }
        if before == Some(State::Recover) && state != State::Void {
            self.log.count("power: match resumed");
        }
    }

    fn current(&mut self, view: &View) -> &mut TrueMatch {
        if !self.truth.matches.contains_key(&view.match_id) {
            self.truth.order.push(view.match_id);
            self.log.count("match: started");
        }
        self.truth.current = Some(view.match_id);
        self.truth.matches.entry(view.match_id).or_default()
    }

    fn kickoff_seen(&mut self, view: &View, clock: u64) {
        let kickoff = self.master.clock.when(clock + u64::from(view.left));
        self.current(view).kickoff = Some(kickoff);
        self.part(Part::Kickoff, view, u64::from(self.plan.params.kickoff) * MS);
    }

    fn play_seen(&mut self, view: &View, clock: u64) {
        let kickoff = self.master.clock.when(clock.saturating_sub(view.played.into()));
        let current = self.current(view);
        if !current.recovered {
            current.kickoff = Some(kickoff);
        }
        let kickoff = *current.kickoff.get_or_insert(kickoff);
        let is_scheduled = core::mem::replace(&mut current.is_scheduled, true);
        let length = u64::from(self.plan.params.duration) * MS;
        self.part(Part::Play, view, length);
        if !is_scheduled {
            End::BOTH.into_iter().for_each(|end| self.schedule_balls(end, kickoff, length));
        }
    }

    fn whistle_seen(&mut self, view: &View) {
        let (now, length) = (self.now, u64::from(self.plan.params.duration) * MS);
        let current = self.current(view);
        let end = current.kickoff.map_or(now, |kickoff| now.min(kickoff + length));
        current.whistle.get_or_insert(end);
    }

    fn over_seen(&mut self, view: &View) {
        if self.truth.current.is_some() {
            self.match_over();
            self.part(Part::Over, view, 10 * S);
            self.truth.current = None;
        }
    }

    fn match_over(&mut self) {
        self.truth.current = None;
        self.truth.over += 1;
        self.truth.last_over = self.now;
        self.truth.lobbies = self.truth.lobbies.max(self.truth.over);
        self.phones.iter_mut().for_each(|phone| phone.taps.clear());
    }

    /// Once in each match: what is planned for this part of it.
    fn part(&mut self, part: Part, view: &View, length: Micros) {
        let parts = &mut self.current(view).parts;
        if !parts.contains(&part) {
            parts.push(part);
            self.schedule(part, length);
        }
    }

    fn schedule(&mut self, part: Part, length: Micros) {
        let game = self.truth.over - u8::from(part == Part::Over);
        let planned = self.plan.incidents.iter();
        let planned: Vec<_> =
            planned.filter(|one| one.part == part && one.game == game).copied().collect();
        for one in planned {
            self.at(self.now + length * one.permille / 1_000, Event::Mishap(one.what));
        }
    }

    /// Balls over the line, far enough from each other, and touches right after some of them.
    fn schedule_balls(&mut self, end: End, kickoff: Micros, length: Micros) {
        let params = self.plan.params.clone();
        let (rearm, quiet) = (u64::from(params.rearm) * MS, u64::from(params.quiet) * MS);
        let (most, game) = (self.below(self.plan.goals + 1), self.truth.order.len());
        let pause = rearm + quiet + S;
        let mut at = kickoff + self.within(MS, pause);
        for _ in 0..most {
            at += self.within(pause, pause + length / 5);
            if self.chance(8) {
                at = at.max(kickoff + length - 3 * MS + self.below(7 * MS));
            }
            self.at(at, Event::Contact(end, Ball::Goal, game));
            if self.chance(40) {
                let later = self.within(60 * MS, quiet - 60 * MS);
                self.at(at + later, Event::Contact(end, Ball::Touch, game));
            }
        }
    }

    /// The ball, or something else, touches a sheet.
    pub(crate) fn contact(&mut self, end: End, ball: Ball) {
        let quiet = u64::from(self.plan.params.quiet) * MS + 300 * MS;
        let is_dull = self.now < self.truth.dull[end.index()] || ball == Ball::Rattle;
        let (has_power, born) = match end {
            End::North => {
                let device = self.master.device.as_ref();
                let feels = device.is_some_and(|device| device.state() != State::Recover);
                (feels, self.master.born)
            }
            End::South => (self.slave.slave.is_some(), self.slave.born),
        };
        let current = self.truth.current;
        let is_told = end == End::North || current.is_some_and(|id| self.slave.is_told(&id));
        let peak = 300 + self.below(600) as u16;
        let hit = Hit { at: 0, peak, duration: 40, rise: 9, rows: 3, cols: 5 };
        match end {
            End::North => self.sense_north(hit),
            End::South => self.sense_south(hit),
        }
        let (survived, written) = match end {
            End::North => (self.master.device.is_some(), self.master.goal_written),
            End::South => (self.slave.slave.is_some(), self.slave.report_written),
        };
        let class = match (has_power, survived) {
            (false, _) => Class::Unseen,
            (true, false) if !written => Class::Unseen,
            _ if !is_told => Class::Untold,
            _ if is_dull || self.now < born + quiet => Class::Maybe,
            _ => Class::Sure,
        };
        let Some(id) = self.truth.current else { return };
        if ball == Ball::Touch {
            return self.log.count("ball: touch");
        }
        self.note(format_args!("ball {end:?} {ball:?} {class:?}"));
        self.log.count(match class {
            Class::Sure => "ball: over the line",
            Class::Maybe => "ball: perhaps",
            Class::Unseen => "ball: unseen",
            Class::Untold => "ball: before the slave was told",
        });
        let goal = TrueGoal { end, at: self.now, class };
        if let Some(current) = self.truth.matches.get_mut(&id) {
            current.goals.push(goal);
        }
    }

    /// Most players are content with the result after a while.
    fn confirm_later(&mut self, view: &View) {
        if self.chance(50) {
            for player in &view.players {
                if self.chance(80) {
                    self.tap(player.user, ActKind::Confirm, 0);
                }
            }
        }
    }

    fn tap(&mut self, user: countersign::UserId, kind: ActKind, target: u16) {
        if let Some(phone) = self.phones.iter_mut().find(|phone| phone.user == user) {
            phone.taps.push_back((kind, target));
        }
    }

    pub(crate) fn mishap(&mut self, what: Mishap) {
        if self.is_late {
            return;
        }
        self.note(format_args!("mishap {what:?}"));
        match what {
            Mishap::MasterOff { torn: true, off } => self.master.torn = Some(off),
            Mishap::MasterOff { torn: false, off } => self.stop_master(off),
            Mishap::SlaveOff { torn: true, off } => self.slave.torn = Some(off),
            Mishap::SlaveOff { torn: false, off } => self.stop_slave(off),
            Mishap::RadioCut(span) => {
                self.log.count("link: radio cut");
                self.radio.cut(self.now + span);
            }
            Mishap::WifiCut(span) => {
                self.log.count("link: wifi cut");
                self.wifi.cut(self.now + span);
            }
            Mishap::WanCut(span) => {
                self.log.count("link: internet cut");
                self.wan.cut(self.now + span);
            }
            Mishap::Rattle(end, contacts) => {
                self.log.count("ball: rattle");
                let span = RATTLE * u64::from(contacts);
                let quiet = u64::from(self.plan.params.quiet) * MS;
                self.truth.dull[end.index()] = self.now + span + quiet + S;
                let game = self.truth.order.len();
                for contact in 0..u64::from(contacts) {
                    let at = self.now + contact * RATTLE;
                    self.at(at, Event::Contact(end, Ball::Rattle, game));
                }
            }
            Mishap::PhoneDies => {
                let phone = 1 + self.below(self.phones.len() as u64 - 1) as usize;
                self.phones[phone].alive = false;
                self.log.count("phone: died");
            }
            Mishap::Strangers => self.strangers(),
            Mishap::Leave
            | Mishap::LeaveAndReturn
            | Mishap::Injury
            | Mishap::Walkout
            | Mishap::Concede
            | Mishap::Absent
            | Mishap::Annul
            | Mishap::AnnulAlone
            | Mishap::FlagAll
            | Mishap::FlagOne
            | Mishap::Abort
            | Mishap::Quit => self.people_act(what),
        }
    }

    fn people_act(&mut self, what: Mishap) {
        let clock = self.master.clock.at(self.now);
        let Some(view) = self.master.device.as_ref().map(|device| device.view(clock)) else {
            return;
        };
        let team = |team: Team| {
            let players = view.players.iter().filter(move |player| player.team == Some(team));
            players.map(|player| player.user)
        };
        let all: Vec<_> = view.players.iter().map(|player| player.user).collect();
        let Some(one) = all.get(self.below(all.len() as u64) as usize).copied() else { return };
        let other = if self.chance(50) { Team::A } else { Team::B };
        let (who, acts): (Vec<_>, &[(ActKind, u16)]) = match what {
            Mishap::Leave => (vec![one], &[(ActKind::Leave, 0)]),
            Mishap::LeaveAndReturn => (vec![one], &[(ActKind::Leave, 0), (ActKind::Return, 0)]),
            Mishap::Injury => (vec![one], &[(ActKind::Injury, 0)]),
            Mishap::Walkout => (team(other).skip(1).collect(), &[(ActKind::Leave, 0)]),
            Mishap::Concede => (team(other).collect(), &[(ActKind::Concede, 0)]),
            Mishap::Absent => (all, &[(ActKind::Absent, 2)]),
            Mishap::Annul => (all, &[(ActKind::Annul, 0)]),
            Mishap::AnnulAlone => (team(other).collect(), &[(ActKind::Annul, 0)]),
            Mishap::FlagAll => (all, &[(ActKind::Flag, 0)]),
            Mishap::FlagOne => (vec![one], &[(ActKind::Flag, 0)]),
            Mishap::Abort => (all, &[(ActKind::Abort, 0)]),
            Mishap::Quit => (vec![one], &[(ActKind::Quit, 0)]),
            Mishap::MasterOff { .. }
            | Mishap::SlaveOff { .. }
            | Mishap::RadioCut(_)
            | Mishap::WifiCut(_)
            | Mishap::WanCut(_)
            | Mishap::Rattle(..)
            | Mishap::PhoneDies
            | Mishap::Strangers => return,
        };
        for user in who {
            acts.iter().for_each(|(kind, target)| self.tap(user, *kind, *target));
        }
    }

    /// A phone says something to the device; what it takes is true.
    pub(crate) fn say(&mut self, phone: usize, frame: &[u8]) -> Option<Answer> {
        let match_id = self.truth.current;
        let said = self.with_master(|device, now| device.say(frame, now));
        let act = Frame::split(frame).ok().and_then(|parts| Act::decode(parts.payload).ok());
        let current = match_id.and_then(|id| self.truth.matches.get_mut(&id));
        let (Some(current), Some(act)) = (current, act) else {
            return said.map(|said| said.map_or(Answer::Refused, |()| Answer::Done));
        };
        let Some(said) = said else {
            current.doubtful_acts = true;
            return None;
        };
        let user = self.phones[phone].user;
        let (kind, target) = (act.kind, act.target);
        match said {
            Ok(()) => {
                current.acts.push(TrueAct { user, kind, target });
                self.note(format_args!("act {kind:?} {target} of {user} taken"));
                self.log.count(act_name(kind));
                Some(Answer::Done)
            }
            Err(error) => {
                self.note(format_args!("act {kind:?} {target} of {user} refused: {error}"));
                Some(Answer::Refused)
            }
        }
    }

    /// The device gives a bundle to couriers.
    pub(crate) fn outbox(&mut self, id: MatchId, bytes: Vec<u8>) {
        let opened = self.open_bundle(&bytes);
        let Some((start, digest, result)) = opened else {
            return self.violate(format_args!("the device gives out what cannot be read"));
        };
        self.note(format_args!(
            "outbox {id}: {:?} {}:{} {digest}",
            result.outcome, result.score[0], result.score[1]
        ));
        let entry = self.truth.matches.entry(id).or_default();
        let is_new = entry.results.insert(digest, (start, result)).is_none();
        let count = entry.results.len();
        entry.bundle.clone_from(&bytes);
        self.master.disk.outbox.insert(id, bytes);
        if count > 1 {
            self.violate(format_args!("the device signed {count} results of match {id}"));
        }
        if is_new {
            self.log.count("match: signed");
            let later = self.within(S, 60 * S);
            self.at(self.now + later, Event::Courier);
        }
    }

    pub(crate) fn open_bundle(
        &self,
        bytes: &[u8],
    ) -> Option<(MatchStart, countersign::RecordDigest, MatchResult)> {
        use countersign::Signer;
        let bundle = Bundle::decode(bytes).ok()?;
        let (realm, master) = (&self.keys.realm, self.keys.master.verifying_key());
        let start = open::<MatchStart>(realm, master, &bundle.start).ok()?;
        let result = open::<MatchResult>(realm, master, &bundle.result).ok()?;
        Some((start.value, result.digest, result.value))
    }
}

const fn act_name(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Join => "act: join",
        ActKind::Ready => "act: ready",
        ActKind::Unready => "act: unready",
        ActKind::Quit => "act: quit",
        ActKind::Abort => "act: abort",
        ActKind::Leave => "act: leave",
        ActKind::Injury => "act: injury",
        ActKind::Return => "act: return",
        ActKind::Concede => "act: concede",
        ActKind::Confirm => "act: confirm",
        ActKind::Annul => "act: annul",
        ActKind::Absent => "act: absent",
        ActKind::Flag => "act: flag",
    }
}
