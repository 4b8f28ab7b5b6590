//! The radio of a Linux master: whole frames pass in their order, and nothing else does.

use countersign_league::pair::MAX_FRAME;
use countersign_league::pair::bridge::{Bridge, Counts, WAITING};
use countersign_league::pair::serial::{Decoder, encode};
use proptest::collection::vec;
use proptest::prelude::*;

/// Everything for the line, taken in portions of `portion` bytes.
fn drain_line(bridge: &mut Bridge, portion: usize) -> Vec<u8> {
    let mut line = Vec::new();
    while !bridge.line().is_empty() {
        let len = bridge.line().len().min(portion);
        line.extend_from_slice(&bridge.line()[..len]);
        bridge.line_taken(len);
    }
    line
}

fn drain_air(bridge: &mut Bridge) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| bridge.next_packet()).collect()
}

#[test]
fn a_full_direction_loses_the_newest_and_counts_it() {
    let mut bridge = Bridge::new();
    for number in 0..WAITING as u8 + 3 {
        bridge.read_line(&encode(&[number]).unwrap());
        bridge.hear(&[number]);
    }
    let kept: Vec<Vec<u8>> = (0..WAITING as u8).map(|number| vec![number]).collect();
    assert_eq!(drain_air(&mut bridge), kept);
    let mut decoder = Decoder::new();
    let line = drain_line(&mut bridge, 7);
    let line: Vec<_> = line.iter().filter_map(|byte| decoder.take(*byte)).collect();
    assert_eq!(line, kept.into_iter().map(Ok).collect::<Vec<_>>());
    let sent = WAITING as u32;
    let expected =
        Counts { to_air: sent, to_line: sent, air_full: 3, line_full: 3, ..Counts::default() };
    assert_eq!(bridge.counts(), expected);
    bridge.read_line(&encode(b"again").unwrap());
    assert_eq!(drain_air(&mut bridge), [b"again"], "room again");
}

#[test]
fn what_is_no_frame_goes_nowhere() {
    let mut bridge = Bridge::new();
    bridge.hear(&[]);
    bridge.hear(&[1; MAX_FRAME + 1]);
    bridge.read_line(b"\x05noise\x00");
    bridge.read_line(&[1; 2_000]);
    bridge.read_line(&[0]);
    assert!(bridge.line().is_empty());
    assert_eq!(bridge.next_packet(), None);
    assert_eq!(bridge.counts(), Counts { foreign: 2, noise: 2, ..Counts::default() });
    bridge.line_taken(9);
    assert_eq!(bridge.counts().to_line, 0, "nothing was taken of nothing");
}

proptest! {
    #[test]
    fn frames_pass_both_ways_in_any_portions(
        frames in vec(vec(any::<u8>(), 1..=MAX_FRAME), 0..WAITING),
        portion in 1_usize..600,
    ) {
        let mut bridge = Bridge::new();
        let line: Vec<u8> = frames.iter().flat_map(|frame| encode(frame).unwrap()).collect();
        line.chunks(portion).for_each(|bytes| bridge.read_line(bytes));
        prop_assert_eq!(&drain_air(&mut bridge), &frames);
        frames.iter().for_each(|frame| bridge.hear(frame));
        prop_assert_eq!(drain_line(&mut bridge, portion), line);
    }

    #[test]
    fn any_bytes_leave_at_most_what_may_wait(bytes in vec(any::<u8>(), 0..20_000)) {
        let mut bridge = Bridge::new();
        bridge.read_line(&bytes);
        prop_assert!(drain_air(&mut bridge).len() <= WAITING);
    }
}
