//! The key set that clients believe.

use countersign::{KeysetContent, OnlineKey, Timestamp};
use countersign_keys::lifecycle::{id_of, signing_key, state_name};
use serde_json::{Value, json};

/// A key set as programs read it, and which of its keys signs at this time.
pub fn view(set: &KeysetContent, now: Timestamp) -> Value {
    let signing = signing_key(&set.keys, now).map(|online| String::from(id_of(&online.key)));
    let root =
        |root: &countersign::VerifyingKey| json!({ "alg": 1, "pk": hex::encode(root.as_bytes()) });
    json!({
        "version": set.version,
        "issued_ms": set.issued.as_millis(),
        "expires_ms": set.expires.as_millis(),
        "min_protocol": set.min_protocol,
        "signing": signing,
        "keys": set.keys.iter().map(key).collect::<Vec<_>>(),
        "roots": set.roots.iter().map(root).collect::<Vec<_>>(),
        "pins": set.pins.iter().map(hex::encode).collect::<Vec<_>>(),
    })
}

/// An online key.
pub fn key(online: &OnlineKey) -> Value {
    json!({
        "id": String::from(id_of(&online.key)),
        "fingerprint": String::from(*online.key.fingerprint()),
        "alg": 1,
        "pk": hex::encode(online.key.as_bytes()),
        "state": state_name(online.state),
        "not_before_ms": online.not_before.as_millis(),
        "not_after_ms": online.not_after.as_millis(),
    })
}
