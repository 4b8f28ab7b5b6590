//! Plays the million matches of `vectors/agreement.json` and compares every digest in it. The exit code is 0 if all are the same,
//! else the number of the first that is not; 101 if the file has too few.
//!
//! It needs neither a clock nor a terminal, so that it runs wherever the crate does, also as `wasm32-unknown-unknown`:
//! ```text
//! cargo run --release -p countersign-league --example agreement
//! ```

extern crate alloc;

#[path = "league_vectors/chain.rs"]
mod chain;

use chain::{CHECKPOINTS, Chain};
use std::process::ExitCode;

const VECTORS: &str = include_str!("../../../vectors/agreement.json");

fn main() -> ExitCode {
    let mut expected = VECTORS.split("\"digest\":\"").skip(1);
    let mut chain = Chain::new();
    for (number, matches) in (1..).zip(CHECKPOINTS) {
        let Some(expected) = expected.next().and_then(|text| text.get(..64)) else {
            return ExitCode::from(101);
        };
        if chain.until(matches).map(|digest| hex(&digest)) != Ok(expected.to_owned()) {
            return ExitCode::from(number);
        }
    }
    ExitCode::SUCCESS
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
