//! Sizes of heads and bodies.

use super::support::{HELLO, MOST, Raw, Server, answers, unhurried};
use bytes::Bytes;
use countersign_listen::ListenConfig;
use http::StatusCode;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// A head with this many fields, Host included.
fn head_with_fields(fields: usize) -> String {
    let more: String = (1..fields).map(|field| format!("X-{field}: a\r\n")).collect();
    format!("GET / HTTP/1.1\r\nHost: x\r\n{more}\r\n")
}

/// A head of this many bytes.
fn head_of(bytes: usize) -> String {
    let head = "GET / HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n";
    head.replace("X: ", &format!("X: {}", "a".repeat(bytes - head.len())))
}

async fn status_and_close(server: &Server, request: &str) -> u16 {
    let mut client = Raw::connect(server.addr).await;
    client.send(request.as_bytes()).await;
    let (count, status) = answers(&client.until_closed().await);
    assert_eq!(count, 1);
    status.unwrap()
}

#[tokio::test]
async fn the_65th_field_is_431() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    client.send(head_with_fields(64).as_bytes()).await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(status_and_close(&server, &head_with_fields(65)).await, 431);
}

#[tokio::test]
async fn a_head_above_16_kib_is_431() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    client.send(head_of(16 * 1024).as_bytes()).await;
    assert_eq!(client.answer().await.status, 200);
    for size in [16 * 1024 + 1, 20 * 1024, 200 * 1024] {
        assert_eq!(status_and_close(&server, &head_of(size)).await, 431, "{size} B");
    }
    // Without an end, too.
    let endless = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(20 * 1024));
    assert_eq!(status_and_close(&server, &endless).await, 431);
}

#[tokio::test]
async fn a_limit_below_hypers_buffer_is_kept() {
    let server = Server::plain(ListenConfig { head_bytes: 1024, ..unhurried() });
    let mut client = Raw::connect(server.addr).await;
    client.send(head_of(1024).as_bytes()).await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(status_and_close(&server, &head_of(1025)).await, 431);
}

#[tokio::test]
async fn h2_heads_have_the_same_limits() {
    let server = Server::plain(unhurried());
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let (mut send, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    let _connection = tokio::spawn(connection);
    let get = || http::Request::get("http://x/");
    let fields = |count: usize| {
        let request = (0..count).fold(get(), |request, n| request.header(format!("x-{n}"), "a"));
        request.body(Empty::<Bytes>::new()).unwrap()
    };
    let large = get().header("x", "a".repeat(20 * 1024)).body(Empty::new()).unwrap();
    let too_large = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    assert_eq!(send.send_request(fields(64)).await.unwrap().status(), StatusCode::OK);
    assert_eq!(send.send_request(fields(65)).await.unwrap().status(), too_large);
    assert_eq!(send.send_request(large).await.unwrap().status(), too_large);
    assert_eq!(send.send_request(fields(1)).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let server = Server::plain(unhurried());
    let request = format!(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        MOST + 1
    );
    assert_eq!(status_and_close(&server, &request).await, 413);
}

#[tokio::test]
async fn a_chunked_body_is_limited_as_it_comes() {
    let server = Server::plain(unhurried());
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut client = Raw::connect(server.addr).await;
    let exact = format!("{head}{MOST:x}\r\n{}\r\n0\r\n\r\n", "a".repeat(MOST));
    client.send(exact.as_bytes()).await;
    assert_eq!(client.answer().await.body.len(), MOST);
    let endless = format!("{head}{}", "100\r\n".to_owned() + &"a".repeat(256) + "\r\n");
    let more = format!("100\r\n{}\r\n", "a".repeat(256)).repeat(7);
    assert_eq!(status_and_close(&server, &(endless + &more)).await, 413);
}

#[tokio::test]
async fn pipelined_honest_requests_are_answered_in_order() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    let post = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1\n3\n5";
    client.send(&[HELLO, post, HELLO].concat()).await;
    assert_eq!(client.answer().await.body, b"hello");
    assert_eq!(client.answer().await.body, b"1\n3\n5");
    assert_eq!(client.answer().await.body, b"hello");
}
