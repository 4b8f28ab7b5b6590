//! The files of the repository, as git sees them: committed, or new and not ignored.

use crate::failure::Failure;
use crate::run::Run;
use crate::workspace;

/// One text file.
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files, sorted by path.
pub(super) struct Tree {
    files: Vec<File>,
}

impl Tree {
    pub(super) fn of_the_repository() -> Result<Self, Failure> {
        let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
        let listed = Run::new("git").args(["-c", "core.quotePath=off"]).args(list).capture()?;
        if !listed.success {
            return Err(Failure::new(format!(
                "tidy asks git for the files of the repository, and git said: {}",
                listed.text.trim()
            )));
        }
        // What is not UTF-8 is no text, and what cannot be read was deleted and not yet staged.
        let read = |path: &str| {
            let text = std::fs::read_to_string(workspace::root().join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        };
        let mut files: Vec<File> = listed.text.lines().filter_map(read).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { files })
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust files below these folders.
    pub(super) fn rust<'a>(&'a self, folders: &'a [&str]) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(|file| {
            file.path.ends_with(".rs") && folders.iter().any(|folder| file.path.starts_with(folder))
        })
    }

    /// The manifests of the workspace's members, each with the name of its folder.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().filter_map(|file| {
            let folder = file.path.strip_suffix("/Cargo.toml")?;
            let name = folder.strip_prefix("crates/").unwrap_or(folder);
            (name == "xtask" || (name != folder && !name.contains('/'))).then_some((name, file))
        })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Self { files: files.iter().map(file).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_contains_this_file() {
        let tree = Tree::of_the_repository().unwrap();
        assert!(tree.file("xtask/src/tidy/tree.rs").is_some());
        assert!(tree.manifests().any(|(name, _)| name == "xtask"));
    }

    #[test]
    fn members_are_the_crates_and_xtask() {
        let tree = Tree::of(&[
            ("Cargo.toml", ""),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/nested/Cargo.toml", ""),
            ("fuzz/Cargo.toml", ""),
            ("xtask/Cargo.toml", ""),
        ]);
        let names: Vec<&str> = tree.manifests().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "xtask"]);
    }
}
