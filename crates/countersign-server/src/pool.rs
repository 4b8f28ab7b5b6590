//! A bounded queue in front of the verifying threads. What waits too long is refused, not served late.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The queue is full, or the job waited too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is overloaded")]
pub struct Shed;

/// How much may wait, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// Threads that verify.
    pub threads: usize,
    /// Jobs that may wait.
    pub queue: usize,
    /// Age at which a waiting job is dropped.
    pub max_wait: Duration,
}

/// Threads that run short, CPU-bound jobs, oldest first.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    limits: PoolLimits,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Threads that sleep; while there is none, nobody has to be woken, and that call is saved.
    idle: usize,
    closed: bool,
}

struct Job {
    since: Instant,
    work: Box<dyn FnOnce() + Send>,
}

impl core::fmt::Debug for Queue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.jobs.len()).finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts the threads. Fewer than asked for are fine; none is an error.
    pub fn start(limits: PoolLimits) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), ready: Condvar::new() });
        let threads = (0..limits.threads.max(1)).map(|number| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("verify-{number}"));
            thread.spawn(move || shared.work(limits.max_wait))
        });
        let threads = threads.collect::<Result<_, _>>()?;
        Ok(Self { shared, limits, threads })
    }

    /// Runs a job on one of the threads and waits for its result without blocking.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Shed> {
        let (reply, result) = oneshot::channel();
        let work = Box::new(move || drop(reply.send(job())));
        self.shared.push(Job { since: crate::clock::instant(), work }, self.limits.queue)?;
        // A job that was dropped because of its age drops its sender.
        result.await.map_err(|_| Shed)
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().jobs.len()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.ready.notify_all();
        for thread in self.threads.drain(..) {
            // A thread ends by itself; one that panicked has nothing left to say.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job, capacity: usize) -> Result<(), Shed> {
        let mut queue = self.lock();
        if queue.jobs.len() >= capacity || queue.closed {
            return Err(Shed);
        }
        queue.jobs.push_back(job);
        let someone_sleeps = queue.idle > 0;
        drop(queue);
        if someone_sleeps {
            self.ready.notify_one();
        }
        Ok(())
    }

    fn work(&self, max_wait: Duration) {
        while let Some(job) = self.next() {
            if crate::clock::instant().duration_since(job.since) <= max_wait {
                (job.work)();
            }
        }
    }

    /// The oldest job, as soon as there is one; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            match queue.jobs.pop_front() {
                None if queue.closed => return None,
                None => {
                    queue.idle += 1;
                    queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
                    queue.idle -= 1;
                }
                job => return job,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_WAIT: Duration = Duration::from_millis(200);

    fn pool(queue: usize) -> Arc<Pool> {
        Arc::new(Pool::start(PoolLimits { threads: 1, queue, max_wait: MAX_WAIT }).unwrap())
    }

    /// Occupies the only thread until the sender is dropped.
    async fn occupy(pool: &Arc<Pool>) -> std::sync::mpsc::Sender<()> {
        loop {
            let (release, blocked) = std::sync::mpsc::channel::<()>();
            let (started, running) = oneshot::channel();
            let pool = Arc::clone(pool);
            let job = move || (started.send(()).ok(), blocked.recv().ok());
            tokio::spawn(async move { pool.run(job).await });
            if running.await.is_ok() {
                return release;
            }
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_an_old_job_is_dropped() {
        let pool = pool(1);
        let release = occupy(&pool).await;
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|| ()).await }
        });
        while pool.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| ()).await, Err(Shed), "the queue holds one");
        tokio::time::sleep(2 * MAX_WAIT).await; // lets the waiting job grow old
        drop(release);
        assert_eq!(waiting.await.unwrap(), Err(Shed), "too old when its turn came");
    }

    #[tokio::test]
    async fn results_come_back() {
        assert_eq!(pool(8).run(|| 6 * 7).await, Ok(42));
    }
}
