//! Reads the table of checks out of docs/PROTOCOL.md.
//!
//! ```text
//! | id  | check                | code                                         | test        |
//! | V4a | the signature is ... | `verify::Resolved::authenticate` (verify.rs) | `bad_sig`   |
//! ```
//!
//! A cell of code may name several places, a cell of tests several tests, with commas.

use super::Finding;

pub(super) const DOCUMENT: &str = "docs/PROTOCOL.md";
const BEGIN: &str = "<!-- checks:begin -->";
const END: &str = "<!-- checks:end -->";

/// The first letter of an id says who checks: V server on requests, R client on responses, S
/// client on pushes, A records, T statements, K key set, L login, M mesh, H hub on votes,
/// E server on events.
const LETTERS: &str = "VRSATKLMHEO";

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) id: String,
    pub(super) code: Vec<Place>,
    pub(super) tests: Vec<String>,
}

/// `path::to::name (file.rs)`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The last part of the path.
    pub(super) name: String,
    /// The end of a path below `crates/`.
    pub(super) file: String,
}

/// Every row that can be read, and a finding for every one that cannot.
pub(super) fn parse(document: &str) -> (Vec<Row>, Vec<Finding>) {
    let mut rows: Vec<Row> = Vec::new();
    let mut findings = Vec::new();
    let inside = |line: &&(usize, &str)| line.1.trim_start().starts_with('|');
    let Some(lines) = between_the_marks(document) else {
        let sentence = format!("the table of checks has to stand between {BEGIN} and {END}");
        return (rows, vec![Finding::in_file(DOCUMENT, sentence)]);
    };
    // The first two lines of a table are its head and the rule below it.
    for (number, line) in lines.iter().filter(inside).skip(2) {
        match parse_row(*number, line) {
            Err(sentence) => findings.push(Finding::at(DOCUMENT, *number, sentence)),
            Ok(row) if rows.iter().any(|earlier| earlier.id == row.id) => {
                let sentence = format!("the id {} is in the table twice", row.id);
                findings.push(Finding::at(DOCUMENT, *number, sentence));
            }
            Ok(row) => rows.push(row),
        }
    }
    if rows.is_empty() && findings.is_empty() {
        findings.push(Finding::in_file(DOCUMENT, "the table of checks has no row"));
    }
    (rows, findings)
}

/// Whether this is an id such as `V4` or `V4a`.
pub(super) fn is_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(|c: char| LETTERS.contains(c)) else { return false };
    let digits = rest.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(rest);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

fn between_the_marks(document: &str) -> Option<Vec<(usize, &str)>> {
    let mut lines = document.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.find(|(_, line)| line.trim() == BEGIN)?;
    let mut inside = Vec::new();
    for line in lines {
        if line.1.trim() == END {
            return Some(inside);
        }
        inside.push(line);
    }
    None
}

fn parse_row(line: usize, text: &str) -> Result<Row, String> {
    let cells = cells(text);
    let [id, _what, code, tests] = cells.as_slice() else {
        return Err(format!(
            "a row of checks has four cells, `| id | check | code (file.rs) | test |`, not {}",
            cells.len()
        ));
    };
    let id = plain(id);
    if !is_id(&id) {
        return Err(format!(
            "`{id}` is no id; an id is one of {LETTERS}, a number, perhaps a letter"
        ));
    }
    let code = places(code).ok_or_else(|| {
        format!("the code of {id} has to be `path::to::name (file.rs)`, several with commas")
    })?;
    let tests: Vec<String> =
        tests.split(',').map(last_name).filter(|test| !test.is_empty()).collect();
    if tests.is_empty() {
        return Err(format!("{id} names no test"));
    }
    Ok(Row { line, id, code, tests })
}

/// The cells between the outer bars; `\|` is a bar inside a cell.
fn cells(row: &str) -> Vec<String> {
    const ESCAPED: &str = "\u{1}";
    let row = row.trim().replace("\\|", ESCAPED);
    let row = row.strip_prefix('|').unwrap_or(&row);
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|').map(|cell| cell.trim().replace(ESCAPED, "|")).collect()
}

fn places(cell: &str) -> Option<Vec<Place>> {
    let cell = plain(cell);
    let parts: Vec<&str> = cell.split_terminator(')').collect();
    let place = |part: &&str| {
        let (path, file) = part.split_once('(')?;
        let place = Place {
            name: last_name(path.trim().trim_start_matches(',')),
            file: file.trim().to_owned(),
        };
        (!place.name.is_empty() && place.file.ends_with(".rs")).then_some(place)
    };
    let places: Option<Vec<Place>> = parts.iter().map(place).collect();
    places.filter(|places| !places.is_empty() && cell.ends_with(')'))
}

/// `c` of `` `a::b::c` ``
fn last_name(path: &str) -> String {
    let path = plain(path);
    path.rsplit("::").next().unwrap_or_default().trim().to_owned()
}

fn plain(cell: &str) -> String {
    cell.replace(['`', '*'], "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> String {
        format!("text\n{BEGIN}\n| id | check | code | test |\n|-|-|-|-|\n{rows}\n{END}\nmore\n")
    }

    #[test]
    fn a_row_is_read() {
        let text = "| **V4a** | a \\| b | `verify::Resolved::authenticate` (verify/request.rs), \
                    `b` (c.rs) | `t::one`, two |";
        let (rows, findings) = parse(&table(text));
        assert_eq!(findings, []);
        let place = |name: &str, file: &str| Place { name: name.into(), file: file.into() };
        let row = Row {
            line: 5,
            id: "V4a".into(),
            code: vec![place("authenticate", "verify/request.rs"), place("b", "c.rs")],
            tests: vec!["one".into(), "two".into()],
        };
        assert_eq!(rows, [row]);
    }

    #[test]
    fn broken_rows_are_found_at_their_line() {
        for (row, expected) in [
            ("| V1 | what | a (b.rs) |", "has four cells"),
            ("| X1 | what | a (b.rs) | t |", "is no id"),
            ("| V | what | a (b.rs) | t |", "is no id"),
            ("| V1 | what | a::b | t |", "the code of V1"),
            ("| V1 | what | a (b.md) | t |", "the code of V1"),
            ("| V1 | what | (b.rs) | t |", "the code of V1"),
            ("| V1 | what | | t |", "the code of V1"),
            ("| V1 | what | a (b.rs) | |", "names no test"),
        ] {
            let (rows, findings) = parse(&table(row));
            assert!(rows.is_empty(), "{row}");
            assert_eq!((findings.len(), findings[0].line), (1, 5), "{row}");
            assert!(findings[0].sentence.contains(expected), "{row}: {findings:?}");
        }
    }

    #[test]
    fn an_id_stands_once() {
        let (rows, findings) =
            parse(&table("| V1 | x | a (b.rs) | t |\n| V1 | y | a (b.rs) | t |"));
        assert_eq!(rows.len(), 1);
        assert!(findings[0].sentence.contains("twice"), "{findings:?}");
    }

    #[test]
    fn a_missing_or_empty_table_is_found() {
        let unmarked = parse("| V1 | x | a (b.rs) | t |").1;
        assert!(unmarked[0].sentence.contains("between"), "{unmarked:?}");
        let unclosed = parse(&table("").replace(END, "")).1;
        assert!(unclosed[0].sentence.contains("between"), "{unclosed:?}");
        assert!(parse(&table("")).1[0].sentence.contains("no row"));
    }

    #[test]
    fn ids_are_a_letter_a_number_and_perhaps_a_letter() {
        assert!(["V0", "V4a", "R12", "S1", "A3b", "K9", "L10z"].into_iter().all(is_id));
        assert!(!["", "V", "4", "v4", "V4A", "V4ab", "X1", "Va"].into_iter().any(is_id));
    }
}
