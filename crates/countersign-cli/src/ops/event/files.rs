//! The organiser's files: TOML for the event, CSV for the long lists.

use super::EventError;
use countersign_keys::disk::read_up_to;
use countersign_server::desk::event::{Plan, PlanError, Source, Sources};
use countersign_store::event::Seat;
use std::path::{Path, PathBuf};

/// Longer files are not read.
const FILE_MAX: usize = 4 * 1024 * 1024;

/// Where the parts of an event are described.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Files {
    /// Event, categories, rounds and hubs
    #[arg(value_name = "EVENT.TOML")]
    event: PathBuf,
    /// Columns id, title, table, categories (blanks between them), anchor (yes or nothing)
    #[arg(long, value_name = "FILE.CSV")]
    projects: PathBuf,
    /// Columns id, name, email, and if you like capacity and categories
    #[arg(long, value_name = "FILE.CSV")]
    judges: PathBuf,
    /// Columns judge, project: who must not judge what
    #[arg(long, value_name = "FILE.CSV")]
    conflicts: Option<PathBuf>,
}

/// A file that was read.
struct Found {
    name: String,
    content: Vec<u8>,
}

impl Files {
    /// Reads all of them. Assignments and salt are not in files.
    pub(super) fn read(&self, salt: Option<String>) -> Result<(Plan, Vec<Seat>), EventError> {
        let conflicts = self.conflicts.as_deref().map(read).transpose()?;
        let (event, projects) = (read(&self.event)?, read(&self.projects)?);
        let judges = read(&self.judges)?;
        let sources = Sources {
            event: event.source(),
            projects: projects.source(),
            judges: judges.source(),
            conflicts: conflicts.as_ref().map(Found::source),
        };
        Ok(sources.read(salt)?)
    }
}

impl Found {
    fn source(&self) -> Source<'_> {
        Source { name: &self.name, content: &self.content }
    }
}

fn read(path: &Path) -> Result<Found, EventError> {
    let name = path.display().to_string();
    match read_up_to(path, FILE_MAX)? {
        Some(file) => Ok(Found { name, content: file.content.to_vec() }),
        None => {
            let what = "there is no such file".to_owned();
            Err(PlanError::Table { file: name, what }.into())
        }
    }
}
