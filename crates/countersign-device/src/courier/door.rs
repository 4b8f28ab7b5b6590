//! What a master answers to couriers.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// The slave is given ten seconds for a chunk.
const DEADLINE: Duration = Duration::from_secs(20);
/// Longest answer.
const ANSWER_MAX: usize = 16 * 1024;

/// Where updates go in.
pub(super) struct Door {
    pub(super) to: SocketAddr,
    pub(super) path: &'static str,
}

/// What came back.
pub(super) enum Answer {
    Wanted {
        chunk: u32,
        of: u32,
    },
    Ready,
    Refused(String),
    /// Nobody answered, or not now.
    Later(String),
}

#[derive(Deserialize)]
struct Progress {
    #[serde(default)]
    chunk: u32,
    #[serde(default)]
    of: u32,
    ready: bool,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

impl Door {
    pub(super) async fn release(&self, frame: &[u8]) -> Answer {
        self.ask(self.path.to_owned(), frame.to_vec()).await
    }

    pub(super) async fn chunk(&self, number: u32, bytes: &[u8]) -> Answer {
        let body = [&number.to_be_bytes(), bytes].concat();
        self.ask(format!("{}/chunk", self.path), body).await
    }

    async fn ask(&self, path: String, body: Vec<u8>) -> Answer {
        match tokio::time::timeout(DEADLINE, self.post(path, body)).await {
            Ok(Ok((status, body))) => read(status, &body),
            Ok(Err(error)) => Answer::Later(format!("{} does not answer: {error}", self.to)),
            Err(_) => Answer::Later(format!("{} does not answer", self.to)),
        }
    }

    async fn post(
        &self,
        path: String,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
        let stream = TcpStream::connect(self.to).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::post(path)
            .header(header::HOST, self.to.to_string())
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::from(body)))?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await?.to_bytes();
        connection.abort();
        Ok((status, body))
    }
}

fn read(status: StatusCode, body: &[u8]) -> Answer {
    if status == StatusCode::OK {
        return match serde_json::from_slice(body) {
            Ok(Progress { ready: true, .. }) => Answer::Ready,
            Ok(Progress { chunk, of, ready: false }) => Answer::Wanted { chunk, of },
            Err(error) => Answer::Later(format!("the answer cannot be read: {error}")),
        };
    }
    match serde_json::from_slice(body) {
        // Lobbies end, and slaves come back.
        Ok(Problem { code, detail }) if code == "playing" || status.is_server_error() => {
            Answer::Later(detail)
        }
        Ok(Problem { detail, .. }) => Answer::Refused(detail),
        Err(error) => Answer::Later(format!("status {status}, and no reason: {error}")),
    }
}
