//! The transports that stay open: WebSocket, server-sent events, long poll; and events to push.

use super::device::{Device, Opened};
use super::http::{Address, Http, HttpAnswer, connect};
use super::recorder::read_head;
use super::{PATIENCE, now};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::verify::PushStream;
use countersign::{Frame, Kind, ResultCode};
use countersign_identity::webhook::{self, WebhookHeaders, WebhookSecret};
use countersign_server::ingress::MEDIA_TYPE;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// An event as a test looks at it after it was verified: number, type, payload.
pub(crate) type Event = (u64, String, Value);

/// A WebSocket.
pub(crate) struct Ws {
    runtime: Runtime,
    socket: WebSocketStream<tokio::net::TcpStream>,
}

/// What comes out of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Got {
    Frame(Vec<u8>),
    /// Closed with this code.
    Closed(u16),
    /// Broken without a word.
    Gone,
}

impl Ws {
    pub(crate) fn connect(to: SocketAddr, path: &str) -> Self {
        Self::over(connect(to, None).unwrap(), path)
    }

    /// Over a connection that is there already.
    pub(crate) fn over(stream: TcpStream, path: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let uri = format!("ws://localhost{path}").parse().unwrap();
        let request = ClientRequestBuilder::new(uri).with_sub_protocol("countersign.v1");
        stream.set_nonblocking(true).unwrap();
        let socket = runtime.block_on(async {
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            let opening = client_async(request, stream);
            tokio::time::timeout(PATIENCE, opening).await.unwrap().unwrap().0
        });
        Self { runtime, socket }
    }

    /// Connects, and opens a stream with this payload.
    pub(crate) fn open(device: &mut Device, to: &Address, payload: &Value) -> (Self, Stream) {
        let mut ws = Self::connect(to.get(), "/ws");
        let request = device.request("stream.open", payload.to_string().as_bytes());
        ws.send(&request.frame);
        let opened = device.open(request.reply_to, &as_answer(ws.frame()));
        device.epoch = opened.epoch;
        (ws, Stream::opened(&opened))
    }

    pub(crate) fn send(&mut self, frame: &[u8]) {
        self.send_message(Message::binary(frame.to_vec())).unwrap();
    }

    pub(crate) fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).unwrap();
    }

    fn send_message(&mut self, message: Message) -> Result<(), Error> {
        let sending = self.socket.send(message);
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, sending).await.unwrap() })
    }

    /// The next thing that happens.
    pub(crate) fn next(&mut self) -> Got {
        let (runtime, socket) = (&self.runtime, &mut self.socket);
        let next = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Binary(frame))) => return Got::Frame(frame.to_vec()),
                    Some(Ok(Message::Close(Some(close)))) => return Got::Closed(close.code.into()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Text(text))) => panic!("text: {text}"),
                    Some(Ok(Message::Close(None)) | Err(_)) | None => return Got::Gone,
                }
            }
        };
        runtime.block_on(async { tokio::time::timeout(PATIENCE, next).await.unwrap() })
    }

    pub(crate) fn frame(&mut self) -> Vec<u8> {
        match self.next() {
            Got::Frame(frame) => frame,
            other @ (Got::Closed(_) | Got::Gone) => panic!("{other:?} instead of a frame"),
        }
    }

    /// Says goodbye.
    pub(crate) fn close(mut self) {
        let goodbye = self.socket.close(None);
        drop(self.runtime.block_on(async { tokio::time::timeout(PATIENCE, goodbye).await }));
    }
}

/// The numbers of close codes that this protocol names.
pub(crate) const UNAUTHENTICATED: u16 = 4401;
pub(crate) const ENDED: u16 = 4403;
pub(crate) const RESYNC: u16 = 4409;
pub(crate) const GOING_AWAY: u16 = 1001;
pub(crate) const UNSUPPORTED: u16 = 1003;

/// A stream as its device knows it.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) inner: PushStream,
    pub(crate) resync: bool,
}

impl Stream {
    /// From the answer to `stream.open`.
    pub(crate) fn opened(opened: &Opened) -> Self {
        assert_eq!(opened.result, ResultCode::OK, "{opened:?}");
        let view = opened.json();
        let id = view["stream_id"].as_str().unwrap().parse().unwrap();
        let inner = PushStream::new(id, view["cursor"].as_u64().unwrap());
        Self { inner, resync: view["resync"].as_bool().unwrap() }
    }

    /// The payload that goes on with it.
    pub(crate) fn resume(&self) -> Value {
        json!({ "stream_id": self.inner.id().to_string(), "cursor": self.inner.cursor() })
    }

    /// S1 to S4.
    pub(crate) fn accept(&mut self, device: &Device, frame: &[u8]) -> Event {
        let event = self.inner.accept(&device.realm, &device.keyset, frame).unwrap();
        let content = serde_json::from_slice(event.content).unwrap_or(Value::Null);
        (event.header.seq, event.header.event_type.as_str().to_owned(), content)
    }
}

/// Bytes of a WebSocket or an event as an answer, for `Device::open`.
pub(crate) fn as_answer(body: Vec<u8>) -> HttpAnswer {
    HttpAnswer { status: 200, headers: Vec::new(), body }
}

/// Whether this is the answer to a request, and no push.
pub(crate) fn is_response(frame: &[u8]) -> bool {
    Frame::split(frame).unwrap().header[1] == Kind::Response as u8
}

/// Server-sent events.
#[derive(Debug)]
pub(crate) struct Sse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    body: BufReader<Chunked>,
}

impl Sse {
    /// Posts a frame to an address.
    pub(crate) fn post(to: SocketAddr, path: &str, frame: &[u8]) -> Self {
        let mut stream = connect(to, None).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {MEDIA_TYPE}\r\n\
             Accept: text/event-stream\r\nContent-Length: {}\r\n\r\n",
            frame.len()
        );
        stream.write_all(&[head.as_bytes(), frame].concat()).unwrap();
        let mut reader = BufReader::new(stream);
        let (line, headers) = read_head(&mut reader).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, headers, body: BufReader::new(Chunked { reader, left: 0, ended: false }) }
    }

    /// Opens a stream with this payload.
    pub(crate) fn open(
        device: &mut Device,
        to: &Address,
        path: &str,
        payload: &Value,
    ) -> (Self, Stream) {
        let request = device.request("stream.open", payload.to_string().as_bytes());
        let mut sse = Self::post(to.get(), path, &request.frame);
        assert_eq!(sse.status, 200, "{sse:?}");
        let (event, _, frame) = sse.next().unwrap();
        assert_eq!(event, "open");
        let opened = device.open(request.reply_to, &as_answer(frame));
        device.epoch = opened.epoch;
        (sse, Stream::opened(&opened))
    }

    /// Name, id and frame of the next event; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<(String, Option<u64>, Vec<u8>)> {
        let (mut name, mut id, mut data) = (String::new(), None, Vec::new());
        loop {
            let mut line = String::new();
            if self.body.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end_matches('\n').split_once(": ") {
                Some(("event", value)) => name = value.to_owned(),
                Some(("id", value)) => id = Some(value.parse().unwrap()),
                Some(("data", value)) => data = BASE64_URL_SAFE_NO_PAD.decode(value).unwrap(),
                Some(("", _comment)) => {}
                Some(other) => panic!("{other:?}"),
                None if data.is_empty() => {}
                None => return Some((name, id, data)),
            }
        }
    }

    /// The next push, verified.
    pub(crate) fn push(&mut self, device: &Device, stream: &mut Stream) -> Event {
        let (name, id, frame) = self.next().unwrap();
        let event = stream.accept(device, &frame);
        assert_eq!((name.as_str(), id), ("push", Some(event.0)));
        event
    }
}

/// A body in chunks.
#[derive(Debug)]
struct Chunked {
    reader: BufReader<TcpStream>,
    left: usize,
    ended: bool,
}

impl Chunked {
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Read for Chunked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended {
            let line = self.line()?;
            self.left = usize::from_str_radix(&line, 16).map_err(io::Error::other)?;
            self.ended = self.left == 0;
        }
        if self.ended {
            return Ok(0);
        }
        let most = self.left.min(buffer.len());
        let read = self.reader.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        if self.left == 0 {
            self.line()?;
        }
        Ok(read)
    }
}

/// Asks for events once: the cursor after them, and their frames; or the refusal.
pub(crate) fn poll(
    device: &mut Device,
    stream: &Stream,
    wait_ms: u64,
) -> Result<(u64, Vec<Vec<u8>>), ResultCode> {
    let mut wish = stream.resume();
    wish["wait_ms"] = wait_ms.into();
    let opened = device.call("stream.poll", wish.to_string().as_bytes());
    match opened.result {
        ResultCode::OK => Ok(unpack(&opened.payload)),
        refused => Err(refused),
    }
}

/// `u64 next_cursor ‖ u32 n ‖ n × LP32(push frame)`.
fn unpack(payload: &[u8]) -> (u64, Vec<Vec<u8>>) {
    let (cursor, rest) = payload.split_first_chunk().unwrap();
    let (count, mut rest) = rest.split_first_chunk().unwrap();
    let frames = (0..u32::from_be_bytes(*count)).map(|_| {
        let (length, behind) = rest.split_first_chunk().unwrap();
        let (frame, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        rest = behind;
        frame.to_vec()
    });
    let frames = frames.collect();
    assert!(rest.is_empty());
    (u64::from_be_bytes(*cursor), frames)
}

/// The service behind the gateway, as far as it pushes events.
pub(crate) struct Pusher {
    http: Http,
    secret: WebhookSecret,
}

impl Pusher {
    pub(crate) fn new(admin: &Address) -> Self {
        Self { http: Http::new(admin), secret: SECRET.parse().unwrap() }
    }

    /// Pushes what these members say; returns how many streams got it.
    pub(crate) fn push(&mut self, event: &Value) -> u64 {
        let body = event.to_string();
        let signed = self.secret.sign("msg_1", now(), body.as_bytes()).unwrap();
        let answer = self.send(&signed, &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["streams"].as_u64().unwrap()
    }

    /// Pushes `{"n": n}` to a session for each number.
    pub(crate) fn count(&mut self, device: &Device, numbers: impl IntoIterator<Item = u64>) {
        for n in numbers {
            let session = device.session.to_string();
            let event = json!({ "session": session, "type": "count", "payload": { "n": n } });
            assert_eq!(self.push(&event), 1);
        }
    }

    /// Sends headers and body as they are.
    pub(crate) fn send(&mut self, signed: &WebhookHeaders, body: &str) -> HttpAnswer {
        let headers = [
            ("Content-Type", "application/json"),
            (webhook::ID_HEADER, &signed.id),
            (webhook::TIMESTAMP_HEADER, &signed.timestamp),
            (webhook::SIGNATURE_HEADER, &signed.signature),
        ];
        self.http.send("POST", "/push", &headers, body.as_bytes()).unwrap()
    }
}
