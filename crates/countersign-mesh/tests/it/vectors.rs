//! The published vectors, read back.

use countersign::{EventId, Realm, Signer as _, SigningKey};
use countersign_mesh::framing::Reassembly;
use countersign_mesh::gcs::IdSet;
use countersign_mesh::hub::HubKeys;
use countersign_mesh::seal::HubSealSecret;
use countersign_mesh::*;
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/mesh.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn named(name: &str) -> Value {
    cases().into_iter().find(|case| case["name"] == name).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn keys() -> EventKeys {
    let case = named("keys with a roster salt");
    let key = EventKey::from_bytes(bytes(&case["key"]).try_into().unwrap());
    let event = EventId::new(case["event"].as_str().unwrap()).unwrap();
    EventKeys::derive(&key, &bytes(&case["salt"]), &event, KeyEpoch::new(0))
}

#[test]
fn every_packet_of_the_vectors_is_checked_opened_and_named_alike() {
    let keys = keys();
    assert_eq!(keys.app.expose()[..], bytes(&named("keys with a roster salt")["k_app"])[..]);
    let mut packets = 0;
    for case in cases().iter().filter(|case| case["id"].is_string()) {
        let packet = Packet::decode(&bytes(&case["packet"])).unwrap();
        assert_eq!(packet.id().to_string(), case["id"].as_str().unwrap());
        let checked = packet.check_net(&keys.net).unwrap();
        let packet = checked.packet();
        let content = match packet.packet_type().is_sealed() {
            false => packet.content().to_vec(),
            true => {
                let outer = seal::open(&keys.app, &checked).unwrap();
                match packet.flags().contains(Flags::SEALED) {
                    false => outer,
                    true => {
                        let secret = bytes(&case["hub_seal_secret"]).try_into().unwrap();
                        seal::open_at_hub(&HubSealSecret::from_bytes(secret), &outer).unwrap()
                    }
                }
            }
        };
        assert_eq!(content, bytes(&case["content"]), "{}", case["name"]);
        packets += 1;
    }
    assert_eq!(packets, 7);
}

#[test]
fn the_notices_of_the_vectors_are_the_hubs_word() {
    let case = named("a beacon");
    let text = |key: &str| case[key].as_str().unwrap().to_owned();
    let realm = Realm::new(&text("app"), &text("audience")).unwrap();
    let hub = SigningKey::from_seed(&bytes(&case["hub_seed"]).try_into().unwrap());
    let event = EventId::new("FAIR-2026").unwrap();
    let hubs = HubKeys::new(realm, event, vec![hub.verifying_key().clone()]).unwrap();
    let packet = |name| Packet::decode(&bytes(&named(name)["packet"])).unwrap();
    assert_eq!(hubs.check::<Beacon>(&packet("a beacon")).unwrap().notice.bundle_version, 2);
    let receipt = hubs.check::<Receipt>(&packet("a receipt")).unwrap().notice;
    assert_eq!(receipt.items[0].packet, packet("a vote").id().short());
    for name in ["a new epoch", "a revoked key", "a round opens"] {
        assert!(hubs.check::<Control>(&packet(name)).is_ok(), "{name}");
    }
}

#[test]
fn the_codes_frames_and_sets_of_the_vectors_read_back() {
    let text = |name| named(name)["text"].as_str().unwrap().to_owned();
    let event: EventCode = text("event code").parse().unwrap();
    assert_eq!(event.to_text().as_str(), text("event code"));
    let relay: NetCode = text("relay code").parse().unwrap();
    assert_eq!(relay.to_text().unwrap().as_str(), text("relay code"));
    let vote: VoteCode = text("vote code").parse().unwrap();
    assert_eq!(vote.0.id().to_string(), named("a vote")["id"].as_str().unwrap());
    for (mtu, frames) in [(23, 10), (185, 1), (247, 1)] {
        let case = named(&format!("frames at MTU {mtu}"));
        let pieces = case["frames"].as_array().unwrap();
        assert_eq!(pieces.len(), frames);
        let mut reassembly = Reassembly::default();
        let from = Hop::only(LinkId(1));
        let whole = pieces
            .iter()
            .filter_map(|piece| reassembly.accept(from, &bytes(piece), 0).unwrap())
            .next();
        assert_eq!(whole, Some(bytes(&case["packet"])));
    }
    let case = named("a set of twenty ids");
    let set = IdSet::decode(&bytes(&case["set"])).unwrap();
    let ids = case["ids"].as_array().unwrap();
    assert!(ids.iter().all(|id| set.contains(&id.as_str().unwrap().parse().unwrap())));
}
