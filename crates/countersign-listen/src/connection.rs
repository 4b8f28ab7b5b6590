//! One connection, from accept to close.

use super::activity::{Activity, Late, Limits, Protocol};
use super::config::ListenConfig;
use super::gate::Pass;
use super::io::{GuardedStream, Stream};
use super::service::{Front, HttpService, Transport};
use super::shutdown::ShutdownSignal;
use super::stats::{Stats, count};
use bytes::{Bytes, BytesMut};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

/// What every HTTP/2 connection begins with (RFC 9113 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a peer that we said goodbye to may take to close.
const LINGER: Duration = Duration::from_secs(1);

/// hyper's least. Bodies are read in pieces of this size at most.
const LEAST_BUFFER: usize = 8 * 1024;

/// HTTP/2 windows. They bound what a client can make us hold that no handler has read yet;
/// hyper's 1 MiB per connection would be 2 GB at 2,000 connections.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// What all connections of a listener share.
pub(super) struct Context {
    pub(super) config: Arc<ListenConfig>,
    pub(super) stats: Arc<Stats>,
    pub(super) shutdown: ShutdownSignal,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<TokioExecutor>,
}

/// A connection whose protocol is known.
struct Opened {
    stream: Stream,
    transport: Transport,
    protocol: Protocol,
    prefix: Bytes,
}

/// HTTP/1.1 as `config` wants it.
pub(super) fn http1_builder(config: &ListenConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // It would end idle connections too; the watchdog has a deadline for each.
        .header_read_timeout(None)
        .max_headers(config.max_headers)
        .max_header_size(config.head_bytes)
        .max_buf_size(config.head_bytes.max(LEAST_BUFFER));
    builder
}

/// HTTP/2 as `config` wants it; the limits against rapid resets stay hyper's.
pub(super) fn http2_builder(config: &ListenConfig) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.h2_streams)
        .max_header_list_size(u32::try_from(config.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(config.h2_ping)
        .keep_alive_timeout(config.h2_ping_timeout)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    builder
}

/// Serves `tcp` until it is closed, late or shut down. An upgraded connection lives on in its
/// handler, together with its pass.
pub(super) async fn serve<S: HttpService>(
    context: Arc<Context>,
    service: S,
    tcp: TcpStream,
    peer: SocketAddr,
    pass: Pass,
) {
    let until = Instant::now() + context.config.first_head;
    let opened = tokio::select! {
        biased;
        // It has sent no request yet: nothing is lost.
        () = context.shutdown.begun() => return,
        opened = open(&context, tcp, until) => opened,
    };
    let Some(opened) = opened else { return };
    let config = &context.config;
    let (head, idle, write_stall) = (config.head, config.idle, config.write_stall);
    let activity = Activity::new(opened.protocol, until, Limits { head, idle, write_stall });
    let io = TokioIo::new(GuardedStream::new(
        opened.stream,
        opened.prefix,
        pass,
        Arc::clone(&activity),
        (write_stall, Arc::clone(&context.stats)),
        context.shutdown.clone(),
    ));
    let front = Front {
        inner: service,
        activity: Arc::clone(&activity),
        peer,
        transport: opened.transport,
        config: Arc::clone(config),
        stats: Arc::clone(&context.stats),
        shutdown: context.shutdown.clone(),
    };
    match opened.protocol {
        Protocol::Http1 => {
            let connection = context.http1.serve_connection(io, front).with_upgrades();
            drive(connection, |it| it.graceful_shutdown(), &activity, &context).await;
        }
        Protocol::Http2 => {
            let connection = context.http2.serve_connection(io, front);
            drive(connection, |it| it.graceful_shutdown(), &activity, &context).await;
        }
    }
}

/// TLS if this listener has it, and the protocol. `None` if the peer is late or speaks neither.
async fn open(context: &Context, tcp: TcpStream, until: Instant) -> Option<Opened> {
    if let Some(acceptor) = &context.tls {
        let Ok(handshake) = timeout_at(until, acceptor.accept(tcp)).await else {
            count(&context.stats.late_handshake);
            return None;
        };
        let Ok(tls) = handshake else {
            count(&context.stats.tls_failed);
            return None;
        };
        let protocol = match tls.get_ref().1.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            Some(_) | None => Protocol::Http1,
        };
        let stream = Stream::Tls(Box::new(tls));
        return Some(Opened { stream, transport: Transport::Tls, protocol, prefix: Bytes::new() });
    }
    let mut tcp = tcp;
    let Ok(looked) = timeout_at(until, look(&mut tcp)).await else {
        count(&context.stats.late_first_head);
        return None;
    };
    let (protocol, prefix) = looked.ok()?;
    Some(Opened { stream: Stream::Plain(tcp), transport: Transport::Plain, protocol, prefix })
}

/// HTTP/2 with prior knowledge, or HTTP/1.1 as soon as a byte differs from the preface.
async fn look(tcp: &mut TcpStream) -> io::Result<(Protocol, Bytes)> {
    let mut seen = BytesMut::with_capacity(PREFACE.len());
    while seen.len() < PREFACE.len() {
        let room = u64::try_from(PREFACE.len() - seen.len()).unwrap_or(1);
        if tcp.take(room).read_buf(&mut seen).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !PREFACE.starts_with(&seen) {
            return Ok((Protocol::Http1, seen.freeze()));
        }
    }
    Ok((Protocol::Http2, seen.freeze()))
}

/// Polls the connection under its watchdog.
async fn drive<C>(connection: C, drain: fn(Pin<&mut C>), activity: &Arc<Activity>, ctx: &Context)
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    tokio::pin!(connection);
    let mut watchdog = activity.watchdog();
    let begun = ctx.shutdown.begun();
    tokio::pin!(begun);
    let mut serving = true;
    loop {
        tokio::select! {
            biased;
            // How it ended is the peer's business; our own reasons are counted.
            _ended = connection.as_mut() => return,
            late = watchdog.late() => match late {
                Late::FirstHead => return count(&ctx.stats.late_first_head),
                Late::Head => return count(&ctx.stats.late_head),
                Late::NoWindow => return count(&ctx.stats.write_stalled),
                Late::Goodbye => return,
                Late::Idle => {
                    count(&ctx.stats.idle);
                    // Not just dropped: TLS gets its close_notify, HTTP/2 its GOAWAY.
                    drain(connection.as_mut());
                    activity.goodbye(LINGER);
                }
            },
            () = &mut begun, if serving => {
                serving = false;
                drain(connection.as_mut());
            }
            () = ctx.shutdown.over(), if !serving => return,
        }
    }
}
