//! The worker that empties the outbox.
//!
//! At least once: a message is leased while it is being sent, and only then forgotten, so a crash repeats it rather
//! than losing it; its stable id lets receivers drop the repetition. Never after its time: a code that arrives dead
//! only confuses.

use super::{SendError, Senders, Wake};
use crate::code::fill_random;
use countersign::Timestamp;
use countersign_store::{Message, Store, StoreError};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// How the outbox works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxSettings {
    /// Messages in transmission at once.
    pub concurrency: u32,
    /// Longest transmission.
    pub send_timeout: Duration,
    /// How long a claimed message is left to its sender; longer than `send_timeout`, or messages go out twice.
    pub lease: Duration,
    /// How often the store is asked without a wake-up: for retries, and for messages of other processes.
    pub poll: Duration,
}

/// What became of messages since the start of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// Handed over.
    pub sent: u64,
    /// Not handed over this time.
    pub failed: u64,
    /// Refused for good.
    pub refused: u64,
    /// Given up because their time was over.
    pub expired: u64,
}

/// Sends what the store holds. Build one per process and [`Outbox::run`] it.
#[derive(Debug)]
pub struct Outbox<S> {
    store: Arc<S>,
    senders: Senders,
    wake: Wake,
    settings: OutboxSettings,
    counts: watch::Sender<OutboxCounts>,
}

enum Outcome {
    Sent,
    Refused,
    Retry(Timestamp),
    Expired,
}

impl Default for OutboxSettings {
    /// 8 at once, 30 s each, lease 90 s, poll every second.
    fn default() -> Self {
        Self {
            concurrency: 8,
            send_timeout: Duration::from_secs(30),
            lease: Duration::from_secs(90),
            poll: Duration::from_secs(1),
        }
    }
}

impl<S: Store> Outbox<S> {
    /// A worker over this store; `wake` is the one that the flow got.
    pub fn new(store: Arc<S>, senders: Senders, wake: Wake, settings: OutboxSettings) -> Self {
        let counts = watch::Sender::new(OutboxCounts::default());
        Self { store, senders, wake, settings, counts }
    }

    /// The counters, and how to wait for them.
    pub fn counts(&self) -> watch::Receiver<OutboxCounts> {
        self.counts.subscribe()
    }

    /// Works until `shutdown`, then waits for what is being sent, at most the send time-out.
    pub async fn run<C>(self: Arc<Self>, clock: C, shutdown: impl Future<Output = ()> + Send)
    where
        C: Fn() -> Timestamp + Clone + Send + Sync + 'static,
    {
        let mut shutdown = pin!(shutdown);
        let mut sending = JoinSet::new();
        let mut poll = interval(self.settings.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = sending.join_next(), if !sending.is_empty() => {}
                () = self.wake.woken() => {}
                _ = poll.tick() => {}
            }
            while sending.try_join_next().is_some() {}
            for message in self.claim(sending.len(), clock()).await {
                let (outbox, clock) = (Arc::clone(&self), clock.clone());
                sending.spawn(async move { outbox.handle(message, clock).await });
            }
        }
        while sending.join_next().await.is_some() {}
    }

    async fn claim(&self, sending: usize, now: Timestamp) -> Vec<Message> {
        let sending = u32::try_from(sending).unwrap_or(u32::MAX);
        let free = self.settings.concurrency.saturating_sub(sending);
        if free == 0 {
            return Vec::new();
        }
        match self.store.claim_messages(free, now, self.settings.lease).await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::error!(%error, "the outbox could not be read; the next poll tries again");
                Vec::new()
            }
        }
    }

    async fn handle<C: Fn() -> Timestamp>(&self, message: Message, clock: C) {
        let outcome = self.transmit(&message, clock).await;
        let noted = self.note(&message, &outcome).await;
        self.counts.send_modify(|counts| match outcome {
            Outcome::Sent => counts.sent += 1,
            Outcome::Refused => counts.refused += 1,
            Outcome::Retry(_) => counts.failed += 1,
            Outcome::Expired => counts.expired += 1,
        });
        if let Err(error) = noted {
            // The lease ends by itself, and the message goes out once more.
            tracing::error!(message = message.id.0, %error, "the fate of a message could not be stored");
        }
    }

    async fn transmit<C: Fn() -> Timestamp>(&self, message: &Message, clock: C) -> Outcome {
        let (now, expires) = (clock(), message.content.expires);
        if now >= expires {
            return Outcome::Expired;
        }
        let longest = self.settings.send_timeout.min(expires.since(now));
        let sent = timeout(longest, self.senders.send(message, now)).await;
        let error = match sent {
            Ok(Ok(())) => return Outcome::Sent,
            Ok(Err(error)) => error,
            Err(_) => SendError::Failed("it took too long".to_owned()),
        };
        let channel = message.content.channel;
        tracing::warn!(message = message.id.0, ?channel, failures = message.failures, %error, "a message was not sent");
        match error {
            SendError::Refused(_) => Outcome::Refused,
            SendError::Failed(_) => {
                let retry_at = clock().plus(retry_delay(message.failures, random_byte()));
                if retry_at < expires { Outcome::Retry(retry_at) } else { Outcome::Expired }
            }
        }
    }

    async fn note(&self, message: &Message, outcome: &Outcome) -> Result<(), StoreError> {
        match outcome {
            Outcome::Sent => self.store.message_sent(message.id).await,
            Outcome::Retry(at) => self.store.message_failed(message.id, Some(*at)).await,
            Outcome::Refused | Outcome::Expired => {
                self.store.message_failed(message.id, None).await
            }
        }
    }
}

/// Doubles from two seconds to a minute; up to half of it is taken off at random, so that messages that failed
/// together do not come back together.
fn retry_delay(failures: u32, random: u8) -> Duration {
    let full = FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LONGEST_RETRY);
    full - full * u32::from(random) / 510
}

fn random_byte() -> u8 {
    let mut byte = [0];
    // Without randomness the delay is merely not spread.
    let _ = fill_random(&mut byte);
    byte[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_slow_down_to_a_minute_and_are_spread() {
        for (failures, longest) in [(0, 2), (1, 4), (2, 8), (4, 32), (5, 60), (u32::MAX, 60)] {
            let longest = Duration::from_secs(longest);
            assert_eq!(retry_delay(failures, 0), longest);
            assert_eq!(retry_delay(failures, 255), longest / 2);
        }
    }
}
