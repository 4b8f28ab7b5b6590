//! Seasons, their tables, and who met whom, in SQL.

use super::{collect, numbered, time};
use crate::column::At;
use crate::fault::Fault;
use countersign::UserId;
use countersign_store::league::{HeadToHead, Season, SeasonRow, SeatResult, Tally};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn present(db: &Connection) -> Result<Season, Fault> {
    let mut query = db
        .prepare_cached("SELECT number, opened FROM league_seasons ORDER BY number DESC LIMIT 1")?;
    let season =
        query.query_row([], |row| Ok(Season { number: row.get(0)?, opened: time(row, 1)? }));
    Ok(season.optional()?.unwrap_or(Season::FIRST))
}

pub(super) fn add(db: &Connection, season: Season) -> Result<(), Fault> {
    let mut insert =
        db.prepare_cached("INSERT INTO league_seasons (number, opened) VALUES (?1, ?2)")?;
    insert.execute(params![season.number, At(season.opened)])?;
    Ok(())
}

pub(super) fn tallies(db: &Connection, season: u16, users: &[UserId]) -> Result<Vec<Tally>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT won, drawn, lost FROM league_tallies WHERE user_id = ?1 AND season = ?2",
    )?;
    let tally = |user: &UserId| {
        let tally = query.query_row(params![user.as_bytes(), season], |row| {
            Ok(Tally { won: row.get(0)?, drawn: row.get(1)?, lost: row.get(2)? })
        });
        tally.optional().map(Option::unwrap_or_default)
    };
    collect(users.iter().map(tally))
}

pub(super) fn put_tallies(
    db: &Connection,
    season: u16,
    of: &[(UserId, Tally)],
) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO league_tallies (user_id, season, won, drawn, lost)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (user_id, season) DO UPDATE SET won = excluded.won, drawn = excluded.drawn,
         lost = excluded.lost",
    )?;
    for (user, tally) in of {
        put.execute(params![user.as_bytes(), season, tally.won, tally.drawn, tally.lost])?;
    }
    Ok(())
}

pub(super) fn close_tally(
    db: &Connection,
    season: u16,
    user: UserId,
    rating: i32,
) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE league_tallies SET closed_at = ?3 WHERE user_id = ?1 AND season = ?2",
    )?;
    update.execute(params![user.as_bytes(), season, rating])?;
    Ok(())
}

pub(super) fn rows(
    db: &Connection,
    season: u16,
    users: &[UserId],
) -> Result<Vec<SeasonRow>, Fault> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    users.into_iter().filter_map(|user| row(db, season, user).transpose()).collect()
}

pub(super) fn all_of(db: &Connection, user: UserId) -> Result<Vec<SeasonRow>, Fault> {
    let mut query =
        db.prepare_cached("SELECT season FROM league_tallies WHERE user_id = ?1 ORDER BY season")?;
    let seasons = collect(query.query_map([user.as_bytes()], |row| row.get(0))?)?;
    seasons.into_iter().filter_map(|season| row(db, season, user).transpose()).collect()
}

pub(super) fn meetings(
    db: &Connection,
    pairs: &[(UserId, UserId)],
) -> Result<Vec<HeadToHead>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT won, drawn, lost FROM league_meetings WHERE low = ?1 AND high = ?2",
    )?;
    let met = |(low, high): &(UserId, UserId)| {
        let met = query.query_row([low.as_bytes(), high.as_bytes()], |row| {
            Ok(HeadToHead { won: row.get(0)?, drawn: row.get(1)?, lost: row.get(2)? })
        });
        met.optional().map(Option::unwrap_or_default)
    };
    collect(pairs.iter().map(met))
}

pub(super) fn put_meetings(
    db: &Connection,
    met: &[(UserId, UserId, HeadToHead)],
) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO league_meetings (low, high, won, drawn, lost) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (low, high) DO UPDATE SET won = excluded.won, drawn = excluded.drawn,
         lost = excluded.lost",
    )?;
    for (low, high, met) in met {
        put.execute(params![low.as_bytes(), high.as_bytes(), met.won, met.drawn, met.lost])?;
    }
    Ok(())
}

/// Most pairs met before, and an update alone tells: one statement where reading first takes two.
pub(super) fn add_meetings(
    db: &Connection,
    met: &[(UserId, UserId, HeadToHead)],
) -> Result<Vec<bool>, Fault> {
    let mut update = db.prepare_cached(
        "UPDATE league_meetings SET won = won + ?3, drawn = drawn + ?4, lost = lost + ?5
         WHERE low = ?1 AND high = ?2 AND won + drawn + lost > 0",
    )?;
    let mut first = Vec::with_capacity(met.len());
    for &(low, high, more) in met {
        let HeadToHead { won, drawn, lost } = more;
        let known = update.execute(params![low.as_bytes(), high.as_bytes(), won, drawn, lost])?;
        if known == 0 {
            put_meetings(db, &[(low, high, more)])?;
        }
        first.push(known == 0);
    }
    Ok(first)
}

fn row(db: &Connection, season: u16, user: UserId) -> Result<Option<SeasonRow>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT won, drawn, lost, closed_at FROM league_tallies
         WHERE user_id = ?1 AND season = ?2",
    )?;
    let found = query.query_row(params![user.as_bytes(), season], |row| {
        let tally = Tally { won: row.get(0)?, drawn: row.get(1)?, lost: row.get(2)? };
        Ok((tally, row.get(3)?))
    });
    let Some((tally, closed_at)) = found.optional()? else {
        return Ok(None);
    };
    let mut query = db.prepare_cached(
        "SELECT counted FROM league_seats
         WHERE user_id = ?1 AND season = ?2 AND counted IS NOT NULL
         ORDER BY ended DESC, no DESC LIMIT 5",
    )?;
    let form = collect(query.query_map(params![user.as_bytes(), season], |row| {
        numbered(row, 0, SeatResult::from_number)
    })?)?;
    Ok(Some(SeasonRow { season, user, tally, form, closed_at }))
}
