//! Tables as RFC 4180 text: results and votes out, lists of projects and judges in.
//!
//! Written by hand in both directions: no reader at hand is strict (the `csv` crate takes `"a"b` for `ab`), and its writer knows
//! nothing of formulas. A spreadsheet takes a cell for a formula that begins with `=`, `+`, `-`, `@`, a tab or a line break, also
//! in their wide forms; a text that does, or that begins with an apostrophe, is written with an apostrophe before it and in quotes.
//! [`plain`] takes it off again. Numbers of ours are written as they are, the minus sign too.

mod read;
mod results;

pub use read::{ReadError, ReadErrorKind, read};
pub use results::{ProjectName, VoteRow, results, votes};

use alloc::string::String;
use core::fmt::Write;

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Somebody's text.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// Ten-thousandths, written as a decimal with four digits after the point.
    Decimal(i64),
    /// Nothing: a value that is missing. Empty text is written as `""`.
    Missing,
}

/// Writes a row and its line end.
pub fn write_row(out: &mut String, cells: &[Cell<'_>]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        // Writing to a string cannot fail.
        let _done = match cell {
            Cell::Text(text) => {
                push_text(out, text);
                Ok(())
            }
            Cell::Number(number) => write!(out, "{number}"),
            Cell::Decimal(parts) => {
                let sign = if *parts < 0 { "-" } else { "" };
                let size = parts.unsigned_abs();
                write!(out, "{sign}{}.{:04}", size / 10_000, size % 10_000)
            }
            Cell::Missing => Ok(()),
        };
    }
    out.push_str("\r\n");
}

/// A cell's text without the apostrophe that keeps a spreadsheet from computing it.
pub fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_live(rest)).unwrap_or(cell)
}

fn push_text(out: &mut String, text: &str) {
    let live = is_live(text);
    let needs_quotes = |c: char| matches!(c, ',' | '"' | '\r' | '\n');
    let outer_blank = text.starts_with(' ') || text.ends_with(' ');
    if !(live || text.is_empty() || outer_blank || text.contains(needs_quotes)) {
        out.push_str(text);
        return;
    }
    out.push('"');
    if live {
        out.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}

fn is_live(text: &str) -> bool {
    let first = |c| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'' | '＝' | '＋' | '－' | '＠')
    };
    text.starts_with(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn row(cells: &[Cell<'_>]) -> String {
        let mut out = String::new();
        write_row(&mut out, cells);
        out
    }

    #[test]
    fn no_text_is_a_formula_to_a_spreadsheet() {
        for text in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]
        {
            let written = row(&[Cell::Text(text)]);
            assert!(written.starts_with("\"'"), "{written}");
            assert_eq!(plain(&read(written.as_bytes()).unwrap()[0][0]), text);
        }
        assert_eq!(row(&[Cell::Text("'s-Hertogenbosch")]), "\"''s-Hertogenbosch\"\r\n");
        assert_eq!(plain("'s-Hertogenbosch"), "'s-Hertogenbosch");
        assert_eq!(row(&[Cell::Text("a=b, \"c\"")]), "\"a=b, \"\"c\"\"\"\r\n");
    }

    #[test]
    fn numbers_are_numbers_and_missing_is_not_empty() {
        let cells = [
            Cell::Number(-3),
            Cell::Decimal(-5),
            Cell::Decimal(1_234_567),
            Cell::Missing,
            Cell::Text(""),
        ];
        assert_eq!(row(&cells), "-3,-0.0005,123.4567,,\"\"\r\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(table in proptest::collection::vec(proptest::collection::vec("[ -~äß€=+@'\",\r\n\t-]{0,12}", 3), 1..6)) {
            let mut out = String::new();
            for cells in &table {
                let cells: Vec<_> = cells.iter().map(|cell| Cell::Text(cell)).collect();
                write_row(&mut out, &cells);
            }
            let again: Vec<Vec<String>> = read(out.as_bytes()).unwrap();
            let again: Vec<Vec<&str>> = again.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
            prop_assert_eq!(again, table.iter().map(|row| row.iter().map(String::as_str).collect()).collect::<Vec<Vec<_>>>());
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(rows) = read(&bytes) {
                let width = rows.first().map(Vec::len);
                prop_assert!(rows.iter().all(|row| Some(row.len()) == width));
            }
        }
    }

    #[test]
    fn tables_that_break_the_rules_are_refused_with_their_line() {
        let cases: Vec<(&[u8], usize, ReadErrorKind)> = vec![
            (b"a,b\r\nc\r\n", 2, ReadErrorKind::Width { cells: 1, expected: 2 }),
            (b"a,b\nc,d,e\n", 2, ReadErrorKind::Width { cells: 3, expected: 2 }),
            (b"a\n\nb", 2, ReadErrorKind::Blank),
            (b"a\n\"b\"c\n", 2, ReadErrorKind::AfterQuote),
            (b"a\nb\"c\n", 2, ReadErrorKind::QuoteInside),
            (b"a\n\"b\nc", 2, ReadErrorKind::Unclosed),
            (b"a\rb\n", 1, ReadErrorKind::LoneReturn),
            (b"a\n\0\n", 2, ReadErrorKind::Nul),
            (b"a\n\xff\n", 2, ReadErrorKind::Encoding),
        ];
        for (bytes, line, kind) in cases {
            assert_eq!(read(bytes), Err(ReadError { line, kind }), "{bytes:?}");
        }
        let long = String::from_utf8(vec![b'x'; 4097]).unwrap();
        let error = read(long.as_bytes()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::TooMuch { what: "bytes in a cell", most: 4096 });
        let wide = ",".repeat(200);
        let error = read(wide.as_bytes()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::TooMuch { what: "cells in a row", most: 64 });
    }

    #[test]
    fn both_line_ends_a_byte_order_mark_and_a_missing_last_end_are_fine() {
        let expected = vec![vec!["a", "b"], vec!["c\r\nd", ""]];
        for text in ["a,b\r\n\"c\r\nd\",\r\n", "\u{feff}a,b\n\"c\r\nd\",", "a,b\n\"c\r\nd\",\"\"\n"]
        {
            assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        assert_eq!(read(b"").unwrap(), Vec::<Vec<String>>::new());
    }
}
