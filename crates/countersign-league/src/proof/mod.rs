//! What a match proves to whoever does not believe a server's word: every check again, one by one, and the match in one file.
//!
//! The command line and the browser run the same code on the same bytes. Nothing is believed but what a root vouches for:
//! root, key set, device certificate, match. `docs/league.md`, sections 2 and 11.

mod export;
mod keys;
mod report;

pub use export::Export;
pub use keys::ServerKeys;
pub use report::{Check, Report, State, receipt, signed, signers};

use crate::evidence::{DeviceCertificate, MatchReceipt, Signed};
use crate::settlement::{Checked, KnownDevice};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use countersign::Timestamp;

/// The check of the server's keys, which comes before all others.
const KEYS: (&str, &str) = ("keys", "a root that you trust signed the server's keys");
const DEVICE: (&str, &str) = ("device", "the server signed for the keys of the device");
const RECEIPT: (&str, &str) = ("receipt", "the server signed a receipt of this result");

/// What a match proves. Only [`examine`] makes one, after every check has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// Whose keys signed it, as the server said when the proof was made.
    pub device: DeviceCertificate,
    /// The match.
    pub checked: Checked,
    /// What the server said to it.
    pub receipt: Signed<MatchReceipt>,
}

/// Every check of an exported match, in order, and what it proves if all of them passed.
///
/// `keys` are the server's, or why there are none to believe. `now` decides nothing but what stands against counting a match.
pub fn examine(
    export: &Export,
    keys: Result<&ServerKeys, String>,
    now: Timestamp,
) -> (Report, Option<Proof>) {
    let mut report = Report::default();
    let keys = match keys {
        Ok(keys) => keys,
        Err(why) => {
            report.then(KEYS, || Err(why));
            return (report, None);
        }
    };
    report.then(KEYS, || match keys.newest() {
        Some(_) => Ok(()),
        None => Err("there is no key set".to_owned()),
    });
    let device = signed::<DeviceCertificate>(&export.device, keys);
    let known = device.as_ref().ok().map(|signed| KnownDevice::from(&signed.value));
    report.then(DEVICE, || device.as_ref().map(drop).map_err(Clone::clone));
    let of_master = |master| Ok(known.filter(|known| *known.master.fingerprint() == master));
    let game = Report::game::<core::convert::Infallible>(&export.bundle, keys, of_master, now);
    let checked = match game {
        Ok((game, checked)) => {
            report.join(game);
            checked
        }
        Err(never) => match never {},
    };
    let receipt = checked.as_ref().map(|checked| receipt(&export.receipt, checked, keys));
    report.then(RECEIPT, || match &receipt {
        Some(receipt) => receipt.as_ref().map(drop).map_err(Clone::clone),
        None => Err("there is no result".to_owned()),
    });
    let proof = match (device, checked, receipt) {
        (Ok(device), Some(checked), Some(Ok(receipt))) => {
            Some(Proof { device: device.value, checked, receipt })
        }
        (_, _, _) => None,
    };
    let proof = proof.filter(|_| report.is_sound());
    (report, proof)
}
