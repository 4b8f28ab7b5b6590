//! Where commands write: text by lines, or JSON.

use core::fmt::Display;
use serde_json::Value;
use std::io::{self, Write};

/// The standard output, or a test's memory.
pub(crate) struct Output<'w>(&'w mut dyn Write);

impl<'w> Output<'w> {
    pub(crate) fn new(out: &'w mut dyn Write) -> Self {
        Self(out)
    }

    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        unless_closed(writeln!(self.0, "{text}"))
    }

    pub(crate) fn json(&mut self, value: &Value) -> io::Result<()> {
        self.line(format_args!("{value:#}"))
    }
}

/// Whoever closed the pipe has seen enough; what was to be done is done to its end.
fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
