//! The REST profile as a client speaks it: an ordinary call, and its signature in one header.

use super::device::{Device, Opened, Request};
use super::http::{Http, HttpAnswer};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::verify::ResponseError;
use countersign::{Frame, ReplyTo};

/// A call. `path` is what the client signs and sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) method: &'c str,
    pub(crate) path: &'c str,
    pub(crate) content_type: &'c str,
    pub(crate) body: &'c [u8],
}

/// The value of the header `Countersign`, and what the answer has to be bound to.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) header: String,
    pub(crate) reply_to: ReplyTo,
}

impl<'c> Call<'c> {
    pub(crate) fn new(method: &'c str, path: &'c str) -> Self {
        Self { method, path, content_type: "", body: b"" }
    }

    pub(crate) fn json(method: &'c str, path: &'c str, body: &'c str) -> Self {
        let body = body.as_bytes();
        Self { content_type: "application/json", body, ..Self::new(method, path) }
    }

    /// Signs it.
    pub(crate) fn sign(&self, device: &Device) -> Signed {
        let mut payload = Vec::new();
        for text in [self.method, self.path, self.content_type] {
            put_lp16(&mut payload, text);
        }
        payload.extend_from_slice(self.body);
        let Request { frame, reply_to } = device.request("http", &payload);
        let envelope = &frame[..frame.len() - payload.len()];
        Signed { header: format!("v1 {}", BASE64_URL_SAFE_NO_PAD.encode(envelope)), reply_to }
    }

    /// Sends it with this signature, and any other headers.
    pub(crate) fn send(
        &self,
        http: &mut Http,
        signed: &Signed,
        more: &[(&str, &str)],
    ) -> HttpAnswer {
        let mut headers = vec![("Countersign", signed.header.as_str())];
        if !self.content_type.is_empty() {
            headers.push(("Content-Type", self.content_type));
        }
        headers.extend_from_slice(more);
        http.send(self.method, self.path, &headers, self.body).unwrap()
    }

    /// Signs, sends, and opens the answer.
    pub(crate) fn make(&self, device: &Device, http: &mut Http) -> Opened {
        let signed = self.sign(device);
        let answer = self.send(http, &signed, &[]);
        open(device, &signed, &answer)
    }
}

/// R1 to R4 over header, content type and body.
pub(crate) fn try_open(
    device: &Device,
    signed: &Signed,
    answer: &HttpAnswer,
) -> Result<Opened, ResponseError> {
    let header = answer.header("countersign").unwrap_or_else(|| panic!("unsigned: {answer:?}"));
    let envelope = header.strip_prefix("v1 ").unwrap();
    let mut frame = BASE64_URL_SAFE_NO_PAD.decode(envelope).unwrap();
    assert!(Frame::split(&frame).unwrap().payload.is_empty(), "an envelope");
    put_lp16(&mut frame, answer.header("content-type").unwrap_or_default());
    frame.extend_from_slice(&answer.body);
    let framed = HttpAnswer { body: frame, ..answer.clone() };
    let opened = device.try_open(signed.reply_to, &framed)?;
    Ok(Opened { payload: answer.body.clone(), ..opened })
}

/// The same; an answer that does not pass fails the test.
pub(crate) fn open(device: &Device, signed: &Signed, answer: &HttpAnswer) -> Opened {
    try_open(device, signed, answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

fn put_lp16(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
