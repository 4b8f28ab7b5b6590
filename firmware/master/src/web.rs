//! What phones reach: section 3 of docs/league.md, as on Linux, without TLS; and updates.

use crate::answer::{Answer, Bundle};
use crate::host::{ANSWERED, CONNECTIONS, NEWS, Shared};
use crate::words;
use crate::ws::Talk;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write;
use core::net::Ipv4Addr;
use countersign_chip::record::KEYSET_MAX;
use countersign_chip::update::{self, Progress, Reply};
use countersign_league::MatchId;
use countersign_league::device::{Again, InboxError, JoinError, SayError, Token, Work};
use countersign_league::game::Refusal;
use countersign_league::pair::PARCEL_LATE;
use countersign_league::pair::master::ParcelError;
use embassy_futures::select::select;
use embassy_net::tcp::TcpSocket;
use embassy_net::{IpAddress, Stack};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use picoserve::extract::FromRequest;
use picoserve::io::Read;
use picoserve::request::{Path, Request, RequestBodyConnection};
use picoserve::response::ws::WebSocketUpgrade;
use picoserve::response::{IntoResponse, ResponseWriter};
use picoserve::routing::PathRouterService;
use picoserve::{Config, ResponseSent, Router, Server, Timeouts};

/// Longest body of a phone that plays: a key set. All connections together may have one each in memory.
const BODY_MAX: usize = KEYSET_MAX;
/// Longest body of who brings an update while nobody does: a chunk with its number and the hashes of its block.
const CHUNK_BODY_MAX: usize = update::Request::MAX;
/// What a phone's request without its body may take.
const REQUEST_MAX: usize = 2048;
/// A view is waited for so long.
const VIEW_WAIT: Duration = Duration::from_secs(25);
/// Who has too many connections is told so, as long as that is quick.
const FAREWELL: Duration = Duration::from_millis(100);
/// A phone waits so long until the device has time for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where bundles are, by their match.
const BUNDLE: &str = "/league/outbox/";
/// Who waits for a view is alive; the device hears it so often.
const ALIVE: Duration = Duration::from_secs(4);
/// A phone that says nothing for so long is gone; phones in play are asked every few seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// The token of somebody who only watches.
pub(crate) const NOBODY: Token = [0; 16];

/// One call for each connection: sockets are few.
static CONFIG: Config = Config::new(Timeouts {
    start_read_request: Duration::from_secs(5),
    persistent_start_read_request: Duration::from_secs(5),
    read_request: Duration::from_secs(10),
    write: Duration::from_secs(10),
})
.close_connection_after_response();

#[embassy_executor::task(pool_size = CONNECTIONS)]
pub(crate) async fn serve(stack: Stack<'static>, host: Shared, port: u16) {
    let (mut rx, mut tx, mut request) = ([0; 1024], [0; 1536], [0; REQUEST_MAX]);
    loop {
        let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
        if socket.accept(port).await.is_err() {
            continue;
        }
        socket.set_timeout(Some(SILENCE));
        let peer = match socket.remote_endpoint().map(|endpoint| endpoint.addr) {
            Some(IpAddress::Ipv4(address)) => address,
            None => continue,
        };
        if !host.borrow_mut().callers.enter(peer) {
            socket.abort();
            let _ = with_timeout(FAREWELL, socket.flush()).await;
            continue;
        }
        let router = Router::from_service(Door { host, peer });
        // However it ended, it ended.
        let _ = Server::new(&router, &CONFIG, &mut request).serve(socket).await;
        host.borrow_mut().callers.leave(peer);
    }
}

/// One connection's way in.
struct Door {
    host: Shared,
    peer: Ipv4Addr,
}

impl PathRouterService for Door {
    async fn call_path_router_service<R: Read, W: ResponseWriter<Error = R::Error>>(
        &self,
        state: &(),
        (): (),
        path: Path<'_>,
        mut request: Request<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let (method, path) = (request.parts.method(), path.encoded());
        if (method, path) == ("GET", "/league/ws") {
            let upgrade = WebSocketUpgrade::from_request(
                state,
                request.parts,
                request.body_connection.body(),
            )
            .await;
            let connection = request.body_connection.finalize().await?;
            return match upgrade {
                Ok(upgrade) => {
                    upgrade
                        .on_upgrade(Talk { host: self.host, peer: self.peer })
                        .write_to(connection, writer)
                        .await
                }
                Err(_) => {
                    Answer::malformed("This is for WebSockets.").write(connection, writer).await
                }
            };
        }
        if let Some(bundle) = self.bundle(method, path) {
            return bundle.write(request.body_connection.finalize().await?, writer).await;
        }
        let is_chunk = path.starts_with("/league/update") && path.ends_with("/chunk");
        let is_quiet = self.host.borrow().state().is_quiet();
        let most = if is_chunk && is_quiet { CHUNK_BODY_MAX } else { BODY_MAX };
        let answer = match read(&mut request.body_connection, most).await? {
            Some(body) if (method, path) == ("POST", "/league/view") => self.view(&body).await,
            Some(body) => match self.permit(method, path).await {
                Ok(()) => self.answer(method, path, &body).await,
                Err(again) => Answer::problem(503, "overloaded", &again),
            },
            None => Answer::problem(
                413,
                "too_large",
                &"The body is longer than anything that this device takes now.",
            ),
        };
        answer.write(request.body_connection.finalize().await?, writer).await
    }
}

/// The whole body; `None` if it is too long.
async fn read<R: Read>(
    connection: &mut RequestBodyConnection<'_, R>,
    most: usize,
) -> Result<Option<Vec<u8>>, R::Error> {
    let length = connection.content_length();
    if length > most {
        return Ok(None);
    }
    let mut body = vec![0; length];
    let mut reader = connection.body().reader();
    let mut at = 0;
    while let Some(rest) = body.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest).await? {
            0 => break,
            len => at += len,
        }
    }
    body.truncate(at);
    Ok(Some(body))
}

impl Door {
    /// Waits until the device has time for what is asked.
    async fn permit(&self, method: &str, path: &str) -> Result<(), Again> {
        match (method, path) {
            ("POST", "/league/prove") => permit(self.host, self.peer, Work::Prove).await,
            ("POST", "/league/join") => permit(self.host, self.peer, Work::Join).await,
            ("POST", "/league/act") => permit(self.host, self.peer, Work::Say).await,
            ("POST", "/league/inbox" | "/league/update") => {
                permit(self.host, self.peer, Work::Inbox).await
            }
            _ => Ok(()),
        }
    }

    async fn answer(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        match (method, path) {
            ("OPTIONS", _) => Answer::nothing(),
            ("GET", "/") => self.page(),
            ("GET", "/league/certificate") => self.certificate(),
            ("POST", "/league/prove") => self.prove(body),
            ("POST", "/league/join") => self.join(body),
            ("POST", "/league/act") => self.act(body),
            ("GET", "/league/outbox") => self.outbox(),
            ("POST", "/league/inbox") => self.inbox(body),
            ("GET", "/league/tls") => {
                Answer::json(r#"{"not_before":null,"not_after":null,"request":false}"#.into())
            }
            ("GET", "/league/tls/request") => {
                Answer::problem(404, "no_tls", &"This device has no TLS; it wants no chain.")
            }
            ("POST", "/league/update") => self.update(Some(update::Request::Release(body))),
            ("POST", "/league/update/chunk") => self.update(chunk(body)),
            ("POST", "/league/update/slave") => {
                self.pass_on(Some(update::Request::Release(body))).await
            }
            ("POST", "/league/update/slave/chunk") => self.pass_on(chunk(body)).await,
            ("GET", _) if path.starts_with(BUNDLE) => Answer::problem(
                404,
                "no_bundle",
                &"No result of this match waits here; it may be settled.",
            ),
            ("GET", _) => Answer::problem(404, "not_found", &"Nothing is here."),
            _ => Answer::problem(405, "method_not_allowed", &"This path has another method."),
        }
    }

    fn page(&self) -> Answer {
        let host = self.host.borrow();
        let view = host.device.view(firmware_shell::clock::now());
        let [a, b] = view.score;
        let (mark, state) = (escaped(&host.record.pair.value.mark), words::state(view.state));
        Answer::new(
            "text/html; charset=utf-8",
            format!(
                "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=2>\
                 <meta name=viewport content=\"width=device-width\"><title>{a}:{b} {state}</title>\
                 <h1>{mark}</h1><p>{a}:{b}<p>{state} {}",
                words::clock(&view)
            )
            .into_bytes(),
        )
    }

    fn certificate(&self) -> Answer {
        match self.host.borrow().device.certificate() {
            Some(frame) => Answer::bytes(frame.to_vec()),
            None => Answer::problem(
                404,
                "no_certificate",
                &"No phone has brought this device its certificate yet.",
            ),
        }
    }

    fn prove(&self, body: &[u8]) -> Answer {
        let Ok(challenge) = <[u8; 32]>::try_from(body) else {
            return Answer::malformed("The body is 32 random bytes.");
        };
        match self.host.borrow_mut().call(|device, now| device.prove(challenge, now)) {
            Some(proof) => Answer::bytes(proof),
            None => Answer::problem(
                409,
                "no_lobby",
                &"There is neither a lobby nor a match; press the button of the master.",
            ),
        }
    }

    fn join(&self, body: &[u8]) -> Answer {
        let parts = take(body).and_then(|(ticket, rest)| {
            let (act, rest) = take(rest)?;
            rest.is_empty().then_some((ticket, act))
        });
        let Some((ticket, act)) = parts else {
            return Answer::malformed(
                "The body is the ticket and the signed act of joining, each after its length in two bytes.",
            );
        };
        let mut host = self.host.borrow_mut();
        let radio = host.radio(self.peer);
        match host.call(|device, now| device.join(ticket, act, radio, now)) {
            Ok(token) => Answer::bytes(token.to_vec()),
            Err(JoinError::Refused(refusal)) => refused(refusal),
            Err(error @ JoinError::Evidence(_)) => Answer::problem(403, "evidence", &error),
            Err(error @ JoinError::Server) => Answer::problem(403, "server_key", &error),
            Err(error @ JoinError::Full) => Answer::problem(503, "full", &error),
        }
    }

    fn act(&self, body: &[u8]) -> Answer {
        match self.host.borrow_mut().call(|device, now| device.say(body, now)) {
            Ok(()) => Answer::nothing(),
            Err(SayError::Refused(refusal)) => refused(refusal),
            Err(error @ SayError::Evidence(_)) => Answer::problem(403, "evidence", &error),
        }
    }

    fn outbox(&self) -> Answer {
        let mut list = String::from("[");
        for (id, bytes) in self.host.borrow().bundles() {
            let comma = if list.len() > 1 { "," } else { "" };
            let id = hex::encode(id.as_bytes());
            // Writing into a string cannot fail.
            let _ = write!(list, r#"{comma}{{"bytes":{bytes},"id":"{id}","kind":"bundle"}}"#);
        }
        list.push(']');
        Answer::json(list)
    }

    fn bundle(&self, method: &str, path: &str) -> Option<Bundle> {
        let id = path.strip_prefix(BUNDLE).filter(|_| method == "GET")?;
        let mut bytes = [0; 16];
        hex::decode_to_slice(id, &mut bytes).ok()?;
        let parcel = self.host.borrow().bundle(&MatchId::from_bytes(bytes))?;
        Some(Bundle { host: self.host, parcel })
    }

    fn inbox(&self, body: &[u8]) -> Answer {
        match self.host.borrow_mut().call(|device, now| device.inbox(body, now)) {
            Ok(taken) => Answer::json(format!(r#"{{"taken":"{}"}}"#, taken.as_str())),
            Err(InboxError::Refused(refusal)) => refused(refusal),
            Err(error @ (InboxError::Malformed(_) | InboxError::Type)) => {
                Answer::problem(400, "malformed", &error)
            }
            Err(error @ (InboxError::Evidence(_) | InboxError::Keyset(_))) => {
                Answer::problem(403, "evidence", &error)
            }
            Err(error @ InboxError::OtherTlsKey) => Answer::problem(409, "other_tls_key", &error),
            Err(error @ InboxError::OtherDevice) => Answer::problem(409, "other_device", &error),
        }
    }

    /// A signed release, or a chunk; the answer says which chunk comes next.
    fn update(&self, request: Option<update::Request<'_>>) -> Answer {
        let Some(request) = request else { return no_chunk() };
        let mut host = self.host.borrow_mut();
        match host.state().is_quiet() {
            true => told(&host.update(&request)),
            false => playing(),
        }
    }

    /// The same for the slave, which is asked over the link.
    async fn pass_on(&self, request: Option<update::Request<'_>>) -> Answer {
        let Some(request) = request else { return no_chunk() };
        let brought = self.host.borrow_mut().bring(&request);
        match brought {
            Ok(()) => {}
            Err(ParcelError::Match) => return playing(),
            Err(error @ (ParcelError::NoSlave | ParcelError::Busy | ParcelError::Length)) => {
                return Answer::problem(503, "no_slave", &error);
            }
        }
        // The link gives up before; this is for an answer that another phone has taken.
        let wait = Duration::from_millis(PARCEL_LATE) + ALIVE;
        let answer = with_timeout(wait, ANSWERED.wait()).await.ok().flatten();
        match answer.and_then(|bytes| Reply::decode(&bytes).ok()) {
            Some(reply) => told(&reply),
            None => Answer::problem(
                503,
                "no_slave",
                &"The slave gave no answer; bring its release again, and it says where to go on.",
            ),
        }
    }

    /// The long-poll twin of the WebSocket.
    async fn view(&self, body: &[u8]) -> Answer {
        let parts = body.split_first_chunk::<16>();
        let parts = parts.and_then(|(token, rest)| Some((*token, <[u8; 8]>::try_from(rest).ok()?)));
        let Some((token, after)) = parts else {
            return Answer::malformed(
                "The body is the lobby token, and the number of the newest known view in eight bytes.",
            );
        };
        let (after, end) = (u64::from_be_bytes(after), Instant::now() + VIEW_WAIT);
        let Some(mut news) = NEWS.receiver() else { return busy() };
        while Instant::now() < end {
            if !is_known(self.host, token) {
                return Answer::problem(
                    404,
                    "no_token",
                    &"This lobby token is not known any more; join again.",
                );
            }
            let (number, frame) = self.host.borrow().latest();
            if number > after && !frame.is_empty() {
                return Answer::bytes(frame.to_vec());
            }
            let _ = with_timeout(ALIVE, select(news.changed(), Timer::at(end))).await;
        }
        Answer::nothing()
    }
}

/// Waits until the device has time for this work of a phone, but not for ever. Whoever is let in does it before it waits again.
pub(crate) async fn permit(host: Shared, peer: Ipv4Addr, work: Work) -> Result<(), Again> {
    let end = Instant::now() + PATIENCE;
    loop {
        let Err(again) = host.borrow_mut().permit(work, peer) else { return Ok(()) };
        let next = Instant::now() + Duration::from_millis(again.0.into());
        if next > end {
            return Err(again);
        }
        Timer::at(next).await;
    }
}

/// Whether this token is good; a sign of life, if so.
pub(crate) fn is_known(host: Shared, token: Token) -> bool {
    token == NOBODY || host.borrow_mut().call(|device, now| device.seen(&token, now))
}

/// `u32 number ‖ hashes ‖ chunk`.
fn chunk(body: &[u8]) -> Option<update::Request<'_>> {
    let (number, bytes) = body.split_first_chunk::<4>()?;
    Some(update::Request::Chunk { number: u32::from_be_bytes(*number), bytes })
}

fn told(reply: &Reply) -> Answer {
    match reply {
        Reply::Progress(Progress::Wanted { chunk, of }) => {
            Answer::json(format!(r#"{{"chunk":{chunk},"of":{of},"ready":false}}"#))
        }
        Reply::Progress(Progress::Ready) => Answer::json(r#"{"ready":true}"#.into()),
        Reply::Refused(why) => Answer::problem(409, "update", why),
        Reply::NoUpdates => no_updates(),
    }
}

fn no_chunk() -> Answer {
    Answer::malformed(
        "The body is the number of the chunk in four bytes, the hashes of its block, and the chunk.",
    )
}

/// A chunk stops the sheet for as long as an erase takes.
fn playing() -> Answer {
    Answer::problem(
        409,
        "playing",
        &"Updates are taken while nobody is in the lobby and nothing is played; come back after the match.",
    )
}

fn no_updates() -> Answer {
    Answer::problem(
        404,
        "no_updates",
        &"This half's image was built without a release key; it takes no updates.",
    )
}

fn refused(refusal: Refusal) -> Answer {
    Answer::problem(409, &format!("refused_{}", refusal.code()), &refusal)
}

fn busy() -> Answer {
    Answer::problem(503, "overloaded", &"too much to do; try again soon")
}

/// `LP16 …`.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

/// A mark is what a factory calls a pair.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
