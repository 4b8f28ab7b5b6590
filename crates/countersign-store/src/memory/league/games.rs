//! Matches in memory.

use super::rows::gone;
use super::{State, take};
use crate::Result;
use crate::league::tables::Appearance;
use crate::league::{
    DisputeEntry, DisputeState, GameFilter, HistoryCursor, HistoryEntry, RULING_WINDOW, SeasonRow,
    StoredGame, StoredSeat,
};
use countersign::{Timestamp, UserId};
use countersign_league::evidence::Settlement;
use countersign_league::{DeviceId, MatchId};

/// Matches in a form.
const FORM: usize = 5;

type Row = (StoredGame, Vec<StoredSeat>);

impl State {
    pub(super) fn game_row(&self, id: MatchId) -> Option<&Row> {
        self.league.games.get(*self.league.game_ids.get(&id)?)
    }

    pub(super) fn first_game(&self, is_it: impl Fn(&StoredGame) -> bool) -> Option<StoredGame> {
        self.league.games.iter().map(|(game, _)| game).find(|game| is_it(game)).cloned()
    }

    pub(super) fn insert_game(&mut self, game: &StoredGame) -> u64 {
        let index = self.league.games.len();
        let no = index as u64 + 1;
        self.league.game_ids.insert(game.match_id, index);
        self.league.games.push((StoredGame { no, ..game.clone() }, Vec::new()));
        no
    }

    pub(super) fn replace_game(&mut self, game: &StoredGame) -> Result<()> {
        let row = self.row_mut(game.no).ok_or_else(|| gone("a match"))?;
        row.0.clone_from(game);
        Ok(())
    }

    pub(super) fn seats_of_game(&self, no: u64) -> Vec<StoredSeat> {
        self.row(no).map(|(_, seats)| seats.clone()).unwrap_or_default()
    }

    pub(super) fn replace_seat(&mut self, game: &StoredGame, seat: &StoredSeat) -> Result<()> {
        let (_, seats) = self.row_mut(game.no).ok_or_else(|| gone("a match"))?;
        match seats.iter_mut().find(|known| known.seat == seat.seat) {
            Some(known) => *known = *seat,
            None => seats.push(*seat),
        }
        self.league.seats_of.entry(seat.user).or_default().insert((game.ended, game.no));
        Ok(())
    }

    pub(super) fn due_games(&self, now: Timestamp, limit: u32) -> Vec<StoredGame> {
        let games = self.league.games.iter().map(|(game, _)| game);
        let mut due: Vec<_> = games
            .filter(|game| game.settlement == Settlement::Pending && game.counts_at <= now)
            .filter(|game| game.settled <= now.minus(RULING_WINDOW) || !self.is_disputed(game))
            .cloned()
            .collect();
        due.sort_by_key(|game| (game.counts_at, game.no));
        take(due.into_iter(), limit)
    }

    pub(super) fn filtered_games(
        &self,
        filter: &GameFilter,
        before: u64,
        limit: u32,
    ) -> Vec<StoredGame> {
        let is_meant = |(game, seats): &&(StoredGame, Vec<StoredSeat>)| {
            game.no < before
                && filter.settlement.is_none_or(|settlement| game.settlement == settlement)
                && filter.device.is_none_or(|device| game.device == device)
                && filter.user.is_none_or(|user| seats.iter().any(|seat| seat.user == user))
                && filter.ended_from <= game.ended
                && (!filter.disputed || self.is_disputed(game))
        };
        let games = self.league.games.iter().filter(is_meant).map(|(game, _)| game);
        let mut games: Vec<_> = games.cloned().collect();
        games.sort_by_key(|game| core::cmp::Reverse(game.no));
        take(games.into_iter(), limit)
    }

    fn is_disputed(&self, game: &StoredGame) -> bool {
        let open = |entry: &DisputeEntry| {
            entry.match_id == game.match_id && entry.state == DisputeState::Open
        };
        self.league.disputes.iter().any(open)
    }

    pub(super) fn count_rated(&self, device: DeviceId, from: Timestamp, to: Timestamp) -> u32 {
        let rated = |(game, _): &&Row| {
            game.device == device && is_rated(game) && from <= game.ended && game.ended < to
        };
        self.league.games.iter().filter(rated).count() as u32
    }

    pub(super) fn rated_appearances(&self, user: UserId, from: Timestamp) -> Vec<Appearance> {
        let entries = self.games_of(user, HistoryCursor::NEWEST);
        entries
            .take_while(|entry| entry.game.ended >= from)
            .filter(|entry| is_rated(&entry.game))
            .map(|entry| Appearance {
                no: entry.game.no,
                ended: entry.game.ended,
                team: entry.seat.team,
            })
            .collect()
    }

    pub(super) fn games_of(
        &self,
        user: UserId,
        after: HistoryCursor,
    ) -> impl Iterator<Item = HistoryEntry> {
        let own = self.league.seats_of.get(&user).into_iter();
        own.flat_map(move |keys| keys.range(..(after.ended, after.no)).rev()).filter_map(
            move |&(_, no)| {
                let (game, seats) = self.row(no)?;
                let seat = seats.iter().find(|seat| seat.user == user)?;
                Some(HistoryEntry { game: game.clone(), seat: *seat })
            },
        )
    }

    pub(super) fn season_row(&self, season: u16, user: UserId) -> Option<SeasonRow> {
        let &(tally, closed_at) = self.league.tallies.get(&(user, season))?;
        let own = self.games_of(user, HistoryCursor::NEWEST);
        let form = own
            .filter(|entry| entry.game.season == season)
            .filter_map(|entry| entry.seat.counted)
            .take(FORM)
            .collect();
        Some(SeasonRow { season, user, tally, form, closed_at })
    }

    fn row(&self, no: u64) -> Option<&Row> {
        self.league.games.get(index(no)?)
    }

    fn row_mut(&mut self, no: u64) -> Option<&mut Row> {
        self.league.games.get_mut(index(no)?)
    }
}

fn index(no: u64) -> Option<usize> {
    usize::try_from(no.checked_sub(1)?).ok()
}

fn is_rated(game: &StoredGame) -> bool {
    matches!(game.settlement, Settlement::Settled | Settlement::Pending)
}
