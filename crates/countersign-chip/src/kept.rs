//! The newest key set in the data region, which anybody who opens the box can write.
//!
//! ```text
//!   u8 n ‖ n × root ‖ frame of the key set ‖ HMAC-SHA-256(key, device id ‖ everything before)     key from the record's key
//! ```
//!
//! A newer key set than the factory's may be signed by a root that the factory did not know, so it is kept with the roots that were
//! trusted when it came. Nobody but this chip can have kept it: otherwise whoever writes its flash would choose whom it believes.

use crate::identity::{HmacUp, KeptKey, kept_key};
use crate::record::{DeviceRecord, KEYSET_MAX};
use alloc::vec::Vec;
use countersign::keyset::ROOTS_MAX;
use countersign::wire::Reader;
use countersign::{Keyset, VerifyingKey};
use countersign_league::DeviceId;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const TAG: usize = 32;

/// Keeps key sets of one chip.
#[derive(Debug)]
pub struct Keeper {
    key: KeptKey,
    device: DeviceId,
}

impl Keeper {
    /// Asks the chip for its key.
    pub fn new<H: HmacUp>(chip: &mut H, device: DeviceId) -> Result<Self, H::Error> {
        Ok(Self { key: kept_key(chip)?, device })
    }

    /// The bytes to keep: a key set, and who was trusted when it came.
    pub fn seal(&self, roots: &[VerifyingKey], frame: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + TAG * (roots.len() + 1) + frame.len());
        bytes.push(roots.len() as u8);
        roots.iter().for_each(|root| bytes.extend_from_slice(root.as_bytes()));
        bytes.extend_from_slice(frame);
        let tag = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        bytes
    }

    /// The newest key set, and who may sign one after it: what was kept, if this chip kept it and it is newer than the record's.
    pub fn newest(
        &self,
        record: &DeviceRecord,
        kept: Option<&[u8]>,
    ) -> (Keyset, Vec<VerifyingKey>) {
        match kept.and_then(|kept| self.open(record, kept)) {
            Some(keyset) => {
                let roots = keyset.content.roots.clone();
                (keyset, roots)
            }
            None => (record.keyset.clone(), record.content.roots.clone()),
        }
    }

    fn open(&self, record: &DeviceRecord, kept: &[u8]) -> Option<Keyset> {
        let (bytes, tag) = kept.split_last_chunk::<TAG>()?;
        self.mac(bytes).verify(tag.into()).ok()?;
        let mut reader = Reader::new(bytes);
        let count = usize::from(reader.u8().ok()?);
        if count > ROOTS_MAX || bytes.len() > 1 + ROOTS_MAX * 32 + KEYSET_MAX {
            return None;
        }
        let roots = (0..count).map(|_| VerifyingKey::from_bytes(&reader.array().ok()?).ok());
        let roots = roots.collect::<Option<Vec<_>>>()?;
        let known = record.keyset.content.version;
        let keyset = Keyset::open(&record.content.realm, &roots, known, reader.rest()).ok()?;
        (keyset.content.version > known).then_some(keyset)
    }

    fn mac(&self, bytes: &[u8]) -> Hmac<Sha256> {
        self.key.mac().chain_update(self.device.as_bytes()).chain_update(bytes)
    }
}
