//! A small blocking HTTP/1.1 client that keeps its connection and sends whatever it is told to.

use super::{PATIENCE, instant};
use countersign_server::ingress::MEDIA_TYPE;
use socket2::{Domain, Socket, Type};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The server closes idle connections; an older one is not used again.
const REUSE_WITHIN: Duration = Duration::from_secs(20);

/// Where a server listens. Shared, because it changes with a restart.
#[derive(Debug, Clone)]
pub(crate) struct Address(Arc<Mutex<SocketAddr>>);

impl Address {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(address)))
    }

    pub(crate) fn get(&self) -> SocketAddr {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, address: SocketAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

/// One client: one connection at a time, made when it is needed.
#[derive(Debug)]
pub(crate) struct Http {
    to: Address,
    from: Option<Ipv4Addr>,
    connection: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    reader: BufReader<TcpStream>,
    to: SocketAddr,
    used: Instant,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpAnswer {
    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it says that it is a frame. Whether it really is signed, `Device::open` finds out.
    pub(crate) fn is_frame(&self) -> bool {
        self.header("content-type") == Some(MEDIA_TYPE)
    }

    /// The name of an unsigned refusal: `malformed`, `overloaded` …
    pub(crate) fn problem(&self) -> Option<String> {
        if self.header("content-type") != Some("application/problem+json") {
            return None;
        }
        Some(self.json()["title"].as_str().unwrap().to_owned())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Http {
    pub(crate) fn new(to: &Address) -> Self {
        Self { to: to.clone(), from: None, connection: None }
    }

    /// From another address of the loopback, as another network.
    pub(crate) fn from(to: &Address, from: Ipv4Addr) -> Self {
        Self { from: Some(from), ..Self::new(to) }
    }

    /// Posts a frame.
    pub(crate) fn post(&mut self, path: &str, frame: &[u8]) -> HttpAnswer {
        self.try_post(path, frame).unwrap()
    }

    /// Posts a frame; also fails when the server does not answer. Never sends twice.
    pub(crate) fn try_post(&mut self, path: &str, frame: &[u8]) -> io::Result<HttpAnswer> {
        self.send("POST", path, &[("Content-Type", MEDIA_TYPE)], frame)
    }

    pub(crate) fn post_json(&mut self, path: &str, body: &serde_json::Value) -> HttpAnswer {
        let body = body.to_string();
        self.send("POST", path, &[("Content-Type", "application/json")], body.as_bytes()).unwrap()
    }

    pub(crate) fn get(&mut self, path: &str) -> HttpAnswer {
        self.send("GET", path, &[], b"").unwrap()
    }

    /// Any request with a body.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<HttpAnswer> {
        let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
        let mut connection = self.connect()?;
        connection.reader.get_mut().write_all(&bytes)?;
        let answer = read_answer(&mut connection.reader)?;
        if answer.header("connection") != Some("close") {
            connection.used = instant();
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    fn connect(&mut self) -> io::Result<Connection> {
        let to = self.to.get();
        let usable = |old: &Connection| old.to == to && old.used.elapsed() < REUSE_WITHIN;
        if let Some(connection) = self.connection.take().filter(usable) {
            return Ok(connection);
        }
        let stream = connect(to, self.from)?;
        Ok(Connection { reader: BufReader::new(stream), to, used: instant() })
    }
}

/// A connection with deadlines, from a given address if one is given.
pub(crate) fn connect(to: SocketAddr, from: Option<Ipv4Addr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    if let Some(from) = from {
        socket.bind(&SocketAddr::from((from, 0)).into())?;
    }
    socket.connect_timeout(&to.into(), PATIENCE)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads one answer: head, and a body of a declared length, in chunks, or until the end.
pub(crate) fn read_answer(reader: &mut impl BufRead) -> io::Result<HttpAnswer> {
    let line = read_line(reader)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status in {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = HttpAnswer { status, headers, body: Vec::new() };
    let length = answer.header("content-length").map(|text| text.parse().map_err(io::Error::other));
    answer.body = match length {
        Some(length) => read_exactly(reader, length?)?,
        None if answer.header("transfer-encoding") == Some("chunked") => read_chunks(reader)?,
        None if matches!(status, 101 | 204 | 304) => Vec::new(),
        None => {
            let mut body = Vec::new();
            reader.read_to_end(&mut body)?;
            body
        }
    };
    Ok(answer)
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length =
            usize::from_str_radix(read_line(reader)?.trim(), 16).map_err(io::Error::other)?;
        body.extend_from_slice(&read_exactly(reader, length)?);
        read_line(reader)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_exactly(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
