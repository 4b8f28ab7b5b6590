//! The least that a signed exchange costs with the library that everybody takes: one strict verification, one signature.

use crate::failure::Result;
use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use http::StatusCode;
use std::sync::Arc;

/// Whose keys both sides know.
pub(crate) const DEVICE_SEED: [u8; 32] = [1; 32];
const SERVER_SEED: [u8; 32] = [2; 32];

struct Keys {
    device: VerifyingKey,
    server: SigningKey,
}

/// `signature ‖ payload` in, `signature ‖ payload` out.
pub(super) fn router() -> Result<Router> {
    let device = SigningKey::from_bytes(&DEVICE_SEED).verifying_key();
    let keys = Arc::new(Keys { device, server: SigningKey::from_bytes(&SERVER_SEED) });
    Ok(Router::new().fallback(answer).with_state(keys))
}

async fn answer(State(keys): State<Arc<Keys>>, body: Bytes) -> Result<Vec<u8>, StatusCode> {
    let (signature, payload) = split(&body).ok_or(StatusCode::BAD_REQUEST)?;
    keys.device.verify_strict(payload, &signature).map_err(|_| StatusCode::UNAUTHORIZED)?;
    Ok(join(&keys.server.sign(payload), payload))
}

/// A body as a device makes it.
pub(crate) fn signed(payload: &[u8]) -> Vec<u8> {
    join(&SigningKey::from_bytes(&DEVICE_SEED).sign(payload), payload)
}

/// Whether a body is what the server makes.
pub(crate) fn is_by_the_server(body: &[u8]) -> bool {
    let key = SigningKey::from_bytes(&SERVER_SEED).verifying_key();
    split(body).is_some_and(|(signature, payload)| key.verify_strict(payload, &signature).is_ok())
}

fn split(body: &[u8]) -> Option<(Signature, &[u8])> {
    let (signature, payload) = body.split_first_chunk::<SIGNATURE_LENGTH>()?;
    Some((Signature::from_bytes(signature), payload))
}

fn join(signature: &Signature, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(SIGNATURE_LENGTH + payload.len());
    body.extend_from_slice(&signature.to_bytes());
    body.extend_from_slice(payload);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_not_the_server() {
        assert!(!is_by_the_server(&signed(b"payload")));
        let answer = join(&SigningKey::from_bytes(&SERVER_SEED).sign(b"payload"), b"payload");
        assert!(is_by_the_server(&answer));
    }
}
