//! Each row of the league's table of faults and of an event's table of attacks names its tests, and they are there.
//!
//! ```text
//! | test                             | rule | rating | penalty |
//! | `row_of_the_table`, `other_test` | ...  | ...    | ...     |
//! ```

use super::Finding;
use super::checks::is_defined;
use super::tree::Tree;

const DOCUMENTS: [&str; 2] = ["docs/league.md", "docs/judging.md"];
const BEGIN: &str = "<!-- faults:begin -->";
const END: &str = "<!-- faults:end -->";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    DOCUMENTS.into_iter().flat_map(|document| check_document(tree, document)).collect()
}

fn check_document(tree: &Tree, path: &'static str) -> Vec<Finding> {
    let Some(document) = tree.file(path) else {
        return vec![Finding::in_file(path, "the document with the table of faults is missing")];
    };
    let Some((before, rest)) = document.text.split_once(BEGIN) else {
        return vec![Finding::in_file(path, format!("{BEGIN} is missing"))];
    };
    let Some((inside, _)) = rest.split_once(END) else {
        return vec![Finding::in_file(path, format!("{END} is missing"))];
    };
    let first = before.lines().count() + 1;
    let rows = inside.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    // The first two lines of a table are its head and the rule below it.
    let rows: Vec<_> = rows.skip(2).map(|(index, line)| (first + index, line)).collect();
    if rows.is_empty() {
        return vec![Finding::at(path, first, "the table of faults has no row")];
    }
    rows.into_iter().flat_map(|(number, row)| check_row(tree, path, number, row)).collect()
}

fn check_row(tree: &Tree, path: &'static str, number: usize, row: &str) -> Vec<Finding> {
    let cell = row.split('|').nth(1).unwrap_or_default();
    let tests: Vec<&str> = cell.split(',').map(str::trim).collect();
    let missing = tests.into_iter().filter_map(|test| {
        match test.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            None => Some(format!("a row begins with `name_of_its_test`, not with {test:?}")),
            Some(name) if is_defined(tree, name) => None,
            Some(name) => Some(format!("the test of this row, `fn {name}`, is not in crates/")),
        }
    });
    missing.map(|sentence| Finding::at(path, number, sentence)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "#[test]\nfn walks_off() {}\n#[test]\nfn is_hurt() {}\n";

    fn findings(rows: &str) -> Vec<String> {
        let document = format!("# x\n\n{BEGIN}\n| test | rule |\n|-|-|\n{rows}\n{END}\n");
        let [league, judging] = DOCUMENTS;
        let good = format!("{BEGIN}\n| test |\n|-|\n| `walks_off` |\n{END}\n");
        let code = ("crates/a/tests/it/faults.rs", CODE);
        let of = |documents: [(&'static str, &str); 2]| {
            let tree = Tree::of(&[documents[0], documents[1], code]);
            check(&tree).iter().map(Finding::to_string).collect::<Vec<_>>()
        };
        let found = of([(league, &document), (judging, &good)]);
        // The other document is looked at in the same way.
        let other = of([(league, &good), (judging, &document)]);
        assert_eq!(found.join("\n").replace(league, judging), other.join("\n"));
        found
    }

    #[test]
    fn a_row_with_its_tests_is_fine() {
        assert_eq!(findings("| `walks_off` | a |\n| `is_hurt`, `walks_off` | b |"), [""; 0]);
    }

    #[test]
    fn a_row_without_its_test_is_found_where_it_stands() {
        let found = findings("| `walks_off` | a |\n| `is_hurt`, `walks_of` | b |\n| none | c |");
        let expected = [
            "docs/league.md:7: the test of this row, `fn walks_of`, is not in crates/",
            "docs/league.md:8: a row begins with `name_of_its_test`, not with \"none\"",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_missing_table_is_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 2);
        assert_eq!(check(&Tree::of(&[(DOCUMENTS[0], "# x"), (DOCUMENTS[1], "# x")])).len(), 2);
        assert_eq!(findings("").len(), 1);
    }
}
