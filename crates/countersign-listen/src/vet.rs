//! What hyper lets through and we do not.

use http::header::{HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, StatusCode, Version};

/// Refuses a head that two servers could understand differently, or with too many fields.
///
/// hyper itself refuses differing Content-Lengths, folded lines and a Transfer-Encoding that does
/// not end in `chunked`, and closes after a request with both framings. This adds the rest:
/// `gzip, chunked` (which would reach a handler still packed), repeated Transfer-Encoding, and
/// no or several Host fields (RFC 9112 3.2). HTTP/2 has no field count of its own.
pub(super) fn vet<B>(request: &Request<B>, max_headers: usize) -> Result<(), StatusCode> {
    let headers = request.headers();
    if headers.len() > max_headers {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if request.method() == Method::CONNECT {
        // We are no proxy; hyper would take any 2xx for a tunnel and forget the connection.
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    if request.version() >= Version::HTTP_2 {
        return Ok(());
    }
    let hosts = headers.get_all(HOST).iter().count();
    let host_missing = hosts == 0 && request.version() == Version::HTTP_11;
    if host_missing || hosts > 1 || !plain_framing(headers) {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(())
}

fn plain_framing(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    let first = encodings.next();
    encodings.next().is_none()
        && first.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}
