//! What becomes of a checked match, with what only the store knows. Pure: the store's transaction applies it.

use super::{Checked, Reason};
use crate::evidence::Settlement;
use crate::rating::{floor_relief, round_half_away};
use crate::team::Seat;
use alloc::vec::Vec;
use countersign::UserId;
use thiserror::Error;

/// Integrity factor of players who have not met lately.
pub const WHOLE: u16 = 256;

/// How many rated matches a day has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// For one player.
    pub player: u16,
    /// For one device.
    pub device: u16,
}

impl Caps {
    /// The published ones: 6 and 20.
    pub const OFFICIAL: Self = Self { player: 6, device: 20 };
}

/// What the store knows of one player of the match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatFacts {
    /// Rating now, in thousandths.
    pub rating: i32,
    /// Rated matches of the day that the match began on, without this one.
    pub rated_today: u16,
    /// The ticket came with another match already.
    pub ticket_used: bool,
    /// The account is banned.
    pub banned: bool,
}

/// How often two opponents met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    /// The two, of different teams, in any order.
    pub seats: [Seat; 2],
    /// Settled matches of the 30 days before this one in which they were opponents.
    pub count: u32,
}

/// What an operator decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Review {
    /// Nothing yet.
    #[default]
    Open,
    /// It counts: device, counter, lateness, caps and flags are not held against it. Also after 24 hours without dispute.
    Released,
    /// It does not count.
    Struck,
}

/// What only the store knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// By seat.
    pub seats: Vec<SeatFacts>,
    /// Opponents that met; those who are not here did not.
    pub meetings: Vec<Meeting>,
    /// The device signed something else with the same match id or counter.
    pub fork: bool,
    /// An earlier match of the device is missing and will not come any more.
    pub counter_gap: bool,
    /// Rated matches of the device on the day that the match began on, without this one.
    pub device_rated_today: u16,
    /// How many rated matches a day has.
    pub caps: Caps,
    /// A player disputes it.
    pub disputed: bool,
    /// What an operator decided.
    pub review: Review,
}

/// Facts that are not of this match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FactsError {
    /// Not one for every seat.
    #[error("the match has {expected} seats, the facts have {found}")]
    Seats {
        /// Seats of the match.
        expected: usize,
        /// Seats of the facts.
        found: usize,
    },
}

/// What becomes of a match, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What.
    pub settlement: Settlement,
    /// The first of the gravest reasons.
    pub reason: Reason,
}

/// What the match does to one player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictLine {
    /// The player.
    pub user: UserId,
    /// The change that device and server computed alike, in thousandths.
    pub sporting: i32,
    /// What the rating changes by beyond that, in thousandths; the rating changes by the sum.
    pub adjustment: i32,
    /// Why this line differs from those of the others.
    pub reason: Reason,
}

impl VerdictLine {
    /// What the rating changes by, in thousandths.
    pub const fn total(&self) -> i32 {
        self.sporting.saturating_add(self.adjustment)
    }
}

/// What the ledger has to enter. The lines apply now if settled, later if pending; otherwise they add up to zero each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// What becomes of the match, and why.
    pub standing: Standing,
    /// Integrity factor: [`WHOLE`] is whole, 0 is nothing.
    pub integrity: u16,
    /// By seat.
    pub lines: Vec<VerdictLine>,
    /// What balances the totals: minus their sum.
    pub bank: i64,
}

/// Applies what the store knows.
pub fn decide(checked: &Checked, facts: &Facts) -> Result<Verdict, FactsError> {
    let expected = checked.start.value.roster.len();
    let found = facts.seats.len();
    if found != expected {
        return Err(FactsError::Seats { expected, found });
    }
    let standing = Standing::of(&objections(checked, facts));
    let counts = matches!(standing.settlement, Settlement::Settled | Settlement::Pending);
    let integrity = integrity(checked, &facts.meetings);
    let roster = checked.start.value.roster.iter().zip(0..);
    let lines: Vec<VerdictLine> = roster
        .zip(checked.result.value.deltas.iter().zip(&facts.seats))
        .map(|((line, seat), (sporting, of_seat))| {
            let (total, reason) = match reason_of(seat, checked, facts, of_seat) {
                _ if !counts => (0, Reason::None),
                None => weighed(*sporting, integrity, checked, of_seat),
                Some(reason) => (0, reason),
            };
            let adjustment = total.saturating_sub(*sporting);
            VerdictLine { user: line.user, sporting: *sporting, adjustment, reason }
        })
        .collect();
    let bank = -lines.iter().map(|line| i64::from(line.total())).sum::<i64>();
    Ok(Verdict { standing, integrity, lines, bank })
}

/// The mean over all pairs of opponents of `256 / (1 + meetings)`; both divisions round down.
fn integrity(checked: &Checked, meetings: &[Meeting]) -> u16 {
    let seats = || (0 as Seat..).zip(&checked.start.value.roster);
    let (mut sum, mut pairs) = (0_u32, 0_u32);
    for (one, line) in seats() {
        for (other, _) in
            seats().filter(|(other, line_of)| *other > one && line_of.team != line.team)
        {
            let met = meetings
                .iter()
                .filter(|meeting| meeting.seats == [one, other] || meeting.seats == [other, one]);
            let met = met.fold(0_u32, |sum, meeting| sum.saturating_add(meeting.count));
            sum += u32::from(WHOLE) / met.saturating_add(1);
            pairs += 1;
        }
    }
    (sum / pairs.max(1)) as u16
}

fn weighed(sporting: i32, integrity: u16, checked: &Checked, facts: &SeatFacts) -> (i32, Reason) {
    let product = i64::from(sporting) * i64::from(integrity);
    let weighed = round_half_away(product, WHOLE.into()) as i32;
    match floor_relief(facts.rating, weighed, checked.params.rating_floor) {
        0 => (weighed, Reason::None),
        relief => (weighed.saturating_add(relief), Reason::RatingFloor),
    }
}

/// Why this line does not count, if the match does.
fn reason_of(seat: Seat, checked: &Checked, facts: &Facts, of_seat: &SeatFacts) -> Option<Reason> {
    let conditions = [
        (of_seat.ticket_used, Reason::TicketReused),
        (of_seat.banned, Reason::PlayerBanned),
        (checked.barred.has(seat), Reason::PlayerBarred),
        (of_seat.rated_today >= facts.caps.player, Reason::PlayerCap),
    ];
    conditions.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

fn objections(checked: &Checked, facts: &Facts) -> Vec<Reason> {
    let of_store = [
        (facts.fork, Reason::Fork),
        (facts.counter_gap, Reason::CounterGap),
        (facts.device_rated_today >= facts.caps.device, Reason::DeviceCap),
        (facts.disputed, Reason::Disputed),
    ];
    let of_store = of_store.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason);
    let all = checked.objections.iter().copied().chain(of_store);
    match facts.review {
        Review::Open => all.collect(),
        Review::Released => all.filter(|reason| !reason.can_be_released()).collect(),
        Review::Struck => alloc::vec![Reason::Struck],
    }
}

impl Standing {
    /// The gravest of some reasons decides, the first of equals.
    pub(super) fn of(reasons: &[Reason]) -> Self {
        let none = Self { settlement: Settlement::Settled, reason: Reason::None };
        reasons.iter().fold(none, |worst, reason| {
            let settlement = reason.settlement();
            match gravity(settlement) > gravity(worst.settlement) {
                true => Self { settlement, reason: *reason },
                false => worst,
            }
        })
    }
}

const fn gravity(settlement: Settlement) -> u8 {
    match settlement {
        Settlement::Settled => 0,
        Settlement::Pending => 1,
        Settlement::Unrated => 2,
        Settlement::Void => 3,
        Settlement::Frozen => 4,
    }
}
