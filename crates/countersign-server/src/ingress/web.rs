//! The app for browsers, as `cargo xtask web` made it and the build embedded it. Files only: everything that the app does, it does by
//! signed requests like any other client.

use crate::app::App;
use crate::app::Backend;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// An embedded file in three forms.
#[derive(Debug, Clone, Copy)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    /// Whether its name changes with its content.
    is_hashed: bool,
    /// Under which it runs; of a page, with the hash of its script.
    policy: &'static str,
    raw: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// Where a policy wants what is nearby.
const NEARBY: &str = "{{nearby}}";

/// What stands at `/` when there is no app.
const NONE: &str = "This is a Countersign server. It was built without its app for browsers: run `cargo xtask web`, then build \
                    it again.\n";

/// Headers of every file besides those of its own: nobody frames it, opens it, or takes it for something else.
pub(super) const SAFE: [(&str, &str); 5] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "geolocation=(), microphone=(), payment=(), usb=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// Adds a route for each file.
pub(super) fn add<S: Backend>(router: Router<Arc<App<S>>>, nearby: &str) -> Router<Arc<App<S>>> {
    if ASSETS.is_empty() {
        return router.route("/", get(|| async { NONE }));
    }
    ASSETS.iter().fold(router, |router, asset| {
        let (tag, policy) = (tag(asset), policy(asset, nearby));
        let serve = move |headers: HeaderMap| {
            let (tag, policy) = (tag.clone(), policy.clone());
            async move { answer(asset, tag, policy, &headers) }
        };
        router.route(asset.path, get(serve))
    })
}

/// Pages and the service worker keep their names; what they name has a hash, so their own bytes tell all versions apart.
fn tag(asset: &Asset) -> HeaderValue {
    let tag = countersign::payload::hash(asset.raw).to_string();
    let tag = HeaderValue::from_str(&format!("W/\"{}\"", &tag[..32]));
    tag.unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// The policy, with what is nearby in its place. Without one nothing may be reached at all.
fn policy(asset: &Asset, nearby: &str) -> HeaderValue {
    let filled = HeaderValue::from_str(&asset.policy.replace(NEARBY, nearby));
    filled.unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn answer(asset: &Asset, tag: HeaderValue, policy: HeaderValue, asked: &HeaderMap) -> Response {
    let mut response = match asked.get(header::IF_NONE_MATCH) == Some(&tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => full(asset, asked),
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    let caching = match asset.is_hashed {
        true => "public, max-age=31536000, immutable, no-transform",
        false => "no-cache, no-transform",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    for (name, value) in SAFE {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn full(asset: &Asset, asked: &HeaderMap) -> Response {
    let (coding, bytes) = match asked {
        asked if takes(asked, "br") => (Some("br"), asset.brotli),
        asked if takes(asked, "gzip") => (Some("gzip"), asset.gzip),
        _ => (None, asset.raw),
    };
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// The app's icon, if there is an app.
pub(super) fn icon() -> Option<&'static str> {
    ASSETS.iter().map(|asset| asset.path).find(|path| path.starts_with("/icon-"))
}

/// Whether `Accept-Encoding` names this coding and does not refuse it.
pub(super) fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_this = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|it| it.strip_prefix("q=")).map(str::parse::<f32>);
        is_this && !matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSET: Asset = Asset {
        path: "/app-0123.js",
        content_type: "text/javascript",
        is_hashed: true,
        policy: "connect-src 'self' {{nearby}}; base-uri 'none'",
        raw: b"raw",
        gzip: b"gzip",
        brotli: b"brotli",
    };

    const FILLED: &str = "connect-src 'self' http://10.77.77.1; base-uri 'none'";

    fn serve(asset: &Asset, asked: &HeaderMap) -> Response {
        answer(asset, tag(asset), policy(asset, "http://10.77.77.1"), asked)
    }

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_smallest_form_that_is_understood_is_sent() {
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("BR;q=1.0", Some("br")),
            ("brotli", None),
            ("", None),
        ] {
            let response = serve(&ASSET, &asking(header::ACCEPT_ENCODING, accepted));
            let sent = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(sent.map(|it| it.to_str().unwrap()), coding, "{accepted}");
        }
    }

    #[test]
    fn what_is_known_already_is_not_sent_again() {
        let first = serve(&ASSET, &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let again = serve(&ASSET, &asking(header::IF_NONE_MATCH, tag));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::CONTENT_SECURITY_POLICY], FILLED);
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        let page = Asset { path: "/", is_hashed: false, ..ASSET };
        let caching = |asset: &Asset| {
            serve(asset, &HeaderMap::new()).headers()[header::CACHE_CONTROL].clone()
        };
        assert!(caching(&ASSET).to_str().unwrap().contains("immutable"));
        assert_eq!(caching(&page), "no-cache, no-transform");
    }
}
