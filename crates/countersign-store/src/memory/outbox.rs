//! Waiting messages in memory.

use super::State;
use crate::outbox::{Message, NewMessage, OutboxId};
use countersign::{Timestamp, UserId};
use std::time::Duration;

/// A message that was not handed over.
pub(super) struct Waiting {
    content: NewMessage,
    due: Timestamp,
    failures: u32,
}

impl Waiting {
    pub(super) fn concerns(&self, user: UserId, address: &str) -> bool {
        self.content.user == Some(user) || self.content.to == address
    }
}

impl State {
    pub(super) fn enqueue_message(&mut self, content: NewMessage, now: Timestamp) -> OutboxId {
        self.last_message += 1;
        let id = OutboxId(self.last_message);
        self.outbox.insert(id, Waiting { content, due: now, failures: 0 });
        id
    }

    pub(super) fn claim_messages(
        &mut self,
        limit: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Vec<Message> {
        self.outbox.retain(|_, waiting| now < waiting.content.expires);
        let mut due: Vec<_> = self
            .outbox
            .iter_mut()
            .filter(|(_, waiting)| waiting.due <= now)
            .map(|(&id, waiting)| (waiting.due, id, waiting))
            .collect();
        due.sort_unstable_by_key(|&(due, id, _)| (due, id));
        due.into_iter()
            .take(limit as usize)
            .map(|(_, id, waiting)| {
                waiting.due = now.plus(lease);
                Message { id, content: waiting.content.clone(), failures: waiting.failures }
            })
            .collect()
    }

    pub(super) fn message_sent(&mut self, id: OutboxId) {
        self.outbox.remove(&id);
    }

    pub(super) fn message_failed(&mut self, id: OutboxId, retry_at: Option<Timestamp>) {
        match (retry_at, self.outbox.get_mut(&id)) {
            (Some(retry_at), Some(waiting)) => {
                waiting.due = retry_at;
                waiting.failures = waiting.failures.saturating_add(1);
            }
            (None, Some(_)) => self.message_sent(id),
            (_, None) => {}
        }
    }
}
