//! A strict reader with limits.

use alloc::string::String;
use alloc::vec::Vec;

/// What a table may have. Each line ends with CRLF or LF, the last may have no end.
const BYTES_MAX: usize = 4 << 20;
const ROWS_MAX: usize = 1 << 15;
const CELLS_MAX: usize = 64;
const CELL_BYTES_MAX: usize = 4096;

/// Why a table is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct ReadError {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub kind: ReadErrorKind,
}

/// What is wrong with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadErrorKind {
    /// Too big.
    #[error("more than {most} {what}; split the table")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many may be.
        most: usize,
    },
    /// Another number of cells than the first row.
    #[error("{cells} cells where the first row has {expected}; put cells with a comma in quotes")]
    Width {
        /// Cells found.
        cells: usize,
        /// Cells of the first row.
        expected: usize,
    },
    /// A line without anything.
    #[error("an empty line; remove it")]
    Blank,
    /// Text between a closing quote and the next comma.
    #[error("text after a closing quote; a quote inside quotes is written twice")]
    AfterQuote,
    /// A quote in a cell that does not begin with one.
    #[error(
        "a quote inside a cell without quotes; put the cell in quotes and write the quote twice"
    )]
    QuoteInside,
    /// The end comes first.
    #[error("a quote is opened here and never closed")]
    Unclosed,
    /// CR without LF outside quotes.
    #[error("a carriage return without a line feed; lines end with CRLF or LF")]
    LoneReturn,
    /// A NUL byte.
    #[error("a NUL byte; save the table as UTF-8 text")]
    Nul,
    /// Not UTF-8.
    #[error("bytes that are not UTF-8; save the table as UTF-8")]
    Encoding,
}

/// Reads a table in which every row has as many cells as the first.
pub fn read(bytes: &[u8]) -> Result<Vec<Vec<String>>, ReadError> {
    let at = |line, kind| ReadError { line, kind };
    if bytes.len() > BYTES_MAX {
        return Err(at(1, too_much("bytes", BYTES_MAX)));
    }
    let text = core::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        at(line, ReadErrorKind::Encoding)
    })?;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rows, mut line) = (Vec::<Vec<String>>::new(), 1);
    while !rest.is_empty() {
        if rows.len() == ROWS_MAX {
            return Err(at(line, too_much("rows", ROWS_MAX)));
        }
        let (row, after) = row(rest).map_err(|kind| at(line, kind))?;
        let expected = rows.first().map_or(row.len(), Vec::len);
        if row.len() != expected {
            return Err(at(line, ReadErrorKind::Width { cells: row.len(), expected }));
        }
        let read = rest.len() - after.len();
        line += rest[..read].matches('\n').count();
        rest = after;
        rows.push(row);
    }
    Ok(rows)
}

/// A row and what comes after its end.
fn row(text: &str) -> Result<(Vec<String>, &str), ReadErrorKind> {
    if text.starts_with(['\r', '\n']) {
        return Err(ReadErrorKind::Blank);
    }
    let (mut cells, mut rest) = (Vec::new(), text);
    loop {
        if cells.len() == CELLS_MAX {
            return Err(too_much("cells in a row", CELLS_MAX));
        }
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => self::quoted(quoted)?,
            None => bare(rest)?,
        };
        if cell.len() > CELL_BYTES_MAX {
            return Err(too_much("bytes in a cell", CELL_BYTES_MAX));
        }
        if cell.contains('\0') {
            return Err(ReadErrorKind::Nul);
        }
        cells.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return line_end(after).map(|after| (cells, after)),
        }
    }
}

fn line_end(text: &str) -> Result<&str, ReadErrorKind> {
    match text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')) {
        Some(after) => Ok(after),
        None if text.is_empty() => Ok(text),
        None if text.starts_with('\r') => Err(ReadErrorKind::LoneReturn),
        None => Err(ReadErrorKind::AfterQuote),
    }
}

fn bare(text: &str) -> Result<(String, &str), ReadErrorKind> {
    let end = text.find([',', '\r', '\n', '"']).unwrap_or(text.len());
    let (cell, after) = text.split_at(end);
    if after.starts_with('"') { Err(ReadErrorKind::QuoteInside) } else { Ok((cell.into(), after)) }
}

fn quoted(text: &str) -> Result<(String, &str), ReadErrorKind> {
    let (mut cell, mut rest) = (String::new(), text);
    loop {
        let (before, after) = rest.split_once('"').ok_or(ReadErrorKind::Unclosed)?;
        cell.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Ok((cell, after)),
        }
    }
}

const fn too_much(what: &'static str, most: usize) -> ReadErrorKind {
    ReadErrorKind::TooMuch { what, most }
}
