//! Frames of every size, lost, late and forged.

use crate::world::{Event, Rng};
use countersign_mesh::framing::{
    FRAME_MIN, FrameError, PATIENCE, PER_LINK_MAX, Reassembly, TOTAL_MAX, frames_for,
    gatt_value_len, split,
};
use countersign_mesh::relay::PeerId;
use countersign_mesh::{Hop, LinkId};
use proptest::prelude::*;

const FROM: Hop = Hop::only(LinkId(1));

fn receive(frames: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut reassembly = Reassembly::default();
    let accepted = frames.iter().map(|frame| reassembly.accept(FROM, frame, 0).unwrap());
    let mut whole: Vec<_> = accepted.collect();
    let last = whole.pop().flatten();
    assert!(whole.iter().all(Option::is_none));
    last
}

#[test]
fn a_vote_takes_one_frame_at_mtu_247_and_on_esp_now_and_thirteen_at_mtu_23() {
    let vote = Event::new(1).vote();
    let frames = |frame_max| split(vote.as_bytes(), frame_max, 0).len();
    assert_eq!(frames(gatt_value_len(23)), 13);
    assert_eq!(frames(gatt_value_len(185)), 2);
    assert_eq!(frames(gatt_value_len(247)), 1);
    assert_eq!(frames(gatt_value_len(517)), 1);
    assert_eq!(frames(250), 1);
    assert_eq!([23, 247, 515, 517, 1_000].map(gatt_value_len), [20, 244, 512, 512, 512]);
}

#[test]
fn a_vote_comes_whole_at_every_mtu() {
    let vote = Event::new(1).vote();
    for mtu in 23..=517 {
        let frame_max = gatt_value_len(mtu);
        let frames = split(vote.as_bytes(), frame_max, mtu as u8);
        assert!(frames.iter().all(|frame| frame.len() <= frame_max), "MTU {mtu}");
        assert_eq!(frames.len(), frames_for(vote.as_bytes().len(), frame_max), "MTU {mtu}");
        assert_eq!(receive(&frames).as_deref(), Some(vote.as_bytes()), "MTU {mtu}");
    }
}

#[test]
fn compression_bomb_lengths_are_refused_before_anything_is_kept() {
    let mut reassembly = Reassembly::default();
    let mut refused = |frame: &[u8]| reassembly.accept(FROM, frame, 0).unwrap_err();
    assert_eq!(refused(&[]), FrameError::Length(0));
    assert_eq!(refused(&[0; 1_026]), FrameError::Length(1_026));
    assert_eq!(refused(&[0xc0, 1]), FrameError::Kind);
    assert_eq!(refused(&[0x40, 0xff, 0xff, 1]), FrameError::TooLong(0xffff - 4));
    assert_eq!(refused(&[0x80, 0, 1]), FrameError::Index);
    assert_eq!(reassembly.waiting(), 0);
}

#[test]
fn m14_pieces_wait_five_seconds_and_no_more_than_four_per_link_and_sixty_four_in_all() {
    let vote = Event::new(1).vote();
    let mut reassembly = Reassembly::default();
    for link in 0..40 {
        for counter in 0..10 {
            let frames = split(vote.as_bytes(), 50, counter);
            let from = Hop::only(LinkId(link));
            assert_eq!(reassembly.accept(from, &frames[0], u64::from(counter)), Ok(None));
        }
    }
    assert_eq!(reassembly.waiting(), TOTAL_MAX);
    let mut of_one = Reassembly::default();
    for peer in 0..100 {
        let from = Hop { link: LinkId(1), peer: PeerId(peer) };
        let frames = split(vote.as_bytes(), 50, 0);
        assert_eq!(of_one.accept(from, &frames[0], peer), Ok(None));
    }
    assert_eq!(of_one.waiting(), PER_LINK_MAX);
    of_one.expire(96 + PATIENCE - 1);
    assert_eq!(of_one.waiting(), PER_LINK_MAX);
    of_one.expire(96 + PATIENCE);
    assert_eq!(of_one.waiting(), 3);
    assert_eq!(of_one.next_expiry(), Some(97 + PATIENCE));
}

#[test]
fn fragment_poisoning_m14_another_peer_or_link_touches_no_pieces_and_a_mix_gives_nothing() {
    let mut event = Event::new(1);
    let (vote, other) = (event.vote(), event.vote());
    let (frames, forged) = (split(vote.as_bytes(), 20, 5), split(other.as_bytes(), 20, 5));
    let mut reassembly = Reassembly::default();
    let stranger = Hop { link: LinkId(1), peer: PeerId(666) };
    let far = Hop::only(LinkId(2));
    let mut whole = None;
    for (frame, forged) in frames.iter().zip(&forged) {
        assert!(!matches!(reassembly.accept(stranger, &forged[..8], 0), Ok(Some(_))));
        assert!(!matches!(reassembly.accept(far, &forged[..8], 0), Ok(Some(_))));
        whole = reassembly.accept(FROM, frame, 0).unwrap();
    }
    assert_eq!(whole.as_deref(), Some(vote.as_bytes()));
    // Under the same address it stops the packet, and makes none.
    let mut mixed = frames.clone();
    mixed[6] = forged[6].clone();
    let mut reassembly = Reassembly::default();
    let results: Vec<_> = mixed.iter().map(|frame| reassembly.accept(FROM, frame, 0)).collect();
    assert_eq!(results.last(), Some(&Err(FrameError::Poisoned)));
    assert_eq!(reassembly.given_up(), 1);
}

proptest! {
    #[test]
    fn m14_pieces_in_any_order_and_twice_make_the_packet(
        packet in prop::collection::vec(any::<u8>(), 1..=1_024), frame_max in FRAME_MIN..600, counter: u8, seed: u64
    ) {
        let mut frames = split(&packet, frame_max, counter);
        prop_assert_eq!(frames.len(), frames_for(packet.len(), frame_max));
        let mut rng = Rng(seed);
        frames.sort_by_cached_key(|_| rng.next());
        let mut reassembly = Reassembly::default();
        let mut whole = Vec::new();
        for frame in &frames {
            whole.extend(reassembly.accept(FROM, frame, 0).unwrap());
            if whole.is_empty() {
                whole.extend(reassembly.accept(FROM, frame, 0).unwrap());
            }
        }
        prop_assert_eq!(&whole[0], &packet);
    }

    #[test]
    fn m14_with_lost_swapped_and_changed_pieces_only_true_packets_come_out(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 30..300), 1..6),
        frame_max in FRAME_MIN..80, seed: u64,
    ) {
        let mut rng = Rng(seed);
        let mut frames: Vec<Vec<u8>> = packets
            .iter()
            .zip(0_u8..)
            // Two packets share a counter now and then, as after it came round.
            .flat_map(|(packet, index)| split(packet, frame_max, index % 3))
            .collect();
        frames.retain(|_| rng.below(10) != 0);
        frames.sort_by_cached_key(|_| rng.below(4));
        for frame in &mut frames {
            if frame[0] >> 6 != 0 && rng.below(20) == 0 {
                let at = rng.below(frame.len() as u64) as usize;
                frame[at] ^= 1 << rng.below(6);
            }
        }
        let mut reassembly = Reassembly::default();
        for (frame, now) in frames.iter().zip(0..) {
            if let Ok(Some(whole)) = reassembly.accept(FROM, frame, now) {
                prop_assert!(packets.contains(&whole));
            }
        }
    }

    #[test]
    fn m14_any_bytes_are_taken_or_refused(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..50)) {
        let mut reassembly = Reassembly::default();
        for (frame, now) in frames.iter().zip(0..) {
            if let Ok(Some(whole)) = reassembly.accept(FROM, frame, now) {
                prop_assert!(whole.len() <= 1_024);
            }
            prop_assert!(reassembly.waiting() <= PER_LINK_MAX);
        }
    }
}
