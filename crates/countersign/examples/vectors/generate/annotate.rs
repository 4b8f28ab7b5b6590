//! The worked example of the protocol document: every byte with its name.

use super::Result;
use super::case::{Context, Sample};
use super::world::*;
use super::{push, record, request, response};
use countersign::*;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes per line.
const WIDTH: usize = 32;

/// Bytes that are taken off the front and written down.
struct Annotated<'a> {
    rest: &'a [u8],
    text: String,
}

impl<'a> Annotated<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, text: String::from("```text\n") }
    }

    fn field(&mut self, len: usize, name: &str) -> Result<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or("the frame is shorter")?;
        self.rest = rest;
        let lines: Vec<String> = bytes.chunks(WIDTH).map(hex::encode).collect();
        let width = 2 * WIDTH;
        for (i, line) in lines.iter().enumerate() {
            let name = if i + 1 == lines.len() { name } else { "" };
            self.text.push_str(format!("{line:width$}  {name}").trim_end());
            self.text.push('\n');
        }
        Ok(bytes)
    }

    fn fields(&mut self, fields: &[(usize, &str)]) -> Result<()> {
        fields.iter().try_for_each(|(len, name)| self.field(*len, name).map(|_| ()))
    }

    /// A number of up to eight bytes, also shown in decimal.
    fn number(&mut self, len: usize, name: &str) -> Result<usize> {
        let bytes = self.rest.get(..len).ok_or("the frame is shorter")?;
        let value = bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        self.field(len, &format!("{name} = {value}"))?;
        Ok(usize::try_from(value)?)
    }

    /// `u8 length ‖ text`.
    fn lp8_text(&mut self, name: &str) -> Result<()> {
        let len = self.number(1, "length")?;
        let text = String::from_utf8_lossy(self.rest.get(..len).ok_or("the frame is shorter")?);
        self.field(len, &format!("{name} = {text}"))?;
        Ok(())
    }

    fn version_kind_flags(&mut self, kind: &str) -> Result<()> {
        self.number(2, "header_len")?;
        self.fields(&[(1, "version"), (1, &format!("kind = {kind}")), (2, "flags")])
    }

    /// Signature and payload.
    fn tail(mut self) -> Result<String> {
        self.number(2, "sig_len")?;
        self.fields(&[(32, "sig: R"), (32, "sig: S")])?;
        let payload = String::from_utf8_lossy(self.rest).into_owned();
        if !payload.is_empty() {
            self.field(self.rest.len(), &format!("payload = {payload}"))?;
        }
        self.finish()
    }

    fn finish(mut self) -> Result<String> {
        if !self.rest.is_empty() {
            return Err("the frame is longer".into());
        }
        self.text.push_str("```\n");
        Ok(self.text)
    }
}

/// Everything between the marks of the document.
pub(super) fn section() -> Result<String> {
    let mut out = introduction()?;
    let request = request::sample(worked_request()?)?;
    let digest = request.context.digest(request.parts()?.header).unwrap_or_default();
    write!(out, "\n**Request** ({} bytes)\n\n{}", request.frame.len(), request_frame(&request)?)?;
    write!(out, "\n**What its signature covers**\n\n{}", input(&request)?)?;
    writeln!(out, "\n`SHA-256(sign(request))` = `{}`  ", input_hash(&request)?)?;
    writeln!(out, "`digest(request)` = `{}`", hex::encode(digest))?;
    let reply_to = worked_request()?.reply_to();
    let answer = response::sample(response(worked_answer())?, reply_to)?;
    write!(out, "\n**Response** ({} bytes)\n\n{}", answer.frame.len(), response_frame(&answer)?)?;
    write!(out, "\n**What its signature covers**\n\n{}", input(&answer)?)?;
    let push = push::sample(push(push_header(1)?, br#"{"goal":1}"#)?)?;
    write!(out, "\n**Push** ({} bytes)\n\n{}", push.frame.len(), push_frame(&push)?)?;
    let score = br#"{"match":7,"score":[2,1]}"#;
    let record = record::sample(record(record_header()?, score)?)?;
    write!(out, "\n**Record** ({} bytes)\n\n{}", record.frame.len(), record_frame(&record)?)?;
    let digest = record.context.digest(record.parts()?.header).unwrap_or_default();
    writeln!(out, "\n`digest(record)` = `{}`", hex::encode(digest))?;
    let frame = keyset().sign(&realm()?, &Who::Root.key());
    let set = Sample::new(Kind::Keyset, Who::Root, frame)?;
    write!(out, "\n**Key set** ({} bytes)\n\n{}", set.frame.len(), keyset_frame(&set)?)?;
    Ok(out)
}

fn introduction() -> Result<String> {
    let realm = realm()?;
    let mut out = format!(
        "App `{}`, audience `{}`. The seed of the device is 32 bytes `01`, of the server `02`, of the root `03`.\n\
         These frames are the first cases of the files in `vectors/`; `cargo run -p countersign --example vectors -- \
         --markdown` prints this section.\n\n| who | public key | fingerprint |\n|-|-|-|\n",
        realm.app(),
        realm.audience()
    );
    for (name, who) in [("device", Who::Device), ("server", Who::Server), ("root", Who::Root)] {
        let public_key = hex::encode(who.public().as_bytes());
        writeln!(out, "| {name} | `{public_key}` | `{}` |", who.fingerprint())?;
    }
    Ok(out)
}

fn request_frame(sample: &Sample) -> Result<String> {
    let mut bytes = Annotated::new(&sample.frame);
    bytes.version_kind_flags("request")?;
    bytes.field(16, "session_id")?;
    bytes.number(8, "timestamp_ms")?;
    bytes.fields(&[
        (16, "request_id"),
        (8, "epoch: none known yet"),
        (32, "payload_hash = SHA-256(payload)"),
    ])?;
    bytes.lp8_text("message_type")?;
    bytes.tail()
}

fn response_frame(sample: &Sample) -> Result<String> {
    let mut bytes = Annotated::new(&sample.frame);
    bytes.version_kind_flags("response")?;
    bytes.field(16, "request_id, the request's")?;
    bytes.number(8, "timestamp_ms")?;
    bytes.fields(&[
        (2, "result_code = ok"),
        (4, "server_key_id, from the server's fingerprint"),
        (8, "epoch"),
        (32, "payload_hash"),
    ])?;
    bytes.tail()
}

fn push_frame(sample: &Sample) -> Result<String> {
    let mut bytes = Annotated::new(&sample.frame);
    bytes.version_kind_flags("push")?;
    bytes.field(16, "stream_id")?;
    bytes.number(8, "timestamp_ms")?;
    bytes.number(8, "seq")?;
    bytes.fields(&[(4, "server_key_id"), (8, "epoch"), (32, "payload_hash")])?;
    bytes.lp8_text("event_type")?;
    bytes.tail()
}

fn record_frame(sample: &Sample) -> Result<String> {
    let mut bytes = Annotated::new(&sample.frame);
    bytes.version_kind_flags("record")?;
    bytes.field(16, "record_id")?;
    bytes.number(8, "created_ms")?;
    bytes.fields(&[
        (32, "signer_fp, the device's"),
        (32, "prev_hash: the first record"),
        (32, "payload_hash"),
    ])?;
    bytes.lp8_text("record_type")?;
    bytes.tail()
}

fn keyset_frame(sample: &Sample) -> Result<String> {
    let mut bytes = Annotated::new(&sample.frame);
    bytes.version_kind_flags("keyset")?;
    bytes.number(8, "version")?;
    bytes.number(8, "issued_ms")?;
    bytes.number(8, "expires_ms")?;
    bytes.number(1, "min_protocol")?;
    bytes.lp8_text("audience")?;
    for _ in 0..bytes.number(1, "n_keys")? {
        bytes.field(1, "state = active")?;
        bytes.number(8, "not_before_ms")?;
        bytes.number(8, "not_after_ms")?;
        bytes.fields(&[(1, "alg = Ed25519"), (1, "length"), (32, "pk, the server's")])?;
    }
    for _ in 0..bytes.number(1, "n_roots")? {
        bytes.fields(&[(1, "alg = Ed25519"), (1, "length"), (32, "pk, the root's")])?;
    }
    for _ in 0..bytes.number(1, "n_pins")? {
        bytes.field(32, "SHA-256(SubjectPublicKeyInfo)")?;
    }
    bytes.tail()
}

/// The signing input of a request or response.
fn input(sample: &Sample) -> Result<String> {
    let header = sample.header()?;
    let input = sample.context.signing_input(&header);
    let mut bytes = Annotated::new(&input);
    bytes.lp8_text("domain")?;
    bytes.lp8_text("audience")?;
    bytes.field(32, "fingerprint of the key that signs")?;
    if let Context { reply_to: Some(_), .. } = sample.context {
        bytes.field(32, "digest(request)")?;
    }
    bytes.field(header.len(), "header, as above")?;
    bytes.finish()
}

fn input_hash(sample: &Sample) -> Result<String> {
    Ok(hex::encode(Sha256::digest(sample.context.signing_input(&sample.header()?))))
}
