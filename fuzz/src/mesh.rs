//! Targets of the mesh: whatever comes over a link.

use countersign_mesh::framing::Reassembly;
use countersign_mesh::relay::PeerId;
use countersign_mesh::*;

/// Bytes that are a packet are that packet's only form; one byte of it may change on the way.
pub fn mesh_packet(data: &[u8]) {
    let Ok(packet) = Packet::decode(data) else { return };
    assert_eq!(packet.as_bytes(), data);
    assert_eq!(packet.clone().with_ttl(Ttl::ZERO).id(), packet.id());
    let checked = packet.clone().check_net(&keys().net);
    let Ok(checked) = checked else { return };
    let opened = seal::open(&keys().app, &checked);
    assert!(opened.is_err() || packet.packet_type().is_sealed());
}

/// Frames, each with its length before it, give a relay nothing that it cannot take.
pub fn mesh_reassembly(data: &[u8]) {
    let mut reassembly = Reassembly::default();
    let config = RelayConfig::new(Role::Keyless { tag: None });
    let mut relay = Relay::new(config, |bytes: &mut [u8]| bytes.fill(7), 0);
    let link = LinkId(1);
    relay.link_up(link, Bearer::Broadcast, 20, 0).unwrap();
    let (mut rest, mut now) = (data, 0);
    while let Some(([len, peer], tail)) = rest.split_first_chunk::<2>() {
        let (frame, tail) = tail.split_at(tail.len().min(usize::from(*len)));
        rest = tail;
        now += u64::from(peer & 0xf0) << 4;
        let from = Hop { link, peer: PeerId(u64::from(peer & 1)) };
        if let Ok(Some(whole)) = reassembly.accept(from, frame, now) {
            assert!(whole.len() <= packet::MAX_LEN);
        }
        assert!(reassembly.waiting() <= framing::PER_LINK_MAX);
        relay.handle_frame(from, frame, now);
        relay.handle_timeout(now);
        while let Some(output) = relay.poll_output() {
            assert!(matches!(output, Output::Send { frame, .. } if frame.len() <= 20));
        }
    }
}

/// Good inputs of a target, to begin with.
pub fn good(target: &str) -> Vec<Vec<u8>> {
    let mut random = |bytes: &mut [u8]| bytes.fill(3);
    let sealer = Sealer::new([5; 32]);
    let contents = [&b"{}"[..], &[9; 174], &[1; 900]];
    let packets = contents.map(|content| {
        let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
        sealer.seal(&keys(), kind, flags, T16::UNKNOWN, content, &mut random).unwrap()
    });
    match target {
        "mesh_packet" => packets.iter().map(|packet| packet.as_bytes().to_vec()).collect(),
        _ => packets
            .iter()
            .zip([20, 30, 250])
            .map(|(packet, frame_max)| {
                let packet = packet.clone().with_ttl(Ttl::DEFAULT);
                let frames = framing::split(packet.as_bytes(), frame_max, 1);
                frames
                    .iter()
                    .flat_map(|frame| [&[frame.len() as u8, 0][..], frame].concat())
                    .collect()
            })
            .collect(),
    }
}

fn keys() -> EventKeys {
    let event = countersign::EventId::new("FUZZ").unwrap();
    EventKeys::derive(&EventKey::from_bytes([7; 32]), &[], &event, KeyEpoch::new(0))
}
