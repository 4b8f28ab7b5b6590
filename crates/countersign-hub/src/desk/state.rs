//! What the desk's thread owns, and how it comes back after a restart.

use crate::clock::{self, Clock};
use crate::disk::{Folder, Found, LogFile};
use crate::error::HubError;
use crate::random;
use crate::voice::Voice;
use countersign::evidence::Signed;
use countersign::{EventId, Realm, Signer, Timestamp};
use countersign_judging::log::{ReadFault, Reader};
use countersign_judging::venue::{Outcome, Refusal, RestoreFault, Status, Verdict};
use countersign_judging::{Bundle, SignedVote, Venue};
use countersign_keys::DiskError;
use countersign_mesh::seal::HubSealSecret;
use countersign_mesh::{
    BleUuid, EventCode, EventKey, EventKeys, Packet, ReceiptItem, ReceiptStatus, ShortId,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What happens after everything before it is durable.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A sender is told what became of its packet.
    Receipt(ReceiptItem),
    /// Everybody is told something, now.
    Say(Packet),
    /// The event has another code, and the mesh other keys, from now on.
    Keys(Box<(EventCode, EventKeys)>),
}

/// Everything of a hub but the venue, which others read.
pub(crate) struct Desk {
    pub(super) folder: Folder,
    pub(super) log: LogFile,
    pub(super) bundles: Vec<Signed<Bundle>>,
    pub(crate) voice: Arc<Voice>,
    pub(crate) sealing: Arc<HubSealSecret>,
    pub(crate) code: EventCode,
    pub(super) pending: Vec<u8>,
    pub(super) effects: Vec<Effect>,
}

/// A hub that knows where it was.
pub(crate) struct Opened {
    pub(crate) desk: Desk,
    pub(crate) venue: Venue,
    pub(crate) clock: Clock,
}

/// How the event's key comes to a hub that has none.
#[derive(Debug, Clone, Default)]
pub(crate) enum FirstCode {
    /// It is drawn here.
    #[default]
    Draw,
    /// Another hub of this event has drawn it.
    Given(EventCode),
}

/// Reads the folder, takes every decision of the log again, and begins the log if this is the first time.
pub(crate) fn open(folder: Folder, first: &FirstCode) -> Result<Opened, HubError> {
    let packages = folder.packages()?;
    let events = packages.iter().map(|package| package.reopen());
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let newest = events.last().ok_or(HubError::NoEvent)?;
    let realm = newest.realm.clone();
    let bundles: Vec<_> = events.into_iter().map(|event| event.bundle).collect();
    let key = folder.key()?;
    let (mut log, found) = folder.log()?;
    let Whole { len, last } = Whole::of(&found)?;
    let (bytes, torn) = found.bytes.split_at(len);
    if !torn.is_empty() {
        let (at, torn) = (len, torn.len());
        tracing::warn!(at, torn, "cut what a loss of power left at the end of the log");
    }
    let clock = Clock::start(last);
    let mut pending = Vec::new();
    let mut venue = if bytes.is_empty() {
        let newest = bundles.last().ok_or(HubError::NoEvent)?;
        let hub = *key.verifying_key().fingerprint();
        let (venue, entry) = Venue::begin(realm.clone(), hub, newest.clone(), clock.now())?;
        pending = entry;
        venue
    } else {
        Venue::restore(&realm, &bundles, bytes)?.venue
    };
    log.keep(len)?;
    if venue.hub() != key.verifying_key().fingerprint() {
        return Err(HubError::OtherHub(*venue.hub()));
    }
    let newest = bundles.last().filter(|newest| newest.value.version > venue.bundle().version);
    if let Some(newest) = newest {
        pending.extend(venue.amend(newest.clone(), clock.now())?);
    }
    log.append(&pending)?;
    let event = venue.bundle().id;
    let code = code(&folder, event, first)?;
    let keys = keys_of(&code, &venue);
    let about = (realm, event, venue.bundle().starts);
    let voice = Arc::new(Voice::new(about, key, folder.count_boot()?, keys)?);
    let sealing = Arc::new(folder.sealing()?);
    let (pending, effects) = (Vec::new(), Vec::new());
    let desk = Desk { folder, log, bundles, voice, sealing, code, pending, effects };
    Ok(Opened { desk, venue, clock })
}

impl Desk {
    /// The event's realm.
    pub(crate) fn realm(&self) -> &Realm {
        &self.voice.realm
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Decides about a vote whose signature is good. What its sender is told waits until it is durable.
    pub(crate) fn admit(
        &mut self,
        venue: &mut Venue,
        vote: SignedVote,
        packet: ShortId,
        now: Timestamp,
    ) -> Outcome {
        let Verdict { outcome, entry } = venue.admit(vote, now);
        self.pending.extend(entry.unwrap_or_default());
        self.effects.push(Effect::Receipt(ReceiptItem { packet, status: receipt_of(&outcome) }));
        outcome
    }

    /// Makes durable what was decided, and says what is to be done now. After an error nobody may be told anything any more.
    pub(crate) fn write_down(&mut self) -> Result<Vec<Effect>, DiskError> {
        self.sync()?;
        Ok(std::mem::take(&mut self.effects))
    }

    pub(super) fn sync(&mut self) -> Result<(), DiskError> {
        self.log.append(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// The word for the receipt.
pub(crate) fn receipt_of(outcome: &Outcome) -> ReceiptStatus {
    if matches!(outcome, Outcome::Refused(Refusal::StaleRevision { .. })) {
        return ReceiptStatus::Superseded;
    }
    match outcome.status() {
        Status::Accepted => ReceiptStatus::Accepted,
        Status::Duplicate => ReceiptStatus::Duplicate,
        Status::Stale => ReceiptStatus::Stale,
        Status::Future => ReceiptStatus::Future,
        Status::Revoked => ReceiptStatus::Revoked,
        Status::Closed => ReceiptStatus::Closed,
        Status::Invalid => ReceiptStatus::Invalid,
    }
}

/// What the QR and the bundle's salt give.
pub(crate) fn keys_of(code: &EventCode, venue: &Venue) -> EventKeys {
    let event = venue.bundle().event();
    let salt = event.salt.as_ref().map_or(&[][..], |salt| salt.as_slice());
    EventKeys::derive(&code.key, salt, &event.id, code.key.epoch())
}

/// A fresh event key; its first byte is its epoch.
pub(super) fn draw_key(epoch: u8) -> Result<EventKey, random::NoRandom> {
    let mut bytes = random::bytes::<32>()?;
    bytes[0] = epoch;
    Ok(EventKey::from_bytes(*bytes))
}

fn code(folder: &Folder, event: EventId, first: &FirstCode) -> Result<EventCode, HubError> {
    let known = folder.code()?;
    if let FirstCode::Given(code) = first {
        if code.event != event {
            return Err(HubError::CodeEvent(code.event));
        }
        if known.as_ref().is_some_and(|known| known.to_text() != code.to_text()) {
            return Err(HubError::OtherCode);
        }
    }
    if let Some(known) = known {
        return Ok(known);
    }
    let code = match first {
        FirstCode::Given(code) => code.clone(),
        FirstCode::Draw => EventCode { event, key: draw_key(0)?, ble: ble_of(&event) },
    };
    folder.put_code(&code)?;
    Ok(code)
}

/// The same for every hub of an event: a UUID of version 8 (RFC 9562 section 5.8) from the event's id.
fn ble_of(event: &EventId) -> BleUuid {
    let hash = Sha256::new_with_prefix(b"nodus-ble-1").chain_update(event.as_str()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    BleUuid::from_bytes(bytes)
}

/// How much of a log is to be kept.
#[derive(Debug, PartialEq, Eq)]
struct Whole {
    /// Bytes of whole entries.
    len: usize,
    /// The latest time in them.
    last: Timestamp,
}

impl Whole {
    /// Of the last write, a loss of power may have left any blocks and not others; nothing in it was acknowledged, and everything
    /// before it was, up to what was certainly durable. Where that is not known, no whole entry may follow on what is cut.
    fn of(Found { bytes, durable }: &Found) -> Result<Self, HubError> {
        let mut reader = Reader::new(bytes);
        let mut last = Timestamp::from_millis(0);
        let fault = loop {
            match reader.next_entry() {
                Ok(Some(entry)) => last = last.max(entry.at),
                Ok(None) => break None,
                Err(fault) => break Some(fault),
            }
        };
        let len = reader.valid();
        if let Some(durable) = durable.filter(|durable| len < *durable) {
            return Err(HubError::LogLost { whole: len, durable });
        }
        // A log that a stranger wrote must not move our clock to the end of time.
        let whole = Self { len, last: last.min(clock::today().plus(YEAR)) };
        match (fault, durable) {
            (None, _) | (Some(ReadFault::Broken { .. }), Some(_)) => Ok(whole),
            (Some(fault), _) => Err(RestoreFault::from(fault).into()),
        }
    }
}

const YEAR: core::time::Duration = core::time::Duration::from_secs(366 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_judging::event::RoundState;
    use countersign_judging::log::{Act, Chain, Entry};

    const BLOCK: usize = 512;

    /// A log of 20 votes, and where each entry ends.
    fn sample() -> (Vec<u8>, Vec<usize>) {
        let mut chain = Chain::new();
        let (mut log, mut ends) = (Vec::new(), vec![0]);
        for n in 0..20_u8 {
            let at = Timestamp::from_millis(n.into());
            let act = match n {
                0 => Act::Round { number: 1, state: RoundState::Open },
                _ => Act::Vote { content: vec![n; 170 + usize::from(n % 7) * 9] },
            };
            log.extend(chain.append(&Entry { at, act }).unwrap());
            ends.push(log.len());
        }
        (log, ends)
    }

    /// What is kept of a file of which so much was durable.
    fn kept(bytes: Vec<u8>, durable: usize) -> usize {
        Whole::of(&Found { bytes, durable: Some(durable) }).unwrap().len
    }

    #[test]
    fn power_may_fail_at_any_byte_of_the_last_write() {
        let (log, ends) = sample();
        for (number, durable) in ends.iter().copied().enumerate() {
            for cut in durable..=log.len() {
                let whole = *ends.iter().filter(|end| **end <= cut).max().unwrap();
                assert_eq!(kept(log[..cut].to_vec(), durable), whole, "{number}, {cut}");
            }
        }
    }

    #[test]
    fn any_blocks_of_the_last_write_may_be_missing_and_no_block_before_it() {
        let (log, ends) = sample();
        let durable = ends[6];
        let first = durable / BLOCK;
        let count = log.len().div_ceil(BLOCK) - first;
        assert!((6..=9).contains(&count));
        for arrived in 0..1_u32 << count {
            let mut bytes = log[..durable].to_vec();
            let mut hole = None;
            for block in 0..count {
                let range = durable.max((first + block) * BLOCK)
                    ..log.len().min((first + block + 1) * BLOCK);
                if arrived & (1 << block) == 0 {
                    hole = hole.or(Some(range.start));
                    continue;
                }
                bytes.resize(range.end.max(bytes.len()), 0);
                bytes[range.clone()].copy_from_slice(&log[range]);
            }
            let hole = hole.unwrap_or(log.len());
            let whole = *ends.iter().filter(|end| **end <= hole).max().unwrap();
            // Also with a file that is as long as it should have been.
            let long = [&bytes[..], &vec![0; log.len() - bytes.len()]].concat();
            assert_eq!((kept(bytes, durable), kept(long, durable)), (whole, whole), "{arrived:b}");
        }
    }

    #[test]
    fn damage_before_the_last_durable_byte_is_refused_with_its_place() {
        let (log, ends) = sample();
        let durable = ends[15];
        for at in 0..durable {
            let mut bytes = log.clone();
            bytes[at] ^= 0x10;
            let whole = *ends.iter().filter(|end| **end <= at).max().unwrap();
            let found = Whole::of(&Found { bytes: bytes.clone(), durable: Some(durable) });
            assert!(
                matches!(found, Err(HubError::LogLost { whole: found, .. }) if found == whole),
                "{at}: {found:?}"
            );
            // Without the file that says so, whole entries behind the damage do.
            let found = Whole::of(&Found { bytes, durable: None });
            assert!(matches!(found, Err(HubError::Log(_))), "{at}: {found:?}");
        }
        let found =
            Whole::of(&Found { bytes: log[..durable - 1].to_vec(), durable: Some(durable) });
        assert!(matches!(found, Err(HubError::LogLost { .. })), "{found:?}");
    }
}
