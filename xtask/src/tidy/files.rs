//! Files stay short, have names that say something, and do not put tests aside.

use super::Finding;
use super::tree::{File, Tree};

/// Lines before the tests; a longer file is two files.
const LINES_MAX: usize = 500;

/// Names that say nothing about what is inside, and so collect everything.
const DRAWERS: [&str; 6] = ["common", "helpers", "misc", "types", "util", "utils"];

const FOLDERS: &[&str] = &["crates/", "fuzz/", "xtask/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust(FOLDERS) {
        let is_product = !file.path.contains("/tests/");
        let lines = lines_before_the_tests(&file.text);
        if is_product && lines > LINES_MAX {
            let sentence =
                format!("{lines} lines before the tests; above {LINES_MAX} it is two files");
            findings.push(Finding::in_file(&file.path, sentence));
        }
        if is_product && let Some(name) = drawer(&file.path) {
            let sentence = format!("`{name}` is a drawer name; name the file by what is in it");
            findings.push(Finding::in_file(&file.path, sentence));
        }
        findings.extend(ignored_tests(file));
    }
    findings
}

fn lines_before_the_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ")
    });
    // `#[cfg(test)] mod tests;` in the middle of a file declares tests that stand elsewhere.
    let is_inline = |at: &usize| lines[at + 1].trim_end().ends_with('{');
    tests.filter(is_inline).unwrap_or(lines.len())
}

/// The drawer name among the folders and the name of a file below `src/`.
fn drawer(path: &str) -> Option<&str> {
    let (_, below) = path.split_once("/src/")?;
    below.split('/').map(|part| part.trim_end_matches(".rs")).find(|part| DRAWERS.contains(part))
}

fn ignored_tests(file: &File) -> impl Iterator<Item = Finding> {
    let lines = file.text.lines().enumerate();
    lines.filter(|(_, line)| line.trim_start().starts_with("#[ignore")).map(|(index, _)| {
        let sentence = "a test that is ignored proves nothing; make it run, or remove it";
        Finding::at(&file.path, index + 1, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let code = "x\n".repeat(LINES_MAX);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
        assert!(findings("crates/a/src/b.rs", &format!("{code}{tests}")).is_empty());
        assert!(findings("crates/a/tests/b.rs", &format!("{code}{code}")).is_empty());
        let long = findings("crates/a/src/b.rs", &format!("{code}x\n{tests}"));
        assert_eq!(long.len(), 1);
        assert!(long[0].contains("501 lines"), "{long:?}");
    }

    #[test]
    fn tests_that_stand_in_another_file_do_not_end_the_count() {
        let text = format!("#[cfg(test)]\nmod tests;\n{}", "x\n".repeat(LINES_MAX));
        assert_eq!(findings("crates/a/src/b.rs", &text).len(), 1);
    }

    #[test]
    fn drawer_names_are_found_in_src_alone() {
        assert!(findings("crates/a/src/utils.rs", "")[0].contains("`utils`"));
        assert!(findings("crates/a/src/common/mod.rs", "")[0].contains("`common`"));
        assert!(findings("crates/a/tests/it/common.rs", "").is_empty());
        assert!(findings("crates/a/src/typesetter.rs", "").is_empty());
    }

    #[test]
    fn ignored_tests_are_found_everywhere() {
        for path in ["crates/a/src/b.rs", "crates/a/tests/it.rs", "xtask/src/b.rs"] {
            let text = "#[test]\n  #[ignore = \"slow\"]\nfn t() {}";
            assert!(findings(path, text)[0].starts_with(&format!("{path}:2:")));
        }
    }
}
