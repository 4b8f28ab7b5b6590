//! `cargo xtask vectors`: writes the test vectors, or proves that writing them changes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::{report, workspace};

/// File name to content.
type Vectors = BTreeMap<String, Vec<u8>>;

pub(crate) fn command(args: &[String]) -> Outcome {
    match args {
        [] => write_into(&workspace::root().join("vectors")),
        [flag] if flag == "--check" => check(),
        _ => Err(Failure::usage("It is `cargo xtask vectors [--check]`.")),
    }
}

/// Fails unless the committed vectors are exactly what the code generates now.
pub(crate) fn check() -> Outcome {
    let fresh_folder = workspace::root().join("target/vectors-check");
    if fresh_folder.exists() {
        std::fs::remove_dir_all(&fresh_folder)
            .map_err(|error| Failure::io("Emptying", &fresh_folder, &error))?;
    }
    std::fs::create_dir_all(&fresh_folder)
        .map_err(|error| Failure::io("Creating", &fresh_folder, &error))?;
    write_into(&fresh_folder)?;
    let committed = read(&workspace::root().join("vectors"))?;
    let differences = compare(&committed, &read(&fresh_folder)?);
    if differences.is_empty() {
        report::line(format_args!("{} vector files are up to date.", committed.len()));
        return Ok(());
    }
    Err(Failure::new(format!(
        "The test vectors are not what the code generates:\n  {}\nA change of them is a change \
         of the protocol. If it is meant, run `cargo xtask vectors` and commit the result.",
        differences.join("\n  ")
    )))
}

/// Crates and their examples that write vectors.
const GENERATORS: [(&str, &str); 4] = [
    ("countersign", "vectors"),
    ("countersign-league", "league_vectors"),
    ("countersign-mesh", "mesh_vectors"),
    ("countersign-chip", "chip_vectors"),
];

fn write_into(folder: &Path) -> Outcome {
    for (package, example) in GENERATORS {
        Run::cargo()
            .args(["run", "--quiet", "--package", package, "--example", example, "--"])
            .path(folder)
            .run()?;
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Vectors, Failure> {
    let mut vectors = Vectors::new();
    for path in workspace::files_below(folder, &[".json"])? {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let content =
            std::fs::read(&path).map_err(|error| Failure::io("Reading", &path, &error))?;
        vectors.insert(name, content);
    }
    Ok(vectors)
}

fn compare(committed: &Vectors, fresh: &Vectors) -> Vec<String> {
    if fresh.is_empty() {
        return vec!["the generator wrote no .json file".to_owned()];
    }
    let gone = committed
        .keys()
        .filter(|name| !fresh.contains_key(*name))
        .map(|name| format!("vectors/{name} is not generated any more"));
    let changed = fresh.iter().filter_map(|(name, content)| match committed.get(name) {
        None => Some(format!("vectors/{name} is new")),
        Some(old) if old == content => None,
        Some(old) => {
            Some(format!("vectors/{name} differs from line {} on", first_difference(old, content)))
        }
    });
    gone.chain(changed).collect()
}

fn first_difference(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b);
    1 + same.filter(|(byte, _)| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(files: &[(&str, &str)]) -> Vectors {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
        files.iter().map(owned).collect()
    }

    #[test]
    fn equal_vectors_have_no_differences() {
        let same = vectors(&[("a.json", "1\n2\n")]);
        assert!(compare(&same, &same).is_empty());
    }

    #[test]
    fn new_changed_and_vanished_files_are_named() {
        let committed = vectors(&[("a.json", "1\n2\n3\n"), ("old.json", "")]);
        let fresh = vectors(&[("a.json", "1\n2\n4\n"), ("new.json", "")]);
        assert_eq!(
            compare(&committed, &fresh),
            [
                "vectors/old.json is not generated any more",
                "vectors/a.json differs from line 3 on",
                "vectors/new.json is new",
            ]
        );
    }

    #[test]
    fn a_generator_that_writes_nothing_is_a_failure() {
        assert_eq!(compare(&Vectors::new(), &Vectors::new()).len(), 1);
    }
}
