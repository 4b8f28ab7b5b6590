//! Packets that the mesh delivers: opened, read and verified on a pool of threads, then to the desk.
//!
//! The order is that of the design: the mesh has checked shape, net tag and age and has never seen the packet before; here AEAD,
//! strict parse, roster and signature; at the desk time, id, business, log; then the disk, and only then the receipt.

use crate::desk::{Effect, Handle, SharedVenue};
use crate::voice::Voice;
use countersign::Timestamp;
use countersign_judging::auth::{self, AuthMessage};
use countersign_judging::venue::Refusal;
use countersign_mesh::seal::{HubSealSecret, OpenError, open, open_at_hub};
use countersign_mesh::{
    EventKeys, Flags, NetChecked, PacketType, ReceiptItem, ReceiptStatus, ShortId,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Packets that wait to be opened. One more is lost, and comes again: its sender has no receipt.
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
    /// Lost, because too many waited.
    pub(crate) lost: AtomicU64,
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
}

/// What the pool works with.
pub(crate) struct Intake {
    pub(crate) voice: Arc<Voice>,
    pub(crate) sealing: Arc<HubSealSecret>,
    pub(crate) reception: auth::Desk,
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
pub(crate) struct Entrance {
    queue: SyncSender<NetChecked>,
    counts: Arc<Counts>,
}

impl Entrance {
    /// Takes a packet in, or loses it.
    pub(crate) fn take(&self, packet: NetChecked) {
        match self.queue.try_send(packet) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                Counts::add(&self.counts.lost);
            }
        }
    }
}

/// Starts the pool; it ends when the last entrance is gone.
pub(crate) fn start(intake: Intake) -> std::io::Result<Entrance> {
    let (queue, packets) = sync_channel(WAITING);
    let packets = Arc::new(Mutex::new(packets));
    let counts = Arc::clone(&intake.counts);
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
    Ok(Entrance { queue, counts })
}

fn next(packets: &Mutex<Receiver<NetChecked>>) -> Option<NetChecked> {
    packets.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// The content of a VOTE packet, also of one that is sealed to this hub.
pub(crate) fn open_vote(
    keys: &EventKeys,
    sealing: &HubSealSecret,
    packet: &NetChecked,
) -> Result<Vec<u8>, OpenError> {
    if packet.packet().packet_type() != PacketType::Vote {
        return Err(OpenError);
    }
    open_any(keys, sealing, packet)
}

fn open_any(
    keys: &EventKeys,
    sealing: &HubSealSecret,
    packet: &NetChecked,
) -> Result<Vec<u8>, OpenError> {
    // What an old key sealed is not read any more.
    if packet.packet().epoch() != keys.net.epoch() {
        return Err(OpenError);
    }
    let content = open(&keys.app, packet)?;
    match packet.packet().flags().contains(Flags::SEALED) {
        true => open_at_hub(sealing, &content),
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
        let Ok(content) = open_vote(&keys, &self.sealing, packet) else {
            Counts::add(&self.counts.unreadable);
            return self.unproven(short);
        };
        let examined =
            self.venue.read().unwrap_or_else(PoisonError::into_inner).examine(&content);
        match examined {
            Ok(vote) => {
                let sent = self.desk.send(
                    move |desk, venue, now| desk.admit(venue, vote, short, now),
                    |outcome| tracing::debug!(?outcome, "a vote"),
                );
                if sent.is_err() {
                    Counts::add(&self.counts.lost);
                }
            }
            Err(refusal) => {
                let counter = match refusal {
                    Refusal::Form(_) => &self.counts.unreadable,
                    _ => &self.counts.unproven,
                };
                Counts::add(counter);
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
