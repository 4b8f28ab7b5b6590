//! Registrations.

use super::Result;
use super::case::{Context, Sample};
use super::forge;
use super::hostile::{Checks, Field, common};
use super::json::Json;
use super::world::*;
use countersign::register::{UnsignedRegister, code_hash};
use countersign::*;

const CHECKS: Checks = Checks { shape: "V1", signature: "L3", other_key: "L3", payload: "L3" };
const ALG: usize = 44;
const KEY: usize = 46;
const ADDRESS: usize = 78;
const FIELDS: [Field; 7] = [
    ("login_id", 4),
    ("timestamp_ms", 27),
    ("request_id", 28),
    ("L5: alg", ALG),
    ("address", ADDRESS + 1),
    ("code_hash", ADDRESS + 16),
    ("payload_hash", ADDRESS + 48),
];

pub(super) fn cases() -> Result<Vec<Json>> {
    let base = register_header();
    let good = sample(register(base.clone())?)?;
    let mut cases = vec![good.accepted("with an e-mail address")?];
    for (name, address) in [
        ("with a phone number", "+4915112345678".to_owned()),
        ("with an address of one byte", "a".to_owned()),
        ("with an address of 254 bytes", "\u{f6}".repeat(127)),
    ] {
        let header = RegisterHeader { address, ..base.clone() };
        cases.push(sample(register(header)?)?.accepted(name)?);
    }
    cases.extend(common(&good, &CHECKS, 0, &FIELDS)?);
    cases.extend(addresses(&good)?);
    cases.extend(keys(&good)?);
    let other_code = RegisterHeader { code_hash: code_hash("00000000"), ..base };
    let frame = sample(register(other_code)?)?.frame;
    cases.push(good.refused("the code in the payload is not the signed one", "L4", frame));
    Ok(cases)
}

fn sample(register: UnsignedRegister) -> Result<Sample> {
    Sample::new(Kind::Register, Who::Device, register.sign(&Who::Device.key()))
}

fn addresses(good: &Sample) -> Result<Vec<Json>> {
    let header = good.header()?;
    let end = ADDRESS + 1 + usize::from(header[ADDRESS]);
    let long = [b'a'; 255];
    let addresses: [(&str, &[u8]); 3] =
        [("empty", b""), ("255 bytes", &long), ("not UTF-8", b"\xff@b")];
    let each = addresses.into_iter().map(|(what, address)| {
        let lp8 = [&[address.len() as u8], address].concat();
        let header = [&header[..ADDRESS], &lp8, &header[end..]].concat();
        Ok(good.refused(format!("address: {what}"), "V1", good.resigned(&header)?))
    });
    each.collect()
}

/// Keys that enter here and must not. Each is signed for as well as it can be.
fn keys(good: &Sample) -> Result<Vec<Json>> {
    let parts = good.parts()?;
    let mut cases = Vec::new();
    let mut refused =
        |name: &str, check: &str, key: [u8; 32], sign: &dyn Fn(&[u8]) -> Result<Signature>| {
            let mut header = parts.header.to_vec();
            header[KEY..ADDRESS].copy_from_slice(&key);
            let context = Context { public_key: key, ..good.context.clone() };
            let signature = sign(&context.signing_input(&header))?;
            let frame = Frame::join(&header, &signature, parts.payload);
            cases.push(context.refused(name, check, frame));
            Ok::<_, Box<dyn std::error::Error>>(())
        };
    let neutral = |_: &[u8]| Ok(forge::by_the_neutral_key(Who::Device));
    refused("the key is the neutral point", "L5", forge::IDENTITY, &neutral)?;
    refused("the key is the neutral point, not canonical", "L5", forge::IDENTITY_AGAIN, &neutral)?;
    refused("the key is not canonical", "L5", forge::P_PLUS_3, &neutral)?;
    refused("the key is no point", "L5", forge::NO_POINT, &neutral)?;
    refused(
        "the key has a part of small order",
        "L5",
        forge::mixed_order_key(Who::Device),
        &|input| forge::by_the_mixed_order_key(Who::Device, input),
    )?;
    let victim = *Who::Stranger.public().as_bytes();
    refused("the key is somebody else's", "L3", victim, &|input| {
        Ok(forge::sign(Who::Device, input))
    })?;
    let mut header = parts.header.to_vec();
    header[ALG] = 2;
    cases.push(good.refused("algorithm 2", "L5", good.resigned(&header)?));
    header[ALG] = 1;
    header[ALG + 1] = 33;
    header.insert(ADDRESS, 0);
    cases.push(good.refused("key of 33 bytes", "V1", good.resigned(&header)?));
    Ok(cases)
}
