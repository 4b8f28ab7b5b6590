//! Devices with sessions at the real server, and the frames that they sign ahead of a round.

use super::connection::HttpAnswer;
use super::registration::Applicant;
use super::{Shot, VERIFY_EVERY, payload, post};
use crate::failure::Result;
use countersign::verify::{Pending, verify_response};
use countersign::{
    Epoch, Flags, Keyset, Name, Payload, PayloadHash, Realm, RequestHeader, RequestId,
    ResponseHeader, ResultCode, SessionId, Signature, Signer, UnsignedRequest,
};
use countersign_server::signer::OnlineSigner;
use countersign_server::{clock, random};
use countersign_store_sqlite::SqliteStore;
use futures_util::future::try_join_all;
use std::cell::Cell;
use std::path::Path;

/// Sessions of a fleet: few enough for a cache, and enough for the ids that each may have alive.
const DEVICES: usize = 256;

/// The realm of everything that is measured.
pub(crate) const REALM: (&str, &str) = ("bench", "localhost");

const HEADERS: &str = "Content-Type: application/vnd.countersign.v1\r\n";

/// Devices, and what they know of their server.
pub(crate) struct Fleet {
    realm: Realm,
    keyset: Keyset,
    devices: Vec<(SessionId, OnlineSigner)>,
    epoch: Cell<Epoch>,
    next: Cell<usize>,
    payload: Vec<u8>,
}

/// What to sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) message_type: &'a str,
    pub(crate) count: usize,
    /// One in this many carries the signature of another request.
    pub(crate) forged_every: Option<usize>,
}

impl Fleet {
    /// Makes keys and registers the devices in a folder that no server uses yet.
    pub(crate) async fn enrol(data: &Path) -> Result<Self> {
        let realm = Realm::new(REALM.0, REALM.1)?;
        let (keys, now) = (data.join("keys"), clock::now());
        let made = countersign_keys::init(&keys, &realm, now, &Default::default())?;
        let frame = std::fs::read(keys.join("keyset.frame"))?;
        let keyset = Keyset::open(&realm, &[made.root], 0, &frame)?;
        let store = SqliteStore::open(&data.join("countersign.db"))?;
        let applicants = (0..DEVICES).map(|_| Applicant::draw()).collect::<Result<Vec<_>>>()?;
        try_join_all(applicants.iter().map(|one| one.apply(&store, now))).await?;
        try_join_all(applicants.iter().map(|one| one.register(&store, now))).await?;
        let devices = applicants
            .iter()
            .map(|one| Ok((one.session, OnlineSigner::from_seed(&one.seed)?)))
            .collect::<Result<_>>()?;
        let (epoch, next) = (Cell::new(Epoch::NONE), Cell::new(0));
        Ok(Self { realm, keyset, devices, epoch, next, payload: payload() })
    }

    /// Signs requests, each with a fresh id and the time of now; devices take turns.
    pub(crate) fn sign(&self, order: Order<'_>) -> Result<Vec<Shot>> {
        let message_type = Name::new(order.message_type)?;
        let mut wrong: Signature = self.devices[0].1.sign(b"something else");
        let mut shots = Vec::with_capacity(order.count);
        for number in 0..order.count {
            let turn = self.next.get();
            self.next.set(turn + 1);
            let (session, signer) = &self.devices[turn % self.devices.len()];
            let header = RequestHeader {
                flags: Flags::NONE,
                session: *session,
                timestamp: clock::now(),
                request_id: RequestId::from_bytes(random::bytes()?),
                epoch: self.epoch.get(),
                payload_hash: PayloadHash::from_bytes([0; 32]),
                message_type,
            };
            let payload = Payload::whole(self.payload.clone());
            let key = signer.verifying_key();
            let request = UnsignedRequest::new(&self.realm, key, header, payload);
            let forged = order.forged_every.is_some_and(|every| number % every == 0);
            // A canonical signature with good points: it fails at the equation, after all the work.
            let signature = match forged && order.forged_every == Some(1) {
                true => wrong,
                false => signer.sign(request.signing_input()),
            };
            let frame = request.seal(if forged { &wrong } else { &signature });
            wrong = signature;
            let status = if forged { ResultCode::UNAUTHENTICATED } else { ResultCode::OK };
            shots.push(Shot {
                http: post("/x", HEADERS, &frame),
                status: status.http_status(),
                reply_to: Some(request.reply_to()),
            });
        }
        Ok(shots)
    }

    /// Learns the epoch from a first answer; without it only `session.hello` is let in.
    pub(crate) fn first_shot(&self) -> Result<Vec<Shot>> {
        self.epoch.set(Epoch::NONE);
        self.sign(Order { message_type: "session.hello", count: 1, forged_every: None })
    }

    /// Verifies an answer as a client does: signed by the server for exactly this request.
    pub(crate) fn verify(&self, shot: &Shot, answer: HttpAnswer<'_>) -> Result<ResponseHeader> {
        let reply_to = shot.reply_to.ok_or("a shot without a request")?;
        let verified =
            verify_response(&self.realm, &self.keyset, &Pending { reply_to }, None, answer.body)?;
        Ok(verified.header)
    }

    /// Verifies one answer in [`VERIFY_EVERY`] and learns the epoch from it.
    pub(crate) fn look(&self, number: usize, shot: &Shot, answer: HttpAnswer<'_>) -> Result<()> {
        if number.is_multiple_of(VERIFY_EVERY) {
            self.epoch.set(self.verify(shot, answer)?.epoch);
        }
        Ok(())
    }
}
