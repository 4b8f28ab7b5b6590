//! Packets that the mesh delivers: opened, read and verified on a pool of threads, then to the desk.
//!
//! The order is that of the design: the mesh has checked shape, net tag and age and has never seen the packet before; here AEAD,
//! strict parse, roster and signature; at the desk time, id, business, log; then the disk, and only then the receipt.

use crate::desk::{Effect, Handle, SharedVenue};
use crate::voice::Voice;
use countersign::Timestamp;
use countersign_judging::auth::{self, AuthMessage};
use countersign_judging::venue::{Examiner, Refusal};
use countersign_mesh::seal::{HubSealSecret, OpenError, open, open_at_hub};
use countersign_mesh::{
    EventKeys, Flags, NetChecked, PacketType, ReceiptItem, ReceiptStatus, ShortId,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Packets that wait to be opened. The next one waits in the node's queue, and that one counts what it loses.
const WAITING: usize = 1_024;
/// Most threads: more than a small board has cores help nobody.
const THREADS_MAX: usize = 4;
/// Receipts a second for packets that no judge has signed. A receipt lets relays forget junk, and must not cost more than it.
const UNPROVEN_PER_SECOND: u64 = 32;

/// What came in, and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// VOTE packets.
    pub(crate) votes: AtomicU64,
    /// AUTH packets.
    pub(crate) auths: AtomicU64,
    /// Packets that do not open, or are not what they should be.
    pub(crate) unreadable: AtomicU64,
    /// Votes that no judge of the roster has signed.
    pub(crate) unproven: AtomicU64,
    /// Receipts, by [`ReceiptStatus`].
    pub(crate) receipts: [AtomicU64; ReceiptStatus::ALL.len()],
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    /// All receipts, whatever they said.
    pub(crate) fn receipted(&self) -> u64 {
        self.receipts.iter().map(Self::get).sum()
    }
}

/// What the pool works with.
pub(crate) struct Intake {
    pub(crate) voice: Arc<Voice>,
    pub(crate) sealing: Arc<HubSealSecret>,
    pub(crate) reception: Arc<auth::Desk>,
    pub(crate) examiner: Examiner,
    pub(crate) venue: SharedVenue,
    pub(crate) desk: Handle,
    pub(crate) effects: mpsc::Sender<Effect>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) clock: crate::clock::Clock,
    pub(crate) allowance: Allowance,
}

/// How many receipts packets without a proven author may still have in this second.
#[derive(Debug, Default)]
pub(crate) struct Allowance(Mutex<(u64, u64)>);

impl Allowance {
    fn take(&self, now: Timestamp) -> bool {
        let second = now.as_millis() / 1_000;
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, used) = *state;
        let used = if of == second { used } else { 0 };
        *state = (second, used + 1);
        used < UNPROVEN_PER_SECOND
    }
}

/// The entrance of the pool.
#[derive(Clone)]
pub(crate) struct Entrance(mpsc::Sender<NetChecked>);

impl Entrance {
    /// Takes a packet in as soon as there is room; `false` if the pool has ended.
    pub(crate) async fn take(&self, packet: NetChecked) -> bool {
        self.0.send(packet).await.is_ok()
    }
}

/// Starts the pool; it ends when the last entrance is gone.
pub(crate) fn start(intake: Intake) -> std::io::Result<Entrance> {
    let (queue, packets) = mpsc::channel(WAITING);
    let packets = Arc::new(Mutex::new(packets));
    let intake = Arc::new(intake);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for number in 0..cores.min(THREADS_MAX) {
        let (intake, packets) = (Arc::clone(&intake), Arc::clone(&packets));
        let thread = std::thread::Builder::new().name(format!("verify-{number}"));
        thread.spawn(move || {
            while let Some(packet) = next(&packets) {
                intake.handle(&packet);
            }
        })?;
    }
    Ok(Entrance(queue))
}

fn next(packets: &Mutex<mpsc::Receiver<NetChecked>>) -> Option<NetChecked> {
    packets.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

/// Why a packet says nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unopened {
    /// Nobody can read it.
    #[error("this is nothing that anybody can open with the event's present key")]
    Junk,
    /// Another hub of the event can.
    #[error("this is sealed to another hub of the event; bring it there")]
    OtherHub,
}

/// The content of a VOTE packet, also of one that is sealed to this hub.
pub(crate) fn open_vote(
    keys: &EventKeys,
    sealing: &HubSealSecret,
    packet: &NetChecked,
) -> Result<Vec<u8>, Unopened> {
    if packet.packet().packet_type() != PacketType::Vote {
        return Err(Unopened::Junk);
    }
    open_any(keys, sealing, packet)
}

fn open_any(
    keys: &EventKeys,
    sealing: &HubSealSecret,
    packet: &NetChecked,
) -> Result<Vec<u8>, Unopened> {
    // What an old key sealed is not read any more.
    if packet.packet().epoch() != keys.net.epoch() {
        return Err(Unopened::Junk);
    }
    let content = open(&keys.app, packet).map_err(|OpenError| Unopened::Junk)?;
    match packet.packet().flags().contains(Flags::SEALED) {
        true => open_at_hub(sealing, &content).map_err(|OpenError| Unopened::OtherHub),
        false => Ok(content),
    }
}

impl Intake {
    fn handle(&self, packet: &NetChecked) {
        let short = packet.packet().id().short();
        match packet.packet().packet_type() {
            PacketType::Vote => {
                Counts::add(&self.counts.votes);
                self.vote(packet, short);
            }
            PacketType::Auth => {
                Counts::add(&self.counts.auths);
                self.auth(packet);
            }
            // Bundles go from the hub outwards, and the others are the mesh's own.
            PacketType::Bundle
            | PacketType::Receipt
            | PacketType::Beacon
            | PacketType::Control
            | PacketType::Sync => {}
        }
    }

    fn vote(&self, packet: &NetChecked, short: ShortId) {
        let keys = self.voice.keys();
        let content = match open_vote(&keys, &self.sealing, packet) {
            Ok(content) => content,
            // Not ours to say anything about.
            Err(Unopened::OtherHub) => return,
            Err(Unopened::Junk) => {
                Counts::add(&self.counts.unreadable);
                return self.unproven(short);
            }
        };
        match self.examiner.examine(&content) {
            Ok(vote) => {
                // A hub that is ending takes no more; the vote comes again.
                let _taken = self.desk.send_from_thread(move |desk, venue, now| {
                    let outcome = desk.admit(venue, vote, short, now);
                    tracing::debug!(?outcome, "a vote");
                });
            }
            Err(refusal) => {
                let is_form = matches!(refusal, Refusal::Form(_));
                Counts::add(if is_form { &self.counts.unreadable } else { &self.counts.unproven });
                self.unproven(short);
            }
        }
    }

    /// Nobody of the roster has said it, and nobody ever will.
    fn unproven(&self, packet: ShortId) {
        if !self.allowance.take(self.clock.now()) {
            return;
        }
        let item = ReceiptItem { packet, status: ReceiptStatus::Invalid };
        // A receipt for junk may get lost.
        drop(self.effects.try_send(Effect::Receipt(item)));
    }

    fn auth(&self, packet: &NetChecked) {
        let keys = self.voice.keys();
        let content = open_any(&keys, &self.sealing, packet);
        let message = content.ok().and_then(|content| AuthMessage::decode(&content).ok());
        let now = self.clock.now();
        let answer = match message {
            Some(AuthMessage::Hello(hello)) => {
                let venue = self.venue.read().unwrap_or_else(PoisonError::into_inner);
                self.reception.hello(&venue, &hello, now).ok().map(|challenge| challenge.encode())
            }
            Some(AuthMessage::Proof(proof)) => {
                let found = {
                    let venue = self.venue.read().unwrap_or_else(PoisonError::into_inner);
                    self.reception.proof(&venue, &proof, now)
                };
                match found {
                    Ok((judge, welcome)) => {
                        tracing::info!(judge = %judge.judge, offset_ms = judge.offset_ms, "a judge");
                        welcome.sign(&self.voice.realm, &self.voice.event, &self.voice.key).ok()
                    }
                    Err(refusal) => {
                        tracing::info!(%refusal, "a judge is not welcome");
                        None
                    }
                }
            }
            // Another hub's answer.
            Some(AuthMessage::Challenge(_) | AuthMessage::Welcome(_)) => return,
            None => {
                Counts::add(&self.counts.unreadable);
                return;
            }
        };
        let packet = answer.and_then(|content| self.voice.answer(&content, now).ok());
        if let Some(packet) = packet {
            // A lost answer is asked for again.
            drop(self.effects.try_send(Effect::Say(packet)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_has_few_receipts_a_second() {
        let allowance = Allowance::default();
        let taken = |second: u64| {
            let now = Timestamp::from_millis(second * 1_000);
            (0..1_000).filter(|_| allowance.take(now)).count() as u64
        };
        assert_eq!(taken(7), UNPROVEN_PER_SECOND);
        assert_eq!(taken(7), 0);
        assert_eq!(taken(8), UNPROVEN_PER_SECOND);
    }
}
