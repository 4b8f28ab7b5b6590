//! A phone: joins over HTTPS, answers the roll call over a WebSocket, and tells when it saw what.

use super::keys::key;
use super::pair::{Pair, evening};
use crate::failure::Result;
use crate::load::connection::{Connection, connect};
use crate::load::post;
use bytes::Bytes;
use countersign::verify::{PushEvent, SnapshotStream};
use countersign::{
    Realm, RecordDigest, RecordId, Signer, SigningKey, StreamId, Timestamp, UserId, VerifyingKey,
};
use countersign_league::evidence::{
    Act, ActKind, Artefact, DeviceProof, Roll, Stamp, Ticket, TicketFlags, digest_of, open, seal,
};
use countersign_league::game::{State, View};
use countersign_league::{MatchId, Nonce};
use countersign_server::clock::{instant, now};
use countersign_server::random;
use futures_util::{SinkExt, StreamExt};
use rustls_pki_types::ServerName;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// What a phone tells, with its number.
pub(crate) type Told = (u8, Sight);

/// What a phone saw.
pub(crate) enum Sight {
    /// A view that it has verified.
    View {
        /// Where the game is.
        state: State,
        /// Goals that count.
        goals: usize,
        /// When it was verified.
        at: Instant,
    },
    /// How long a ping took over the same connection.
    Ping(Duration),
}

/// A player in the lobby.
pub(crate) struct Phone {
    number: u8,
    realm: Realm,
    master: VerifyingKey,
    key: SigningKey,
    ticket: RecordDigest,
    lobby: Nonce,
    match_id: MatchId,
    socket: Socket,
}

impl Phone {
    /// Comes in with a ticket, and is ready.
    pub(crate) async fn join(pair: &Pair, number: u8) -> Result<Self> {
        let mut http = Connection::new(secure(pair).await?);
        let challenge: [u8; 32] = random::bytes()?;
        let proof = ask(&mut http, "/league/prove", &challenge).await?;
        let proof: DeviceProof = open(&pair.keys.realm, &pair.master_key, &proof)?.value;
        let key = key()?;
        let ticket = ticket(pair, &proof, &key, number);
        let ticket = signed(&pair.keys.realm, &pair.keys.online, &ticket)?;
        let digest = digest_of(&pair.keys.realm, &ticket)?;
        let act = act(&proof.match_id, 1, ActKind::Join);
        let act = signed(&pair.keys.realm, &key, &act)?;
        let mut body = Vec::new();
        for part in [&ticket, &act] {
            body.extend_from_slice(&u16::try_from(part.len())?.to_be_bytes());
            body.extend_from_slice(part);
        }
        let token = ask(&mut http, "/league/join", &body).await?;
        let stream = secure(pair).await?;
        let (mut socket, _) = client_async("wss://localhost/league/ws", stream).await?;
        socket.send(Message::Binary(token.into())).await?;
        Ok(Self {
            number,
            realm: pair.keys.realm.clone(),
            master: pair.master_key.clone(),
            key,
            ticket: digest,
            lobby: proof.lobby,
            match_id: proof.match_id,
            socket,
        })
    }

    /// Says so to the device.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let act = act(&self.match_id, 2, ActKind::Ready);
        self.say(&act).await
    }

    /// Watches the match to its end, or until nobody listens.
    pub(crate) async fn watch(
        mut self,
        told: mpsc::UnboundedSender<Told>,
        mut pings: watch::Receiver<u64>,
    ) -> Result<()> {
        let mut views = SnapshotStream::new(StreamId::from_bytes(*self.lobby.as_bytes()));
        let (mut called, mut pinged) = (false, instant());
        loop {
            tokio::select! {
                message = self.socket.next() => {
                    let sight = match message.ok_or("the device closed a WebSocket")?? {
                        Message::Binary(frame) => {
                            let event = views.accept(&self.realm, &self.master, &frame)?;
                            let view = read(&event)?;
                            let at = instant();
                            if let (Some(challenge), false) = (view.challenge, called) {
                                called = true;
                                self.answer(challenge).await?;
                            }
                            let goals = view.score.iter().map(|goals| usize::from(*goals)).sum();
                            Sight::View { state: view.state, goals, at }
                        }
                        Message::Pong(_) => Sight::Ping(pinged.elapsed()),
                        Message::Text(_) | Message::Ping(_) | Message::Frame(_) => continue,
                        Message::Close(why) => {
                            return Err(format!("the device closed a WebSocket: {why:?}").into());
                        }
                    };
                    if told.send((self.number, sight)).is_err() {
                        return Ok(());
                    }
                }
                changed = pings.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    pinged = instant();
                    self.socket.send(Message::Ping(Bytes::from_static(b"ping"))).await?;
                }
            }
        }
    }

    async fn answer(&mut self, challenge: Nonce) -> Result<()> {
        let (match_id, ticket) = (self.match_id, self.ticket);
        let nonce = Nonce::from_bytes(random::bytes()?);
        self.say(&Roll { match_id, challenge, nonce, ticket }).await
    }

    async fn say(&mut self, artefact: &impl Artefact) -> Result<()> {
        let frame = signed(&self.realm, &self.key, artefact)?;
        Ok(self.socket.send(Message::Binary(frame.into())).await?)
    }
}

fn ticket(pair: &Pair, proof: &DeviceProof, key: &SigningKey, number: u8) -> Ticket {
    Ticket {
        user: UserId::from_bytes([number + 1; 16]),
        key: key.verifying_key().clone(),
        device: pair.device,
        lobby: proof.lobby,
        season: 1,
        rating: 1_400_000 + i32::from(number) * 17_003,
        matches: 3,
        flags: TicketFlags::default(),
        barred_until: Timestamp::ZERO,
        expires: evening(now()),
        name: format!("player {number}"),
    }
}

/// A view; a phone that is refused something does not belong here.
fn read(event: &PushEvent<'_>) -> Result<View> {
    match event.header.event_type.as_str() == View::TYPE {
        true => Ok(View::decode(event.content)?),
        false => {
            let why = String::from_utf8_lossy(event.content);
            Err(format!("the device refused what a phone said: {why:?}").into())
        }
    }
}

const fn act(match_id: &MatchId, seq: u32, kind: ActKind) -> Act {
    Act { match_id: *match_id, seq, kind, target: 0 }
}

fn signed(realm: &Realm, by: &SigningKey, artefact: &impl Artefact) -> Result<Vec<u8>> {
    let id = RecordId::from_bytes(random::bytes()?);
    let previous = RecordDigest::from_bytes([0; 32]);
    Ok(seal(realm, by, Stamp { id, created: now(), previous }, artefact)?)
}

async fn secure(pair: &Pair) -> Result<TlsStream<TcpStream>> {
    let stream = connect(pair.https, None).await?;
    Ok(pair.tls.connect(ServerName::try_from("localhost")?, stream).await?)
}

async fn ask(
    http: &mut Connection<TlsStream<TcpStream>>,
    path: &str,
    body: &[u8],
) -> Result<Vec<u8>> {
    let request = post(path, "Content-Type: application/octet-stream\r\n", body);
    let answer = http.exchange(&request).await?;
    match answer.status {
        200 => Ok(answer.body.to_vec()),
        other => {
            let why = String::from_utf8_lossy(answer.body);
            Err(format!("{path} was answered with {other}: {why}").into())
        }
    }
}
