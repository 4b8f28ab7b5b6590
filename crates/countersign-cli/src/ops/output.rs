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

    /// Columns, each as wide as its widest cell; the first row is the head.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) -> io::Result<()> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            self.line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
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
