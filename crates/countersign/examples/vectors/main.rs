//! Writes `vectors/*.json`, or the worked example of `docs/PROTOCOL.md`.
//!
//! ```text
//! cargo run -p countersign --example vectors -- vectors
//! cargo run -p countersign --example vectors -- --markdown
//! ```

mod generate;

use std::io::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("--markdown") => {
            std::io::stdout().write_all(generate::markdown()?.as_bytes())?;
        }
        Some(folder) => {
            for (name, content) in generate::files()? {
                std::fs::write(Path::new(folder).join(name), content)?;
            }
        }
        None => {
            return Err("say where to write: `vectors <folder>`, or `vectors --markdown`".into());
        }
    }
    Ok(())
}
