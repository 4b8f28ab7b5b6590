//! What must be true: after every transaction, and of the whole night.

use crate::model::{Class, TrueMatch, changes, decisions};
use crate::server::Kept;
use crate::time::{MS, Micros};
use crate::world::World;
use countersign_league::evidence::{
    Bundle, GoalState, MatchResult, MatchStart, Outcome, Received, SeatFlags, Settlement, Ticket,
};
use countersign_league::settlement::{Reason, WHOLE};
use countersign_league::{End, MatchId};
use std::collections::BTreeMap;

/// How far a goal's time may be from the truth.
const EXACT: Micros = 200 * MS;
/// The same after the master was away: it takes its time from the slave.
const AFTER_OUTAGE: Micros = 1_000 * MS;
/// Frames in the air, and rounding.
const BLIND_SLACK: Micros = 700 * MS;

impl World {
    /// After every transaction: the books balance, and nothing is in them twice.
    pub(crate) fn check_books(&mut self) {
        let mut net: BTreeMap<MatchId, i64> = BTreeMap::new();
        let mut wrong = None;
        for posting in &self.server.ledger {
            let sum = posting.lines.iter().map(|(_, change)| change).sum::<i64>() + posting.bank;
            let weight: i64 = posting.lines.iter().map(|(_, change)| change.abs()).sum();
            if sum != 0 {
                wrong = Some(format!("the lines of {} sum up to {sum}", posting.match_id));
            }
            *net.entry(posting.match_id).or_default() += i64::from(weight > 0);
        }
        for (id, count) in &net {
            let forked = self.server.kept.iter().any(|k| k.began.match_id == *id && k.is_fork);
            if *count > 1 + i64::from(forked) {
                wrong = Some(format!("match {id} is in the ledger {count} times"));
            }
        }
        for kept in &self.server.kept {
            if let Some(fault) = self.settled_wrongly(kept) {
                wrong = Some(fault);
            }
        }
        if let Some(wrong) = wrong {
            self.violate(format_args!("{wrong}"));
        }
    }

    /// No southern goal that the slave did not see, and nothing that counts beside a fork.
    fn settled_wrongly(&self, kept: &Kept) -> Option<String> {
        let id = kept.began.match_id;
        let rivals = self.server.kept.iter().filter(|other| {
            other.result != kept.result
                && (other.began.match_id == id || other.device_seq == kept.device_seq)
        });
        let is_settled = kept.settlement == Settlement::Settled;
        if is_settled && rivals.count() > 0 {
            return Some(format!("match {id} counts, and there is another with its number"));
        }
        let truth = self.truth.matches.get(&id)?;
        let seen = truth.goals.iter();
        let seen = seen.filter(|goal| goal.end == End::South && goal.class != Class::Unseen);
        let claimed = kept.ended.goals.iter().filter(|goal| goal.end == End::South).count();
        let is_more = is_settled && claimed > seen.count();
        is_more.then(|| format!("match {id} counts with southern goals that nobody shot"))
    }

    /// Every courier gets the same receipt.
    pub(crate) fn note_receipt(&mut self, id: MatchId, frame: &[u8]) {
        let known = self.truth.receipts.entry(id).or_default();
        if !known.iter().any(|other| other == frame) {
            known.push(frame.to_vec());
        }
        let count = known.len();
        let copies = self.server.kept.iter().filter(|kept| kept.began.match_id == id).count();
        if count > copies.max(1) {
            self.violate(format_args!("match {id} has {count} receipts"));
        }
    }

    /// When the night is over.
    pub(crate) fn check_night(&mut self) {
        for id in self.truth.order.clone() {
            let Some(truth) = self.truth.matches.get(&id).cloned() else { continue };
            for (digest, (start, result)) in &truth.results {
                self.log.count(outcome_name(result.outcome));
                if let Err(fault) = self.check_result(&truth, start, result) {
                    self.violate(format_args!("match {id}, {digest}: {fault}"));
                }
                if !self.is_accounted(id, digest) {
                    self.violate(format_args!("the result of match {id} is nowhere"));
                }
            }
            if truth.results.is_empty() && self.is_stuck() {
                self.violate(format_args!("match {id} has no result"));
            }
        }
        self.check_settled();
        self.replay_ledger();
        if self.plan.calm {
            self.check_calm();
        }
    }

    /// A match without a result, though the device had power and time.
    fn is_stuck(&self) -> bool {
        self.truth.current.is_some() && self.master.device.is_some()
    }

    fn is_accounted(&self, id: MatchId, digest: &countersign::RecordDigest) -> bool {
        self.server.kept.iter().any(|kept| kept.result == *digest)
            || self.master.disk.outbox.contains_key(&id)
            || self.phones.iter().any(|phone| phone.carried.contains_key(&id))
    }

    fn check_result(
        &self,
        truth: &TrueMatch,
        start: &MatchStart,
        result: &MatchResult,
    ) -> Result<(), String> {
        let tickets = tickets_of(&truth.bundle);
        let own = changes(start, &tickets, result);
        if !own.iter().copied().eq(result.deltas.iter().map(|delta| i128::from(*delta))) {
            return Err(format!("rating changes are {:?}, should be {own:?}", result.deltas));
        }
        let bank = -own.iter().sum::<i128>();
        if bank != i128::from(result.bank) {
            return Err(format!("the bank has {}, should have {bank}", result.bank));
        }
        if !matches!(result.outcome, Outcome::Final | Outcome::Conceded) {
            return Ok(());
        }
        self.check_goals(truth, start, result)?;
        self.check_blindness(truth, result)?;
        if truth.doubtful_acts {
            return Ok(());
        }
        let decided = decisions(truth, start, &tickets, result.goals.len());
        let flags = result.seats.iter().map(|flags| flags.0);
        if !flags.clone().eq(decided.flags.iter().copied()) {
            let flags: Vec<u8> = flags.collect();
            return Err(format!("players are {flags:?}, should be {:?}", decided.flags));
        }
        let annulled = result.goals.iter().map(|goal| goal.state == GoalState::Annulled);
        if !annulled.eq(decided.annulled.iter().copied()) {
            return Err(format!("annulled should be {:?}", decided.annulled));
        }
        let left = result.seats.iter().any(|flags| flags.has(SeatFlags::LEFT));
        match (result.outcome, decided.conceded) {
            (Outcome::Final, Some(team)) => Err(format!("{team:?} conceded, and it is final")),
            (Outcome::Conceded, None) if !left => Err("conceded, and nobody wanted it".into()),
            (Outcome::Conceded, Some(team)) if result.loser != Some(team) && !left => {
                Err(format!("{team:?} conceded, and {:?} lost", result.loser))
            }
            _ => Ok(()),
        }
    }

    /// Each ball over the line counts once, and nothing else does.
    fn check_goals(
        &self,
        truth: &TrueMatch,
        start: &MatchStart,
        result: &MatchResult,
    ) -> Result<(), String> {
        let (Some(kickoff), Some(whistle)) = (truth.kickoff, truth.whistle) else {
            return Err("played without kickoff or whistle".into());
        };
        let exact = if truth.recovered { AFTER_OUTAGE } else { EXACT };
        // At the ends of play the clocks may differ by what they are allowed to.
        let edge = if truth.recovered { AFTER_OUTAGE } else { 60 * MS };
        let mut free: Vec<bool> = vec![true; result.goals.len()];
        let mut match_up = |goal: &crate::model::TrueGoal| {
            let is_it = |(place, claimed): &(usize, &countersign_league::evidence::Goal)| {
                let at = kickoff + u64::from(claimed.at) * MS;
                free[*place] && claimed.end == goal.end && at.abs_diff(goal.at) <= exact
            };
            let found = result.goals.iter().enumerate().find(is_it).map(|(place, _)| place);
            if let Some(place) = found {
                free[place] = false;
            }
            found.is_some()
        };
        for goal in &truth.goals {
            let is_inside = goal.at >= kickoff + edge && goal.at + edge <= whistle;
            let is_outside = goal.at + edge < kickoff || goal.at > whistle + edge;
            let is_blind = matches!(goal.class, Class::Unseen | Class::Untold);
            let is_claimed = !is_outside && !is_blind && match_up(goal);
            let declared = u64::from(result.gaps[goal.end.index()]) * MS + BLIND_SLACK;
            if is_inside && goal.class == Class::Untold && kickoff + declared < goal.at {
                let after = (goal.at - kickoff) / MS;
                return Err(format!("the slave knew nothing at {after} ms, and that is hidden"));
            }
            if is_inside && goal.class == Class::Sure && !is_claimed {
                let (at, after) = (goal.at, (goal.at - kickoff) / MS);
                return Err(format!("{:?} goal at {at} ({after} ms) is missing", goal.end));
            }
        }
        if let Some(place) = free.iter().position(|free| *free) {
            return Err(format!("nobody shot goal number {place}: {:?}", result.goals[place]));
        }
        let counted = |team| {
            let goals = result.goals.iter().filter(|goal| goal.state == GoalState::Counted);
            let north_defends = |goal: &countersign_league::evidence::Goal| match goal.end {
                End::North => start.north,
                End::South => start.north.other(),
            };
            goals.filter(|goal| north_defends(goal) != team).count()
        };
        let score = countersign_league::Team::BOTH.map(counted);
        match score == result.score.map(usize::from) {
            true => Ok(()),
            false => Err(format!("the score is {:?}, should be {score:?}", result.score)),
        }
    }

    /// Time without power in play is declared, and within the limit.
    fn check_blindness(&self, truth: &TrueMatch, result: &MatchResult) -> Result<(), String> {
        let (Some(kickoff), Some(whistle)) = (truth.kickoff, truth.whistle) else {
            return Ok(());
        };
        for end in End::BOTH {
            let blind = self.truth.blind(end, kickoff, whistle);
            let declared = u64::from(result.gaps[end.index()]) * MS;
            if declared + BLIND_SLACK < blind {
                return Err(format!("{end:?} was blind for {blind} us, and says {declared}"));
            }
            if result.gaps[end.index()] > self.plan.params.gap {
                return Err(format!("{end:?} was blind for too long, and it counts"));
            }
        }
        Ok(())
    }

    /// What counts is what a device signed, and each line is what the formula says.
    fn check_settled(&mut self) {
        let mut faults = Vec::new();
        for kept in &self.server.kept {
            let id = kept.began.match_id;
            if kept.settlement != Settlement::Settled {
                continue;
            }
            let honest = self.truth.matches.get(&id).and_then(|one| one.results.get(&kept.result));
            if honest.is_none() {
                faults.push(format!("match {id} counts with a result that the device never gave"));
            }
            if kept.tickets.is_empty() {
                continue;
            }
            let Some(posted) = self.server.ledger.iter().find(|posting| posting.match_id == id)
            else {
                faults.push(format!("match {id} counts, and is not in the ledger"));
                continue;
            };
            let own = changes(&kept.began, &kept.tickets, &kept.ended);
            for ((change, reason), (_, line)) in own.iter().zip(&kept.reasons).zip(&posted.lines) {
                let product = change * i128::from(kept.integrity);
                let whole = i128::from(WHOLE);
                let weighed = (2 * product.abs() + whole) / (2 * whole) * product.signum();
                let fits = if *reason == Reason::None {
                    weighed == i128::from(*line)
                } else if *reason == Reason::RatingFloor {
                    i128::from(*line) >= weighed
                } else {
                    *line == 0
                };
                if !fits {
                    faults.push(format!("match {id}: a line of {line}, should be {weighed}"));
                }
            }
        }
        for fault in faults {
            self.violate(format_args!("{fault}"));
        }
    }

    /// Ratings are the sum of what the ledger says, in any order.
    fn replay_ledger(&mut self) {
        let mut ratings: BTreeMap<_, i64> = BTreeMap::new();
        for (user, account) in &self.server.accounts {
            ratings.insert(*user, i64::from(account.started_with));
        }
        for posting in self.server.ledger.iter().rev() {
            for (user, change) in &posting.lines {
                *ratings.entry(*user).or_default() += change;
            }
        }
        let accounts = self.server.accounts.iter();
        let wrong = accounts
            .filter(|(user, account)| ratings.get(*user) != Some(&i64::from(account.rating)));
        let wrong = wrong.count();
        if wrong > 0 {
            self.violate(format_args!("{wrong} ratings are not what the ledger sums up to"));
        }
    }

    /// Nothing went wrong, so nothing may be missing.
    fn check_calm(&mut self) {
        let games = usize::from(self.plan.games);
        let finals = self.truth.matches.values().flat_map(|one| one.results.values());
        let finals = finals.filter(|(_, result)| result.outcome == Outcome::Final).count();
        if finals < games {
            self.violate(format_args!("a calm night, and {finals} of {games} matches are final"));
        }
        let settled = self.server.kept.iter();
        let settled = settled.filter(|kept| kept.settlement == Settlement::Settled).count();
        if settled < games {
            self.violate(format_args!("a calm night, and {settled} of {games} matches settled"));
        }
        if !self.master.disk.outbox.is_empty() {
            self.violate(format_args!("a calm night, and the device still waits for a receipt"));
        }
    }
}

fn tickets_of(bundle: &[u8]) -> Vec<Ticket> {
    let Ok(bundle) = Bundle::decode(bundle) else { return Vec::new() };
    let ticket = |frame: &Vec<u8>| {
        Received::<Ticket>::decode(frame).ok()?;
        let parts = countersign::Frame::split(frame).ok()?;
        countersign_league::Artefact::decode(parts.payload).ok()
    };
    bundle.players.iter().filter_map(|player| ticket(&player.ticket)).collect()
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Final => "outcome: final",
        Outcome::Conceded => "outcome: conceded",
        Outcome::VoidGoalGap => "outcome: void, goals missing",
        Outcome::VoidSensorGap => "outcome: void, sensor away",
        Outcome::VoidPower => "outcome: void, power",
        Outcome::VoidSensor => "outcome: void, sensor",
        Outcome::VoidTooFew => "outcome: void, too few",
        Outcome::VoidPair => "outcome: void, pair",
        Outcome::Abandoned => "outcome: abandoned",
    }
}
