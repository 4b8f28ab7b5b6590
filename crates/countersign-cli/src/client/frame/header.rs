//! Headers, field by field, as in docs/PROTOCOL.md section 4 and 10.

use super::walker::Walker;
use super::{Row, kind_name};
use countersign::{Kind, ResultCode, VerifyingKey};

/// Walks a header that ends at `end`.
pub(super) fn walk(walker: &mut Walker<'_>, end: usize) -> Option<Kind> {
    let mut kind = None;
    walker.bounded(end, |walker| {
        walker.u8("version", |v| if v == 1 { String::new() } else { "not supported".to_owned() });
        let number = walker.u8("kind", |number| name_of(number).unwrap_or("unknown").to_owned());
        kind = number.and_then(|number| Kind::of(&[1, number]));
        walker.field("flags", 2, |bytes| {
            let bits = u16::from_be_bytes([bytes[0], bytes[1]]);
            (format!("{bits:#06x}"), flag_names(bits))
        });
        match kind {
            Some(Kind::Request) => request(walker),
            Some(Kind::Response) => response(walker),
            Some(Kind::Push) => push(walker),
            Some(Kind::Record) => record(walker),
            Some(Kind::Keyset) => keyset(walker),
            Some(Kind::Register) => register(walker),
            None => {}
        }
    });
    kind
}

fn name_of(number: u8) -> Option<&'static str> {
    Kind::of(&[1, number]).map(kind_name)
}

fn flag_names(bits: u16) -> String {
    let known = [(1, "chunked"), (2, "compressed: not supported"), (4, "batch-signed")];
    let mut names: Vec<&str> =
        known.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, n)| *n).collect();
    if bits & !7 != 0 {
        names.push("reserved bits are set: malformed");
    }
    names.join(", ")
}

fn request(walker: &mut Walker<'_>) {
    walker.hex("session_id", 16, "");
    walker.time("timestamp_ms");
    walker.hex("request_id", 16, "");
    epoch(walker);
    walker.hex("payload_hash", 32, "");
    walker.text("message_type");
}

fn response(walker: &mut Walker<'_>) {
    walker.hex("request_id", 16, "of the request that this answers");
    walker.time("timestamp_ms");
    let before = walker.rows.len();
    if let Some(code) = walker.u16("result_code", "")
        && let Some(row) = walker.rows.get_mut(before)
    {
        row.meaning = ResultCode::from_u16(code).name().to_owned();
    }
    walker.hex("server_key_id", 4, "a hint: first 4 bytes of the key's fingerprint");
    epoch(walker);
    walker.hex("payload_hash", 32, "");
}

fn push(walker: &mut Walker<'_>) {
    walker.hex("stream_id", 16, "");
    walker.time("timestamp_ms");
    walker.u64("seq", "");
    walker.hex("server_key_id", 4, "a hint: first 4 bytes of the key's fingerprint");
    epoch(walker);
    walker.hex("payload_hash", 32, "");
    walker.text("event_type");
}

fn record(walker: &mut Walker<'_>) {
    walker.hex("record_id", 16, "");
    walker.time("created_ms");
    walker.hex("signer_fp", 32, "fingerprint of the key that signs");
    walker.field("prev_hash", 32, |bytes| {
        let first = bytes.iter().all(|byte| *byte == 0);
        let meaning = if first { "first of its chain" } else { "digest of the record before" };
        (hex::encode(bytes), meaning.to_owned())
    });
    walker.hex("payload_hash", 32, "");
    walker.text("record_type");
}

fn register(walker: &mut Walker<'_>) {
    walker.hex("login_id", 16, "");
    walker.time("timestamp_ms");
    walker.hex("request_id", 16, "");
    key(walker, "pk");
    walker.text("address");
    walker.hex("code_hash", 32, "");
    walker.hex("payload_hash", 32, "");
}

fn keyset(walker: &mut Walker<'_>) {
    walker.u64("version", "");
    walker.time("issued_ms");
    walker.time("expires_ms");
    walker.u8("min_protocol", |_| String::new());
    walker.text("audience");
    let keys = walker.u8("n_keys", |_| String::new()).unwrap_or(0);
    for i in 0..keys {
        let state = |number| match number {
            0 => "prepared",
            1 => "active",
            2 => "retired",
            3 => "tainted",
            4 => "revoked",
            _ => "unknown: malformed",
        };
        walker.u8(format!("keys[{i}].state"), |number| state(number).to_owned());
        walker.time(format!("keys[{i}].from"));
        walker.time(format!("keys[{i}].until"));
        key(walker, &format!("keys[{i}].pk"));
    }
    let roots = walker.u8("n_roots", |_| String::new()).unwrap_or(0);
    for i in 0..roots {
        key(walker, &format!("roots[{i}].pk"));
    }
    let pins = walker.u8("n_pins", |_| String::new()).unwrap_or(0);
    for i in 0..pins {
        walker.hex(format!("pins[{i}]"), 32, "SHA-256 of a SubjectPublicKeyInfo");
    }
}

fn epoch(walker: &mut Walker<'_>) {
    walker.field("epoch", 8, |bytes| {
        let none = bytes.iter().all(|byte| *byte == 0);
        (hex::encode(bytes), if none { "none" } else { "" }.to_owned())
    });
}

/// An algorithm and a key with its fingerprint.
fn key(walker: &mut Walker<'_>, name: &str) {
    let alg = walker.u8(format!("{name}.alg"), |alg| {
        match alg {
            1 => "Ed25519",
            2 => "ES256: reserved",
            3 => "ML-DSA-44: reserved",
            _ => "unknown",
        }
        .to_owned()
    });
    let before = walker.rows.len() + 1;
    let found = walker.lp8(name);
    if let (Some(alg), Some(bytes), Some(row)) = (alg, found, walker.rows.get_mut(before)) {
        set_fingerprint(row, alg, bytes);
    }
}

fn set_fingerprint(row: &mut Row, alg: u8, bytes: &[u8]) {
    row.meaning = match VerifyingKey::from_alg(alg, bytes) {
        Ok(key) => format!("fingerprint {}", key.fingerprint()),
        Err(error) => error.to_string(),
    };
}
