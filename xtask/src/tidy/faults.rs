//! Each row of the league's table of faults names its tests, and they are there.
//!
//! ```text
//! | test                             | rule | rating | penalty |
//! | `row_of_the_table`, `other_test` | ...  | ...    | ...     |
//! ```

use super::Finding;
use super::checks::is_defined;
use super::tree::Tree;

const DOCUMENT: &str = "docs/league.md";
const BEGIN: &str = "<!-- faults:begin -->";
const END: &str = "<!-- faults:end -->";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else {
        return vec![Finding::in_file(
            DOCUMENT,
            "the document with the table of faults is missing",
        )];
    };
    let Some((before, rest)) = document.text.split_once(BEGIN) else {
        return vec![Finding::in_file(DOCUMENT, format!("{BEGIN} is missing"))];
    };
    let Some((inside, _)) = rest.split_once(END) else {
        return vec![Finding::in_file(DOCUMENT, format!("{END} is missing"))];
    };
    let first = before.lines().count() + 1;
    let rows = inside.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    // The first two lines of a table are its head and the rule below it.
    let rows: Vec<_> = rows.skip(2).map(|(index, line)| (first + index, line)).collect();
    if rows.is_empty() {
        return vec![Finding::at(DOCUMENT, first, "the table of faults has no row")];
    }
    rows.into_iter().flat_map(|(number, row)| check_row(tree, number, row)).collect()
}

fn check_row(tree: &Tree, number: usize, row: &str) -> Vec<Finding> {
    let cell = row.split('|').nth(1).unwrap_or_default();
    let tests: Vec<&str> = cell.split(',').map(str::trim).collect();
    let missing = tests.into_iter().filter_map(|test| {
        match test.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            None => Some(format!("a row begins with `name_of_its_test`, not with {test:?}")),
            Some(name) if is_defined(tree, name) => None,
            Some(name) => Some(format!("the test of this row, `fn {name}`, is not in crates/")),
        }
    });
    missing.map(|sentence| Finding::at(DOCUMENT, number, sentence)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "#[test]\nfn walks_off() {}\n#[test]\nfn is_hurt() {}\n";

    fn findings(rows: &str) -> Vec<String> {
        let document = format!("# x\n\n{BEGIN}\n| test | rule |\n|-|-|\n{rows}\n{END}\n");
        let tree = Tree::of(&[(DOCUMENT, &document), ("crates/a/tests/it/faults.rs", CODE)]);
        check(&tree).iter().map(Finding::to_string).collect()
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
        assert_eq!(check(&Tree::of(&[])).len(), 1);
        assert_eq!(check(&Tree::of(&[(DOCUMENT, "# x")])).len(), 1);
        assert_eq!(findings("").len(), 1);
    }
}
