//! Records: signed here, countersigned by the server.

use crate::call::{CallError, Reply};
use crate::client::Client;
use crate::random::{RandomError, random};
use countersign::record::UnsignedRecord;
use countersign::verify::{ReceivedRecord, RecordError};
use countersign::{Name, PayloadHash, RecordDigest, RecordHeader, RecordId, Signer};
use thiserror::Error;

/// A record that this device signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRecord {
    /// Its id, which also makes submitting it twice harmless.
    pub id: RecordId,
    /// What receipts and the next record refer to.
    pub digest: RecordDigest,
    /// Its bytes.
    pub frame: Vec<u8>,
}

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// These bytes are no record of this device.
    #[error("this is no record signed by this session's key: {0}")]
    Record(#[from] RecordError),
    /// As for any call. Submitting the same record again is harmless.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Client {
    /// Signs a record now. `previous` is `None` for the successor of the last record that the server took.
    pub fn sign_record(
        &self,
        record_type: Name,
        payload: Vec<u8>,
        previous: Option<RecordDigest>,
    ) -> Result<SignedRecord, RandomError> {
        let id = RecordId::from_bytes(random()?);
        let header = RecordHeader {
            id,
            created: self.server_now(),
            signer: *self.key().verifying_key().fingerprint(),
            previous: previous.unwrap_or_else(|| self.last_record()),
            payload_hash: PayloadHash::from_bytes([0; 32]),
            record_type,
        };
        let realm = self.realm();
        let frame = UnsignedRecord::new(&realm, header, payload.clone()).sign(self.key());
        let header = RecordHeader { payload_hash: countersign::payload::hash(&payload), ..header };
        Ok(SignedRecord { id, digest: header.digest(&realm), frame })
    }

    /// Hands in a record that was just signed and gives out the server's countersignature.
    pub async fn submit_record(&self, record: &SignedRecord) -> Result<Reply, SubmitError> {
        let reply = self.hand_in(&record.frame).await?;
        if reply.result.is_ok() {
            self.remember_record(record.digest);
        }
        Ok(reply)
    }

    /// Hands in a record that was signed earlier, perhaps not for the first time.
    pub async fn resubmit_record(&self, frame: &[u8]) -> Result<Reply, SubmitError> {
        let key = self.key().verifying_key();
        let record = ReceivedRecord::decode(frame)?.verify(&self.realm(), key)?;
        let (previous, digest) = (record.header.previous, record.digest);
        let reply = self.hand_in(frame).await?;
        // An old one must not become the end of the chain again.
        if reply.result.is_ok() && previous == self.last_record() {
            self.remember_record(digest);
        }
        Ok(reply)
    }

    async fn hand_in(&self, frame: &[u8]) -> Result<Reply, SubmitError> {
        let submit = Name::new("record.submit").map_err(RecordError::from)?;
        Ok(self.call(submit, frame).await?)
    }
}
