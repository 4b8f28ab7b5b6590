//! Everything that goes into the vectors: fixed keys, fixed times, nothing random.
//!
//! The tests include this module by its path, so that the files, the document and the code cannot drift apart.

mod annotate;
mod batch;
mod case;
mod chunked;
mod ed25519;
mod forge;
mod hostile;
mod json;
mod keyset;
mod push;
mod record;
mod register;
mod request;
mod response;
mod world;

use json::Json;
use std::error::Error;

/// A generator that fails says why and stops.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// File name and content of every vector file.
pub(crate) fn files() -> Result<Vec<(String, String)>> {
    let kinds = [
        ("request", request::cases()?),
        ("response", response::cases()?),
        ("push", push::cases()?),
        ("record", record::cases()?),
        ("keyset", keyset::cases()?),
        ("register", register::cases()?),
        ("chunked", chunked::cases()?),
        ("batch", batch::cases()?),
        ("ed25519", ed25519::cases()?),
    ];
    Ok(kinds.map(|(kind, cases)| (format!("{kind}.json"), file(kind, cases))).into())
}

/// The worked example of `docs/PROTOCOL.md`.
pub(crate) fn markdown() -> Result<String> {
    annotate::section()
}

fn file(kind: &str, cases: Vec<Json>) -> String {
    Json::Object(vec![("kind", Json::text(kind)), ("cases", Json::List(cases))]).pretty()
}
