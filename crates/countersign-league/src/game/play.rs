//! S9: goals, sensors, and players who leave.

use super::Game;
use super::entry::Entry;
use super::event::{Effect, Hit, Refusal, SlaveCommand};
use super::exhibit::Exhibit;
use super::state::{Ending, Fixture, Left, State};
use crate::evidence::{Act, ActKind, Goal, GoalState, MatchResult, Outcome, TicketFlags};
use crate::ruleset::Params;
use crate::team::{End, Seat, Team};

/// No more than this is believed of an uncertainty, in milliseconds; the server believes no more either.
const UNCERTAINTY_MAX: u16 = 250;

impl Game {
    /// A goal counts if its report is new and it happened between kickoff and whistle; the whistle may be off by as much as
    /// the clocks of the halves are.
    pub(super) fn goal(&mut self, hit: Hit) -> Result<(), Refusal> {
        let params = self.setup.params.clone();
        let is_sealed = |fixture: &Fixture| fixture.seal.is_some() && hit.end == End::South;
        let Some(fixture) = self.fixture.as_ref().filter(|_| self.state.is_open_match()) else {
            return Err(Refusal::NotNow);
        };
        if matches!(self.state, State::Review | State::Recover) || is_sealed(fixture) {
            return Err(Refusal::NotNow);
        }
        if fixture.heard[hit.end.index()].contains(&(hit.boot, hit.seq)) {
            return Ok(());
        }
        self.append(&Entry::Goal(hit));
        let Some(fixture) = &mut self.fixture else { return Ok(()) };
        if fixture.heard.iter().map(|end| end.len()).sum::<usize>() == Fixture::HEARD_MAX {
            self.void(Outcome::VoidSensor);
            return Ok(());
        }
        fixture.heard[hit.end.index()].push((hit.boot, hit.seq));
        let Some(at) = time_of_goal(fixture, &hit, &params) else {
            fixture.touches = fixture.touches.saturating_add(1);
            return Ok(());
        };
        if fixture.goals.len() == MatchResult::MAX_GOALS {
            self.void(Outcome::VoidSensor);
            return Ok(());
        }
        let team = hit.end.scorer(fixture.start.north);
        let place = fixture.goals.partition_point(|goal| goal.at <= at);
        fixture.goals.insert(place, goal_of(&hit, team, at));
        self.effects.push_back(Effect::Scored(team));
        Ok(())
    }

    pub(super) fn touch(&mut self, end: End) -> Result<(), Refusal> {
        let is_in_play = matches!(self.state, State::Playing | State::Drain);
        let Some(fixture) = self.fixture.as_mut().filter(|_| is_in_play) else {
            return Ok(());
        };
        fixture.touches = fixture.touches.saturating_add(1);
        if u32::from(fixture.touches) <= self.setup.touches_max() {
            self.append(&Entry::Touch(end));
        }
        Ok(())
    }

    pub(super) fn disarmed(&mut self, end: End, at: u64) -> Result<(), Refusal> {
        let since = at.min(self.now);
        if self.sensors[end.index()].is_none() {
            self.note(&Entry::Sensor(end, false, since));
            self.sensors[end.index()] = Some(since);
        }
        Ok(())
    }

    pub(super) fn rearmed(&mut self, end: End, at: u64) -> Result<(), Refusal> {
        let at = at.min(self.now);
        if self.sensors[end.index()].is_some() {
            self.note(&Entry::Sensor(end, true, at));
            self.close_sensor(end, at);
            self.check_gaps();
        }
        Ok(())
    }

    /// The goal felt nothing until then.
    pub(super) fn close_sensor(&mut self, end: End, at: u64) {
        let most = self.setup.params.disarmed;
        if let Some(since) = self.sensors[end.index()].take()
            && self.add_gap(end, since, at) > most
            && self.state.is_open_match()
        {
            self.void(Outcome::VoidSensor);
        }
    }

    /// How long a goal was blind in play: noted, and returned.
    pub(super) fn add_gap(&mut self, end: End, from: u64, to: u64) -> u32 {
        let duration = self.setup.params.duration;
        let Some(fixture) = &mut self.fixture else { return 0 };
        let blind = fixture.in_play(from, to, duration);
        let gap = &mut fixture.gaps[end.index()];
        *gap = gap.saturating_add(blind);
        blind
    }

    /// A half that was blind for too long may have missed a goal: never count with missing data.
    pub(super) fn check_gaps(&mut self) {
        let most = self.setup.params.gap;
        let is_open = self.state.is_open_match();
        if is_open && self.fixture.iter().flat_map(|fixture| fixture.gaps).any(|gap| gap > most) {
            self.void(Outcome::VoidSensorGap);
        }
    }

    pub(super) fn slave_gap(&mut self, from: u64, to: u64) -> Result<(), Refusal> {
        if !matches!(self.state, State::Kickoff | State::Playing | State::Drain) {
            return Err(Refusal::NotNow);
        }
        self.append(&Entry::SlaveGap(from, to));
        self.add_gap(End::South, from, to);
        self.check_gaps();
        Ok(())
    }

    /// When a goal has been disarmed for too long.
    pub(super) fn next_disarmed(&self, end: End) -> Option<u64> {
        let kickoff = self.fixture.as_ref().and_then(|fixture| fixture.kickoff)?;
        let since = self.sensors[end.index()].filter(|_| self.state == State::Playing)?;
        Some(since.max(kickoff).saturating_add(u64::from(self.setup.params.disarmed) + 1))
    }

    pub(super) fn disarmed_too_long(&mut self, end: End) {
        self.close_sensor(end, self.now);
        self.sensors[end.index()] = Some(self.now);
    }

    /// Any act in a match: abort, quit, leave, return, votes, flag.
    pub(super) fn match_act(&mut self, act: Exhibit<Act>) -> Result<(), Refusal> {
        let seat = self.check_act(&act)?;
        let (kind, target) = (act.value().kind, act.value().target);
        let Some(fixture) = &mut self.fixture else { return Err(Refusal::NotNow) };
        let has_voted = fixture.votes.of(kind, target).is_some_and(|votes| votes.has(seat));
        let player = &mut fixture.players[usize::from(seat)];
        player.connected = true;
        player.last_seq = act.value().seq;
        if has_voted {
            return Ok(());
        }
        player.acts += 1;
        let frame = act.frame().to_vec();
        if kind == ActKind::Return {
            // Nobody has to know of a leave that was taken back.
            let is_leave =
                |act: &Exhibit<Act>| matches!(act.value().kind, ActKind::Leave | ActKind::Injury);
            let signer = act.signed().signer;
            fixture.acts.retain(|kept| kept.signed().signer != signer || !is_leave(kept));
        } else {
            fixture.acts.push(act);
        }
        self.append(&Entry::Acted(frame));
        match kind {
            ActKind::Abort | ActKind::Quit => self.kickoff_act(seat, kind),
            ActKind::Leave => self.leave(seat, Some(Left { at: self.now, injured: false })),
            ActKind::Injury => self.leave(seat, Some(Left { at: self.now, injured: true })),
            ActKind::Return => self.leave(seat, None),
            ActKind::Concede
            | ActKind::Confirm
            | ActKind::Annul
            | ActKind::Absent
            | ActKind::Flag => self.vote(seat, kind, target),
            ActKind::Join | ActKind::Ready | ActKind::Unready => {}
        }
        Ok(())
    }

    fn check_act(&self, act: &Exhibit<Act>) -> Result<Seat, Refusal> {
        let fixture = self.fixture.as_ref().ok_or(Refusal::NotNow)?;
        if act.value().match_id != fixture.start.match_id {
            return Err(Refusal::OtherMatch);
        }
        let seat = fixture.seat_of(&act.signed().signer).ok_or(Refusal::Unknown)?;
        let player = &fixture.players[usize::from(seat)];
        if act.value().seq <= player.last_seq {
            return Err(Refusal::Stale);
        }
        let kind = act.value().kind;
        if !is_possible(self.state, kind) {
            return Err(Refusal::NotNow);
        }
        let flags = player.ticket.value().flags;
        let weightless = match kind {
            ActKind::Flag => flags.has(TicketFlags::FLAG_WEIGHTLESS),
            ActKind::Abort
            | ActKind::Concede
            | ActKind::Confirm
            | ActKind::Annul
            | ActKind::Absent => flags.has(TicketFlags::VOTE_WEIGHTLESS),
            ActKind::Join
            | ActKind::Ready
            | ActKind::Unready
            | ActKind::Quit
            | ActKind::Leave
            | ActKind::Injury
            | ActKind::Return => false,
        };
        if weightless {
            return Err(Refusal::Weightless);
        }
        if kind == ActKind::Injury && flags.has(TicketFlags::INJURY_SPENT) {
            return Err(Refusal::InjurySpent);
        }
        if player.acts >= self.setup.acts_max() / fixture.players.len() {
            return Err(Refusal::TooMuch);
        }
        self.check_target(fixture, seat, act.value()).map(|()| seat)
    }

    fn check_target(&self, fixture: &Fixture, seat: Seat, act: &Act) -> Result<(), Refusal> {
        let target = usize::from(act.target);
        let player = &fixture.players[usize::from(seat)];
        let undo = u64::from(self.setup.params.leave_undo);
        let is_target = match act.kind {
            ActKind::Annul => target < fixture.goals.len(),
            ActKind::Absent => target < fixture.players.len() && target != usize::from(seat),
            ActKind::Join
            | ActKind::Ready
            | ActKind::Unready
            | ActKind::Quit
            | ActKind::Abort
            | ActKind::Leave
            | ActKind::Injury
            | ActKind::Return
            | ActKind::Concede
            | ActKind::Confirm
            | ActKind::Flag => target == 0,
        };
        let is_late = |left: Left| self.now >= left.at.saturating_add(undo);
        if !is_target {
            return Err(Refusal::Target);
        }
        let conceded = fixture.ending.is_some_and(|ending| ending.loser.is_some());
        let is_possible = match act.kind {
            ActKind::Leave | ActKind::Injury => player.left.is_none(),
            ActKind::Return => player.left.is_some_and(|left| !is_late(left)),
            ActKind::Concede => !conceded,
            ActKind::Join
            | ActKind::Ready
            | ActKind::Unready
            | ActKind::Quit
            | ActKind::Abort
            | ActKind::Confirm
            | ActKind::Annul
            | ActKind::Absent
            | ActKind::Flag => true,
        };
        match is_possible {
            false => Err(Refusal::NotNow),
            true if act.kind == ActKind::Concede && self.is_early() => Err(Refusal::TooEarly),
            true => Ok(()),
        }
    }

    fn is_early(&self) -> bool {
        let params = &self.setup.params;
        let played = self.fixture.as_ref().map_or(0, |f| f.played(self.now, params.duration));
        u64::from(played) * 256 < u64::from(params.duration) * u64::from(params.concede_after)
    }

    fn leave(&mut self, seat: Seat, left: Option<Left>) {
        let (least, least_team) = (self.setup.params.min_players, self.setup.params.min_team);
        let Some(fixture) = &mut self.fixture else { return };
        fixture.players[usize::from(seat)].left = left;
        let [a, b] = fixture.present();
        let is_short = a + b < usize::from(least) || a.min(b) < usize::from(least_team);
        fixture.short_since = match (is_short, fixture.short_since) {
            (true, None) => Some(self.now),
            (true, since) => since,
            (false, _) => None,
        };
    }

    pub(super) fn next_short(&self) -> Option<u64> {
        let fixture = self.fixture.as_ref().filter(|_| self.state == State::Playing)?;
        let since = fixture.short_since?;
        Some(since.saturating_add(self.setup.params.short_side.into()))
    }

    /// Too few for too long: early it never happened, later the smaller side loses. Nobody is smaller: void.
    pub(super) fn short_for_too_long(&mut self) {
        let Some(fixture) = &mut self.fixture else { return };
        fixture.short_since = None;
        let [a, b] = fixture.present();
        let loser = match a.cmp(&b) {
            core::cmp::Ordering::Less => Some(Team::A),
            core::cmp::Ordering::Greater => Some(Team::B),
            core::cmp::Ordering::Equal => None,
        };
        match loser.filter(|_| !self.is_early()) {
            Some(loser) => self.end_play(Outcome::Conceded, Some(loser)),
            None => self.void(Outcome::VoidTooFew),
        }
    }

    /// The whistle: by the clock, or before.
    pub(super) fn end_play(&mut self, outcome: Outcome, loser: Option<Team>) {
        let at = self.now;
        let Some(fixture) = &mut self.fixture else { return };
        fixture.ending = Some(Ending { at, outcome, loser });
        fixture.short_since = None;
        let match_id = fixture.start.match_id;
        self.effects.push_back(Effect::Slave(SlaveCommand::Drain { match_id }));
        self.enter(State::Drain, Some(self.setup.params.drain));
    }
}

/// Which acts a state takes.
fn is_possible(state: State, kind: ActKind) -> bool {
    match kind {
        ActKind::Abort | ActKind::Quit => state == State::Kickoff,
        ActKind::Leave | ActKind::Injury => state == State::Playing,
        ActKind::Return => matches!(state, State::Playing | State::Drain | State::Review),
        ActKind::Concede => matches!(state, State::Playing | State::Review),
        ActKind::Confirm | ActKind::Annul | ActKind::Absent | ActKind::Flag => {
            state == State::Review
        }
        ActKind::Join | ActKind::Ready | ActKind::Unready => false,
    }
}

/// Milliseconds since kickoff, if that is in play, and no other goal was scored at that end at that time: a detector that
/// restarted does not know when it was armed again.
fn time_of_goal(fixture: &Fixture, hit: &Hit, params: &Params) -> Option<u32> {
    let kickoff = fixture.kickoff?;
    let at = hit.at.checked_sub(kickoff)?;
    let whistle = fixture.ending.map_or(params.duration.into(), |ending| ending.at - kickoff);
    let tolerance = u32::from(hit.uncertainty.min(UNCERTAINTY_MAX));
    if at > whistle.saturating_add(tolerance.into()) {
        return None;
    }
    let at = u32::try_from(at).ok()?;
    let is_too_soon = |goal: &Goal| {
        let known = u32::from(goal.uncertainty.min(UNCERTAINTY_MAX));
        goal.end == hit.end && goal.at.abs_diff(at) + known + tolerance < params.rearm
    };
    (!fixture.goals.iter().any(is_too_soon)).then_some(at)
}

fn goal_of(hit: &Hit, team: Team, at: u32) -> Goal {
    let Hit { end, uncertainty, boot, seq, peak, duration, spread, .. } = *hit;
    let state = GoalState::Counted;
    Goal { end, team, state, at, uncertainty, boot, seq, peak, duration, spread }
}
