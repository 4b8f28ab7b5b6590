//! Threads that bring the same request at the same time, in many schedules (shuttle).
//!
//! The shards are those of a server: a [`SeenSet`] behind a mutex each, chosen by the session, checked and
//! filled under one lock.

use countersign::*;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::sync::{Arc, Mutex};
use shuttle::{Config, Runner, thread};
use std::collections::BTreeSet;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// What each of three threads brings: session and request id.
const ARRIVALS: [[(u8, u8); 2]; 3] = [[(1, 7), (2, 7)], [(1, 7), (1, 8)], [(2, 7), (1, 7)]];
/// All different requests in it.
const REQUESTS: [(u8, u8); 3] = [(1, 7), (1, 8), (2, 7)];

trait Seen: Send + Sync + 'static {
    fn first_use(&self, key: ReplayKey) -> bool;
}

/// As in the server.
struct Shards([Mutex<SeenSet>; 2]);

impl Shards {
    fn new() -> Self {
        let set = || SeenSet::new([5; 16], FreshnessWindow::default(), ReplayLimits::default());
        Self([Mutex::new(set()), Mutex::new(set())])
    }
}

impl Seen for Shards {
    fn first_use(&self, key: ReplayKey) -> bool {
        let shard = usize::from(key.session.as_bytes()[15]) % self.0.len();
        self.0[shard].lock().unwrap().first_use(key, NOW).is_ok()
    }
}

/// The control: it lets go of the lock between the question and the entry.
struct CheckThenInsert(Mutex<BTreeSet<([u8; 16], [u8; 16])>>);

impl Seen for CheckThenInsert {
    fn first_use(&self, key: ReplayKey) -> bool {
        let id = (*key.session.as_bytes(), *key.request_id.as_bytes());
        let known = self.0.lock().unwrap().contains(&id);
        if !known {
            self.0.lock().unwrap().insert(id);
        }
        !known
    }
}

fn race(seen: impl Seen) {
    let seen = Arc::new(seen);
    let admitted = Arc::new(REQUESTS.map(|_| AtomicU32::new(0)));
    let threads = ARRIVALS.map(|arrivals| {
        let (seen, admitted) = (seen.clone(), admitted.clone());
        thread::spawn(move || {
            for (session, id) in arrivals {
                let session_id = SessionId::from_bytes([session; 16]);
                let request_id = RequestId::from_bytes([id; 16]);
                let key = ReplayKey { session: session_id, request_id, timestamp: NOW };
                if seen.first_use(key) {
                    let which = REQUESTS.iter().position(|request| *request == (session, id));
                    admitted[which.unwrap()].fetch_add(1, Ordering::SeqCst);
                }
            }
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for (request, count) in REQUESTS.iter().zip(admitted.iter()) {
        assert_eq!(
            count.load(Ordering::SeqCst),
            1,
            "{request:?} was admitted another number of times"
        );
    }
}

fn run(scheduler: impl Scheduler + 'static, test: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    Runner::new(scheduler, config).run(test)
}

#[test]
fn v6a_one_of_concurrent_requests_gets_through_in_50_000_random_schedules() {
    let scheduler = RandomScheduler::new_from_seed(0x00c0_ffee, 50_000);
    assert_eq!(run(scheduler, || race(Shards::new())), 50_000);
}

/// Few, rare changes of priority: finds what random schedules hardly ever do.
#[test]
fn v6a_one_of_concurrent_requests_gets_through_in_50_000_prioritised_schedules() {
    let scheduler = PctScheduler::new_from_seed(0x00c0_ffee, 3, 50_000);
    assert_eq!(run(scheduler, || race(Shards::new())), 50_000);
}

#[test]
#[should_panic(expected = "was admitted another number of times")]
fn the_schedules_find_a_check_that_is_apart_from_its_insert() {
    let race = || race(CheckThenInsert(Mutex::new(BTreeSet::new())));
    run(RandomScheduler::new_from_seed(1, 10_000), race);
}
