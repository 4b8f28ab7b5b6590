//! Opening a season, and carrying ratings into it.

use super::book::post;
use crate::league::{LineKind, Player, Season, SeasonOutcome, Tables, rubber_band};
use countersign::Timestamp;

/// See [`crate::LeagueStore::open_season`].
pub fn open_season<T: Tables>(
    tables: &mut T,
    number: u16,
    now: Timestamp,
) -> Result<SeasonOutcome, T::Error> {
    let current = tables.season()?.number;
    if number == current {
        return Ok(SeasonOutcome::Open);
    }
    if current.checked_add(1) != Some(number) {
        return Ok(SeasonOutcome::NotNext { current });
    }
    tables.add_season(Season { number, opened: now })?;
    Ok(SeasonOutcome::Opened)
}

/// See [`crate::LeagueStore::carry_players`].
pub fn carry_players<T: Tables>(
    tables: &mut T,
    limit: u32,
    now: Timestamp,
) -> Result<u32, T::Error> {
    let season = tables.season()?.number;
    let mut carried = 0;
    for mut player in tables.players_before_season(season, limit)? {
        carry(tables, &mut player, season, now)?;
        carried += 1;
    }
    Ok(carried)
}

/// Brings a player into the present season, once for each that was missed. Every unit that changes a balance does this
/// first, so that it makes no difference whether a match or [`carry_players`] came first.
pub(super) fn carry<T: Tables>(
    tables: &mut T,
    player: &mut Player,
    season: u16,
    now: Timestamp,
) -> Result<(), T::Error> {
    if player.season >= season {
        return Ok(());
    }
    while player.season < season {
        tables.close_tally(player.season, player.user, player.rating())?;
        let pull = rubber_band(player.balance);
        post(tables, now, None, &[(LineKind::Season, player.user, pull)])?;
        player.balance += pull;
        player.season += 1;
    }
    player.season_matches = 0;
    tables.put_player(player)
}
