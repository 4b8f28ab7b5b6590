//! Keys and identifiers as text, for `#[serde(with = …)]`.

use countersign::VerifyingKey;
use serde::{Deserialize, Deserializer, Serializer, de};
use std::fmt::Display;
use std::str::FromStr;

/// Anything with a text form.
pub mod plain {
    use super::*;

    /// To text.
    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    /// From text.
    pub fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// A public key: 64 hexadecimal digits.
pub mod key {
    use super::*;

    /// To text.
    pub fn serialize<S: Serializer>(key: &VerifyingKey, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(key.as_bytes()))
    }

    /// From text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<VerifyingKey, D::Error> {
        parse_key(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// Public keys.
pub mod keys {
    use super::*;

    /// To text.
    pub fn serialize<S: Serializer>(keys: &[VerifyingKey], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(keys.iter().map(|key| hex::encode(key.as_bytes())))
    }

    /// From text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<VerifyingKey>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| parse_key(text).map_err(de::Error::custom)).collect()
    }
}

fn parse_key(text: &str) -> Result<VerifyingKey, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| "a public key has 64 hexadecimal digits".to_owned())?;
    VerifyingKey::from_bytes(&bytes).map_err(|error| error.to_string())
}
