//! The clients: what they send, and how.

pub(crate) mod closed;
pub(crate) mod connection;
pub(crate) mod fleet;
pub(crate) mod paced;
#[cfg(feature = "peers")]
pub(crate) mod peers;
pub(crate) mod registration;

use countersign::ReplyTo;

/// One request, ready to be written to a socket.
#[derive(Debug, Clone)]
pub(crate) struct Shot {
    /// Head and body.
    pub(crate) http: Vec<u8>,
    /// The status that the answer has to have.
    pub(crate) status: u16,
    /// What a signed answer has to be bound to.
    pub(crate) reply_to: Option<ReplyTo>,
}

/// Length of every body that is sent, before signatures.
pub(crate) const PAYLOAD_LEN: usize = 256;

/// One answer in this many is verified as a client would, besides the status of each.
pub(crate) const VERIFY_EVERY: usize = 64;

/// A JSON text of [`PAYLOAD_LEN`] bytes.
pub(crate) fn payload() -> Vec<u8> {
    let mut text = br#"{"note":""#.to_vec();
    text.resize(PAYLOAD_LEN - 2, b'x');
    text.extend_from_slice(br#""}"#);
    text
}

/// A request as bytes. `headers` are whole lines, each with its line end.
pub(crate) fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut http = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    http.extend_from_slice(body);
    http
}

/// A request that is answered with 200 and may be sent again and again.
pub(crate) fn plain_shot(path: &str, headers: &str, body: &[u8]) -> Shot {
    Shot { http: post(path, headers, body), status: 200, reply_to: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_json_of_the_length_that_is_promised() {
        assert_eq!(payload().len(), PAYLOAD_LEN);
        assert!(serde_json::from_slice::<serde_json::Value>(&payload()).is_ok());
    }
}
