//! What has to be said before something is changed: why, and that it is meant.

use super::LeagueError;
use crate::client::input;
use crate::output::note;
use countersign_server::desk::{Reason, ReasonRefused};

/// Why, for the audit log.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Why {
    /// Why; kept in the audit log, so leave out what must not be kept
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(super) reason: String,
}

/// Whether to ask before.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Sure {
    /// Do not ask before it is done
    #[arg(long)]
    yes: bool,
}

impl Sure {
    /// Goes on if `--yes` was given, or the word is typed.
    pub(super) fn confirm(self, what: &str, word: &str) -> Result<(), LeagueError> {
        if self.yes {
            return Ok(());
        }
        note(what);
        note(&format!("Type {word} to go on:"));
        match input::line() {
            Ok(Some(typed)) if typed == word => Ok(()),
            Ok(_) | Err(_) => Err(LeagueError::NotConfirmed(word.to_owned())),
        }
    }
}

fn reason(text: &str) -> Result<String, ReasonRefused> {
    Reason::parse(text).map(|reason| reason.as_str().to_owned())
}
