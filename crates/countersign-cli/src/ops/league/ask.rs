//! What has to be said before something is changed: why, and that it is meant.

use super::LeagueError;
use crate::client::input;
use crate::output::note;

/// Most bytes of a reason.
const REASON_MAX: usize = 500;

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

/// One line that says something.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("say why, in a few words".to_owned());
    }
    if text.len() > REASON_MAX {
        return Err(format!("at most {REASON_MAX} bytes are kept"));
    }
    match text.chars().any(char::is_control) {
        true => Err("a reason is one line without control characters".to_owned()),
        false => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_in_one_line() {
        assert_eq!(reason(" stolen in Lyon "), Ok("stolen in Lyon".to_owned()));
        assert!(reason(&"x".repeat(REASON_MAX)).is_ok());
        for bad in ["", "  ", "one\ntwo", "\u{1b}[2J", &"x".repeat(REASON_MAX + 1)] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
    }
}
