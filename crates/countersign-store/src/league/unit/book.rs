//! Booking: what a match counts for its players, written, changed and taken back as differences.

use super::season::carry;
use super::{missing, notify};
use crate::league::{
    Conduct, HeadToHead, LedgerLine, LineKind, NoticeKind, Player, Rated, SeatResult, StoredGame,
    StoredSeat, Tables, Tally,
};
use countersign::{Timestamp, UserId};
use countersign_league::evidence::Settlement;
use countersign_league::{MatchId, Team};

/// Writes the lines of one posting with their counterpart; lines of nothing are left out.
pub(super) fn post<T: Tables>(
    tables: &mut T,
    at: Timestamp,
    match_id: Option<MatchId>,
    lines: &[(LineKind, UserId, i64)],
) -> Result<(), T::Error> {
    let posting = tables.last_line()? + 1;
    let bank = -lines.iter().map(|&(_, _, amount)| amount).sum::<i64>();
    let of_players = lines.iter().map(|&(kind, user, amount)| (kind, Some(user), amount));
    let all = of_players.chain([(LineKind::Bank, None, bank)]).filter(|line| line.2 != 0);
    let line =
        |(seq, (kind, user, amount))| LedgerLine { seq, posting, at, kind, user, match_id, amount };
    tables.add_lines(&(posting..).zip(all).map(line).collect::<Vec<LedgerLine>>())
}

/// What a match is to count from now on.
pub(super) struct Target {
    /// What it becomes. It counts if it is [`Settlement::Settled`].
    pub(super) settlement: Settlement,
    /// Goals.
    pub(super) score: [u8; 2],
    /// Who won.
    pub(super) winner: Option<Team>,
}

impl Target {
    /// What a match says of itself.
    pub(super) const fn of(game: &StoredGame) -> Self {
        Self { settlement: game.settlement, score: game.score, winner: game.winner }
    }
}

/// [`book`] for a match that is stored, with its players.
pub(super) fn rebook<T: Tables>(
    tables: &mut T,
    game: &mut StoredGame,
    seats: &mut [StoredSeat],
    target: &Target,
    now: Timestamp,
) -> Result<Vec<Rated>, T::Error> {
    let season = tables.season()?.number;
    let mut players = Vec::with_capacity(seats.len());
    for seat in seats.iter() {
        let player = tables.player(seat.user)?;
        let mut player = player.ok_or_else(|| missing("a player of a settled match"))?;
        carry(tables, &mut player, season, now)?;
        players.push(player);
    }
    let ratings = book(tables, game, seats, &mut players, target, now)?;
    tables.put_game(game)?;
    for seat in seats.iter() {
        tables.put_seat(game, seat)?;
    }
    tables.update_players(&players)?;
    Ok(ratings)
}

/// Makes ledger, ratings and tables say what the lines of the seats and the target say, by writing the difference to what
/// they said before. Returns the ratings that changed. The caller writes the match, the seats and the players, who are of
/// the present season.
pub(super) fn book<T: Tables>(
    tables: &mut T,
    game: &mut StoredGame,
    seats: &mut [StoredSeat],
    players: &mut [Player],
    target: &Target,
    now: Timestamp,
) -> Result<Vec<Rated>, T::Error> {
    let counts = target.settlement == Settlement::Settled;
    let counted = seats.iter().any(|seat| seat.counted.is_some());
    let lines: Vec<_> = seats.iter().flat_map(|seat| lines_to(seat, counts)).collect();
    post(tables, now, Some(game.match_id), &lines)?;
    meet(tables, seats, players, counted.then_some(game.winner), counts.then_some(target.winner))?;
    game.settlement = target.settlement;
    game.score = target.score;
    game.winner = target.winner;
    let users: Vec<UserId> = seats.iter().map(|seat| seat.user).collect();
    let tallies = tables.tallies(game.season, &users)?;
    let (mut ratings, mut tallied) = (Vec::new(), Vec::new());
    for ((seat, player), tally) in seats.iter_mut().zip(players).zip(tallies) {
        let before = player.rating();
        tallied.extend(recount(game, seat, player, tally, counts));
        let (user, after, season) = (seat.user, player.rating(), player.season);
        if before != after {
            ratings.push(Rated { user, before, after, season });
        }
    }
    tables.put_tallies(game.season, &tallied)?;
    let changed: Vec<UserId> = ratings.iter().map(|rated| rated.user).collect();
    notify(tables, &changed, NoticeKind::Rating, Some(game.match_id), now)?;
    Ok(ratings)
}

/// The lines that bring a seat to its target: in full the first time, as a correction later.
fn lines_to(seat: &StoredSeat, counts: bool) -> Vec<(LineKind, UserId, i64)> {
    let target = if counts { seat.line.total() } else { 0 };
    match seat.counted {
        None if seat.booked == 0 && counts => vec![
            (LineKind::Sporting, seat.user, i64::from(seat.line.sporting)),
            (LineKind::Adjustment, seat.user, i64::from(seat.line.adjustment)),
        ],
        None | Some(_) => vec![(LineKind::Correction, seat.user, target - seat.booked)],
    }
}

/// Balance and counters of one player; the tally if it changed.
fn recount(
    game: &StoredGame,
    seat: &mut StoredSeat,
    player: &mut Player,
    mut tally: Tally,
    counts: bool,
) -> Option<(UserId, Tally)> {
    let target = if counts { seat.line.total() } else { 0 };
    player.balance += target - seat.booked;
    seat.booked = target;
    let before = seat.counted;
    seat.counted = counts.then(|| seat_result(game.winner, seat));
    if before == seat.counted {
        return None;
    }
    if let Some(result) = before {
        let count = counter(&mut tally, result);
        *count = count.saturating_sub(1);
        shift(player, game, u32::saturating_sub);
    }
    if let Some(result) = seat.counted {
        *counter(&mut tally, result) += 1;
        shift(player, game, u32::saturating_add);
        player.last_match = player.last_match.max(game.ended);
    }
    Some((player.user, tally))
}

fn shift(player: &mut Player, game: &StoredGame, by: fn(u32, u32) -> u32) {
    player.matches = by(player.matches, 1);
    if player.season == game.season {
        player.season_matches = by(player.season_matches, 1);
    }
}

fn counter(tally: &mut Tally, result: SeatResult) -> &mut u32 {
    match result {
        SeatResult::Won => &mut tally.won,
        SeatResult::Drawn => &mut tally.drawn,
        SeatResult::Lost => &mut tally.lost,
    }
}

/// A player who left lost, whatever the team did.
fn seat_result(winner: Option<Team>, seat: &StoredSeat) -> SeatResult {
    match winner {
        _ if seat.conduct == Conduct::Left => SeatResult::Lost,
        None => SeatResult::Drawn,
        Some(team) if team == seat.team => SeatResult::Won,
        Some(_) => SeatResult::Lost,
    }
}

/// Meetings of all opponents: takes back what was counted, counts what is to be.
fn meet<T: Tables>(
    tables: &mut T,
    seats: &[StoredSeat],
    players: &mut [Player],
    before: Option<Option<Team>>,
    after: Option<Option<Team>>,
) -> Result<(), T::Error> {
    if before == after {
        return Ok(());
    }
    let of = |team| (0..).zip(seats).filter(move |(_, seat)| seat.team == team);
    let pairs = of(Team::A).flat_map(|a| of(Team::B).map(move |b| Pair::of(a, b)));
    let pairs: Vec<Pair> = pairs.collect();
    if let Some(winner) = before {
        part(tables, &pairs, players, winner)?;
    }
    if let Some(winner) = after {
        let met: Vec<_> =
            pairs.iter().map(|pair| (pair.low, pair.high, pair.met(winner))).collect();
        let first = tables.add_meetings(&met)?;
        for (pair, _) in pairs.iter().zip(first).filter(|(_, is_first)| *is_first) {
            pair.each(players, |player| player.opponents += 1);
        }
    }
    Ok(())
}

/// Takes a meeting of each pair back.
fn part<T: Tables>(
    tables: &mut T,
    pairs: &[Pair],
    players: &mut [Player],
    winner: Option<Team>,
) -> Result<(), T::Error> {
    let ids: Vec<_> = pairs.iter().map(|pair| (pair.low, pair.high)).collect();
    let mut left = Vec::with_capacity(pairs.len());
    for (pair, known) in pairs.iter().zip(tables.meetings(&ids)?) {
        let back = pair.met(winner);
        let met = HeadToHead {
            won: known.won.saturating_sub(back.won),
            drawn: known.drawn.saturating_sub(back.drawn),
            lost: known.lost.saturating_sub(back.lost),
        };
        if known.met() > 0 && met.met() == 0 {
            pair.each(players, |player| player.opponents = player.opponents.saturating_sub(1));
        }
        left.push((pair.low, pair.high, met));
    }
    tables.put_meetings(&left)
}

/// Two opponents, by seat and by id.
struct Pair {
    seats: [usize; 2],
    low: UserId,
    high: UserId,
    low_team: Team,
}

impl Pair {
    fn of((seat_a, a): (usize, &StoredSeat), (seat_b, b): (usize, &StoredSeat)) -> Self {
        Self {
            seats: [seat_a, seat_b],
            low: a.user.min(b.user),
            high: a.user.max(b.user),
            low_team: if a.user < b.user { a.team } else { b.team },
        }
    }

    /// One match, as the lower id sees it.
    fn met(&self, winner: Option<Team>) -> HeadToHead {
        let none = HeadToHead::default();
        match winner {
            None => HeadToHead { drawn: 1, ..none },
            Some(team) if team == self.low_team => HeadToHead { won: 1, ..none },
            Some(_) => HeadToHead { lost: 1, ..none },
        }
    }

    fn each(&self, players: &mut [Player], change: impl Fn(&mut Player)) {
        for seat in self.seats {
            if let Some(player) = players.get_mut(seat) {
                change(player);
            }
        }
    }
}
