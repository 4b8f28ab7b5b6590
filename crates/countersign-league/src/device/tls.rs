//! The device's certificate for browsers. Nothing that it signs rests on it.

use super::Device;
use crate::evidence::{Artefact, TlsChain, TlsRequest};
use crate::pair::Entropy;
use alloc::string::String;
use alloc::vec::Vec;
use countersign::{Frame, RecordHeader, Signer, Timestamp};

/// The device's TLS key, and how long the chain for it lasts.
pub(super) struct Tls {
    key: Option<[u8; 32]>,
    life: Option<Life>,
}

/// From when to when browsers believe a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// First moment.
    pub not_before: Timestamp,
    /// First moment after it.
    pub not_after: Timestamp,
}

impl Tls {
    /// A kept chain that cannot be read, or is for a key that the device had earlier, counts as none.
    pub(super) fn new(key: Option<[u8; 32]>, frame: Option<&[u8]>) -> Self {
        let chain =
            frame.and_then(|frame| TlsChain::decode(Frame::split(frame).ok()?.payload).ok());
        let chain = chain.filter(|chain| key == Some(chain.spki));
        Self { key, life: chain.as_ref().map(Life::of) }
    }

    pub(super) fn is_for_our_key(&self, chain: &TlsChain) -> bool {
        self.key == Some(chain.spki)
    }

    /// `true`: it lasts longer than the one before, and counts from now on.
    pub(super) fn take(&mut self, chain: &TlsChain) -> bool {
        let is_newer = self.life.is_none_or(|life| life.not_after < chain.not_after);
        if is_newer {
            self.life = Some(Life::of(chain));
        }
        is_newer
    }
}

impl Life {
    const fn of(chain: &TlsChain) -> Self {
        Self { not_before: chain.not_before, not_after: chain.not_after }
    }
}

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// A frame that asks the server for a chain: `csr` is PKCS#10 by the device's TLS key for `host`. `None`: name or request
    /// are empty or too long.
    pub fn tls_request(&mut self, host: &str, csr: &[u8], now: u64) -> Option<Vec<u8>> {
        let fits = (1..=TlsRequest::HOST_MAX).contains(&host.len())
            && (1..=TlsRequest::CSR_MAX).contains(&csr.len());
        let device = self.setup.device;
        let request = TlsRequest { device, host: String::from(host), csr: csr.to_vec() };
        fits.then(|| self.sign(&request, RecordHeader::FIRST, now)).flatten()
    }

    /// How long the chain lasts; `None` while there is none.
    pub const fn tls_life(&self) -> Option<Life> {
        self.tls.life
    }
}
