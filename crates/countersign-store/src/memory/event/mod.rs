//! Events in memory: rows in maps.

mod hand_over;
mod roster;
mod store;

use super::State;
use crate::event::{
    BUNDLES_MAX, Enrolment, EventSummary, HandedVote, NewBundle, NewEvent, PublishOutcome,
    PutOutcome, Results, StoredBundle, StoredEvent, StoredHead,
};
use countersign::{EventId, Fingerprint, Timestamp, UserId};
use countersign_judging::{JudgeId, VoteDigest};
use std::collections::{BTreeMap, BTreeSet};

/// All events.
pub(super) type Events = BTreeMap<EventId, Event>;

/// One event with everything that belongs to it.
pub(super) struct Event {
    stored: StoredEvent,
    seats: BTreeMap<JudgeId, Option<String>>,
    keys: Vec<Key>,
    bundles: Vec<StoredBundle>,
    logs: BTreeMap<Fingerprint, Log>,
    heads: Vec<StoredHead>,
    votes: BTreeMap<VoteDigest, HandedVote>,
    revoked: BTreeMap<Fingerprint, Timestamp>,
    results: Option<Results>,
}

/// A key that a judge has or had.
struct Key {
    enrolment: Enrolment,
    is_current: bool,
}

/// A hub's log.
#[derive(Default)]
struct Log {
    pieces: BTreeMap<u64, Vec<u8>>,
    verified: u64,
}

impl Log {
    fn held(&self) -> u64 {
        self.pieces.last_key_value().map_or(0, |(offset, bytes)| offset + bytes.len() as u64)
    }
}

impl State {
    fn put_event(&mut self, new: NewEvent) -> PutOutcome {
        let judges: BTreeSet<_> = new.seats.iter().map(|seat| seat.judge).collect();
        let given = || new.seats.iter().filter_map(|seat| seat.address.as_ref());
        let addresses: BTreeSet<_> = given().collect();
        if judges.len() != new.seats.len() || addresses.len() != given().count() {
            return PutOutcome::Twice;
        }
        match (self.events.get_mut(&new.id), new.from) {
            (Some(_), None) => PutOutcome::Exists,
            (None, Some(_)) => PutOutcome::NoEvent,
            (None, None) => {
                self.events.insert(new.id, Event::new(new));
                PutOutcome::Stored { revision: 1 }
            }
            (Some(event), Some(from)) if from != event.stored.revision => {
                PutOutcome::Changed { revision: event.stored.revision }
            }
            (Some(event), Some(_)) => PutOutcome::Stored { revision: event.amend(new) },
        }
    }

    fn publish_bundle(&mut self, new: NewBundle) -> PublishOutcome {
        let Some(event) = self.events.get_mut(&new.event) else { return PublishOutcome::NoEvent };
        let newest = event.stored.summary.version;
        if newest >= BUNDLES_MAX {
            return PublishOutcome::Full;
        }
        if new.version != newest + 1 {
            return PublishOutcome::NotNext { newest };
        }
        if new.revision != event.stored.revision {
            return PublishOutcome::Changed { revision: event.stored.revision };
        }
        let NewBundle { version, digest, frame, keys, now: published, .. } = new;
        for key in &mut event.keys {
            if key.enrolment.published == 0 && keys.contains(&key.enrolment.fingerprint) {
                key.enrolment.published = version;
            }
        }
        event.bundles.push(StoredBundle { version, digest, frame, published });
        event.stored.summary.version = version;
        PublishOutcome::Published
    }

    pub(super) fn erase_judge(&mut self, user: UserId, address: &str) {
        for event in self.events.values_mut() {
            let seats = event.seats.values_mut();
            seats.filter(|seat| seat.as_deref() == Some(address)).for_each(|seat| *seat = None);
            let keys = event.keys.iter_mut().map(|key| &mut key.enrolment.user);
            keys.filter(|owner| **owner == Some(user)).for_each(|owner| *owner = None);
        }
    }
}

impl Event {
    fn new(new: NewEvent) -> Self {
        let summary = EventSummary {
            id: new.id,
            title: new.title,
            starts: new.starts,
            ends: new.ends,
            created: new.now,
            changed: new.now,
            version: 0,
        };
        let seats = new.seats.into_iter().map(|seat| (seat.judge, seat.address));
        Self {
            stored: StoredEvent { summary, content: new.content, revision: 1 },
            seats: seats.collect(),
            keys: Vec::new(),
            bundles: Vec::new(),
            logs: BTreeMap::new(),
            heads: Vec::new(),
            votes: BTreeMap::new(),
            revoked: BTreeMap::new(),
            results: None,
        }
    }

    fn amend(&mut self, new: NewEvent) -> u32 {
        let stored = &mut self.stored;
        let seats: BTreeMap<_, _> =
            new.seats.into_iter().map(|seat| (seat.judge, seat.address)).collect();
        for key in &mut self.keys {
            let judge = &key.enrolment.judge;
            key.is_current &= self.seats.get(judge) == seats.get(judge);
        }
        self.seats = seats;
        let EventSummary { title, starts, ends, changed, .. } = &mut stored.summary;
        (*title, *starts, *ends, *changed) = (new.title, new.starts, new.ends, new.now);
        stored.content = new.content;
        stored.revision += 1;
        stored.revision
    }
}
