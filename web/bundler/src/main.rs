//! Makes a folder that a server can embed: `countersign-web-bundler <shell.wasm> <page folder> <output folder>`.
//!
//! Names carry hashes, the page names the hash of its only script, and that script the hash of the program. What the server has
//! to know stands in `assets.tsv` and `policy.txt`.

mod bundle;
mod compressed;
mod hash;

use bundle::Bundle;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// What may be transferred before the first view can be used, in bytes of Brotli.
const FIRST_LOAD_MAX: usize = 120 * 1024;

/// Whatever went wrong, as a sentence.
pub(crate) type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.as_slice() {
        [wasm, page, output] => run(Path::new(wasm), Path::new(page), Path::new(output)),
        _ => Err("It is `countersign-web-bundler <shell.wasm> <page> <output>`.".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            // Nobody is left to hear that standard error is closed.
            drop(writeln!(std::io::stderr(), "countersign-web-bundler: {failed}"));
            ExitCode::FAILURE
        }
    }
}

fn run(wasm: &Path, page: &Path, output: &Path) -> Result<(), Failed> {
    let bundle = Bundle::make(wasm, page)?;
    let sizes = bundle.write(output)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<24} {:>9} {:>9} {:>9}", "file", "raw", "gzip", "brotli")?;
    for (path, size) in &sizes {
        writeln!(out, "{path:<24} {:>9} {:>9} {:>9}", size.raw, size.gzip, size.brotli)?;
    }
    let first: usize = sizes.iter().map(|(_, size)| size.brotli).sum();
    let kib = |bytes: usize| bytes as f64 / 1024.0;
    writeln!(out, "first load: {:.1} KiB of {:.1} KiB", kib(first), kib(FIRST_LOAD_MAX))?;
    if first > FIRST_LOAD_MAX {
        return Err("The first load is above its budget (FIRST_LOAD_MAX).".into());
    }
    Ok(())
}
