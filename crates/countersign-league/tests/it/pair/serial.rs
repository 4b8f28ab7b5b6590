//! The serial line: what goes in comes out, and garbage costs at most the frame that it hits.

use countersign_league::pair::MAX_FRAME;
use countersign_league::pair::serial::{Decoder, FrameLength, SerialError, encode};
use proptest::collection::vec;
use proptest::prelude::*;

fn decode(decoder: &mut Decoder, line: &[u8]) -> Vec<Result<Vec<u8>, SerialError>> {
    line.iter().filter_map(|byte| decoder.take(*byte)).collect()
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    // CRC-32 of "123456789" is cbf43926.
    let line = encode(b"123456789").unwrap();
    assert_eq!(line, b"\x0e123456789\xcb\xf4\x39\x26\x00");
    assert_eq!(encode(b""), Err(FrameLength(0)));
    assert_eq!(encode(&[1; MAX_FRAME + 1]), Err(FrameLength(MAX_FRAME + 1)));
}

#[test]
fn a_changed_bit_is_found() {
    let line = encode(&[7, 0, 0, 9, 200]).unwrap();
    for bit in 0..line.len() * 8 {
        let mut changed = line.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut decoder = Decoder::new();
        let found = decode(&mut decoder, &changed);
        assert!(found.iter().all(Result::is_err), "bit {bit}: {found:?}");
    }
}

#[test]
fn an_endless_line_ends_at_the_next_zero() {
    let mut decoder = Decoder::new();
    assert_eq!(decode(&mut decoder, &[1; 10_000]), []);
    assert_eq!(decoder.take(0), Some(Err(SerialError::TooLong)));
    let line = encode(b"next").unwrap();
    assert_eq!(decode(&mut decoder, &line), [Ok(b"next".to_vec())]);
}

proptest! {
    #[test]
    fn frames_survive_the_line(frames in vec(vec(any::<u8>(), 1..=MAX_FRAME), 0..8)) {
        let line: Vec<u8> = frames.iter().flat_map(|frame| encode(frame).unwrap()).collect();
        let found = decode(&mut Decoder::new(), &line);
        prop_assert_eq!(found, frames.into_iter().map(Ok).collect::<Vec<_>>());
    }

    #[test]
    fn after_any_garbage_the_next_frame_is_found(
        garbage in vec(any::<u8>(), 0..600),
        frame in vec(any::<u8>(), 1..=MAX_FRAME),
    ) {
        let mut decoder = Decoder::new();
        decode(&mut decoder, &garbage);
        decoder.take(0);
        let found = decode(&mut decoder, &encode(&frame).unwrap());
        prop_assert_eq!(found, [Ok(frame)]);
    }
}
