//! Which message types go where, and who may send them.

use http::Method;
use serde_json::{Map, Value};
use std::time::Duration;
use thiserror::Error;

/// A route as it stands in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSpec {
    /// A message type, or a prefix followed by `*`.
    pub r#type: String,
    /// HTTP method. Default `POST`.
    #[serde(default = "post")]
    pub method: String,
    /// Path at the service. `{name}` is replaced by that member of the JSON payload, `{type}` by the message type.
    /// Default `/{type}`.
    #[serde(default = "type_path")]
    pub path: String,
    /// Scope that the account needs; none: every session may.
    pub scope: Option<String>,
    /// Deadline; none: the upstream's.
    pub timeout_ms: Option<u64>,
    /// Content type of the payload. Default `application/json`.
    #[serde(default = "json")]
    pub content_type: String,
    /// JSON pointer to the idempotency key in the payload, like `/key`; none: the service takes care of it.
    pub idempotency_key: Option<String>,
}

/// A rule of the REST profile as it stands in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestRuleSpec {
    /// Methods; none: all.
    #[serde(default)]
    pub methods: Vec<String>,
    /// A path, or a prefix followed by `*`.
    pub path: String,
    /// Scope that the account needs; none: every session may.
    pub scope: Option<String>,
}

/// A route that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    spec: RouteSpec,
    method: Method,
}

/// A REST rule that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRule {
    spec: RestRuleSpec,
    methods: Vec<Method>,
}

/// What is wrong with a route, or with a payload for it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RouteError {
    /// Not an HTTP method.
    #[error("{0:?} is not an HTTP method; use GET, POST, PUT, PATCH or DELETE")]
    Method(String),
    /// Not a path.
    #[error("{0:?} is not a path; it has to begin with '/'")]
    Path(String),
    /// A system type cannot be routed away.
    #[error(
        "{0:?} is reserved for the gateway itself (session., account., record., stream., http) and cannot be a route"
    )]
    SystemType(String),
    /// The payload has to be an object.
    #[error("the payload of this type is a JSON object")]
    NotAnObject,
    /// A member of the path is missing.
    #[error("the payload needs the member {0:?}, a text or a number")]
    Missing(String),
    /// A member would reach another resource than the one that the operator's path is about.
    #[error("a member of the payload leaves its place in the path")]
    Climbs,
    /// The idempotency key is missing.
    #[error("the payload needs an idempotency key at {0:?}: a text of 1 to 128 bytes")]
    IdempotencyKey(String),
}

impl RouteSpec {
    /// Every type becomes `POST /{type}`.
    pub fn everything() -> Self {
        Self {
            r#type: "*".into(),
            method: post(),
            path: type_path(),
            scope: None,
            timeout_ms: None,
            content_type: json(),
            idempotency_key: None,
        }
    }
}

impl TryFrom<RouteSpec> for Route {
    type Error = RouteError;

    fn try_from(spec: RouteSpec) -> Result<Self, RouteError> {
        if crate::commands::is_system_type(&spec.r#type) {
            return Err(RouteError::SystemType(spec.r#type));
        }
        if !spec.path.starts_with('/') {
            return Err(RouteError::Path(spec.path));
        }
        let method = parse_method(&spec.method)?;
        Ok(Self { spec, method })
    }
}

impl TryFrom<RestRuleSpec> for RestRule {
    type Error = RouteError;

    fn try_from(spec: RestRuleSpec) -> Result<Self, RouteError> {
        if !spec.path.starts_with('/') {
            return Err(RouteError::Path(spec.path));
        }
        let methods =
            spec.methods.iter().map(|method| parse_method(method)).collect::<Result<_, _>>()?;
        Ok(Self { spec, methods })
    }
}

impl Route {
    /// Whether a message type takes this route.
    pub fn fits(&self, message_type: &str) -> bool {
        fits(&self.spec.r#type, message_type)
    }

    /// Name in metrics: the pattern, which the operator wrote.
    pub fn label(&self) -> &str {
        &self.spec.r#type
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn content_type(&self) -> &str {
        if self.method == Method::GET { "" } else { &self.spec.content_type }
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.spec.timeout_ms.map(Duration::from_millis)
    }

    pub(super) fn scope_allows(&self, scopes: &[String]) -> bool {
        allows(self.spec.scope.as_deref(), scopes)
    }

    /// Path, query and body of a call. A `GET` turns members that are not in the path into the query.
    pub(super) fn target(
        &self,
        message_type: &str,
        content: &[u8],
    ) -> Result<(String, Vec<u8>), RouteError> {
        let path = self.spec.path.replace("{type}", &encode(message_type));
        if climbs(&decode(&path)) {
            return Err(RouteError::Climbs);
        }
        let is_get = self.method == Method::GET;
        if !path.contains('{') && !is_get {
            return Ok((path, content.to_vec()));
        }
        let mut members = match content {
            [] => Map::new(),
            content => serde_json::from_slice(content).map_err(|_| RouteError::NotAnObject)?,
        };
        let mut target = fill(&path, &mut members)?;
        if climbs(&decode(&target)) {
            return Err(RouteError::Climbs);
        }
        if !is_get {
            return Ok((target, content.to_vec()));
        }
        for (name, value) in &members {
            let text = plain(value).ok_or_else(|| RouteError::Missing(name.clone()))?;
            let separator = if target.contains('?') { '&' } else { '?' };
            target.push(separator);
            target.push_str(&format!("{}={}", encode(name), encode(&text)));
        }
        Ok((target, Vec::new()))
    }

    pub(super) fn idempotency_key(&self, content: &[u8]) -> Result<Option<String>, RouteError> {
        let Some(pointer) = &self.spec.idempotency_key else { return Ok(None) };
        let payload: Option<Value> = serde_json::from_slice(content).ok();
        let key =
            payload.as_ref().and_then(|payload| payload.pointer(pointer)).and_then(Value::as_str);
        match key {
            Some(key) if (1..=128).contains(&key.len()) => Ok(Some(key.to_owned())),
            _ => Err(RouteError::IdempotencyKey(pointer.clone())),
        }
    }
}

impl RestRule {
    fn fits(&self, method: &Method, path: &str) -> bool {
        (self.methods.is_empty() || self.methods.contains(method)) && fits(&self.spec.path, path)
    }

    pub(super) fn scope_allows(&self, scopes: &[String]) -> bool {
        allows(self.spec.scope.as_deref(), scopes)
    }
}

fn post() -> String {
    "POST".into()
}

fn type_path() -> String {
    "/{type}".into()
}

fn json() -> String {
    "application/json".into()
}

fn parse_method(text: &str) -> Result<Method, RouteError> {
    let known =
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];
    known
        .into_iter()
        .find(|method| method.as_str() == text)
        .ok_or_else(|| RouteError::Method(text.into()))
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => text == pattern,
    }
}

fn allows(needed: Option<&str>, scopes: &[String]) -> bool {
    needed.is_none_or(|needed| scopes.iter().any(|scope| scope == needed))
}

/// Replaces `{name}` by members, which are taken out.
fn fill(path: &str, members: &mut Map<String, Value>) -> Result<String, RouteError> {
    let mut filled = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        let value = members.remove(name).as_ref().and_then(plain);
        filled.push_str(before);
        filled.push_str(&encode(&value.ok_or_else(|| RouteError::Missing(name.into()))?));
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986 section 2.3), so that a member cannot leave its place.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Reads percent-encoding once, as services do.
fn decode(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let hex = match (byte, behind) {
            (b'%', [a, b, ..]) => std::str::from_utf8(&[*a, *b])
                .ok()
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        out.push(hex.unwrap_or(byte));
        rest = if hex.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether a decoded path has a segment of dots, or a byte that ends paths elsewhere. Services differ in what they make
/// of those, `%2e%2e` included (WHATWG URL): a member, or a rule's prefix, would not mean what the operator meant.
fn climbs(decoded: &str) -> bool {
    decoded.chars().any(char::is_control)
        || decoded.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}

/// The first rule that fits a path as it came *and* as the service will decode it; `None` if those are not the same one.
pub(super) fn rule_for<'r>(
    rules: &'r [RestRule],
    method: &Method,
    path: &str,
) -> Option<&'r RestRule> {
    let decoded = decode(path);
    if climbs(&decoded) || decoded.contains("//") {
        return None;
    }
    let first = |path: &str| rules.iter().position(|rule| rule.fits(method, path));
    let (raw, read) = (first(path)?, first(&decoded)?);
    if raw == read { rules.get(raw) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(toml: &str) -> Result<Route, RouteError> {
        toml::from_str::<RouteSpec>(toml).unwrap().try_into()
    }

    #[test]
    fn members_fill_the_path_and_cannot_leave_it() {
        let route = route("type = 'notes.get'\nmethod = 'GET'\npath = '/notes/{id}'").unwrap();
        let target =
            |content: &str| route.target("notes.get", content.as_bytes()).map(|(target, _)| target);
        assert_eq!(target(r#"{"id":7,"full":true}"#), Ok("/notes/7?full=true".into()));
        assert_eq!(target(r#"{"id":"a/b?x ..é"}"#), Ok("/notes/a%2Fb%3Fx%20..%C3%A9".into()));
        for id in ["..", ".", "../admin", "a/../admin", "a\\\\..", "a/.", "a\\u0000"] {
            assert_eq!(target(&format!(r#"{{"id":"{id}"}}"#)), Err(RouteError::Climbs), "{id}");
        }
        assert_eq!(target("{}"), Err(RouteError::Missing("id".into())));
        assert_eq!(target("[]"), Err(RouteError::NotAnObject));
    }

    #[test]
    fn members_and_types_do_not_climb_together() {
        let both = route("type = 'a'\npath = '/x/{a}{b}/y'").unwrap();
        let climbing = both.target("a", br#"{"a":".","b":"."}"#);
        assert_eq!(climbing, Err(RouteError::Climbs));
        let everything = Route::try_from(RouteSpec::everything()).unwrap();
        assert_eq!(everything.target("..", b""), Err(RouteError::Climbs));
        assert_eq!(everything.target("a/../b", b""), Err(RouteError::Climbs));
        assert_eq!(everything.target("a/b..c", b""), Ok(("/a%2Fb..c".into(), Vec::new())));
    }

    #[test]
    fn no_spelling_of_a_path_gets_past_its_rule() {
        let rule =
            |toml: &str| RestRule::try_from(toml::from_str::<RestRuleSpec>(toml).unwrap()).unwrap();
        let rules = [rule("path = '/admin*'\nscope = 'admin'"), rule("path = '/*'")];
        let chosen = |path: &str| {
            let found = rule_for(&rules, &Method::GET, path)?;
            rules.iter().position(|rule| rule == found)
        };
        assert_eq!(chosen("/admin/x"), Some(0));
        assert_eq!(chosen("/notes/a%2Fb"), Some(1));
        assert_eq!(chosen("/caf%C3%A9/100%"), Some(1));
        for path in [
            "/%61dmin",
            "/notes/../admin",
            "/notes/%2e%2E/admin",
            "/notes%2F..%2Fadmin",
            "/notes/..%5cadmin",
            "//admin",
            "/%2fadmin",
            "/./admin",
            "/notes%00",
        ] {
            assert_eq!(chosen(path), None, "{path}");
        }
    }

    #[test]
    fn mistakes_in_routes_are_named() {
        assert_eq!(route("type = 'a'\nmethod = 'BREW'"), Err(RouteError::Method("BREW".into())));
        assert_eq!(route("type = 'a'\npath = 'x'"), Err(RouteError::Path("x".into())));
        assert_eq!(
            route("type = 'session.list'"),
            Err(RouteError::SystemType("session.list".into()))
        );
    }

    #[test]
    fn a_scope_is_needed_where_one_is_named() {
        let route = route("type = 'admin.*'\nscope = 'admin'").unwrap();
        assert!(route.fits("admin.x") && !route.fits("adm"));
        assert!(!route.scope_allows(&["user".into()]));
        assert!(route.scope_allows(&["admin".into(), "user".into()]));
    }
}
