//! The league in SQL.

mod device;
mod dispute;
mod game;
pub(crate) mod ledger;
mod notice;
mod penalty;
mod player;
mod rows;
mod season;
mod store;
mod ticket;

use crate::column::At;
use crate::fault::Fault;
use countersign::{Timestamp, UserId};
use countersign_store::league::unit;
use rows::Rows;
use rusqlite::{Connection, Row};

/// Makes the player of an erased account anonymous.
pub(crate) fn erase(db: &Connection, user: UserId, at: Timestamp) -> Result<(), Fault> {
    unit::erase(&mut Rows(db), user, at)
}

/// Several queries that must see the same state.
fn snapshot<T>(
    db: &Connection,
    work: impl FnOnce(&Rows<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let snapshot = db.unchecked_transaction()?;
    work(&Rows(&snapshot))
}

/// An enumeration, from its number.
fn numbered<T>(
    row: &Row<'_>,
    index: usize,
    from: impl FnOnce(u8) -> Option<T>,
) -> rusqlite::Result<T> {
    let number: u8 = row.get(index)?;
    from(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(index, i64::from(number)))
}

/// The same, or nothing.
fn maybe_numbered<T>(
    row: &Row<'_>,
    index: usize,
    from: impl FnOnce(u8) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    match row.get::<_, Option<u8>>(index)? {
        Some(_) => numbered(row, index, from).map(Some),
        None => Ok(None),
    }
}

fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<Timestamp> {
    row.get(index).map(|At(at)| at)
}

fn maybe_time(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get(index).map(|at: Option<At>| at.map(|At(at)| at))
}

/// An identifier, or nothing.
fn maybe_id<T>(
    row: &Row<'_>,
    index: usize,
    from: impl FnOnce([u8; 16]) -> T,
) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<[u8; 16]>>(index).map(|bytes| bytes.map(from))
}

/// All rows, or the first error.
fn collect<T>(rows: impl Iterator<Item = rusqlite::Result<T>>) -> Result<Vec<T>, Fault> {
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
