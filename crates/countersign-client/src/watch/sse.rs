//! Server-sent events: one signed request, then an answer that does not end.

use super::link::{LinkError, Opening, opening, system};
use super::sse_parser::{SseEvent, SseParser};
use super::{WatchError, WatchOptions};
use crate::client::Client;
use crate::server::is_frame;
use crate::transport::{FRAME_TYPE, Outgoing, Transport, TransportError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::client::Sent;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::time::Duration;

/// Largest event: a push of 1 MiB in base64url.
const EVENT_MAX: usize = 1_500_000;

/// An open event stream.
#[derive(Debug)]
pub(super) struct SseLink {
    body: Incoming,
    parser: SseParser,
    events: VecDeque<SseEvent>,
}

impl SseLink {
    pub(super) async fn open(
        client: &Client,
        options: &WatchOptions,
        payload: &[u8],
    ) -> Result<(Self, Opening), LinkError> {
        let mut before = None;
        // The second round only if the server asks for another signature.
        for _ in 0..2 {
            let (frame, sent) = client
                .sign(system("stream.open")?, payload.to_vec(), before)
                .map_err(|e| LinkError::Fatal(e.into()))?;
            match Self::attempt(client, options, &frame, &sent).await? {
                Some(open) => return Ok(open),
                None => before = Some(sent),
            }
        }
        Err(LinkError::Lost("the server keeps asking for another signature".to_owned()))
    }

    async fn attempt(
        client: &Client,
        options: &WatchOptions,
        frame: &[u8],
        sent: &Sent,
    ) -> Result<Option<(Self, Opening)>, LinkError> {
        let transport = &client.server.transport;
        let response = begin(transport, client.base().join("/sse"), frame).await?;
        let content_type = response.headers().get("content-type").and_then(|v| v.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if !content_type.starts_with("text/event-stream") {
            let received = transport.receive(response);
            let limit = transport.limits().answer;
            let answer = within(limit, "the answer", received).await?.map_err(lost)?;
            if is_frame(&answer.content_type) {
                return match opening(client, sent, &answer.body).await? {
                    None => Ok(None),
                    Some(_) => Err(LinkError::Unsupported("no event stream follows".to_owned())),
                };
            }
            return Err(LinkError::Unsupported(transport.unsigned(&answer).to_string()));
        }
        let parser = SseParser::new(EVENT_MAX);
        let mut link = Self { body: response.into_body(), parser, events: VecDeque::new() };
        // A proxy that collects the whole answer before it passes any of it on shows here.
        let first =
            within(transport.limits().answer, "the first event", link.next_event(options)).await;
        let first = match first {
            Ok(event) => event?,
            Err(_) => {
                return Err(LinkError::Unsupported("events are held back on the way".to_owned()));
            }
        };
        let answer = decode(&first)?;
        Ok(opening(client, sent, &answer).await?.map(|opening| (link, opening)))
    }

    pub(super) async fn receive(
        &mut self,
        options: &WatchOptions,
    ) -> Result<Vec<Vec<u8>>, LinkError> {
        let event = self.next_event(options).await?;
        if event.name == "push" { Ok(vec![decode(&event)?]) } else { Ok(Vec::new()) }
    }

    async fn next_event(&mut self, options: &WatchOptions) -> Result<SseEvent, LinkError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            let frame = within(options.silence, "anything", self.body.frame()).await?;
            let Some(frame) = frame else {
                return Err(LinkError::Lost("the event stream ended".to_owned()));
            };
            let frame = frame.map_err(|e| LinkError::Lost(e.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            let events = self.parser.feed(&data);
            self.events.extend(events.map_err(|_| {
                LinkError::Lost(format!("an event is larger than {EVENT_MAX} bytes"))
            })?);
        }
    }
}

async fn begin(
    transport: &Transport,
    url: String,
    frame: &[u8],
) -> Result<http::Response<Incoming>, LinkError> {
    let outgoing = Outgoing {
        method: "POST",
        url,
        content_type: FRAME_TYPE,
        accept: "text/event-stream",
        body: frame.to_vec(),
        ..Outgoing::default()
    };
    let limit = transport.limits().answer;
    within(limit, "the head of the answer", transport.begin(outgoing)).await?.map_err(lost)
}

async fn within<T>(
    limit: Duration,
    what: &str,
    future: impl Future<Output = T>,
) -> Result<T, LinkError> {
    tokio::time::timeout(limit, future).await.map_err(|_| {
        LinkError::Lost(format!("{what} did not come within {} s", limit.as_secs_f64()))
    })
}

pub(super) fn lost(error: TransportError) -> LinkError {
    LinkError::Lost(error.to_string())
}

fn decode(event: &SseEvent) -> Result<Vec<u8>, LinkError> {
    URL_SAFE_NO_PAD
        .decode(&event.data)
        .map_err(|_| LinkError::Lost("an event is not base64url".to_owned()))
}

impl From<WatchError> for LinkError {
    fn from(error: WatchError) -> Self {
        Self::Fatal(error)
    }
}
