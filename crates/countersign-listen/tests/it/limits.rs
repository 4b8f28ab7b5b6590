//! Connection caps, proxies, and binding.

use super::support::{HELLO, Raw, Server, eventually, unhurried};
use countersign_listen::{BindError, ForwardedBy, ListenConfig, Listener, TrustedProxies};
use std::net::SocketAddr;

fn loopback_is_a_proxy() -> TrustedProxies {
    TrustedProxies {
        networks: vec!["127.0.0.1".parse().unwrap()],
        header: ForwardedBy::XForwardedFor,
    }
}

#[tokio::test]
async fn a_full_server_closes_at_once_and_recovers() {
    let server = Server::plain(ListenConfig { max_connections: 3, ..unhurried() });
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(Raw::connect(server.addr).await);
    }
    eventually("three are in", || server.stats.snapshot().open == 3).await;
    assert_eq!(Raw::connect(server.addr).await.until_closed().await, b"");
    assert_eq!(server.stats.snapshot().refused_full, 1);
    assert_eq!(held[0].get("/").await.status, 200, "those inside are served");
    held.pop();
    eventually("one has left", || server.stats.snapshot().open == 2).await;
    assert_eq!(Raw::connect(server.addr).await.get("/").await.status, 200);
}

#[tokio::test]
async fn one_address_cannot_take_all() {
    let server = Server::plain(ListenConfig { max_connections_per_ip: 2, ..unhurried() });
    let mut held = [Raw::connect(server.addr).await, Raw::connect(server.addr).await];
    eventually("two are in", || server.stats.snapshot().open == 2).await;
    assert_eq!(Raw::connect(server.addr).await.until_closed().await, b"");
    assert_eq!(server.stats.snapshot().refused_per_ip, 1);
    let mut other = Raw::connect_from([127, 0, 0, 2], server.addr).await;
    assert_eq!(other.get("/").await.status, 200);
    assert_eq!(held[1].get("/").await.status, 200);
}

#[tokio::test]
async fn a_trusted_proxy_has_no_cap_per_address_and_names_the_client() {
    let server = Server::plain(ListenConfig {
        max_connections_per_ip: 1,
        trusted_proxies: loopback_is_a_proxy(),
        ..unhurried()
    });
    let mut held = Vec::new();
    for last in 1..=5 {
        let mut client = Raw::connect(server.addr).await;
        let request = format!(
            "GET /whoami HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.{last}\r\n\r\n"
        );
        client.send(request.as_bytes()).await;
        let expected = format!("127.0.0.1 203.0.113.{last} plain");
        assert_eq!(client.answer().await.body, expected.as_bytes());
        held.push(client);
    }
    assert_eq!(server.stats.snapshot().open, 5);
}

#[tokio::test]
async fn a_stranger_cannot_name_the_client() {
    let server =
        Server::plain(ListenConfig { trusted_proxies: loopback_is_a_proxy(), ..unhurried() });
    let mut client = Raw::connect_from([127, 0, 0, 9], server.addr).await;
    client.send(b"GET /whoami HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n").await;
    assert_eq!(client.answer().await.body, b"127.0.0.9 127.0.0.9 plain");
}

#[tokio::test]
async fn bind_errors_are_sentences() {
    let server = Server::plain(unhurried());
    let again = Listener::plain(server.addr, unhurried()).map(drop).unwrap_err();
    assert!(matches!(again, BindError::InUse { addr } if addr == server.addr));
    let sentence = again.to_string();
    assert!(sentence.starts_with(&format!("port {} is in use", server.addr.port())), "{sentence}");
    // TEST-NET-1 is nobody's address.
    let nowhere: SocketAddr = "192.0.2.1:0".parse().unwrap();
    let not_here = Listener::plain(nowhere, unhurried()).map(drop).unwrap_err().to_string();
    assert!(not_here.contains("is not an address of this machine"), "{not_here}");
    let mut client = Raw::connect(server.addr).await;
    client.send(HELLO).await;
    assert_eq!(client.answer().await.status, 200);
}
