//! Phones: they bring tickets, are ready, answer the roll call, and are content.

use super::keys::{EVENING, Key, realm};
use super::{Evening, device_id};
use alloc::format;
use alloc::vec::Vec;
use countersign::{Signer, Timestamp, UserId};
use countersign_league::device::Token;
use countersign_league::evidence::{
    Act, ActKind, DeviceProof, Roll, Ticket, TicketFlags, digest_of, open,
};
use countersign_league::{MatchId, Nonce};

/// Between two signs of life, in milliseconds.
const LOOK: u64 = 4_000;

/// A player's phone.
pub(crate) struct Phone {
    number: u8,
    key: Key,
    ticket: Vec<u8>,
    token: Token,
    match_id: MatchId,
    seq: u32,
    /// The newest roll call that it has answered.
    answered: Nonce,
    next_look: u64,
}

/// What a phone sends to be let in.
pub(crate) struct Joining {
    pub(crate) ticket: Vec<u8>,
    pub(crate) act: Vec<u8>,
    pub(crate) radio: [u8; 8],
}

impl Phone {
    pub(super) fn new(number: u8) -> Self {
        Self {
            number,
            key: Key::of(100 + number),
            ticket: Vec::new(),
            token: [0; 16],
            match_id: MatchId::from_bytes([0; 16]),
            seq: 0,
            answered: Nonce::NONE,
            next_look: u64::MAX,
        }
    }

    fn act(&mut self, kind: ActKind) -> Vec<u8> {
        self.seq += 1;
        let act = Act { match_id: self.match_id, seq: self.seq, kind, target: 0 };
        self.key.frame(&act)
    }

    fn roll(&self, challenge: Nonce) -> Vec<u8> {
        let Ok(ticket) = digest_of(&realm(), &self.ticket) else { panic!("a ticket is a frame") };
        let nonce = Nonce::from_bytes([self.number + 50; 16]);
        self.key.frame(&Roll { match_id: self.match_id, challenge, nonce, ticket })
    }

    /// The ticket that the server gives for the lobby that the device proves, and the first act.
    fn joining(&mut self, proof: &DeviceProof) -> Joining {
        self.match_id = proof.match_id;
        let ticket = Ticket {
            user: UserId::from_bytes([self.number + 1; 16]),
            key: self.key.verifying_key().clone(),
            device: device_id(),
            lobby: proof.lobby,
            season: 1,
            rating: 1_400_000 + i32::from(self.number) * 17_003,
            matches: 3,
            flags: TicketFlags::default(),
            barred_until: Timestamp::ZERO,
            expires: Timestamp::from_millis(EVENING.as_millis() + 3_600_000),
            name: format!("player {}", self.number),
        };
        self.ticket = Key::server().frame(&ticket);
        let act = self.act(ActKind::Join);
        Joining { ticket: self.ticket.clone(), act, radio: [self.number; 8] }
    }
}

impl Evening {
    /// This phone meets the device and has what it needs to join.
    pub(crate) fn meet(&mut self, phone: usize) -> Joining {
        let challenge = [0x77; 32];
        let proof = self.with_master(|device, now| device.prove(challenge, now)).flatten();
        let proof = proof.unwrap_or_default();
        let proof = open::<DeviceProof>(&realm(), Key::master().verifying_key(), &proof);
        let Ok(proof) = proof else { panic!("the device does not prove itself") };
        assert_eq!(proof.value.challenge, challenge);
        self.phones[phone].joining(&proof.value)
    }

    /// It was let in.
    pub(crate) fn joined(&mut self, phone: usize, token: Token) {
        self.phones[phone].token = token;
        self.phones[phone].next_look = self.now;
    }

    pub(crate) fn join(&mut self, phone: usize) {
        let Joining { ticket, act, radio } = self.meet(phone);
        let token = self.with_master(|device, now| device.join(&ticket, &act, radio, now));
        let Some(Ok(token)) = token else { panic!("phone {phone} is not let in: {token:?}") };
        self.joined(phone, token);
    }

    pub(crate) fn say(&mut self, phone: usize, kind: ActKind) {
        let act = self.phones[phone].act(kind);
        let said = self.with_master(|device, now| device.say(&act, now));
        assert_eq!(said, Some(Ok(())), "phone {phone} says {kind:?}");
    }

    /// Signs of life, and answers to the roll call.
    pub(super) fn phones_look(&mut self) {
        for phone in 0..self.phones.len() {
            if self.device.is_none() || self.phones[phone].next_look > self.now {
                continue;
            }
            self.phones[phone].next_look = self.now + LOOK;
            let token = self.phones[phone].token;
            // After a loss of power nobody is known any more by the token; the key counts.
            self.with_master(|device, now| device.seen(&token, now));
        }
    }

    /// Everybody answers the roll call that is under way.
    pub(crate) fn answer(&mut self) {
        let challenge = self.look().challenge.unwrap_or(Nonce::NONE);
        for phone in 0..self.phones.len() {
            let roll = self.phones[phone].roll(challenge);
            let said = self.with_master(|device, now| device.say(&roll, now));
            assert_eq!(said, Some(Ok(())), "phone {phone} answers");
            self.phones[phone].answered = challenge;
        }
    }
}
