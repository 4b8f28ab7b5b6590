//! Over real sockets.

use crate::ask::{A_TYPE, ADDRESS, IN, Said, TXT_TYPE, query, read};
use countersign_dns::{BindError, Responder, Zone};
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::oneshot;

const HOST: &str = "d1.glt.example.org";
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A league's responder, until the test ends.
async fn started() -> (SocketAddr, Arc<Zone>) {
    let zone = Arc::new(Zone::league("glt.example.org", ADDRESS, "ns.example.org").unwrap());
    let responder = Responder::bind(ANY_PORT, Arc::clone(&zone)).await.unwrap();
    let address = responder.local_addr().unwrap();
    tokio::spawn(responder.run(pending()));
    (address, zone)
}

async fn over_udp(server: SocketAddr, query: &[u8]) -> Said {
    let socket = UdpSocket::bind(ANY_PORT).await.unwrap();
    socket.send_to(query, server).await.unwrap();
    let mut buffer = [0; 2048];
    let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(from, server);
    read(&buffer[..len])
}

async fn over_tcp(stream: &mut TcpStream, query: &[u8]) -> Said {
    stream.write_u16(query.len() as u16).await.unwrap();
    stream.write_all(query).await.unwrap();
    let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut answer).await.unwrap();
    read(&answer)
}

#[tokio::test]
async fn udp_and_tcp_answer_alike_on_one_port() {
    let (server, zone) = started().await;
    zone.publish(HOST, "value").unwrap();
    let challenge = query(&format!("_acme-challenge.{HOST}"), TXT_TYPE, IN);
    assert_eq!(over_udp(server, &challenge).await, Said::texts(&["value"]));
    let mut stream = TcpStream::connect(server).await.unwrap();
    for _ in 0..16 {
        assert_eq!(over_tcp(&mut stream, &challenge).await, Said::texts(&["value"]));
    }
    // Seventeen on one connection are too many.
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn nonsense_ends_a_connection_and_nothing_else() {
    let (server, _) = started().await;
    let socket = UdpSocket::bind(ANY_PORT).await.unwrap();
    socket.send_to(&[1, 2, 3], server).await.unwrap();
    for nonsense in [&[0xff, 0xff][..], &[0, 3, 1, 2, 3]] {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(nonsense).await.unwrap();
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
    assert_eq!(over_udp(server, &query(HOST, A_TYPE, IN)).await, Said::address());
    let mut stream = TcpStream::connect(server).await.unwrap();
    assert_eq!(over_tcp(&mut stream, &query(HOST, A_TYPE, IN)).await, Said::address());
}

#[tokio::test]
async fn a_device_starts_it_with_one_call_and_ends_it() {
    let responder = Responder::own_name(ANY_PORT, HOST, ADDRESS).await.unwrap();
    let server = responder.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(responder.run(async { drop(ended.await) }));
    let mut stream = TcpStream::connect(server).await.unwrap();
    assert_eq!(over_tcp(&mut stream, &query(HOST, A_TYPE, IN)).await, Said::address());
    end.send(()).unwrap();
    serving.await.unwrap();
    assert!(TcpStream::connect(server).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let (server, zone) = started().await;
    let error = Responder::bind(server, zone).await.unwrap_err();
    assert!(matches!(error, BindError::Socket { address, .. } if address == server));
    assert!(error.to_string().contains(&server.to_string()));
}
