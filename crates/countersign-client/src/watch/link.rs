//! One connection that brings pushes, whatever it is made of.

use super::{Carrier, WatchError, WatchOptions, poll::PollLink, sse::SseLink, ws::WsLink};
use crate::client::{Client, Opened};
use countersign::client::Sent;
use countersign::{Name, ResultCode, StreamId};
use serde::Deserialize;

/// Why a link cannot be opened or brings nothing more.
#[derive(Debug)]
pub(super) enum LinkError {
    /// This carrier does not work here; another may.
    Unsupported(String),
    /// It may work again later.
    Lost(String),
    /// The server forgot the stream; a new one can be opened.
    UnknownStream,
    /// Nothing will help.
    Fatal(WatchError),
}

/// What the server answered to `stream.open`, verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    pub(super) stream: StreamId,
    pub(super) cursor: u64,
    pub(super) resync: bool,
}

/// An open link.
#[derive(Debug)]
pub(super) enum Link {
    Ws(Box<WsLink>),
    Sse(Box<SseLink>),
    Poll(PollLink),
}

impl Link {
    pub(super) async fn open(
        client: &Client,
        carrier: Carrier,
        options: &WatchOptions,
        from: Option<(StreamId, u64)>,
    ) -> Result<(Self, Opening), LinkError> {
        let payload = open_payload(from);
        Ok(match carrier {
            Carrier::WebSocket => {
                let (link, opening) = WsLink::open(client, options, &payload).await?;
                (Self::Ws(Box::new(link)), opening)
            }
            Carrier::Sse => {
                let (link, opening) = SseLink::open(client, options, &payload).await?;
                (Self::Sse(Box::new(link)), opening)
            }
            Carrier::Poll => {
                let (link, opening) = PollLink::open(client, &payload).await?;
                (Self::Poll(link), opening)
            }
        })
    }

    /// Waits for pushes; unverified bytes.
    pub(super) async fn receive(
        &mut self,
        client: &Client,
        options: &WatchOptions,
        cursor: u64,
    ) -> Result<Vec<Vec<u8>>, LinkError> {
        match self {
            Self::Ws(link) => link.receive(options).await,
            Self::Sse(link) => link.receive(options).await,
            Self::Poll(link) => link.receive(client, options, cursor).await,
        }
    }
}

/// The name of a system message type that is known to be one.
pub(super) fn system(name: &str) -> Result<Name, LinkError> {
    Name::new(name).map_err(|error| LinkError::Lost(error.to_string()))
}

/// What a verified answer to `stream.open` says. `None`: sign it again.
pub(super) async fn opening(
    client: &Client,
    sent: &Sent,
    answer: &[u8],
) -> Result<Option<Opening>, LinkError> {
    let at = client.read_clock();
    match client.open_answer(sent, answer, at).await? {
        Opened::Again => Ok(None),
        Opened::Answered { result, content } => read_opening(result, &content).map(Some),
    }
}

pub(super) fn read_opening(result: ResultCode, content: &[u8]) -> Result<Opening, LinkError> {
    #[derive(Deserialize)]
    struct Body {
        stream_id: String,
        cursor: u64,
        #[serde(default)]
        resync: bool,
    }
    match result {
        ResultCode::OK => {}
        ResultCode::FORBIDDEN | ResultCode::UNKNOWN_TYPE | ResultCode::INVALID_PAYLOAD => {
            return Err(LinkError::Fatal(WatchError::Refused(result)));
        }
        ResultCode::NOT_FOUND => return Err(LinkError::UnknownStream),
        other => return Err(LinkError::Lost(format!("the server answered {other}"))),
    }
    let unreadable =
        |what: String| LinkError::Lost(format!("the answer to stream.open cannot be used: {what}"));
    let body: Body = serde_json::from_slice(content).map_err(|e| unreadable(e.to_string()))?;
    let stream = body.stream_id.parse().map_err(|_| unreadable("stream_id".to_owned()))?;
    Ok(Opening { stream, cursor: body.cursor, resync: body.resync })
}

fn open_payload(from: Option<(StreamId, u64)>) -> Vec<u8> {
    match from {
        None => b"{}".to_vec(),
        Some((stream, cursor)) => {
            let payload = serde_json::json!({ "stream_id": stream.to_string(), "cursor": cursor });
            payload.to_string().into_bytes()
        }
    }
}
