//! A page on its way: how long it may be kept, whether it is known already, how it is packed, and what it may do, which is nothing.

use super::language::Language;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::io::Write;

/// No script, no form, no frame, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
/// Whoever asks may keep a page for half a minute; shared caches, too.
const CACHING: &str = "public, max-age=30";
/// Shorter than this is not worth packing.
const PACKED_MIN: usize = 1024;

/// An answer as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Page {
    content_type: &'static str,
    tag: HeaderValue,
    raw: Bytes,
    gzip: Option<Bytes>,
}

impl Page {
    pub(super) fn html(text: String) -> Self {
        let gzip = (text.len() >= PACKED_MIN).then(|| packed(text.as_bytes())).flatten();
        Self { gzip, ..Self::new(HTML, text.into()) }
    }

    /// Not packed: most of it is base64 of what has no pattern.
    pub(super) fn json(bytes: Vec<u8>) -> Self {
        Self::new(JSON, bytes.into())
    }

    fn new(content_type: &'static str, raw: Bytes) -> Self {
        let hash = countersign::payload::hash(&raw).to_string();
        let tag = format!("W/\"{}\"", hash.get(..32).unwrap_or_default());
        let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("W/\"\""));
        Self { content_type, tag, raw, gzip: None }
    }

    /// Bytes that it takes in memory.
    pub(super) fn size(&self) -> usize {
        self.raw.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }

    /// Everything, or that nothing has changed.
    pub(super) fn answer(&self, language: Language, asked: &HeaderMap) -> Response {
        let mut response = match knows(asked, &self.tag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => self.whole(asked),
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHING));
        if self.content_type == JSON {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        }
        secure(headers);
        response
    }

    fn whole(&self, asked: &HeaderMap) -> Response {
        let takes_gzip = || crate::ingress::web::takes(asked, "gzip");
        let packed = self.gzip.clone().filter(|_| takes_gzip());
        let mut response =
            Body::from(packed.clone().unwrap_or_else(|| self.raw.clone())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// A page that is none, for a reason.
pub(super) fn refusal(status: StatusCode, html: String, caching: &'static str) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    secure(headers);
    response
}

/// The style, under a name with its hash.
pub(super) async fn style() -> Response {
    let mut response = super::layout::STYLE.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    secure(headers);
    response
}

fn secure(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    let vary = HeaderValue::from_static("Accept-Encoding, Accept-Language");
    headers.insert(header::VARY, vary);
    for (name, value) in crate::ingress::web::SAFE {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Whether the asker has this version already (RFC 9110, 13.1.2).
fn knows(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let strong = |text: &[u8]| text.strip_prefix(b"W/").unwrap_or(text).to_vec();
    let tag = strong(tag.as_bytes());
    asked.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        let mut items = known.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        items.any(|item| item == b"*" || strong(item) == tag)
    })
}

/// `None` if it cannot be packed: then it goes as it is.
fn packed(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn what_is_known_already_is_not_sent_again() {
        let page = Page::html("<h1>1 : 0</h1>".repeat(100));
        let tag = page.tag.to_str().unwrap().to_owned();
        let strong = tag.trim_start_matches("W/").to_owned();
        for known in [tag.clone(), strong, format!("\"other\", {tag}"), "*".to_owned()] {
            let response = page.answer(Language::En, &asking(header::IF_NONE_MATCH, &known));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        }
        let other = page.answer(Language::En, &asking(header::IF_NONE_MATCH, "W/\"other\""));
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn a_page_is_packed_for_whoever_takes_it_packed() {
        let page = Page::html("<h1>1 : 0</h1>".repeat(100));
        let coding = |accepted: &str| {
            let response = page.answer(Language::En, &asking(header::ACCEPT_ENCODING, accepted));
            response.headers().get(header::CONTENT_ENCODING).cloned()
        };
        assert_eq!(coding("br, gzip").unwrap(), "gzip");
        assert_eq!([coding("br"), coding("gzip;q=0")], [None, None]);
        assert!(page.gzip.as_ref().unwrap().len() < page.raw.len() / 4);
    }
}
