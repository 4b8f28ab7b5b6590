//! Adversaries: strangers on the radio and the Wi-Fi, couriers who tamper, an owner with the master's key, a cloned device.

use crate::master::Disk;
use crate::phone::Ask;
use crate::time::S;
use crate::world::{DEVICE, Event, World};
use countersign::{RecordHeader, Signer, UserId};
use countersign_league::device::{CLOCK_START, Device, Output, Parts};
use countersign_league::evidence::{
    Act, ActKind, Bundle, Goal, GoalState, MatchReceipt, MatchResult, Outcome, Settlement, open,
};
use countersign_league::pair::{Pair, Slave, slave};
use countersign_league::rating::{Ending, final_deltas};
use countersign_league::settlement::Refusal;
use countersign_league::{DeviceId, End, MatchId, Nonce};

/// Rounds of evil couriers in a night.
const ROUNDS: u32 = 6;

/// What adversaries remember.
#[derive(Default)]
pub(crate) struct Evil {
    rounds: u32,
    /// The disk of the device as it was in the middle of a match.
    snapshot: Option<Disk>,
    forged: bool,
}

impl World {
    /// A bit of everything that anybody can send who is near.
    pub(crate) fn strangers(&mut self) {
        if self.plan.clone && self.evil.snapshot.is_none() && self.truth.current.is_some() {
            self.evil.snapshot = Some(self.master.disk.clone());
        }
        self.strange_frames();
        self.strange_handshake();
        self.strange_joins();
        self.strange_acts();
        self.strange_receipts();
    }

    fn strange_frames(&mut self) {
        let tape = self.radio.tape.clone();
        for frame in tape.iter().take(24) {
            let mut frame = frame.clone();
            if self.chance(30) {
                let place = self.below(frame.len() as u64) as usize;
                frame[place] ^= 1 << self.below(8);
            }
            self.log.count("evil: radio frame");
            self.at(self.now, Event::ToMaster(frame.clone()));
            self.at(self.now, Event::ToSlave(frame));
        }
        let noise: [u8; 32] = self.secret();
        self.at(self.now, Event::ToMaster(noise.to_vec()));
        self.at(self.now, Event::ToSlave(noise.to_vec()));
    }

    /// A slave of the same name with another key answers whatever the master asks; only while no pairing is under way, because
    /// then it is an incident that locks the pair, as it should.
    fn strange_handshake(&mut self) {
        if self.truth.current.is_none() {
            return;
        }
        let stranger = self.keys.stranger.clone();
        let pair = Pair { slave: stranger.verifying_key().clone(), ..self.keys.pair() };
        let calibration = crate::world::CALIBRATION;
        let mut fake = Slave::new(pair, stranger, &calibration, core::iter::empty(), 0);
        let tape = self.radio.tape.clone();
        for frame in &tape {
            fake.handle_input(slave::Input::Frame(frame), 1_000, &mut self.slave_luck);
            fake.handle_timeout(1_000);
        }
        while let Some(output) = fake.poll_output() {
            if let slave::Output::Send(frame) = output {
                self.log.count("evil: handshake");
                self.at(self.now, Event::ToMaster(frame));
            }
        }
    }

    /// Tickets that the server did not sign, or not for this player, this key, this device.
    fn strange_joins(&mut self) {
        let Some((lobby, match_id)) = self.place() else { return };
        let (victim, now) = (self.phones[0].user, self.server_time());
        let Some(ticket) = self.server.ticket(victim, DEVICE, lobby, now) else { return };
        let (own, realm) = (self.keys.stranger.clone(), self.keys.realm.clone());
        let act = Act { match_id, seq: u32::MAX, kind: ActKind::Join, target: 0 };
        let act = own.frame(&realm, self.id(), now, &act);
        let forged = own.frame(&realm, self.id(), now, &ticket);
        let id = self.id();
        let stolen = self.keys.online[1].frame(&realm, id, now, &ticket);
        let mut elsewhere = ticket.clone();
        (elsewhere.user, elsewhere.key) =
            (UserId::from_bytes([0xee; 16]), own.verifying_key().clone());
        elsewhere.device = DeviceId::from_bytes([0xdd; 16]);
        let mut expired = elsewhere.clone();
        (expired.device, expired.expires) = (DEVICE, countersign::Timestamp::from_millis(1));
        let by_server = |world: &mut Self, ticket| {
            let id = world.id();
            world.keys.online[1].frame(&realm, id, now, ticket)
        };
        let elsewhere = by_server(self, &elsewhere);
        let expired = by_server(self, &expired);
        for ticket in [forged, stolen, elsewhere, expired] {
            self.log.count("evil: ticket");
            let joined = self.with_master(|device, now| device.join(&ticket, &act, [9; 8], now));
            if joined.is_some_and(|joined| joined.is_ok()) {
                self.violate(format_args!("a ticket that is not worth anything opened the door"));
            }
        }
    }

    /// Acts by strangers, and acts of players that were said before.
    fn strange_acts(&mut self) {
        let Some((_, match_id)) = self.place() else { return };
        let realm = self.keys.realm.clone();
        let (stranger, now) = (self.keys.stranger.clone(), self.server_time());
        let act = Act { match_id, seq: 9_999_999, kind: ActKind::Concede, target: 0 };
        let forged = stranger.frame(&realm, self.id(), now, &act);
        let other = Act { match_id: MatchId::from_bytes([7; 16]), ..act };
        let player = self.phones[0].key.clone();
        let other = player.frame(&realm, self.id(), now, &other);
        let old = Act { match_id, seq: 0, kind: ActKind::Concede, target: 0 };
        let old = player.frame(&realm, self.id(), now, &old);
        for frame in [forged, other, old] {
            self.log.count("evil: act");
            let said = self.with_master(|device, now| device.say(&frame, now));
            if said.is_some_and(|said| said.is_ok()) {
                self.violate(format_args!("the device took an act that nobody signed for it"));
            }
        }
    }

    fn strange_receipts(&mut self) {
        let standing = self.master.device.as_ref().map(|device| device.standing().clone());
        let Some(waiting) = standing.and_then(|standing| standing.unsettled.first().copied())
        else {
            return;
        };
        let receipt = MatchReceipt {
            match_id: waiting.match_id,
            result: waiting.result,
            settlement: Settlement::Settled,
            reason: 0,
            integrity: 256,
            lines: Vec::new(),
        };
        let (now, id) = (self.server_time(), self.id());
        let realm = self.keys.realm.clone();
        let forged = self.keys.stranger.linked(&realm, id, now, waiting.result, &receipt);
        let other = MatchReceipt { match_id: MatchId::from_bytes([1; 16]), ..receipt.clone() };
        let other = self.keys.online[0].linked(&realm, id, now, waiting.result, &other);
        let unlinked = self.keys.online[0].linked(&realm, id, now, RecordHeader::FIRST, &receipt);
        for frame in [forged, other, unlinked] {
            self.log.count("evil: receipt");
            let taken = self.with_master(|device, now| device.inbox(&frame, now));
            if taken.is_some_and(|taken| taken.is_ok()) {
                self.violate(format_args!("the device took a receipt that is none"));
            }
        }
    }

    fn place(&self) -> Option<(Nonce, MatchId)> {
        let view = self.master.device.as_ref()?.view(self.master.clock.at(self.now));
        (view.lobby != Nonce::NONE).then_some((view.lobby, view.match_id))
    }

    /// Somebody who carries a result, and has plans with it.
    pub(crate) fn evil_courier(&mut self) {
        self.evil.rounds += 1;
        let Some(id) = self.truth.order.last().copied() else { return };
        let Some(bundle) = self.truth.matches.get(&id).map(|one| one.bundle.clone()) else {
            return;
        };
        if bundle.is_empty() {
            return;
        }
        if self.plan.couriers_evil {
            self.tamper(&bundle);
        }
        if self.plan.insider && !self.evil.forged {
            self.evil.forged = true;
            self.forge(&bundle);
        }
        if let Some(disk) = self.evil.snapshot.take() {
            self.revive(&disk);
        }
        if self.evil.rounds < ROUNDS && self.plan.couriers_evil {
            let later = self.within(S, 40 * 3_600 * S);
            self.at(self.now + later, Event::Courier);
        }
    }

    fn tamper(&mut self, bundle: &[u8]) {
        // The same twice, and from two hands.
        for phone in 0..2 {
            self.serve(phone, Ask::Settle(bundle.to_vec()));
            self.log.count("evil: submitted twice");
        }
        let before: Vec<_> = self.server.kept.iter().map(|kept| kept.result).collect();
        for _ in 0..4 {
            let mut bytes = bundle.to_vec();
            match self.below(3) {
                0 => bytes.truncate(self.below(bundle.len() as u64) as usize),
                1 => bytes.push(0),
                _ => {
                    let place = self.below(bytes.len() as u64) as usize;
                    bytes[place] ^= 1 << self.below(8);
                }
            }
            self.log.count("evil: tampered");
            self.settle(&bytes);
        }
        if let Ok(mut parts) = Bundle::decode(bundle) {
            parts.players.rotate_left(1);
            self.settle(&parts.encode());
            parts.players.rotate_right(1);
            parts.acts.clear();
            self.log.count("evil: acts withheld");
            self.settle(&parts.encode());
        }
        let news = self.server.kept.iter().map(|kept| kept.result);
        if !news.eq(before) {
            self.violate(format_args!("a tampered bundle was kept"));
        }
    }

    /// The owner has the master's key, and not the slave's: goals for the team that they like.
    fn forge(&mut self, bundle: &[u8]) {
        for end in [End::South, End::North] {
            let Some(forged) = self.forged(bundle, end) else { continue };
            self.log.count("evil: forged result");
            self.settle(&forged.encode());
        }
    }

    fn forged(&mut self, bundle: &[u8], end: End) -> Option<Bundle> {
        let mut parts = Bundle::decode(bundle).ok()?;
        let (start, digest, result) = self.open_bundle(bundle)?;
        let previous =
            open::<MatchResult>(&self.keys.realm, self.keys.master.verifying_key(), &parts.result)
                .ok()?
                .previous;
        let mut result = MatchResult { outcome: Outcome::Final, loser: None, ..result };
        let team = end.scorer(start.north);
        let at = self.plan.params.duration / 2;
        let state = GoalState::Counted;
        let (uncertainty, boot, seq) = (3, 1, 1 + self.below(500) as u32);
        let (peak, duration, spread) = (700, 40, [2, 2]);
        let goal = Goal { end, team, state, at, uncertainty, boot, seq, peak, duration, spread };
        // Instead of the others, so that nothing but the seal speaks against it.
        result.goals.retain(|other| other.end != end);
        if let Some(seal) = result.slave.filter(|seal| end == End::South && seal.goals > 0) {
            // There were goals: one more than the slave has sealed.
            let fake = |n: u16| Goal { at: at / 8 * u32::from(n), seq: seal.last_seq + 1, ..goal };
            result.goals.push(fake(1));
        } else {
            result.goals.push(goal);
        }
        result.goals.sort_by_key(|goal| goal.at);
        let counted = |team| {
            let goals = result.goals.iter();
            goals.filter(|g| g.team == team && g.state == GoalState::Counted).count() as u8
        };
        result.score = countersign_league::Team::BOTH.map(counted);
        result.played = self.plan.params.duration;
        let deltas = final_deltas(&start, Ending::from(&result));
        (result.deltas, result.bank) = (deltas.seats, deltas.bank);
        let (now, id) = (self.server_time(), self.id());
        parts.result = self.keys.master.linked(&self.keys.realm, id, now, previous, &result);
        let _ = digest;
        Some(parts)
    }

    /// An older copy of the device wakes up somewhere else, and ends the same match in its own way.
    fn revive(&mut self, disk: &Disk) {
        let Some(parts) = self.parts() else { return };
        let (journal, link) = (disk.journal.clone(), disk.link.clone());
        let parts = Parts { journal: &journal, link: link.as_deref(), ..parts };
        let Ok((mut copy, _)) = Device::start(parts, CLOCK_START) else { return };
        self.log.count("evil: cloned device");
        copy.handle_timeout(CLOCK_START + u64::from(self.plan.params.outage) + 1_000);
        let mut given = Vec::new();
        while let Some(output) = copy.poll_output() {
            if let Output::Outbox(_, bundle) = output {
                given.push(bundle);
            }
        }
        for bundle in given {
            self.settle(&bundle);
        }
    }
}

/// The check that a refusal names.
pub(crate) const fn check_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TooLarge => "refused: G1",
        Refusal::Malformed(_) | Refusal::Envelope(_) => "refused: G2",
        Refusal::UnknownDevice => "refused: G3",
        Refusal::Start(_) | Refusal::Result(_) | Refusal::Unrelated => "refused: G4",
        Refusal::SlaveSeal => "refused: G5",
        Refusal::Commitment | Refusal::MatchId => "refused: G6",
        Refusal::UnknownRules | Refusal::RosterSize(_) => "refused: G7",
        Refusal::Ticket(..) => "refused: G8",
        Refusal::Roll(..) => "refused: G9",
        Refusal::Draw => "refused: G10",
        Refusal::Stakes(_) => "refused: G11",
        Refusal::Deltas => "refused: G12",
        Refusal::Act(..) => "refused: G13",
        Refusal::Unbacked(_) => "refused: G14",
        Refusal::Goals(_) => "refused: G15",
        Refusal::Course(_) => "refused: G16",
    }
}
