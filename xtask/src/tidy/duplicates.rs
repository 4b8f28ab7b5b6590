//! One version of each dependency: two cost compile time, and hide which one was audited.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Finding;
use super::tree::Tree;

const LOCK: &str = "Cargo.lock";
const DENY: &str = "deny.toml";

/// A row of `[bans] skip` in deny.toml, which cargo-deny reads too.
#[derive(Debug, PartialEq, Eq)]
struct Skip {
    name: String,
    /// All versions when it names none.
    version: Option<String>,
    has_reason: bool,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (Some(lock), Some(deny)) = (tree.file(LOCK), tree.file(DENY)) else {
        return vec![Finding::in_file(DENY, format!("both {LOCK} and {DENY} have to be there"))];
    };
    match (versions(&lock.text), skips(&deny.text)) {
        (Ok(versions), Ok(skips)) => compare(&versions, &skips),
        (Err(sentence), _) => vec![Finding::in_file(LOCK, sentence)],
        (_, Err(sentence)) => vec![Finding::in_file(DENY, sentence)],
    }
}

fn compare(versions: &BTreeMap<String, Vec<String>>, skips: &[Skip]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let excused = |version: &&String| skips.iter().any(|skip| skip.covers(name, version));
        let counted: Vec<&String> = versions.iter().filter(|version| !excused(version)).collect();
        if counted.len() > 1 {
            findings.push(Finding::in_file(
                LOCK,
                format!(
                    "{name} is there {} times ({}); unite them, or add to {DENY} under [bans] \
                     skip: {{ crate = \"{name}@{}\", reason = \"…\" }}",
                    versions.len(),
                    versions.join(", "),
                    counted[0]
                ),
            ));
        }
    }
    for skip in skips {
        let applies = versions.get(&skip.name).is_some_and(|versions| {
            versions.len() > 1 && versions.iter().any(|version| skip.covers(&skip.name, version))
        });
        if !applies {
            let sentence =
                format!("{skip} is not a duplicate any more; remove it from [bans] skip");
            findings.push(Finding::in_file(DENY, sentence));
        }
        if !skip.has_reason {
            findings.push(Finding::in_file(DENY, format!("{skip} is skipped without a reason")));
        }
    }
    findings
}

impl Skip {
    fn covers(&self, name: &str, version: &str) -> bool {
        self.name == name && self.version.as_ref().is_none_or(|only| only == version)
    }
}

impl std::fmt::Display for Skip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            None => f.write_str(&self.name),
            Some(version) => write!(f, "{}@{version}", self.name),
        }
    }
}

fn versions(lock: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let lock = parse(lock)?;
    let packages = lock.get("package").and_then(Value::as_array).ok_or("it lists no package")?;
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
        if let (Some(name), Some(version)) = (text("name"), text("version")) {
            versions.entry(name).or_default().push(version);
        }
    }
    Ok(versions)
}

fn skips(deny: &str) -> Result<Vec<Skip>, String> {
    let deny = parse(deny)?;
    let Some(skips) = deny.get("bans").and_then(|bans| bans.get("skip")) else {
        return Ok(Vec::new());
    };
    let skips = skips.as_array().ok_or("[bans] skip has to be a list")?;
    skips.iter().map(skip).collect()
}

fn skip(entry: &Value) -> Result<Skip, String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let spec = text("crate").ok_or(
        "each entry of [bans] skip has to be { crate = \"name@version\", reason = \"…\" }",
    )?;
    let (name, version) = match spec.split_once('@') {
        None => (spec, None),
        Some((name, version)) => (name, Some(version.to_owned())),
    };
    let has_reason = text("reason").is_some_and(|reason| !reason.trim().is_empty());
    Ok(Skip { name: name.to_owned(), version, has_reason })
}

fn parse(text: &str) -> Result<Table, String> {
    text.parse::<Table>().map_err(|error| format!("is not TOML: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(packages: &[(&str, &str)], skip: &str) -> Vec<String> {
        let lock: String = packages
            .iter()
            .map(|(name, version)| {
                format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")
            })
            .collect();
        let tree = Tree::of(&[(LOCK, &lock), (DENY, &format!("[bans]\nskip = [{skip}]\n"))]);
        check(&tree).iter().map(Finding::to_string).collect()
    }

    const TWICE: &[(&str, &str)] = &[("rand", "0.8.1"), ("rand", "0.9.0"), ("hex", "1.0.0")];

    #[test]
    fn one_version_of_each_is_fine() {
        assert!(findings(&[("rand", "0.8.1"), ("hex", "1.0.0")], "").is_empty());
    }

    #[test]
    fn a_duplicate_is_found_with_the_line_that_would_excuse_it() {
        let found = findings(TWICE, "");
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("{ crate = \"rand@0.8.1\", reason"), "{found:?}");
    }

    #[test]
    fn a_reason_excuses_a_duplicate() {
        assert!(findings(TWICE, "{ crate = \"rand@0.8.1\", reason = \"x uses it\" }").is_empty());
        assert!(findings(TWICE, "{ crate = \"rand\", reason = \"x uses it\" }").is_empty());
    }

    #[test]
    fn a_third_version_needs_a_second_reason() {
        let thrice = [TWICE, &[("rand", "0.10.0")]].concat();
        let found = findings(&thrice, "{ crate = \"rand@0.8.1\", reason = \"x uses it\" }");
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn useless_silent_and_broken_entries_are_found() {
        for (entry, expected) in [
            ("{ crate = \"hex@1.0.0\", reason = \"x\" }", "not a duplicate any more"),
            ("{ crate = \"rand@0.7.0\", reason = \"x\" }", "not a duplicate any more"),
            ("{ crate = \"rand@0.8.1\" }", "without a reason"),
            ("{ crate = \"rand@0.8.1\", reason = \" \" }", "without a reason"),
            ("\"rand@0.8.1\"", "has to be { crate"),
            ("{ name = ", "is not TOML"),
        ] {
            let found = findings(TWICE, entry);
            assert!(found.iter().any(|one| one.contains(expected)), "{entry}: {found:?}");
        }
    }
}
