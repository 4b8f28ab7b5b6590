//! Each check of the protocol has a row in its document, an anchor in the code and a test.
//!
//! An anchor is a comment with the id in brackets, `// [V4] the signature`. In a doc comment it
//! stands in backticks, because rustdoc takes bare brackets for a link.

use super::Finding;
use super::table::{self, DOCUMENT, Place, Row};
use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else {
        return vec![Finding::in_file(
            DOCUMENT,
            "the document with the table of checks is missing",
        )];
    };
    let (rows, mut findings) = table::parse(&document.text);
    for row in &rows {
        for place in &row.code {
            findings.extend(check_place(tree, row, place).err());
        }
        for test in row.tests.iter().filter(|test| !is_defined(tree, test)) {
            let sentence =
                format!("the test of {}, `fn {test}`, is not in crates/ or fuzz/", row.id);
            findings.push(Finding::at(DOCUMENT, row.line, sentence));
        }
    }
    findings.extend(anchors_without_a_row(tree, &rows));
    findings
}

fn check_place(tree: &Tree, row: &Row, place: &Place) -> Result<(), Finding> {
    let problem = |sentence: String| Err(Finding::at(DOCUMENT, row.line, sentence));
    let Row { id, .. } = row;
    let Place { name, file: wanted } = place;
    let matching: Vec<&File> =
        tree.rust(&["crates/"]).filter(|file| is_named(&file.path, wanted)).collect();
    let file = match matching.as_slice() {
        [] => return problem(format!("the file of {id}, {wanted}, is not below crates/")),
        [file] => file,
        [first, second, ..] => {
            let (first, second) = (&first.path, &second.path);
            return problem(format!(
                "{wanted} of {id} may be {first} or {second}; write more of it"
            ));
        }
    };
    if !anchors(file).any(|(_, anchor)| anchor == *id) {
        return problem(format!(
            "{} has no comment with the anchor [{id}] (in a doc comment it stands in backticks)",
            file.path
        ));
    }
    if !has_word(&file.text, name) {
        return problem(format!("the code of {id}, `{name}`, is not in {}", file.path));
    }
    Ok(())
}

fn anchors_without_a_row<'a>(
    tree: &'a Tree,
    rows: &'a [Row],
) -> impl Iterator<Item = Finding> + 'a {
    let sources = tree.rust(&["crates/"]).filter(|file| file.path.contains("/src/"));
    sources.flat_map(anchors_with_their_file).filter_map(|(file, line, id)| {
        let is_known = rows.iter().any(|row| row.id == id);
        (!is_known).then(|| {
            Finding::at(&file.path, line, format!("[{id}] is not in the table of {DOCUMENT}"))
        })
    })
}

fn anchors_with_their_file(file: &File) -> impl Iterator<Item = (&File, usize, &str)> {
    anchors(file).map(move |(line, id)| (file, line, id))
}

/// The ids in brackets in the comments of a file, with their lines.
fn anchors(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.text.lines().enumerate().flat_map(|(index, line)| {
        let comment = line.split_once("//").map_or("", |(_, comment)| comment);
        let bracketed = comment.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
        bracketed.map(move |(id, _)| (index + 1, id)).filter(|(_, id)| table::is_id(id))
    })
}

fn is_named(path: &str, wanted: &str) -> bool {
    path.strip_suffix(wanted).is_some_and(|before| before.ends_with('/'))
}

pub(super) fn is_defined(tree: &Tree, function: &str) -> bool {
    let definition = format!("fn {function}");
    tree.rust(&["crates/", "fuzz/"]).any(|file| has_word(&file.text, &definition))
}

/// Whether the words stand in the text, and not as a part of longer ones.
fn has_word(text: &str, words: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !before.is_some_and(goes_on) && !after.is_some_and(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "| V4a | the signature | `Resolved::authenticate` (verify.rs) | bad_sig |";
    const CODE: &str = "// [V4a] strict\nfn authenticate() {}\n#[test]\nfn bad_sig() {}\n";

    fn findings(row: &str, code: &str) -> Vec<Finding> {
        let document = format!(
            "<!-- checks:begin -->\n| id | check | code | test |\n|-|-|-|-|\n{row}\n\
             <!-- checks:end -->\n"
        );
        check(&Tree::of(&[(DOCUMENT, &document), ("crates/a/src/verify.rs", code)]))
    }

    #[test]
    fn a_check_with_anchor_and_test_is_fine() {
        assert_eq!(findings(ROW, CODE), []);
        let in_a_doc_comment = CODE.replace("// [V4a]", "/// `[V4a]`");
        assert_eq!(findings(ROW, &in_a_doc_comment), []);
    }

    #[test]
    fn each_missing_part_is_found() {
        for (code, expected) in [
            (CODE.replace("[V4a]", ""), "no comment with the anchor [V4a]"),
            (CODE.replace("// [V4a]", "let x = y[V4a];"), "no comment with the anchor [V4a]"),
            (CODE.replace("[V4a]", "[V4]"), "no comment with the anchor [V4a]"),
            (CODE.replace("bad_sig", "bad_sign"), "`fn bad_sig`, is not in"),
            (CODE.replace("fn authenticate", "fn authenticated"), "`authenticate`, is not in"),
        ] {
            let found = findings(ROW, &code);
            assert!(found.iter().any(|one| one.sentence.contains(expected)), "{code}: {found:?}");
        }
    }

    #[test]
    fn an_anchor_without_a_row_is_found_where_it_stands() {
        let found = findings(ROW, &format!("{CODE}x(); // [R2] and [note] and [S1b]\n"));
        let places: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert_eq!(
            places,
            [
                "crates/a/src/verify.rs:5: [R2] is not in the table of docs/PROTOCOL.md",
                "crates/a/src/verify.rs:5: [S1b] is not in the table of docs/PROTOCOL.md",
            ]
        );
    }

    #[test]
    fn a_file_that_is_missing_or_ambiguous_is_found() {
        let found = findings(&ROW.replace("verify.rs", "other.rs"), CODE);
        assert!(found[0].sentence.contains("is not below crates/"), "{found:?}");
        let document = format!("<!-- checks:begin -->\n|\n|\n{ROW}\n<!-- checks:end -->\n");
        let files = [
            (DOCUMENT, document.as_str()),
            ("crates/a/verify.rs", CODE),
            ("crates/b/verify.rs", CODE),
        ];
        let found = check(&Tree::of(&files));
        assert!(found[0].sentence.contains("write more of it"), "{found:?}");
    }

    #[test]
    fn a_missing_document_is_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
