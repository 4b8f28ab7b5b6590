//! `release` and `carry`: new firmware from the factory to a half, where no phone's app does it.

mod carry;
mod door;

pub(crate) use carry::{CarryArgs, carry};

use countersign::Malformed;
use countersign_chip::update::{ImageFault, ImageKind, RELEASE_MAX, Release};
use countersign_keys::disk::{self, Access, DiskError};
use countersign_league::Artefact;
use std::path::{Path, PathBuf};

/// Longest image: a slot of a chip.
const IMAGE_MAX: usize = 25 * 64 * 1024;

/// Why firmware does not get where it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CourierError {
    /// The disk.
    #[error("{0}")]
    Disk(#[from] DiskError),
    /// No such file.
    #[error("{} is not there", .0.display())]
    Missing(PathBuf),
    /// Not an image that devices take.
    #[error("{}: {why}", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: ImageFault,
    },
    /// Not a release.
    #[error("{} is no signed release: {why}", path.display())]
    Release {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: Malformed,
    },
    /// Of something else.
    #[error("the image is not the one that the release is about")]
    Other,
    /// Radios are flashed at their port.
    #[error("the release is for a {0}, and only masters and slaves take updates over the air")]
    Kind(ImageKind),
    /// The half said no.
    #[error("the {half} does not take it: {why}")]
    Refused {
        /// Which half.
        half: ImageKind,
        /// What it said.
        why: String,
    },
    /// Too many tries without a step.
    #[error("given up after {tries} tries: {why}. Run this again: it goes on where it stopped")]
    Silent {
        /// How many.
        tries: u32,
        /// What was said, or what went wrong, at last.
        why: String,
    },
}

/// Writes what an image of the factory is, for the release key to sign
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  countersign-device release app.bin --out slave.content
  countersign sign record --type firmware.release --data @slave.content --seed-file release.seed \\
      --app countersign --audience firmware --out slave.release
  countersign-device carry --to 192.168.4.1:80 --release slave.release --image app.bin
App and audience are those of COUNTERSIGN_RELEASE_REALM when the image was built.")]
pub(crate) struct ReleaseArgs {
    /// The image with its signature, app.bin of a release of the factory
    image: PathBuf,

    /// Where the content of the release goes
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

/// What was written, in words.
pub(crate) fn release(args: &ReleaseArgs) -> Result<String, CourierError> {
    let image = read(&args.image, IMAGE_MAX)?;
    let path = args.image.clone();
    let release = Release::of_image(&image).map_err(|why| CourierError::Image { path, why })?;
    disk::replace(&args.out, &release.encode(), Access::Public)?;
    let Release { kind, chip, version, secure_version, length, .. } = &release;
    let [_, major, minor, patch] = version.to_be_bytes();
    Ok(format!(
        "{kind} {major}.{minor}.{patch} for {}, secure version {}, {length} bytes; now sign {}",
        chip.name(),
        secure_version.get(),
        args.out.display()
    ))
}

fn read(path: &Path, max: usize) -> Result<Vec<u8>, CourierError> {
    let file = disk::read_up_to(path, max)?;
    let file = file.ok_or_else(|| CourierError::Missing(path.to_owned()))?;
    Ok(file.content.to_vec())
}

const _: () = assert!(RELEASE_MAX < IMAGE_MAX, "a release is shorter than an image");
