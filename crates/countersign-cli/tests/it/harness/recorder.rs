//! A service of the test's own behind the gateway: it notes what reaches it, and answers as the test wishes.

use super::eventually;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded {
    /// `POST /notes?x=1 HTTP/1.1`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The only value of a header.
    pub(crate) fn one(&self, name: &str) -> &str {
        match self.all(name)[..] {
            [value] => value,
            ref other => panic!("{name}: {other:?} in {self:?}"),
        }
    }
}

/// What is written to the connection; then it is closed.
pub(crate) type Answer = Vec<u8>;

/// A listener on the loopback; lives as long as the test program.
#[derive(Debug)]
pub(crate) struct Recorder {
    calls: Arc<Mutex<Vec<Recorded>>>,
    pub(crate) port: u16,
}

impl Recorder {
    /// Answers each request with what `answer` returns; it may take its time.
    pub(crate) fn start(answer: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&calls), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &noted, &*answer));
            }
        });
        Self { calls, port }
    }

    /// Answers 200 with this JSON.
    pub(crate) fn saying(json: &'static str) -> Self {
        Self::start(move |_| answer(200, json.as_bytes()))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn calls(&self) -> Vec<Recorded> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for that many requests and returns the last of them.
    pub(crate) fn call(&self, count: usize) -> Recorded {
        eventually("a request arrives", || self.calls().get(count - 1).cloned())
    }
}

/// An answer in JSON.
pub(crate) fn answer(status: u16, body: &[u8]) -> Answer {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn serve(
    mut stream: TcpStream,
    noted: &Mutex<Vec<Recorded>>,
    answer: &(dyn Fn(&Recorded) -> Answer + Send + Sync),
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Ok((line, headers)) = read_head(&mut reader) else { return };
    let mut call = Recorded { line, headers, body: Vec::new() };
    let length = call.all("content-length").first().map_or(0, |text| text.parse().unwrap());
    call.body = vec![0; length];
    if reader.read_exact(&mut call.body).is_err() {
        return;
    }
    noted.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
    // Whoever asked may have gone away meanwhile.
    drop(stream.write_all(&answer(&call)));
}

/// The first line and the headers of a message, with names in lower case.
pub(super) fn read_head(reader: &mut impl BufRead) -> io::Result<(String, Vec<(String, String)>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end_matches(['\r', '\n']) {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    let headers = headers.collect();
    Ok((lines.swap_remove(0), headers))
}
