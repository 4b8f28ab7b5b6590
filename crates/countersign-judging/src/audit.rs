//! What anybody can check afterwards, with the bundles, the exported log and its signed head, and nothing from the hub.

use crate::bundle::Bundle;
use crate::log::LogHead;
use crate::venue::{RestoreFault, Restored, Venue};
use countersign::evidence::{EvidenceError, Received, Signed};
use countersign::{Fingerprint, Realm};
use thiserror::Error;

/// A log whose every entry follows from the rules, and that its hub signed as it is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Audit {
    /// The event after the last entry: ballots, history, quarantine, alarms.
    pub venue: Venue,
    /// What the hub signed.
    pub head: Signed<LogHead>,
}

/// Why an exported log proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditFault {
    /// The log does not follow from the rules.
    #[error(transparent)]
    Log(#[from] RestoreFault),
    /// It ends in the middle of an entry.
    #[error("the log ends with {0} bytes that are no entry")]
    Torn(usize),
    /// The head.
    #[error("the head of the log is not valid: {0}")]
    Head(#[from] EvidenceError),
    /// The head is not signed by the hub whose log it is.
    #[error("the head is signed by {0}, which is not the log's hub")]
    OtherHub(Fingerprint),
    /// The hub signed another log: a longer, a shorter or a different one.
    #[error("the hub signed a log of {signed} entries with other content; this one has {found}")]
    OtherLog {
        /// Entries of the signed log.
        signed: u64,
        /// Entries of this one.
        found: u64,
    },
}

/// Takes every decision again and compares the outcome with what the hub signed. `bundles` were verified with the server's keys.
pub fn verify_log(
    realm: &Realm,
    bundles: &[Signed<Bundle>],
    log: &[u8],
    head: &[u8],
) -> Result<Audit, AuditFault> {
    let head = Received::<LogHead>::decode(head)?;
    let Restored { venue, torn, .. } = Venue::restore(realm, bundles, log)?;
    if torn > 0 {
        return Err(AuditFault::Torn(torn));
    }
    let hub = venue.bundle().hub(&head.signer()).filter(|hub| hub.key.fingerprint() == venue.hub());
    let hub = hub.ok_or(AuditFault::OtherHub(head.signer()))?;
    let head = head.verify(realm, &hub.key)?;
    if head.value != venue.head() {
        let (signed, found) = (head.value.entries, venue.entries());
        return Err(AuditFault::OtherLog { signed, found });
    }
    Ok(Audit { venue, head })
}
