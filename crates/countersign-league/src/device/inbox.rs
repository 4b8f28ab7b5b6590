//! What couriers bring: receipts, certificates, key sets. Signed by the server or by a root, so it does not matter who brings it.

use super::{Device, Output};
use crate::evidence::{Artefact, DeviceCertificate, EvidenceError, MatchReceipt};
use crate::game::{Event, Exhibit, Refusal};
use crate::pair::Entropy;
use alloc::vec::Vec;
use countersign::keyset::KeysetError;
use countersign::{
    Fingerprint, Frame, Keyset, Kind, Malformed, RecordHeader, Signer, VerifyingKey,
};

/// What was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A receipt for a match of this device.
    Receipt,
    /// The device's certificate.
    Certificate,
    /// A key set, newer than or as new as the one in use.
    Keyset,
}

impl Taken {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Certificate => "certificate",
            Self::Keyset => "keyset",
        }
    }
}

/// Why something brought is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// Not a frame that a device takes.
    #[error("a device takes receipts, certificates and key sets: {0}")]
    Malformed(#[from] Malformed),
    /// A record of a type that a device does not take.
    #[error("a device takes receipts, certificates and key sets, no record of this type")]
    Type,
    /// Signed by nobody that this device trusts.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The key set.
    #[error(transparent)]
    Keyset(#[from] KeysetError),
    /// Of another device.
    #[error("this is for another device")]
    OtherDevice,
    /// The game does not wait for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// Longest frame that couriers bring: a key set.
    pub const INBOX_MAX: usize = 4096;

    /// Something that a courier brought.
    pub fn inbox(&mut self, frame: &[u8], now: u64) -> Result<Taken, InboxError> {
        if frame.len() > Self::INBOX_MAX {
            return Err(EvidenceError::TooLong(Self::INBOX_MAX).into());
        }
        let header = Frame::split(frame)?.header;
        if Kind::of(header) == Some(Kind::Keyset) {
            return self.take_keyset(frame);
        }
        match RecordHeader::decode(header)?.record_type.as_str() {
            MatchReceipt::TYPE => self.take_receipt(frame, now),
            DeviceCertificate::TYPE => self.take_certificate(frame, now),
            _ => Err(InboxError::Type),
        }
    }

    /// The server's key that may have signed this frame.
    pub(super) fn server_key(&self, signer: &Fingerprint, frame: &[u8]) -> Option<&VerifyingKey> {
        let created = RecordHeader::decode(Frame::split(frame).ok()?.header).ok()?.created;
        self.keyset.record_key(signer, created).ok()
    }

    fn take_keyset(&mut self, frame: &[u8]) -> Result<Taken, InboxError> {
        let known = self.keyset.content.version;
        let keyset = Keyset::open(&self.realm, &self.roots, known, frame)?;
        if keyset.content.version > known {
            self.roots = keyset.content.roots.clone();
            self.keyset = keyset;
            self.emit(Output::PersistKeyset(frame.to_vec()));
        }
        Ok(Taken::Keyset)
    }

    fn take_receipt(&mut self, frame: &[u8], now: u64) -> Result<Taken, InboxError> {
        let receipt = self.exhibit::<MatchReceipt>(frame)?;
        let created = receipt.signed().created;
        self.tell(Event::Receipt(receipt), now)?;
        self.learn_time(created, now);
        Ok(Taken::Receipt)
    }

    /// The newest one counts; an older one is no harm and no use.
    fn take_certificate(&mut self, frame: &[u8], now: u64) -> Result<Taken, InboxError> {
        let certificate = self.exhibit::<DeviceCertificate>(frame)?;
        if !self.is_ours(certificate.value()) {
            return Err(InboxError::OtherDevice);
        }
        let created = certificate.signed().created;
        let known = self.certificate.as_deref().and_then(created_of);
        if known.is_none_or(|known| known < created) {
            self.certificate = Some(frame.to_vec());
            self.emit(Output::PersistCertificate(frame.to_vec()));
        }
        self.learn_time(created, now);
        // The game keeps time by it too.
        self.hear_game(Event::ServerTime(created), now);
        self.settle(now);
        Ok(Taken::Certificate)
    }

    fn exhibit<T: Artefact>(&self, frame: &[u8]) -> Result<Exhibit<T>, EvidenceError> {
        let signer = RecordHeader::decode(Frame::split(frame).map_err(content)?.header);
        let signer = signer.map_err(content)?.signer;
        let unknown = EvidenceError::Record(countersign::verify::RecordError::Signer);
        let key = self.server_key(&signer, frame).ok_or(unknown)?;
        Exhibit::open(&self.realm, key, Vec::from(frame))
    }
}

fn created_of(frame: &[u8]) -> Option<countersign::Timestamp> {
    let header = RecordHeader::decode(Frame::split(frame).ok()?.header).ok()?;
    Some(header.created)
}

fn content(error: Malformed) -> EvidenceError {
    EvidenceError::Record(error.into())
}
