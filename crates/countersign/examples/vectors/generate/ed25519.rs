//! Keys and signatures alone. `accept` is the whole predicate: the key may enter, and the signature verifies strictly.

use super::Result;
use super::forge;
use super::json::Json;
use super::world::Who;
use countersign::{Signer, SigningKey};

/// Name, seed, key, message, signature.
const RFC_8032: &str = include_str!("../../../tests/it/rfc8032.txt");
/// Message, key, signature: one of each class of "Taming the many EdDSAs" (eprint 2020/1244).
const SPECCHECK: &str = include_str!("../../../tests/it/speccheck.txt");
const MESSAGE: &[u8] = b"countersign";

struct Case {
    name: String,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    accept: bool,
}

pub(super) fn cases() -> Result<Vec<Json>> {
    let mut cases = rfc_8032()?;
    cases.extend(speccheck()?);
    cases.extend(own()?);
    let json = cases.into_iter().map(|case| {
        Json::Object(vec![
            ("name", Json::Text(case.name)),
            ("public_key", Json::hex(case.key)),
            ("message", Json::hex(case.message)),
            ("signature", Json::hex(case.signature)),
            ("accept", Json::Bool(case.accept)),
        ])
    });
    Ok(json.collect())
}

fn rfc_8032() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for line in RFC_8032.lines() {
        let [name, seed, key, message, signature] = columns(line)?;
        let message = if message == "-" { Vec::new() } else { hex::decode(message)? };
        let (key, signature) = (hex::decode(key)?, hex::decode(signature)?);
        let signer = SigningKey::from_seed(&hex::decode(seed)?.as_slice().try_into()?);
        if signer.sign(&message)[..] != signature || signer.verifying_key().as_bytes()[..] != key {
            return Err(format!("{name} does not come out").into());
        }
        let name = format!("RFC 8032 section 7.1 {name}");
        let mut other = message.clone();
        other.push(0);
        cases.push(Case {
            name: format!("{name}, one more byte"),
            key: key.clone(),
            message: other,
            signature: signature.clone(),
            accept: false,
        });
        cases.push(Case { name, key, message, signature, accept: true });
    }
    Ok(cases)
}

fn speccheck() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (i, line) in SPECCHECK.lines().enumerate() {
        let [message, key, signature] = columns(line)?;
        cases.push(Case {
            name: format!("class {i} of eprint 2020/1244"),
            key: hex::decode(key)?,
            message: hex::decode(message)?,
            signature: hex::decode(signature)?,
            accept: false,
        });
    }
    Ok(cases)
}

fn own() -> Result<Vec<Case>> {
    let key = Who::Device.public().as_bytes().to_vec();
    let good = forge::sign(Who::Device, MESSAGE);
    let case = |name: &str, key: &[u8], signature: &[u8]| Case {
        name: name.into(),
        key: key.into(),
        message: MESSAGE.into(),
        signature: signature.into(),
        accept: signature == good && key == Who::Device.public().as_bytes(),
    };
    let neutral_key = forge::by_the_neutral_key(Who::Device);
    let mixed = forge::by_the_mixed_order_key(Who::Device, MESSAGE)?;
    let mut cases = vec![
        case("good", &key, &good),
        case("S + L", &key, &forge::with_l_added(&good)?),
        case("S = L - 1 + 1", &key, &forge::with_l_added(&[0; 64])?),
        case("under another key", Who::Stranger.public().as_bytes(), &good),
        case("the key is not canonical", &forge::P_PLUS_3, &good),
        case("the key is no point", &forge::NO_POINT, &good),
        case("the key has a part of small order", &forge::mixed_order_key(Who::Device), &mixed),
    ];
    for (i, point) in forge::small_order_encodings().into_iter().enumerate() {
        let as_r = forge::with_neutral_r(Who::Device, MESSAGE, point);
        cases.push(case(&format!("small-order key {i}"), &point, &neutral_key));
        cases.push(case(&format!("small-order R {i}"), &key, &as_r));
    }
    Ok(cases)
}

fn columns<const N: usize>(line: &str) -> Result<[&str; N]> {
    let columns: Vec<_> = line.split(' ').collect();
    columns.try_into().map_err(|_| "a line has another number of columns".into())
}
