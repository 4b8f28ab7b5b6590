//! The repository is the same for everybody: no path of one machine, no host of a registry.

use super::Finding;
use super::tree::{File, Tree};

/// Written in two parts, so that this file does not contain what it looks for.
const MACHINE_PATHS: [(&str, &str); 2] = [("/wo", "rk/"), ("/ro", "ot/")];
const REGISTRY_HOSTS: [(&str, &str); 7] = [
    ("registry.npm", "js.org"),
    ("registry.yarn", "pkg.com"),
    ("pypi", ".org"),
    ("files.python", "hosted.org"),
    ("static.", "crates.io"),
    ("index.", "crates.io"),
    ("deb.", "debian.org"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut found = |what: String, instead: &str| {
            let sentence = format!("`{what}` {instead}");
            findings.push(Finding::at(&file.path, index + 1, sentence));
        };
        for what in joined(&MACHINE_PATHS).filter(|what| line.contains(what)) {
            found(what, "is a path of one machine; make it relative, or take it from outside");
        }
        for what in joined(&REGISTRY_HOSTS).filter(|what| line.contains(what)) {
            found(what, "is the host of a registry; name the package, its client knows the host");
        }
    }
    findings
}

fn joined<'a>(parts: &'a [(&str, &str)]) -> impl Iterator<Item = String> + 'a {
    parts.iter().map(|(first, second)| format!("{first}{second}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_with_their_line() {
        for what in joined(&MACHINE_PATHS).chain(joined(&REGISTRY_HOSTS)) {
            let text = format!("first\nsecond {what}x\n");
            let found = check(&Tree::of(&[("docs/a.md", &text)]));
            assert_eq!((found.len(), found[0].line), (1, 2), "{what}");
        }
    }

    #[test]
    fn ordinary_paths_and_names_are_fine() {
        let text = "target/tools, /usr/sbin/nginx, https://host/roots/0, published on crates.io";
        assert_eq!(check(&Tree::of(&[("README.md", text)])), []);
    }
}
