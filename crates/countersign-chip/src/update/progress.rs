//! How far an update is, across a loss of power; and how often it was begun, so that nobody wears out the flash with it.

use super::{Places, Release};
use crate::flash::{FlashError, Small};
use alloc::vec::Vec;
use countersign::RecordDigest;
use countersign::evidence::Signed;
use embedded_storage::nor_flash::NorFlash;

/// How often one release may be begun from its first chunk on. Each time costs every sector of a slot one erase.
pub const TRIES_MAX: u8 = 3;
/// Instead of a number of tries: every chunk is right, and the image is not.
pub(super) const IMPOSSIBLE: u8 = u8::MAX;

/// Of the release that the slot was last emptied for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) digest: RecordDigest,
    /// Chunks that were verified in the slot: whole blocks, or all of them.
    pub(super) chunks: u32,
    /// How often it was begun.
    pub(super) tries: u8,
}

impl Kept {
    /// `digest ‖ u32 chunks ‖ u8 tries`; none if nothing was begun yet.
    pub(super) fn read<A, D: NorFlash>(
        places: &mut Places<'_, A, D>,
    ) -> Result<Option<Self>, FlashError<D::Error>> {
        let value = places.store.read(places.data, Small::Progress.key())?.unwrap_or_default();
        Ok(Self::decode(&value))
    }

    pub(super) fn write<A, D: NorFlash>(
        &self,
        places: &mut Places<'_, A, D>,
    ) -> Result<(), FlashError<D::Error>> {
        let mut value = Vec::with_capacity(RecordDigest::LEN + 5);
        value.extend_from_slice(self.digest.as_bytes());
        value.extend_from_slice(&self.chunks.to_be_bytes());
        value.push(self.tries);
        places.store.write(places.data, Small::Progress.key(), &value)
    }

    /// Whether it is about this release.
    pub(super) fn is_of(&self, release: &Signed<Release>) -> bool {
        self.digest == release.digest
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let (digest, rest) = value.split_first_chunk::<{ RecordDigest::LEN }>()?;
        let (chunks, rest) = rest.split_first_chunk::<4>()?;
        let [tries] = rest.try_into().ok()?;
        let digest = RecordDigest::from_bytes(*digest);
        Some(Self { digest, chunks: u32::from_be_bytes(*chunks), tries })
    }
}
