//! What goes back to a phone.

use crate::host::Shared;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;
use countersign_chip::flash::Parcel;
use picoserve::ResponseSent;
use picoserve::io::{Read, Write};
use picoserve::response::{
    Connection, Content, IntoResponse, Response, ResponseWriter, StatusCode,
};

const BYTES: &str = "application/octet-stream";
/// Pages of the league's own site may ask, too: nothing here rests on cookies or on who is asking.
const HEADERS: [(&str, &str); 5] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST"),
    ("Access-Control-Allow-Headers", "content-type"),
    ("Access-Control-Allow-Private-Network", "true"),
    ("Cache-Control", "no-store"),
];

/// An answer that is in memory as a whole.
pub(crate) struct Answer {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) const fn new(kind: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, kind, body }
    }

    pub(crate) const fn bytes(body: Vec<u8>) -> Self {
        Self::new(BYTES, body)
    }

    pub(crate) fn json(body: String) -> Self {
        Self::new("application/json", body.into_bytes())
    }

    pub(crate) const fn nothing() -> Self {
        Self { status: 204, kind: "text/plain", body: Vec::new() }
    }

    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::problem(400, "malformed", &detail)
    }

    pub(crate) fn problem(status: u16, code: &str, detail: &dyn Display) -> Self {
        let detail = detail.to_string().replace('\\', "\\\\").replace('"', "\\\"");
        let body = format!(
            r#"{{"code":"{code}","detail":"{detail}","status":{status},"title":"{code}","type":"urn:countersign:problem:{code}"}}"#
        );
        Self { status, kind: "application/problem+json", body: body.into_bytes() }
    }

    pub(crate) async fn write<R: Read, W: ResponseWriter<Error = R::Error>>(
        self,
        connection: Connection<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        Response::new(StatusCode::new(self.status), self.body)
            .with_content_type(self.kind)
            .with_headers(HEADERS)
            .write_to(connection, writer)
            .await
    }
}

/// A bundle on its way: one piece of it is in memory.
pub(crate) struct Bundle {
    pub(crate) host: Shared,
    pub(crate) parcel: Parcel,
}

impl Bundle {
    pub(crate) async fn write<R: Read, W: ResponseWriter<Error = R::Error>>(
        self,
        connection: Connection<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let response = Response::new(StatusCode::OK, self).with_headers(HEADERS);
        response.write_to(connection, writer).await
    }
}

impl Content for Bundle {
    fn content_type(&self) -> &'static str {
        BYTES
    }

    fn content_length(&self) -> usize {
        self.parcel.len()
    }

    /// A bundle that goes meanwhile ends there, and the phone sees that it is too short.
    async fn write_content<W: Write>(self, mut writer: W) -> Result<(), W::Error> {
        for number in 0..self.parcel.pieces() {
            let piece = self.host.borrow_mut().piece(&self.parcel, number);
            let Some(piece) = piece else { break };
            writer.write_all(&piece).await?;
        }
        Ok(())
    }
}
