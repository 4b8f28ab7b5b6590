//! The same sources in another folder, whose path has another length.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::workspace;

/// What is no source: built, fetched or kept by other tools.
const LEFT_OUT: [&str; 4] = [".git", "target", "node_modules", "demo-data"];

/// Copies what has changed since the last time, and tells where it is. What has not changed keeps its time, so that cargo
/// does not build it again.
pub(super) fn copy() -> Result<PathBuf, Failure> {
    let root = workspace::root();
    let to = root.join("target").join("firmware-from-elsewhere").join("countersign");
    copy_folder(root, &to)?;
    Ok(to)
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    let reading = |error| Failure::io("Reading the folder", from, &error);
    std::fs::create_dir_all(to).map_err(|error| Failure::io("Creating", to, &error))?;
    let mut names = Vec::new();
    for entry in from.read_dir().map_err(reading)? {
        let entry = entry.map_err(reading)?;
        let (name, kind) = (entry.file_name(), entry.file_type().map_err(reading)?);
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let (source, copy) = (from.join(&name), to.join(&name));
        if kind.is_dir() {
            copy_folder(&source, &copy)?;
        } else if kind.is_file() {
            copy_file(&source, &copy)?;
        }
        names.push(name);
    }
    remove_others(to, &names)
}

fn copy_file(from: &Path, to: &Path) -> Outcome {
    let bytes = std::fs::read(from).map_err(|error| Failure::io("Reading", from, &error))?;
    if std::fs::read(to).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    std::fs::write(to, bytes).map_err(|error| Failure::io("Writing", to, &error))
}

/// What was removed from the sources; the folder of the builds stays.
fn remove_others(folder: &Path, names: &[std::ffi::OsString]) -> Outcome {
    let reading = |error| Failure::io("Reading the folder", folder, &error);
    for entry in folder.read_dir().map_err(reading)? {
        let entry = entry.map_err(reading)?;
        let name = entry.file_name();
        if name == "target" || names.contains(&name) {
            continue;
        }
        let path = entry.path();
        let is_folder = entry.file_type().map_err(reading)?.is_dir();
        let removed =
            if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(|error| Failure::io("Removing", &path, &error))?;
    }
    Ok(())
}
