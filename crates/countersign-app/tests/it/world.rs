//! A phone at a device, and a server that signs.

use countersign::keyset::{KeyState, KeysetContent, OnlineKey};
use countersign::{Keyset, Realm, RecordHeader, RecordId, Signer, SigningKey, Timestamp, UserId};
use countersign_app::{Ask, AskId, Effect, Event, Failure, Player, PlayerConfig, Tap};
use countersign_league::evidence::{
    DeviceCertificate, DeviceProof, DeviceStatus, Stamp, Ticket, TicketFlags, seal,
};
use countersign_league::{Artefact, Commitment, DeviceId, MatchId, Nonce};

pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xd1; 16]);
const LOBBY: Nonce = Nonce::from_bytes([5; 16]);
const MORNING: u64 = 1_800_000_000_000;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(MORNING + seconds * 1000)
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

fn by<T: Artefact>(seed: u8, value: &T) -> Vec<u8> {
    let id = RecordId::from_bytes([9; 16]);
    let stamp = Stamp { id, created: at(0), previous: RecordHeader::FIRST };
    seal(&realm(), &key(seed), stamp, value).unwrap()
}

pub(crate) fn by_server<T: Artefact>(value: &T) -> Vec<u8> {
    by(3, value)
}

pub(crate) fn by_master<T: Artefact>(value: &T) -> Vec<u8> {
    by(1, value)
}

fn keyset() -> Keyset {
    let root = key(4);
    let online = OnlineKey {
        key: key(3).verifying_key().clone(),
        state: KeyState::Active,
        not_before: Timestamp::ZERO,
        not_after: at(1_000_000_000),
    };
    let content = KeysetContent {
        version: 1,
        issued: Timestamp::ZERO,
        expires: at(1_000_000_000),
        min_protocol: 1,
        keys: vec![online],
        roots: vec![root.verifying_key().clone()],
        pins: Vec::new(),
    };
    Keyset::open(&realm(), &content.roots, 0, &content.sign(&realm(), &root)).unwrap()
}

/// A phone, and what it asks.
pub(crate) struct Phone {
    pub(crate) player: Player,
    /// Questions that are not answered yet.
    pub(crate) open: Vec<(AskId, Ask)>,
    /// What is kept over restarts, by name.
    pub(crate) kept: std::collections::BTreeMap<String, Vec<u8>>,
    pub(crate) wake: Option<Timestamp>,
}

impl Phone {
    pub(crate) fn new() -> Self {
        let player = Player::new(PlayerConfig {
            realm: realm(),
            keyset: keyset(),
            key: key(7).verifying_key().clone(),
            user: None,
            entropy: [1; 32],
        });
        Self { player, open: Vec::new(), kept: Default::default(), wake: None }
    }

    /// The same phone after its program was started again.
    pub(crate) fn restarted(self, now: Timestamp) -> Self {
        let mut fresh = Self::new();
        for (name, bytes) in self.kept {
            fresh.player.restore(&name, bytes.clone(), now);
            fresh.kept.insert(name, bytes);
        }
        fresh
    }

    pub(crate) fn tell(&mut self, event: Event, now: Timestamp) {
        self.wake = None;
        for effect in self.player.update(event, now) {
            match effect {
                Effect::Ask { id, ask } => self.open.push((id, ask)),
                Effect::Keep { name, bytes } => drop(self.kept.insert(name, bytes)),
                Effect::Forget { name } => drop(self.kept.remove(&name)),
                Effect::Wake(at) => self.wake = Some(at),
                Effect::Show => {}
            }
        }
    }

    /// Answers the one open question that fits; fails the test if there is none.
    pub(crate) fn answer(
        &mut self,
        fits: impl Fn(&Ask) -> bool,
        result: Result<Vec<u8>, Failure>,
        now: Timestamp,
    ) -> Ask {
        let Some(place) = self.open.iter().position(|(_, ask)| fits(ask)) else {
            panic!("not among {:?}", self.open)
        };
        let (id, ask) = self.open.remove(place);
        self.tell(Event::Answer { id, result }, now);
        ask
    }

    /// What is open for the server under this message type.
    pub(crate) fn asks_server(&self, name: &str) -> usize {
        let fits =
            |ask: &Ask| matches!(ask, Ask::Server { message_type, .. } if *message_type == name);
        self.open.iter().filter(|(_, ask)| fits(ask)).count()
    }

    /// From far away into the lobby of the device.
    pub(crate) fn join(&mut self, now: Timestamp) {
        self.open.clear();
        self.tell(Event::Tap(Tap::Depart), now);
        self.tell(Event::Tap(Tap::Approach), now);
        self.answer(|ask| *ask == Ask::Certificate, Ok(by_server(&certificate())), now);
        let challenge = self.open.iter().find_map(|(_, ask)| match ask {
            Ask::Prove(challenge) => Some(*challenge),
            Ask::Sign(_)
            | Ask::Certificate
            | Ask::Join(_)
            | Ask::Act(_)
            | Ask::Watch(_)
            | Ask::Outbox
            | Ask::Fetch(_)
            | Ask::Tls
            | Ask::TlsRequest
            | Ask::Deliver(_)
            | Ask::Server { .. } => None,
        });
        let proof = by_master(&proof(challenge.unwrap()));
        self.answer(|ask| matches!(ask, Ask::Prove(_)), Ok(proof), now);
        self.answer(|ask| matches!(ask, Ask::Server { .. }), Ok(by_server(&ticket())), now);
        let is_sign = |ask: &Ask| matches!(ask, Ask::Sign(_));
        self.answer(is_sign, Ok(vec![0; 64]), now);
        self.answer(|ask| matches!(ask, Ask::Join(_)), Ok(vec![6; 16]), now);
    }
}

fn certificate() -> DeviceCertificate {
    DeviceCertificate {
        device: DEVICE,
        master: key(1).verifying_key().clone(),
        slave: key(2).verifying_key().clone(),
        status: DeviceStatus::Active,
        max_players: 22,
        serial: "GL-00001".into(),
        mark: "teal 07".into(),
        host: "d1d1d1d1d1d1d1d1.glt.example.org".into(),
        expires: at(100_000_000),
    }
}

fn proof(challenge: [u8; 32]) -> DeviceProof {
    let commit = Commitment::to(&[8; 32]);
    DeviceProof {
        device: DEVICE,
        challenge,
        lobby: LOBBY,
        match_id: MatchId::derive(&DEVICE, 1, &commit),
        device_seq: 1,
        commit,
        firmware: 1,
    }
}

fn ticket() -> Ticket {
    Ticket {
        user: UserId::from_bytes([7; 16]),
        key: key(7).verifying_key().clone(),
        device: DEVICE,
        lobby: LOBBY,
        season: 1,
        rating: 1_500_000,
        matches: 3,
        flags: TicketFlags::default(),
        barred_until: Timestamp::ZERO,
        expires: at(100_000_000),
        name: "Ana".into(),
    }
}
