//! The player's part: at the pitch, and as a courier.

mod approach;
mod carry;
mod field;
mod tls;

use crate::courier::Courier;
use crate::dice::Dice;
use crate::effect::{Ask, AskId, Effect};
use crate::errand::Errands;
use crate::event::{Event, Failure, Tap};
use crate::screen::Trouble;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use approach::Approach;
use countersign::record::UnsignedRecord;
use countersign::{Keyset, Realm, RecordHeader, RecordId, Timestamp, UserId, VerifyingKey};
use countersign_league::evidence::{self, Artefact, DeviceCertificate, Stamp, Ticket};
use countersign_league::{DeviceId, MatchId, Signed};
use field::Field;

/// What a player's program knows before anything happens.
#[derive(Debug)]
pub struct PlayerConfig {
    /// The deployment.
    pub realm: Realm,
    /// The server's keys.
    pub keyset: Keyset,
    /// The session key.
    pub key: VerifyingKey,
    /// The account, where it is known already.
    pub user: Option<UserId>,
    /// 32 bytes of the operating system's generator.
    pub entropy: [u8; 32],
}

/// A player's program. Time is the server's, as well as it is known.
pub struct Player {
    realm: Realm,
    keyset: Keyset,
    key: VerifyingKey,
    user: Option<UserId>,
    dice: Dice,
    asked: BTreeMap<AskId, Asked>,
    next_id: u32,
    /// A ticket that fits any device.
    travel: Option<Held>,
    courier: Courier,
    errands: Errands,
    place: Place,
    trouble: Option<Trouble>,
    effects: Vec<Effect>,
    /// Number of the newest act.
    seq: u32,
    is_carrying: bool,
}

/// Where the player is.
pub(crate) enum Place {
    /// At no device.
    Away,
    /// Getting to know a device.
    Approaching(Box<Approach>),
    /// In its lobby or match.
    There(Box<Field>),
}

/// A ticket with its frame.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) ticket: Signed<Ticket>,
    pub(crate) frame: Vec<u8>,
}

/// A device that proved itself.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) certificate: Signed<DeviceCertificate>,
    pub(crate) proof: Signed<evidence::DeviceProof>,
}

/// What an answer is for.
enum Asked {
    Signature(UnsignedRecord, Purpose),
    Certificate,
    Proof([u8; 32]),
    VerifiedByServer,
    Ticket,
    Travel,
    Joined,
    Sent,
    Watch([u8; 16]),
    Outbox,
    Bundle(MatchId),
    Settled(MatchId),
    Delivered(MatchId),
    Tls,
    TlsRequest(DeviceId, Timestamp),
    TlsOrdered(DeviceId),
    TlsChain(DeviceId),
    ChainDelivered(DeviceId),
}

/// What a signature is for.
enum Purpose {
    Join(Vec<u8>),
    Act,
}

/// Name under which the travel ticket is kept.
const TRAVEL: &str = "ticket/travel";

impl Player {
    /// Most questions that may be open; more are not asked.
    pub const ASKED_MAX: usize = 64;

    /// A player's program at no device.
    pub fn new(config: PlayerConfig) -> Self {
        Self {
            realm: config.realm,
            keyset: config.keyset,
            key: config.key,
            user: config.user,
            dice: Dice::new(config.entropy),
            asked: BTreeMap::new(),
            next_id: 1,
            travel: None,
            courier: Courier::default(),
            errands: Errands::default(),
            place: Place::Away,
            trouble: None,
            effects: Vec::new(),
            seq: 0,
            is_carrying: true,
        }
    }

    /// Whether results are taken up to be carried to the server; they are, unless the person says no.
    pub fn set_carrying(&mut self, carrying: bool) {
        self.is_carrying = carrying;
    }

    /// The ticket for any device, if there is one.
    pub fn travel_ticket(&self) -> Option<&Ticket> {
        self.travel.as_ref().map(|held| &held.ticket.value)
    }

    /// Gives back what [`Effect::Keep`] kept before a restart; call it before the first event. What cannot be read is dropped.
    pub fn restore(&mut self, name: &str, bytes: Vec<u8>, now: Timestamp) {
        if name == TRAVEL {
            self.travel =
                self.open_ticket(bytes).ok().filter(|held| held.ticket.value.expires > now);
        } else if let Some(id) = name.strip_prefix("bundle/").and_then(|id| id.parse().ok()) {
            self.courier.take_up(id, bytes, now);
        } else {
            self.restore_errand(name, &bytes, now);
        }
    }

    /// The server's keys changed.
    pub fn set_keyset(&mut self, keyset: Keyset) {
        self.keyset = keyset;
    }

    /// What is carried between devices and the server.
    pub fn courier(&self) -> &Courier {
        &self.courier
    }

    /// What is carried for the TLS of devices.
    pub fn errands(&self) -> &Errands {
        &self.errands
    }

    /// Takes one event and says what is to be done.
    pub fn update(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        match event {
            Event::Answer { id, result } => {
                if let Some(asked) = self.asked.remove(&id) {
                    self.answered(asked, result, now);
                }
            }
            Event::View(frame) => self.viewed(&frame, now),
            Event::Tap(tap) => self.tapped(tap, now),
            Event::Tick => self.notice_outbox(now),
            Event::Online => self.hurry(now),
        }
        self.run_courier(now);
        core::mem::take(&mut self.effects)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn last_trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    fn tapped(&mut self, tap: Tap, now: Timestamp) {
        self.trouble = None;
        match tap {
            Tap::Approach => self.approach(),
            Tap::Prepare => self.fetch_travel_ticket(),
            Tap::Depart => {
                self.place = Place::Away;
                self.show();
            }
            Tap::Ready
            | Tap::Unready
            | Tap::Quit
            | Tap::Abort
            | Tap::Leave
            | Tap::Injury
            | Tap::Return
            | Tap::Concede
            | Tap::Confirm
            | Tap::Annul(_)
            | Tap::Absent(_)
            | Tap::Flag => self.act(tap, now),
        }
    }

    fn answered(&mut self, asked: Asked, result: Result<Vec<u8>, Failure>, now: Timestamp) {
        match asked {
            Asked::Signature(record, purpose) => self.signed(&record, purpose, result),
            Asked::Certificate => self.certificate_came(result, now),
            Asked::Proof(challenge) => self.proof_came(&challenge, result),
            Asked::VerifiedByServer => self.verified_by_server(result, now),
            Asked::Ticket => self.ticket_came(result, now),
            Asked::Travel => self.travel_came(result),
            Asked::Joined => self.joined(result),
            Asked::Sent => self.sent(result),
            Asked::Watch(token) => self.views_ended(&token, result),
            Asked::Outbox => self.outbox_came(result),
            Asked::Bundle(id) => self.bundle_came(id, result, now),
            Asked::Settled(id) => self.settled(id, result),
            Asked::Delivered(id) => self.delivered(id, result),
            Asked::Tls => self.tls_came(result, now),
            Asked::TlsRequest(device, beyond) => {
                self.tls_request_came(device, beyond, result, now);
            }
            Asked::TlsOrdered(device) => self.tls_ordered(device, result),
            Asked::TlsChain(device) => self.chain_came(device, result, now),
            Asked::ChainDelivered(device) => self.chain_delivered(device, result),
        }
    }

    /// Acts are numbered by the second, so that the numbers grow over a restart of this program too.
    fn next_seq(&mut self, now: Timestamp) -> u32 {
        let second = u32::try_from(now.as_millis() / 1000).unwrap_or(u32::MAX);
        self.seq = self.seq.saturating_add(1).max(second);
        self.seq
    }

    fn ask(&mut self, ask: Ask, asked: Asked) {
        if self.asked.len() >= Self::ASKED_MAX {
            return self.fail(Trouble::Busy);
        }
        let id = AskId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.asked.insert(id, asked);
        self.effects.push(Effect::Ask { id, ask });
    }

    /// Asks for the signature under a piece of evidence.
    fn sign<T: Artefact>(&mut self, value: &T, purpose: Purpose, now: Timestamp) {
        let stamp = Stamp {
            id: RecordId::from_bytes(self.dice.draw()),
            created: now,
            previous: RecordHeader::FIRST,
        };
        match evidence::unsigned(&self.realm, *self.key.fingerprint(), stamp, value) {
            Ok(record) => {
                let input = record.signing_input().to_vec();
                self.ask(Ask::Sign(input), Asked::Signature(record, purpose));
            }
            Err(_) => self.fail(Trouble::Protocol("this program cannot build its own record")),
        }
    }

    fn signed(
        &mut self,
        record: &UnsignedRecord,
        purpose: Purpose,
        result: Result<Vec<u8>, Failure>,
    ) {
        let signature = match result.map(TryInto::try_into) {
            Ok(Ok(signature)) => signature,
            Ok(Err(_)) => return self.fail(Trouble::Protocol("a signature has 64 bytes")),
            Err(failure) => return self.fail(failure.into()),
        };
        let frame = record.seal(&signature);
        match purpose {
            Purpose::Join(ticket) => {
                let mut body = Vec::with_capacity(4 + ticket.len() + frame.len());
                for part in [&ticket, &frame] {
                    body.extend_from_slice(&(part.len() as u16).to_be_bytes());
                    body.extend_from_slice(part);
                }
                self.ask(Ask::Join(body), Asked::Joined);
            }
            Purpose::Act => self.ask(Ask::Act(frame), Asked::Sent),
        }
    }

    fn fail(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
        self.show();
    }

    fn show(&mut self) {
        if self.effects.last() != Some(&Effect::Show) {
            self.effects.push(Effect::Show);
        }
    }

    fn keep(&mut self, name: String, bytes: Vec<u8>) {
        self.effects.push(Effect::Keep { name, bytes });
    }
}
