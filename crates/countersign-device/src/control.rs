//! The local socket `state/control.sock`: one JSON line for a command, one for its answer. Only the program's own user may.

use crate::actor::{Half, Handle};
use countersign_league::End;
use countersign_league::goal::Hit;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// Name of the socket in the state folder.
pub(crate) const SOCKET: &str = "control.sock";
/// Longest command.
const COMMAND_MAX: u64 = 4096;
/// Longest answer: a full view in words.
const ANSWER_MAX: u64 = 256 * 1024;
/// Connections at a time.
const CONNECTIONS: usize = 8;
/// Time for one command and its answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// One of the two goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Goal {
    /// The master's.
    North,
    /// The slave's.
    South,
}

impl From<Goal> for End {
    fn from(goal: Goal) -> Self {
        match goal {
            Goal::North => Self::North,
            Goal::South => Self::South,
        }
    }
}

/// What a person or a test can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    /// The sheet was hit.
    Hit {
        /// Which goal's.
        end: Goal,
        /// Highest reading.
        peak: u16,
        /// How long.
        duration_ms: u32,
    },
    /// The button was pressed.
    Button,
    /// Open the next lobby.
    OpenLobby,
    /// Tell everything.
    Show,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// Whether it was done.
    pub(crate) ok: bool,
    /// Why not; or what came of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) text: String,
    /// For [`Command::Show`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<serde_json::Value>,
}

impl Answer {
    pub(crate) fn done(text: &str) -> Self {
        Self { ok: true, text: text.to_owned(), state: None }
    }

    pub(crate) fn refused(why: &dyn core::fmt::Display) -> Self {
        Self { ok: false, text: why.to_string(), state: None }
    }

    /// Everything, for [`Command::Show`].
    pub(crate) fn state(state: &impl Serialize) -> Self {
        match serde_json::to_value(state) {
            Ok(state) => Self { ok: true, text: String::new(), state: Some(state) },
            Err(error) => Self::refused(&error),
        }
    }
}

/// A contact in the middle of the sheet that begins now.
pub(crate) fn contact(peak: u16, duration_ms: u32, now: u64) -> Hit {
    let duration = duration_ms.min(60_000);
    let rise = u16::try_from(duration / 4).unwrap_or(u16::MAX);
    Hit { at: now, peak, duration, rise, rows: 0b0001_1000, cols: 0b0011_1000 }
}

/// Why a command could not be given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// Nobody is there.
    #[error(
        "nothing answers at {}: {source}. Start the half first, or name its socket with --socket", path.display()
    )]
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody is there and does not answer.
    #[error("{} gave no answer: {why}", path.display())]
    Silent {
        /// The socket.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It said no.
    #[error("{0}")]
    Refused(String),
    /// The socket cannot be made.
    #[error("the control socket {} cannot be opened: {source}", path.display())]
    Open {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Opens the socket in a folder that is locked for this program: what lies there is of a run that has ended.
pub(crate) fn open(folder: &Path) -> Result<UnixListener, ControlError> {
    let path = folder.join(SOCKET);
    let bind = || {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let socket = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(socket)
    };
    bind().map_err(|source| ControlError::Open { path: path.clone(), source })
}

/// Answers until the program ends.
pub(crate) async fn serve<H: Half>(socket: UnixListener, handle: Handle<H>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match socket.accept().await {
            Ok((stream, _)) => {
                let handle = handle.clone();
                tokio::spawn(async move {
                    let served = tokio::time::timeout(DEADLINE, answer(stream, &handle)).await;
                    if !matches!(served, Ok(Ok(()))) {
                        tracing::debug!("a control connection broke off");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket takes no connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer<H: Half>(mut stream: UnixStream, handle: &Handle<H>) -> io::Result<()> {
    let mut line = Vec::new();
    let (read, mut write) = stream.split();
    BufReader::new(read).take(COMMAND_MAX).read_until(b'\n', &mut line).await?;
    let answer = match serde_json::from_slice::<Command>(&line) {
        Err(error) => Answer::refused(&format_args!("not a command: {error}")),
        Ok(command) => match handle.call(move |half, now| half.obey(&command, now)).await {
            Ok(answer) => answer,
            Err(busy) => Answer::refused(&busy),
        },
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// Gives a command to the half whose socket this is; an answer that says no is an error.
pub(crate) async fn ask(path: &Path, command: &Command) -> Result<Answer, ControlError> {
    let stream = UnixStream::connect(path).await;
    let mut stream =
        stream.map_err(|source| ControlError::Connect { path: path.to_owned(), source })?;
    let exchange = async {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = Vec::new();
        BufReader::new(stream).take(ANSWER_MAX).read_until(b'\n', &mut answer).await?;
        Ok::<Answer, io::Error>(serde_json::from_slice(&answer)?)
    };
    let silent = |why: String| ControlError::Silent { path: path.to_owned(), why };
    let answer = tokio::time::timeout(DEADLINE, exchange)
        .await
        .map_err(|_| silent("it took too long".to_owned()))?
        .map_err(|error| silent(error.to_string()))?;
    match answer.ok {
        true => Ok(answer),
        false => Err(ControlError::Refused(answer.text)),
    }
}
