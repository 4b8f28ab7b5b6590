//! Versioned, forward-only changes of the schema.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// One step from a version to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// All steps, in order; the first one makes version 1. Append only: a database remembers the hash of each.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "initial", sql: include_str!("../migrations/0001_initial.sql") },
    Migration { name: "retention", sql: include_str!("../migrations/0002_retention.sql") },
    Migration { name: "league", sql: include_str!("../migrations/0003_league.sql") },
    Migration { name: "injuries", sql: include_str!("../migrations/0004_injuries.sql") },
    Migration { name: "locality", sql: include_str!("../migrations/0005_locality.sql") },
    Migration { name: "events", sql: include_str!("../migrations/0006_events.sql") },
];

/// Why a database does not fit this program.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A newer program was here.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {known}: \
         run the program that wrote it, or a newer one"
    )]
    Newer {
        /// Version of the database.
        found: usize,
        /// Latest version that this program knows.
        known: usize,
    },
    /// The database was built by other steps than those of this program.
    #[error(
        "migration {version} ({name}) was applied with another text than this program has: \
         use a release build, or restore a backup made by one"
    )]
    Changed {
        /// Which step.
        version: usize,
        /// Its name here.
        name: &'static str,
    },
    /// The engine failed.
    #[error("the schema cannot be read or changed: {0}")]
    Engine(#[from] rusqlite::Error),
}

/// Brings the database to the last version of `known`. Each step is applied wholly or not at all.
pub(crate) fn run(db: &mut Connection, known: &[Migration]) -> Result<(), SchemaError> {
    loop {
        // Locked before it is read: another process may be doing the same.
        let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
                 version INTEGER PRIMARY KEY,
                 name    TEXT NOT NULL,
                 sha256  BLOB NOT NULL CHECK (length(sha256) = 32)
             ) STRICT",
        )?;
        let version = check(&step, known)?;
        match known.get(version) {
            None => return Ok(step.commit()?),
            Some(next) => apply(step, version + 1, next)?,
        }
    }
}

/// The version of the database, if all its steps are known ones.
pub(crate) fn check(db: &Connection, known: &[Migration]) -> Result<usize, SchemaError> {
    let mut query = db.prepare("SELECT version, sha256 FROM schema_migrations ORDER BY version")?;
    let applied = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let applied = applied.collect::<Result<Vec<(usize, [u8; 32])>, _>>()?;
    for (index, &(version, hash)) in applied.iter().enumerate() {
        let Some(migration) = known.get(index) else {
            return Err(SchemaError::Newer { found: applied.len(), known: known.len() });
        };
        if version != index + 1 || hash != migration.hash() {
            return Err(SchemaError::Changed { version: index + 1, name: migration.name });
        }
    }
    Ok(applied.len())
}

fn apply(step: Transaction<'_>, version: usize, migration: &Migration) -> Result<(), SchemaError> {
    step.execute_batch(migration.sql)?;
    step.execute(
        "INSERT INTO schema_migrations (version, name, sha256) VALUES (?1, ?2, ?3)",
        params![version, migration.name, migration.hash()],
    )?;
    Ok(step.commit()?)
}

impl Migration {
    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.sql).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, SqliteStore};
    use std::ffi::OsStr;
    use std::io::{BufRead, BufReader};
    use std::path::Path;
    use std::process::{Command, Stdio};

    const DATABASE: &str = "COUNTERSIGN_MIGRATE_DATABASE";

    /// A made-up future: something slow enough to be killed in its middle.
    const NEXT: Migration = Migration {
        name: "next",
        sql: "CREATE TABLE first_half (n INTEGER PRIMARY KEY, text TEXT) STRICT;
              INSERT INTO first_half
              WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter LIMIT 20000)
              SELECT n, printf('%0500d', n) FROM counter;
              ALTER TABLE sessions ADD COLUMN note TEXT;
              CREATE TABLE second_half AS SELECT * FROM first_half;
              CREATE INDEX second_half_by_text ON second_half (text);",
    };

    /// A database as the program with these migrations leaves it behind.
    fn written_by(path: &Path, migrations: &[Migration]) {
        drop(SqliteStore::open_migrated(path, &Settings::default(), migrations).unwrap());
    }

    fn with_next() -> Vec<Migration> {
        [MIGRATIONS, &[NEXT]].concat()
    }

    fn tables(db: &Connection) -> usize {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%_half%'";
        let notes = "SELECT count(*) FROM pragma_table_info('sessions') WHERE name = 'note'";
        [sql, notes]
            .map(|sql| db.query_row(sql, [], |row| row.get::<_, usize>(0)).unwrap())
            .iter()
            .sum()
    }

    #[test]
    fn an_older_database_is_brought_to_the_present() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        for known in 1..=with_next().len() {
            written_by(&path, &with_next()[..known]);
            let db = Connection::open(&path).unwrap();
            assert_eq!(check(&db, &with_next()).unwrap(), known);
        }
        let db = Connection::open(&path).unwrap();
        assert_eq!(tables(&db), 4);
        assert!(matches!(check(&db, MIGRATIONS), Err(SchemaError::Newer { .. })));
    }

    #[test]
    fn sessions_that_signed_records_before_the_second_step_are_kept_by_a_purge() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        written_by(&path, &MIGRATIONS[..1]);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "INSERT INTO users VALUES (zeroblob(16), 'ana@example.org', 1, '[]');
             INSERT INTO sessions VALUES (zeroblob(16), zeroblob(16), zeroblob(32), 'a', 'cli', 1, 2),
                 (randomblob(16), zeroblob(16), zeroblob(32), 'b', 'cli', 1, 2);
             INSERT INTO records VALUES
                 (1, randomblob(16), zeroblob(16), zeroblob(16), zeroblob(32), 'r', zeroblob(32), 1, x'00');",
        )
        .unwrap();
        written_by(&path, MIGRATIONS);
        let now = countersign::Timestamp::from_millis(9);
        assert_eq!(crate::retention::purge_sessions(&db, now, 9).map_err(drop), Ok(1));
        let left: Vec<u8> = db.query_row("SELECT id FROM sessions", [], |row| row.get(0)).unwrap();
        assert_eq!(left, [0; 16]);
    }

    #[test]
    fn tickets_from_before_the_fourth_step_are_found_and_used_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        written_by(&path, &MIGRATIONS[..3]);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "INSERT INTO league_players VALUES
                 (zeroblob(16), 'Ana', 'ana', 0, NULL, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, NULL);
             INSERT INTO league_tickets VALUES
                 (randomblob(32), zeroblob(16), zeroblob(16), zeroblob(16), 2, 9, 0, NULL),
                 (randomblob(32), zeroblob(16), randomblob(16), zeroblob(16), 1, 9, 2, zeroblob(16));",
        )
        .unwrap();
        written_by(&path, MIGRATIONS);
        let sql = "SELECT issued || state || ifnull(length(match_id), '-')
                   FROM league_tickets ORDER BY no";
        let tickets = |db: &Connection| -> Vec<String> {
            let mut query = db.prepare(sql).unwrap();
            query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(tickets(&db), ["1216", "20-"]);
        let used = "UPDATE league_tickets SET state = 2, match_id = zeroblob(16) WHERE state = 0";
        assert_eq!(db.execute(used, []).unwrap(), 1);
        assert_eq!(tickets(&db), ["1216", "2216"]);
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        written_by(&path, MIGRATIONS);
        let broken = Migration { name: "broken", sql: "CREATE TABLE a_half (n); SELECT nonsense" };
        let mut db = Connection::open(&path).unwrap();
        run(&mut db, &[MIGRATIONS, &[broken]].concat()).unwrap_err();
        assert_eq!((check(&db, MIGRATIONS).unwrap(), tables(&db)), (MIGRATIONS.len(), 0));
    }

    #[test]
    fn a_kill_in_the_middle_leaves_the_old_schema_or_the_new_one() {
        if let Some(path) = std::env::var_os(DATABASE) {
            return migrate_until_killed(&path);
        }
        let dir = tempfile::tempdir().unwrap();
        let mut versions = Vec::new();
        for round in 0..12 {
            let path = dir.path().join(format!("{round}.db"));
            written_by(&path, MIGRATIONS);
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--nocapture"])
                .arg("migrate::tests::a_kill_in_the_middle_leaves_the_old_schema_or_the_new_one")
                .env(DATABASE, &path)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            // The child tells how far it is; each round is killed a little later, the last ones not in the middle.
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let ticks = lines.map_while(Result::ok).filter(|line| line == "tick");
            let last = ticks.take(1 + round * round * 2).count();
            child.kill().unwrap();
            child.wait().unwrap();
            let db = Connection::open(&path).unwrap();
            let version = check(&db, &with_next()).unwrap();
            assert_eq!(
                tables(&db),
                [0, 4][version - MIGRATIONS.len()],
                "round {round} after {last} ticks"
            );
            let sound: String = db.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
            assert_eq!(sound, "ok");
            versions.push(version);
            written_by(&path, &with_next());
        }
        assert_eq!(
            versions.first(),
            Some(&MIGRATIONS.len()),
            "the first kill should hit the middle"
        );
    }

    /// What the test above does as a process of its own.
    fn migrate_until_killed(path: &OsStr) {
        let mut db = Connection::open(path).unwrap();
        db.progress_handler(
            5_000,
            Some(|| {
                println!("tick");
                false
            }),
        )
        .unwrap();
        run(&mut db, &with_next()).unwrap();
    }
}
