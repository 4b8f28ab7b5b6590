//! A phone: plain HTTP, evidence, and a key.

use crate::folders::{self, EVENING, realm, server, sign};
use crate::program::PATIENCE;
use countersign::verify::SnapshotStream;
use countersign::{Frame, PushHeader, Signer, SigningKey, StreamId, Timestamp, UserId};
use countersign_league::evidence::{
    Act, ActKind, DeviceProof, Roll, Ticket, TicketFlags, digest_of, open,
};
use countersign_league::game::View;
use countersign_league::{Artefact, Nonce};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// What came back.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl HttpAnswer {
    pub(crate) fn ok(self) -> Vec<u8> {
        assert!(self.status == 200 || self.status == 204, "{} {}", self.status, self.text());
        self.body
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `code` of a problem.
    pub(crate) fn code(&self) -> String {
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// One request on a connection of its own.
pub(crate) fn request(to: SocketAddr, method: &str, path: &str, body: &[u8]) -> HttpAnswer {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    exchange(stream, method, path, body)
}

/// The same over anything.
pub(crate) fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    body: &[u8],
) -> HttpAnswer {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\
         Content-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut bytes = Vec::new();
    // A TLS peer that only closes the connection is no attack on a body with a length.
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{error}");
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    HttpAnswer { status, head, body: bytes[end + 4..].to_vec() }
}

pub(crate) fn post(to: SocketAddr, path: &str, body: &[u8]) -> HttpAnswer {
    request(to, "POST", path, body)
}

pub(crate) fn get(to: SocketAddr, path: &str) -> HttpAnswer {
    request(to, "GET", path, &[])
}

/// The next view after this number, verified.
pub(crate) fn view_after(to: SocketAddr, token: [u8; 16], after: u64) -> View {
    // The device answers after half a minute at the latest.
    for _ in 0..8 {
        let answer = post(to, "/league/view", &[&token[..], &after.to_be_bytes()].concat());
        if answer.status != 204 {
            return open_view(&answer.ok());
        }
    }
    panic!("nothing has changed for minutes since view {after}");
}

/// Verified with the master's key.
pub(crate) fn open_view(frame: &[u8]) -> View {
    let header = PushHeader::decode(Frame::split(frame).unwrap().header).unwrap();
    let mut stream = SnapshotStream::new(StreamId::from_bytes(*header.stream.as_bytes()));
    let event = stream.accept(&realm(), folders::master().verifying_key(), frame).unwrap();
    let view = View::decode(event.content).unwrap();
    assert_eq!((view.number, view.lobby.as_bytes()), (header.seq, header.stream.as_bytes()));
    view
}

/// The first view for which it is so.
pub(crate) fn watch(to: SocketAddr, is_so: impl Fn(&View) -> bool) -> View {
    let mut after = 0;
    loop {
        let view = view_after(to, [0; 16], after);
        if is_so(&view) {
            return view;
        }
        after = view.number;
    }
}

/// The device's answer to a challenge.
pub(crate) fn prove(to: SocketAddr) -> DeviceProof {
    let challenge = [0x77; 32];
    let frame = post(to, "/league/prove", &challenge).ok();
    let proof = open::<DeviceProof>(&realm(), folders::master().verifying_key(), &frame).unwrap();
    assert_eq!((proof.value.challenge, proof.value.device), (challenge, folders::pair().device));
    proof.value
}

/// A player with a ticket for this lobby.
pub(crate) struct Phone {
    to: SocketAddr,
    key: SigningKey,
    proof: DeviceProof,
    pub(crate) user: UserId,
    pub(crate) ticket: Vec<u8>,
    pub(crate) token: [u8; 16],
    seq: u32,
}

impl Phone {
    pub(crate) fn new(to: SocketAddr, number: u8) -> Self {
        let (proof, key) = (prove(to), folders::key(100 + number));
        let user = UserId::from_bytes([number; 16]);
        let ticket = Ticket {
            user,
            key: key.verifying_key().clone(),
            device: proof.device,
            lobby: proof.lobby,
            season: 1,
            rating: 1_400_000 + i32::from(number) * 17_003,
            matches: 3,
            flags: TicketFlags::default(),
            barred_until: Timestamp::ZERO,
            expires: Timestamp::from_millis(EVENING.as_millis() + 3_600_000),
            name: format!("<player {number}>"),
        };
        let ticket = sign(&server(), [0; 32], &ticket);
        Self { to, key, proof, user, ticket, token: [0; 16], seq: 0 }
    }

    /// The same phone, after the device came back on another port.
    pub(crate) fn elsewhere(&self, to: SocketAddr) -> Self {
        let (key, proof) =
            (SigningKey::from_seed(&[100 + self.user.as_bytes()[0]; 32]), self.proof.clone());
        Self {
            to,
            key,
            proof,
            user: self.user,
            ticket: self.ticket.clone(),
            token: [0; 16],
            seq: self.seq,
        }
    }

    fn signed(&self, artefact: &impl Artefact) -> Vec<u8> {
        sign(&self.key, [0; 32], artefact)
    }

    pub(crate) fn act(&mut self, kind: ActKind) -> Vec<u8> {
        self.seq += 1;
        let act = Act { match_id: self.proof.match_id, seq: self.seq, kind, target: 0 };
        self.signed(&act)
    }

    /// `LP16 ticket ‖ LP16 act`.
    pub(crate) fn joining(&mut self) -> Vec<u8> {
        let act = self.act(ActKind::Join);
        let len = |bytes: &[u8]| (bytes.len() as u16).to_be_bytes();
        [&len(&self.ticket)[..], &self.ticket, &len(&act), &act].concat()
    }

    pub(crate) fn join(&mut self) {
        let body = self.joining();
        let token = post(self.to, "/league/join", &body).ok();
        self.token = token.try_into().unwrap();
    }

    pub(crate) fn says(&mut self, kind: ActKind) {
        let act = self.act(kind);
        assert_eq!(post(self.to, "/league/act", &act).status, 204, "{kind:?}");
    }

    /// The answer to the roll call.
    pub(crate) fn roll(&self, challenge: Nonce) -> Vec<u8> {
        let ticket = digest_of(&realm(), &self.ticket).unwrap();
        let nonce = Nonce::from_bytes(self.user.as_bytes().map(|byte| byte + 50));
        self.signed(&Roll { match_id: self.proof.match_id, challenge, nonce, ticket })
    }
}

/// Six phones that are in kickoff, over HTTP.
pub(crate) fn six_in_kickoff(to: SocketAddr) -> Vec<Phone> {
    let mut phones: Vec<Phone> = (1..=6).map(|number| Phone::new(to, number)).collect();
    phones.iter_mut().for_each(Phone::join);
    for phone in &mut phones {
        phone.says(ActKind::Ready);
    }
    let called = watch(to, |view| view.challenge.is_some());
    for phone in &phones {
        let roll = phone.roll(called.challenge.unwrap());
        assert_eq!(post(to, "/league/act", &roll).status, 204);
    }
    phones
}
