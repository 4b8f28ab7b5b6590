//! From the programs of the app's pages to a folder that the server can embed: `countersign-web-bundler <web> <programs> <output>`.
//!
//! Names carry hashes, each page names the hash of its only script, and that script the hash of its program. What the server has
//! to know stands in `assets.tsv`. The pages are the rows of `web/pages.tsv`.

mod bundle;
mod compressed;
mod hash;
mod page;

use bundle::Bundle;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Whatever went wrong, as a sentence.
pub(crate) type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.as_slice() {
        [web, programs, output] => run(Path::new(web), Path::new(programs), Path::new(output)),
        _ => Err("It is `countersign-web-bundler <web> <programs> <output>`.".into()),
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

fn run(web: &Path, programs: &Path, output: &Path) -> Result<(), Failed> {
    let bundle = Bundle::make(web, programs)?;
    let sizes = bundle.write(output)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<32} {:>9} {:>9} {:>9}", "file", "raw", "gzip", "brotli")?;
    for (path, size) in &sizes {
        writeln!(out, "{path:<32} {:>9} {:>9} {:>9}", size.raw, size.gzip, size.brotli)?;
    }
    let kib = |bytes: usize| bytes as f64 / 1024.0;
    for (page, first) in bundle.first_loads(&sizes) {
        let (path, budget) = (&page.path, page.budget);
        writeln!(out, "first load of {path}: {:.1} KiB of {:.1} KiB", kib(first), kib(budget))?;
        if first > budget {
            return Err(format!("The first load of {path} is above its budget (pages.tsv).").into());
        }
    }
    Ok(())
}
