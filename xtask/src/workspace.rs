//! Where things are.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The root of the workspace: the folder above `xtask/`.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Programs that the tests and the demo use and that no Debian package brings.
pub(crate) fn tools() -> PathBuf {
    root().join("target").join("tools")
}

/// All files below a folder whose name ends as given, sorted; dependencies are left out.
pub(crate) fn files_below(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = folder
            .read_dir()
            .map_err(|error| Failure::io("Reading the folder", &folder, &error))?;
        for entry in entries {
            let path =
                entry.map_err(|error| Failure::io("Reading the folder", &folder, &error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "node_modules" && name != "target" {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
