//! Anti-entropy: neighbours ask each other what they lack. Nothing is sent that was not asked for, and never further than one link.

use super::ingest::Admitted;
use super::waiting::Purpose;
use super::{Bearer, Cause, DropReason, Hop, LinkId, Relay, Role};
use crate::Entropy;
use crate::packet::{Packet, PacketId, PacketType, Ttl};
use crate::seen::Place;
use crate::sync::{Question, Slice};
use alloc::vec::Vec;

/// Minutes by which a question may be off.
const QUESTION_MINUTES: u16 = 2;
/// Answers to one question on a link that many hear come within so many milliseconds, so that most are spared.
const ANSWER_SPREAD: u64 = 500;
/// So many kept packets within so many milliseconds of a question: there is more where they came from.
const GAIN: usize = 8;
const GAIN_WITHIN: u64 = 2_000;

impl<E: Entropy> Relay<E> {
    pub(super) fn ask_where_due(&mut self, now: u64) {
        let due: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, link)| link.ask_at <= now)
            .map(|(link, _)| *link)
            .collect();
        for link in due {
            self.ask(link, now);
        }
    }

    fn ask(&mut self, link_id: LinkId, now: u64) {
        let fifth = self.limits.sync_every / 5;
        let pause = self.random_in(self.limits.sync_every - fifth, self.limits.sync_every + fifth);
        let Some(link) = self.links.get_mut(&link_id) else { return };
        link.ask_at = now + pause;
        link.asked = Some(now);
        link.gained = 0;
        let turn = link.turn;
        link.turn = turn.wrapping_add(1);
        let Role::Member { keys, .. } = &self.role else { return };
        // Neighbours may have the keys of another epoch, so that each takes its turn.
        let Some(net) = keys.iter().cycle().nth(turn as usize % keys.len().max(1)) else { return };
        let mut salt = [0; 8];
        self.entropy.fill(&mut salt);
        let slice = Slice::for_count(self.store.len(), turn);
        let question = Question::about(slice, salt, self.store.iter().map(|(id, _)| id.short()));
        let t16 = self.believed.t16(now);
        let content = question.encode();
        let packet = self.sealer.clear(net, PacketType::Sync, t16, &content, &mut self.entropy);
        if let Ok(packet) = packet {
            self.counters.questions += 1;
            self.transmit(link_id, packet.id(), &packet, Cause::Question);
        }
    }

    /// Asks again soon where much came of the last question.
    pub(super) fn note_gain(&mut self, link_id: LinkId, now: u64) {
        let soon = now + self.random_in(1_000, 1_500);
        let Some(link) = self.links.get_mut(&link_id) else { return };
        if link.asked.is_some_and(|asked| now.saturating_sub(asked) <= GAIN_WITHIN) {
            link.gained += 1;
            if link.gained == GAIN {
                link.ask_at = link.ask_at.min(soon);
            }
        }
    }

    /// Only from a neighbour, only once, not too often, and the answer has an end. `[M18]`
    pub(super) fn hear_question(
        &mut self,
        from: Hop,
        admitted: &Admitted,
        id: PacketId,
        now: u64,
    ) -> Result<(), DropReason> {
        let Admitted::Checked(checked) = admitted else { return Err(DropReason::Question) };
        let packet = checked.packet();
        let is_now = match (self.believed.t16(now).minutes(), packet.t16().minutes()) {
            (Some(now), Some(then)) => now.abs_diff(then) <= QUESTION_MINUTES,
            _ => true,
        };
        if packet.ttl() != Ttl::ZERO || !is_now {
            return Err(DropReason::Question);
        }
        let question = Question::decode(packet.content()).map_err(|_| DropReason::Question)?;
        if self.seen.get(&id, now).is_some() {
            return Err(DropReason::Seen);
        }
        let link = self.links.get_mut(&from.link).ok_or(DropReason::Question)?;
        if !link.answers.take(now) {
            return Err(DropReason::Question);
        }
        let bearer = link.bearer;
        self.seen.insert(id, Place::Link(from.link), now).map_err(|_| DropReason::SeenFull)?;
        self.wait_to_answer(from.link, bearer, &question, now);
        Ok(())
    }

    /// What purges comes first, then what is oldest.
    fn wait_to_answer(&mut self, link: LinkId, bearer: Bearer, question: &Question, now: u64) {
        let rank = |kind: PacketType| match kind {
            PacketType::Control => 0,
            PacketType::Receipt => 1,
            PacketType::Vote
            | PacketType::Beacon
            | PacketType::Auth
            | PacketType::Sync
            | PacketType::Bundle => 2,
        };
        let lacked = self.store.iter().filter(|(id, _)| question.asks_for(&id.short()));
        let mut lacked: Vec<_> = lacked
            .map(|(id, kept)| (rank(kept.packet.packet_type()), kept.born, *id, &kept.packet))
            .collect();
        lacked.sort_unstable_by_key(|(rank, born, id, _)| (*rank, *born, *id));
        let mut bytes = 0;
        let fits = |packet: &Packet| {
            bytes += packet.as_bytes().len();
            bytes <= self.limits.sync_answer_bytes
        };
        let mut fits = fits;
        let answers: Vec<(PacketId, Packet)> = lacked
            .into_iter()
            .take_while(|(_, _, _, packet)| fits(packet))
            .map(|(_, _, id, packet)| (id, packet.clone()))
            .collect();
        for (index, (id, packet)) in answers.into_iter().enumerate() {
            let due = match bearer {
                Bearer::PointToPoint => now + index as u64,
                Bearer::Broadcast => now + self.random_in(0, ANSWER_SPREAD),
            };
            if !self.waiting.add((id, Purpose::Answer(link)), packet, None, due) {
                self.counters.drop(DropReason::WaitingFull);
            }
        }
    }

    /// Whoever asked may be at the edge of another part of the mesh: the packet goes on from there as a new one would.
    pub(super) fn answer(&mut self, link: LinkId, packet: Packet, now: u64) {
        let ttl = self.ttl_of(packet.packet_type(), now);
        let packet = packet.with_ttl(ttl);
        self.counters.answers += 1;
        self.transmit(link, packet.id(), &packet, Cause::Answer);
    }
}
