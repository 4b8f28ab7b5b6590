//! A few threads with a read-only connection each: readers never wait for the writer, nor the async runtime for the disk.

use crate::fault::Fault;
use crate::health::Health;
use countersign_store::{Result, StoreError};
use rusqlite::Connection;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Handle of the reading threads. Dropping it finishes what is queued.
pub(crate) struct Readers {
    queue: Option<Sender<Job>>,
    slots: Arc<Semaphore>,
    threads: Vec<JoinHandle<()>>,
    health: Arc<Health>,
}

impl Readers {
    pub(crate) fn start(
        connections: Vec<Connection>,
        waiting: usize,
        health: Arc<Health>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let slots = Arc::new(Semaphore::new(waiting));
        let mut readers = Self { queue: Some(queue), slots, threads: Vec::new(), health };
        for db in connections {
            let jobs = Arc::clone(&jobs);
            let thread = std::thread::Builder::new().name("store-reader".into());
            readers.threads.push(thread.spawn(move || serve(&db, &jobs))?);
        }
        Ok(readers)
    }

    /// Runs a query. One statement sees one state; whoever needs several must open a transaction.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.health.check()?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            // Nobody may be waiting any more.
            let _ = answer.send(work(db).map_err(StoreError::from));
            drop(slot);
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(job).map_err(|_| self.health.dropped())?;
        answered.await.map_err(|_| self.health.dropped())?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // It ended by a panic: there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn serve(db: &Connection, jobs: &Mutex<Receiver<Job>>) {
    // The lock is held while waiting, so one idle thread waits for work and the others wait for it.
    while let Some(job) = jobs.lock().ok().and_then(|jobs| jobs.recv().ok()) {
        job(db);
    }
}
