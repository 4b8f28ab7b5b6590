//! Questions that take more than one row.

use crate::league::{GameView, HeadToHead, Player, Tables};
use countersign::UserId;
use countersign_league::MatchId;

/// See [`crate::LeagueStore::find_players`].
pub fn players<T: Tables>(tables: &T, users: &[UserId]) -> Result<Vec<Player>, T::Error> {
    users.iter().filter_map(|&user| tables.player(user).transpose()).collect()
}

/// See [`crate::LeagueStore::find_game`].
pub fn view<T: Tables>(tables: &T, id: MatchId) -> Result<Option<GameView>, T::Error> {
    let Some(game) = tables.game(id)? else {
        return Ok(None);
    };
    let seats = tables.seats(game.no)?;
    Ok(Some(GameView { game, seats, evidence: tables.evidence(id)? }))
}

/// Meetings of two players, as the first one sees them.
pub fn head_to_head<T: Tables>(
    tables: &T,
    one: UserId,
    other: UserId,
) -> Result<HeadToHead, T::Error> {
    let met = tables.meetings(&[(one.min(other), one.max(other))])?;
    let met = met.first().copied().unwrap_or_default();
    Ok(if one <= other { met } else { met.mirrored() })
}
