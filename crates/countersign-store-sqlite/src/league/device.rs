//! Devices in SQL.

use super::{collect, numbered, time};
use crate::column::At;
use crate::fault::Fault;
use countersign::{Fingerprint, RecordDigest};
use countersign_league::evidence::DeviceStatus;
use countersign_league::{BatchId, DeviceId};
use countersign_store::league::{Device, DeviceFilter, NewPair};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_devices {
    ($tail:literal) => {
        concat!(
            "SELECT id, batch, serial, mark, master, master_key, slave, slave_key, max_players,
             digest, certificate, status, registered, changed, seq_high, seq_missing
             FROM league_devices ",
            $tail
        )
    };
}

pub(super) fn find(db: &Connection, id: DeviceId) -> Result<Option<Device>, Fault> {
    let mut query = db.prepare_cached(select_devices!("WHERE id = ?1"))?;
    Ok(query.query_row([id.as_bytes()], read).optional()?)
}

pub(super) fn by_key(db: &Connection, key: &Fingerprint) -> Result<Option<Device>, Fault> {
    let mut query =
        db.prepare_cached(select_devices!("WHERE master_key = ?1 OR slave_key = ?1 LIMIT 1"))?;
    Ok(query.query_row([key.as_bytes()], read).optional()?)
}

pub(super) fn list(
    db: &Connection,
    filter: DeviceFilter,
    after: Option<DeviceId>,
    limit: u32,
) -> Result<Vec<Device>, Fault> {
    // No id is below the empty one.
    let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    let status = filter.status.map(|status| status as u8);
    let batch = filter.batch.map(|batch| *batch.as_bytes());
    match (status, batch) {
        _ if filter.has_gaps => {
            let sql = select_devices!(
                "WHERE seq_missing > 0 AND id > ?1 AND (?3 IS NULL OR batch = ?3)
                 AND (?4 IS NULL OR status = ?4) ORDER BY id LIMIT ?2"
            );
            collect(db.prepare_cached(sql)?.query_map(params![after, limit, batch, status], read)?)
        }
        (None, None) => {
            let sql = select_devices!("WHERE id > ?1 ORDER BY id LIMIT ?2");
            collect(db.prepare_cached(sql)?.query_map(params![after, limit], read)?)
        }
        (Some(status), None) => {
            let sql = select_devices!("WHERE status = ?3 AND id > ?1 ORDER BY id LIMIT ?2");
            collect(db.prepare_cached(sql)?.query_map(params![after, limit, status], read)?)
        }
        (status, Some(batch)) => {
            let sql = select_devices!(
                "WHERE batch = ?3 AND id > ?1 AND (?4 IS NULL OR status = ?4)
                 ORDER BY id LIMIT ?2"
            );
            collect(db.prepare_cached(sql)?.query_map(params![after, limit, batch, status], read)?)
        }
    }
}

pub(super) fn put(db: &Connection, device: &Device) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO league_devices
         (id, batch, serial, mark, master, master_key, slave, slave_key, max_players,
          digest, certificate, status, registered, changed, seq_high, seq_missing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, changed = excluded.changed,
         seq_high = excluded.seq_high, seq_missing = excluded.seq_missing",
    )?;
    let pair = &device.pair;
    put.execute(params![
        pair.device.as_bytes(),
        pair.batch.as_bytes(),
        pair.serial,
        pair.mark,
        pair.master,
        pair.master_key.as_bytes(),
        pair.slave,
        pair.slave_key.as_bytes(),
        pair.max_players,
        pair.digest.as_bytes(),
        pair.certificate,
        device.status as u8,
        At(device.registered),
        At(device.changed),
        device.seq_high,
        device.seq_missing,
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        pair: NewPair {
            device: DeviceId::from_bytes(row.get(0)?),
            batch: BatchId::from_bytes(row.get(1)?),
            serial: row.get(2)?,
            mark: row.get(3)?,
            master: row.get(4)?,
            master_key: Fingerprint::from_bytes(row.get(5)?),
            slave: row.get(6)?,
            slave_key: Fingerprint::from_bytes(row.get(7)?),
            max_players: row.get(8)?,
            digest: RecordDigest::from_bytes(row.get(9)?),
            certificate: row.get(10)?,
        },
        status: numbered(row, 11, |number| DeviceStatus::from_number(number).ok())?,
        registered: time(row, 12)?,
        changed: time(row, 13)?,
        seq_high: row.get(14)?,
        seq_missing: row.get(15)?,
    })
}
