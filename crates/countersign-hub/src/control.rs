//! The local socket `control.sock`: one JSON line for a command, one for its answer. Only the program's own user may.

use crate::desk::Handle;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// Name of the socket in the hub's folder.
const SOCKET: &str = "control.sock";
/// Longest command: a vote as a QR text is the longest thing in one.
const COMMAND_MAX: u64 = 8 * 1024;
/// Longest answer: the tally of a large event.
const ANSWER_MAX: u64 = 4 * 1024 * 1024;
/// Connections at a time.
const CONNECTIONS: usize = 8;
/// Time for a command to arrive, and for its answer to be taken.
const DEADLINE: Duration = Duration::from_secs(5);
/// Time for the work itself: a merge verifies every vote of another hub.
const WORK: Duration = Duration::from_secs(120);

/// What an organiser can ask of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Open a round.
    Open {
        /// Its number.
        round: u8,
    },
    /// Close a round.
    Close {
        /// Its number.
        round: u8,
    },
    /// Take nothing more from this judge's key.
    Revoke {
        /// Whose.
        judge: String,
    },
    /// Make a new event key.
    Rekey,
    /// What a relay box may have: the mesh's key and the hubs' public keys.
    Net,
    /// How things stand.
    Status,
    /// All methods side by side.
    Tally,
    /// A vote that was shown as a QR code.
    Scan {
        /// The text of the code.
        text: String,
    },
    /// Take over what another hub of this event has.
    Merge {
        /// Its log.
        log: PathBuf,
    },
    /// End the event: nothing is taken any more, and the log's head is signed.
    Seal,
    /// Write everything that a third party needs.
    Export {
        /// The folder, which is made.
        out: PathBuf,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether it was done.
    pub ok: bool,
    /// Why not; or what came of it, for people.
    pub text: String,
    /// The same for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<serde_json::Value>,
}

impl Answer {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { ok: true, text: text.into(), state: None }
    }

    pub(crate) fn refused(why: impl core::fmt::Display) -> Self {
        Self { ok: false, text: why.to_string(), state: None }
    }

    pub(crate) fn with(self, state: &impl Serialize) -> Self {
        match serde_json::to_value(state) {
            Ok(state) => Self { state: Some(state), ..self },
            Err(error) => Self::refused(error),
        }
    }
}

/// Why a command could not be given.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody is there.
    #[error("nothing answers at {}: {source}", path.display())]
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
pub(crate) async fn serve(socket: UnixListener, handle: Handle) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match socket.accept().await {
            Ok((stream, _)) => {
                let handle = handle.clone();
                tokio::spawn(async move {
                    if answer(stream, &handle).await.is_err() {
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

async fn answer(mut stream: UnixStream, handle: &Handle) -> io::Result<()> {
    let mut line = Vec::new();
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read).take(COMMAND_MAX);
    tokio::time::timeout(DEADLINE, read.read_until(b'\n', &mut line)).await??;
    let answer = match serde_json::from_slice::<Command>(&line) {
        Err(error) => Answer::refused(format_args!("not a command: {error}")),
        Ok(command) => handle.obey(command).await,
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    tokio::time::timeout(DEADLINE, write.write_all(&line)).await?
}

/// Gives a command to the hub that runs in this folder.
pub(crate) async fn ask(folder: &Path, command: &Command) -> Result<Answer, ControlError> {
    let path = folder.join(SOCKET);
    let stream = UnixStream::connect(&path).await;
    let mut stream =
        stream.map_err(|source| ControlError::Connect { path: path.clone(), source })?;
    let exchange = async {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = Vec::new();
        BufReader::new(stream).take(ANSWER_MAX).read_until(b'\n', &mut answer).await?;
        Ok::<Answer, io::Error>(serde_json::from_slice(&answer)?)
    };
    let silent = |why: String| ControlError::Silent { path: path.clone(), why };
    tokio::time::timeout(WORK, exchange)
        .await
        .map_err(|_| silent("it took too long".to_owned()))?
        .map_err(|error| silent(error.to_string()))
}
