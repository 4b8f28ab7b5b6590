//! Messages for developers: into files, one each, and into the log. Never part of a production configuration.

use super::{SendError, SenderConfigError};
use countersign::Timestamp;
use countersign_store::Message;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{DirBuilder, OpenOptions, rename};
use tokio::io::AsyncWriteExt as _;

/// Log target of messages; they hold codes, so it is written only when the configuration says `dev_log`.
pub const LOG_TARGET: &str = "countersign::dev_mail";

/// Writes messages where a developer finds them.
#[derive(Debug)]
pub struct DevSender {
    directory: Option<PathBuf>,
    log: bool,
}

impl DevSender {
    /// With a directory, a log, or both.
    pub fn new(directory: Option<PathBuf>, log: bool) -> Result<Self, SenderConfigError> {
        if directory.is_none() && !log {
            return Err(SenderConfigError::DevNowhere);
        }
        Ok(Self { directory, log })
    }

    /// Writes one message to `<millis>-<id>.txt`, readable by its owner only, and to the log.
    pub async fn send(&self, message: &Message, now: Timestamp) -> Result<(), SendError> {
        let content = &message.content;
        let text =
            format!("To: {}\nSubject: {}\n\n{}\n", content.to, content.subject, content.body);
        if let Some(directory) = &self.directory {
            let name = format!("{}-{}.txt", now.as_millis(), message.id.0);
            let written = write(directory, &name, &text).await;
            written.map_err(|error| SendError::Failed(error.kind().to_string()))?;
        }
        if self.log {
            tracing::info!(target: LOG_TARGET, "\n{text}");
        }
        Ok(())
    }
}

/// The file gets its name when it is whole, so that whoever watches the directory never reads half a message.
async fn write(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).await?;
    let draft = directory.join(format!(".{name}.part"));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft).await?;
    file.write_all(text.as_bytes()).await?;
    file.flush().await?;
    rename(draft, directory.join(name)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_store::{Channel, NewMessage, OutboxId};
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn a_message_becomes_a_private_file() -> Result<(), Box<dyn std::error::Error>> {
        let parent = tempfile::tempdir()?;
        let directory = parent.path().join("mail");
        let sender = DevSender::new(Some(directory.clone()), false)?;
        let content = NewMessage {
            channel: Channel::Email,
            user: None,
            to: "ana@example.org".into(),
            subject: "Your code".into(),
            body: "7K3M9QXA".into(),
            expires: Timestamp::from_millis(2000),
        };
        let message = Message { id: OutboxId(3), content, failures: 0 };
        sender.send(&message, Timestamp::from_millis(1000)).await?;
        let path = directory.join("1000-3.txt");
        let text = std::fs::read_to_string(&path)?;
        assert_eq!(text, "To: ana@example.org\nSubject: Your code\n\n7K3M9QXA\n");
        assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&directory)?.permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&directory)?.count(), 1);
        Ok(())
    }

    #[test]
    fn nowhere_is_no_place() {
        assert!(matches!(DevSender::new(None, false), Err(SenderConfigError::DevNowhere)));
    }
}
