//! Arrows between crates only go down. This table is the machine-readable picture.

use toml::Table;

use super::Finding;
use super::tree::Tree;

/// A crate, and the crates of the workspace that it may use.
type Layer = (&'static str, &'static [&'static str]);

const LAYERS: &[Layer] = &[
    ("countersign", &[]),
    ("countersign-mesh", &["countersign"]),
    ("countersign-judging", &["countersign"]),
    (
        "countersign-node",
        &["countersign", "countersign-mesh", "countersign-keys", "countersign-listen"],
    ),
    (
        "countersign-hub",
        &[
            "countersign",
            "countersign-mesh",
            "countersign-judging",
            "countersign-node",
            "countersign-keys",
            "countersign-listen",
            "countersign-sheets",
            "countersign-html",
        ],
    ),
    ("countersign-store", &["countersign", "countersign-league", "countersign-judging"]),
    ("countersign-listen", &["countersign"]),
    ("countersign-league", &["countersign"]),
    ("countersign-chip", &["countersign", "countersign-boot", "countersign-league"]),
    ("countersign-ranks", &["countersign"]),
    ("countersign-dns", &[]),
    ("countersign-boot", &[]),
    ("countersign-sheets", &[]),
    ("countersign-html", &[]),
    ("countersign-keys", &["countersign"]),
    ("countersign-provision", &["countersign", "countersign-league", "countersign-keys"]),
    (
        "countersign-factory",
        &[
            "countersign",
            "countersign-boot",
            "countersign-chip",
            "countersign-league",
            "countersign-keys",
            "countersign-provision",
            "countersign-chip",
            "countersign-sheets",
            "countersign-html",
        ],
    ),
    (
        "countersign-device",
        &[
            "countersign",
            "countersign-chip",
            "countersign-league",
            "countersign-keys",
            "countersign-listen",
            "countersign-provision",
            "countersign-dns",
        ],
    ),
    (
        "countersign-app",
        &["countersign", "countersign-league", "countersign-judging", "countersign-mesh"],
    ),
    (
        "countersign-sim",
        &[
            "countersign",
            "countersign-league",
            "countersign-judging",
            "countersign-mesh",
            "countersign-app",
        ],
    ),
    (
        "countersign-client",
        &[
            "countersign",
            "countersign-app",
            "countersign-judging",
            "countersign-mesh",
            "countersign-node",
        ],
    ),
    (
        "countersign-store-sqlite",
        &["countersign", "countersign-league", "countersign-judging", "countersign-store"],
    ),
    ("countersign-identity", &["countersign", "countersign-store"]),
    (
        "countersign-broker",
        &[
            "countersign",
            "countersign-league",
            "countersign-keys",
            "countersign-provision",
            "countersign-identity",
            "countersign-dns",
        ],
    ),
    (
        "countersign-server",
        &[
            "countersign",
            "countersign-keys",
            "countersign-league",
            "countersign-judging",
            "countersign-listen",
            "countersign-broker",
            "countersign-provision",
            "countersign-ranks",
            "countersign-store",
            "countersign-identity",
            "countersign-html",
        ],
    ),
    (
        "countersign-cli",
        &[
            "countersign",
            "countersign-app",
            "countersign-league",
            "countersign-judging",
            "countersign-mesh",
            "countersign-node",
            "countersign-hub",
            "countersign-ranks",
            "countersign-keys",
            "countersign-listen",
            "countersign-store",
            "countersign-store-sqlite",
            "countersign-identity",
            "countersign-server",
            "countersign-client",
            "countersign-provision",
            "countersign-factory",
            "countersign-sheets",
        ],
    ),
    (
        "countersign-bench",
        &[
            "countersign",
            "countersign-keys",
            "countersign-league",
            "countersign-judging",
            "countersign-mesh",
            "countersign-hub",
            "countersign-sim",
            "countersign-provision",
            "countersign-ranks",
            "countersign-store",
            "countersign-store-sqlite",
            "countersign-identity",
            "countersign-server",
            "countersign-client",
            "countersign-cli",
        ],
    ),
    ("xtask", &[]),
];

const TABLE: &str = "xtask/src/tidy/layers.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    check_against(tree, LAYERS)
}

fn check_against(tree: &Tree, layers: &[Layer]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, manifest) in tree.manifests() {
        let Some((_, allowed)) = layers.iter().find(|(layer, _)| *layer == name) else {
            findings.push(Finding::in_file(
                &manifest.path,
                format!(
                    "the crate {name} has no row in {TABLE}; add one that says what it may use"
                ),
            ));
            continue;
        };
        let Ok(parsed) = manifest.text.parse::<Table>() else { continue };
        for dependency in normal_dependencies(&parsed) {
            let is_ours = layers.iter().any(|(layer, _)| *layer == dependency);
            if is_ours && !allowed.contains(&dependency.as_str()) {
                findings.push(Finding::in_file(
                    &manifest.path,
                    format!(
                        "{name} must not depend on {dependency}: arrows only go down, see {TABLE}"
                    ),
                ));
            }
        }
    }
    for (layer, _) in layers {
        if !tree.manifests().any(|(name, _)| name == *layer) {
            findings.push(Finding::in_file(TABLE, format!("there is no crate {layer}; remove it")));
        }
    }
    findings
}

/// For tests anything goes: a driver's tests may use the server, for example.
fn normal_dependencies(manifest: &Table) -> Vec<String> {
    let for_targets = manifest.get("target").and_then(|target| target.as_table());
    let of_targets = for_targets.into_iter().flat_map(|targets| targets.values());
    std::iter::once(manifest.get("dependencies"))
        .chain(of_targets.map(|target| target.get("dependencies")))
        .flatten()
        .filter_map(|dependencies| dependencies.as_table())
        .flat_map(|dependencies| dependencies.iter())
        .map(|(key, value)| {
            let renamed = value.get("package").and_then(|package| package.as_str());
            renamed.unwrap_or(key).to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[Layer] = &[("low", &[]), ("high", &["low"])];

    fn findings(low: &str, high: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/low/Cargo.toml", low), ("crates/high/Cargo.toml", high)]);
        check_against(&tree, TWO).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn arrows_down_are_fine() {
        let high = "[dependencies]\nlow = { workspace = true }\nserde = { workspace = true }";
        assert!(findings("", high).is_empty());
    }

    #[test]
    fn an_arrow_up_is_found_however_it_is_written() {
        for low in [
            "[dependencies]\nhigh = { workspace = true }",
            "[dependencies]\nhigh.workspace = true",
            "[dependencies.high]\nworkspace = true",
            "[dependencies]\nh = { package = \"high\", path = \"../high\" }",
            "[target.'cfg(unix)'.dependencies]\nhigh = { workspace = true }",
        ] {
            let found = findings(low, "");
            assert_eq!(found.len(), 1, "{low}");
            assert!(found[0].contains("low must not depend on high"), "{found:?}");
        }
    }

    #[test]
    fn tests_may_use_anything() {
        assert!(findings("[dev-dependencies]\nhigh = { workspace = true }", "").is_empty());
    }

    #[test]
    fn unknown_and_vanished_crates_are_found() {
        let tree = Tree::of(&[("crates/low/Cargo.toml", ""), ("crates/new/Cargo.toml", "")]);
        let found = check_against(&tree, TWO);
        assert!(found[0].sentence.contains("the crate new has no row"), "{found:?}");
        assert!(found[1].sentence.contains("there is no crate high"), "{found:?}");
    }
}
