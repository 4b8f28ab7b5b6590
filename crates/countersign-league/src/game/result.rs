//! S12 and S13: the result, its signature, its way to the server, and the receipt.

use super::Game;
use super::entry::Entry;
use super::event::{Effect, Refusal, SlaveCommand};
use super::exhibit::Exhibit;
use super::state::{Ending, Fixture, State, Unsettled};
use crate::evidence::{
    Bundle, MatchReceipt, MatchResult, MissedEvidence, Outcome, PlayerEvidence, SeatFlags, open,
};
use crate::rating;
use alloc::boxed::Box;
use alloc::vec::Vec;
use countersign::RecordHeader;

impl Game {
    /// The match does not count. What is known of it is signed all the same.
    pub(super) fn void(&mut self, outcome: Outcome) {
        let Some(fixture) = &self.fixture else { return };
        let at = fixture.ending.map_or(self.now, |ending| ending.at);
        self.finish(Ending { at, outcome, loser: None });
    }

    /// Makes the result and asks for its signature.
    pub(super) fn finish(&mut self, ending: Ending) {
        let Some(fixture) = &mut self.fixture else { return };
        fixture.ending = Some(ending);
        fixture.short_since = None;
        let match_id = fixture.start.match_id;
        let state = match ending.outcome {
            Outcome::Final | Outcome::Conceded => State::Signed,
            Outcome::Abandoned => State::Abandoned,
            Outcome::VoidGoalGap
            | Outcome::VoidSensorGap
            | Outcome::VoidPower
            | Outcome::VoidSensor
            | Outcome::VoidTooFew
            | Outcome::VoidPair => State::Void,
        };
        self.enter(state, None);
        self.effects.push_back(Effect::Slave(SlaveCommand::End { match_id }));
        let result = self.result(ending);
        if let Some(fixture) = &mut self.fixture {
            fixture.result = result.map(Box::new);
        }
        self.ask_for_signature();
    }

    /// Asks for the signature that the game waits for, again after a power cut.
    pub(super) fn ask_for_signature(&mut self) {
        let Some(fixture) = &self.fixture else { return };
        let previous = fixture.start_digest.unwrap_or(RecordHeader::FIRST);
        match &fixture.result {
            None if self.state == State::Draw => {
                let (start, previous) = (fixture.start.clone(), self.standing.last_terminal);
                self.effects.push_back(Effect::SignStart { start: Box::new(start), previous });
            }
            Some(result) if fixture.result_digest.is_none() => {
                self.effects.push_back(Effect::SignResult { result: result.clone(), previous });
            }
            Some(_) | None => {}
        }
    }

    /// Whether a signature is under way.
    pub(super) fn awaits_signature(&self) -> bool {
        let Some(fixture) = &self.fixture else { return false };
        self.state == State::Draw || (fixture.result.is_some() && fixture.result_digest.is_none())
    }

    fn result(&self, ending: Ending) -> Option<MatchResult> {
        let fixture = self.fixture.as_ref()?;
        let Ending { outcome, loser, .. } = ending;
        let score = fixture.score();
        let seats: Vec<SeatFlags> =
            (0..fixture.players.len()).map(|seat| fixture.flags(seat)).collect();
        let end = rating::Ending { outcome, loser, score, seats: &seats };
        let deltas = rating::final_deltas(&fixture.start, end);
        Some(MatchResult {
            match_id: fixture.start.match_id,
            start: fixture.start_digest?,
            outcome,
            loser,
            score,
            goals: fixture.goals.clone(),
            deltas: deltas.seats,
            bank: deltas.bank,
            seats,
            played: fixture.played(self.now, self.setup.params.duration),
            ended: self.utc.at(self.now),
            gaps: fixture.gaps,
            touches: fixture.touches,
            journal: (self.journal.head(), self.journal.count()),
            slave: fixture.seal,
        })
    }

    /// The result is signed: into the journal, then to the couriers.
    pub(super) fn result_signed(&mut self, frame: Vec<u8>) -> Result<(), Refusal> {
        if !self.awaits_signature() || self.state == State::Draw {
            return Err(Refusal::NotNow);
        }
        let signed = open::<MatchResult>(&self.setup.realm, &self.setup.master, &frame)
            .map_err(|_| Refusal::NotOurs)?;
        let fixture = self.fixture.as_mut().ok_or(Refusal::NotNow)?;
        let is_ours = fixture.result.as_deref() == Some(&signed.value);
        if !is_ours || Some(signed.previous) != fixture.start_digest {
            return Err(Refusal::NotOurs);
        }
        fixture.result_digest = Some(signed.digest);
        fixture.result_frame.clone_from(&frame);
        let (match_id, outcome) = (signed.value.match_id, signed.value.outcome);
        self.append(&Entry::Result(frame));
        self.standing.last_terminal = signed.digest;
        self.standing.unsettled.push(Unsettled { match_id, result: signed.digest });
        self.offer_bundle();
        if self.pair.locked {
            return Ok(());
        }
        if outcome == Outcome::Abandoned && self.may_open() && self.pair.checked && !self.replaying
        {
            // The same lobby: tickets stay good, but the next match has another id, so everybody joins again.
            let nonce = self.fixture.as_ref().map(|fixture| fixture.start.lobby);
            nonce.into_iter().for_each(|nonce| self.open_lobby(nonce));
        }
        Ok(())
    }

    pub(super) fn offer_bundle(&mut self) {
        let Some(fixture) = &self.fixture else { return };
        if fixture.result_digest.is_some() && fixture.receipt.is_none() {
            let bundle = Box::new(bundle_of(fixture));
            self.effects.push_back(Effect::Outbox(fixture.start.match_id, bundle));
        }
    }

    /// A receipt for this match or an earlier one. The same again changes nothing.
    pub(super) fn receipt(&mut self, receipt: &Exhibit<MatchReceipt>) -> Result<(), Refusal> {
        self.utc.learn(receipt.signed().created, self.now);
        let value = receipt.value();
        let waiting = &mut self.standing.unsettled;
        let found = waiting.iter().position(|unsettled| unsettled.match_id == value.match_id);
        let found = found.ok_or(Refusal::OtherReceipt)?;
        if waiting[found].result != value.result || receipt.signed().previous != value.result {
            return Err(Refusal::OtherReceipt);
        }
        waiting.remove(found);
        self.append(&Entry::Receipt(receipt.frame().to_vec()));
        self.effects.push_back(Effect::Settled(value.match_id));
        let is_over =
            matches!(self.state, State::Signed | State::Void | State::Abandoned | State::Off);
        let fixture = self.fixture.as_mut().filter(|f| f.start.match_id == value.match_id);
        if let Some(fixture) = fixture {
            fixture.receipt = Some(value.clone());
            if is_over {
                self.enter(State::Settled, None);
            }
        }
        Ok(())
    }
}

fn bundle_of(fixture: &Fixture) -> Bundle {
    let evidence = |player: &super::state::Player| PlayerEvidence {
        ticket: player.ticket.frame().to_vec(),
        roll: player.roll.frame().to_vec(),
    };
    let missed = |absentee: &super::state::Absentee| MissedEvidence {
        ticket: absentee.ticket.frame().to_vec(),
        act: absentee.act.frame().to_vec(),
    };
    Bundle {
        start: fixture.start_frame.clone(),
        result: fixture.result_frame.clone(),
        players: fixture.players.iter().map(evidence).collect(),
        acts: fixture.acts.iter().map(|act| act.frame().to_vec()).collect(),
        missed: fixture.missed.iter().map(missed).collect(),
    }
}
