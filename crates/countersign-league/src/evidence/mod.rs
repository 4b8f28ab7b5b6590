//! What is signed and lasts: certificates, tickets, roll calls, acts, results, receipts.
//!
//! Each is an [`Artefact`]; [`Received::verify`] is the only way to a [`Signed`].

mod act;
mod bundle;
mod certificate;
mod ending;
mod receipt;
mod registration;
mod start;
mod ticket;
mod tls;

pub use act::{Act, ActKind, Roll};
pub use bundle::{Bundle, BundleError, MissedEvidence, PlayerEvidence};
pub use certificate::{
    BatchManifest, DeviceCertificate, DeviceProof, DeviceStatus, PairCertificate,
};
pub use ending::{Goal, GoalState, MatchResult, Outcome, SeatFlags, SlaveSeal};
pub use receipt::{MatchReceipt, ReceiptLine, Settlement};
pub use registration::{Registration, RegistrationError};
pub use start::{MatchStart, Stakes, StartLine};
pub use ticket::{Ticket, TicketFlags};
pub use tls::{TlsChain, TlsRequest, renewal_due};

pub use countersign::evidence::{
    Artefact, EvidenceError, Received, Signed, Stamp, VERSION, digest_of, open, seal, unsigned,
};

use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, VerifyingKey};

/// `u8 algorithm ‖ key`, 33 bytes.
pub(crate) fn put_key(out: &mut Vec<u8>, key: &VerifyingKey) {
    out.push(countersign::key::ALG_ED25519);
    out.extend_from_slice(key.as_bytes());
}

pub(crate) fn take_key(reader: &mut Reader<'_>) -> Result<VerifyingKey, Malformed> {
    let alg = reader.u8()?;
    let bytes: [u8; 32] = reader.array()?;
    VerifyingKey::from_alg(alg, &bytes).map_err(|_| Malformed::Range)
}

/// A key that whoever signed has taken in; only for [`Artefact::take_verified`].
fn take_vouched_key(reader: &mut Reader<'_>) -> Result<VerifyingKey, Malformed> {
    let alg = reader.u8()?;
    let bytes: [u8; 32] = reader.array()?;
    match alg {
        countersign::key::ALG_ED25519 => {
            VerifyingKey::from_vouched(&bytes).map_err(|_| Malformed::Range)
        }
        _ => Err(Malformed::Range),
    }
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    countersign::wire::put_lp8(out, text.as_bytes());
}

/// UTF-8 of at most `max` bytes.
pub(crate) fn take_text(
    reader: &mut Reader<'_>,
    max: usize,
) -> Result<alloc::string::String, Malformed> {
    let bytes = reader.lp8()?;
    if bytes.len() > max {
        return Err(Malformed::Range);
    }
    core::str::from_utf8(bytes).map(Into::into).map_err(|_| Malformed::Range)
}

pub(crate) fn take_i32(reader: &mut Reader<'_>) -> Result<i32, Malformed> {
    reader.array().map(i32::from_be_bytes)
}

pub(crate) fn take_i64(reader: &mut Reader<'_>) -> Result<i64, Malformed> {
    reader.array().map(i64::from_be_bytes)
}
