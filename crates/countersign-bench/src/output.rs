//! What the program says: results on standard output, everything else on standard error.

use std::io::Write;

/// A line of the result. A closed pipe is not an error: whoever closed it has seen enough.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// A line about what is going on.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
