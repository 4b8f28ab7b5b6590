//! Decides a match inside the unit that settles it, and signs the receipt.

use super::Standings;
use crate::gateway::Sealer;
use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::evidence::{MatchReceipt, Outcome, ReceiptLine, SeatFlags, Settlement};
use countersign_league::settlement::{self, Caps, Checked, Reason, Review, SeatFacts};
use countersign_league::{Params, Seat, Team};
use countersign_store::league::{
    Conduct, Facts, Lineup, LineupSeat, NewGame, Referee, SealCause, Sealing, SeqFact, TicketState,
    Verdict, VerdictLine,
};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// What a device may owe: it starts no match while so many results wait for their receipts, so more that are missing will
/// not come any more.
const MISSING_MAX: u32 = Params::OFFICIAL.unsettled as u32;

/// The referee of one match.
#[derive(Debug)]
pub struct MatchReferee {
    pub(super) checked: Checked,
    pub(super) caps: Caps,
    pub(super) pending: Duration,
    pub(super) now: Timestamp,
    pub(super) sealer: Sealer,
    pub(super) standings: Arc<RwLock<Option<Standings>>>,
}

impl super::League {
    /// A referee for a match that passed every check.
    pub fn referee(&self, checked: Checked, sealer: Sealer, now: Timestamp) -> MatchReferee {
        let super::Settings { caps, pending, .. } = self.settings;
        MatchReferee { checked, caps, pending, now, sealer, standings: self.shared_standings() }
    }
}

impl MatchReferee {
    /// The match as the store takes it, with the bytes that prove it.
    pub fn game(&self, bundle: Vec<u8>) -> NewGame {
        let (start, result) = (&self.checked.start.value, &self.checked.result.value);
        let seats = start.roster.iter().map(|line| LineupSeat {
            user: line.user,
            team: line.team,
            ticket: line.ticket,
        });
        NewGame {
            lineup: Lineup {
                match_id: start.match_id,
                device: start.device,
                device_seq: start.device_seq,
                started: start.started,
                ended: result.ended,
                seats: seats.collect(),
            },
            result: self.checked.result.digest,
            ruleset: start.ruleset,
            outcome: result.outcome,
            score: result.score,
            winner: winner(result.outcome, result.loser, result.score),
            bundle,
            now: self.now,
        }
    }

    fn facts(&self, facts: &Facts) -> settlement::Facts {
        let seat = |known: &countersign_store::league::PlayerFacts| SeatFacts {
            rating: known.player.rating(),
            rated_today: u16::try_from(known.rated).unwrap_or(u16::MAX),
            ticket_used: matches!(known.ticket, Some(TicketState::Used(_))),
            // An erased account gains and loses nothing any more.
            banned: known.banned || known.player.erased.is_some(),
        };
        let meeting = |met: &countersign_store::league::Meeting| settlement::Meeting {
            seats: [met.a, met.b],
            count: met.times,
        };
        let (fork, missing) = match facts.seq {
            SeqFact::Reused(_) => (true, 0),
            SeqFact::Gap(more) => (false, facts.device.seq_missing.saturating_add(more)),
            SeqFact::Next => (false, facts.device.seq_missing),
            // It is one of the missing ones: it cannot be held against itself.
            SeqFact::Late => (false, 0),
        };
        settlement::Facts {
            seats: facts.players.iter().map(seat).collect(),
            meetings: facts.meetings.iter().map(meeting).collect(),
            fork,
            counter_gap: missing > MISSING_MAX,
            device_rated_today: u16::try_from(facts.device_rated).unwrap_or(u16::MAX),
            caps: self.caps,
            disputed: false,
            review: Review::Open,
        }
    }

    fn injured(&self) -> Vec<Seat> {
        let seats = (0..).zip(&self.checked.result.value.seats);
        seats.filter(|(_, flags)| flags.has(SeatFlags::INJURED)).map(|(seat, _)| seat).collect()
    }

    fn ranks(&self, sealing: &Sealing) -> Vec<u32> {
        let lines: Vec<(UserId, i32)> =
            sealing.lines.iter().map(|line| (line.user, line.rating)).collect();
        let standings = self.standings.read().unwrap_or_else(PoisonError::into_inner);
        match standings.as_ref() {
            Some(standings) => standings.ranks_with(&lines),
            None => vec![0; lines.len()],
        }
    }
}

impl Referee for MatchReferee {
    fn decide(&self, facts: &Facts) -> Verdict {
        let count = self.checked.start.value.roster.len();
        let Ok(verdict) = settlement::decide(&self.checked, &self.facts(facts)) else {
            return undecided(count);
        };
        let settlement = verdict.standing.settlement;
        let line = |line: &settlement::VerdictLine| VerdictLine {
            sporting: line.sporting,
            adjustment: line.adjustment,
        };
        let judged = matches!(settlement, Settlement::Settled | Settlement::Pending);
        let flags = self.checked.result.value.seats.iter();
        Verdict {
            settlement,
            reason: verdict.standing.reason.number(),
            integrity: verdict.integrity,
            counts_at: self.now.plus(self.pending),
            lines: verdict.lines.iter().map(line).collect(),
            conduct: flags.map(|flags| conduct(*flags, judged)).collect(),
            injured: if judged { self.injured() } else { Vec::new() },
            no_starts: self.checked.missed.clone(),
        }
    }

    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String> {
        let ranks = self.ranks(sealing);
        let lines = sealing.lines.iter().zip(ranks).map(|(line, rank)| ReceiptLine {
            user: line.user,
            sporting: line.sporting,
            adjustment: line.adjustment,
            rating: line.rating,
            rank,
        });
        let receipt = MatchReceipt {
            match_id: sealing.match_id,
            result: sealing.result,
            settlement: sealing.settlement,
            reason: match sealing.cause {
                SealCause::Verdict(reason) => reason,
                SealCause::Fork(_) => Reason::Fork.number(),
            },
            integrity: sealing.integrity,
            lines: lines.collect(),
        };
        let previous: RecordDigest = sealing.result;
        self.sealer.record(&receipt, previous, self.now).map_err(|error| error.to_string())
    }
}

/// Facts that are not of this match cannot come from the store; if they do, an operator looks.
fn undecided(count: usize) -> Verdict {
    Verdict {
        settlement: Settlement::Frozen,
        reason: Reason::DeviceSuspect.number(),
        integrity: 0,
        counts_at: Timestamp::ZERO,
        lines: vec![VerdictLine { sporting: 0, adjustment: 0 }; count],
        conduct: vec![Conduct::Unjudged; count],
        injured: Vec::new(),
        no_starts: Vec::new(),
    }
}

const fn conduct(flags: SeatFlags, judged: bool) -> Conduct {
    match (judged, flags.is_leaver()) {
        (false, _) => Conduct::Unjudged,
        (true, true) => Conduct::Left,
        (true, false) if flags.has(SeatFlags::LEFT) || flags.has(SeatFlags::INJURED) => {
            Conduct::Excused
        }
        (true, false) => Conduct::Finished,
    }
}

/// Who won: the other team where one conceded, else the higher score; nobody where nothing is rated.
fn winner(outcome: Outcome, loser: Option<Team>, score: [u8; 2]) -> Option<Team> {
    if !outcome.is_rated() {
        return None;
    }
    if let Some(loser) = loser {
        return Some(loser.other());
    }
    match score[0].cmp(&score[1]) {
        core::cmp::Ordering::Greater => Some(Team::A),
        core::cmp::Ordering::Less => Some(Team::B),
        core::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_concedes_loses_whatever_the_score() {
        assert_eq!(winner(Outcome::Conceded, Some(Team::A), [5, 0]), Some(Team::B));
        assert_eq!(winner(Outcome::Final, None, [5, 0]), Some(Team::A));
        assert_eq!(winner(Outcome::Final, None, [2, 2]), None);
        assert_eq!(winner(Outcome::VoidPower, None, [5, 0]), None);
    }

    #[test]
    fn an_injury_is_no_leaving() {
        let flags = |bits| SeatFlags(bits);
        assert_eq!(conduct(flags(SeatFlags::LEFT), true), Conduct::Left);
        assert_eq!(conduct(flags(SeatFlags::ABSENT), true), Conduct::Left);
        assert_eq!(conduct(flags(SeatFlags::LEFT | SeatFlags::INJURED), true), Conduct::Excused);
        assert_eq!(conduct(flags(SeatFlags::CONFIRMED), true), Conduct::Finished);
        assert_eq!(conduct(flags(SeatFlags::LEFT), false), Conduct::Unjudged);
    }
}
