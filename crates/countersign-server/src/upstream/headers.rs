//! What the service behind is told about who calls. No header of the client reaches it; these are the only ones.

use crate::gateway::Admitted;
use bytes::Bytes;
use countersign::Timestamp;
use countersign_identity::webhook::{self, IdError, WebhookSecret};
use http::header::{CONTENT_TYPE, InvalidHeaderValue};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use std::net::IpAddr;

const USER: HeaderName = HeaderName::from_static("countersign-user");
const SESSION: HeaderName = HeaderName::from_static("countersign-session");
const SCOPES: HeaderName = HeaderName::from_static("countersign-scopes");
const MESSAGE_TYPE: HeaderName = HeaderName::from_static("countersign-message-type");
const REQUEST_ID: HeaderName = HeaderName::from_static("countersign-request-id");
const REQUEST_DIGEST: HeaderName = HeaderName::from_static("countersign-request-digest");
const TIMESTAMP: HeaderName = HeaderName::from_static("countersign-timestamp-ms");
const CLIENT_IP: HeaderName = HeaderName::from_static("countersign-client-ip");

/// Why a call could not be signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Header(#[from] InvalidHeaderValue),
}

/// Sets the identity of the caller, and the content type that the caller signed.
pub(super) fn set(
    headers: &mut HeaderMap,
    admitted: &Admitted,
    content_type: &str,
    ip: IpAddr,
) -> Result<(), InvalidHeaderValue> {
    let header = &admitted.request.header;
    let session = &admitted.session;
    headers.insert(USER, value(&session.user.to_string())?);
    headers.insert(SESSION, value(&session.device.id.to_string())?);
    headers.insert(SCOPES, value(&session.scopes.join(" "))?);
    headers.insert(MESSAGE_TYPE, value(header.message_type.as_str())?);
    headers.insert(REQUEST_ID, value(&header.request_id.to_string())?);
    headers.insert(REQUEST_DIGEST, value(&admitted.request.digest.to_string())?);
    headers.insert(TIMESTAMP, HeaderValue::from(header.timestamp.as_millis()));
    headers.insert(CLIENT_IP, value(&ip.to_canonical().to_string())?);
    if !content_type.is_empty() {
        headers.insert(CONTENT_TYPE, value(content_type)?);
    }
    Ok(())
}

/// Signs the call as Standard Webhooks do. The signed content is
/// `method \n path and query \n user \n session \n scopes \n body`, so that no header can be swapped.
pub(super) fn sign(
    request: &mut Request<Full<Bytes>>,
    body: &Bytes,
    secret: &WebhookSecret,
    admitted: &Admitted,
    now: Timestamp,
) -> Result<(), SignError> {
    let session = &admitted.session;
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let (method, user, device) = (request.method(), session.user, session.device.id);
    let scopes = session.scopes.join(" ");
    let mut content = format!("{method}\n{path}\n{user}\n{device}\n{scopes}\n").into_bytes();
    content.extend_from_slice(body);
    let signed =
        secret.sign(&format!("msg_{}", admitted.request.header.request_id), now, &content)?;
    let headers = request.headers_mut();
    headers.insert(HeaderName::from_static(webhook::ID_HEADER), value(&signed.id)?);
    headers.insert(HeaderName::from_static(webhook::TIMESTAMP_HEADER), value(&signed.timestamp)?);
    headers.insert(HeaderName::from_static(webhook::SIGNATURE_HEADER), value(&signed.signature)?);
    Ok(())
}

fn value(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_str(text)
}
