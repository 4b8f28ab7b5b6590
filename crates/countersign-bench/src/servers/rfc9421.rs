//! HTTP message signatures (RFC 9421) both ways with `httpsig-hyper`: the request's signature and digest are verified, the
//! answer gets its own. Unlike Countersign it keeps no memory of requests, knows one key, and does not bind the answer.

use crate::failure::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use httpsig_hyper::prelude::message_component::HttpMessageComponentId;
use httpsig_hyper::prelude::{AlgorithmName, HttpSignatureParams, PublicKey, SecretKey};
use httpsig_hyper::{
    ContentDigestType, MessageSignatureReq, MessageSignatureRes, RequestContentDigest,
    ResponseContentDigest,
};
use std::sync::Arc;

struct Keys {
    device: PublicKey,
    server: SecretKey,
    params: HttpSignatureParams,
}

/// Echoes what was signed.
pub(super) fn router() -> Result<Router> {
    let (device, server) = (device_key()?.public_key(), server_key()?);
    let mut params = params(&["@status", "content-digest"])?;
    params.set_key_info(&server);
    Ok(Router::new().fallback(answer).with_state(Arc::new(Keys { device, server, params })))
}

async fn answer(
    State(keys): State<Arc<Keys>>,
    parts: Parts,
    body: Bytes,
) -> Result<Response<Body>, StatusCode> {
    exchange(&keys, parts, body).await.map_err(|_| StatusCode::UNAUTHORIZED)
}

async fn exchange(keys: &Keys, parts: Parts, body: Bytes) -> Result<Response<Body>> {
    let request = Request::from_parts(parts, Full::new(body));
    request.verify_message_signature(&keys.device, None).await?;
    let content = request.verify_content_digest().await?.into_body().collect().await?.to_bytes();
    let response = Response::new(Full::new(content));
    let mut response = response.set_content_digest(&ContentDigestType::Sha256).await?;
    response
        .set_message_signature(&keys.params, &keys.server, Some("sig"), None::<&Request<()>>)
        .await?;
    Ok(response.map(Body::new))
}

/// The device's key.
pub(crate) fn device_key() -> Result<SecretKey> {
    Ok(SecretKey::from_bytes(&AlgorithmName::Ed25519, &[4; 32])?)
}

/// The server's key.
pub(crate) fn server_key() -> Result<SecretKey> {
    Ok(SecretKey::from_bytes(&AlgorithmName::Ed25519, &[5; 32])?)
}

/// What a request's signature covers.
pub(crate) fn request_params() -> Result<HttpSignatureParams> {
    params(&["@method", "@path", "content-digest"])
}

fn params(covered: &[&str]) -> Result<HttpSignatureParams> {
    let ids = covered
        .iter()
        .map(|id| HttpMessageComponentId::try_from(*id))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(HttpSignatureParams::try_new(&ids)?)
}
