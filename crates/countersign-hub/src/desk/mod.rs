//! One thread owns the venue and its log. Everybody else asks it, and is answered when what follows from the question is durable.
//!
//! Whatever waits while the disk syncs is taken together into the next sync: alone, a vote waits for nobody, and under load one
//! sync serves hundreds.

mod obey;
mod state;

pub(crate) use state::{Desk, Effect, FirstCode, Opened, open};

use crate::clock::Clock;
use crate::control::{Answer, Command};
use countersign::Timestamp;
use countersign_judging::Venue;
use countersign_keys::DiskError;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};

/// Questions that wait; one more is answered with "busy". A vote that finds no place comes again: its sender has no receipt.
const WAITING: usize = 2_048;
/// At most so many share a sync: enough to hide it, few enough to bound the wait.
const BATCH: usize = 256;

/// Effects that wait to be carried out.
const EFFECTS: usize = 4_096;

/// The venue: the desk's thread changes it, whoever shows it reads.
pub(crate) type SharedVenue = Arc<RwLock<Venue>>;

type Reply = Box<dyn FnOnce() + Send>;
type Job = Box<dyn FnOnce(&mut Desk, &mut Venue, Timestamp) -> Reply + Send>;

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
        work: impl FnOnce(&mut Desk, &mut Venue, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, outcome) = oneshot::channel();
        let job: Job = Box::new(move |desk, venue, now| {
            let found = work(desk, venue, now);
            // Nobody may be waiting any more.
            Box::new(move || drop(answer.send(found)))
        });
        self.0.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Busy::Full,
            mpsc::error::TrySendError::Closed(_) => Busy::Ended,
        })?;
        outcome.await.map_err(|_| Busy::Ended)
    }

    /// The same from a thread that may wait until there is room; `false` if the desk has ended.
    pub(crate) fn send_from_thread(
        &self,
        work: impl FnOnce(&mut Desk, &mut Venue, Timestamp) + Send + 'static,
    ) -> bool {
        let job: Job = Box::new(move |desk, venue, now| {
            work(desk, venue, now);
            Box::new(|| {})
        });
        self.0.blocking_send(job).is_ok()
    }

    /// Gives a command of the control socket or of the organiser's page.
    pub(crate) async fn obey(&self, command: Command) -> Answer {
        let answer = if let Command::Merge { log } = command {
            self.merge(log).await
        } else {
            self.call(move |desk, venue, now| desk.obey(venue, &command, now)).await
        };
        answer.unwrap_or_else(Answer::refused)
    }

    /// Every vote of the other log is verified before the desk is bothered.
    async fn merge(&self, log: std::path::PathBuf) -> Result<Answer, Busy> {
        let context = self.call(|desk, _, _| desk.merge_context()).await?;
        let read = tokio::task::spawn_blocking(move || obey::read_other(&context, &log));
        match read.await.map_err(|_| Busy::Ended)? {
            Ok(other) => self.call(move |desk, venue, now| desk.merge(venue, &other, now)).await,
            Err(why) => Ok(Answer::refused(why)),
        }
    }
}

/// A desk at work.
pub(crate) struct Running {
    /// Asks it.
    pub(crate) handle: Handle,
    /// For others who have something to say.
    pub(crate) say: mpsc::Sender<Effect>,
    /// What is to be done when it is durable.
    pub(crate) effects: mpsc::Receiver<Effect>,
    /// Why it ended: nobody asks any more, or the disk.
    pub(crate) ended: oneshot::Receiver<Result<(), DiskError>>,
}

/// Gives the desk a thread of its own. It ends when the last handle is gone, or with the disk's error: then nothing that was not
/// durable has been answered.
pub(crate) fn start(desk: Desk, venue: SharedVenue, clock: Clock) -> std::io::Result<Running> {
    let (handle, jobs) = mpsc::channel(WAITING);
    let (effects, to_do) = mpsc::channel(EFFECTS);
    let (ended, outcome) = oneshot::channel();
    let thread = std::thread::Builder::new().name("desk".to_owned());
    let say = effects.clone();
    let at_work = move || drop(ended.send(run(desk, &venue, clock, jobs, &effects)));
    thread.spawn(at_work)?;
    Ok(Running { handle: Handle(handle), say, effects: to_do, ended: outcome })
}

fn run(
    mut desk: Desk,
    venue: &SharedVenue,
    clock: Clock,
    mut jobs: mpsc::Receiver<Job>,
    effects: &mpsc::Sender<Effect>,
) -> Result<(), DiskError> {
    let mut replies: Vec<Reply> = Vec::with_capacity(BATCH);
    while let Some(first) = jobs.blocking_recv() {
        {
            let mut venue = venue.write().unwrap_or_else(PoisonError::into_inner);
            let mut next = Some(first);
            while let Some(job) = next {
                replies.push(job(&mut desk, &mut venue, clock.now()));
                next = if replies.len() < BATCH { jobs.try_recv().ok() } else { None };
            }
        }
        for effect in desk.write_down()? {
            // Whoever carries them out has ended: so does the hub.
            if effects.blocking_send(effect).is_err() {
                return Ok(());
            }
        }
        replies.drain(..).for_each(|reply| reply());
    }
    Ok(())
}
