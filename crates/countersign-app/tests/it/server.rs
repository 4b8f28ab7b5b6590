//! The league's server as a phone knows it: certificates, tickets, receipts, each signed by an online key.

use countersign::{
    KeyState, Keyset, KeysetContent, OnlineKey, Realm, RecordDigest, RecordHeader, RecordId,
    Signer, SigningKey, Timestamp, UserId, VerifyingKey,
};
use countersign_league::evidence::{
    self, DeviceCertificate, DeviceProof, DeviceStatus, MatchReceipt, ReceiptLine, Settlement,
    Stamp, Ticket, TicketFlags,
};
use countersign_league::settlement::{self, Context, KnownDevice, KnownRules};
use countersign_league::{Artefact, DeviceId, MatchId, Nonce, Params};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn root() -> SigningKey {
    key(250)
}

/// The server's keys as the device and the phones know them.
pub(crate) fn keyset(now: Timestamp) -> (Keyset, Vec<u8>) {
    let content = KeysetContent {
        version: 3,
        issued: now.minus(DAY),
        expires: now.plus(DAY * 90),
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: key(251).verifying_key().clone(),
            state: KeyState::Active,
            not_before: now.minus(DAY),
            not_after: now.plus(DAY * 90),
        }],
        roots: vec![root().verifying_key().clone()],
        pins: Vec::new(),
    };
    let frame = content.sign(&realm(), &root());
    let keyset = Keyset::open(&realm(), &[root().verifying_key().clone()], 0, &frame).unwrap();
    (keyset, frame)
}

pub(crate) struct Server {
    pub(crate) online: bool,
    pub(crate) params: Params,
    pub(crate) master: VerifyingKey,
    pub(crate) slave: VerifyingKey,
    pub(crate) status: DeviceStatus,
    receipts: BTreeMap<MatchId, Vec<u8>>,
    records: u8,
}

impl Server {
    pub(crate) fn new(params: Params, master: VerifyingKey, slave: VerifyingKey) -> Self {
        let (status, receipts) = (DeviceStatus::Active, BTreeMap::new());
        Self { online: true, params, master, slave, status, receipts, records: 0 }
    }

    pub(crate) fn receipts(&self) -> usize {
        self.receipts.len()
    }

    /// A request of a session whose key is `by`.
    pub(crate) fn answer(
        &mut self,
        message_type: &str,
        payload: &[u8],
        by: &VerifyingKey,
        seat: u8,
        now: Timestamp,
    ) -> Result<Vec<u8>, String> {
        match message_type {
            "league.device_verify" => self.verify(payload, now),
            "league.ticket" => Ok(self.ticket(payload, by, seat, now)),
            "league.settle" => self.settle(payload, now),
            other => Err(format!("unknown type {other}")),
        }
    }

    fn verify(&mut self, proof: &[u8], now: Timestamp) -> Result<Vec<u8>, String> {
        let known = evidence::open::<DeviceProof>(&realm(), &self.master, proof);
        known.map_err(|error| error.to_string())?;
        let certificate = DeviceCertificate {
            device: DEVICE,
            master: self.master.clone(),
            slave: self.slave.clone(),
            status: self.status,
            max_players: 22,
            serial: "GLT-7".to_owned(),
            mark: "teal 7".to_owned(),
            host: String::new(),
            expires: now.plus(DAY * 30),
        };
        Ok(self.record(&certificate, now))
    }

    fn ticket(&mut self, payload: &[u8], by: &VerifyingKey, seat: u8, now: Timestamp) -> Vec<u8> {
        let text = std::str::from_utf8(payload).unwrap();
        let field = |name: &str| {
            let start = text.find(name)? + name.len() + 3;
            text.get(start..start + 32)
        };
        let travels = text.contains("travel");
        let ticket = Ticket {
            user: UserId::from_bytes([seat; 16]),
            key: by.clone(),
            device: if travels {
                DeviceId::NONE
            } else {
                field("device").unwrap().parse().unwrap()
            },
            lobby: if travels { Nonce::NONE } else { field("lobby").unwrap().parse().unwrap() },
            season: 1,
            rating: 1_400_000 + i32::from(seat) * 31_000,
            matches: u16::from(seat) * 4,
            flags: TicketFlags::default(),
            barred_until: Timestamp::ZERO,
            expires: now.plus(Duration::from_secs(1800)),
            name: format!("player {seat}"),
        };
        self.record(&ticket, now)
    }

    fn settle(&mut self, bytes: &[u8], now: Timestamp) -> Result<Vec<u8>, String> {
        let bundle = settlement::read(bytes).map_err(|error| error.to_string())?;
        let device = KnownDevice {
            device: DEVICE,
            master: self.master.clone(),
            slave: self.slave.clone(),
            status: self.status,
            max_players: 22,
        };
        let (keyset, _) = keyset(now);
        let rules = [KnownRules { params: self.params.clone(), rated: true }];
        let context = Context {
            realm: &realm(),
            device: Some(&device),
            server_key: &|signer, created| keyset.record_key(signer, created).ok().cloned(),
            rules: &rules,
        };
        let checked =
            settlement::check(&bundle, &context, now).map_err(|error| error.to_string())?;
        let id = checked.start.value.match_id;
        if let Some(receipt) = self.receipts.get(&id) {
            return Ok(receipt.clone());
        }
        let lines = checked.start.value.roster.iter().zip(&checked.result.value.deltas);
        let receipt = MatchReceipt {
            match_id: id,
            result: checked.result.digest,
            settlement: Settlement::Settled,
            reason: 0,
            integrity: 256,
            lines: lines
                .zip(&checked.tickets)
                .map(|((line, delta), ticket)| ReceiptLine {
                    user: line.user,
                    sporting: *delta,
                    adjustment: 0,
                    rating: ticket.value.rating + delta,
                    rank: 0,
                })
                .collect(),
        };
        let frame = self.record_after(checked.result.digest, &receipt, now);
        self.receipts.insert(id, frame.clone());
        Ok(frame)
    }

    fn record<T: Artefact>(&mut self, value: &T, now: Timestamp) -> Vec<u8> {
        self.record_after(RecordHeader::FIRST, value, now)
    }

    fn record_after<T: Artefact>(
        &mut self,
        previous: RecordDigest,
        value: &T,
        now: Timestamp,
    ) -> Vec<u8> {
        self.records = self.records.wrapping_add(1);
        let id = RecordId::from_bytes([self.records; 16]);
        let stamp = Stamp { id, created: now, previous };
        evidence::seal(&realm(), &key(251), stamp, value).unwrap()
    }
}
