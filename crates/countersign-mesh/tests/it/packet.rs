//! Packets: shape, ids, seals.

use crate::world::{Event, Rng, VOTE};
use countersign_mesh::packet::{MAX_LEN, PacketError};
use countersign_mesh::seal::{self, CONTENT_MAX, HUB_SEAL_LEN, HubSealSecret, SealError};
use countersign_mesh::*;
use std::collections::BTreeSet;

#[test]
fn m1_only_the_shape_of_version_1_is_a_packet() {
    let packet = Event::new(1).vote();
    let good = packet.as_bytes();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        Packet::decode(&bytes).map(|_| ())
    };
    assert_eq!(Packet::decode(good).unwrap(), packet);
    assert_eq!(Packet::decode(&[0x11; 29]).unwrap_err(), PacketError::Length(29));
    assert_eq!(Packet::decode(&[0x11; 1_025]).unwrap_err(), PacketError::Length(1_025));
    // A vote without room for the seal's tag, a receipt without room for a signature.
    assert_eq!(Packet::decode(&good[..45]).unwrap_err(), PacketError::Length(45));
    let mut receipt = good[..93].to_vec();
    (receipt[0], receipt[2]) = (0x12, 0);
    assert_eq!(Packet::decode(&receipt).unwrap_err(), PacketError::Length(93));
    assert_eq!(changed(0, 0x21), Err(PacketError::Version(2)));
    assert_eq!(changed(0, 0x10), Err(PacketError::Type(0)));
    assert_eq!(changed(0, 0x18), Err(PacketError::Type(8)));
    assert_eq!(changed(0, 0x12), Err(PacketError::Flags(1)));
    assert_eq!(changed(1, 16), Err(PacketError::Ttl(16)));
    assert_eq!(changed(1, 15), Ok(()));
    assert_eq!(changed(2, 4), Err(PacketError::Flags(4)));
}

#[test]
fn a_vote_has_220_bytes_on_the_air() {
    assert_eq!(Event::new(1).vote().as_bytes().len(), VOTE.len() + 64 + 46);
    assert_eq!(Event::new(1).vote().as_bytes().len(), 220);
}

#[test]
fn id_squatting_nobody_chooses_an_id_and_a_changed_packet_has_another() {
    let packet = Event::new(1).vote();
    let mut ids = BTreeSet::from([packet.id()]);
    for at in (0..packet.as_bytes().len()).filter(|at| *at != 1) {
        let mut bytes = packet.as_bytes().to_vec();
        bytes[at] ^= 0x80;
        if let Ok(changed) = Packet::decode(&bytes) {
            assert!(ids.insert(changed.id()), "byte {at}");
        }
    }
    assert!(ids.len() > 210);
    for ttl in 0..=15 {
        assert_eq!(packet.clone().with_ttl(Ttl::new(ttl)).id(), packet.id());
    }
}

#[test]
fn m4_the_net_tag_covers_everything_but_the_hops() {
    let event = Event::new(1);
    let packet = Event::new(1).vote();
    assert!(packet.clone().check_net(&event.keys.net).is_ok());
    for at in 0..packet.as_bytes().len() {
        let mut bytes = packet.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Ok(changed) = Packet::decode(&bytes) else { continue };
        assert_eq!(changed.check_net(&event.keys.net).is_ok(), at == 1, "byte {at}");
    }
    assert!(packet.check_net(&event.epoch(1).net).is_err());
}

#[test]
fn no_mac_m16_every_changed_byte_of_a_sealed_packet_is_refused_but_the_hops() {
    let event = Event::new(1);
    let packet = Event::new(1).vote();
    let content = [&VOTE[..], &[0x55; 64]].concat();
    // The attacker has the QR, and so can make the net tag right again.
    for at in 0..packet.as_bytes().len() - 8 {
        let mut bytes = packet.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Some(forged) = retag(&event, &bytes) else { continue };
        let opened = seal::open(&event.keys.app, &forged);
        assert_eq!(opened, if at == 1 { Ok(content.clone()) } else { Err(seal::OpenError) });
    }
    let other = AppKey::from_bytes([1; 32]);
    let checked = packet.check_net(&event.keys.net).unwrap();
    assert_eq!(seal::open(&other, &checked), Err(seal::OpenError));
}

/// What somebody with the QR can do to a packet.
fn retag(event: &Event, bytes: &[u8]) -> Option<NetChecked> {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let (body, _) = bytes.split_at(bytes.len() - 8);
    let mut covered = body.to_vec();
    covered[1] = 0;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(event.keys.net.expose()).unwrap();
    mac.update(&covered);
    let tagged = [body, &mac.finalize().into_bytes()[..8]].concat();
    Packet::decode(&tagged).ok()?.check_net(&event.keys.net).ok()
}

#[test]
fn nonce_reuse_m15_with_a_generator_that_always_says_zero() {
    let event = Event::new(1);
    let mut broken = |bytes: &mut [u8]| bytes.fill(0);
    let mut nonce = |secret: u8, content: &[u8]| {
        let sealer = Sealer::new([secret; 32]);
        let (kind, t16) = (PacketType::Vote, T16::UNKNOWN);
        sealer.seal(&event.keys, kind, Flags::NONE, t16, content, &mut broken).unwrap().nonce()
    };
    // Devices and contents still differ; only the same content by the same device repeats, which tells nothing.
    assert_ne!(nonce(1, b"9,8,10"), nonce(2, b"9,8,10"));
    assert_ne!(nonce(1, b"9,8,10"), nonce(1, b"9,8,11"));
    assert_eq!(nonce(1, b"9,8,10"), nonce(1, b"9,8,10"));
}

#[test]
fn m15_a_retry_is_the_same_content_in_another_packet() {
    let mut event = Event::new(1);
    let packets: Vec<Packet> = (0..1_000).map(|_| event.vote()).collect();
    let nonces: BTreeSet<_> = packets.iter().map(Packet::nonce).collect();
    let ids: BTreeSet<_> = packets.iter().map(Packet::id).collect();
    assert_eq!((nonces.len(), ids.len()), (1_000, 1_000));
}

#[test]
fn sealed_votes_are_read_by_the_hub_alone() {
    let mut event = Event::new(1);
    let (hub, other) = (HubSealSecret::from_bytes([1; 32]), HubSealSecret::from_bytes([2; 32]));
    let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
    let packet = event
        .sealer
        .seal_to_hub(
            &event.keys,
            &hub.public(),
            kind,
            flags,
            T16::UNKNOWN,
            &VOTE[..],
            &mut event.rng,
        )
        .unwrap();
    assert!(packet.flags().contains(Flags::SEALED.with(Flags::RECEIPT_WANTED)));
    assert_eq!(packet.as_bytes().len(), VOTE.len() + 46 + HUB_SEAL_LEN);
    let checked = packet.check_net(&event.keys.net).unwrap();
    let inner = seal::open(&event.keys.app, &checked).unwrap();
    assert!(!inner.windows(10).any(|window| VOTE.windows(10).any(|clear| clear == window)));
    assert_eq!(seal::open_at_hub(&hub, &inner).unwrap(), &VOTE[..]);
    assert!(seal::open_at_hub(&other, &inner).is_err());
    for at in 0..inner.len() {
        let mut changed = inner.clone();
        changed[at] ^= 1;
        assert!(seal::open_at_hub(&hub, &changed).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_too_long_or_of_the_wrong_type_is_not_made() {
    let event = Event::new(1);
    let mut rng = Rng(1);
    let mut seal = |kind, len: usize| {
        let content = vec![0; len];
        let (keys, t16) = (&event.keys, T16::UNKNOWN);
        event.sealer.seal(keys, kind, Flags::NONE, t16, &content, &mut rng)
    };
    assert_eq!(seal(PacketType::Vote, CONTENT_MAX).unwrap().as_bytes().len(), MAX_LEN);
    let too_long = seal(PacketType::Vote, CONTENT_MAX + 1).unwrap_err();
    assert_eq!(too_long, SealError::TooLong(CONTENT_MAX + 1));
    let wrong = seal(PacketType::Beacon, 100).unwrap_err();
    assert_eq!(wrong, SealError::Type(PacketType::Beacon));
    let weak = seal::HubSealKey::from_bytes([0; 32]);
    let (kind, flags, t16) = (PacketType::Vote, Flags::NONE, T16::UNKNOWN);
    let refused = event.sealer.seal_to_hub(&event.keys, &weak, kind, flags, t16, b"x", &mut rng);
    assert_eq!(refused.unwrap_err(), SealError::WeakHubKey);
}
