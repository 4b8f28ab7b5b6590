//! What really happened, and what it is worth: written a second time, as simply as possible.

use crate::time::Micros;
use countersign::{RecordDigest, UserId};
use countersign_league::evidence::{
    ActKind, MatchResult, MatchStart, Outcome, SeatFlags, Ticket, TicketFlags,
};
use countersign_league::game::State;
use countersign_league::{End, MatchId, Team};
use std::collections::BTreeMap;

/// How sure it is that a ball over the line was felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// There was power, the sheet was armed: it has to count.
    Sure,
    /// The sheet was disturbed, or the power failed in this very moment: it may count.
    Maybe,
    /// Nobody could feel it: it must not count, and its time must be declared as blind.
    Unseen,
    /// The slave had not heard of the match yet: all the time since kickoff must be declared as blind.
    Untold,
}

/// A ball over the line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrueGoal {
    pub(crate) end: End,
    pub(crate) at: Micros,
    pub(crate) class: Class,
}

/// An act that the device said it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrueAct {
    pub(crate) user: UserId,
    pub(crate) kind: ActKind,
    pub(crate) target: u16,
}

/// A match as it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrueMatch {
    pub(crate) kickoff: Option<Micros>,
    pub(crate) whistle: Option<Micros>,
    /// The master was away in this match, so its clock is a little less exact.
    pub(crate) recovered: bool,
    pub(crate) is_scheduled: bool,
    pub(crate) parts: Vec<crate::plan::Part>,
    pub(crate) goals: Vec<TrueGoal>,
    pub(crate) acts: Vec<TrueAct>,
    /// Power failed while an act was taken.
    pub(crate) doubtful_acts: bool,
    /// Every result that the device gave out.
    pub(crate) results: BTreeMap<RecordDigest, (MatchStart, MatchResult)>,
    pub(crate) bundle: Vec<u8>,
}

/// A time without power; open while it lasts.
type Away = (Micros, Option<Micros>);

/// Everything that really happened.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) state: Option<State>,
    pub(crate) matches: BTreeMap<MatchId, TrueMatch>,
    pub(crate) order: Vec<MatchId>,
    pub(crate) current: Option<MatchId>,
    pub(crate) over: u8,
    pub(crate) lobbies: u8,
    pub(crate) last_over: Micros,
    away: [Vec<Away>; 2],
    /// Until when contacts at an end mean nothing for sure.
    pub(crate) dull: [Micros; 2],
    pub(crate) receipts: BTreeMap<MatchId, Vec<Vec<u8>>>,
}

impl Truth {
    pub(crate) fn master_off(&mut self, now: Micros) {
        self.away[0].push((now, None));
        if let Some(current) = self.current.and_then(|id| self.matches.get_mut(&id)) {
            current.recovered = true;
        }
        self.state = None;
    }

    pub(crate) fn master_on(&mut self, now: Micros) {
        close(&mut self.away[0], now);
    }

    pub(crate) fn slave_off(&mut self, now: Micros) {
        self.away[1].push((now, None));
    }

    pub(crate) fn slave_on(&mut self, now: Micros) {
        close(&mut self.away[1], now);
    }

    /// How long a half had no power between two moments.
    pub(crate) fn blind(&self, end: End, from: Micros, to: Micros) -> Micros {
        let spans = self.away[end.index()].iter();
        let within = |(off, on): &Away| on.unwrap_or(to).min(to).saturating_sub((*off).max(from));
        spans.map(within).sum()
    }
}

fn close(spans: &mut [Away], now: Micros) {
    if let Some((_, on)) = spans.last_mut() {
        on.get_or_insert(now);
    }
}

/// `a / b`, halves away from zero.
fn rounded(a: i128, b: i128) -> i128 {
    let (whole, rest) = (a / b, a % b);
    if 2 * rest.abs() >= b.abs() { whole + (a.signum() * b.signum()) } else { whole }
}

/// What the stronger side expects, in 65536ths: the formula itself, in floating point, then straight lines.
fn expected(difference: i128) -> i128 {
    let table =
        |points: i128| (65_536.0 / (1.0 + 10_f64.powf(-(points as f64) / 400.0))).round() as i128;
    let distance = difference.abs().min(800_000);
    let (point, part) = (distance / 1_000, distance % 1_000);
    let (low, high) = (table(point), table(point + 1));
    let stronger = low + ((high - low) * part + 500) / 1_000;
    if difference < 0 { 65_536 - stronger } else { stronger }
}

/// Rating changes of a match by seat, from tickets, teams, and what came out.
pub(crate) fn changes(start: &MatchStart, tickets: &[Ticket], result: &MatchResult) -> Vec<i128> {
    let mean = |team: Team| {
        let seats = start.roster.iter().zip(tickets).filter(|(line, _)| line.team == team);
        let ratings: Vec<i128> = seats.map(|(_, ticket)| i128::from(ticket.rating)).collect();
        (ratings.iter().sum::<i128>(), ratings.len() as i128)
    };
    let ((a, of_a), (b, of_b)) = (mean(Team::A), mean(Team::B));
    let expected_a = expected(rounded(a * of_b - b * of_a, of_a * of_b));
    let leaver = |seat: usize| {
        let flags = result.seats.get(seat).map_or(0, |flags| flags.0);
        let left = flags & SeatFlags::LEFT != 0 && flags & SeatFlags::INJURED == 0;
        left || flags & SeatFlags::ABSENT != 0
    };
    let points = |team: Team| -> Option<i128> {
        match (result.outcome, result.loser) {
            (Outcome::Conceded, Some(loser)) => Some(if loser == team { 0 } else { 65_536 }),
            (Outcome::Final, _) => {
                let [own, other] = [result.score[team.index()], result.score[1 - team.index()]];
                Some(32_768 + 32_768 * (i128::from(own) - i128::from(other)).signum())
            }
            _ => None,
        }
    };
    let seats = start.roster.iter().zip(tickets).enumerate();
    let change = |(seat, (line, ticket)): (usize, (&_, &Ticket))| -> i128 {
        let line: &countersign_league::evidence::StartLine = line;
        let Some(points) = points(line.team) else { return 0 };
        let expectation = if line.team == Team::A { expected_a } else { 65_536 - expected_a };
        let k = if ticket.matches < 10 { 40 } else { 24 };
        let stake = |points: i128| rounded(k * 1_000 * (points - expectation), 65_536);
        let mates = start.roster.iter().enumerate().filter(|(_, mate)| mate.team == line.team);
        let mates_left = mates.into_iter().any(|(mate, _)| leaver(mate));
        match (leaver(seat), points) {
            (true, _) => stake(0),
            (false, 0) if mates_left => rounded(stake(0), 2),
            (false, points) => stake(points),
        }
    };
    seats.map(change).collect()
}

/// Whether so many of a team voted: `part / whole` of those whose votes have weight.
fn reached(team: Team, voted: &[bool], teams: &[Team], weight: &[bool], share: (u32, u32)) -> bool {
    let own = (0..teams.len()).filter(|seat| teams[*seat] == team && weight[*seat]);
    let own: Vec<usize> = own.collect();
    let given = own.iter().filter(|seat| voted[**seat]).count() as u32;
    !own.is_empty() && share.1 * given >= share.0 * own.len() as u32
}

/// What the players decided, from the acts that the device took.
pub(crate) struct Decisions {
    pub(crate) flags: Vec<u8>,
    pub(crate) annulled: Vec<bool>,
    pub(crate) conceded: Option<Team>,
}

pub(crate) fn decisions(
    truth: &TrueMatch,
    start: &MatchStart,
    tickets: &[Ticket],
    goals: usize,
) -> Decisions {
    let users: Vec<UserId> = start.roster.iter().map(|line| line.user).collect();
    let teams: Vec<Team> = start.roster.iter().map(|line| line.team).collect();
    let weight: Vec<bool> =
        tickets.iter().map(|ticket| !ticket.flags.has(TicketFlags::VOTE_WEIGHTLESS)).collect();
    let did = |kind: ActKind, target: u16| -> Vec<bool> {
        let act = |user: &UserId| {
            let mut acts = truth.acts.iter();
            acts.any(|act| (act.user, act.kind, act.target) == (*user, kind, target))
        };
        users.iter().map(act).collect()
    };
    let both = |voted: &[bool], team: Team, own: (u32, u32), other: (u32, u32)| {
        reached(team, voted, &teams, &weight, own)
            && reached(team.other(), voted, &teams, &weight, other)
    };
    let annulled = |goal: usize| both(&did(ActKind::Annul, goal as u16), Team::A, (1, 2), (1, 2));
    let flags = |seat: usize| {
        let mut flags = 0;
        for act in truth.acts.iter().filter(|act| act.user == users[seat]) {
            match act.kind {
                ActKind::Confirm => flags |= SeatFlags::CONFIRMED,
                ActKind::Flag => flags |= SeatFlags::FLAGGED,
                ActKind::Leave => flags |= SeatFlags::LEFT,
                ActKind::Injury => flags |= SeatFlags::LEFT | SeatFlags::INJURED,
                ActKind::Return => flags &= !(SeatFlags::LEFT | SeatFlags::INJURED),
                ActKind::Join
                | ActKind::Ready
                | ActKind::Unready
                | ActKind::Quit
                | ActKind::Abort
                | ActKind::Concede
                | ActKind::Annul
                | ActKind::Absent => {}
            }
        }
        if both(&did(ActKind::Absent, seat as u16), teams[seat], (2, 3), (1, 2)) {
            flags |= SeatFlags::ABSENT;
        }
        flags
    };
    let concede = did(ActKind::Concede, 0);
    let concedes = |team: &Team| reached(*team, &concede, &teams, &weight, (2, 3));
    Decisions {
        flags: (0..users.len()).map(flags).collect(),
        annulled: (0..goals).map(annulled).collect(),
        conceded: Team::BOTH.into_iter().find(concedes),
    }
}
