//! From a program and a page to files that hold each other by their hashes.

use crate::compressed::{Sizes, brotli, gzip};
use crate::{Failed, hash};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// A file as it will be served.
struct Asset {
    path: String,
    content_type: &'static str,
    /// Whether its name changes with its content.
    is_hashed: bool,
    bytes: Vec<u8>,
}

/// All files, and the policy under which they run.
pub(crate) struct Bundle {
    assets: Vec<Asset>,
    policy: String,
}

impl Bundle {
    /// Binds the program to JavaScript and fills in the page.
    pub(crate) fn make(wasm: &Path, page: &Path) -> Result<Self, Failed> {
        let (glue, program) = bind(wasm)?;
        let read = |name: &str| {
            fs::read_to_string(page.join(name)).map_err(|error| format!("{name}: {error}"))
        };
        let program = Asset::hashed("app", "wasm", "application/wasm", program);
        let integrity = hash::integrity(&program.bytes);
        let boot = read("boot.js")?
            .replace("{{wasm}}", &program.path)
            .replace("{{wasm-integrity}}", &integrity);
        let script = glue + &boot;
        let script = Asset::hashed("app", "js", "text/javascript; charset=utf-8", script.into());
        let style = read("app.css")?.into_bytes();
        let style = Asset::hashed("app", "css", "text/css; charset=utf-8", style);
        let icon = Asset::hashed("icon", "svg", "image/svg+xml", read("icon.svg")?.into_bytes());
        let manifest = read("app.webmanifest")?.replace("{{icon}}", &icon.path).into_bytes();
        let manifest = Asset::hashed("app", "webmanifest", "application/manifest+json", manifest);
        let index = read("index.html")?
            .replace("{{wasm}}", &program.path)
            .replace("{{wasm-integrity}}", &integrity)
            .replace("{{js}}", &script.path)
            .replace("{{js-integrity}}", &hash::integrity(&script.bytes))
            .replace("{{css}}", &style.path)
            .replace("{{css-integrity}}", &hash::integrity(&style.bytes))
            .replace("{{manifest}}", &manifest.path)
            .replace("{{icon}}", &icon.path);
        let index = Asset::named("/", "text/html; charset=utf-8", index.into_bytes());
        let policy = policy(&hash::integrity(&script.bytes));
        let mut assets = vec![index, script, program, style, manifest, icon];
        let worker = worker(&read("sw.js")?, &assets);
        assets.push(Asset::named("/sw.js", "text/javascript; charset=utf-8", worker.into_bytes()));
        if let Some(asset) = assets.iter().find(|it| it.bytes.windows(2).any(|it| it == b"{{")) {
            let is_text = !asset.path.ends_with(".wasm") && !asset.path.ends_with(".js");
            if is_text {
                return Err(format!("{} has a place that was not filled", asset.path).into());
            }
        }
        Ok(Self { assets, policy })
    }

    /// Writes what has changed and removes what is no part of it any more.
    pub(crate) fn write(&self, folder: &Path) -> Result<Vec<(String, Sizes)>, Failed> {
        let mut files = BTreeMap::new();
        let mut sizes = Vec::new();
        let mut list = String::new();
        for asset in &self.assets {
            let file = match asset.path.as_str() {
                "/" => "index.html",
                path => path.trim_start_matches('/'),
            };
            let (raw, gzip, brotli) = (&asset.bytes, gzip(&asset.bytes)?, brotli(&asset.bytes)?);
            let size = Sizes { raw: raw.len(), gzip: gzip.len(), brotli: brotli.len() };
            files.insert(file.to_owned(), raw.clone());
            files.insert(format!("{file}.gz"), gzip);
            files.insert(format!("{file}.br"), brotli);
            let caching = if asset.is_hashed { "forever" } else { "ask" };
            list += &format!("{}\t{file}\t{}\t{caching}\n", asset.path, asset.content_type);
            sizes.push((asset.path.clone(), size));
        }
        files.insert("policy.txt".to_owned(), self.policy.clone().into_bytes());
        files.insert("assets.tsv".to_owned(), list.into_bytes());
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| files.contains_key(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        for (name, bytes) in files {
            let path = folder.join(name);
            if fs::read(&path).ok().as_ref() != Some(&bytes) {
                fs::write(path, bytes)?;
            }
        }
        Ok(sizes)
    }
}

impl Asset {
    fn hashed(stem: &str, extension: &str, content_type: &'static str, bytes: Vec<u8>) -> Self {
        let path = format!("/{stem}-{}.{extension}", hash::name(&bytes));
        Self { path, content_type, is_hashed: true, bytes }
    }

    fn named(path: &str, content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), content_type, is_hashed: false, bytes }
    }
}

/// The glue and the program, by the library that has the same version as the crate in the program: they cannot drift apart.
fn bind(wasm: &Path) -> Result<(String, Vec<u8>), Failed> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name("app").typescript(false).remove_producers_section(true);
    bindgen.remove_name_section(true).omit_default_module_path(true);
    let mut output = bindgen.web(true)?.generate_output()?;
    let wanted = output.snippets().values().flatten().chain(output.local_modules().values());
    if let Some(script) = wanted.into_iter().next() {
        return Err(
            format!("The page may load one script only, and the program wants:\n{script}").into()
        );
    }
    let glue = output.js().to_owned();
    Ok((glue, output.wasm_mut().emit_wasm()))
}

/// The service worker, with everything that it keeps by its hash.
fn worker(template: &str, assets: &[Asset]) -> String {
    let line =
        |asset: &Asset| format!("  '{}': '{}',\n", asset.path, hash::integrity(&asset.bytes));
    let files = format!("{{\n{}}}", assets.iter().map(line).collect::<String>());
    let version = hash::name(files.as_bytes());
    template.replace("{{files}}", &files).replace("{{version}}", &version)
}

/// One script, by its hash; nothing inline, nothing from elsewhere, no markup from strings.
fn policy(script: &str) -> String {
    let rules = [
        "default-src 'none'",
        &format!("script-src '{script}' 'wasm-unsafe-eval'"),
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types countersign",
    ];
    rules.join("; ")
}
