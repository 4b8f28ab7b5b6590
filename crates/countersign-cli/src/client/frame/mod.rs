//! Frames taken apart for people: every field with its place, its bytes, and what they mean.
//!
//! Reads on where the core gives up: a tool that explains bytes has to explain wrong ones too.

mod body;
mod header;
mod verdict;
mod walker;

pub(super) use verdict::{Check, Known, State, checks};

use countersign::{Frame, Kind};
use walker::Walker;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it starts, from the first byte of the frame.
    pub(super) offset: usize,
    /// How many bytes it has.
    pub(super) len: usize,
    /// Its name in docs/PROTOCOL.md.
    pub(super) name: String,
    /// Its value: a number, text, or hexadecimal.
    pub(super) value: String,
    /// What the value means.
    pub(super) meaning: String,
}

/// All fields of a frame.
pub(super) fn rows(bytes: &[u8]) -> Vec<Row> {
    let mut walker = Walker::new(bytes);
    let Some(header_len) = walker.u16("header_len", "") else { return walker.rows };
    let header_end = walker.at + usize::from(header_len);
    let kind = header::walk(&mut walker, header_end);
    walker.rest_until(header_end, "trailing", "bytes after the header's last field: malformed");
    let Some(sig_len) = walker.u16("sig_len", "") else { return walker.rows };
    let flags = bytes.get(4..6).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
    body::signature(&mut walker, usize::from(sig_len), flags);
    body::payload(&mut walker, kind, flags);
    walker.rows
}

/// The name of a frame's kind; `None` if it has none.
pub(super) fn kind_of(bytes: &[u8]) -> Option<Kind> {
    Kind::of(Frame::split(bytes).ok()?.header)
}

/// The word for a kind.
pub(super) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Request => "request",
        Kind::Response => "response",
        Kind::Push => "push",
        Kind::Record => "record",
        Kind::Keyset => "keyset",
        Kind::Register => "register",
    }
}

/// The fields as JSON.
pub(super) fn json(bytes: &[u8]) -> serde_json::Value {
    let fields = rows(bytes).into_iter().map(|row| {
        serde_json::json!({
            "offset": row.offset, "len": row.len, "name": row.name,
            "value": row.value, "meaning": row.meaning,
        })
    });
    serde_json::json!({
        "kind": kind_of(bytes).map(kind_name),
        "length": bytes.len(),
        "fields": fields.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::*;

    fn frame(payload: Payload) -> Vec<u8> {
        let realm = Realm::new("league", "league.example.org").unwrap();
        let key = SigningKey::from_seed(&[1; 32]);
        let header = RequestHeader {
            flags: Flags::NONE,
            session: SessionId::from_bytes([0xaa; 16]),
            timestamp: Timestamp::from_millis(1_767_225_600_000),
            request_id: RequestId::from_bytes([0xbb; 16]),
            epoch: Epoch::NONE,
            payload_hash: PayloadHash::from_bytes([0; 32]),
            message_type: Name::new("match.submit").unwrap(),
        };
        UnsignedRequest::new(&realm, key.verifying_key(), header, payload).sign(&key)
    }

    #[test]
    fn the_example_of_the_specification_reads_as_written() {
        let bytes = frame(Payload::whole(b"{\"match\":7}".to_vec()));
        let rows = rows(&bytes);
        let find = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(find("header_len").value, "97");
        assert_eq!(find("timestamp_ms").meaning, "2026-01-01 00:00:00.000 UTC");
        assert_eq!(
            (find("message_type").value.as_str(), find("message_type").offset),
            ("match.submit", 87)
        );
        assert_eq!(find("payload").value, "{\"match\":7}");
        assert!(find("payload_hash").value.len() == 64);
        assert_eq!(rows.iter().map(|row| row.len).sum::<usize>(), bytes.len());
    }

    #[test]
    fn every_byte_of_every_cut_is_explained_once() {
        let chunked = frame(Payload::chunked(&[7; 20], 8).unwrap());
        for bytes in [chunked, frame(Payload::whole(Vec::new()))] {
            for end in 0..=bytes.len() {
                let mut at = 0;
                for row in rows(&bytes[..end]) {
                    assert_eq!(row.offset, at, "{row:?}");
                    at += row.len;
                }
                assert_eq!(at, end);
            }
        }
    }

    #[test]
    fn any_bytes_are_taken_apart_without_an_end() {
        for seed in 0..=255u8 {
            let bytes: Vec<u8> = (0..200u16).map(|i| (i as u8).wrapping_mul(seed)).collect();
            assert_eq!(rows(&bytes).iter().map(|row| row.len).sum::<usize>(), bytes.len());
        }
    }
}
