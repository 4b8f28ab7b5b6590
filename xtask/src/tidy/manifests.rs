//! What every Cargo.toml of the workspace has in common.

use toml::{Table, Value};

use super::Finding;
use super::tree::{File, Tree};

/// Names that say nothing about what is inside, and so collect everything.
const DRAWERS: [&str; 8] =
    ["common", "core", "helpers", "macros", "misc", "types", "util", "utils"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.manifests().flat_map(|(folder, file)| check_manifest(folder, file)).collect()
}

fn check_manifest(folder: &str, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |sentence: String| findings.push(Finding::in_file(&file.path, sentence));
    let manifest = match file.text.parse::<Table>() {
        Ok(manifest) => manifest,
        Err(error) => {
            found(format!("is not TOML: {}", error.message()));
            return findings;
        }
    };
    let name = manifest.get("package").and_then(|package| package.get("name"));
    if name.and_then(Value::as_str) != Some(folder) {
        found(format!("the crate has to have the name of its folder, {folder}"));
    }
    if folder.split('-').any(|part| DRAWERS.contains(&part)) {
        found(format!("{folder} is a drawer name; name the crate by what it does"));
    }
    if !inherits(manifest.get("lints")) {
        found("the lints have to come from the workspace: `[lints] workspace = true`".to_owned());
    }
    for (dependency, value) in all_dependencies(&manifest) {
        if !inherits(Some(value)) {
            found(format!(
                "the version of {dependency} belongs in [workspace.dependencies] of the root \
                 Cargo.toml; here it is `{dependency} = {{ workspace = true }}`"
            ));
        }
    }
    findings
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn all_dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(of_targets)
        .flat_map(|table| SECTIONS.into_iter().filter_map(move |section| table.get(section)))
        .filter_map(Value::as_table)
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a-b\"\n[lints]\nworkspace = true\n\
                        [dependencies]\nserde = { workspace = true }\n";

    fn findings(folder: &str, text: &str) -> Vec<Finding> {
        check(&Tree::of(&[(&format!("crates/{folder}/Cargo.toml"), text)]))
    }

    #[test]
    fn a_manifest_that_inherits_everything_is_fine() {
        assert_eq!(findings("a-b", GOOD), []);
    }

    #[test]
    fn each_departure_is_found() {
        for (text, expected) in [
            (GOOD.replace("a-b", "other"), "the name of its folder"),
            (GOOD.replace("[lints]\nworkspace = true\n", ""), "the lints have to come"),
            (GOOD.replace("workspace = true }", "version = \"1\" }"), "the version of serde"),
            (format!("{GOOD}[dev-dependencies]\nhex = \"1\""), "the version of hex"),
            (format!("{GOOD}[target.x.dependencies]\nhex = \"1\""), "the version of hex"),
            (format!("{GOOD}]"), "is not TOML"),
        ] {
            let found = findings("a-b", &text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].sentence.contains(expected), "{found:?}");
        }
    }

    #[test]
    fn drawer_names_are_found() {
        let found = findings("a-utils", &GOOD.replace("a-b", "a-utils"));
        assert!(found[0].sentence.contains("drawer name"), "{found:?}");
    }
}
