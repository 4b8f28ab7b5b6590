//! One thread owns the venue and its log. Everybody else asks it, and is answered when what follows from the question is durable.
//!
//! Whatever waits while the disk syncs is taken together into the next sync: alone, a vote waits for nobody, and under load one
//! sync serves hundreds.

mod obey;
mod state;

pub(crate) use state::{Desk, Said, Settled};

use crate::clock::Clock;
use crate::control::{Answer, Command};
use countersign::Timestamp;
use countersign_keys::DiskError;
use tokio::sync::{mpsc, oneshot};

/// Questions that wait; one more is answered with "busy". A vote that finds no place comes again: its sender has no receipt.
const WAITING: usize = 2_048;
/// At most so many share a sync: enough to hide it, few enough to bound the wait.
const BATCH: usize = 256;

type Reply = Box<dyn FnOnce() + Send>;
type Job = Box<dyn FnOnce(&mut Desk, Timestamp) -> Reply + Send>;

/// No answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Busy {
    /// Too many wait.
    #[error("too much to do; try again soon")]
    Full,
    /// The hub ends.
    #[error("the hub is ending")]
    Ended,
}

/// Asks the desk. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Handle(mpsc::Sender<Job>);

impl Handle {
    /// Runs `work` on the desk. The answer comes after everything that it wrote is durable, or not at all.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, outcome) = oneshot::channel();
        // Nobody may be waiting any more.
        self.send(work, move |found| drop(answer.send(found)))?;
        outcome.await.map_err(|_| Busy::Ended)
    }

    /// The same for somebody who does not wait: `then` gets the answer when it is durable.
    pub(crate) fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk, Timestamp) -> T + Send + 'static,
        then: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), Busy> {
        let job: Job = Box::new(move |desk, now| {
            let found = work(desk, now);
            Box::new(move || then(found))
        });
        self.0.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Busy::Full,
            mpsc::error::TrySendError::Closed(_) => Busy::Ended,
        })
    }

    /// Gives a command of the control socket or of the organiser's page.
    pub(crate) async fn obey(&self, command: Command) -> Answer {
        match self.call(move |desk, now| desk.obey(&command, now)).await {
            Ok(answer) => answer,
            Err(busy) => Answer::refused(busy),
        }
    }
}

/// Gives the desk a thread of its own. It ends when the last handle is gone, or with the disk's error: then nothing that was not
/// durable has been answered.
pub(crate) fn start(
    desk: Desk,
    clock: Clock,
) -> std::io::Result<(Handle, oneshot::Receiver<Result<(), DiskError>>)> {
    let (handle, jobs) = mpsc::channel(WAITING);
    let (ended, outcome) = oneshot::channel();
    let thread = std::thread::Builder::new().name("desk".to_owned());
    // Nobody waits for the outcome of a hub that is ending anyway.
    thread.spawn(move || drop(ended.send(run(desk, clock, jobs))))?;
    Ok((Handle(handle), outcome))
}

fn run(mut desk: Desk, clock: Clock, mut jobs: mpsc::Receiver<Job>) -> Result<(), DiskError> {
    let mut replies: Vec<Reply> = Vec::with_capacity(BATCH);
    while let Some(first) = jobs.blocking_recv() {
        let mut next = Some(first);
        while let Some(job) = next {
            replies.push(job(&mut desk, clock.now()));
            next = if replies.len() < BATCH { jobs.try_recv().ok() } else { None };
        }
        desk.write_down()?;
        replies.drain(..).for_each(|reply| reply());
    }
    Ok(())
}
