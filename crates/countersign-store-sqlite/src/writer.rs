//! The one writing thread: group commit.
//!
//! Whoever waits while an fsync runs is taken together into the next transaction. Each piece of work has a savepoint of
//! its own, so that a failing one undoes only itself, and is answered after the commit that makes it durable.

use crate::checkpoint::Checkpointer;
use crate::fault::{Fault, is_fatal};
use crate::health::Health;
use countersign_store::{Result, StoreError};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// At most this much work shares a commit: enough to hide the fsync, little enough to bound the wait.
const BATCH: usize = 256;

/// How long the queue must be empty before the log is emptied. Shorter than a second: that often the outbox asks for
/// messages to send, and with a longer time the log of a running server would never be emptied of those that were sent.
const IDLE: Duration = Duration::from_millis(500);

/// Work with its answer still open: given a connection, or the reason why there is none.
type Job = Box<dyn FnOnce(Result<&Connection, &str>) -> Outcome + Send>;

struct Outcome {
    keep: bool,
    reply: Reply,
}

/// Answers, given what became of the commit.
type Reply = Box<dyn FnOnce(Result<(), &str>) + Send>;

/// Handle of the writing thread. Dropping it finishes what is queued.
pub(crate) struct Writer {
    queue: Option<Sender<Job>>,
    slots: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
    health: Arc<Health>,
}

impl Writer {
    pub(crate) fn start(
        db: Connection,
        checkpointer: Checkpointer,
        waiting: usize,
        health: Arc<Health>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let of_thread = Arc::clone(&health);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(&db, checkpointer, &jobs, &of_thread))?;
        let slots = Arc::new(Semaphore::new(waiting));
        Ok(Self { queue: Some(queue), slots, thread: Some(thread), health })
    }

    /// Runs the work in a transaction; the answer comes after the commit.
    ///
    /// The work is done even if the caller stops waiting.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.health.check()?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let result = match db {
                Ok(db) => work(db).map_err(StoreError::from),
                Err(why) => Err(StoreError::Engine(why.to_owned())),
            };
            let keep = result.is_ok();
            let reply = Box::new(move |commit: Result<(), &str>| {
                let failed = commit.map_err(|why| StoreError::Engine(why.to_owned()));
                // Nobody may be waiting any more: the work is done all the same.
                let _ = answer.send(failed.and(result));
                drop(slot);
            });
            Outcome { keep, reply }
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(job).map_err(|_| self.health.dropped())?;
        answered.await.map_err(|_| self.health.dropped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It ended by a panic: there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn serve(db: &Connection, mut checkpointer: Checkpointer, jobs: &Receiver<Job>, health: &Health) {
    loop {
        let first = match checkpointer.log_is_empty() {
            true => jobs.recv().map_err(RecvTimeoutError::from),
            false => jobs.recv_timeout(IDLE),
        };
        let checkpoint = match first {
            // The caller learns it from the missing answer.
            Ok(_) if health.is_poisoned() => continue,
            Ok(first) => {
                let batch = std::iter::once(first).chain(jobs.try_iter()).take(BATCH);
                commit_together(db, batch, health);
                checkpointer.after_commit(db)
            }
            Err(RecvTimeoutError::Timeout) => checkpointer.when_idle(db),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if let Err(error) = checkpoint
            && is_fatal(&error)
        {
            poison(db, health, &error);
        }
    }
}

fn commit_together(db: &Connection, batch: impl Iterator<Item = Job>, health: &Health) {
    let mut replies = Vec::new();
    let mut done = execute(db, "BEGIN IMMEDIATE");
    for job in batch {
        let reply = match &done {
            Ok(()) => {
                let (reply, undone) = run_alone(db, job);
                done = undone;
                reply
            }
            Err(error) => job(Err(&error.to_string())).reply,
        };
        replies.push(reply);
    }
    let done = done.and_then(|()| execute(db, "COMMIT"));
    if let Err(error) = &done {
        let rolled_back = db.is_autocommit() || execute(db, "ROLLBACK").is_ok();
        if is_fatal(error) || !rolled_back {
            poison(db, health, error);
        }
    }
    let why = done.map_err(|error| error.to_string());
    for reply in replies {
        reply(why.as_ref().copied().map_err(String::as_str));
    }
}

/// Runs one job in its savepoint. An error means that the whole transaction is lost.
fn run_alone(db: &Connection, job: Job) -> (Reply, rusqlite::Result<()>) {
    if let Err(error) = execute(db, "SAVEPOINT job") {
        return (job(Err(&error.to_string())).reply, Err(error));
    }
    let Outcome { keep, reply } = job(Ok(db));
    let undone = match keep {
        true => Ok(()),
        // SQLite ends the whole transaction by itself after some errors, for example when the disk is full: then this
        // fails, and so does everything that was done before in the same transaction.
        false => execute(db, "ROLLBACK TO job"),
    };
    (reply, undone.and_then(|()| execute(db, "RELEASE job")))
}

fn poison(db: &Connection, health: &Health, error: &rusqlite::Error) {
    health.poison(error);
    // Closing must not copy a log that may be half lost; the next start reads from the disk what is really there.
    let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

fn execute(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(db: Connection, waiting: usize) -> Writer {
        let mut db = db;
        db.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)").unwrap();
        let checkpointer = Checkpointer::install(&mut db, Duration::ZERO).unwrap();
        Writer::start(db, checkpointer, waiting, Arc::default()).unwrap()
    }

    fn insert(n: i64) -> impl FnOnce(&Connection) -> Result<(), Fault> + Send + 'static {
        move |db| Ok(db.execute("INSERT INTO t VALUES (?1)", [n]).map(drop)?)
    }

    fn count(db: &Connection) -> Result<i64, Fault> {
        Ok(db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
        runtime.unwrap().block_on(work)
    }

    #[test]
    fn a_failing_job_undoes_only_itself() {
        let writer = Arc::new(start(Connection::open_in_memory().unwrap(), 1_000));
        block_on(async {
            // Keeps the thread busy until all others wait, so that they share a transaction.
            let (go, wait) = mpsc::channel::<()>();
            let first = {
                let writer = Arc::clone(&writer);
                tokio::spawn(async move { writer.run(move |_| Ok(wait.recv().is_ok())).await })
            };
            let jobs: Vec<_> = (0..100)
                .map(|n| {
                    let writer = Arc::clone(&writer);
                    tokio::spawn(async move {
                        let job = move |db: &Connection| {
                            insert(n)(db)?;
                            // The second half of every third job fails.
                            insert(if n % 3 == 0 { n } else { n + 1_000 })(db)
                        };
                        writer.run(job).await.is_ok()
                    })
                })
                .collect();
            go.send(()).unwrap();
            assert!(first.await.unwrap().unwrap());
            for (n, job) in jobs.into_iter().enumerate() {
                assert_eq!(job.await.unwrap(), n % 3 != 0);
            }
            assert_eq!(writer.run(count).await.unwrap(), 2 * 66);
        });
    }

    #[test]
    fn a_full_disk_fails_what_was_asked_and_nothing_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let db = Connection::open(dir.path().join("t.db")).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER PRIMARY KEY)")
            .unwrap();
        db.execute_batch("CREATE TABLE b (x); PRAGMA max_page_count = 50").unwrap();
        let writer = start(db, 10);
        block_on(async {
            writer.run(insert(1)).await.unwrap();
            let large = |db: &Connection| {
                Ok(db.execute("INSERT INTO b VALUES (zeroblob(1000000))", []).map(drop)?)
            };
            let error = writer.run(large).await.unwrap_err();
            assert!(matches!(error, StoreError::Engine(_)), "{error:?}");
            writer.run(insert(2)).await.unwrap();
            assert_eq!(writer.run(count).await.unwrap(), 2);
            assert!(!writer.health.is_poisoned());
        });
    }

    #[test]
    fn a_poisoned_writer_does_nothing_more() {
        let writer = start(Connection::open_in_memory().unwrap(), 10);
        block_on(async {
            writer.run(insert(1)).await.unwrap();
            writer.health.poison(&rusqlite::Error::InvalidQuery);
            let error = writer.run(insert(2)).await.unwrap_err();
            assert!(error.to_string().contains("until the process restarts"), "{error}");
        });
    }

    #[test]
    fn work_is_done_although_nobody_waits_for_the_answer() {
        let writer = start(Connection::open_in_memory().unwrap(), 1);
        block_on(async {
            let waiting = Box::pin(writer.run(insert(1)));
            let polled = poll_once(waiting).await;
            assert!(polled.is_none() || polled.is_some_and(|done| done.is_ok()));
            assert_eq!(writer.run(count).await.unwrap(), 1);
        });
    }

    async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
