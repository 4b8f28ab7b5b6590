//! Clients that hold a connection without using it: each is closed in time, and an honest client
//! beside it never waits. `axum::serve` passes none of these.

use super::support::{
    BIG, HELLO, NEVER, PATIENCE, Raw, SHORT, Server, beside_an_honest_client, eventually,
    takes_about, unhurried, upgrade, ws_echo,
};
use bytes::Bytes;
use countersign_listen::ListenConfig;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

fn short_first_head() -> ListenConfig {
    ListenConfig { first_head: SHORT, ..unhurried() }
}

/// Opens a connection, sends `bytes` and expects a close without an answer.
async fn closed_without_answer(server: &Server, bytes: &[u8]) {
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        client.send(bytes).await;
        assert_eq!(client.until_closed().await, b"");
    };
    beside_an_honest_client(server.addr, takes_about(SHORT, slow)).await;
    assert_eq!(server.stats.snapshot().late_first_head, 1);
}

#[tokio::test]
async fn silent_connection() {
    closed_without_answer(&Server::plain(short_first_head()), b"").await;
}

#[tokio::test]
async fn half_h2_preface() {
    closed_without_answer(&Server::plain(short_first_head()), b"PRI * HTTP/2.0\r\n\r\n").await;
}

#[tokio::test]
async fn partial_head() {
    let head = b"GET / HTTP/1.1\r\nHost: x\r\nAccept";
    closed_without_answer(&Server::plain(short_first_head()), head).await;
}

#[tokio::test]
async fn h2_preface_without_a_request() {
    let server = Server::plain(short_first_head());
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
        client.until_closed().await;
    };
    beside_an_honest_client(server.addr, takes_about(SHORT, slow)).await;
    assert_eq!(server.stats.snapshot().late_first_head, 1);
}

/// Sends a byte of a header every 20 ms for as long as the server takes it.
async fn drip(client: &mut Raw) {
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: ").await;
    let mut tick = interval(Duration::from_millis(20));
    for _ in 0..10_000 {
        tick.tick().await;
        if !client.send(b"x").await {
            return;
        }
    }
    panic!("the server never closed");
}

#[tokio::test]
async fn header_drip() {
    let server = Server::plain(short_first_head());
    let slow = async { drip(&mut Raw::connect(server.addr).await).await };
    beside_an_honest_client(server.addr, takes_about(SHORT, slow)).await;
    assert_eq!(server.stats.snapshot().late_first_head, 1);
}

#[tokio::test]
async fn header_drip_in_a_later_request() {
    let server = Server::plain(ListenConfig { head: SHORT, ..unhurried() });
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        assert_eq!(client.get("/").await.status, 200);
        takes_about(SHORT, drip(&mut client)).await;
    };
    beside_an_honest_client(server.addr, slow).await;
    assert_eq!(server.stats.snapshot().late_head, 1);
}

#[tokio::test]
async fn stalled_body() {
    let server = Server::plain(unhurried());
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345").await;
        let returned = client.until_closed().await;
        assert!(returned.starts_with(b"HTTP/1.1 408 "), "{}", returned.escape_ascii());
    };
    beside_an_honest_client(server.addr, takes_about(SHORT, slow)).await;
}

#[tokio::test]
async fn stalled_chunked_body() {
    let server = Server::plain(unhurried());
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        let head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123";
        client.send(head).await;
        let returned = client.until_closed().await;
        assert!(returned.starts_with(b"HTTP/1.1 408 "), "{}", returned.escape_ascii());
    };
    beside_an_honest_client(server.addr, takes_about(SHORT, slow)).await;
}

#[tokio::test]
async fn idle_keep_alive() {
    let server = Server::plain(ListenConfig { idle: SHORT, ..unhurried() });
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        for _ in 0..3 {
            assert_eq!(client.get("/").await.status, 200);
        }
        takes_about(SHORT, client.until_closed()).await;
    };
    beside_an_honest_client(server.addr, slow).await;
    assert_eq!(server.stats.snapshot().idle, 1);
}

#[tokio::test]
async fn idle_keep_alive_over_h2() {
    // Pings at a tenth of the idle time must not keep it open.
    let h2_ping = SHORT / 10;
    let server = Server::plain(ListenConfig { idle: SHORT, h2_ping, ..unhurried() });
    let slow = async {
        let tcp = TcpStream::connect(server.addr).await.unwrap();
        let (mut send, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = http::Request::get("http://x/").body(Empty::<Bytes>::new()).unwrap();
        let body = send.send_request(request).await.unwrap().into_body().collect();
        assert_eq!(body.await.unwrap().to_bytes(), "hello");
        let closed = async { timeout(PATIENCE, connection).await.unwrap().unwrap() };
        takes_about(SHORT, closed).await.unwrap();
    };
    beside_an_honest_client(server.addr, slow).await;
    assert_eq!(server.stats.snapshot().idle, 1);
}

#[tokio::test]
async fn a_client_that_reads_nothing() {
    let server = Server::plain(ListenConfig { write_stall: SHORT, ..unhurried() });
    let slow = async {
        let mut client = Raw::connect(server.addr).await;
        client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await;
        eventually("the stall is seen", || server.stats.snapshot().write_stalled == 1).await;
        assert!(client.until_closed().await.len() < BIG);
    };
    beside_an_honest_client(server.addr, slow).await;
}

#[tokio::test]
async fn an_h2_client_that_gives_no_window() {
    let server = Server::plain(ListenConfig { write_stall: SHORT, ..unhurried() });
    let slow = async {
        let tcp = TcpStream::connect(server.addr).await.unwrap();
        let (mut send, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(0)
            .handshake(TokioIo::new(tcp))
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        // A request that is worked on must not hide the one that is stuck.
        let get = |uri| http::Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
        let _worked_on = tokio::spawn(send.send_request(get("http://x/slow")));
        server.entered().await;
        let _stuck = send.send_request(get("http://x/")).await.unwrap();
        let closed = async { timeout(PATIENCE, connection).await.unwrap().unwrap() };
        let _error = takes_about(SHORT, closed).await;
    };
    beside_an_honest_client(server.addr, slow).await;
    assert_eq!(server.stats.snapshot().write_stalled, 1);
}

#[tokio::test]
async fn a_slow_reader_gets_a_long_answer_in_full() {
    // The handler is done at once, so only what is written shows that this is not idle.
    let server = Server::plain(ListenConfig { idle: Duration::from_secs(1), ..unhurried() });
    let mut client = Raw::connect(server.addr).await;
    client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut tick = interval(Duration::from_millis(100));
    let mut read = Vec::new();
    while read.len() < BIG {
        tick.tick().await;
        let before = read.len();
        client.read_some(2 << 20, &mut read).await;
        assert!(read.len() > before, "closed after {before} bytes");
    }
}

/// Waits for an event that shows that every deadline of `server` has passed once since the call.
async fn all_deadlines_pass(server: &Server) {
    let mut idle = Raw::connect(server.addr).await;
    assert_eq!(idle.get("/").await.status, 200);
    idle.until_closed().await;
    let mut silent = Raw::connect(server.addr).await;
    silent.until_closed().await;
}

fn all_short() -> ListenConfig {
    ListenConfig { first_head: SHORT, head: SHORT, idle: SHORT, ..unhurried() }
}

#[tokio::test]
async fn a_websocket_survives_the_watchdog() {
    let server = Server::plain(all_short());
    let mut client = Raw::connect(server.addr).await;
    upgrade(&mut client, "/ws").await;
    ws_echo(&mut client).await;
    all_deadlines_pass(&server).await;
    ws_echo(&mut client).await;
    assert_eq!(server.stats.snapshot().open, 1, "an upgraded connection still counts");
    drop(client);
    eventually("its place is free", || server.stats.snapshot().open == 0).await;
}

#[tokio::test]
async fn a_request_in_flight_survives_the_watchdog() {
    let server = Server::plain(all_short());
    let mut client = Raw::connect(server.addr).await;
    client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    server.entered().await;
    all_deadlines_pass(&server).await;
    server.probe.release.add_permits(1);
    assert_eq!(client.answer().await.body, b"done");
}

#[tokio::test]
async fn a_gone_client_frees_its_handler_and_its_place() {
    let server = Server::plain(ListenConfig { idle: NEVER, ..unhurried() });
    let mut client = Raw::connect(server.addr).await;
    client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    server.entered().await;
    drop(client);
    eventually("its place is free", || server.stats.snapshot().open == 0).await;
    let mut next = Raw::connect(server.addr).await;
    next.send(HELLO).await;
    assert_eq!(next.answer().await.status, 200);
}
