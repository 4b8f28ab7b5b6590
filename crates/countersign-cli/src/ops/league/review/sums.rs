//! What is kept of many matches: sums for players, pairs and devices, in bounded memory.

use countersign::{Timestamp, UserId};
use countersign_league::evidence::{GoalState, MatchResult, MatchStart, Settlement, Stakes};
use countersign_league::{DeviceId, Team};
use countersign_ranks::integrity::device::{DeviceFinding, DeviceRule, night, rhythm};
use countersign_ranks::integrity::ring::{CoPlay, RingFinding, RingRule};
use countersign_ranks::integrity::throwing::{POINT, Tally, ThrowingFinding, pair, player};
use countersign_store::league::GameView;
use std::collections::BTreeMap;

/// Pairs of players that are counted, about 100 MB; then only the known ones go on.
const PAIRS_MAX: usize = 250_000;
/// Beginnings of matches that are kept of each device: in a month, one every ten minutes.
const STARTS_MAX: usize = 4_500;

/// The sums.
pub(super) struct Sums {
    graph: CoPlay,
    is_full: bool,
    /// Rise of the rating by matches, in thousandths.
    rises: BTreeMap<UserId, i64>,
    players: BTreeMap<UserId, Tally>,
    /// The lower id first; together, and against each other, from the side of the lower one.
    pairs: BTreeMap<(UserId, UserId), [Tally; 2]>,
    starts: BTreeMap<DeviceId, Vec<Timestamp>>,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            graph: CoPlay::new(PAIRS_MAX),
            is_full: false,
            rises: BTreeMap::new(),
            players: BTreeMap::new(),
            pairs: BTreeMap::new(),
            starts: BTreeMap::new(),
        }
    }
}

impl Sums {
    /// Counts a match; what stands out in it alone is the answer.
    pub(super) fn add(
        &mut self,
        rule: &DeviceRule,
        view: &GameView,
        start: &MatchStart,
        result: &MatchResult,
    ) -> Option<DeviceFinding> {
        let starts = self.starts.entry(start.device).or_default();
        if starts.len() < STARTS_MAX {
            starts.push(start.started);
        }
        let counts = matches!(view.game.settlement, Settlement::Settled | Settlement::Pending);
        if counts && result.outcome.is_rated() {
            self.add_players(view, start);
        }
        let goals = result.goals.iter().filter(|goal| goal.state == GoalState::Counted);
        rhythm(rule, &goals.map(|goal| goal.at).collect::<Vec<_>>())
    }

    pub(super) const fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn rings(&self) -> Vec<RingFinding> {
        let rise = |user: &UserId| {
            let rise = self.rises.get(user).copied().unwrap_or_default();
            rise.clamp(i32::MIN.into(), i32::MAX.into()) as i32
        };
        self.graph.findings(&RingRule::default(), rise)
    }

    pub(super) fn players(&self) -> Vec<(UserId, ThrowingFinding)> {
        let found = |(user, tally): (&UserId, &Tally)| player(*tally).map(|found| (*user, found));
        self.players.iter().filter_map(found).collect()
    }

    pub(super) fn pairs(&self) -> Vec<(UserId, UserId, ThrowingFinding)> {
        let pairs = self.pairs.iter();
        let found = pairs.filter_map(|((one, other), [with, against])| {
            pair(*with, *against).map(|found| (*one, *other, found))
        });
        found.collect()
    }

    pub(super) fn nights(
        &self,
        rule: &DeviceRule,
        utc_offset: i16,
    ) -> Vec<(DeviceId, DeviceFinding)> {
        let starts = self.starts.iter();
        let found = |(device, starts): (&DeviceId, &Vec<Timestamp>)| {
            night(rule, starts, utc_offset).map(|found| (*device, found))
        };
        starts.filter_map(found).collect()
    }

    fn add_players(&mut self, view: &GameView, start: &MatchStart) {
        let Some(expected) = expectation(start) else { return };
        let expected = [expected, POINT - expected];
        let scored = match view.game.winner {
            Some(Team::A) => [POINT, 0],
            Some(Team::B) => [0, POINT],
            None => [POINT / 2; 2],
        };
        let of = |team| {
            let seats = view.seats.iter().filter(move |seat| seat.team == team);
            seats.map(|seat| seat.user).collect::<Vec<_>>()
        };
        self.is_full |= self.graph.add(&of(Team::A), &of(Team::B)).is_err();
        for (index, seat) in view.seats.iter().enumerate() {
            let side = seat.team.index();
            *self.rises.entry(seat.user).or_default() += seat.booked;
            self.players.entry(seat.user).or_default().add(scored[side], expected[side]);
            for other in view.seats.iter().skip(index + 1) {
                let (low, high) =
                    if seat.user < other.user { (seat, other) } else { (other, seat) };
                let (side, key) = (low.team.index(), (low.user, high.user));
                if self.pairs.len() >= PAIRS_MAX && !self.pairs.contains_key(&key) {
                    self.is_full = true;
                    continue;
                }
                let tallies = self.pairs.entry(key).or_default();
                let tally = &mut tallies[usize::from(low.team != high.team)];
                tally.add(scored[side], expected[side]);
            }
        }
    }
}

/// What team A is expected to score, in units of 1/65536, as the stakes have it; `None` where nothing is at stake.
fn expectation(start: &MatchStart) -> Option<u32> {
    let line = start.roster.iter().max_by_key(|line| line.stakes.win - line.stakes.loss)?;
    let Stakes { win, loss, .. } = line.stakes;
    let whole = i64::from(win) - i64::from(loss);
    let own = (-i64::from(loss) * i64::from(POINT)).checked_div(whole)?;
    let own = u32::try_from(own).ok().filter(|own| *own <= POINT)?;
    Some(if line.team == Team::A { own } else { POINT - own })
}
