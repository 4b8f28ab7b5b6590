//! The decision on a checked match with what the store knows, and the signed receipt.

use super::matches::League;
use countersign::{RecordId, Timestamp};
use countersign_league::evidence::{
    MatchReceipt, Outcome, ReceiptLine, SeatFlags, Settlement, Stamp, seal,
};
use countersign_league::settlement::{
    self, Caps, Checked, Facts, Meeting, Reason, Review, SeatFacts, WHOLE,
};
use countersign_server::random;
use countersign_store::league::{
    self as store, Conduct, Lineup, LineupSeat, NewGame, Referee, SealCause, Sealing, SeqFact,
    TicketState, Verdict, VerdictLine,
};
use std::sync::Arc;
use std::time::Duration;

/// How long a flagged match waits.
const PENDING: Duration = Duration::from_secs(24 * 3600);

/// Decides about one match.
pub(crate) struct Bench {
    pub(crate) league: Arc<League>,
    pub(crate) checked: Arc<Checked>,
    pub(crate) now: Timestamp,
}

impl Referee for Bench {
    fn decide(&self, facts: &store::Facts) -> Verdict {
        let facts = self.facts(facts);
        // Facts that do not fit the match count as evidence against evidence: they freeze it.
        let Ok(verdict) = settlement::decide(&self.checked, &facts) else {
            return self.frozen(facts.seats.len());
        };
        let lines = verdict.lines.iter();
        let lines = lines
            .map(|line| VerdictLine { sporting: line.sporting, adjustment: line.adjustment });
        Verdict {
            settlement: verdict.standing.settlement,
            reason: verdict.standing.reason.number(),
            integrity: verdict.integrity,
            counts_at: self.now.plus(PENDING),
            lines: lines.collect(),
            conduct: self.checked.result.value.seats.iter().map(conduct).collect(),
        }
    }

    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String> {
        let reason = match sealing.cause {
            SealCause::Verdict(reason) => reason,
            SealCause::Fork(_) => Reason::Fork.number(),
        };
        let line = |line: &store::SealedLine| ReceiptLine {
            user: line.user,
            sporting: line.sporting,
            adjustment: line.adjustment,
            rating: line.rating,
            rank: 0,
        };
        let receipt = MatchReceipt {
            match_id: sealing.match_id,
            result: sealing.result,
            settlement: sealing.settlement,
            reason,
            integrity: sealing.integrity,
            lines: sealing.lines.iter().map(line).collect(),
        };
        let id = random::bytes().map_err(|error| error.to_string())?;
        let stamp = Stamp {
            id: RecordId::from_bytes(id),
            created: self.now,
            previous: sealing.result,
        };
        seal(&self.league.realm, &self.league.server, stamp, &receipt)
            .map_err(|error| error.to_string())
    }
}

impl Bench {
    /// The match as the store takes it.
    pub(crate) fn game(&self, bundle: Vec<u8>) -> NewGame {
        let (start, result) = (&self.checked.start.value, &self.checked.result);
        let seats = start.roster.iter().map(|line| LineupSeat {
            user: line.user,
            team: line.team,
            ticket: line.ticket,
        });
        let [a, b] = result.value.score;
        NewGame {
            lineup: Lineup {
                match_id: start.match_id,
                device: start.device,
                device_seq: start.device_seq,
                started: start.started,
                ended: result.value.ended,
                seats: seats.collect(),
            },
            result: result.digest,
            ruleset: start.ruleset,
            outcome: Outcome::Final,
            score: result.value.score,
            winner: match a.cmp(&b) {
                std::cmp::Ordering::Greater => Some(countersign_league::Team::A),
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Less => Some(countersign_league::Team::B),
            },
            bundle,
            now: self.now,
        }
    }

    fn facts(&self, facts: &store::Facts) -> Facts {
        let this = self.checked.start.value.match_id;
        let seat = |known: &store::PlayerFacts| SeatFacts {
            rating: known.player.rating(),
            rated_today: u16::try_from(known.rated).unwrap_or(u16::MAX),
            ticket_used: matches!(known.ticket, Some(TicketState::Used(other)) if other != this),
            banned: false,
        };
        let met = |met: &store::Meeting| Meeting { seats: [met.a, met.b], count: met.times };
        Facts {
            seats: facts.players.iter().map(seat).collect(),
            meetings: facts.meetings.iter().map(met).collect(),
            fork: matches!(facts.seq, SeqFact::Reused(_)),
            counter_gap: matches!(facts.seq, SeqFact::Gap(_)),
            device_rated_today: u16::try_from(facts.device_rated).unwrap_or(u16::MAX),
            caps: Caps::OFFICIAL,
            disputed: false,
            review: Review::Open,
        }
    }

    fn frozen(&self, seats: usize) -> Verdict {
        Verdict {
            settlement: Settlement::Frozen,
            reason: Reason::Fork.number(),
            integrity: WHOLE,
            counts_at: self.now,
            lines: vec![VerdictLine { sporting: 0, adjustment: 0 }; seats],
            conduct: vec![Conduct::Unjudged; seats],
        }
    }
}

fn conduct(flags: &SeatFlags) -> Conduct {
    if flags.is_leaver() { Conduct::Left } else { Conduct::Finished }
}
