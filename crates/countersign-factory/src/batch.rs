//! A batch's folder.

use crate::chip::{ChipError, ChipKeys, ChipPair};
use crate::plan::{Plan, Secrets};
use countersign::{Realm, VerifyingKey};
use countersign_keys::disk::{self, Access, DiskError};
use countersign_league::evidence::{BatchManifest, EvidenceError, PairCertificate, Signed, open};
use countersign_provision::PAIR_FILE;
use std::path::{Path, PathBuf};

pub(crate) const PLAN_FILE: &str = "plan.toml";
pub(crate) const KEYS_FILE: &str = "keys.csv";
pub(crate) const MANIFEST_FILE: &str = "manifest.bin";
pub(crate) const SHEET_FILE: &str = "sheet.html";
const REGISTERED_FILE: &str = "registered.toml";
const PREFIX: &str = "batch-";
/// In front of the name of what is not whole yet.
pub(crate) const ASIDE: &str = ".new-";

/// A batch's folder with its plan. Nothing else of it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Where it is.
    pub folder: PathBuf,
    /// What it is to be.
    pub plan: Plan,
    keys: Option<ChipKeys>,
}

/// Why a batch cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// No batch, or a damaged one.
    #[error("{} is no batch: {what}", folder.display())]
    Plan {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with its plan.
        what: String,
    },
    /// The chips' keys cannot be read.
    #[error("{}: {source}", path.display())]
    Chip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ChipError,
    },
    /// A signed part is not the factory's.
    #[error("{} is not what this factory signed: {source}", path.display())]
    Evidence {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: EvidenceError,
    },
    /// A part is not there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// Progress that cannot be.
    #[error("{} should say `confirmed = N`; delete it, and everything is sent again", .0.display())]
    Registered(PathBuf),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Batch {
    /// Reads the plan.
    pub fn open(folder: &Path) -> Result<Self, BatchError> {
        let invalid = |what: String| BatchError::Plan { folder: folder.to_owned(), what };
        let text = text(&folder.join(PLAN_FILE), 64 * 1024)?;
        let text = text.ok_or_else(|| invalid(format!("{PLAN_FILE} is missing")))?;
        let plan = Plan::parse(&text).map_err(|what| invalid(format!("{PLAN_FILE}: {what}")))?;
        let keys = match plan.secret {
            Secrets::File => None,
            Secrets::Chip | Secrets::SlaveChip => Some(read_keys(&folder.join(KEYS_FILE))?),
        };
        if keys.as_ref().is_some_and(|keys| keys.secrets() != plan.secret) {
            return Err(invalid(format!("{KEYS_FILE} has other masters than {PLAN_FILE}")));
        }
        if keys.as_ref().is_some_and(|keys| keys.pairs().len() != plan.count) {
            return Err(invalid(format!(
                "{KEYS_FILE} has another number of rows than {PLAN_FILE}"
            )));
        }
        Ok(Self { folder: folder.to_owned(), plan, keys })
    }

    /// Begins a batch: its folder is there with the plan, or not at all.
    pub(crate) fn begin(
        folder: &Path,
        plan: Plan,
        keys: Option<ChipKeys>,
    ) -> Result<Self, BatchError> {
        let aside = aside(folder);
        remove_folder(&aside)?;
        disk::make_folder(&aside)?;
        let invalid = |what| BatchError::Plan { folder: folder.to_owned(), what };
        let text = plan.to_text().map_err(invalid)?;
        disk::create(&aside.join(PLAN_FILE), text.as_bytes(), Access::Public)?;
        if let Some(keys) = &keys {
            disk::create(&aside.join(KEYS_FILE), keys.to_text().as_bytes(), Access::Public)?;
        }
        disk::sync_folder(&aside)?;
        disk::publish(&aside, folder)?;
        Ok(Self { folder: folder.to_owned(), plan, keys })
    }

    /// All batches in a folder, by name. Anything else that lies there is not ours.
    pub fn all_in(folder: &Path) -> Result<Vec<Self>, BatchError> {
        let names = disk::names(folder)?;
        let batches = names.iter().filter(|name| number_of(name).is_some());
        batches.map(|name| Self::open(&folder.join(name))).collect()
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether it has its manifest, which is written last.
    pub fn is_finished(&self) -> bool {
        self.folder.join(MANIFEST_FILE).symlink_metadata().is_ok()
    }

    /// The serial of a pair, from 0; below [`Plan::count`].
    pub fn serial(&self, index: usize) -> String {
        let from_chip = self.keys.as_ref().and_then(|keys| keys.pairs().get(index));
        from_chip.map_or_else(|| self.plan.serial(index), |pair| pair.serial.clone())
    }

    /// The public keys that the chips of a pair made.
    pub(crate) fn chip_keys(&self, index: usize) -> Option<&ChipPair> {
        self.keys.as_ref()?.pairs().get(index)
    }

    /// All planned serials.
    pub fn serials(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.plan.count).map(|index| self.serial(index))
    }

    /// Serials of the pairs that are there.
    pub fn made(&self) -> impl Iterator<Item = String> + '_ {
        self.serials().filter(|serial| self.folder.join(serial).symlink_metadata().is_ok())
    }

    /// The frame of a pair's certificate, not verified.
    pub fn certificate_frame(&self, serial: &str) -> Result<Vec<u8>, BatchError> {
        required(&self.folder.join(serial).join(PAIR_FILE))
    }

    /// A pair's certificate, if this factory signed it.
    pub fn certificate(
        &self,
        serial: &str,
        realm: &Realm,
        factory: &VerifyingKey,
    ) -> Result<Signed<PairCertificate>, BatchError> {
        let path = self.folder.join(serial).join(PAIR_FILE);
        open(realm, factory, &required(&path)?)
            .map_err(|source| BatchError::Evidence { path, source })
    }

    /// The frame of the manifest, not verified.
    pub fn manifest_frame(&self) -> Result<Vec<u8>, BatchError> {
        required(&self.folder.join(MANIFEST_FILE))
    }

    /// The manifest, if this factory signed it.
    pub fn manifest(
        &self,
        realm: &Realm,
        factory: &VerifyingKey,
    ) -> Result<Signed<BatchManifest>, BatchError> {
        let path = self.folder.join(MANIFEST_FILE);
        open(realm, factory, &required(&path)?)
            .map_err(|source| BatchError::Evidence { path, source })
    }

    /// How many certificates the server has confirmed.
    pub fn registered(&self) -> Result<usize, BatchError> {
        let path = self.folder.join(REGISTERED_FILE);
        let Some(text) = text(&path, 1024)? else { return Ok(0) };
        let number = text.trim().strip_prefix("confirmed = ").and_then(|n| n.parse().ok());
        number.filter(|n| *n <= self.plan.count).ok_or(BatchError::Registered(path))
    }

    /// Remembers how many certificates the server has confirmed.
    pub fn set_registered(&self, confirmed: usize) -> Result<(), BatchError> {
        let text = format!("confirmed = {confirmed}\n");
        Ok(disk::replace(&self.folder.join(REGISTERED_FILE), text.as_bytes(), Access::Public)?)
    }
}

/// The name of a batch's folder.
pub(crate) fn name_of(number: u32) -> String {
    format!("{PREFIX}{number:04}")
}

/// The number in the name of a batch's folder.
pub(crate) fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(PREFIX)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Where something is built before it gets its name.
pub(crate) fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{ASIDE}{name}"))
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_folder(path: &Path) -> Result<(), DiskError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(disk::failed(path, "removed")(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn read_keys(path: &Path) -> Result<ChipKeys, BatchError> {
    let text = text(path, ChipKeys::MAX)?.ok_or_else(|| BatchError::Missing(path.to_owned()))?;
    ChipKeys::parse(&text).map_err(|source| BatchError::Chip { path: path.to_owned(), source })
}

pub(crate) fn text(path: &Path, max: usize) -> Result<Option<String>, DiskError> {
    let file = disk::read_up_to(path, max)?;
    Ok(file.map(|file| String::from_utf8_lossy(&file.content).into_owned()))
}

fn required(path: &Path) -> Result<Vec<u8>, BatchError> {
    let file = disk::read(path)?.ok_or_else(|| BatchError::Missing(path.to_owned()))?;
    Ok(file.content.to_vec())
}
