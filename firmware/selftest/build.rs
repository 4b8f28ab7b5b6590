//! Tells the linker where memory is, and writes the vectors as one case on a line: the chip has no room for a whole file.

use serde_json::Value;
use std::env::var;
use std::error::Error;
use std::fs;
use std::path::Path;

const KINDS: [&str; 12] = [
    "request",
    "response",
    "push",
    "record",
    "keyset",
    "register",
    "chunked",
    "batch",
    "ed25519",
    "ratings",
    "draws",
    "agreement",
];

fn main() -> Result<(), Box<dyn Error>> {
    let home = var("CARGO_MANIFEST_DIR")?;
    if var("CARGO_CFG_TARGET_OS")? == "none" {
        println!("cargo:rerun-if-changed=virt.x");
        println!("cargo:rustc-link-arg-bins=-T{home}/virt.x");
    }
    let vectors = Path::new(&home).join("../../vectors");
    println!("cargo:rerun-if-changed={}", vectors.display());
    for kind in KINDS {
        let file: Value = serde_json::from_slice(&fs::read(vectors.join(format!("{kind}.json")))?)?;
        let cases = file["cases"].as_array().ok_or("a file of vectors has cases")?;
        let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
        fs::write(Path::new(&var("OUT_DIR")?).join(format!("{kind}.jsonl")), lines.join("\n"))?;
    }
    Ok(())
}
