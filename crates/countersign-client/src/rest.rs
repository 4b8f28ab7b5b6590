//! The REST profile: any method and path, a plain body, the signature in a header.

use crate::call::{CallError, Reply};
use crate::client::Client;
use crate::server::is_frame;
use crate::transport::{Outgoing, TransportError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Frame, Name};
use thiserror::Error;

/// A plain HTTP request that is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct RestRequest<'a> {
    /// For example `PUT`.
    pub method: &'a str,
    /// Path and query after the base URL; starts with a slash.
    pub path: &'a str,
    /// May be empty.
    pub content_type: &'a str,
    /// May be empty.
    pub body: &'a [u8],
}

/// A plain HTTP answer that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestReply {
    /// Its content type.
    pub content_type: String,
    /// Its body.
    pub body: Vec<u8>,
    /// The verified answer that both come from.
    pub reply: Reply,
}

/// Why there is no verified answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestError {
    /// As for any call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A part is longer than its length prefix can say.
    #[error("the {0} is longer than 65535 bytes")]
    TooLong(&'static str),
    /// A signed answer of another shape.
    #[error("the signed answer has no content type in front")]
    Unreadable,
}

impl Client {
    /// Sends a plain request with a signature and gives out the plain answer whose signature was verified.
    pub async fn rest(&self, request: RestRequest<'_>) -> Result<RestReply, RestError> {
        let path = format!("{}{}", self.base().path(), request.path);
        let mut payload = lp16(request.method.as_bytes(), "method")?;
        payload.extend(lp16(path.as_bytes(), "path")?);
        payload.extend(lp16(request.content_type.as_bytes(), "content type")?);
        payload.extend_from_slice(request.body);
        let name = Name::new("http").map_err(|_| RestError::Unreadable)?;
        let reply = self.exchange(name, &payload, &Carriage::Rest(request)).await?;
        let (content_type, body) = split_lp16(&reply.content).ok_or(RestError::Unreadable)?;
        let content_type = String::from_utf8_lossy(content_type).into_owned();
        Ok(RestReply { content_type, body: body.to_vec(), reply })
    }
}

/// How a signed request travels.
pub(crate) enum Carriage<'a> {
    /// `POST {base}/x`.
    Frame,
    /// The same, with more time for the answer.
    Patient(std::time::Duration),
    /// The REST profile.
    Rest(RestRequest<'a>),
}

impl Carriage<'_> {
    /// Sends a request frame and returns the response frame, both with their payloads.
    pub(crate) async fn carry(
        &self,
        client: &Client,
        frame: &[u8],
    ) -> Result<Vec<u8>, TransportError> {
        let answer = client.server.transport.limits().answer;
        let path = format!("/x/{}", prefix(client));
        match self {
            Self::Frame => client.server.post_frame(&path, frame, answer).await,
            Self::Patient(more) => client.server.post_frame(&path, frame, answer + *more).await,
            Self::Rest(request) => carry_rest(client, request, frame).await,
        }
    }
}

/// What a load balancer may hash on.
fn prefix(client: &Client) -> String {
    let mut hex = client.session_id().to_string();
    hex.truncate(8);
    hex
}

async fn carry_rest(
    client: &Client,
    request: &RestRequest<'_>,
    frame: &[u8],
) -> Result<Vec<u8>, TransportError> {
    let transport = &client.server.transport;
    let bare = without_payload(frame).ok_or_else(|| TransportError::Request("no frame".into()))?;
    let answer = transport
        .send(Outgoing {
            method: request.method,
            url: client.base().join(request.path),
            content_type: request.content_type,
            accept: "*/*",
            countersign: Some(format!("v1 {}", URL_SAFE_NO_PAD.encode(bare))),
            body: request.body.to_vec(),
        })
        .await?;
    let header = answer.countersign.as_deref().and_then(|value| value.strip_prefix("v1 "));
    let Some(header) = header else {
        // A refusal from before the gateway looked at the profile comes as a whole frame.
        return if is_frame(&answer.content_type) {
            Ok(answer.body.to_vec())
        } else {
            Err(transport.unsigned(&answer))
        };
    };
    let foreign =
        |what: &str| TransportError::Foreign { server: transport.server(), what: what.to_owned() };
    let mut frame = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| foreign("a Countersign header without base64url"))?;
    let content_type = lp16(answer.content_type.as_bytes(), "content type");
    frame.extend(content_type.map_err(|_| foreign("a content type of more than 64 KiB"))?);
    frame.extend_from_slice(&answer.body);
    Ok(frame)
}

fn without_payload(frame: &[u8]) -> Option<Vec<u8>> {
    let frame = Frame::split(frame).ok()?;
    Some(Frame::join(frame.header, frame.signature, &[]))
}

fn lp16(bytes: &[u8], what: &'static str) -> Result<Vec<u8>, RestError> {
    let len = u16::try_from(bytes.len()).map_err(|_| RestError::TooLong(what))?;
    Ok([&len.to_be_bytes(), bytes].concat())
}

fn split_lp16(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}
