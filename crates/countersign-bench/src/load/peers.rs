//! What clients of the peers send: a bearer token, and a request signed as in RFC 9421.

use super::connection::{HttpAnswer, header};
use super::{Shot, VERIFY_EVERY, payload, post};
use crate::failure::Result;
use crate::servers::{jwt, rfc9421};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use httpsig_hyper::{
    ContentDigestType, MessageSignatureReq, MessageSignatureRes, RequestContentDigest,
    ResponseContentDigest,
};

/// Requests that are signed once and sent again and again: nobody there remembers them.
const SIGNED: usize = 256;

/// A request with a token.
pub(crate) fn jwt_shots() -> Result<Vec<Shot>> {
    let token = jwt::token()?;
    let headers = format!("Authorization: Bearer {token}\r\n");
    Ok(vec![super::plain_shot("/", &headers, &payload())])
}

/// Requests whose method, path and digest are signed.
pub(crate) fn rfc9421_shots() -> Result<Vec<Shot>> {
    (0..SIGNED)
        .map(|_| {
            let body = payload();
            let request = signed_request(&body)?;
            let mut headers = String::new();
            for (name, value) in request.headers() {
                headers.push_str(&format!("{name}: {}\r\n", value.to_str()?));
            }
            Ok(Shot { http: post("/signed", &headers, &body), status: 200, reply_to: None })
        })
        .collect()
}

fn signed_request(body: &[u8]) -> Result<Request<impl Sized>> {
    let request = Request::builder()
        .method("POST")
        .uri("/signed")
        .body(Full::new(Bytes::copy_from_slice(body)))?;
    // It is asynchronous in name alone.
    let mut request = request
        .set_content_digest(&ContentDigestType::Sha256)
        .now_or_never()
        .ok_or("hashing waited")??;
    let key = rfc9421::device_key()?;
    let mut params = rfc9421::request_params()?;
    params.set_key_info(&key).set_random_nonce();
    request
        .set_message_signature(&params, &key, Some("sig"))
        .now_or_never()
        .ok_or("signing waited")??;
    Ok(request)
}

/// Verifies signature and digest of one answer in [`VERIFY_EVERY`].
pub(crate) fn look_rfc9421(number: usize, _: &Shot, answer: HttpAnswer<'_>) -> Result<()> {
    if !number.is_multiple_of(VERIFY_EVERY) {
        return Ok(());
    }
    let head = std::str::from_utf8(answer.head)?;
    let mut response = Response::builder().status(answer.status);
    for name in ["signature", "signature-input", "content-digest"] {
        let value = header(head, name).ok_or("an answer is not signed as in RFC 9421")?;
        response = response.header(name, value);
    }
    let response = response.body(Full::new(Bytes::copy_from_slice(answer.body)))?;
    let key = rfc9421::server_key()?.public_key();
    response
        .verify_message_signature(&key, None, None::<&Request<()>>)
        .now_or_never()
        .ok_or("verifying waited")??;
    response.verify_content_digest().now_or_never().ok_or("verifying waited")??;
    Ok(())
}
