//! What the program says: results on standard output, everything else on standard error.

use std::io::Write;

/// A line of the result. A closed pipe is not an error: whoever closed it has seen enough.
pub(crate) fn line(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// A line for people, about what is going on.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// What went wrong, and what to do about it.
pub(crate) fn error(text: &dyn core::fmt::Display) {
    drop(writeln!(std::io::stderr(), "error: {text}"));
}
