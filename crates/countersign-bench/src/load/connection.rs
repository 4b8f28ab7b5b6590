//! HTTP/1.1 with keep-alive, as thin as a load generator needs it.

use crate::failure::Result;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// An answer that was read as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HttpAnswer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// A connection over which one request after the other goes.
#[derive(Debug)]
pub(crate) struct Connection<T> {
    stream: T,
    buffer: Vec<u8>,
}

/// The server closed the connection before its answer was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server closed a connection before its answer was whole")]
pub(crate) struct Closed;

/// TCP without delay, from an address of our own if one is given.
pub(crate) async fn connect(to: SocketAddr, from: Option<IpAddr>) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Over a stream that is open.
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, buffer: Vec::with_capacity(8 * 1024) }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<HttpAnswer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head_len, body_len) = loop {
            if let Some(found) = head(&self.buffer)? {
                break found;
            }
            self.fill().await?;
        };
        while self.buffer.len() < head_len + body_len {
            self.fill().await?;
        }
        let (head, body) = self.buffer.split_at(head_len);
        Ok(HttpAnswer { status: status(head)?, head, body })
    }

    async fn fill(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Closed.into()),
            _ => Ok(()),
        }
    }
}

/// Lengths of head and body, once the head is whole.
fn head(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let length = header(head, "content-length").ok_or("an answer has no Content-Length")?;
    Ok(Some((end + 4, length.parse()?)))
}

/// The value of a header field.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn status(head: &[u8]) -> Result<u16> {
    let digits = head.get(9..12).ok_or("an answer has no status")?;
    Ok(std::str::from_utf8(digits)?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-length: 3\r\nA: b\r\n\r\nabc";

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let end = ANSWER.len() - 3;
        assert_eq!(head(&ANSWER[..end - 1]).unwrap(), None);
        assert_eq!(head(ANSWER).unwrap(), Some((end, 3)));
        assert_eq!(status(ANSWER).unwrap(), 401);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
