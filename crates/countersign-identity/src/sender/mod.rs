//! How messages leave: by SMTP, by a signed webhook, or, for development, into files.

pub mod dev;
pub mod outbox;
pub mod sms;
pub mod smtp;

pub use outbox::{Outbox, OutboxCounts, OutboxSettings};

use crate::config::{EmailConfig, MailMode, SmsConfig, SmsMode};
use crate::secret::ReadSecretError;
use crate::webhook::SecretError;
use countersign::Timestamp;
use countersign_store::{Channel, Message};
use dev::DevSender;
use sms::SmsSender;
use smtp::SmtpSender;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Notify;

/// Tells the outbox that there is something to send, so that nobody waits for the next poll.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

/// What sends each kind of message.
#[derive(Debug, Default)]
pub struct Senders {
    /// Sends mail.
    pub email: Option<MailSender>,
    /// Sends text messages.
    pub sms: Option<TextSender>,
}

/// A way for mail.
#[derive(Debug)]
pub enum MailSender {
    /// To a mail server.
    Smtp(SmtpSender),
    /// Into files, for development.
    Dev(DevSender),
}

/// A way for text messages.
#[derive(Debug)]
pub enum TextSender {
    /// To a webhook.
    Webhook(Box<SmsSender>),
    /// Into files, for development.
    Dev(DevSender),
}

/// Why a message was not handed over. The texts hold neither addresses nor codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The other side said that this message will never be accepted.
    #[error("the message was refused for good: {0}")]
    Refused(String),
    /// It did not work this time.
    #[error("the message could not be handed over: {0}")]
    Failed(String),
}

/// Why a configured sender cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SenderConfigError {
    /// `from` is no address.
    #[error("email.from must be an address, like \"League <login@league.example.org>\"")]
    From,
    /// Clear text to another machine.
    #[error(
        "email.mode = \"plain\" sends codes readable over the network; use starttls, or set email.allow_plain"
    )]
    PlainNotLoopback,
    /// No URL, or not a secure one.
    #[error("sms.url must be an https URL, or http to the loopback")]
    Url,
    /// A development sender with nowhere to write.
    #[error("mode = \"dev\" needs dev_directory, dev_log, or both")]
    DevNowhere,
    /// The secret is not there.
    #[error(transparent)]
    Secret(#[from] ReadSecretError),
    /// The secret has another form.
    #[error("sms.secret: {0}")]
    WebhookSecret(#[from] SecretError),
    /// The file with the certificate authority.
    #[error("the certificate authority in {path} cannot be used: {reason}")]
    Ca {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl Wake {
    /// There is something to send.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    async fn woken(&self) {
        self.0.notified().await;
    }
}

impl Senders {
    /// Builds what the configuration names; reads secret and certificate files. Needs a running tokio runtime.
    pub fn from_config(email: &EmailConfig, sms: &SmsConfig) -> Result<Self, SenderConfigError> {
        let email = match email.mode {
            MailMode::Off => None,
            MailMode::Starttls | MailMode::Tls | MailMode::Plain => {
                Some(MailSender::Smtp(SmtpSender::new(email)?))
            }
            MailMode::Dev => {
                Some(MailSender::Dev(DevSender::new(email.dev_directory.clone(), email.dev_log)?))
            }
        };
        let sms = match sms.mode {
            SmsMode::Off => None,
            SmsMode::Webhook => Some(TextSender::Webhook(Box::new(SmsSender::new(sms)?))),
            SmsMode::Dev => {
                Some(TextSender::Dev(DevSender::new(sms.dev_directory.clone(), sms.dev_log)?))
            }
        };
        Ok(Self { email, sms })
    }

    /// Hands one message over.
    pub async fn send(&self, message: &Message, now: Timestamp) -> Result<(), SendError> {
        match (message.content.channel, &self.email, &self.sms) {
            (Channel::Email, Some(MailSender::Smtp(smtp)), _) => smtp.send(message, now).await,
            (Channel::Sms, _, Some(TextSender::Webhook(sms))) => sms.send(message, now).await,
            (Channel::Email, Some(MailSender::Dev(dev)), _)
            | (Channel::Sms, _, Some(TextSender::Dev(dev))) => dev.send(message, now).await,
            (Channel::Email, None, _) | (Channel::Sms, _, None) => {
                Err(SendError::Failed("no sender is configured for its channel".to_owned()))
            }
        }
    }
}

/// An id that stays the same however often a message is sent, and differs from those of another database.
fn stable_id(message: &Message) -> String {
    format!("{:x}-{:x}", message.id.0, message.content.expires.as_millis())
}

fn read_ca(path: &Path) -> Result<Vec<u8>, SenderConfigError> {
    std::fs::read(path).map_err(|error| ca_error(path, error))
}

fn ca_error(path: &Path, reason: impl ToString) -> SenderConfigError {
    SenderConfigError::Ca { path: path.to_owned(), reason: reason.to_string() }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_the_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.1.2.3", true),
            ("[::1]", true),
            ("::1", true),
            ("localhost.example.org", false),
            ("192.0.2.1", false),
            ("0.0.0.0", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
