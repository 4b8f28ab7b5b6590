//! A process that is killed while it writes loses nothing that it acknowledged.
//!
//! This proves the order of commit and answer, and that a log is replayed; it does not prove durability, because the
//! kernel keeps what was written. The power-cut test does that.

use crate::support::{block_on, open, record};
use countersign_store::Store;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const DATABASE: &str = "COUNTERSIGN_KILL_DATABASE";
const FIRST: &str = "COUNTERSIGN_KILL_FIRST";
const ROUNDS: u32 = 20;
/// The test that is the child when it finds a database named in its environment.
const CHILD: &str = "kill::nothing_acknowledged_is_lost_when_the_process_is_killed";

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    if let Some(path) = std::env::var_os(DATABASE) {
        return write_until_killed(&path);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut acknowledged = Vec::new();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..ROUNDS {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let answers = 1 + (seed >> 33) as usize % 400;
        let mut child = start(&path, round * 1_000_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let answered = lines.by_ref().map_while(Result::ok).filter_map(|line| number(&line));
        acknowledged.extend(answered.take(answers));
        child.kill().unwrap();
        child.wait().unwrap();
        // What was in the pipe was acknowledged as well; a torn last line was not.
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| number(&line)));
        let store = open(&path);
        let records = block_on(store.records_after(0, u32::MAX)).unwrap();
        let mut stored: Vec<_> = records.iter().map(|record| record.id).collect();
        stored.sort_unstable();
        for &n in &acknowledged {
            let id = record(n).id;
            assert!(stored.binary_search(&id).is_ok(), "round {round} lost record {n}");
        }
        assert!(records.iter().map(|record| record.seq).eq(1..=records.len() as u64));
    }
    assert!(acknowledged.len() > 20);
}

#[test]
fn two_processes_write_to_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let store = open(&path);
    let mut child = start(&path, 1_000_000);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut theirs = lines.map_while(Result::ok).filter_map(|line| number(&line));
    let mut all = Vec::new();
    block_on(async {
        for own in 0..100 {
            // Both make progress, neither by itself.
            all.push(theirs.next().unwrap());
            store.append_record(record(own)).await.unwrap();
            all.push(own);
        }
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let records = block_on(store.records_after(0, u32::MAX)).unwrap();
    assert!(records.iter().map(|record| record.seq).eq(1..=records.len() as u64));
    for n in all {
        assert!(records.iter().any(|stored| stored.id == record(n).id), "record {n} is lost");
    }
}

/// What the tests above run as a process of its own.
fn write_until_killed(path: &OsStr) {
    let first: u32 = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = Arc::new(open(path.as_ref()));
    block_on(async {
        let writers = (0..8).map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in (first + writer..).step_by(8) {
                    store.append_record(record(n)).await.unwrap();
                    let mut stdout = std::io::stdout().lock();
                    stdout.write_all(format!("ack {n}.\n").as_bytes()).unwrap();
                    stdout.flush().unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

fn start(path: &Path, first: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--nocapture"])
        .env(DATABASE, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn number(line: &str) -> Option<u32> {
    line.strip_prefix("ack ")?.strip_suffix('.')?.parse().ok()
}
