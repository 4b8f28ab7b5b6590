//! A release: the images of one kind for one chip, and what the station says of them.

use super::chip::{Chip, Kind};
use super::station::Line;
use countersign::evidence::{Artefact, EvidenceError, open};
use countersign::wire::Reader;
use countersign::{Malformed, Timestamp};
use countersign_keys::disk::{self, DiskError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The manifest's file.
pub(super) const MANIFEST_FILE: &str = "release.bin";
/// Files of a release besides its manifest: what is signed, reproducible byte for byte, and the same with its signature.
pub(super) const FILES: [&str; 4] =
    ["second-stage.padded.bin", "second-stage.bin", "app.padded.bin", "app.bin"];
/// Most bytes of a file: all of the flash.
const FILE_MAX: usize = countersign_boot::layout::FLASH as usize;

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub size: usize,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

impl ReleaseFile {
    pub(super) fn of(name: &str, content: &[u8]) -> Self {
        let sha256 = hex::encode(Sha256::digest(content));
        Self { name: name.to_owned(), size: content.len(), sha256 }
    }
}

/// What the station says of a release; JSON in a record of the type `factory.release`, signed by the station's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format: 1.
    pub format: u32,
    /// What it is for.
    pub kind: Kind,
    /// On which chip.
    pub chip: Chip,
    /// The version that people read, from the application.
    pub version: String,
    /// The application's name, from the application.
    pub project: String,
    /// The version that must not fall, 0 to 16, from the application.
    pub secure_version: u8,
    /// SHA-256 of the public key whose signature the images carry, hexadecimal.
    pub boot_digest: String,
    /// The files.
    pub files: Vec<ReleaseFile>,
}

impl Manifest {
    pub(super) const FORMAT: u32 = 1;

    /// The name of its folder: `slave-esp32c3-1.0.0`.
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.kind, self.chip, self.version)
    }

    pub(super) fn file(&self, name: &str) -> Option<&ReleaseFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

impl Artefact for Manifest {
    const TYPE: &'static str = "factory.release";
    const MAX_FRAME: usize = 8 * 1024;

    fn put(&self, out: &mut Vec<u8>) {
        // Names, numbers and digits: there is nothing in it that JSON could not say.
        out.extend(serde_json::to_vec(self).unwrap_or_default());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let json = std::mem::replace(reader, Reader::new(&[])).rest();
        serde_json::from_slice(json).map_err(|_| Malformed::Range)
    }
}

/// A release whose every byte is what the station signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// Its folder.
    pub folder: PathBuf,
    /// What the station says of it.
    pub manifest: Manifest,
    /// When it was made.
    pub created: Timestamp,
    /// The second stage with its signature.
    pub second_stage: Vec<u8>,
    /// The application with its signature.
    pub app: Vec<u8>,
}

/// Why a release cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// None for this kind and chip.
    #[error(
        "there is no release for a {kind} on {chip}; make one with `countersign factory chip image {kind} --chip {chip} …`"
    )]
    NotThere {
        /// What for.
        kind: Kind,
        /// On which chip.
        chip: Chip,
    },
    /// For something else.
    #[error("{} is for a {kind} on {chip}", folder.display())]
    Other {
        /// The folder.
        folder: PathBuf,
        /// What for.
        kind: Kind,
        /// On which chip.
        chip: Chip,
    },
    /// A part is not there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// The manifest is not the station's.
    #[error("{} is not what this station signed: {source}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: EvidenceError,
    },
    /// A file was changed after the station signed the manifest.
    #[error("{} was changed after the station signed its manifest; make the release again", .0.display())]
    Changed(PathBuf),
    /// Signed by another boot key than chips are told of.
    #[error("{} was signed by another boot key than that of this line", .0.display())]
    OtherKey(PathBuf),
    /// Not to be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Release {
    /// Reads a release and compares every byte with the manifest.
    pub fn open(line: &Line<'_>, folder: &Path) -> Result<Self, ReleaseError> {
        let path = folder.join(MANIFEST_FILE);
        let frame = required(&path, Manifest::MAX_FRAME)?;
        let (realm, key) = (&line.factory.realm, &line.factory.config.key);
        let signed = open::<Manifest>(realm, key, &frame)
            .map_err(|source| ReleaseError::Manifest { path, source })?;
        let manifest = signed.value;
        if manifest.boot_digest != hex::encode(line.boot_digest) {
            return Err(ReleaseError::OtherKey(folder.to_owned()));
        }
        let read = |name: &str| {
            let path = folder.join(name);
            let content = required(&path, FILE_MAX)?;
            match manifest.file(name) == Some(&ReleaseFile::of(name, &content)) {
                true => Ok(content),
                false => Err(ReleaseError::Changed(path)),
            }
        };
        let [_, second_stage, _, app] = FILES;
        FILES.iter().try_for_each(|name| read(name).map(drop))?;
        let (second_stage, app) = (read(second_stage)?, read(app)?);
        let (folder, created) = (folder.to_owned(), signed.created);
        Ok(Self { folder, manifest, created, second_stage, app })
    }

    /// The newest release for a kind and chip, by the time that its manifest was signed.
    pub fn newest(line: &Line<'_>, kind: Kind, chip: Chip) -> Result<Self, ReleaseError> {
        let prefix = format!("{kind}-{chip}-");
        let mut newest: Option<Self> = None;
        for name in line.releases()?.iter().filter(|name| name.starts_with(&prefix)) {
            let release = Self::open(line, &line.releases_folder().join(name))?;
            if newest.as_ref().is_none_or(|other| other.created <= release.created) {
                newest = Some(release);
            }
        }
        newest.ok_or(ReleaseError::NotThere { kind, chip })
    }

    /// The same if it is for this kind and chip.
    pub(super) fn fitting(self, kind: Kind, chip: Chip) -> Result<Self, ReleaseError> {
        if (self.manifest.kind, self.manifest.chip) == (kind, chip) {
            return Ok(self);
        }
        let Manifest { kind, chip, .. } = self.manifest;
        Err(ReleaseError::Other { folder: self.folder, kind, chip })
    }

    /// Whether a folder's name is that of a release, and not of one that is being made.
    pub(super) fn is_name(name: &str) -> bool {
        !name.starts_with('.')
    }
}

pub(super) fn required(path: &Path, max: usize) -> Result<Vec<u8>, ReleaseError> {
    let file = disk::read_up_to(path, max)?;
    file.map(|file| file.content.to_vec()).ok_or_else(|| ReleaseError::Missing(path.to_owned()))
}
