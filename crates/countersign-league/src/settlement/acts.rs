//! G13, G14: what the result says of players and votes, players signed.

use super::Refusal;
use super::refusal::{ActFault, Claim};
use crate::evidence::{
    Act, ActKind, GoalState, MatchResult, MatchStart, Received, SeatFlags, Signed, Ticket,
    TicketFlags,
};
use crate::ruleset::Params;
use crate::team::{Seat, Team};
use crate::vote::{Electorate, Seats};
use alloc::vec::Vec;
use countersign::Realm;

/// The acts of a match, each by the player of its seat.
pub(super) struct Acts {
    acts: Vec<(Seat, Act)>,
    /// Whose ticket says that an injury is no excuse.
    unexcused: Seats,
}

/// G13: every act is of this match and of a player of the roster, and is there once.
pub(super) fn verify(
    received: Vec<Received<'_, Act>>,
    tickets: &[Signed<Ticket>],
    start: &MatchStart,
    realm: &Realm,
) -> Result<Acts, Refusal> {
    let mut acts: Vec<(Seat, Act)> = Vec::with_capacity(received.len());
    for (number, received) in (0..).zip(received) {
        let fault = |fault| Refusal::Act(number, fault);
        let signer = received.signer();
        let mut seats = (0..).zip(tickets);
        let (seat, ticket) = seats
            .find(|(_, ticket)| *ticket.value.key.fingerprint() == signer)
            .ok_or(fault(ActFault::Stranger))?;
        let act = received
            .verify(realm, &ticket.value.key)
            .map_err(|error| fault(ActFault::Evidence(error)))?
            .value;
        if act.match_id != start.match_id {
            return Err(fault(ActFault::Match));
        }
        if acts.iter().any(|(other, earlier)| *other == seat && earlier.seq == act.seq) {
            return Err(fault(ActFault::Twice));
        }
        acts.push((seat, act));
    }
    let seats = (0..).zip(tickets);
    let unexcused = seats.filter(|(_, it)| it.value.flags.has(TicketFlags::INJURY_SPENT));
    Ok(Acts { acts, unexcused: unexcused.map(|(seat, _)| seat).collect() })
}

impl Acts {
    /// G14: every flag, annulment and concession of the result is backed by enough acts.
    ///
    /// Acts that the result does not follow prove nothing: votes come too late, and who leaves may come back.
    pub(super) fn back(
        &self,
        start: &MatchStart,
        result: &MatchResult,
        params: &Params,
        voters: &Electorate,
    ) -> Result<(), Refusal> {
        for ((seat, flags), line) in (0..).zip(&result.seats).zip(&start.roster) {
            self.back_flags(seat, *flags, line.team, voters).map_err(Refusal::Unbacked)?;
        }
        for (goal, number) in result.goals.iter().zip(0_u8..) {
            let annulled = goal.state == GoalState::Annulled;
            if annulled && !voters.annuls(self.about(ActKind::Annul, u16::from(number))) {
                return Err(Refusal::Unbacked(Claim::Annulled(number)));
            }
        }
        let Some(loser) = result.loser else { return Ok(()) };
        let conceded = voters.concedes(loser, self.of(ActKind::Concede));
        match conceded || too_few(loser, start, result, params) {
            true => Ok(()),
            false => Err(Refusal::Unbacked(Claim::Conceded)),
        }
    }

    fn back_flags(
        &self,
        seat: Seat,
        flags: SeatFlags,
        team: Team,
        voters: &Electorate,
    ) -> Result<(), Claim> {
        let absent = || voters.declares_absent(team, self.about(ActKind::Absent, seat.into()));
        let did = |kind| self.of(kind).has(seat);
        let injured = did(ActKind::Injury) && !self.unexcused.has(seat);
        let claims = [
            (SeatFlags::LEFT, self.gone().has(seat), Claim::Left(seat)),
            (SeatFlags::INJURED, injured, Claim::Injured(seat)),
            (SeatFlags::CONFIRMED, did(ActKind::Confirm), Claim::Confirmed(seat)),
            (SeatFlags::FLAGGED, did(ActKind::Flag), Claim::Flagged(seat)),
            (SeatFlags::ABSENT, absent(), Claim::Absent(seat)),
        ];
        let unbacked = claims.into_iter().find(|(bit, backed, _)| flags.has(*bit) && !backed);
        unbacked.map_or(Ok(()), |(_, _, claim)| Err(claim))
    }

    /// Who signed the way out between draw and kickoff.
    pub(super) fn quit(&self) -> Seats {
        self.of(ActKind::Quit)
    }

    fn gone(&self) -> Seats {
        self.of(ActKind::Leave).or(self.of(ActKind::Injury))
    }

    /// Who did this at least once.
    fn of(&self, kind: ActKind) -> Seats {
        self.acts.iter().filter(|(_, act)| act.kind == kind).map(|(seat, _)| *seat).collect()
    }

    fn about(&self, kind: ActKind, target: u16) -> Seats {
        let acts = self.acts.iter().filter(|(_, act)| act.kind == kind && act.target == target);
        acts.map(|(seat, _)| *seat).collect()
    }
}

/// Whether `loser` was the smaller side when a team, or the match, was too small to go on. Only who left counts as missing:
/// votes about absence come after the end.
fn too_few(loser: Team, start: &MatchStart, result: &MatchResult, params: &Params) -> bool {
    let present = |team: Team| {
        let lines = start.roster.iter().zip(&result.seats).filter(|(line, _)| line.team == team);
        lines.filter(|(_, flags)| !flags.has(SeatFlags::LEFT)).count()
    };
    let (own, others) = (present(loser), present(loser.other()));
    let is_short =
        own + others < usize::from(params.min_players) || own < usize::from(params.min_team);
    own < others && is_short
}
