//! Messages waiting to be sent, so that login answers do not wait for SMTP and nothing is lost at a crash.

use crate::login::Channel;
use countersign::{Timestamp, UserId};

/// Number of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub u64);

/// A message to enqueue.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// How it travels.
    pub channel: Channel,
    /// Whom it is about, for erasure; `None` before the account exists.
    pub user: Option<UserId>,
    /// Normalised address.
    pub to: String,
    /// Subject line; empty for SMS.
    pub subject: String,
    /// Plain text. May hold a code: never logged, deleted when sent.
    pub body: String,
    /// Not worth sending after this time.
    pub expires: Timestamp,
}

impl core::fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewMessage").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// A message that a sender has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number; also the provider's idempotency id.
    pub id: OutboxId,
    /// What to send.
    pub content: NewMessage,
    /// How often sending failed before.
    pub failures: u32,
}
