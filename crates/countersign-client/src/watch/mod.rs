//! Events from the server: verified, in order, without gaps, over whatever carries them.
//!
//! ```text
//!   connect ──▶ link (ws | sse | poll) ── bytes ──▶ S1..S4 ──▶ Event
//!      ▲                                              │
//!      └── back-off ◀── lost, gap, bad signature ◀────┘      resumes from the cursor
//! ```

mod backoff;
mod link;
mod poll;
mod sse;
mod sse_parser;
mod ws;

pub use backoff::Backoff;

use crate::call::CallError;
use crate::client::Client;
use crate::profile::StreamState;
use crate::random::RandomError;
use crate::server::KeysetFetchError;
use countersign::keyset::KeyChoiceError;
use countersign::verify::{PushError, PushStream};
use countersign::{Name, ResultCode, StreamId, Timestamp};
use link::{Link, LinkError, Opening};
use std::collections::VecDeque;
use std::time::Duration;
use thiserror::Error;

/// What carries the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// One WebSocket.
    WebSocket,
    /// Server-sent events.
    Sse,
    /// Long polling; works through anything.
    Poll,
}

impl Carrier {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "WebSocket",
            Self::Sse => "server-sent events",
            Self::Poll => "long polling",
        }
    }

    fn next_simpler(self) -> Option<Self> {
        match self {
            Self::WebSocket => Some(Self::Sse),
            Self::Sse => Some(Self::Poll),
            Self::Poll => None,
        }
    }
}

/// How to watch.
#[derive(Debug, Clone, Copy)]
pub struct WatchOptions {
    /// Use this one only; `None` starts with the WebSocket and falls back to what works.
    pub carrier: Option<Carrier>,
    /// How long to wait after a failure.
    pub backoff: Backoff,
    /// A link that is silent for longer than this is dead. The server speaks every 20 s (WebSocket) or 15 s (SSE).
    pub silence: Duration,
    /// How long the server may hold a poll.
    pub poll_wait: Duration,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            carrier: None,
            backoff: Backoff::default(),
            silence: Duration::from_secs(50),
            poll_wait: Duration::from_secs(25),
        }
    }
}

/// An event that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The stream.
    pub stream: StreamId,
    /// Its number in the stream.
    pub seq: u64,
    /// What happened.
    pub event_type: Name,
    /// The server's time.
    pub timestamp: Timestamp,
    /// The payload.
    pub content: Vec<u8>,
}

/// What happens to the watching itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Events flow. After a resync some were missed for good: reload whatever they are about.
    Connected {
        /// What carries them.
        carrier: Carrier,
        /// The last number received; events continue after it.
        cursor: u64,
        /// Whether events were missed for good.
        resync: bool,
    },
    /// Events were lost on the way and are fetched again.
    Gap {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
    /// This carrier does not work here.
    FellBack {
        /// The one that failed.
        from: Carrier,
        /// The next one.
        to: Carrier,
        /// Why.
        why: String,
    },
    /// The link is gone; another attempt follows.
    Waiting {
        /// For how long.
        pause: Duration,
        /// Why.
        why: String,
    },
}

/// What [`Watch::next`] gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchItem {
    /// Something happened.
    Event(Event),
    /// Something happened to the watching.
    Notice(Notice),
}

/// Why watching cannot go on. Whatever time may heal is not among it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WatchError {
    /// The server said, signed, that the session is over.
    #[error("the server ended this session ({0}); log in again")]
    LoggedOut(ResultCode),
    /// The server will not open a stream for this session.
    #[error("the server refuses to open a stream: {0}")]
    Refused(ResultCode),
    /// The server's keys are not to be believed any more.
    #[error(transparent)]
    Keyset(#[from] KeysetFetchError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The carrier that was asked for does not work, and no other was allowed.
    #[error("{} does not work here: {why}; leave the choice of the transport to the program", carrier.as_str())]
    Carrier {
        /// The carrier.
        carrier: Carrier,
        /// Why.
        why: String,
    },
}

/// A running watch. Dropping it closes the link; the cursor stays in the client's state.
#[derive(Debug)]
pub struct Watch<'c> {
    client: &'c Client,
    options: WatchOptions,
    carrier: Carrier,
    link: Option<Link>,
    stream: Option<PushStream>,
    queue: VecDeque<WatchItem>,
    failures: u32,
    pause: Option<Duration>,
}

impl Client {
    /// Follows the events of this session, from where the last watch ended.
    pub fn watch(&self, options: WatchOptions) -> Watch<'_> {
        let resumed = self.stream().map(|s| PushStream::new(s.stream_id, s.cursor));
        Watch {
            client: self,
            options,
            carrier: options.carrier.unwrap_or(Carrier::WebSocket),
            link: None,
            stream: resumed,
            queue: VecDeque::new(),
            failures: 0,
            pause: None,
        }
    }
}

impl Watch<'_> {
    /// The next event or notice.
    pub async fn next(&mut self) -> Result<WatchItem, WatchError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(item);
            }
            if let Some(pause) = self.pause.take() {
                tokio::time::sleep(pause).await;
            }
            match &mut self.link {
                None => self.connect().await?,
                Some(link) => {
                    let cursor = self.stream.as_ref().map_or(0, PushStream::cursor);
                    let received = link.receive(self.client, &self.options, cursor).await;
                    match received {
                        Ok(pushes) => self.take_all(pushes).await?,
                        Err(error) => self.lost(error)?,
                    }
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<(), WatchError> {
        let from = self.stream.as_ref().map(|s| (s.id(), s.cursor()));
        match Link::open(self.client, self.carrier, &self.options, from).await {
            Ok((link, opening)) => {
                let Opening { stream, cursor, resync } = opening;
                self.link = Some(link);
                self.stream = Some(PushStream::new(stream, cursor));
                self.remember();
                self.notice(Notice::Connected { carrier: self.carrier, cursor, resync });
                Ok(())
            }
            Err(error) => self.lost(error),
        }
    }

    async fn take_all(&mut self, pushes: Vec<Vec<u8>>) -> Result<(), WatchError> {
        for push in pushes {
            if let Err(error) = self.take(&push).await {
                return self.lost(error);
            }
            if self.link.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn take(&mut self, push: &[u8]) -> Result<(), LinkError> {
        let mut accepted = self.accept(push);
        if matches!(accepted, Err(PushError::Key(KeyChoiceError::Unknown(_)))) {
            let fetched = self.client.fetch_keyset_for_unknown_key().await;
            if fetched.map_err(|error| LinkError::Fatal(error.into()))? {
                accepted = self.accept(push);
            }
        }
        match accepted {
            Ok(event) => {
                self.failures = 0;
                self.remember();
                let ended = event.event_type.as_str() == "stream.end";
                self.queue.push_back(WatchItem::Event(event));
                if ended {
                    self.stream = None;
                    self.client.remember_stream(None);
                    return Err(LinkError::Lost("the server ended the stream".to_owned()));
                }
                Ok(())
            }
            Err(PushError::Duplicate { .. }) => Ok(()),
            Err(PushError::Gap { from, to }) => {
                self.notice(Notice::Gap { from, to });
                Err(LinkError::Lost(format!("events {from} to {to} are missing")))
            }
            Err(
                error @ (PushError::Malformed(_)
                | PushError::Key(_)
                | PushError::Signature
                | PushError::Stream
                | PushError::Payload),
            ) => Err(LinkError::Lost(error.to_string())),
        }
    }

    fn accept(&mut self, push: &[u8]) -> Result<Event, PushError> {
        let at = self.client.read_clock();
        let Some(stream) = &mut self.stream else { return Err(PushError::Stream) };
        let mut session = crate::lock::lock(self.client.session());
        let event = session.accept_push(stream, push, at)?;
        Ok(Event {
            stream: event.header.stream,
            seq: event.header.seq,
            event_type: event.header.event_type,
            timestamp: event.header.timestamp,
            content: event.content.to_vec(),
        })
    }

    /// Decides what a failure means: another carrier, another attempt, or the end.
    fn lost(&mut self, error: LinkError) -> Result<(), WatchError> {
        self.link = None;
        let why = match error {
            LinkError::Fatal(error) => return Err(error),
            LinkError::Unsupported(why) => {
                match (self.options.carrier, self.carrier.next_simpler()) {
                    (None, Some(to)) => {
                        self.notice(Notice::FellBack { from: self.carrier, to, why });
                        self.carrier = to;
                        return Ok(());
                    }
                    (Some(carrier), _) => return Err(WatchError::Carrier { carrier, why }),
                    (None, None) => why,
                }
            }
            LinkError::UnknownStream => {
                self.stream = None;
                "the server does not know the stream any more".to_owned()
            }
            LinkError::Lost(why) => why,
        };
        let pause = self.options.backoff.pause(self.failures)?;
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(pause);
        self.notice(Notice::Waiting { pause, why });
        Ok(())
    }

    fn remember(&self) {
        let stream = self.stream.as_ref();
        let state = stream.map(|s| StreamState { stream_id: s.id(), cursor: s.cursor() });
        self.client.remember_stream(state);
    }

    fn notice(&mut self, notice: Notice) {
        self.queue.push_back(WatchItem::Notice(notice));
    }
}

impl From<CallError> for LinkError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::LoggedOut(result) => Self::Fatal(WatchError::LoggedOut(result)),
            CallError::Random(error) => Self::Fatal(error.into()),
            CallError::Keyset(KeysetFetchError::Transport(error)) => Self::Lost(error.to_string()),
            CallError::Keyset(error) => Self::Fatal(error.into()),
            CallError::Transport(_) | CallError::Answer(_) | CallError::UnknownKey => {
                Self::Lost(error.to_string())
            }
        }
    }
}
