//! What survives a restart of a relay.
//!
//! ```text
//!   version 1 ‖ seen u32 × (id 16 ‖ forwarded u8) ‖ settled u32 × id 8
//!   ‖ kept u32 × (age ms u64 ‖ own u8: 0 no, 1 yes, 2 unsent ‖ length u16 ‖ packet)
//!   ‖ hubs u8 × (fingerprint 32 ‖ has beacon u8 ‖ beacon u64 ‖ order u64 ‖ passed u64) ‖ epochs u8 × u8
//!   ‖ SHA-256 of all that, 8 bytes
//! ```

use super::store::{Kept, born};
use super::{LinkId, Relay, Role};
use crate::Entropy;
use crate::keys::KeyEpoch;
use crate::packet::{Packet, PacketId, ShortId};
use crate::seen::Place;
use crate::window::Window;
use alloc::vec::Vec;
use countersign::Fingerprint;
use countersign::wire::{Malformed, Reader};
use sha2::{Digest, Sha256};
use thiserror::Error;

const VERSION: u8 = 1;
const CHECKSUM_LEN: usize = 8;
/// What packets from before a restart count against.
const BEFORE: LinkId = LinkId(u32::MAX);

/// Why a snapshot is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// Cut off or changed.
    #[error("the snapshot is damaged; start without it")]
    Damaged,
    /// Whole, but not readable.
    #[error("the snapshot is of another version: {0}")]
    Malformed(#[from] Malformed),
}

impl<E: Entropy> Relay<E> {
    pub(super) fn take_snapshot(&self, now: u64) -> Vec<u8> {
        let mut out = alloc::vec![VERSION];
        let seen: Vec<_> = self.seen.iter().collect();
        put_count(&mut out, seen.len());
        for (id, forwarded) in seen {
            out.extend_from_slice(id.as_bytes());
            out.push(u8::from(forwarded));
        }
        put_count(&mut out, self.store.settled().len());
        self.store.settled().for_each(|id| out.extend_from_slice(id.as_bytes()));
        put_count(&mut out, self.store.iter().len());
        for (_, kept) in self.store.iter() {
            out.extend_from_slice(&kept.age(now).to_be_bytes());
            out.push(u8::from(kept.from.is_none()) + u8::from(kept.unsent));
            let bytes = kept.packet.as_bytes();
            out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
            out.extend_from_slice(bytes);
        }
        out.push(self.believed.hubs().len() as u8);
        for (hub, of_hub) in self.believed.hubs() {
            out.extend_from_slice(hub.as_bytes());
            out.push(u8::from(of_hub.beacon.is_some()));
            let (top, passed) = of_hub.orders.parts();
            for number in [of_hub.beacon.unwrap_or(0), top, passed] {
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        out.push(self.believed.announced().len() as u8);
        out.extend(self.believed.announced().map(KeyEpoch::get));
        let sum = checksum(&out);
        out.extend_from_slice(&sum);
        out
    }

    pub(super) fn take_in(&mut self, snapshot: &[u8], now: u64) -> Result<(), SnapshotError> {
        let (body, sum) =
            snapshot.split_last_chunk::<CHECKSUM_LEN>().ok_or(SnapshotError::Damaged)?;
        if checksum(body) != *sum {
            return Err(SnapshotError::Damaged);
        }
        let mut reader = Reader::new(body);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Malformed::Version(version).into());
        }
        for _ in 0..reader.u32()? {
            let id = PacketId::from_bytes(reader.array()?);
            // What finds no place was seen long enough ago.
            let _ = self.seen.insert(id, Place::Reserved, now);
            if reader.u8()? != 0 {
                self.seen.mark_forwarded(id, now);
            }
        }
        for _ in 0..reader.u32()? {
            self.store.settle(ShortId::from_bytes(reader.array()?));
        }
        for _ in 0..reader.u32()? {
            let (age, own, len) = (reader.u64()?, reader.u8()?, reader.u16()?);
            let bytes = reader.slice(usize::from(len))?;
            self.take_in_packet(bytes, born(now, age), own);
        }
        for _ in 0..reader.u8()? {
            let hub = Fingerprint::from_bytes(reader.array()?);
            let has_beacon = reader.u8()? != 0;
            let [beacon, top, passed] = [reader.u64()?, reader.u64()?, reader.u64()?];
            let orders = Window::from_parts(top, passed);
            self.believed.remember(hub, has_beacon.then_some(beacon), orders);
        }
        for _ in 0..reader.u8()? {
            self.believed.announce(KeyEpoch::new(reader.u8()?));
        }
        reader.finish()?;
        Ok(())
    }

    /// Keys may have been retired, or the file be of another event: what no key vouches for is left out.
    fn take_in_packet(&mut self, bytes: &[u8], born: i64, own: u8) {
        let Role::Member { keys, .. } = &self.role else { return };
        let Ok(packet) = Packet::decode(bytes) else { return };
        let Some(net) = keys
            .iter()
            .find(|net| net.epoch() == packet.epoch() && net.event_tag() == packet.event_tag())
        else {
            return;
        };
        if let Ok(checked) = packet.check_net(net) {
            let packet = checked.into_packet();
            let from = (own == 0).then_some(BEFORE);
            let kept = Kept { born, from, unsent: own == 2, packet };
            self.store.keep(kept.packet.id(), kept);
        }
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_be_bytes());
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut sum = [0; CHECKSUM_LEN];
    sum.copy_from_slice(&Sha256::digest(bytes)[..CHECKSUM_LEN]);
    sum
}
