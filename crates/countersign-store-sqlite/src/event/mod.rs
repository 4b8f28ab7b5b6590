//! Events in SQL.

mod bundle;
mod draft;
mod hand_over;
mod roster;
mod store;

use crate::fault::Fault;
use core::str::FromStr;
use countersign_store::StoreError;
use rusqlite::{Connection, Row};

pub(crate) use roster::erase;

/// An id that people can type.
fn text<T: FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text: String = row.get(index)?;
    let damaged = || {
        let why = format!("{text:?} is no id of an event, a judge or a hub");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, why.into())
    };
    text.parse().map_err(|_| damaged())
}

/// All rows, or the first error.
fn collect<T>(rows: impl Iterator<Item = rusqlite::Result<T>>) -> Result<Vec<T>, Fault> {
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the rows of events say of each other, as an operator wants to know it.
pub(crate) fn problems(db: &Connection) -> Result<Vec<String>, Fault> {
    let questions = [
        (
            "SELECT count(*) FROM events WHERE version <>
                 (SELECT count(*) FROM event_bundles WHERE event = events.id)",
            "events lack a version of their bundle",
        ),
        (
            "SELECT count(*) FROM event_logs WHERE held <>
                 (SELECT coalesce(sum(length(bytes)), 0) FROM event_log_pieces AS piece
                  WHERE piece.event = event_logs.event AND piece.hub = event_logs.hub)",
            "logs of hubs lack pieces",
        ),
        (
            "SELECT count(*) FROM event_logs WHERE verified > 0 AND NOT EXISTS
                 (SELECT 1 FROM event_heads AS head WHERE head.event = event_logs.event
                  AND head.hub = event_logs.hub AND head.fork = 0)",
            "verified logs of hubs have no head",
        ),
    ];
    let mut found = Vec::new();
    for (sql, what) in questions {
        let count: i64 = db.query_row(sql, [], |row| row.get(0))?;
        if count > 0 {
            found.push(format!("{count} {what}"));
        }
    }
    Ok(found)
}

/// A number that the schema bounds.
fn wide(number: usize) -> Result<i64, Fault> {
    i64::try_from(number).map_err(|_| StoreError::Damaged(format!("{number} bytes")).into())
}
