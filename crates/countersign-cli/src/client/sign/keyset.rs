//! `sign keyset`: a key set from JSON.

use super::draft::Draft;
use super::{Materials, SignArgs};
use crate::client::failure::Failure;
use crate::client::input;
use clap::Args;
use countersign::key::ALG_ED25519;
use serde::Deserialize;

#[derive(Debug, Args)]
#[command(after_help = r#"The JSON has the members that `countersign trust show --json` prints:
  {"version":2,"issued_ms":…,"expires_ms":…,"min_protocol":1,
   "keys":[{"state":"active","not_before_ms":…,"not_after_ms":…,"pk":"<hex>"}],"roots":[{"pk":"<hex>"}],"pins":["<hex>"]}

Example:
  countersign trust show --json > set.json && countersign sign keyset --content @set.json --seed-file root.seed \
      --set version_number=3 --out keyset.frame"#)]
pub(crate) struct KeysetArgs {
    /// The set: JSON, @file, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    content: String,
    #[command(flatten)]
    pub(super) sign: SignArgs,
}

#[derive(Debug, Deserialize)]
struct Content {
    version: u64,
    issued_ms: u64,
    expires_ms: u64,
    #[serde(default = "one")]
    min_protocol: u8,
    keys: Vec<Online>,
    roots: Vec<Root>,
    #[serde(default)]
    pins: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Online {
    state: StateName,
    not_before_ms: u64,
    not_after_ms: u64,
    pk: String,
}

#[derive(Debug, Deserialize)]
struct Root {
    pk: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StateName {
    Prepared = 0,
    Active = 1,
    Retired = 2,
    Tainted = 3,
    Revoked = 4,
}

const fn one() -> u8 {
    1
}

impl KeysetArgs {
    pub(super) fn draft(&self, materials: &Materials) -> Result<Draft, Failure> {
        let json = input::payload(&self.content)?;
        let content: Content = serde_json::from_slice(&json)
            .map_err(|e| Failure::usage(format!("--content is no key set: {e}")))?;
        content.draft(&materials.audience)
    }
}

impl Content {
    fn draft(&self, audience: &str) -> Result<Draft, Failure> {
        let alg = u64::from(ALG_ED25519);
        let mut draft = Draft::new("keyset", 5, 0, Vec::new())
            .number("version_number", 8, self.version)
            .number("issued_ms", 8, self.issued_ms)
            .number("expires_ms", 8, self.expires_ms)
            .number("min_protocol", 1, self.min_protocol.into())
            .text("audience", audience)
            .number("n_keys", 1, self.keys.len() as u64 & 0xff);
        for (i, online) in self.keys.iter().enumerate() {
            draft = draft
                .number(format!("keys[{i}].state"), 1, online.state as u64)
                .number(format!("keys[{i}].from"), 8, online.not_before_ms)
                .number(format!("keys[{i}].until"), 8, online.not_after_ms)
                .number(format!("keys[{i}].alg"), 1, alg)
                .prefixed(format!("keys[{i}].pk"), &bytes(&online.pk)?);
        }
        draft = draft.number("n_roots", 1, self.roots.len() as u64 & 0xff);
        for (i, root) in self.roots.iter().enumerate() {
            draft = draft
                .number(format!("roots[{i}].alg"), 1, alg)
                .prefixed(format!("roots[{i}].pk"), &bytes(&root.pk)?);
        }
        draft = draft.number("n_pins", 1, self.pins.len() as u64 & 0xff);
        for (i, pin) in self.pins.iter().enumerate() {
            draft = draft.hex(format!("pins[{i}]"), &bytes(pin)?);
        }
        Ok(draft)
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, Failure> {
    hex::decode(text).map_err(|e| Failure::usage(format!("'{text}' is not hexadecimal: {e}")))
}
