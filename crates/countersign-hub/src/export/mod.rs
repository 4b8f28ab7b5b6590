//! Everything that a third party needs to count again, as files; and the check of such files.
//!
//! ```text
//!   packages/<version>.package   every bundle that was in force, with the key sets behind it
//!   log.bin                      every decision of the hub
//!   log.head                     what the hub signed about its log
//!   votes.csv                    every vote, and whether it counts; recomputed and compared by the check
//!   results-<round>-<category>.csv   the count by every method; the same
//! ```

mod table;
mod verify;

pub use verify::{Finding, Report, VerifyError, verify};

use crate::disk::{FolderError, LOG_MAX, PACKAGES, package_name, read_packages};
use countersign_judging::Venue;
use countersign_judging::count::{CountError, counts};
use countersign_judging::package::Package;
use countersign_keys::DiskError;
use countersign_keys::disk::{self, Access};
use std::path::{Path, PathBuf};

pub(crate) const LOG: &str = "log.bin";
pub(crate) const HEAD: &str = "log.head";
pub(crate) const VOTES: &str = "votes.csv";

/// Longest file of a head.
const HEAD_MAX: usize = 4 * 1024;
/// Longest table.
const TABLE_MAX: usize = 512 * 1024 * 1024;

/// An exported event; nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Every bundle, the oldest first.
    pub packages: Vec<Package>,
    /// The hub's log.
    pub log: Vec<u8>,
    /// The record `event.head`.
    pub head: Vec<u8>,
}

/// Why an export cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The system said no.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Packages.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It would mix two exports.
    #[error("{} is there already; choose a folder that is not there yet", .0.display())]
    Exists(PathBuf),
    /// A file is missing.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// It cannot be counted.
    #[error("the ballots cannot be counted: {0}")]
    Count(#[from] CountError),
}

impl Export {
    /// Reads the files of a folder, except for the tables.
    pub fn read(folder: &Path) -> Result<Self, ExportError> {
        let packages = read_packages(&folder.join(PACKAGES))?;
        if packages.is_empty() {
            return Err(ExportError::Missing(folder.join(PACKAGES)));
        }
        let log = file(&folder.join(LOG), LOG_MAX)?;
        let head = file(&folder.join(HEAD), HEAD_MAX)?;
        Ok(Self { packages, log, head })
    }

    /// Writes all files into a new folder: everything is there, or nothing.
    pub fn write(&self, venue: &Venue, out: &Path) -> Result<(), ExportError> {
        if out.symlink_metadata().is_ok() {
            return Err(ExportError::Exists(out.to_owned()));
        }
        let counted = counts(venue)?;
        let aside = aside(out);
        if aside.exists() {
            std::fs::remove_dir_all(&aside).map_err(disk::failed(&aside, "removed"))?;
        }
        let packages = aside.join(PACKAGES);
        disk::make_folder(&packages)?;
        for package in &self.packages {
            let version = package.reopen().map(|event| event.bundle.value.version).unwrap_or(0);
            disk::create(&packages.join(package_name(version)), &package.encode(), Access::Public)?;
        }
        for (name, content) in [(LOG, self.log.as_slice()), (HEAD, &self.head)] {
            disk::create(&aside.join(name), content, Access::Public)?;
        }
        for (name, content) in table::all(venue, &counted) {
            disk::create(&aside.join(name), content.as_bytes(), Access::Public)?;
        }
        Ok(disk::publish(&aside, out)?)
    }
}

fn aside(out: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(".new");
    out.with_file_name(name)
}

fn file(path: &Path, max: usize) -> Result<Vec<u8>, ExportError> {
    let file = disk::read_up_to(path, max)?;
    let file = file.ok_or_else(|| ExportError::Missing(path.to_owned()))?;
    Ok(file.content.to_vec())
}
