//! What is sent to the server, in parts that it takes, and how far that has come.

use crate::batch::{Batch, BatchError};
use crate::factory::Factory;
use countersign::Malformed;
use countersign_league::evidence::{Registration, digest_of};
use std::path::PathBuf;

/// A finished batch on its way to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    batch: Batch,
    manifest: Vec<u8>,
    pairs: Vec<Vec<u8>>,
    confirmed: usize,
}

/// Why a batch cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// It has no manifest yet.
    #[error("{} is not finished; run `countersign factory make` again first", .0.display())]
    Unfinished(PathBuf),
    /// The server would refuse it.
    #[error("{serial} in {} is not in the manifest; run `countersign factory verify`", folder.display())]
    NotListed {
        /// The batch.
        folder: PathBuf,
        /// The pair.
        serial: String,
    },
    /// A certificate cannot be read.
    #[error("a certificate cannot be read: {0}")]
    Certificate(#[from] Malformed),
    /// The batch cannot be used.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl Shipment {
    /// Reads a finished batch and checks all that the server will check of it.
    pub fn open(factory: &Factory, batch: &Batch) -> Result<Self, RegisterError> {
        if !batch.is_finished() {
            return Err(RegisterError::Unfinished(batch.folder.clone()));
        }
        let (realm, key) = (&factory.realm, &factory.config.key);
        let manifest = batch.manifest(realm, key)?.value;
        let mut pairs = Vec::with_capacity(batch.plan.count);
        for serial in batch.serials() {
            batch.certificate(&serial, realm, key)?;
            let frame = batch.certificate_frame(&serial)?;
            if manifest.pairs.binary_search(&digest_of(realm, &frame)?).is_err() {
                return Err(RegisterError::NotListed { folder: batch.folder.clone(), serial });
            }
            pairs.push(frame);
        }
        let (manifest, confirmed) = (batch.manifest_frame()?, batch.registered()?);
        Ok(Self { batch: batch.clone(), manifest, pairs, confirmed })
    }

    /// How many certificates the server has confirmed.
    pub fn confirmed(&self) -> usize {
        self.confirmed
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.pairs.len()
    }

    /// Starts again from the first certificate; the server takes what it knows as known.
    pub fn again(&mut self) {
        self.confirmed = 0;
    }

    /// The next part; `None` when all is confirmed.
    pub fn next_part(&self) -> Option<Registration> {
        let rest = &self.pairs[self.confirmed..];
        let count = Registration::fitting(&self.manifest, rest);
        let pairs = rest[..count].to_vec();
        (count > 0).then(|| Registration { manifest: self.manifest.clone(), pairs })
    }

    /// Remembers that the server has taken a part.
    pub fn confirm(&mut self, part: &Registration) -> Result<(), RegisterError> {
        self.confirmed = (self.confirmed + part.pairs.len()).min(self.pairs.len());
        Ok(self.batch.set_registered(self.confirmed)?)
    }
}
