//! Power loss at any moment loses nothing that was acknowledged, and leaves a database that opens.
//!
//! A child process works with a preloaded library that logs what reaches the disk; the parent then cuts the power at many
//! points of that log, each in a way drawn by chance, opens what is left and looks. The control run without fsync per
//! commit must lose something, else the model would prove nothing.
//!
//! `COUNTERSIGN_SEED` and `COUNTERSIGN_POINTS` choose other losses and more of them. Two runs of the child differ in the
//! order of what its threads do, so a failing log is kept: with it as `COUNTERSIGN_LOG`, the same seed loses the same.

use crate::disk::{Chance, Disk, Entry, read_log};
use crate::league;
use crate::support::{NOW, block_on, message, record, sign_up, user};
use countersign_store::{Result, Store};
use countersign_store_sqlite::{Durability, Settings, SqliteStore, backup, doctor, verify};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const DATABASE: &str = "COUNTERSIGN_POWERCUT_DATABASE";
const DURABILITY: &str = "COUNTERSIGN_POWERCUT_DURABILITY";
const RECORDS: u32 = 450;
/// The test that is the worker when it finds a database named in its environment.
const WORKER: &str = "powercut::a_power_loss_loses_nothing_that_was_acknowledged";

#[test]
fn a_power_loss_loses_nothing_that_was_acknowledged() {
    if let Some(path) = child_database() {
        return block_on(work(&path)).unwrap();
    }
    let log = match std::env::var_os("COUNTERSIGN_LOG") {
        Some(kept) => std::fs::read(kept).unwrap(),
        None => log_of("full"),
    };
    let losses = losses(&read_log(&log), number("COUNTERSIGN_POINTS", 500));
    if !losses.is_empty() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("powercut.log");
        std::fs::write(&kept, log).unwrap();
        panic!("{losses:#?}\nCOUNTERSIGN_LOG={}", kept.display());
    }
}

#[test]
fn the_same_losses_are_found_when_commits_are_not_synced() {
    let log = log_of("normal");
    let losses = losses(&read_log(&log), 60);
    println!("control: {} of 60 losses noticed", losses.len());
    assert!(losses.len() >= 10, "the model is blind: {losses:?}");
    assert!(losses.iter().all(|loss| loss.contains("acknowledged")), "{losses:?}");
}

#[test]
fn a_failing_fsync_is_no_answer_and_the_last_one() {
    if let Some(path) = child_database() {
        return work_on_a_failing_disk(&path);
    }
    let dir = tempfile::tempdir().unwrap();
    run_child(
        "powercut::a_failing_fsync_is_no_answer_and_the_last_one",
        &dir.path().join("store.db"),
        "full",
    );
}

/// What went wrong at the points, as sentences.
fn losses(log: &[Entry], points: usize) -> Vec<String> {
    let seed = number("COUNTERSIGN_SEED", 20_260_101) as u64;
    println!("seed {seed}, {points} points in {} entries", log.len());
    let mut chance = Chance(seed);
    // Setting up takes few entries, so that it gets a tenth of the points for itself.
    let mut cuts: Vec<_> =
        (0..points).map(|n| chance.below(if n % 10 == 0 { 120 } else { log.len() + 1 })).collect();
    cuts.sort_unstable();
    let mut disk = Disk::default();
    let mut done = 0;
    let mut losses = Vec::new();
    for cut in cuts {
        for entry in &log[done..cut] {
            disk.apply(entry);
        }
        done = cut;
        let dir = tempfile::tempdir().unwrap();
        disk.lose_power(&mut chance, dir.path());
        if let Err(loss) = examine(dir.path(), &disk.acknowledged) {
            losses.push(format!("cut before entry {cut} of seed {seed}: {loss}"));
        }
    }
    losses
}

/// Opens what is left, as a server would after the power is back.
fn examine(dir: &Path, acknowledged: &[String]) -> std::result::Result<(), String> {
    let path = dir.join("store.db");
    let store = SqliteStore::open(&path).map_err(|error| format!("it does not open: {error}"))?;
    let (records, erased) = block_on(async {
        Ok::<_, countersign_store::StoreError>((
            store.records_after(0, u32::MAX).await?,
            store.erasures().await?,
        ))
    })
    .map_err(|error| format!("it does not answer: {error}"))?;
    if !records.iter().map(|record| record.seq).eq(1..=records.len() as u64) {
        return Err("the sequence has a gap".into());
    }
    block_on(league::whole(&store))?;
    for line in acknowledged {
        let there = match line.split_once(' ') {
            Some(("record", n)) => {
                let id = record(n.parse().unwrap()).id;
                records.iter().any(|record| record.id == id)
            }
            Some(("session", n)) => {
                let n = n.parse().unwrap();
                let erased = erased.iter().any(|line| line.user == user(n));
                let found = block_on(store.find_user(user(n))).map_err(|e| e.to_string())?;
                found.is_some() != erased
            }
            Some(("erased", n)) => {
                let user = user(n.parse().unwrap());
                let found = block_on(store.find_user(user)).map_err(|e| e.to_string())?;
                found.is_none() && erased.iter().any(|line| line.user == user)
            }
            Some(("game", n)) => block_on(league::is_settled(&store, n.parse().unwrap()))?,
            Some(("backup", _)) => verify(&dir.join("copy.db")).is_ok(),
            _ => panic!("what was acknowledged by {line:?}?"),
        };
        if !there {
            return Err(format!("{line} was acknowledged and is lost"));
        }
    }
    let findings = doctor(&path);
    let bad = findings.iter().find(|finding| !finding.ok && finding.name != "mode");
    bad.map_or(Ok(()), |finding| Err(format!("{}: {}", finding.name, finding.message)))
}

fn log_of(durability: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let log = run_child(WORKER, &dir.path().join("store.db"), durability);
    std::fs::read(log).unwrap()
}

/// Runs a test of this binary as a process with the library preloaded. Returns the log.
fn run_child(test: &str, database: &Path, durability: &str) -> PathBuf {
    let directory = database.parent().unwrap().join("disk");
    std::fs::create_dir(&directory).unwrap();
    let library = database.with_extension("so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/powercut/shim.c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-pthread", "-o"])
        .arg(&library)
        .arg(source)
        .status()
        .expect("a C compiler, as SQLite needs one too");
    assert!(compiled.success());
    let log = database.with_extension("log");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(DATABASE, directory.join("store.db"))
        .env(DURABILITY, durability)
        .env("LD_PRELOAD", library)
        .env("POWERCUT_DIRECTORY", &directory)
        .env("POWERCUT_LOG", &log)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    log
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// The database of a child: the tests above run themselves as processes of their own.
fn child_database() -> Option<PathBuf> {
    std::env::var_os(DATABASE).map(PathBuf::from)
}

fn work_on_a_failing_disk(path: &Path) {
    let fail = path.with_file_name("fail-sync");
    block_on(async {
        let store = open_as_told(path);
        store.append_record(record(1)).await.unwrap();
        std::fs::write(&fail, "").unwrap();
        let error = store.append_record(record(2)).await.unwrap_err().to_string();
        assert!(error.contains("I/O"), "{error}");
        assert!(store.is_poisoned());
        // The disk seems well again, but what it dropped is not known.
        std::fs::remove_file(&fail).unwrap();
        for error in [
            store.append_record(record(3)).await.unwrap_err(),
            store.records_after(0, 10).await.unwrap_err(),
            store.ping().await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("until the process restarts"), "{error}");
        }
        drop(store);
        let records = open_as_told(path).records_after(0, 10).await.unwrap();
        assert_eq!(records.first().map(|first| first.id), Some(record(1).id));
        assert!(records.iter().all(|stored| stored.id != record(3).id));
    });
}

/// Everything that a server does, some of it often, with an acknowledgement after each answer.
async fn work(path: &Path) -> Result<()> {
    let mut acknowledgements = acknowledgements(path);
    let mut ack =
        |line: String| acknowledgements.write_all(format!("{line}\n").as_bytes()).unwrap();
    let store = open_as_told(path);
    for n in 0..RECORDS {
        store.append_record(record(n)).await?;
        ack(format!("record {n}"));
        if n % 15 == 0 {
            sign_up(&store, n).await?;
            ack(format!("session {n}"));
        }
        if n == 0 {
            league::found(&store).await?;
        }
        if n % 9 == 8 {
            league::settle(&store, n).await?;
            ack(format!("game {n}"));
        }
        if n % 30 == 29 {
            store.erase_account(user(n - 29), NOW).await?;
            ack(format!("erased {}", n - 29));
            let id = store.enqueue_message(message(&"x".repeat(9_000)), NOW).await?;
            store.message_sent(id).await?;
        }
        if n == RECORDS / 2 {
            backup(path, &path.with_file_name("copy.db")).unwrap();
            ack("backup done".into());
        }
    }
    drop(store);
    // A second start, with a log and a ledger that are there already.
    let store = open_as_told(path);
    for n in RECORDS..RECORDS + 20 {
        store.append_record(record(n)).await?;
        ack(format!("record {n}"));
    }
    Ok(())
}

fn open_as_told(path: &Path) -> SqliteStore {
    let durability = match std::env::var(DURABILITY).as_deref() {
        Ok("normal") => Durability::ProcessEnd,
        _ => Durability::PowerLoss,
    };
    let settings = Settings { durability, ..Settings::default() };
    SqliteStore::open_with(path, &settings).unwrap()
}

fn acknowledgements(database: &Path) -> std::fs::File {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true).open(database.with_file_name("ack")).unwrap()
}
