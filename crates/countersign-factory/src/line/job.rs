//! One chip's work, prepared: everything that goes into the chip was checked as the chip will check it.

use super::burn::BurnError;
use super::chip::{Bench, Chip, Kind};
use super::flash::FlashKey;
use super::image;
use super::plan::BurnPlan;
use super::record;
use super::release::{Release, ReleaseError};
use super::station::Line;
use super::vault::Vault;
use crate::batch::Batch;
use countersign_boot::SecureVersion;
use countersign_boot::layout::{APP_SLOTS, DEVICE_RECORD, FLASH, SECOND_STAGE};
use countersign_provision::{Half, SecretPlace};
use std::path::PathBuf;

/// One chip's work: what it is to become, and what lies in its flash.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is burnt.
    pub plan: BurnPlan,
    /// Where the chip is.
    pub bench: Bench,
    /// The half; nothing for a radio.
    pub of: Option<(String, Half)>,
    /// The release's folder.
    pub release: PathBuf,
    /// Parts of the flash as they are stored, with their addresses: images of a half encrypted, its record sealed.
    pub(super) parts: Vec<(u32, Vec<u8>)>,
}

impl Job {
    /// Prepares the work on a half: nothing is burnt. The vault comes from [`Line::signing_vault`]; `release` is asked when there are keys.
    pub fn prepare(
        line: &Line<'_>,
        vault: &Vault,
        (serial, half, chip): (&str, Half, Chip),
        release: impl FnOnce() -> Result<Release, ReleaseError>,
        bench: Bench,
    ) -> Result<Self, BurnError> {
        let pair = vault.pair(serial).ok_or_else(|| BurnError::NoKeys(serial.to_owned()))?;
        let keys = pair.of(half).ok_or_else(|| BurnError::Linux(serial.to_owned()))?;
        let release = release()?.fitting(Kind::from(half), chip)?;
        let folder = pair_folder(line, serial, half)?.join(half.as_str());
        let (provision, record) = record::read(&folder, keys)?;
        let floor = floor(line, &release)?;
        let of = (chip, provision.config.device, half);
        let plan = BurnPlan::half(of, keys, line.boot_digest, floor);
        let key = FlashKey::new(keys.flash.clone());
        let images = [(SECOND_STAGE, &release.second_stage), (APP_SLOTS[0], &release.app)];
        let images = images.map(|(at, plain)| key.encrypt(at, plain).map(|stored| (at, stored)));
        let mut parts = images.into_iter().collect::<Result<Vec<_>, _>>()?;
        // Sealed already, and read past the chip's decryption.
        parts.insert(1, (DEVICE_RECORD, record));
        let of = Some((serial.to_owned(), half));
        Ok(Self { plan, bench, of, release: release.folder, parts })
    }

    /// The same for a radio, which has no keys: no vault is needed. The station's signature under the release names the boot key.
    pub fn radio(
        line: &Line<'_>,
        chip: Chip,
        release: Release,
        bench: Bench,
    ) -> Result<Self, BurnError> {
        let release = release.fitting(Kind::Radio, chip)?;
        let plan = BurnPlan::radio(chip, line.boot_digest, floor(line, &release)?);
        let parts = vec![(SECOND_STAGE, release.second_stage), (APP_SLOTS[0], release.app)];
        Ok(Self { plan, bench, of: None, release: release.folder, parts })
    }

    /// What people call it: "GL-00001 slave", "radio".
    pub fn name(&self) -> String {
        let half = self.of.as_ref().map(|(serial, half)| format!("{serial} {half}"));
        half.unwrap_or_else(|| Kind::Radio.to_string())
    }

    /// All 4 MB: what is not written is erased.
    pub(super) fn flash(&self) -> Vec<u8> {
        let mut flash = vec![0xff; FLASH as usize];
        for (address, part) in &self.parts {
            let at = *address as usize;
            flash[at..at + part.len()].copy_from_slice(part);
        }
        flash
    }
}

/// The oldest version that the chip will start: what the application itself says, once both images are what a chip starts.
fn floor(line: &Line<'_>, release: &Release) -> Result<SecureVersion, BurnError> {
    let (folder, manifest) = (&release.folder, &release.manifest);
    let chip = manifest.chip.boot();
    let app = image::check(chip, &release.second_stage, &release.app)
        .map_err(|source| BurnError::Image { folder: folder.clone(), source })?;
    let said = (app.secure_version().get(), String::from_utf8_lossy(app.version()));
    if said != (manifest.secure_version, manifest.version.as_str().into()) {
        return Err(BurnError::OtherImage(folder.clone()));
    }
    for name in ["second-stage.bin", "app.bin"] {
        let path = folder.join(name);
        image::verify(&line.tools, &line.public_key(), &path)
            .map_err(|source| BurnError::Signature { path, source })?;
    }
    Ok(app.secure_version())
}

/// The folder of a pair whose half is a chip.
fn pair_folder(line: &Line<'_>, serial: &str, half: Half) -> Result<PathBuf, BurnError> {
    let has = |batch: &&Batch| {
        batch.plan.secret.of(half) == SecretPlace::Chip
            && batch.serials().any(|other| other == serial)
    };
    let batches = line.factory.batches()?;
    let batch = batches.iter().find(has).ok_or_else(|| BurnError::NoPair(serial.to_owned()))?;
    Ok(batch.folder.join(serial))
}
