//! The socket as hyper, and after an upgrade the WebSocket, sees it.

use super::activity::{Activity, Reading};
use super::gate::Pass;
use super::shutdown::ShutdownSignal;
use super::stats::{Stats, count};
use bytes::{Buf, Bytes};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_rustls::server::TlsStream;

/// TCP with or without TLS.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream that reports to the watchdog, does not wait for ever for a peer to take its bytes,
/// ends with the listener, and holds the connection's place in the caps.
pub(super) struct GuardedStream {
    stream: Stream,
    /// What the look at the protocol took from the stream.
    prefix: Bytes,
    line_ends: LineEnds,
    activity: Arc<Activity>,
    stats: Arc<Stats>,
    write_stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    shutdown: ShutdownSignal,
    /// Wakes a reader that the end of the listener would otherwise leave asleep.
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    _pass: Pass,
}

/// Spoils bare line feeds in a head.
///
/// hyper's parser takes LF for CRLF, as RFC 9112 2.2 permits. A proxy before us that does not may
/// pass a header to us that it did not see (request smuggling), so we turn the LF into NUL, which
/// makes hyper answer 400 and close. Only the head of the first request in a read is looked at:
/// where a pipelined one begins only hyper knows, and a proxy does not pipeline to us.
#[derive(Debug, Default)]
struct LineEnds {
    last: u8,
    line_is_empty: bool,
    seen_text: bool,
    done: bool,
}

impl GuardedStream {
    pub(super) fn new(
        stream: Stream,
        prefix: Bytes,
        pass: Pass,
        activity: Arc<Activity>,
        limits: (Duration, Arc<Stats>),
        shutdown: ShutdownSignal,
    ) -> Self {
        let waiting = shutdown.clone();
        let over = Box::pin(async move { waiting.over().await });
        let (write_stall, stats) = limits;
        Self {
            stream,
            prefix,
            line_ends: LineEnds::new(),
            activity,
            stats,
            write_stall,
            stalled: None,
            shutdown,
            over,
            _pass: pass,
        }
    }

    /// `Pending` only as long as `write_stall` allows.
    fn watch_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        if self.shutdown.is_over() {
            return Poll::Ready(Err(over()));
        }
        let write_stall = self.write_stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_stall)));
        if stalled.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        count(&self.stats.write_stalled);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no more bytes")))
    }

    fn fill(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.prefix.is_empty() {
            let take = self.prefix.len().min(buf.remaining());
            buf.put_slice(&self.prefix[..take]);
            self.prefix.advance(take);
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let filled = this.fill(cx, buf);
        if filled.is_pending() && this.over.as_mut().poll(cx).is_ready() {
            // Resets the future too: it must not be polled again after it is done.
            this.over = Box::pin(std::future::ready(()));
            return Poll::Ready(Err(over()));
        }
        let new = &mut buf.filled_mut()[before..];
        if !new.is_empty() {
            match this.activity.read() {
                Reading::NewHead => {
                    this.line_ends = LineEnds::new();
                    this.line_ends.spoil(new);
                }
                Reading::Head => this.line_ends.spoil(new),
                Reading::Other => {}
            }
        }
        filled
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, bytes),
        };
        if let Poll::Ready(Ok(bytes)) = &written {
            this.activity.wrote(*bytes);
        }
        this.watch_write(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_write_vectored(cx, slices),
        };
        if let Poll::Ready(Ok(bytes)) = &written {
            this.activity.wrote(*bytes);
        }
        this.watch_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(tcp) => tcp.is_write_vectored(),
            Stream::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match &mut this.stream {
            // Always ready, so it says nothing about the peer and must not stop the stall timer.
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => {
                let flushed = Pin::new(tls.as_mut()).poll_flush(cx);
                this.watch_write(cx, flushed)
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = match &mut this.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        };
        this.watch_write(cx, shut)
    }
}

impl LineEnds {
    fn new() -> Self {
        Self { line_is_empty: true, ..Self::default() }
    }

    fn spoil(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.done {
                return;
            }
            match *byte {
                b'\n' if self.last != b'\r' => {
                    *byte = 0;
                    self.done = true;
                }
                b'\n' => {
                    // Empty lines before a request line are not the end of a head.
                    self.done = self.line_is_empty && self.seen_text;
                    self.line_is_empty = true;
                }
                b'\r' => {}
                _ => {
                    self.line_is_empty = false;
                    self.seen_text = true;
                }
            }
            self.last = *byte;
        }
    }
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server has shut down")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoiled(head: &str, chunk: usize) -> String {
        let mut bytes = head.as_bytes().to_vec();
        let mut line_ends = LineEnds::new();
        for part in bytes.chunks_mut(chunk) {
            line_ends.spoil(part);
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_bare_line_feeds_of_a_head_are_spoiled() {
        let cases = [
            ("GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n\n", "GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n\n"),
            ("\r\n\r\nGET / HTTP/1.1\n\r\n", "\r\n\r\nGET / HTTP/1.1\0\r\n"),
            ("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", "GET / HTTP/1.1\r\nA: b\0C: d\r\n\r\n"),
            ("GET / HTTP/1.1\r\nA: b\r\n\n", "GET / HTTP/1.1\r\nA: b\r\n\0"),
            ("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n"),
        ];
        for (head, expected) in cases {
            for chunk in [1, 2, 3, 1000] {
                assert_eq!(spoiled(head, chunk), expected, "{head:?} in chunks of {chunk}");
            }
        }
    }
}
