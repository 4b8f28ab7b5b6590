//! One task owns a half. Everybody else asks it, and is answered when what follows from the question is durable.

use crate::clock::Clock;
use crate::control::{Answer, Command};
use countersign_keys::DiskError;
use countersign_league::goal;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Questions that wait; one more is answered with "busy".
const WAITING: usize = 256;
/// Nothing to wait for.
const LONG: Duration = Duration::from_secs(3600);

/// A half: pure parts, and what they want done. After every call the actor calls [`Half::carry_out`].
pub(crate) trait Half: Send + 'static {
    /// A frame of the link.
    fn frame(&mut self, frame: &[u8], now: u64);
    /// The sheet.
    fn sense(&mut self, input: goal::Input, now: u64);
    /// A command of the control socket.
    fn obey(&mut self, command: &Command, now: u64) -> Answer;
    /// What time alone changes.
    fn handle_timeout(&mut self, now: u64);
    /// When.
    fn poll_timeout(&self) -> Option<u64>;
    /// Does in order what is wanted. After an error nothing may be done or answered any more.
    fn carry_out(&mut self, said: &mpsc::Sender<Vec<u8>>, now: u64) -> Result<(), DiskError>;
}

type Reply = Box<dyn FnOnce() + Send>;
type Job<H> = Box<dyn FnOnce(&mut H, u64) -> Reply + Send>;

/// No answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Busy {
    /// Too many wait.
    #[error("too much to do; try again soon")]
    Full,
    /// The half has ended.
    #[error("the device is ending")]
    Ended,
}

/// Asks the half. Cheap to clone.
pub(crate) struct Handle<H>(mpsc::Sender<Job<H>>);

impl<H> Clone for Handle<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H: Half> Handle<H> {
    /// Runs `work` on the half. The answer comes after everything that follows from it is done, or not at all.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut H, u64) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, outcome) = oneshot::channel();
        let job: Job<H> = Box::new(move |half, now| {
            let found = work(half, now);
            // Nobody waits any more if this fails.
            Box::new(move || drop(answer.send(found)))
        });
        self.0.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Busy::Full,
            mpsc::error::TrySendError::Closed(_) => Busy::Ended,
        })?;
        outcome.await.map_err(|_| Busy::Ended)
    }
}

/// What happens to a half.
pub(crate) struct Events {
    /// Frames of the link.
    pub(crate) heard: mpsc::Receiver<Vec<u8>>,
    /// Readings of the sheet.
    pub(crate) felt: Option<mpsc::Receiver<goal::Input>>,
    /// Told to end.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The task that owns a half.
pub(crate) struct Actor<H> {
    half: H,
    clock: Clock,
    jobs: mpsc::Receiver<Job<H>>,
    said: mpsc::Sender<Vec<u8>>,
}

impl<H: Half> Actor<H> {
    pub(crate) fn new(half: H, clock: Clock, said: mpsc::Sender<Vec<u8>>) -> (Self, Handle<H>) {
        let (handle, jobs) = mpsc::channel(WAITING);
        (Self { half, clock, jobs, said }, Handle(handle))
    }

    /// Runs on a thread of its own, so that a slow disk does not keep anybody else waiting, until it is told to end.
    ///
    /// The outcome is why it ended: told to, or the disk.
    pub(crate) fn start(
        self,
        events: Events,
    ) -> std::io::Result<oneshot::Receiver<Result<(), DiskError>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (ended, outcome) = oneshot::channel();
        let thread = std::thread::Builder::new().name("device".to_owned());
        thread.spawn(move || drop(ended.send(runtime.block_on(self.run(events)))))?;
        Ok(outcome)
    }

    async fn run(mut self, events: Events) -> Result<(), DiskError> {
        let Events { mut heard, felt, mut stop } = events;
        let (is_felt, mut felt) = match felt {
            Some(felt) => (true, felt),
            None => (false, mpsc::channel(1).1),
        };
        self.half.carry_out(&self.said, self.clock.now())?;
        loop {
            let wait = self.half.poll_timeout().map_or(LONG, |due| self.clock.until(due));
            let mut reply = None;
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                Some(frame) = heard.recv() => self.half.frame(&frame, self.clock.now()),
                Some(input) = felt.recv(), if is_felt => self.half.sense(input, self.clock.now()),
                Some(job) = self.jobs.recv() => reply = Some(job(&mut self.half, self.clock.now())),
                () = tokio::time::sleep(wait) => {}
            }
            let now = self.clock.now();
            self.half.carry_out(&self.said, now)?;
            if let Some(reply) = reply {
                reply();
            }
            if self.half.poll_timeout().is_some_and(|due| due <= now) {
                self.half.handle_timeout(now);
                self.half.carry_out(&self.said, now)?;
            }
        }
    }
}
