//! The chain of `vectors/agreement.json`, as far as it is quick; `cargo xtask vectors --check` plays all of it.

#[path = "../../examples/league_vectors/chain.rs"]
pub(crate) mod chain;

use chain::{CHECKPOINTS, Chain};

#[test]
fn the_first_digests_of_the_chain_are_the_published_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/agreement.json");
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), CHECKPOINTS.len());
    let mut chain = Chain::new();
    for (case, matches) in cases.iter().zip(CHECKPOINTS).take(2) {
        assert_eq!(case["matches"], matches);
        assert_eq!(case["digest"], hex::encode(chain.until(matches).unwrap()));
    }
}
