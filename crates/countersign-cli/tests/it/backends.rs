//! The gateway in front of services that nobody here wrote: json-server, and webdis with Redis, as they come.

use crate::harness::peers::{JsonServer, Webdis};
use crate::harness::rest::{Call, open, try_open};
use crate::harness::*;
use countersign::ResultCode;
use countersign::verify::ResponseError;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const NOTES: &str = r#"[
    { type = "notes.list", method = "GET", path = "/notes" },
    { type = "notes.get", method = "GET", path = "/notes/{id}" },
    { type = "notes.add", path = "/notes" },
    { type = "notes.change", method = "PATCH", path = "/notes/{id}" },
    { type = "notes.remove", method = "DELETE", path = "/notes/{id}", scope = "editor" },
    { type = "payments.add", path = "/payments", idempotency_key = "/key", timeout_ms = 1500 },
]"#;

const REST: &str = r#"[
    { methods = ["GET", "POST", "PUT"], path = "/notes*" },
    { methods = ["DELETE"], path = "/notes/*", scope = "editor" },
]"#;

fn before(service: &JsonServer) -> Options {
    let options = Options::new().set("limits.refused_burst", 100_000);
    options.arg("--upstream").arg(service.url()).set("upstream.route", NOTES.replace('\n', ""))
}

fn status(number: u16) -> ResultCode {
    ResultCode::from_u16(number)
}

/// Calls a type with a JSON payload.
fn call(device: &mut Device, message_type: &str, payload: &Value) -> Opened {
    device.call(message_type, payload.to_string().as_bytes())
}

/// An operator's command on the server's folder.
fn operate(server: &Server, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    let done = command.args(arguments).arg("--data").arg(server.data()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn frames_become_calls_of_json_server_and_its_answers_come_back_signed() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service));
    let mut ana = Device::register(&server, "ana@example.org");
    let got = call(&mut ana, "notes.get", &json!({ "id": 1 }));
    assert_eq!((got.result, &got.json()["text"]), (ResultCode::OK, &json!("first")));
    // Members that are not in the path become the query: json-server filters by it.
    let blue = call(&mut ana, "notes.list", &json!({ "colour": "blue" })).json();
    assert_eq!(blue, json!([{ "id": 2, "text": "second", "colour": "blue" }]));
    let added = call(&mut ana, "notes.add", &json!({ "text": "d'été & <b>" }));
    assert_eq!((added.result, &added.json()["id"]), (status(201), &json!(3)));
    assert_eq!(service.get("/notes/3")["text"], "d'été & <b>");
    let changed = call(&mut ana, "notes.change", &json!({ "id": 3, "colour": "green" }));
    assert_eq!((changed.result, &changed.json()["colour"]), (ResultCode::OK, &json!("green")));
    let none = call(&mut ana, "notes.get", &json!({ "id": 99 }));
    assert_eq!((none.result, none.json()), (status(404), json!({})), "signed as well");
    assert_eq!(server.business_calls("notes.get"), 2);
    assert_eq!(server.business_calls("notes.add"), 1);
}

#[test]
fn what_does_not_fit_its_route_never_leaves_the_gateway() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service));
    let mut ana = Device::register(&server, "ana@example.org");
    for (message_type, payload, result) in [
        ("notes.get", "{}", ResultCode::INVALID_PAYLOAD),
        ("notes.get", "[1]", ResultCode::INVALID_PAYLOAD),
        ("notes.get", r#"{"id":{}}"#, ResultCode::INVALID_PAYLOAD),
        ("notes.get", "not json", ResultCode::INVALID_PAYLOAD),
        ("payments.add", r#"{"amount":1}"#, ResultCode::INVALID_PAYLOAD),
        ("payments.add", r#"{"amount":1,"key":7}"#, ResultCode::INVALID_PAYLOAD),
        ("notes", "{}", ResultCode::UNKNOWN_TYPE),
        ("notes.get2", "{}", ResultCode::UNKNOWN_TYPE),
        ("session.x", "{}", ResultCode::UNKNOWN_TYPE),
        ("http", "{}", ResultCode::UNKNOWN_TYPE),
    ] {
        let opened = ana.call(message_type, payload.as_bytes());
        assert_eq!(opened.result, result, "{message_type} {payload}");
    }
    // A member cannot leave its place in the path: it is refused, or asks for one note with a strange id.
    for id in ["../payments", "1/../../payments", "..", ".", "1\\..\\2", "1\0"] {
        let opened = call(&mut ana, "notes.get", &json!({ "id": id }));
        assert_eq!(opened.result, ResultCode::INVALID_PAYLOAD, "{id}");
    }
    for id in ["1/2", "1?x=1", "1#", "1&x=1", " 1", "1;", "%31", "1..2"] {
        let opened = call(&mut ana, "notes.get", &json!({ "id": id }));
        assert_eq!(opened.result, status(404), "{id}");
    }
    assert_eq!(service.count("payments"), 0);
}

#[test]
fn a_scope_that_an_operator_grants_counts_for_sessions_that_are_open() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service).set("limits.session_cache_ms", 300));
    let mut ana = Device::register(&server, "ana@example.org");
    let remove = |ana: &mut Device| call(ana, "notes.remove", &json!({ "id": 2 })).result;
    assert_eq!(remove(&mut ana), ResultCode::FORBIDDEN);
    assert_eq!(service.count("notes"), 2);
    let said = operate(&server, &["user", "grant", "ana@example.org", "editor"]);
    assert_eq!(said, "ana@example.org has the scopes: editor user\n");
    within(Duration::from_secs(10), "the cached session learns it", || {
        let result = remove(&mut ana);
        assert!([ResultCode::OK, ResultCode::FORBIDDEN].contains(&result), "{result:?}");
        (result == ResultCode::OK).then_some(())
    });
    assert_eq!(service.count("notes"), 1);
    let hello = ana.call("session.hello", b"{}").json();
    assert_eq!(hello["scopes"], json!(["editor", "user"]));
    operate(&server, &["user", "revoke-scope", "ana@example.org", "editor"]);
    within(Duration::from_secs(10), "it is taken away", || {
        let removed = call(&mut ana, "notes.remove", &json!({ "id": 77 })).result;
        (removed == ResultCode::FORBIDDEN).then_some(())
    });
}

#[test]
fn the_rest_profile_carries_ordinary_calls_to_json_server() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service).set("upstream.rest", REST.replace('\n', "")));
    let (ana, mut http) = (Device::register(&server, "ana@example.org"), server.http());
    let mut make = |call: Call<'_>| call.make(&ana, &mut http);
    let got = make(Call::new("GET", "/api/notes/1"));
    assert_eq!((got.result, &got.json()["text"]), (ResultCode::OK, &json!("first")));
    let filtered = make(Call::new("GET", "/api/notes?colour=blue&_sort=id"));
    assert_eq!(filtered.json().as_array().unwrap().len(), 1);
    let added = make(Call::json("POST", "/api/notes", r#"{"text":"third"}"#));
    assert_eq!((added.result, &added.json()["id"]), (status(201), &json!(3)));
    let put = make(Call::json("PUT", "/api/notes/3", r#"{"text":"thrice"}"#));
    assert_eq!(put.result, ResultCode::OK);
    assert_eq!(service.get("/notes/3"), json!({ "id": 3, "text": "thrice" }));
    assert_eq!(make(Call::new("GET", "/api/notes/99")).result, status(404));
    assert_eq!(make(Call::new("DELETE", "/api/notes/3")).result, ResultCode::FORBIDDEN);
    assert_eq!(make(Call::new("GET", "/api/payments")).result, ResultCode::UNKNOWN_TYPE);
    assert_eq!(make(Call::new("GET", "/api/db")).result, ResultCode::UNKNOWN_TYPE);
    for path in ["/api/notes/../payments", "/api/notes/%2e%2e/payments", "/api/notes//1"] {
        assert_eq!(make(Call::new("GET", path)).result, ResultCode::UNKNOWN_TYPE, "{path}");
    }
    assert_eq!(server.business_calls("http"), 5, "refused calls do not count");
    operate(&server, &["user", "grant", "ana@example.org", "editor"]);
    within(Duration::from_secs(10), "the scope is there", || {
        let deleted = make(Call::new("DELETE", "/api/notes/3")).result;
        (deleted == ResultCode::OK).then_some(())
    });
    assert_eq!(service.count("notes"), 2);
}

/// Every part of a call that the client signed, changed on the way.
#[test]
fn a_rest_call_that_was_changed_on_the_way_is_refused() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service).set("upstream.rest", REST.replace('\n', "")));
    let (ana, mut http) = (Device::register(&server, "ana@example.org"), server.http());
    let meant = Call::json("POST", "/api/notes", r#"{"text":"meant"}"#);
    for (what, sent) in [
        ("body", Call { body: br#"{"text":"MEANT"}"#, ..meant }),
        ("a longer body", Call { body: br#"{"text":"meant"} "#, ..meant }),
        ("no body", Call { body: b"", ..meant }),
        ("path", Call { path: "/api/notes2", ..meant }),
        ("query", Call { path: "/api/notes?_delay=1", ..meant }),
        ("spelling of the path", Call { path: "/api/%6eotes", ..meant }),
        ("content type", Call { content_type: "application/x-www-form-urlencoded", ..meant }),
        ("no content type", Call { content_type: "", ..meant }),
        ("method", Call { method: "PUT", ..meant }),
    ] {
        let signed = meant.sign(&ana);
        let answer = sent.send(&mut http, &signed, &[]);
        let refused = open(&ana, &signed, &answer);
        assert_eq!(refused.result, ResultCode::PAYLOAD_MISMATCH, "{what}");
        assert_eq!(answer.status, 400, "{what}");
    }
    assert_eq!((service.count("notes"), server.business_calls("http")), (2, 0));
    // One signature, one call.
    let signed = meant.sign(&ana);
    assert_eq!(open(&ana, &signed, &meant.send(&mut http, &signed, &[])).result, status(201));
    let again = meant.send(&mut http, &signed, &[]);
    assert_eq!(open(&ana, &signed, &again).result, ResultCode::REPLAYED);
    assert_eq!(service.count("notes"), 3);
    for header in ["", "v1 ", "v1 AAAA", "v2 AAAA", "Bearer x"] {
        let answer = http.send("GET", "/api/notes", &[("Countersign", header)], b"").unwrap();
        assert_eq!(answer.problem().as_deref(), Some("malformed"), "{header:?}");
    }
}

#[test]
fn a_rest_answer_that_was_changed_on_the_way_is_seen() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service).set("upstream.rest", REST.replace('\n', "")));
    let (ana, mut http) = (Device::register(&server, "ana@example.org"), server.http());
    let call = Call::new("GET", "/api/notes/1");
    let signed = call.sign(&ana);
    let answer = call.send(&mut http, &signed, &[]);
    assert_eq!(open(&ana, &signed, &answer).result, ResultCode::OK);
    assert_eq!(answer.header("cache-control"), Some("no-store, no-transform"));
    let body = [&answer.body[..], b"\n"].concat();
    let longer = HttpAnswer { body, ..answer.clone() };
    assert_eq!(try_open(&ana, &signed, &longer), Err(ResponseError::Payload));
    let mut html = answer.clone();
    let swapped = html.headers.iter_mut().find(|(name, _)| name == "content-type");
    swapped.unwrap().1 = "text/html".to_owned();
    assert_eq!(try_open(&ana, &signed, &html), Err(ResponseError::Payload));
    let other = call.sign(&ana);
    assert_eq!(try_open(&ana, &other, &answer), Err(ResponseError::Signature));
}

#[test]
fn an_idempotency_key_gives_one_payment_however_often_it_is_asked_for() {
    let service = JsonServer::with_notes();
    let server = Server::start(before(&service));
    let mut ana = Device::register(&server, "ana@example.org");
    let mut bob = Device::register(&server, "bob@example.org");
    let pay = json!({ "key": "order-7", "amount": 12 });
    let first = call(&mut ana, "payments.add", &pay);
    assert_eq!((first.result, &first.json()["id"]), (status(201), &json!(1)));
    for _ in 0..3 {
        let again = call(&mut ana, "payments.add", &pay);
        assert_eq!((again.result, again.payload), (first.result, first.payload.clone()));
    }
    assert_eq!(service.count("payments"), 1);
    let other = json!({ "key": "order-7", "amount": 13 });
    let refused = call(&mut ana, "payments.add", &other).result;
    assert_eq!(refused, ResultCode::IDEMPOTENCY_MISMATCH);
    // The key is Ana's: Bob may have one of the same name.
    assert_eq!(call(&mut bob, "payments.add", &pay).json()["id"], 2);
    assert_eq!(service.count("payments"), 2);
    // What was answered once is answered without the service.
    drop(service);
    assert_eq!(call(&mut ana, "payments.add", &pay).payload, first.payload);
}

#[test]
fn a_service_that_is_down_gives_the_key_back_and_works_when_it_is_up_again() {
    let mut service = JsonServer::with_notes();
    let server = Server::start(before(&service));
    let mut ana = Device::register(&server, "ana@example.org");
    let pay = json!({ "key": "order-8", "amount": 12 });
    service.stop();
    for _ in 0..2 {
        let refused = call(&mut ana, "payments.add", &pay).result;
        assert_eq!(refused, ResultCode::UPSTREAM_UNAVAILABLE);
        let refused = call(&mut ana, "notes.get", &json!({ "id": 1 })).result;
        assert_eq!(refused, ResultCode::UPSTREAM_UNAVAILABLE);
    }
    service.start_again(0);
    assert_eq!(call(&mut ana, "payments.add", &pay).result, status(201));
    assert_eq!(call(&mut ana, "payments.add", &pay).result, status(201));
    assert_eq!(service.count("payments"), 1);
    // A connection that the gateway keeps open to a service that was restarted meanwhile.
    service.start_again(0);
    let after = call(&mut ana, "notes.get", &json!({ "id": 1 }));
    assert_eq!(after.result, ResultCode::OK, "{after:?}");
}

#[test]
fn a_service_that_is_too_slow_leaves_the_key_claimed_until_its_lease_ends() {
    let mut service = JsonServer::with_notes();
    let server = Server::start(before(&service));
    let mut ana = Device::register(&server, "ana@example.org");
    let pay = json!({ "key": "order-9", "amount": 12 });
    service.start_again(2500);
    let slow = call(&mut ana, "payments.add", &pay);
    assert_eq!(slow.result, ResultCode::UPSTREAM_TIMEOUT);
    assert_eq!(slow.json(), json!({ "error": "upstream_timeout" }));
    let waiting = call(&mut ana, "payments.add", &pay);
    assert_eq!(waiting.result, ResultCode::IDEMPOTENCY_IN_PROGRESS);
    let after = waiting.json()["retry_after_ms"].as_u64().unwrap();
    assert!((1..=10_000).contains(&after), "{after}");
    service.start_again(0);
    let paid = eventually("the lease ends", || {
        let opened = call(&mut ana, "payments.add", &pay);
        (opened.result != ResultCode::IDEMPOTENCY_IN_PROGRESS).then_some(opened)
    });
    assert_eq!(paid.result, status(201));
    let count = service.count("payments");
    assert_eq!(call(&mut ana, "payments.add", &pay).payload, paid.payload);
    assert_eq!(service.count("payments"), count, "from now on it is known");
}

#[test]
fn webdis_counts_once_per_key_and_keeps_what_it_is_given() {
    let service = Webdis::start();
    let routes = r#"[
        { type = "kv.get", method = "GET", path = "/GET/{key}" },
        { type = "kv.set", method = "PUT", path = "/SET/{key}", content_type = "text/plain" },
        { type = "kv.incr", method = "GET", path = "/INCR/{key}", idempotency_key = "/once" },
        { type = "kv.flush", method = "GET", path = "/FLUSHALL" },
    ]"#;
    let rest = r#"[{ methods = ["GET", "PUT"], path = "/SET/*" }, { path = "/GET/*" }]"#;
    let options = Options::new().arg("--upstream").arg(service.url());
    let options = options.set("upstream.route", routes.replace('\n', ""));
    let server = Server::start(options.set("upstream.rest", rest));
    let mut ana = Device::register(&server, "ana@example.org");
    let set = json!({ "key": "a key/with ümlaut?", "n": 1 });
    assert_eq!(call(&mut ana, "kv.set", &set).json(), json!({ "SET": [true, "OK"] }));
    let got = call(&mut ana, "kv.get", &json!({ "key": "a key/with ümlaut?" })).json();
    assert_eq!(got, json!({ "GET": set.to_string() }));
    for once in ["x", "x", "y", "x"] {
        let incr = json!({ "key": "counter", "once": once });
        assert_eq!(call(&mut ana, "kv.incr", &incr).result, ResultCode::OK);
    }
    assert_eq!(service.get("/GET/counter"), json!({ "GET": "2" }));
    assert_eq!(call(&mut ana, "kv.flush", &json!({})).result, status(403), "its own refusal");
    let mut http = server.http();
    let put = Call { body: b"plain text", ..Call::new("PUT", "/api/SET/rest") };
    assert_eq!(put.make(&ana, &mut http).result, ResultCode::OK);
    let got = Call::new("GET", "/api/GET/rest.txt").make(&ana, &mut http);
    assert_eq!((got.result, &got.payload[..]), (ResultCode::OK, &b"plain text"[..]));
    let gone = Call::new("GET", "/api/DEL/rest").make(&ana, &mut http).result;
    assert_eq!(gone, ResultCode::UNKNOWN_TYPE);
}
