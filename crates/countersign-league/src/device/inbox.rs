//! What couriers bring: receipts, certificates, chains for TLS, key sets. Signed by the server or by a root, so it does not matter who brings it.

use super::{Device, Output};
use crate::evidence::{Artefact, DeviceCertificate, EvidenceError, MatchReceipt, TlsChain};
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
    /// A chain for the device's TLS key; a newer one than the one in use replaces it.
    Tls,
    /// A key set, newer than or as new as the one in use.
    Keyset,
}

impl Taken {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Certificate => "certificate",
            Self::Tls => "chain",
            Self::Keyset => "keyset",
        }
    }
}

/// Why something brought is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// Not a frame that a device takes.
    #[error("a device takes receipts, certificates, chains and key sets: {0}")]
    Malformed(#[from] Malformed),
    /// A record of a type that a device does not take.
    #[error("a device takes receipts, certificates, chains and key sets, no record of this type")]
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
    /// For a TLS key that this device does not have.
    #[error(
        "the chain is for another TLS key than this device's: bring the server the device's current request"
    )]
    OtherTlsKey,
    /// The game does not wait for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// Longest frame that couriers bring: a chain for TLS.
    pub const INBOX_MAX: usize = TlsChain::MAX_FRAME;

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
            TlsChain::TYPE => self.take_chain(frame, now),
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
        self.hear_time(created, now);
        Ok(Taken::Certificate)
    }

    /// The one that lasts longest counts. A chain for another key would end TLS, and one that ends sooner would bring its end nearer.
    fn take_chain(&mut self, frame: &[u8], now: u64) -> Result<Taken, InboxError> {
        let chain = self.exhibit::<TlsChain>(frame)?;
        if chain.value().device != self.setup.device {
            return Err(InboxError::OtherDevice);
        }
        if !self.tls.is_for_our_key(chain.value()) {
            return Err(InboxError::OtherTlsKey);
        }
        if self.tls.take(chain.value()) {
            self.emit(Output::PersistTls(frame.to_vec()));
        }
        self.hear_time(chain.signed().created, now);
        Ok(Taken::Tls)
    }

    /// The time at which the server signed something.
    fn hear_time(&mut self, created: countersign::Timestamp, now: u64) {
        self.learn_time(created, now);
        // The game keeps time by it too.
        self.hear_game(Event::ServerTime(created), now);
        self.settle(now);
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
