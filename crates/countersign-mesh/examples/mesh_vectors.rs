//! Writes `mesh.json`: keys, packets, codes, frames and sets that every implementation of docs/judging.md must make and read.
//!
//! ```text
//! cargo run -p countersign-mesh --example mesh_vectors -- vectors
//! ```

use countersign::{EventId, Fingerprint, Realm, Signer as _, SigningKey, Timestamp};
use countersign_mesh::gcs::IdSet;
use countersign_mesh::hub::{self, Notice};
use countersign_mesh::seal::HubSealSecret;
use countersign_mesh::*;
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn Error>>;

const APP: &str = "nodus";
const AUDIENCE: &str = "fair.example.org";
const EVENT: &str = "FAIR-2026";
const START: u64 = 1_774_890_000_000;
const DEVICE_SECRET: [u8; 32] = [5; 32];
const SEALED_TO: [u8; 32] = [6; 32];
const VOTE: &str = "{\"p\":\"PROJECT_004\",\"c\":\"INNOVATION\",\"s\":[9,8,10],\"g\":\"AAAAAAAAAAAAAAAAAAAAAA\",\
                    \"t\":1774893600,\"j\":\"J017\",\"r\":1,\"n\":1}";

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("say where to write: `mesh_vectors <folder>`")?;
    let mut cases = keys()?;
    cases.extend(packets()?);
    cases.extend(frames()?);
    cases.push(set());
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("{{\n\"kind\": \"mesh\",\n\"cases\": [\n{}\n]\n}}\n", lines.join(",\n"));
    std::fs::write(Path::new(&folder).join("mesh.json"), text)?;
    Ok(())
}

/// A generator that says the same each time: the vectors name what it says.
fn entropy(bytes: &mut [u8]) {
    bytes.fill(0xe1);
}

fn event_keys(salt: &[u8], epoch: u8) -> Outcome<EventKeys> {
    let key = EventKey::from_bytes([7; 32]);
    Ok(EventKeys::derive(&key, salt, &EventId::new(EVENT)?, KeyEpoch::new(epoch)))
}

fn keys() -> Outcome<Vec<Value>> {
    let mut cases = Vec::new();
    for (name, salt, epoch) in [
        ("keys with a roster salt", &[9_u8; 32][..], 0),
        ("keys of the next epoch", &[9; 32], 1),
        ("keys in seed mode", &[], 0),
    ] {
        let keys = event_keys(salt, epoch)?;
        cases.push(json!({
            "name": name,
            "key": hex::encode([7; 32]),
            "salt": hex::encode(salt),
            "event": EVENT,
            "epoch": epoch,
            "k_app": hex::encode(keys.app.expose()),
            "k_net": hex::encode(keys.net.expose()),
            "tag": keys.net.event_tag().to_string(),
        }));
    }
    let ble = BleUuid::from_bytes([0xb1; 16]);
    let key = EventKey::from_bytes([7; 32]);
    let code = EventCode { event: EventId::new(EVENT)?, key, ble }.to_text();
    cases.push(json!({ "name": "event code", "text": code.as_str() }));
    let net = NetCode {
        event: EventId::new(EVENT)?,
        net: event_keys(&[9; 32], 0)?.net,
        realm: Realm::new(APP, AUDIENCE)?,
        hubs: vec![SigningKey::from_seed(&[3; 32]).verifying_key().clone()],
    };
    cases.push(json!({ "name": "relay code", "text": net.to_text()?.as_str() }));
    Ok(cases)
}

fn packets() -> Outcome<Vec<Value>> {
    let keys = event_keys(&[9; 32], 0)?;
    let sealer = Sealer::new(DEVICE_SECRET);
    let content = [VOTE.as_bytes(), &[0x55; 64]].concat();
    let (kind, flags, t16) = (PacketType::Vote, Flags::RECEIPT_WANTED, T16::from_minutes(60));
    let vote = sealer.seal(&keys, kind, flags, t16, &content, &mut entropy)?;
    let secret = HubSealSecret::from_bytes(SEALED_TO);
    let hub = secret.public();
    let sealed =
        sealer.seal_to_hub(&keys, &hub, kind, flags, T16::UNKNOWN, &content, &mut entropy)?;
    let time = Timestamp::from_millis(START + 3_600_000);
    let start = Timestamp::from_millis(START);
    let beacon = Beacon { sequence: 1, time, start, bundle_version: 2, first_ttl: Ttl::MAX };
    let item = ReceiptItem { packet: vote.id().short(), status: ReceiptStatus::Accepted };
    let order = |sequence, action| Control { sequence, time, action };
    let fingerprint = Fingerprint::from_bytes([8; 32]);
    let mut cases = vec![
        case("a vote", &vote.clone().with_ttl(Ttl::DEFAULT), Some(&content)),
        case("a vote sealed to the hub", &sealed, Some(&content)),
        case("a beacon", &notice(&keys, &sealer, &beacon)?, None),
        case("a receipt", &notice(&keys, &sealer, &Receipt { time, items: vec![item] })?, None),
    ];
    for (name, order) in [
        ("a new epoch", order(1, Action::Rekey { epoch: KeyEpoch::new(1) })),
        ("a revoked key", order(2, Action::Revoke { fingerprint })),
        ("a round opens", order(3, Action::Round { number: 1, open: true })),
    ] {
        cases.push(case(name, &notice(&keys, &sealer, &order)?, None));
    }
    let text = VoteCode(vote).to_text()?;
    cases.push(json!({ "name": "vote code", "text": text }));
    Ok(cases)
}

fn notice<T: Notice>(keys: &EventKeys, sealer: &Sealer, notice: &T) -> Outcome<Packet> {
    let (realm, event) = (Realm::new(APP, AUDIENCE)?, EventId::new(EVENT)?);
    let signed = hub::sign(&realm, &event, &SigningKey::from_seed(&[3; 32]), notice)?;
    Ok(sealer.publish(&keys.net, T::TYPE, T16::from_minutes(60), &signed, &mut entropy)?)
}

fn case(name: &str, packet: &Packet, content: Option<&Vec<u8>>) -> Value {
    json!({
        "name": name,
        "packet": hex::encode(packet.as_bytes()),
        "id": packet.id().to_string(),
        "nonce": hex::encode(packet.nonce()),
        "content": content.map_or_else(|| hex::encode(packet.content()), hex::encode),
        "device_secret": hex::encode(DEVICE_SECRET),
        "random": hex::encode([0xe1; 32]),
        "hub_seed": hex::encode([3; 32]),
        "hub_seal_secret": hex::encode(SEALED_TO),
        "app": APP,
        "audience": AUDIENCE,
    })
}

fn frames() -> Outcome<Vec<Value>> {
    let keys = event_keys(&[9; 32], 0)?;
    let sealer = Sealer::new(DEVICE_SECRET);
    let (kind, t16) = (PacketType::Vote, T16::UNKNOWN);
    let packet = sealer.seal(&keys, kind, Flags::NONE, t16, VOTE.as_bytes(), &mut entropy)?;
    let cases = [23, 185, 247].map(|mtu| {
        let frames = framing::split(packet.as_bytes(), framing::gatt_value_len(mtu), mtu as u8);
        let frames: Vec<String> = frames.iter().map(hex::encode).collect();
        json!({
            "name": format!("frames at MTU {mtu}"),
            "packet": hex::encode(packet.as_bytes()),
            "counter": mtu % 64,
            "frames": frames,
        })
    });
    Ok(cases.to_vec())
}

fn set() -> Value {
    let ids: Vec<ShortId> =
        (0..20_u8).map(|n| ShortId::from_bytes([n.wrapping_mul(37); 8])).collect();
    let texts: Vec<String> = ids.iter().map(ShortId::to_string).collect();
    let set = IdSet::of([0xa5; 8], &ids);
    json!({ "name": "a set of twenty ids", "ids": texts, "set": hex::encode(set.encode()) })
}
