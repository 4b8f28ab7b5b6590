//! What the desk's thread owns, and how it comes back after a restart.

use crate::clock::{self, Clock};
use crate::disk::{Folder, LogFile};
use crate::error::HubError;
use crate::random;
use crate::voice::Voice;
use countersign::evidence::Signed;
use countersign::{EventId, Realm, Signer, Timestamp};
use countersign_judging::log::Reader;
use countersign_judging::venue::{Outcome, Refusal, Restored, Status, Verdict};
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
    let (mut log, bytes) = folder.log()?;
    let clock = Clock::start(last_time(&bytes));
    let mut pending = Vec::new();
    let mut venue = if is_new(&bytes) {
        log.cut(0)?;
        let newest = bundles.last().ok_or(HubError::NoEvent)?;
        let hub = *key.verifying_key().fingerprint();
        let (venue, entry) = Venue::begin(realm.clone(), hub, newest.clone(), clock.now())?;
        pending = entry;
        venue
    } else {
        let Restored { venue, valid, torn } = Venue::restore(&realm, &bundles, &bytes)?;
        if torn > 0 {
            tracing::warn!(torn, "cut what a loss of power left at the end of the log");
        }
        log.cut(valid)?;
        venue
    };
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

/// Whether not even the first entry was ever whole: nothing was acknowledged then.
fn is_new(log: &[u8]) -> bool {
    matches!(Reader::new(log).next_entry(), Ok(None))
}

/// The latest time in the log.
fn last_time(log: &[u8]) -> Timestamp {
    let mut reader = Reader::new(log);
    let mut last = Timestamp::from_millis(0);
    while let Ok(Some(entry)) = reader.next_entry() {
        last = last.max(entry.at);
    }
    // A log that a stranger wrote must not move our clock to the end of time.
    last.min(clock::today().plus(core::time::Duration::from_secs(366 * 86_400)))
}
