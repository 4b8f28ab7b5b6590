//! Streams: in order, once, without gaps; and snapshots, of which the newest counts.

use crate::world::*;
use countersign::push::UnsignedPush;
use countersign::verify::{PushError, PushStream, SnapshotStream};
use countersign::*;

const STREAM: StreamId = StreamId::from_bytes([4; 16]);

pub(crate) fn push(stream: StreamId, seq: u64, payload: &[u8]) -> Vec<u8> {
    let header = PushHeader {
        flags: Flags::NONE,
        stream,
        timestamp: NOW,
        seq,
        server_key_id: ServerKeyId::from_bytes([0; 4]),
        epoch: Epoch::from_bytes([6; 8]),
        payload_hash: PayloadHash::from_bytes([0; 32]),
        event_type: Name::new("score.changed").unwrap(),
    };
    let fp = *server_key().verifying_key().fingerprint();
    UnsignedPush::new(&realm(), &fp, header, payload.to_vec()).sign(&server_key())
}

#[test]
fn s1_s2_s3_only_this_stream_by_this_server_with_this_payload() {
    let mut stream = PushStream::new(STREAM, 0);
    let good = push(STREAM, 1, b"{}");
    let mut forged = good.clone();
    let last_of_header = 2 + 81 + "score.changed".len() - 1;
    forged[last_of_header] ^= 1;
    assert_eq!(stream.accept(&realm(), &keyset(), &forged), Err(PushError::Signature));
    let other = push(StreamId::from_bytes([5; 16]), 1, b"{}");
    assert_eq!(stream.accept(&realm(), &keyset(), &other), Err(PushError::Stream));
    let swapped = [&good[..good.len() - 2], b"[]"].concat();
    assert_eq!(stream.accept(&realm(), &keyset(), &swapped), Err(PushError::Payload));
    assert_eq!(stream.accept(&realm(), &keyset(), &good).unwrap().content, b"{}");
}

#[test]
fn s4_truncation_reordering_and_repetition_are_seen() {
    let mut stream = PushStream::new(STREAM, 0);
    let accept = |stream: &mut PushStream, seq| {
        stream.accept(&realm(), &keyset(), &push(STREAM, seq, b"")).map(|event| event.header.seq)
    };
    assert_eq!(accept(&mut stream, 1), Ok(1));
    assert_eq!(accept(&mut stream, 4), Err(PushError::Gap { from: 2, to: 3 }));
    assert_eq!(accept(&mut stream, 1), Err(PushError::Duplicate { seq: 1 }));
    assert_eq!(accept(&mut stream, 2), Ok(2));
    assert_eq!(stream.cursor(), 2);
}

#[test]
fn a_newer_snapshot_replaces_and_an_older_one_is_dropped() {
    let mut views = SnapshotStream::new(STREAM);
    let key = server_key();
    let mut accept = |frame: &[u8]| {
        views.accept(&realm(), key.verifying_key(), frame).map(|event| event.header.seq)
    };
    assert_eq!(accept(&push(STREAM, 3, b"a")), Ok(3));
    assert_eq!(accept(&push(STREAM, 9, b"b")), Ok(9));
    for old in [9, 4] {
        assert_eq!(accept(&push(STREAM, old, b"c")), Err(PushError::Duplicate { seq: old }));
    }
    let mut forged = push(STREAM, 10, b"d");
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(accept(&forged), Err(PushError::Payload));
    assert_eq!(accept(&push(STREAM, 10, b"d")), Ok(10), "a forgery does not use the number up");
    let stranger = SigningKey::from_seed(&[77; 32]);
    let next = push(STREAM, 11, b"e");
    let by_another = views.accept(&realm(), stranger.verifying_key(), &next);
    assert_eq!(by_another, Err(PushError::Signature));
}
