//! Why a release or a chunk is not taken.

use super::progress::TRIES_MAX;
use super::{BLOCK, CHUNK, ImageKind};
use crate::flash::FlashError;
use countersign::evidence::EvidenceError;
use countersign_boot::Chip;
use countersign_boot::layout::APP_SLOT_MAX;
use countersign_boot::slots::ChangeError;

/// Why a release is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError<E> {
    /// Another key, changed bytes, or no release.
    #[error("this is no release of the key in this firmware: {0}")]
    Release(#[from] EvidenceError),
    /// For another application.
    #[error("the release is for a {found}, and this is a {ours}")]
    Kind {
        /// What the release is for.
        found: ImageKind,
        /// What runs here.
        ours: ImageKind,
    },
    /// For another chip.
    #[error("the release is for another chip: bring the one for {}", .0.name())]
    Chip(Chip),
    /// The image would not be started.
    #[error("the release has secure version {found}, and this device takes {floor} and above")]
    SecureVersion {
        /// What the release has.
        found: u8,
        /// The lowest that is taken.
        floor: u8,
    },
    /// What runs is as new.
    #[error("the release is version {found}, and version {running} runs already")]
    NotNewer {
        /// What the release is.
        found: u32,
        /// What runs.
        running: u32,
    },
    /// A newer one was begun, or was tried and did not run well; or another image of the same number was.
    #[error(
        "the release is version {found}, and version {begun} was begun; bring that one or a newer one"
    )]
    Superseded {
        /// What the release is.
        found: u32,
        /// What was begun.
        begun: u32,
    },
    /// It was begun so often that the flash wears for nothing; or its blocks are right and its image is not.
    #[error(
        "this release was begun {TRIES_MAX} times, or its image is not what it says; bring a newer one"
    )]
    Spent,
    /// It was tried, and did not confirm itself.
    #[error("this release was tried and did not run well; bring a newer one")]
    RolledBack,
    /// It would not fit a slot.
    #[error("the image has {0} bytes, and a slot has {APP_SLOT_MAX}")]
    TooLong(u32),
    /// Signed by the release key, and yet impossible.
    #[error(
        "the image is whole sectors of {CHUNK} bytes, with one hash for each {BLOCK} bytes; sign it again"
    )]
    Shape,
    /// This is not the time.
    #[error("{0}")]
    Slots(ChangeError),
    /// Nothing was kept.
    #[error(transparent)]
    Flash(#[from] FlashError<E>),
}

/// Why a chunk is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError<E> {
    /// Nobody brought a release.
    #[error("no update was begun; bring its release first")]
    NotBegun,
    /// Out of order: somebody else brought it, or the power failed.
    #[error("chunk {0} comes next")]
    Order(u32),
    /// Another length than that of the hashes of a block and a chunk.
    #[error("a chunk comes as {expected} bytes with the hashes of its block, not {found}")]
    Length {
        /// How many came.
        found: usize,
        /// How many belong to a chunk of this number.
        expected: usize,
    },
    /// A courier brought something else. Nothing was erased for it.
    #[error("this is not chunk {0} of the release; bring it again")]
    Rubbish(u32),
    /// The flash gives back something else than was written.
    #[error("chunk {0} was not kept by the flash; bring it again")]
    NotKept(u32),
    /// That happened too often.
    #[error("the flash does not keep what is written; start the device again")]
    Worn,
    /// The blocks are right and the image is not: the release was made wrongly.
    #[error("the image is not what its release says; bring a newer release")]
    Image,
    /// Another update was begun in its place.
    #[error("{0}")]
    Slots(ChangeError),
    /// Nothing was kept.
    #[error(transparent)]
    Flash(#[from] FlashError<E>),
}
