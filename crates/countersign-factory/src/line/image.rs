//! From the linker's output to what chips start: converted, padded, signed, verified, and put down with a manifest.

use super::chip::{Chip, Kind};
use super::release::{
    FILES, MANIFEST_FILE, Manifest, Release, ReleaseError, ReleaseFile, required,
};
use super::station::{Line, LineError};
use super::tool::{MemoryFile, Program, ToolError, Tools};
use super::vault::Vault;
use crate::batch::{aside, remove_folder};
use crate::factory::FactoryError;
use crate::random::{RandomError, random};
use countersign::evidence::{Stamp, seal};
use countersign::{Malformed, RecordHeader, RecordId, Timestamp};
use countersign_boot::layout::{APP_SLOT_MAX, SECOND_STAGE_MAX};
use countersign_boot::{ImageError as BootImageError, Unverified};
use countersign_keys::disk::{self, Access, DiskError};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it is for.
    pub kind: Kind,
    /// On which chip.
    pub chip: Chip,
    /// ELF of the second stage.
    pub second_stage: PathBuf,
    /// ELF of the application.
    pub app: PathBuf,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No chip would start it.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The application names no version that a folder could have.
    #[error(
        "the application says that its version is {0:?}; it is 1 to 32 of a-z, 0-9, '.', '-', '+' and '_', and begins with a letter \
         or digit"
    )]
    Version(String),
    /// One of our programs, under the name of another: on a chip of that kind it would never run.
    #[error(
        "the application is {found}, and the image is to be that of a {wanted}; give the ELF of firmware-{wanted}"
    )]
    OtherProgram {
        /// What it says of itself.
        found: String,
        /// What it is to be.
        wanted: Kind,
    },
    /// The same version with another content.
    #[error("{} is of other ELFs; give the application a new version", .0.display())]
    Taken(PathBuf),
    /// The release cannot be used.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The manifest cannot be made.
    #[error("the manifest cannot be made: {0}")]
    Manifest(#[from] Malformed),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The tools cannot be used.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The line cannot be used.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The station cannot be used.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What is wrong with the shape of images, signed or to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Too long for its place.
    #[error(
        "the {what} has {size} bytes with its signature, and {max} fit; `cargo xtask firmware` shows what is large"
    )]
    TooLong {
        /// Which.
        what: &'static str,
        /// What it has.
        size: usize,
        /// What fits.
        max: u32,
    },
    /// For another chip.
    #[error("the second stage is not for {}", .0.name())]
    OtherChip(countersign_boot::Chip),
    /// The second stage would refuse it.
    #[error("the second stage would not start this application: {0}")]
    App(BootImageError),
}

/// Looks at images with their sectors of signatures as a chip will: length, chip, and the application as the second stage reads it. What
/// stands in the sectors is not looked at.
pub(super) fn check<'a>(
    chip: countersign_boot::Chip,
    second_stage: &[u8],
    app: &'a [u8],
) -> Result<Unverified<'a>, ShapeError> {
    for (what, size, max) in [
        ("second stage", second_stage.len(), SECOND_STAGE_MAX),
        ("application", app.len(), APP_SLOT_MAX),
    ] {
        if size > max as usize {
            return Err(ShapeError::TooLong { what, size, max });
        }
    }
    if second_stage.get(12..14) != Some(&chip.id().to_le_bytes()) {
        return Err(ShapeError::OtherChip(chip));
    }
    Unverified::parse(app, chip).map_err(ShapeError::App)
}

/// Makes a release, or finds the one that these ELFs have made: the padded images are the same byte for byte, signatures have salt.
/// Returns whether it was there.
pub fn image(
    line: &Line<'_>,
    vault: &Vault,
    from: &Image,
    now: Timestamp,
) -> Result<(Release, bool), ImageError> {
    let _lock = line.lock()?;
    let releases = line.releases_folder();
    disk::make_folder(&releases)?;
    let aside = aside(&releases.join(format!("{}-{}", from.kind, from.chip)));
    remove_folder(&aside)?;
    disk::make_folder(&aside)?;
    let made = Making { line, from, folder: &aside }.release(vault, now, &releases);
    remove_folder(&aside)?;
    let (folder, earlier) = made?;
    Ok((Release::open(line, &folder)?, earlier))
}

/// Whether an image carries the signature of the key whose public half is in this file.
pub(super) fn verify(tools: &Tools, public: &Path, image: &Path) -> Result<(), ToolError> {
    let mut arguments: Vec<OsString> =
        ["verify-signature", "--version", "2", "--keyfile"].map(OsString::from).into();
    arguments.extend([public.into(), image.into()]);
    tools.run(Program::Espsecure, arguments).map(drop)
}

struct Making<'a> {
    line: &'a Line<'a>,
    from: &'a Image,
    folder: &'a Path,
}

impl Making<'_> {
    fn release(
        &self,
        vault: &Vault,
        now: Timestamp,
        releases: &Path,
    ) -> Result<(PathBuf, bool), ImageError> {
        let [stage_padded, stage, app_padded, app] = FILES;
        self.convert(&self.from.second_stage, stage_padded, false)?;
        self.convert(&self.from.app, app_padded, true)?;
        let manifest = self.describe(&self.to_sign(stage_padded)?, &self.to_sign(app_padded)?)?;
        let place = releases.join(manifest.name());
        if place.symlink_metadata().is_ok() {
            return self.is_same(&place).map(|()| (place, true));
        }
        for (padded, signed) in [(stage_padded, stage), (app_padded, app)] {
            self.sign(vault, padded, signed)?;
        }
        // Once more: this is what chips get.
        check(self.from.chip.boot(), &self.read(stage)?, &self.read(app)?)?;
        let files = FILES.iter().map(|name| Ok(ReleaseFile::of(name, &self.read(name)?)));
        let files = files.collect::<Result<_, ImageError>>()?;
        let manifest = Manifest { files, ..manifest };
        let stamp = Stamp {
            id: RecordId::from_bytes(random()?),
            created: now,
            previous: RecordHeader::FIRST,
        };
        let factory = self.line.factory;
        let frame = seal(&factory.realm, &factory.key()?, stamp, &manifest)?;
        disk::create(&self.folder.join(MANIFEST_FILE), &frame, Access::Public)?;
        disk::sync_folder(self.folder)?;
        disk::publish(self.folder, &place)?;
        Ok((place, false))
    }

    /// esptool makes the header; nothing is patched. An application is padded so that its signature stands behind a whole page.
    fn convert(&self, elf: &Path, to: &str, is_app: bool) -> Result<(), ImageError> {
        let chip = self.from.chip;
        let mut arguments: Vec<OsString> =
            ["--chip", chip.as_str(), "elf2image"].map(OsString::from).into();
        let header =
            ["--flash-mode", "dio", "--flash-freq", chip.flash_freq(), "--flash-size", "4MB"];
        arguments.extend(header.map(OsString::from));
        let revision = chip.revision_min().to_string();
        arguments.extend(["--min-rev-full", &revision].map(OsString::from));
        if is_app {
            arguments.push("--secure-pad-v2".into());
        }
        arguments.extend(["-o".into(), self.folder.join(to).into(), elf.into()]);
        self.line.tools.run(Program::Esptool, arguments)?;
        if !is_app {
            self.fill(to)?;
        }
        Ok(())
    }

    /// To a whole sector with the byte that espsecure would put there, so that what is signed is what stands in the file.
    fn fill(&self, name: &str) -> Result<(), ImageError> {
        let mut content = self.read(name)?;
        content.resize(
            content.len().next_multiple_of(countersign_boot::layout::SECTOR as usize),
            0xff,
        );
        Ok(disk::replace(&self.folder.join(name), &content, Access::Public)?)
    }

    fn sign(&self, vault: &Vault, padded: &str, signed: &str) -> Result<(), ImageError> {
        let key = MemoryFile::new(&vault.boot_key_pem())?;
        let signed = self.folder.join(signed);
        let mut arguments: Vec<OsString> =
            ["sign-data", "--version", "2", "--keyfile"].map(OsString::from).into();
        arguments.extend([key.path().into(), "--output".into(), (&signed).into()]);
        arguments.push(self.folder.join(padded).into());
        self.line.tools.run(Program::Espsecure, arguments)?;
        Ok(verify(&self.line.tools, &self.line.public_key(), &signed)?)
    }

    /// An image as long as it will be with its signature.
    fn to_sign(&self, padded: &str) -> Result<Vec<u8>, ImageError> {
        let mut content = self.read(padded)?;
        content.resize(content.len() + countersign_boot::layout::SECTOR as usize, 0xff);
        Ok(content)
    }

    /// What the application says of itself, if chips can start it behind this second stage. Nothing is signed before that is known.
    fn describe(&self, second_stage: &[u8], app: &[u8]) -> Result<Manifest, ImageError> {
        let (kind, chip) = (self.from.kind, self.from.chip);
        let image = check(chip.boot(), second_stage, app)?;
        let version = String::from_utf8_lossy(image.version()).into_owned();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-+".contains(c);
        let begins = version.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins || !version.chars().all(is_plain) {
            return Err(ImageError::Version(version));
        }
        let project = String::from_utf8_lossy(image.project()).into_owned();
        if project.strip_prefix("countersign-").is_some_and(|name| name != kind.as_str()) {
            return Err(ImageError::OtherProgram { found: project, wanted: kind });
        }
        Ok(Manifest {
            format: Manifest::FORMAT,
            kind,
            chip,
            version,
            project,
            secure_version: image.secure_version().get(),
            boot_digest: hex::encode(self.line.boot_digest),
            files: Vec::new(),
        })
    }

    /// Whether a release that is there was made of the same.
    fn is_same(&self, place: &Path) -> Result<(), ImageError> {
        let release = Release::open(self.line, place)?;
        for name in [FILES[0], FILES[2]] {
            let made = ReleaseFile::of(name, &self.read(name)?);
            if release.manifest.file(name) != Some(&made) {
                return Err(ImageError::Taken(place.to_owned()));
            }
        }
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        let max = countersign_boot::layout::FLASH as usize;
        Ok(required(&self.folder.join(name), max)?)
    }
}
