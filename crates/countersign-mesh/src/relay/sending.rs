//! Packets on their way out.

use super::store::{Kept, Room, born};
use super::waiting::Wait;
use super::{Bearer, Cause, DropReason, LinkId, Output, Relay};
use crate::Entropy;
use crate::framing;
use crate::packet::{Packet, PacketId, PacketType, Ttl};
use crate::seen::Place;
use alloc::vec::Vec;

impl<E: Entropy> Relay<E> {
    /// The same as [`Relay::originate`], as far as the caller says.
    pub fn originate_with_ttl(&mut self, mut packet: Packet, ttl: Ttl, now: u64) -> PacketId {
        packet.set_ttl(ttl);
        let id = packet.id();
        if self.known(&id, now).is_some() {
            self.counters.drop(DropReason::Seen);
            return id;
        }
        // An own packet that nobody remembers is still an own packet.
        let _ = self.seen.insert(id, Place::Reserved, now);
        self.seen.mark_forwarded(id, now);
        self.counters.originated += 1;
        if packet.packet_type().is_the_hubs() {
            self.believe_own(&packet, now);
        }
        let has_links = !self.links.is_empty();
        if packet.packet_type().is_kept() {
            let kept =
                Kept { packet: packet.clone(), born: born(now, 0), from: None, unsent: !has_links };
            match self.store.keep(id, kept) {
                Room::Free => {}
                Room::Made | Room::None => self.counters.drop(DropReason::StoreFull),
            }
        }
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            self.transmit(link, id, &packet, Cause::Own);
        }
        id
    }

    /// Own packets that were made while no link was there.
    pub(super) fn send_unsent(&mut self, now: u64) {
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        let unsent = self.store.iter_mut().filter(|(_, kept)| kept.unsent);
        let packets: Vec<(PacketId, Packet)> = unsent
            .map(|(id, kept)| {
                kept.unsent = false;
                (*id, kept.packet.clone())
            })
            .collect();
        for (id, packet) in packets {
            self.seen.mark_forwarded(id, now);
            for link in &links {
                self.transmit(*link, id, &packet, Cause::Own);
            }
        }
    }

    /// Once per packet, whatever comes of it.
    pub(super) fn forward(&mut self, id: PacketId, wait: Wait, now: u64) {
        let Some(left) = wait.packet.ttl().forwarded() else { return };
        self.seen.mark_forwarded(id, now);
        let packet = wait.packet.with_ttl(left);
        let is_the_hubs = packet.packet_type().is_the_hubs();
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        let mut sent = false;
        for link_id in links {
            let Some(link) = self.links.get_mut(&link_id) else { continue };
            let came_from_here = wait.from.is_some_and(|from| from.link == link_id);
            let copies = wait.copies.get(&link_id).copied().unwrap_or(0);
            match link.bearer {
                Bearer::PointToPoint if came_from_here => continue,
                Bearer::Broadcast if copies >= self.limits.suppress_after => {
                    self.counters.suppressed += 1;
                    continue;
                }
                Bearer::PointToPoint | Bearer::Broadcast => {}
            }
            if !is_the_hubs && !link.sends.take(now) {
                self.counters.drop(DropReason::SendRate);
                continue;
            }
            self.transmit(link_id, id, &packet, Cause::Forward);
            sent = true;
        }
        self.counters.forwarded += u64::from(sent);
    }

    /// How far a packet goes from here: the way from the hub to a judge is not known, the way to the hub perhaps.
    pub(super) fn ttl_of(&self, kind: PacketType, now: u64) -> Ttl {
        if kind.is_the_hubs() { Ttl::MAX } else { self.ttl(now) }
    }

    pub(super) fn transmit(
        &mut self,
        link_id: LinkId,
        id: PacketId,
        packet: &Packet,
        cause: Cause,
    ) {
        let Some(link) = self.links.get_mut(&link_id) else { return };
        let counter = link.next_counter();
        for frame in framing::split(packet.as_bytes(), link.frame_max, counter) {
            self.counters.frames_out += 1;
            self.outputs.push_back(Output::Send { link: link_id, frame, packet: id, cause });
        }
    }
}
