//! What happens to a packet that came in, in this order: shape, event, epoch, net tag, age, seen, share of the link, the hub's
//! signature, remember, act, keep, deliver, forward. Nothing is remembered before it has passed everything: a copy that is not
//! fit must not keep a fit one out. `[M19]`

use super::believed::Age;
use super::link::Share;
use super::store::{Kept, Room, born};
use super::waiting::{Copy, Purpose};
use super::{Bearer, DropReason, Hop, Output, Relay, Role};
use crate::Entropy;
use crate::beacon::Beacon;
use crate::control::Control;
use crate::hub::{HubKeys, HubSaid};
use crate::packet::{NetChecked, Packet, PacketId, PacketType, Ttl};
use crate::receipt::Receipt;
use crate::seen::Place;

/// Who vouches for a packet so far.
pub(super) enum Admitted {
    /// Somebody with the mesh's key.
    Checked(NetChecked),
    /// Nobody: the key is not here.
    Unchecked(Packet),
}

impl Admitted {
    const fn packet(&self) -> &Packet {
        match self {
            Self::Checked(checked) => checked.packet(),
            Self::Unchecked(packet) => packet,
        }
    }
}

/// What the hub said, if it did.
enum Word {
    Nothing,
    Beacon(HubSaid<Beacon>),
    Receipt(HubSaid<Receipt>),
    Control(HubSaid<Control>),
}

impl<E: Entropy> Relay<E> {
    pub(super) fn ingest(&mut self, from: Hop, bytes: &[u8], now: u64) -> Result<(), DropReason> {
        let packet = Packet::decode(bytes).map_err(|_| DropReason::Shape)?;
        let admitted = self.admit(packet)?;
        let packet = admitted.packet();
        let (id, kind, ttl) = (packet.id(), packet.packet_type(), packet.ttl());
        self.near.heard(from, now);
        if kind == PacketType::Sync {
            return self.hear_question(from, &admitted, id, now);
        }
        match self.believed.age(packet.t16(), now) {
            Age::Fine => {}
            Age::Stale => return Err(DropReason::Stale),
            Age::Future => return Err(DropReason::Future),
        }
        if let Some(forwarded) = self.known(&id, now) {
            self.hear_copy(from, packet, id, forwarded, now);
            return Err(DropReason::Seen);
        }
        if self.store.is_settled(&id.short()) {
            return Err(DropReason::Settled);
        }
        let share = self.share_of(&admitted);
        self.take_share(from, share, now)?;
        let word = self.word_of(packet, share)?;
        if let Word::Beacon(said) = &word
            && !self.believed.beacon(said, packet, now)
        {
            return Err(DropReason::Replayed);
        }
        let place = match &word {
            Word::Nothing => Place::Link(from.link),
            Word::Beacon(_) | Word::Receipt(_) | Word::Control(_) => Place::Reserved,
        };
        self.seen.insert(id, place, now).map_err(|_| DropReason::SeenFull)?;
        self.near.heard_first(from);
        let is_vouched = matches!(admitted, Admitted::Checked(_)) || !matches!(word, Word::Nothing);
        if kind.is_kept() && is_vouched && !self.has_no_hubs(kind) {
            self.keep(id, admitted.packet().clone(), from, now);
        }
        self.act(word);
        self.wait_to_forward(from, admitted.packet().clone(), id, ttl, now);
        if let Admitted::Checked(packet) = admitted
            && kind.is_sealed()
        {
            self.counters.delivered += 1;
            self.outputs.push_back(Output::Deliver { packet, from });
        }
        Ok(())
    }

    /// The event, the epoch, the net tag. `[M2]` `[M3]` `[M4]`
    fn admit(&self, packet: Packet) -> Result<Admitted, DropReason> {
        match &self.role {
            Role::Keyless { tag } => match tag {
                Some(tag) if *tag != packet.event_tag() => Err(DropReason::OtherEvent),
                Some(_) | None => Ok(Admitted::Unchecked(packet)),
            },
            Role::Member { keys, .. } => {
                if !keys.iter().any(|net| net.event_tag() == packet.event_tag()) {
                    return Err(DropReason::OtherEvent);
                }
                match keys.iter().find(|net| net.epoch() == packet.epoch()) {
                    Some(net) => {
                        packet.check_net(net).map(Admitted::Checked).map_err(|_| DropReason::NetTag)
                    }
                    None if self.believed.is_announced(packet.epoch()) => {
                        Ok(Admitted::Unchecked(packet))
                    }
                    None => Err(DropReason::UnknownEpoch),
                }
            }
        }
    }

    /// What is kept is known, however long ago it came.
    pub(super) fn known(&mut self, id: &PacketId, now: u64) -> Option<bool> {
        self.seen.get(id, now).or_else(|| self.store.contains(id).then_some(true))
    }

    fn hear_copy(&mut self, from: Hop, packet: &Packet, id: PacketId, forwarded: bool, now: u64) {
        let ttl = packet.ttl();
        if packet.packet_type() == PacketType::Beacon {
            self.believed.beacon_again(&id, ttl);
        }
        match self.waiting.copy_came(id, from.link, ttl) {
            Copy::Raised => self.counters.ttl_raised += 1,
            Copy::Counted => {}
            Copy::NotWaiting if forwarded => self.near.echoed(from),
            // The first copy had no hops left, or found no room: this one may go further.
            Copy::NotWaiting if ttl > Ttl::ZERO && !self.store.is_settled(&id.short()) => {
                self.wait_to_forward(from, packet.clone(), id, ttl, now);
            }
            Copy::NotWaiting => {}
        }
    }

    fn share_of(&self, admitted: &Admitted) -> Share {
        let is_the_hubs = admitted.packet().packet_type().is_the_hubs();
        match (&self.role, admitted) {
            (Role::Keyless { .. }, _) => Share::Ordinary,
            (Role::Member { hubs, .. }, _) if is_the_hubs && !hubs.is_empty() => Share::Hub,
            (Role::Member { .. }, Admitted::Checked(_)) if !is_the_hubs => Share::Ordinary,
            (Role::Member { .. }, _) => Share::Keyless,
        }
    }

    fn take_share(&mut self, from: Hop, share: Share, now: u64) -> Result<(), DropReason> {
        let is_within = self.links.get_mut(&from.link).is_none_or(|link| link.take(share, now));
        if is_within { Ok(()) } else { Err(DropReason::LinkRate) }
    }

    fn word_of(&self, packet: &Packet, share: Share) -> Result<Word, DropReason> {
        match (&self.role, share) {
            (Role::Member { hubs, .. }, Share::Hub) => {
                read_word(hubs, packet).ok_or(DropReason::HubSignature)
            }
            (Role::Member { .. } | Role::Keyless { .. }, _) => Ok(Word::Nothing),
        }
    }

    fn has_no_hubs(&self, kind: PacketType) -> bool {
        kind.is_the_hubs()
            && match &self.role {
                Role::Member { hubs, .. } => hubs.is_empty(),
                Role::Keyless { .. } => true,
            }
    }

    fn keep(&mut self, id: PacketId, packet: Packet, from: Hop, now: u64) {
        let kept = Kept { packet, born: born(now, 0), from: Some(from.link), unsent: false };
        match self.store.keep(id, kept) {
            Room::Free => {}
            Room::Made | Room::None => self.counters.drop(DropReason::StoreFull),
        }
        self.note_gain(from.link, now);
    }

    fn act(&mut self, word: Word) {
        match word {
            Word::Nothing => {}
            Word::Beacon(said) => self.outputs.push_back(Output::Beacon(said)),
            Word::Receipt(said) => {
                self.settle(&said.notice);
                self.outputs.push_back(Output::Receipt(said));
            }
            // An order that is said again goes on to those who missed it, but is given out once.
            Word::Control(said) => match self.believed.order(&said) {
                true => self.outputs.push_back(Output::Control(said)),
                false => self.counters.drop(DropReason::Replayed),
            },
        }
    }

    /// The hub's own relay believes what the hub says through it, and gives none of it out.
    pub(super) fn believe_own(&mut self, packet: &Packet, now: u64) {
        let Role::Member { hubs, .. } = &self.role else { return };
        match read_word(hubs, packet) {
            Some(Word::Receipt(said)) => self.settle(&said.notice),
            Some(Word::Control(said)) => {
                self.believed.order(&said);
            }
            Some(Word::Beacon(said)) => {
                self.believed.set_own_time(said.notice.time, said.notice.start, now);
            }
            Some(Word::Nothing) | None => {}
        }
    }

    fn wait_to_forward(&mut self, from: Hop, packet: Packet, id: PacketId, ttl: Ttl, now: u64) {
        if ttl == Ttl::ZERO {
            self.counters.drop(DropReason::TtlSpent);
            return;
        }
        let due = now + self.jitter(now);
        if !self.waiting.add((id, Purpose::Forward), packet, Some(from), due) {
            self.counters.drop(DropReason::WaitingFull);
        }
    }

    /// Longer where more are near, so that fewer talk at once and more hear that others already did.
    fn jitter(&mut self, now: u64) -> u64 {
        const SPARSE: u64 = 2;
        const DENSE: u64 = 8;
        let near = self.links.iter().map(|(id, link)| match link.bearer {
            Bearer::PointToPoint => 1,
            Bearer::Broadcast => self.near.count(*id, now),
        });
        let near = (near.sum::<usize>() as u64).clamp(SPARSE, DENSE) - SPARSE;
        let between = |sparse: u64, dense: u64| {
            (sparse * (DENSE - SPARSE - near) + dense * near) / (DENSE - SPARSE)
        };
        let (sparse, dense) = (self.limits.jitter_sparse, self.limits.jitter_dense);
        self.random_in(between(sparse.0, dense.0), between(sparse.1, dense.1))
    }
}

fn read_word(hubs: &HubKeys, packet: &Packet) -> Option<Word> {
    match packet.packet_type() {
        PacketType::Beacon => hubs.check(packet).ok().map(Word::Beacon),
        PacketType::Receipt => hubs.check(packet).ok().map(Word::Receipt),
        PacketType::Control => hubs.check(packet).ok().map(Word::Control),
        PacketType::Vote | PacketType::Auth | PacketType::Sync | PacketType::Bundle => None,
    }
}
