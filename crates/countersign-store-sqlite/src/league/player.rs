//! Players in SQL.

use super::{collect, maybe_time, numbered, time};
use crate::column::At;
use crate::fault::Fault;
use countersign::UserId;
use countersign_store::league::{Avatar, Player, Visibility, Weight};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_players {
    ($tail:literal) => {
        concat!(
            "SELECT user_id, name, skeleton, visibility, avatar, season, balance, matches,
             season_matches, opponents, last_match, leaver_level, clean, barred_until, joined,
             finished, frivolous, flag_weight, vote_weight, created, erased, injured
             FROM league_players ",
            $tail
        )
    };
}

pub(super) fn find(db: &Connection, user: UserId) -> Result<Option<Player>, Fault> {
    let mut query = db.prepare_cached(select_players!("WHERE user_id = ?1"))?;
    Ok(query.query_row([user.as_bytes()], read).optional()?)
}

pub(super) fn by_skeleton(db: &Connection, skeleton: &str) -> Result<Option<Player>, Fault> {
    let mut query = db.prepare_cached(select_players!("WHERE skeleton = ?1"))?;
    Ok(query.query_row([skeleton], read).optional()?)
}

pub(super) fn after(
    db: &Connection,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<Player>, Fault> {
    // No id is below the empty one.
    let after = after.map(|user| user.as_bytes().to_vec()).unwrap_or_default();
    let mut query = db.prepare_cached(select_players!(
        "WHERE user_id > ?1 AND erased IS NULL ORDER BY user_id LIMIT ?2"
    ))?;
    collect(query.query_map(params![after, limit], read)?)
}

pub(super) fn before_season(
    db: &Connection,
    season: u16,
    limit: u32,
) -> Result<Vec<Player>, Fault> {
    let mut query =
        db.prepare_cached(select_players!("WHERE season < ?1 ORDER BY season, user_id LIMIT ?2"))?;
    collect(query.query_map(params![season, limit], read)?)
}

pub(super) fn put(db: &Connection, player: &Player) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO league_players
         (user_id, name, skeleton, visibility, avatar, season, balance, matches,
          season_matches, opponents, last_match, leaver_level, clean, barred_until, joined,
          finished, frivolous, flag_weight, vote_weight, created, erased, injured)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
          ?19, ?20, ?21, ?22)
         ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, skeleton = excluded.skeleton,
         visibility = excluded.visibility, avatar = excluded.avatar, season = excluded.season,
         balance = excluded.balance, matches = excluded.matches,
         season_matches = excluded.season_matches, opponents = excluded.opponents,
         last_match = excluded.last_match, leaver_level = excluded.leaver_level,
         clean = excluded.clean, barred_until = excluded.barred_until, joined = excluded.joined,
         finished = excluded.finished, frivolous = excluded.frivolous,
         flag_weight = excluded.flag_weight, vote_weight = excluded.vote_weight,
         erased = excluded.erased, injured = excluded.injured",
    )?;
    put.execute(params![
        player.user.as_bytes(),
        player.name,
        player.skeleton,
        player.visibility as u8,
        player.avatar,
        player.season,
        player.balance,
        player.matches,
        player.season_matches,
        player.opponents,
        At(player.last_match),
        player.leaver_level,
        player.clean,
        At(player.barred_until),
        player.joined,
        player.finished,
        player.frivolous,
        player.flag_weight as u8,
        player.vote_weight as u8,
        At(player.created),
        player.erased.map(At),
        At(player.injured),
    ])?;
    Ok(())
}

/// What a match can change. No index has one of these columns.
pub(super) fn update(db: &Connection, players: &[Player]) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE league_players SET balance = ?2, matches = ?3, season_matches = ?4,
         opponents = ?5, last_match = ?6, leaver_level = ?7, clean = ?8, barred_until = ?9,
         joined = ?10, finished = ?11, injured = ?12 WHERE user_id = ?1",
    )?;
    for player in players {
        update.execute(params![
            player.user.as_bytes(),
            player.balance,
            player.matches,
            player.season_matches,
            player.opponents,
            At(player.last_match),
            player.leaver_level,
            player.clean,
            At(player.barred_until),
            player.joined,
            player.finished,
            At(player.injured),
        ])?;
    }
    Ok(())
}

pub(super) fn avatar(db: &Connection, user: UserId) -> Result<Option<Vec<u8>>, Fault> {
    let mut query = db.prepare_cached("SELECT bytes FROM league_avatars WHERE user_id = ?1")?;
    Ok(query.query_row([user.as_bytes()], |row| row.get(0)).optional()?)
}

pub(super) fn put_avatar(
    db: &Connection,
    user: UserId,
    avatar: Option<&Avatar>,
) -> Result<(), Fault> {
    match avatar {
        Some(avatar) => db
            .prepare_cached(
                "INSERT INTO league_avatars (user_id, bytes) VALUES (?1, ?2)
                 ON CONFLICT (user_id) DO UPDATE SET bytes = excluded.bytes",
            )?
            .execute(params![user.as_bytes(), avatar.bytes])?,
        None => db
            .prepare_cached("DELETE FROM league_avatars WHERE user_id = ?1")?
            .execute([user.as_bytes()])?,
    };
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Player> {
    Ok(Player {
        user: UserId::from_bytes(row.get(0)?),
        name: row.get(1)?,
        skeleton: row.get(2)?,
        visibility: numbered(row, 3, Visibility::from_number)?,
        avatar: row.get(4)?,
        season: row.get(5)?,
        balance: row.get(6)?,
        matches: row.get(7)?,
        season_matches: row.get(8)?,
        opponents: row.get(9)?,
        last_match: time(row, 10)?,
        leaver_level: row.get(11)?,
        clean: row.get(12)?,
        barred_until: time(row, 13)?,
        joined: row.get(14)?,
        finished: row.get(15)?,
        injured: time(row, 21)?,
        frivolous: row.get(16)?,
        flag_weight: numbered(row, 17, Weight::from_number)?,
        vote_weight: numbered(row, 18, Weight::from_number)?,
        created: time(row, 19)?,
        erased: maybe_time(row, 20)?,
    })
}
