//! How a server ends.

use super::support::{HELLO, PATIENCE, Raw, SHORT, Server, takes_about, unhurried, upgrade};
use bytes::Bytes;
use countersign_listen::{ListenConfig, ShutdownReport};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

async fn report(served: JoinHandle<ShutdownReport>) -> ShutdownReport {
    timeout(PATIENCE, served).await.expect("the shutdown hangs").unwrap()
}

async fn refuses_new_connections(addr: SocketAddr) {
    let began = Instant::now();
    while TcpStream::connect(addr).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "still accepting");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn finishes_what_is_in_flight_and_takes_nothing_new() {
    let server = Server::plain(unhurried());
    let (addr, probe) = (server.addr, Arc::clone(&server.probe));
    let mut busy = Raw::connect(addr).await;
    busy.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    server.entered().await;
    let mut idle = Raw::connect(addr).await;
    assert_eq!(idle.get("/").await.status, 200);
    let served = server.shut_down();
    idle.until_closed().await;
    refuses_new_connections(addr).await;
    assert!(!served.is_finished());
    probe.release.add_permits(1);
    let answer = busy.answer().await;
    assert_eq!(answer.body, b"done");
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert_eq!(busy.until_closed().await, b"");
    assert_eq!(report(served).await.dropped, 0);
}

#[tokio::test]
async fn finishes_h2_streams_too() {
    let server = Server::plain(unhurried());
    let probe = Arc::clone(&server.probe);
    let tcp = TcpStream::connect(server.addr).await.unwrap();
    let (mut send, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    let connection = tokio::spawn(connection);
    let get = |uri| http::Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
    let slow = tokio::spawn(send.send_request(get("http://x/slow")));
    server.entered().await;
    let served = server.shut_down();
    // The client hears GOAWAY when it may open no more streams.
    let began = Instant::now();
    while send.send_request(get("http://x/")).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "no GOAWAY");
    }
    probe.release.add_permits(1);
    let body = slow.await.unwrap().unwrap().into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "done");
    assert_eq!(report(served).await, ShutdownReport { finished: 1, dropped: 0 });
    let _closed = timeout(PATIENCE, connection).await.unwrap();
}

#[tokio::test]
async fn cuts_what_does_not_finish() {
    let server = Server::plain(ListenConfig { shutdown_grace: SHORT, ..unhurried() });
    let mut busy = Raw::connect(server.addr).await;
    busy.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    server.entered().await;
    let stats = Arc::clone(&server.stats);
    let done = takes_about(SHORT, report(server.shut_down())).await;
    assert_eq!(done, ShutdownReport { finished: 0, dropped: 1 });
    assert_eq!(busy.until_closed().await, b"");
    assert_eq!(stats.snapshot().open, 0);
}

#[tokio::test]
async fn a_websocket_that_ignores_the_signal_is_cut() {
    let server = Server::plain(ListenConfig { shutdown_grace: SHORT, ..unhurried() });
    let mut client = Raw::connect(server.addr).await;
    upgrade(&mut client, "/ws").await;
    let done = takes_about(SHORT, report(server.shut_down())).await;
    assert_eq!(done, ShutdownReport { finished: 0, dropped: 1 });
    client.until_closed().await;
}

#[tokio::test]
async fn a_websocket_that_hears_the_signal_says_goodbye() {
    let server = Server::plain(unhurried());
    let mut client = Raw::connect(server.addr).await;
    upgrade(&mut client, "/ws-polite").await;
    let served = server.shut_down();
    assert_eq!(client.until_closed().await, [0x88, 0]);
    assert_eq!(report(served).await, ShutdownReport { finished: 1, dropped: 0 });
}

#[tokio::test]
async fn a_silent_connection_does_not_hold_it_up() {
    let server = Server::plain(unhurried());
    let mut silent = Raw::connect(server.addr).await;
    let mut served_once = Raw::connect(server.addr).await;
    served_once.send(HELLO).await;
    assert_eq!(served_once.answer().await.status, 200);
    let served = server.shut_down();
    assert_eq!(silent.until_closed().await, b"");
    assert_eq!(report(served).await.dropped, 0);
}
