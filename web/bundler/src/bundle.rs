//! From programs and pages to files that hold each other by their hashes.

use crate::compressed::{Sizes, brotli, gzip};
use crate::page::Page;
use crate::{Failed, hash};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// Where the style, the script's start, the icon and the service worker of all pages are.
const SHARED: &str = "kit";

/// A file as it will be served.
#[derive(Clone)]
struct Asset {
    path: String,
    /// Its name in the output folder.
    file: String,
    content_type: &'static str,
    /// Whether its name changes with its content.
    is_hashed: bool,
    /// Under which it runs.
    policy: String,
    bytes: Vec<u8>,
}

/// All files.
pub(crate) struct Bundle {
    /// Each page with its own files, the page itself first.
    pages: Vec<(Page, Vec<Asset>)>,
    /// What all pages share; the service worker last.
    shared: Vec<Asset>,
}

impl Bundle {
    /// Binds the programs to JavaScript and fills in the pages. `web` has a folder for each of them, `programs` what cargo made.
    pub(crate) fn make(web: &Path, programs: &Path) -> Result<Self, Failed> {
        let icon = Asset::hashed(
            "icon",
            "svg",
            "image/svg+xml",
            read(web, SHARED, "icon.svg")?.into_bytes(),
        );
        let manifest = read(web, SHARED, "app.webmanifest")?.replace("{{icon}}", &icon.path);
        let manifest =
            Asset::hashed("app", "webmanifest", "application/manifest+json", manifest.into_bytes());
        let mut shared = vec![manifest, icon];
        let mut pages = Vec::new();
        for page in Page::table(&fs::read_to_string(web.join("pages.tsv"))?)? {
            let assets = assets(web, programs, &page, &shared)?;
            pages.push((page, assets));
        }
        let worker = worker(&read(web, SHARED, "sw.js")?, &pages, &shared);
        shared.push(Asset::named("/sw.js", "sw.js", "text/javascript; charset=utf-8", worker));
        let bundle = Self { pages, shared };
        bundle.check_filled()?;
        Ok(bundle)
    }

    fn check_filled(&self) -> Result<(), Failed> {
        let is_text = |it: &&Asset| !it.path.ends_with(".wasm") && !it.path.ends_with(".js");
        let is_open = |it: &&Asset| it.bytes.windows(2).any(|it| it == b"{{");
        match self.assets().filter(is_text).find(is_open) {
            None => Ok(()),
            Some(asset) => Err(format!("{} has a place that was not filled", asset.path).into()),
        }
    }

    fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.pages.iter().flat_map(|(_, assets)| assets).chain(&self.shared)
    }

    /// What the first visit of each page transfers.
    pub(crate) fn first_loads<'a>(
        &'a self,
        sizes: &'a [(String, Sizes)],
    ) -> impl Iterator<Item = (&'a Page, usize)> {
        let size = |asset: &Asset| {
            let of = sizes.iter().find(|(path, _)| *path == asset.path);
            of.map_or(0, |(_, size)| size.brotli)
        };
        self.pages.iter().map(move |(page, assets)| {
            (page, assets.iter().chain(&self.shared).map(size).sum::<usize>())
        })
    }

    /// Writes what has changed and removes what is no part of it any more.
    pub(crate) fn write(&self, folder: &Path) -> Result<Vec<(String, Sizes)>, Failed> {
        let mut files = BTreeMap::new();
        let mut sizes = Vec::new();
        let mut list = String::new();
        for asset in self.assets() {
            let file = &asset.file;
            let (raw, gzip, brotli) = (&asset.bytes, gzip(&asset.bytes)?, brotli(&asset.bytes)?);
            let size = Sizes { raw: raw.len(), gzip: gzip.len(), brotli: brotli.len() };
            files.insert(file.to_owned(), raw.clone());
            files.insert(format!("{file}.gz"), gzip);
            files.insert(format!("{file}.br"), brotli);
            let caching = if asset.is_hashed { "forever" } else { "ask" };
            let cells = [&asset.path, file, asset.content_type, caching, &asset.policy];
            list += &format!("{}\n", cells.join("\t"));
            sizes.push((asset.path.clone(), size));
        }
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
        let file = format!("{stem}-{}.{extension}", hash::name(&bytes));
        let path = format!("/{file}");
        Self { path, file, content_type, is_hashed: true, policy: policy(None), bytes }
    }

    fn named(path: &str, file: &str, content_type: &'static str, text: String) -> Self {
        let (path, file, bytes) = (path.to_owned(), file.to_owned(), text.into_bytes());
        Self { path, file, content_type, is_hashed: false, policy: policy(None), bytes }
    }
}

/// A text of a page's folder.
fn read(web: &Path, name: &str, file: &str) -> Result<String, Failed> {
    let path = web.join(name).join("page").join(file);
    Ok(fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The files of a page, itself first. Its style is the shared one with its own behind it.
fn assets(
    web: &Path,
    programs: &Path,
    page: &Page,
    shared: &[Asset],
) -> Result<Vec<Asset>, Failed> {
    let name = page.name.as_str();
    let (glue, program) = bind(&programs.join(page.program()))?;
    let program = Asset::hashed(name, "wasm", "application/wasm", program);
    let integrity = hash::integrity(&program.bytes);
    let boot = read(web, SHARED, "boot.js")?
        .replace("{{wasm}}", &program.path)
        .replace("{{wasm-integrity}}", &integrity);
    let script = (glue + &boot).into_bytes();
    let script = Asset::hashed(name, "js", "text/javascript; charset=utf-8", script);
    let style = read(web, SHARED, "base.css")? + &read(web, name, "style.css")?;
    let style = Asset::hashed(name, "css", "text/css; charset=utf-8", style.into_bytes());
    let mut html = read(web, name, "index.html")?
        .replace("{{wasm}}", &program.path)
        .replace("{{wasm-integrity}}", &integrity)
        .replace("{{js}}", &script.path)
        .replace("{{js-integrity}}", &hash::integrity(&script.bytes))
        .replace("{{css}}", &style.path)
        .replace("{{css-integrity}}", &hash::integrity(&style.bytes));
    for (place, asset) in ["{{manifest}}", "{{icon}}"].into_iter().zip(shared) {
        html = html.replace(place, &asset.path);
    }
    let index = Asset::named(&page.path, &page.file(), "text/html; charset=utf-8", html);
    let policy = policy(Some(&hash::integrity(&script.bytes)));
    Ok(vec![Asset { policy, ..index }, script, program, style])
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
            format!("A page may load one script only, and the program wants:\n{script}").into()
        );
    }
    let glue = output.js().to_owned();
    Ok((glue, output.wasm_mut().emit_wasm()))
}

/// The service worker, with every file of every page by its hash.
fn worker(template: &str, pages: &[(Page, Vec<Asset>)], shared: &[Asset]) -> String {
    let file =
        |asset: &Asset| format!("    '{}': '{}',\n", asset.path, hash::integrity(&asset.bytes));
    let mut files = "{\n".to_owned();
    let mut always = Vec::new();
    for (page, assets) in pages {
        let all: String = assets.iter().chain(shared).map(file).collect();
        files += &format!("  '{}': {{\n{all}  }},\n", page.path);
        if page.is_always_kept {
            always.push(format!("'{}'", page.path));
        }
    }
    files += "}";
    let version = hash::name(files.as_bytes());
    let filled = template.replace("{{pages}}", &files).replace("{{version}}", &version);
    filled.replace("{{always}}", &always.join(", "))
}

/// One script, by its hash, and none in what is no page; nothing inline, nothing from elsewhere, no markup from strings.
fn policy(script: Option<&str>) -> String {
    let script = match script {
        Some(hash) => format!("script-src '{hash}' 'wasm-unsafe-eval'"),
        None => "script-src 'none'".to_owned(),
    };
    let rules = [
        "default-src 'none'",
        &script,
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
