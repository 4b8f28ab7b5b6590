//! nginx in between, as most operators have it; and the server's own TLS without any.

use crate::harness::live::{Pusher, SECRET, Sse, Ws, poll};
use crate::harness::peers::{JsonServer, Nginx, Peer, certificates, local};
use crate::harness::rest::{Call, open, try_open};
use crate::harness::*;
use countersign::{ResultCode, SigningKey};
use http::Version;
use rustix::process::Signal;
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What OPERATING.md shows.
const PASS: &str = r"
    proxy_http_version 1.1;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_buffering off;
    proxy_read_timeout 120s;
";

/// `location` with these lines, passed on to the server at `path`.
fn location(location: &str, to: &Address, path: &str, more: &str) -> String {
    format!("location {location} {{ proxy_pass http://{}{path}; {PASS} {more} }}\n", to.get())
}

fn behind_proxy(service: &JsonServer) -> Options {
    Options::new()
        .set("server.trusted_proxies", "[\"127.0.0.1\"]")
        .set("upstream.url", service.url())
        .set("upstream.secret", SECRET)
        .set("upstream.rest", "[{path=\"/notes*\"}]")
}

/// What gzip's own program makes of a body.
fn unzipped(body: &[u8]) -> Vec<u8> {
    let mut command = Command::new("gzip");
    command.arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(body).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success());
    done.stdout
}

#[test]
fn compression_on_the_way_does_not_touch_what_was_signed() {
    let service = JsonServer::with_notes();
    let server = Server::start(behind_proxy(&service));
    let gzip = "gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any; gzip_http_version 1.0;";
    let nginx = Nginx::start("", &(gzip.to_owned() + &location("/", server.public(), "", "")));
    let mut ana = Device::register(&server, "ana@example.org");
    ana.move_to(nginx.address());
    assert_eq!(
        ana.call("session.list", b"{}").result,
        ResultCode::OK,
        "who does not ask gets none"
    );
    let mut http = Http::new(nginx.address());
    let zipped = [("Accept-Encoding", "gzip")];
    let request = ana.request("session.list", b"{}");
    let mut answer = http.send("POST", "/x", &zipped, &request.frame).unwrap();
    assert_eq!(answer.header("content-encoding"), Some("gzip"), "{answer:?}");
    answer.body = unzipped(&answer.body);
    assert_eq!(ana.open(request.reply_to, &answer).result, ResultCode::OK);
    let call = Call::new("GET", "/api/notes/1");
    let signed = call.sign(&ana);
    let mut answer = call.send(&mut http, &signed, &zipped);
    assert_eq!(answer.header("content-encoding"), Some("gzip"), "{answer:?}");
    assert!(try_open(&ana, &signed, &answer).is_err(), "not what was signed");
    answer.body = unzipped(&answer.body);
    assert_eq!(open(&ana, &signed, &answer).json()["text"], "first");
}

#[test]
fn a_prefix_that_the_proxy_cuts_off_is_signed_where_paths_are_signed() {
    let service = JsonServer::with_notes();
    let server = Server::start(behind_proxy(&service).set("server.public_prefix", "/base"));
    let nginx = Nginx::start("", &location("/base/", server.public(), "/", ""));
    let mut ana = Device::register(&server, "ana@example.org");
    let mut http = Http::new(nginx.address());
    for path in ["/base/x", "/base/x/12345678"] {
        let request = ana.request("session.hello", b"{}");
        let answer = http.post(path, &request.frame);
        assert_eq!(ana.open(request.reply_to, &answer).result, ResultCode::OK, "{path}");
    }
    assert_eq!(http.get("/base/keyset").status, 200);
    for (path, text) in [("/base/api/notes/1", "first"), ("/base/api/notes/2?a=b%20c", "second")] {
        let got = Call::new("GET", path).make(&ana, &mut http);
        assert_eq!((got.result, &got.json()["text"]), (ResultCode::OK, &json!(text)), "{path}");
    }
    let added = Call::json("POST", "/base/api/notes", r#"{"text":"x"}"#).make(&ana, &mut http);
    assert_eq!(added.result, ResultCode::from_u16(201));
    // This location lets nginx rewrite the path, which decodes it: another path than the one that was signed.
    let call = Call::new("GET", "/base/api/notes/%31");
    assert_eq!(call.make(&ana, &mut http).result, ResultCode::PAYLOAD_MISMATCH);
    // Straight to the server without the prefix, what was signed is not what arrives.
    let call = Call::new("GET", "/api/notes/1");
    assert_eq!(call.make(&ana, &mut server.http()).result, ResultCode::PAYLOAD_MISMATCH);
    let (mut sse, mut stream) = Sse::open(&mut ana, nginx.address(), "/base/sse", &json!({}));
    Pusher::new(server.admin()).count(&ana, 1..=1);
    assert_eq!(sse.push(&ana, &mut stream).0, 1);
}

#[test]
fn a_proxy_may_speak_http2_and_tls_outside_and_http1_inside() {
    let service = JsonServer::with_notes();
    let server = Server::start(behind_proxy(&service));
    let tls = "ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;";
    let config = tls.to_owned() + &location("/", server.public(), "", "");
    let nginx = Nginx::start("ssl http2", &config);
    let ana = Device::register(&server, "ana@example.org");
    for (protocol, version) in [("h2", Version::HTTP_2), ("http/1.1", Version::HTTP_11)] {
        let request = ana.request("session.hello", b"{}");
        let to = nginx.address().get();
        let got = tls::post(to, &nginx.ca(), protocol, "/x", &request.frame).unwrap();
        assert_eq!((got.version, got.answer.status), (version, 200));
        assert_eq!(ana.open(request.reply_to, &got.answer).result, ResultCode::OK);
    }
}

#[test]
fn streams_pass_the_proxy_while_they_are_open() {
    let service = JsonServer::with_notes();
    let server = Server::start(behind_proxy(&service));
    let nginx = Nginx::start("", &location("/", server.public(), "", ""));
    let mut ana = Device::register(&server, "ana@example.org");
    ana.move_to(nginx.address());
    let mut pusher = Pusher::new(server.admin());
    let (mut ws, mut on_ws) = Ws::open(&mut ana, nginx.address(), &json!({}));
    let (mut sse, mut on_sse) = Sse::open(&mut ana, nginx.address(), "/sse", &json!({}));
    let mut polled = on_ws.clone();
    for n in 1..=20 {
        pusher.count(&ana, [n]);
        assert_eq!(on_ws.accept(&ana, &ws.frame()).0, n, "each before the next is sent");
        assert_eq!(sse.push(&ana, &mut on_sse).0, n);
        let (cursor, frames) = poll(&mut ana, &polled, 25_000).unwrap();
        assert_eq!((cursor, frames.len(), polled.accept(&ana, &frames[0]).0), (n, 1, n));
    }
    let request = ana.request("session.list", b"{}");
    ws.send(&request.frame);
    let answer = live::as_answer(ws.frame());
    assert_eq!(ana.open(request.reply_to, &answer).result, ResultCode::OK);
}

/// Sends a request under a stranger's key, and says whether it was even looked at.
fn is_looked_at(ana: &Device, http: &mut Http, headers: &[(&str, &str)]) -> bool {
    let stranger = SigningKey::from_seed(&random());
    let request = ana.draft("session.hello", b"{}").sign_with(&stranger);
    let answer = http.send("POST", "/x", headers, &request.frame).unwrap();
    match answer.problem().as_deref() {
        None => {
            let opened = ana.open(request.reply_to, &answer);
            assert_eq!(opened.result, ResultCode::UNAUTHENTICATED);
            true
        }
        Some(problem) => {
            assert_eq!((problem, answer.status), ("ip_limited", 429));
            false
        }
    }
}

#[test]
fn limits_count_the_client_behind_the_proxy_and_not_what_it_claims_to_be() {
    let service = JsonServer::with_notes();
    let options = behind_proxy(&service).set("limits.refused_burst", 5);
    let server = Server::start(options.set("limits.refused_per_second", 0));
    let nginx = Nginx::start("", &location("/", server.public(), "", ""));
    let mut ana = Device::register(&server, "ana@example.org");
    ana.move_to(nginx.address());
    let mut mallory = Http::from(nginx.address(), [127, 0, 0, 2].into());
    let mut other = Http::from(nginx.address(), [127, 0, 0, 3].into());
    let looked_at = (0..20).filter(|_| is_looked_at(&ana, &mut mallory, &[])).count();
    assert_eq!(looked_at, 5);
    for lie in ["127.0.0.3", "198.51.100.7", "127.0.0.1", "127.0.0.3, 127.0.0.1"] {
        let headers = [("X-Forwarded-For", lie), ("X-Real-IP", lie), ("Forwarded", "for=9.9.9.9")];
        assert!(!is_looked_at(&ana, &mut mallory, &headers), "{lie}");
    }
    // Nor can Mallory use up somebody else's.
    assert!(is_looked_at(&ana, &mut other, &[]));
    assert_eq!(ana.call("session.hello", b"").result, ResultCode::OK);
    // Past the proxy, straight to the server, from an address that nobody trusts.
    let mut straight = Http::from(server.public(), [127, 0, 0, 2].into());
    assert!(!is_looked_at(&ana, &mut straight, &[("X-Forwarded-For", "198.51.100.8")]));
}

/// A second process on the server's folder, with TLS of its own.
fn with_tls(server: &Server, folder: &TempDir) -> (Peer, u16) {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"]).arg(server.data());
    command.args(["--set", "admin.listen=127.0.0.1:0", "--set"]);
    command.arg(format!("server.tls.certificate={}", path("cert.pem"))).arg("--set");
    command.arg(format!("server.tls.key={}", path("key.pem"))).current_dir(folder.path());
    let mut process = Peer::spawn(&mut command);
    let port = process.wait_for("the server listens", |line| {
        line.strip_prefix("countersign: https://127.0.0.1:")?.parse().ok()
    });
    (process, port)
}

#[test]
fn the_servers_own_tls_speaks_both_versions_and_takes_a_new_certificate_on_sighup() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let ca = folder.path().join("ca.pem");
    let (mut process, port) = with_tls(&server, &folder);
    let hello = |ana: &mut Device, protocol: &str| {
        ana.epoch = countersign::Epoch::NONE;
        let request = ana.request("session.hello", b"{}");
        let got = tls::post(local(port), &ca, protocol, "/x", &request.frame)?;
        assert_eq!(ana.open(request.reply_to, &got.answer).result, ResultCode::OK);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(got)
    };
    let first = hello(&mut ana, "h2").unwrap();
    assert_eq!(first.version, Version::HTTP_2);
    assert_eq!(hello(&mut ana, "http/1.1").unwrap().version, Version::HTTP_11);
    // A new authority and a new certificate; a broken one afterwards changes nothing.
    certificates(folder.path());
    assert!(hello(&mut ana, "h2").is_err(), "still the certificate of the old authority");
    process.signal(Signal::HUP);
    let second = eventually("the new certificate is there", || hello(&mut ana, "h2").ok());
    assert_ne!(first.certificate, second.certificate);
    std::fs::write(folder.path().join("cert.pem"), "broken").unwrap();
    process.signal(Signal::HUP);
    eventually("it complains", || {
        process.said().contains("the certificate could not be read again").then_some(())
    });
    assert_eq!(hello(&mut ana, "h2").unwrap().certificate, second.certificate);
    let plain = Http::new(&Address::new(local(port))).try_post("/x", b"");
    assert!(plain.is_err(), "no plain text on this port");
    process.signal(Signal::TERM);
    assert!(process.wait().success());
}
