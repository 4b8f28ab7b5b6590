//! What many services have: a bearer token signed with Ed25519, checked at every request. Nothing binds it to the request,
//! and the answer is not signed.

use crate::failure::Result;
use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use countersign::{Signer, SigningKey};
use http::{HeaderMap, StatusCode, header};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const SEED: [u8; 32] = [3; 32];

/// What stands before the seed in PKCS #8 (RFC 8410).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
}

struct Rules {
    key: DecodingKey,
    validation: Validation,
}

/// Echoes what came with a good token.
pub(super) fn router() -> Result<Router> {
    let public = SigningKey::from_seed(&SEED);
    let key = DecodingKey::from_ed_der(public.verifying_key().as_bytes());
    let rules = Arc::new(Rules { key, validation: Validation::new(Algorithm::EdDSA) });
    Ok(Router::new().fallback(answer).with_state(rules))
}

async fn answer(
    State(rules): State<Arc<Rules>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Bytes, StatusCode> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
    decode::<Claims>(token, &rules.key, &rules.validation).map_err(|_| StatusCode::UNAUTHORIZED)?;
    Ok(body)
}

/// A token for an hour.
pub(crate) fn token() -> Result<String> {
    let exp = countersign_server::clock::now().as_millis() / 1000 + 3600;
    let claims = Claims { sub: "0190f0e0-0000-7000-8000-000000000000".to_owned(), exp };
    let key = EncodingKey::from_ed_der(&[&PKCS8[..], &SEED].concat());
    Ok(encode(&Header::new(Algorithm::EdDSA), &claims, &key)?)
}
