//! Bytes to the server and back: bounded in time and in size, never believed.

use super::window;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, Response,
};

/// Longest time from the first byte of a request to the last of its answer.
const WITHIN_MS: u32 = 30_000;
/// Largest answer in bytes.
const ANSWER_MAX: usize = 4 * 1024 * 1024;
/// The media type of a frame.
pub const FRAME: &str = "application/vnd.countersign.v1";
/// That of the calls of a login.
pub const JSON: &str = "application/json";

/// An answer as it came.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type, empty if there is none.
    pub content_type: String,
    /// When to come back, in seconds.
    pub retry_after_s: Option<u64>,
    /// At most [`ANSWER_MAX`] bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it claims to be a frame.
    pub fn is_frame(&self) -> bool {
        self.content_type.split(';').next().is_some_and(|it| it.trim() == FRAME)
    }
}

/// There is no answer.
#[derive(Debug)]
pub struct Unreachable(pub String);

impl From<JsValue> for Unreachable {
    fn from(error: JsValue) -> Self {
        Self(super::describe(&error))
    }
}

/// Fetches what is at a path of the server.
pub async fn get(path: &str) -> Result<Answer, Unreachable> {
    send("GET", path, None).await
}

/// Sends something to a path of the server.
pub async fn post(path: &str, content_type: &str, body: &[u8]) -> Result<Answer, Unreachable> {
    send("POST", path, Some((content_type, body))).await
}

async fn send(
    method: &str,
    path: &str,
    body: Option<(&str, &[u8])>,
) -> Result<Answer, Unreachable> {
    let window = window().ok_or_else(|| Unreachable("no window".to_owned()))?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(WITHIN_MS)));
    if let Some((_, body)) = body {
        init.set_body(&Uint8Array::from(body));
    }
    let request = Request::new_with_str_and_init(path, &init)?;
    if let Some((content_type, _)) = body {
        request.headers().set("content-type", content_type)?;
    }
    let response = JsFuture::from(window.fetch_with_request(&request)).await?;
    let response: Response = response.dyn_into()?;
    let header = |name: &str| response.headers().get(name).ok().flatten();
    Ok(Answer {
        status: response.status(),
        content_type: header("content-type").unwrap_or_default(),
        retry_after_s: header("retry-after").and_then(|it| it.parse().ok()),
        body: read(&response).await?,
    })
}

async fn read(response: &Response) -> Result<Vec<u8>, Unreachable> {
    let mut body = Vec::new();
    let Some(stream) = response.body() else { return Ok(body) };
    let reader: ReadableStreamDefaultReader =
        stream.get_reader().dyn_into().map_err(JsValue::from)?;
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(body);
        }
        let piece: Uint8Array = Reflect::get(&piece, &"value".into())?.dyn_into()?;
        if body.len() + piece.length() as usize > ANSWER_MAX {
            return Err(Unreachable("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&piece.to_vec());
    }
}
