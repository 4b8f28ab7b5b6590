//! A device over HTTP. Nothing that it says is believed here; the core verifies it.

use super::{call, of_navigator};
use crate::address::Device;
use crate::app::Permission;
use countersign_app::{Ask, Failure};
use countersign_web_kit::browser::http::{self, Answer, Unreachable};
use countersign_web_kit::said;
use countersign_web_kit::said::{Read, Value};
use wasm_bindgen_futures::JsFuture;

/// Longest time for an answer: the device stands beside the phone.
const WITHIN_MS: u32 = 10_000;
/// The media type of everything that is no JSON.
pub(super) const BYTES: &str = "application/octet-stream";

said! {
    /// A line of the outbox.
    Line {
        /// The match, in hex.
        id: String,
    }

    /// What the device says of its certificate for browsers.
    Tls {
        /// Its begin, in milliseconds.
        not_before: Option<u64>,
        /// Its end, in milliseconds.
        not_after: Option<u64>,
        /// Whether it wants one.
        request: bool,
    }

    /// A refusal.
    Problem {
        /// One word.
        code: String,
        /// A sentence.
        detail: String,
    }
}

/// Asks the device one question.
pub(super) async fn answer(device: &Device, ask: Ask) -> Result<Vec<u8>, Failure> {
    match ask {
        // These are for others to answer.
        Ask::Sign(_) | Ask::Server { .. } | Ask::Watch(_) => Ok(Vec::new()),
        Ask::Certificate => get(device, "certificate").await,
        Ask::Prove(challenge) => post(device, "prove", &challenge).await,
        Ask::Join(body) => post(device, "join", &body).await,
        Ask::Act(frame) => post(device, "act", &frame).await,
        Ask::Outbox => ids(&get(device, "outbox").await?),
        Ask::Fetch(id) => get(device, &format!("outbox/{}", hex::encode(id))).await,
        Ask::Tls => tls(&get(device, "tls").await?),
        Ask::TlsRequest => get(device, "tls/request").await,
        Ask::Deliver(frame) => post(device, "inbox", &frame).await,
    }
}

async fn get(device: &Device, path: &str) -> Result<Vec<u8>, Failure> {
    let url = format!("{}/league/{path}", device.base);
    read(http::send("GET", &url, None, WITHIN_MS).await)
}

async fn post(device: &Device, path: &str, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let url = format!("{}/league/{path}", device.base);
    read(http::send("POST", &url, Some((BYTES, body)), WITHIN_MS).await)
}

fn read(answer: Result<Answer, Unreachable>) -> Result<Vec<u8>, Failure> {
    let answer = answer.map_err(|Unreachable(why)| Failure::Unreachable(why))?;
    match answer.status {
        200 | 204 => Ok(answer.body),
        400..500 => Err(refused(&answer)),
        status => Err(Failure::Unreachable(format!("status {status}"))),
    }
}

/// The device's own words, if it has some.
pub(super) fn refused(answer: &Answer) -> Failure {
    let problem = Problem::parse(&answer.body);
    let problem = problem
        .unwrap_or_else(|| Problem { code: answer.status.to_string(), detail: String::new() });
    Failure::Refused { code: problem.code, detail: problem.detail }
}

fn foreign() -> Failure {
    Failure::Unreachable("this is no device".to_owned())
}

/// The ids of the outbox, one after the other.
fn ids(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let lines = Value::parse(body).and_then(|it| Vec::<Line>::read(&it)).ok_or_else(foreign)?;
    let mut ids = Vec::new();
    for line in lines {
        let id: [u8; 16] =
            hex::decode(line.id).ok().and_then(|id| id.try_into().ok()).ok_or_else(foreign)?;
        ids.extend(id);
    }
    Ok(ids)
}

/// Begin and end, 8 bytes each, zeros without a certificate; empty if the device does not want one.
fn tls(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let tls = Tls::parse(body).ok_or_else(foreign)?;
    let life = [tls.not_before, tls.not_after].map(|at| at.unwrap_or(0).to_be_bytes());
    Ok(if tls.request { life.concat() } else { Vec::new() })
}

/// What the browser says about devices nearby. One that does not know the question does not ask it either.
pub(super) async fn permission() -> Permission {
    let descriptor = js_sys::Object::new();
    let named = js_sys::Reflect::set(&descriptor, &"name".into(), &"local-network-access".into());
    let asked = of_navigator("permissions").and_then(|it| call(&it, "query", &descriptor));
    let (Ok(_), Some(asked)) = (named, asked) else { return Permission::Granted };
    let Ok(status) = JsFuture::from(asked).await else { return Permission::Granted };
    let state = js_sys::Reflect::get(&status, &"state".into()).ok();
    match state.and_then(|it| it.as_string()).as_deref() {
        Some("prompt") => Permission::Prompt,
        Some("denied") => Permission::Denied,
        Some(_) | None => Permission::Granted,
    }
}
