//! Writes `ratings.json`, `draws.json` and `agreement.json`: what every implementation of rating and draw must compute.
//!
//! ```text
//! cargo run -p countersign-league --example league_vectors -- vectors
//! ```

extern crate alloc;

mod chain;
mod draws;
mod ratings;

use chain::{CHECKPOINTS, Chain};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("say where to write: `league_vectors <folder>`")?;
    let files = [
        ("ratings", ratings::cases().collect::<Result<_, _>>()?),
        ("draws", draws::cases().collect::<Result<_, _>>()?),
        ("agreement", agreement()?),
    ];
    for (kind, cases) in files {
        let path = Path::new(&folder).join(format!("{kind}.json"));
        std::fs::write(path, file(kind, &cases))?;
    }
    Ok(())
}

/// One case on a line, so that a difference shows its case and not its file.
fn file(kind: &str, cases: &[Value]) -> String {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    format!("{{\n\"kind\": \"{kind}\",\n\"cases\": [\n{}\n]\n}}\n", lines.join(",\n"))
}

fn agreement() -> Result<Vec<Value>, Box<dyn Error>> {
    let mut chain = Chain::new();
    let mut case = |matches| {
        let digest = hex::encode(chain.until(matches)?);
        Ok(json!({ "name": format!("{matches} matches"), "matches": matches, "digest": digest }))
    };
    CHECKPOINTS.into_iter().map(&mut case).collect()
}
