//! Requests that two servers could understand differently: never two answers to one of them, and
//! what is hidden behind it never reaches a handler.

use super::support::{Raw, Server, answers, unhurried};
use std::sync::atomic::Ordering::SeqCst;

const HIDDEN: &str = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/// What must come before the close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// One 400.
    Refused,
    /// One answer, whichever, or none.
    OneAtMost,
}

/// Sends each head, its hidden request behind it, and reads until the server closes.
async fn probe(cases: &[(&str, &str, Expect)]) {
    let server = Server::plain(unhurried());
    for (name, request, expect) in cases {
        let mut client = Raw::connect(server.addr).await;
        client.send(format!("{request}{HIDDEN}").as_bytes()).await;
        let returned = client.until_closed().await;
        let (count, status) = answers(&returned);
        let text = returned.escape_ascii();
        match expect {
            Expect::Refused => assert_eq!((count, status), (1, Some(400)), "{name}: {text}"),
            Expect::OneAtMost => assert!(count <= 1, "{name}: {text}"),
        }
        assert_eq!(server.probe.smuggled.load(SeqCst), 0, "{name}: the hidden request came in");
    }
}

#[tokio::test]
async fn content_length_and_transfer_encoding() {
    let te = "Transfer-Encoding: chunked\r\n";
    let post = "POST /echo HTTP/1.1\r\nHost: x\r\n";
    let cases = [
        ("CL.TE", format!("{post}Content-Length: 5\r\n{te}\r\n0\r\n\r\n"), Expect::OneAtMost),
        ("TE.CL", format!("{post}{te}Content-Length: 5\r\n\r\n0\r\n\r\n"), Expect::OneAtMost),
        ("TE.CL0", format!("{post}{te}Content-Length: 0\r\n\r\n0\r\n\r\n"), Expect::OneAtMost),
        (
            "CL.TE on GET",
            format!("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n{te}\r\n0\r\n\r\n"),
            Expect::OneAtMost,
        ),
        (
            "TE in HTTP/1.0",
            format!("POST /echo HTTP/1.0\r\nHost: x\r\n{te}\r\n0\r\n\r\n"),
            Expect::Refused,
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(n, r, e)| (*n, r.as_str(), *e)).collect();
    probe(&cases).await;
}

#[tokio::test]
async fn content_lengths() {
    let lengths = [
        "Content-Length: 0\r\nContent-Length: 37\r\n",
        "Content-Length: 37\r\nContent-Length: 0\r\n",
        "Content-Length: 0, 37\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: 0 0\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 0\r\n",
        " Content-Length: 0\r\n",
        "Content-Length\r\n",
    ];
    for length in lengths {
        let request = format!("POST /echo HTTP/1.1\r\nHost: x\r\n{length}\r\n");
        probe(&[(length, &request, Expect::Refused)]).await;
    }
}

#[tokio::test]
async fn the_same_content_length_twice_is_one_request() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    let twice = "Content-Length: 5\r\nContent-Length: 5\r\n";
    let request = format!("POST /echo HTTP/1.1\r\nHost: x\r\n{twice}\r\n12345");
    client.send(request.as_bytes()).await;
    assert_eq!(client.answer().await.body, b"12345");
    assert_eq!(client.get("/").await.body, b"hello");
}

#[tokio::test]
async fn transfer_encodings() {
    let codings = [
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "X: y\r\n\tTransfer-Encoding: chunked\r\n",
    ];
    for coding in codings {
        let request = format!("POST /echo HTTP/1.1\r\nHost: x\r\n{coding}\r\n0\r\n\r\n");
        probe(&[(coding, &request, Expect::Refused)]).await;
    }
}

#[tokio::test]
async fn bare_line_feeds_and_other_line_noise() {
    probe(&[
        ("bare LF after a field", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", Expect::Refused),
        (
            "bare LF hides a field",
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Expect::Refused,
        ),
        ("bare LF ends the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n", Expect::Refused),
        ("bare LF ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\n", Expect::Refused),
        ("only bare LF", "GET / HTTP/1.1\nHost: x\n\n", Expect::Refused),
        ("bare CR", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n", Expect::Refused),
        ("NUL", "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", Expect::Refused),
        ("obs-fold", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", Expect::Refused),
        ("fold at once", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", Expect::Refused),
        ("no Host", "GET / HTTP/1.1\r\n\r\n", Expect::Refused),
        ("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", Expect::Refused),
        ("a space in the target", "GET / / HTTP/1.1\r\nHost: x\r\n\r\n", Expect::Refused),
        ("HTTP/0.9", "GET /\r\n\r\n", Expect::Refused),
        ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", Expect::Refused),
    ])
    .await;
}

#[tokio::test]
async fn a_tunnel_is_refused() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    let request = "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n";
    client.send(format!("{request}{HIDDEN}").as_bytes()).await;
    assert_eq!(answers(&client.until_closed().await), (1, Some(405)));
    assert_eq!(server.probe.smuggled.load(SeqCst), 0);
}

#[tokio::test]
async fn a_bare_line_feed_in_a_later_request_and_byte_by_byte() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    assert_eq!(client.get("/").await.status, 200);
    for byte in b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n" {
        client.send(&[*byte]).await;
    }
    assert_eq!(answers(&client.until_closed().await), (1, Some(400)));
}

#[tokio::test]
async fn chunks() {
    let long_extension = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(20 * 1024));
    let long_trailer = format!("0\r\nA: {}\r\n\r\n", "x".repeat(20 * 1024));
    let many_trailers = format!("0\r\n{}\r\n", "A: b\r\n".repeat(65));
    let bodies = [
        "0x1\r\na\r\n0\r\n\r\n",
        "-1\r\na\r\n0\r\n\r\n",
        "1 1\r\na\r\n0\r\n\r\n",
        "g\r\na\r\n0\r\n\r\n",
        "\r\n\r\n",
        "fffffffffffffffff\r\na\r\n0\r\n\r\n",
        "1\na\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "1;x\ny\r\na\r\n0\r\n\r\n",
        "0\r\nA: b\n\r\n",
        &long_extension,
        &long_trailer,
        &many_trailers,
    ];
    for body in bodies {
        let head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let request = format!("{head}{body}");
        probe(&[(body.get(..30).unwrap_or(body), &request, Expect::OneAtMost)]).await;
    }
}
