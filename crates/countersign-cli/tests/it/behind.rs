//! What the service behind the gateway sees of a caller, and what becomes of its strange answers.

use crate::harness::peers::free_port;
use crate::harness::recorder::{Recorded, Recorder, answer};
use crate::harness::rest::{Call, open};
use crate::harness::*;
use countersign::ResultCode;
use countersign_identity::webhook::{VerifyError, WebhookHeaders, WebhookSecret};
use serde_json::json;
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Headers that a client would like the service to believe.
const LIES: [(&str, &str); 13] = [
    ("Countersign-User", "00000000000000000000000000000000"),
    ("Countersign-Session", "00000000000000000000000000000000"),
    ("countersign-scopes", "admin"),
    ("COUNTERSIGN-MESSAGE-TYPE", "admin"),
    ("Countersign_User", "00000000000000000000000000000000"),
    ("Countersign-Client-Ip", "192.0.2.1"),
    ("Countersign-Timestamp-Ms", "1"),
    ("Webhook-Id", "msg_1"),
    ("Webhook-Timestamp", "1"),
    ("Webhook-Signature", "v1,AAAA"),
    ("Authorization", "Bearer stolen"),
    ("Cookie", "admin=1"),
    ("X-Forwarded-For", "192.0.2.1"),
];

fn before(url: String) -> Options {
    let options = Options::new().arg("--upstream").arg(url);
    options.set("upstream.rest", "[{path=\"/*\"}]").set("upstream.secret", SECRET)
}

/// Exactly what OPERATING.md lists reaches the service, and all of it is true.
fn check_identity(call: &Recorded, ana: &Device, message_type: &str, reply: &countersign::ReplyTo) {
    let own = |(name, _): &&(String, String)| {
        !["host", "content-length", "content-type"].contains(&name.as_str())
    };
    let mut names: Vec<_> = call.headers.iter().filter(own).map(|(name, _)| &name[..]).collect();
    names.sort_unstable();
    let expected = [
        "countersign-client-ip",
        "countersign-message-type",
        "countersign-request-digest",
        "countersign-request-id",
        "countersign-scopes",
        "countersign-session",
        "countersign-timestamp-ms",
        "countersign-user",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    ];
    assert_eq!(names, expected, "once each: {call:?}");
    assert_eq!(call.one("countersign-user"), ana.user);
    assert_eq!(call.one("countersign-session"), ana.session.to_string());
    assert_eq!(call.one("countersign-scopes"), "user");
    assert_eq!(call.one("countersign-message-type"), message_type);
    assert_eq!(call.one("countersign-request-id"), reply.request_id.to_string());
    assert_eq!(call.one("countersign-client-ip"), "127.0.0.1");
    let sent: u64 = call.one("countersign-timestamp-ms").parse().unwrap();
    assert!(now().as_millis().abs_diff(sent) < 60_000, "{sent}");
    check_signature(call, ana);
}

/// The signature is Standard Webhooks over what OPERATING.md says, and over each part of it.
fn check_signature(call: &Recorded, ana: &Device) {
    let secret: WebhookSecret = SECRET.parse().unwrap();
    let headers = WebhookHeaders {
        id: call.one("webhook-id").to_owned(),
        timestamp: call.one("webhook-timestamp").to_owned(),
        signature: call.one("webhook-signature").to_owned(),
    };
    let (method, rest) = call.line.split_once(' ').unwrap();
    let path = rest.strip_suffix(" HTTP/1.1").unwrap();
    let content = |user: &str, body: &[u8]| {
        let head = format!("{method}\n{path}\n{user}\n{}\nuser\n", ana.session);
        [head.as_bytes(), body].concat()
    };
    assert_eq!(secret.verify(&headers, &content(&ana.user, &call.body), now()), Ok(()));
    let other = content("00000000000000000000000000000000", &call.body);
    assert_eq!(secret.verify(&headers, &other, now()), Err(VerifyError::Signature));
    let longer = content(&ana.user, &[&call.body[..], b" "].concat());
    assert_eq!(secret.verify(&headers, &longer, now()), Err(VerifyError::Signature));
}

#[test]
fn no_header_of_a_client_reaches_the_service_and_the_gateways_own_are_signed() {
    let service = Recorder::saying(r#"{"fine":true}"#);
    let server = Server::start(before(service.url()));
    let ana = Device::register(&server, "ana@example.org");
    let mut http = server.http();
    let request = ana.request("notes.add", br#"{"text":"x"}"#);
    let headers = [&LIES[..], &[("Content-Type", "application/vnd.countersign.v1")]].concat();
    let answered = http.send("POST", "/x", &headers, &request.frame).unwrap();
    assert_eq!(ana.open(request.reply_to, &answered).json(), json!({ "fine": true }));
    let call = service.call(1);
    assert_eq!(
        (&call.line[..], &call.body[..]),
        ("POST /notes.add HTTP/1.1", &b"{\"text\":\"x\"}"[..])
    );
    assert_eq!(call.one("content-type"), "application/json");
    check_identity(&call, &ana, "notes.add", &request.reply_to);
    assert_eq!(call.one("countersign-request-digest"), request.reply_to.digest.to_string());
    // The same in the REST profile, where headers of the client are ordinary.
    let rest = Call::json("PUT", "/api/notes/1?a=b", r#"{"text":"y"}"#);
    let signed = rest.sign(&ana);
    assert_eq!(open(&ana, &signed, &rest.send(&mut http, &signed, &LIES)).result, ResultCode::OK);
    let call = service.call(2);
    assert_eq!(call.line, "PUT /notes/1?a=b HTTP/1.1");
    check_identity(&call, &ana, "http", &signed.reply_to);
}

#[test]
fn a_forwarded_address_is_believed_from_trusted_proxies_alone() {
    let service = Recorder::saying("{}");
    let options = before(service.url()).set("server.trusted_proxies", "[\"127.0.0.2\"]");
    let server = Server::start(options);
    let ana = Device::register(&server, "ana@example.org");
    let forwarded = [("X-Forwarded-For", "198.51.100.1, 203.0.113.9")];
    for (count, from, expected) in
        [(1, [127, 0, 0, 2], "203.0.113.9"), (2, [127, 0, 0, 3], "127.0.0.3")]
    {
        let mut http = Http::from(server.public(), from.into());
        let request = ana.request("whoami", b"");
        let answered = http.send("POST", "/x", &forwarded, &request.frame).unwrap();
        assert_eq!(ana.open(request.reply_to, &answered).result, ResultCode::OK);
        assert_eq!(service.call(count).one("countersign-client-ip"), expected);
    }
}

#[test]
fn a_service_that_is_away_slow_rude_or_endless_gives_signed_refusals() {
    let service = Recorder::start(|call| match call.line.split(' ').nth(1).unwrap() {
        "/slow" => {
            std::thread::sleep(Duration::from_secs(3));
            answer(200, b"{}")
        }
        "/slow-body" => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".to_vec(),
        "/large" => answer(200, &vec![b'x'; 20_001]),
        "/endless" => {
            let chunk = [&b"2710\r\n"[..], &[b'y'; 10_000], b"\r\n"].concat();
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            [head, chunk.repeat(300)].concat()
        }
        "/largest" => answer(200, &vec![b'x'; 20_000]),
        "/garbage" => b"220 mail.example.org ESMTP\r\n".to_vec(),
        "/nothing" => Vec::new(),
        "/teapot" => answer(418, b"short and stout"),
        "/moved" => {
            b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec()
        }
        "/broken" => answer(500, b"stack trace"),
        other => panic!("{other}"),
    });
    let options = before(service.url()).set("upstream.answer_max", 20_000);
    let server = Server::start(options.set("upstream.timeout_ms", 1000));
    let mut ana = Device::register(&server, "ana@example.org");
    let unknown = ResultCode::UPSTREAM_TIMEOUT;
    let status = ResultCode::from_u16;
    for (message_type, expected) in [
        ("slow", unknown),
        ("slow-body", unknown),
        ("large", ResultCode::INTERNAL),
        ("endless", ResultCode::INTERNAL),
        ("largest", ResultCode::OK),
        ("garbage", unknown),
        ("nothing", unknown),
        ("teapot", status(418)),
        ("moved", status(302)),
        ("broken", status(500)),
    ] {
        let opened = ana.call(message_type, b"{}");
        assert_eq!(opened.result, expected, "{message_type}");
    }
    assert_eq!(ana.call("teapot", b"{}").payload, b"short and stout");
    assert_eq!(service.calls().len(), 11, "nothing was asked twice, no redirect followed");
    assert_eq!(server.business_calls("*"), 11);
}

#[test]
fn an_effect_whose_answer_cannot_be_kept_happens_once_per_key() {
    let service = Recorder::start(|_| answer(200, &vec![b'x'; 2000]));
    let route = r#"[{ type = "pay", path = "/pay", idempotency_key = "/key" }]"#;
    let options = before(service.url()).set("upstream.answer_max", 1000);
    let server = Server::start(options.set("upstream.route", route));
    let mut ana = Device::register(&server, "ana@example.org");
    for _ in 0..3 {
        assert_eq!(ana.call("pay", br#"{"key":"1"}"#).result, ResultCode::INTERNAL);
    }
    assert_eq!(service.calls().len(), 1);
}

#[test]
fn a_service_that_does_not_exist_is_said_to_be_unavailable() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let server = Server::start(before(url));
    let mut ana = Device::register(&server, "ana@example.org");
    let opened = ana.call("notes.add", b"{}");
    assert_eq!(opened.result, ResultCode::UPSTREAM_UNAVAILABLE);
    assert_eq!(opened.json(), json!({ "error": "upstream_unavailable" }));
    let rest = Call::new("GET", "/api/notes").make(&ana, &mut server.http());
    assert_eq!(rest.result, ResultCode::UPSTREAM_UNAVAILABLE);
}
