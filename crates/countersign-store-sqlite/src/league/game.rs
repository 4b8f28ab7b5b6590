//! Matches, their seats and their evidence in SQL.

use super::{collect, maybe_numbered, numbered, time};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::evidence::{Outcome, Settlement};
use countersign_league::{DeviceId, MatchId, RulesetId, Team};
use countersign_store::league::tables::Appearance;
use countersign_store::league::{
    Conduct, EvidenceView, GameFilter, HistoryCursor, HistoryEntry, RULING_WINDOW, SeatResult,
    StoredGame, StoredSeat, VerdictLine,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_games {
    ($tail:literal) => {
        concat!(
            "SELECT m.no, m.match_id, m.result, m.device, m.device_seq, m.ruleset, m.season,
             m.started, m.ended, m.outcome, m.score_a, m.score_b, m.winner, m.settlement,
             m.reason, m.integrity, m.counts_at, m.settled, m.forks FROM league_matches m ",
            $tail
        )
    };
}

macro_rules! seat_columns {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            "s.seat, s.user_id, s.team, s.ticket, s.sporting, s.adjustment, s.conduct, s.booked,
             s.counted ",
            $tail
        )
    };
}

pub(super) fn find(db: &Connection, id: MatchId) -> Result<Option<StoredGame>, Fault> {
    let mut query = db.prepare_cached(select_games!("WHERE m.match_id = ?1"))?;
    Ok(query.query_row([id.as_bytes()], read).optional()?)
}

pub(super) fn by_seq(
    db: &Connection,
    device: DeviceId,
    seq: u32,
) -> Result<Option<StoredGame>, Fault> {
    let mut query = db.prepare_cached(select_games!(
        "WHERE m.device = ?1 AND m.device_seq = ?2 ORDER BY m.no LIMIT 1"
    ))?;
    Ok(query.query_row(params![device.as_bytes(), seq], read).optional()?)
}

/// What can change after the first settlement.
pub(super) fn update(db: &Connection, game: &StoredGame) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE league_matches SET score_a = ?2, score_b = ?3, winner = ?4, settlement = ?5,
         forks = ?6 WHERE no = ?1",
    )?;
    update.execute(params![
        signed(game.no),
        game.score[0],
        game.score[1],
        game.winner.map(|team| team as u8),
        game.settlement as u8,
        game.forks,
    ])?;
    Ok(())
}

pub(super) fn add(db: &Connection, game: &StoredGame) -> Result<u64, Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_matches
         (match_id, result, device, device_seq, ruleset, season, started, ended, outcome,
          score_a, score_b, winner, settlement, reason, integrity, counts_at, settled, forks)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?;
    insert.execute(params![
        game.match_id.as_bytes(),
        game.result.as_bytes(),
        game.device.as_bytes(),
        game.device_seq,
        game.ruleset.as_bytes(),
        game.season,
        At(game.started),
        At(game.ended),
        game.outcome as u8,
        game.score[0],
        game.score[1],
        game.winner.map(|team| team as u8),
        game.settlement as u8,
        game.reason,
        game.integrity,
        At(game.counts_at),
        At(game.settled),
        game.forks,
    ])?;
    Ok(db.last_insert_rowid().unsigned_abs())
}

pub(super) fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<StoredGame>, Fault> {
    let mut query = db.prepare_cached(select_games!(
        "WHERE m.settlement = 1 AND m.counts_at <= ?1
         AND (m.settled <= ?2
              OR NOT EXISTS (SELECT 1 FROM league_disputes d
                             WHERE d.match_id = m.match_id AND d.ruling IS NULL))
         ORDER BY m.counts_at, m.no LIMIT ?3"
    ))?;
    let params = params![At(now), At(now.minus(RULING_WINDOW)), limit];
    collect(query.query_map(params, read)?)
}

pub(super) fn before(
    db: &Connection,
    filter: &GameFilter,
    before: u64,
    limit: u32,
) -> Result<Vec<StoredGame>, Fault> {
    let mut query = db.prepare_cached(select_games!(
        "WHERE m.no < ?1 AND m.ended >= ?2
         AND (?3 IS NULL OR m.settlement = ?3) AND (?4 IS NULL OR m.device = ?4)
         AND (?5 IS NULL OR EXISTS (SELECT 1 FROM league_seats s
                                    WHERE s.no = m.no AND s.user_id = ?5))
         AND (NOT ?6 OR EXISTS (SELECT 1 FROM league_disputes d
                                WHERE d.match_id = m.match_id AND d.ruling IS NULL))
         ORDER BY m.no DESC LIMIT ?7"
    ))?;
    let params = params![
        signed(before),
        At(filter.ended_from),
        filter.settlement.map(|settlement| settlement as u8),
        filter.device.map(|device| *device.as_bytes()),
        filter.user.map(|user| *user.as_bytes()),
        filter.disputed,
        limit,
    ];
    collect(query.query_map(params, read)?)
}

pub(super) fn rated_on_device(
    db: &Connection,
    device: DeviceId,
    from: Timestamp,
    to: Timestamp,
) -> Result<u32, Fault> {
    let mut query = db.prepare_cached(
        "SELECT count(*) FROM league_matches
         WHERE device = ?1 AND settlement <= 1 AND ended >= ?2 AND ended < ?3",
    )?;
    Ok(query.query_row(params![device.as_bytes(), At(from), At(to)], |row| row.get(0))?)
}

pub(super) fn receipt(
    db: &Connection,
    id: MatchId,
    result: RecordDigest,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT receipt FROM league_evidence WHERE match_id = ?1 AND result = ?2",
    )?;
    Ok(query.query_row([&id.as_bytes()[..], result.as_bytes()], |row| row.get(0)).optional()?)
}

pub(super) fn evidence(db: &Connection, id: MatchId) -> Result<Vec<EvidenceView>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT result, bundle, receipt, received FROM league_evidence
         WHERE match_id = ?1 ORDER BY id",
    )?;
    collect(query.query_map([id.as_bytes()], |row| {
        Ok(EvidenceView {
            result: RecordDigest::from_bytes(row.get(0)?),
            bundle: row.get(1)?,
            receipt: row.get(2)?,
            received: time(row, 3)?,
        })
    })?)
}

pub(super) fn add_evidence(db: &Connection, id: MatchId, new: &EvidenceView) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_evidence (match_id, result, received, receipt, bundle)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let result = new.result.as_bytes();
    insert.execute(params![id.as_bytes(), result, At(new.received), new.receipt, new.bundle])?;
    Ok(())
}

pub(super) fn seats(db: &Connection, no: u64) -> Result<Vec<StoredSeat>, Fault> {
    let sql = seat_columns!("SELECT ", "FROM league_seats s WHERE s.no = ?1 ORDER BY s.seat");
    let mut query = db.prepare_cached(sql)?;
    collect(query.query_map([signed(no)], |row| read_seat(row, 0))?)
}

pub(super) fn add_seats(
    db: &Connection,
    game: &StoredGame,
    seats: &[StoredSeat],
) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_seats
         (no, seat, user_id, team, ticket, sporting, adjustment, conduct, booked, counted,
          ended, season, rated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for seat in seats {
        insert.execute(params![
            signed(game.no),
            seat.seat,
            seat.user.as_bytes(),
            seat.team as u8,
            seat.ticket.as_bytes(),
            seat.line.sporting,
            seat.line.adjustment,
            seat.conduct as u8,
            seat.booked,
            seat.counted.map(|result| result as u8),
            At(game.ended),
            game.season,
            is_rated(game),
        ])?;
    }
    Ok(())
}

/// What can change after the first settlement.
pub(super) fn update_seat(
    db: &Connection,
    game: &StoredGame,
    seat: &StoredSeat,
) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE league_seats SET sporting = ?3, adjustment = ?4, conduct = ?5, booked = ?6,
         counted = ?7, rated = ?8 WHERE no = ?1 AND seat = ?2",
    )?;
    update.execute(params![
        signed(game.no),
        seat.seat,
        seat.line.sporting,
        seat.line.adjustment,
        seat.conduct as u8,
        seat.booked,
        seat.counted.map(|result| result as u8),
        is_rated(game),
    ])?;
    Ok(())
}

/// Whether it counts, or will unless disputed.
const fn is_rated(game: &StoredGame) -> bool {
    matches!(game.settlement, Settlement::Settled | Settlement::Pending)
}

pub(super) fn appearances(
    db: &Connection,
    user: UserId,
    from: Timestamp,
) -> Result<Vec<Appearance>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT no, ended, team FROM league_seats
         WHERE user_id = ?1 AND ended >= ?2 AND rated = 1 ORDER BY ended DESC, no DESC",
    )?;
    collect(query.query_map(params![user.as_bytes(), At(from)], |row| {
        let team = numbered(row, 2, |number| Team::from_number(number).ok())?;
        Ok(Appearance { no: row.get(0)?, ended: time(row, 1)?, team })
    })?)
}

pub(super) fn history(
    db: &Connection,
    user: UserId,
    after: HistoryCursor,
    limit: u32,
) -> Result<Vec<HistoryEntry>, Fault> {
    let mut query = db.prepare_cached(seat_columns!(
        "SELECT m.no, m.match_id, m.result, m.device, m.device_seq, m.ruleset, m.season,
         m.started, m.ended, m.outcome, m.score_a, m.score_b, m.winner, m.settlement,
         m.reason, m.integrity, m.counts_at, m.settled, m.forks, ",
        "FROM league_seats s JOIN league_matches m ON m.no = s.no
         WHERE s.user_id = ?1 AND (s.ended, s.no) < (?2, ?3)
         ORDER BY s.ended DESC, s.no DESC LIMIT ?4"
    ))?;
    let params = params![user.as_bytes(), At(after.ended), signed(after.no), limit];
    collect(query.query_map(params, |row| {
        Ok(HistoryEntry { game: read(row)?, seat: read_seat(row, 19)? })
    })?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredGame> {
    Ok(StoredGame {
        no: row.get(0)?,
        match_id: MatchId::from_bytes(row.get(1)?),
        result: RecordDigest::from_bytes(row.get(2)?),
        device: DeviceId::from_bytes(row.get(3)?),
        device_seq: row.get(4)?,
        ruleset: RulesetId::from_bytes(row.get(5)?),
        season: row.get(6)?,
        started: time(row, 7)?,
        ended: time(row, 8)?,
        outcome: numbered(row, 9, |number| Outcome::from_number(number).ok())?,
        score: [row.get(10)?, row.get(11)?],
        winner: maybe_numbered(row, 12, |number| Team::from_number(number).ok())?,
        settlement: numbered(row, 13, |number| Settlement::from_number(number).ok())?,
        reason: row.get(14)?,
        integrity: row.get(15)?,
        counts_at: time(row, 16)?,
        settled: time(row, 17)?,
        forks: row.get(18)?,
    })
}

fn read_seat(row: &Row<'_>, first: usize) -> rusqlite::Result<StoredSeat> {
    Ok(StoredSeat {
        seat: row.get(first)?,
        user: UserId::from_bytes(row.get(first + 1)?),
        team: numbered(row, first + 2, |number| Team::from_number(number).ok())?,
        ticket: RecordDigest::from_bytes(row.get(first + 3)?),
        line: VerdictLine { sporting: row.get(first + 4)?, adjustment: row.get(first + 5)? },
        conduct: numbered(row, first + 6, Conduct::from_number)?,
        booked: row.get(first + 7)?,
        counted: maybe_numbered(row, first + 8, SeatResult::from_number)?,
    })
}
