//! Embeds the app that `cargo xtask web` has made, or nothing where it has not.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let folder = here.join("../../target/web");
    // Cargo looks at a folder again only if it was there: without an app it is there and empty. Where it cannot be made, no app
    // can be either.
    drop(fs::create_dir_all(&folder));
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let list = fs::read_to_string(folder.join("assets.tsv")).unwrap_or_default();
    let assets = assets(&folder, &list)?.unwrap_or_else(|| {
        println!("cargo::warning=target/web was made by another version and is left out; `cargo xtask web` makes it anew");
        String::new()
    });
    let code = format!("const ASSETS: &[Asset] = &[\n{assets}];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("web.rs"), code)?;
    Ok(())
}

/// `None`: the list is not as this version writes it.
fn assets(folder: &Path, list: &str) -> Result<Option<String>, Box<dyn Error>> {
    let mut code = String::new();
    for line in list.lines() {
        match asset(folder, line)? {
            Some(asset) => code += &asset,
            None => return Ok(None),
        }
    }
    Ok(Some(code))
}

/// Path, file, content type, how long it may be kept, and the policy under which it runs, with tabs between.
fn asset(folder: &Path, line: &str) -> Result<Option<String>, Box<dyn Error>> {
    let parts: Vec<&str> = line.split('\t').collect();
    let [path, file, content_type, caching, policy] = parts.as_slice() else {
        return Ok(None);
    };
    let bytes =
        |ending: &str| format!("include_bytes!({:?})", folder.join(format!("{file}{ending}")));
    let mut code = String::new();
    writeln!(code, "Asset {{ path: {path:?}, content_type: {content_type:?},")?;
    writeln!(code, "is_hashed: {}, policy: {policy:?},", *caching == "forever")?;
    writeln!(code, "raw: {}, gzip: {}, brotli: {} }},", bytes(""), bytes(".gz"), bytes(".br"))?;
    Ok(Some(code))
}
