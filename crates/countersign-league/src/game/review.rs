//! S10 and S11: goals under way arrive, then the players have the last word.

use super::Game;
use super::entry::Entry;
use super::event::Refusal;
use super::state::State;
use crate::evidence::{ActKind, GoalState, Outcome, SlaveSeal};
use crate::team::{End, Seat, Team};

impl Game {
    /// The slave has sent everything. Its own goals must be the ones that arrived.
    pub(super) fn drained(&mut self, seal: SlaveSeal) -> Result<(), Refusal> {
        if self.state != State::Drain {
            return Err(Refusal::NotNow);
        }
        let fixture = self.fixture.as_mut().ok_or(Refusal::NotNow)?;
        let message = seal.message(&self.setup.device, &fixture.start.match_id);
        let is_signed = self.setup.slave.verify(&message, &seal.signature).is_ok();
        if !is_signed || usize::from(seal.goals) != fixture.heard[End::South.index()].len() {
            return Err(Refusal::Seal);
        }
        fixture.seal = Some(seal);
        self.append(&Entry::Drained(seal));
        if self.drain_time() >= u64::from(self.setup.params.drain) {
            self.review();
        }
        Ok(())
    }

    /// Its numbers have a hole.
    pub(super) fn not_drained(&mut self) -> Result<(), Refusal> {
        if self.state != State::Drain {
            return Err(Refusal::NotNow);
        }
        self.append(&Entry::NotDrained);
        self.void(Outcome::VoidGoalGap);
        Ok(())
    }

    /// After the first wait the link counts as down, whatever it says of itself: somebody carries the slave to the master.
    pub(super) fn drain_over(&mut self) {
        let is_sealed = self.fixture.as_ref().is_some_and(|fixture| fixture.seal.is_some());
        let (drained, params) = (self.drain_time(), &self.setup.params);
        let most = u64::from(params.drain_down.max(params.drain));
        if is_sealed {
            self.review();
        } else if drained >= most {
            self.void(Outcome::VoidGoalGap);
        } else {
            self.deadline = Some(self.now.saturating_add(most - drained));
        }
    }

    fn drain_time(&self) -> u64 {
        let ending = self.fixture.as_ref().and_then(|fixture| fixture.ending);
        ending.map_or(0, |ending| self.now.saturating_sub(ending.at))
    }

    /// Everything is here. What a goal could not feel until the whistle counts as missing; its detector may still be off.
    fn review(&mut self) {
        let now = self.now;
        for end in End::BOTH {
            if self.sensors[end.index()].is_some() {
                self.close_sensor(end, now);
                self.sensors[end.index()] = Some(now);
            }
        }
        self.check_gaps();
        if self.state != State::Drain {
            return;
        }
        self.enter(State::Review, Some(self.setup.params.review));
    }

    /// Concede, confirm, annul, absent, flag: counted, and acted upon when enough are together.
    pub(super) fn vote(&mut self, seat: Seat, kind: ActKind, target: u16) {
        let Some(fixture) = &mut self.fixture else { return };
        if let Some(votes) = fixture.votes.of(kind, target) {
            *votes = votes.with(seat);
        }
        match kind {
            ActKind::Concede => self.concede(),
            ActKind::Confirm if fixture.voters.confirms(fixture.votes.confirm) => {
                self.review_over()
            }
            ActKind::Annul if fixture.votes.annuls(usize::from(target), &fixture.voters) => {
                if let Some(goal) = fixture.goals.get_mut(usize::from(target)) {
                    goal.state = GoalState::Annulled;
                }
            }
            // Who is absent and who flagged is read from the votes when the result is made.
            ActKind::Confirm
            | ActKind::Annul
            | ActKind::Absent
            | ActKind::Flag
            | ActKind::Join
            | ActKind::Ready
            | ActKind::Unready
            | ActKind::Quit
            | ActKind::Abort
            | ActKind::Leave
            | ActKind::Injury
            | ActKind::Return => {}
        }
    }

    fn concede(&mut self) {
        let Some(fixture) = &mut self.fixture else { return };
        let concedes = |team: &Team| fixture.voters.concedes(*team, fixture.votes.concede);
        let Some(loser) = Team::BOTH.into_iter().find(concedes) else { return };
        match &mut fixture.ending {
            Some(ending) => {
                (ending.outcome, ending.loser) = (Outcome::Conceded, Some(loser));
            }
            None => self.end_play(Outcome::Conceded, Some(loser)),
        }
    }

    /// Confirmed, or nobody has anything left to say.
    pub(super) fn review_over(&mut self) {
        if let Some(ending) = self.fixture.as_ref().and_then(|fixture| fixture.ending) {
            self.finish(ending);
        }
    }
}
