//! A server, an honest client, and a client that writes what it likes.

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_listen::{
    BodyError, Certificate, ConnectionInfo, ListenConfig, Listener, ShutdownReport, Stats,
    Transport, read_body,
};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// The deadline that a test is about.
pub(super) const SHORT: Duration = Duration::from_millis(300);
/// A deadline that a test is not about.
pub(super) const NEVER: Duration = Duration::from_secs(600);
/// When a test gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// What `POST /echo` takes.
pub(super) const MOST: usize = 1024;

/// Bytes of `GET /big`: more than the kernel buffers.
pub(super) const BIG: usize = 64 << 20;

pub(super) const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// No deadline but those that a test sets.
pub(super) fn unhurried() -> ListenConfig {
    ListenConfig {
        first_head: NEVER,
        head: NEVER,
        idle: NEVER,
        write_stall: NEVER,
        shutdown_grace: PATIENCE,
        ..ListenConfig::default()
    }
}

pub(super) struct Server {
    pub(super) addr: SocketAddr,
    pub(super) stats: Arc<Stats>,
    pub(super) probe: Arc<Probe>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<ShutdownReport>,
}

/// What handlers tell the test, and wait for.
pub(super) struct Probe {
    pub(super) entered: Semaphore,
    pub(super) release: Semaphore,
    pub(super) smuggled: AtomicUsize,
}

impl Server {
    pub(super) fn plain(config: ListenConfig) -> Self {
        Self::start(Listener::plain(loopback(), config).unwrap())
    }

    pub(super) fn tls(config: ListenConfig, certificate: &Arc<Certificate>) -> Self {
        Self::start(Listener::tls(loopback(), config, certificate).unwrap())
    }

    fn start(listener: Listener) -> Self {
        let (addr, stats) = (listener.local_addr(), listener.stats());
        let probe = Arc::new(Probe {
            entered: Semaphore::new(0),
            release: Semaphore::new(0),
            smuggled: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let router = router(Arc::clone(&probe));
        let served = tokio::spawn(listener.serve(router, async {
            let _dropped = stopped.await;
        }));
        Self { addr, stats, probe, stop, served }
    }

    /// Waits until `/slow` has been entered once more.
    pub(super) async fn entered(&self) {
        timeout(PATIENCE, self.probe.entered.acquire()).await.unwrap().unwrap().forget();
    }

    /// Begins the shutdown; the report comes when it is over.
    pub(super) fn shut_down(self) -> JoinHandle<ShutdownReport> {
        self.stop.send(()).unwrap();
        self.served
    }
}

pub(super) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn router(probe: Arc<Probe>) -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(echo))
        .route("/whoami", get(whoami))
        .route("/slow", get(slow))
        .route("/big", get(|| async { vec![b'x'; BIG] }))
        .route("/smuggled", get(smuggled).post(smuggled))
        .route("/ws", get(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(ws) }))
        .route("/ws-polite", get(ws_polite))
        .with_state(probe)
}

async fn echo(body: Body) -> Response {
    match read_body(body, MOST, SHORT).await {
        Ok(bytes) => bytes.into_response(),
        Err(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Err(BodyError::Broken) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn whoami(Extension(info): Extension<ConnectionInfo>) -> String {
    let transport = match info.transport {
        Transport::Plain => "plain",
        Transport::Tls => "tls",
    };
    format!("{} {} {transport}", info.peer.ip(), info.client_ip)
}

async fn slow(State(probe): State<Arc<Probe>>) -> &'static str {
    probe.entered.add_permits(1);
    probe.release.acquire().await.unwrap().forget();
    "done"
}

async fn smuggled(State(probe): State<Arc<Probe>>) {
    probe.smuggled.fetch_add(1, SeqCst);
}

async fn ws(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn ws_polite(
    upgrade: WebSocketUpgrade,
    Extension(info): Extension<ConnectionInfo>,
) -> Response {
    upgrade.on_upgrade(|mut socket| async move {
        info.shutdown.begun().await;
        let _gone = socket.send(Message::Close(None)).await;
    })
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A client that writes bytes.
pub(super) struct Raw(Box<dyn Duplex>);

/// What `Raw` read of one answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Raw {
    pub(super) async fn connect(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).await.unwrap())
    }

    /// From another loopback address.
    pub(super) async fn connect_from(from: [u8; 4], addr: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        Self::over(socket.connect(addr).await.unwrap())
    }

    pub(super) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Box::new(stream))
    }

    /// Fails silently: the server may have closed, which `until_closed` then shows.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok() && self.0.flush().await.is_ok()
    }

    /// Everything until the server closes; a reset is a close too.
    pub(super) async fn until_closed(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let read = timeout(PATIENCE, self.0.read_to_end(&mut all)).await;
        assert!(read.is_ok(), "the server did not close after {}", all.escape_ascii());
        all
    }

    /// At most `most` bytes more; none at the end.
    pub(super) async fn read_some(&mut self, most: u64, into: &mut Vec<u8>) {
        let mut part = (&mut self.0).take(most);
        timeout(PATIENCE, part.read_to_end(into)).await.expect("nothing more comes").unwrap();
    }

    pub(super) async fn exactly<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        timeout(PATIENCE, self.0.read_exact(&mut bytes)).await.unwrap().unwrap();
        bytes
    }

    /// One answer with a Content-Length or without a body.
    pub(super) async fn answer(&mut self) -> Answer {
        timeout(PATIENCE, self.try_answer()).await.expect("no answer").expect("a broken answer")
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        self.answer().await
    }

    async fn try_answer(&mut self) -> std::io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).await?;
        Ok(Answer { status, head, body })
    }
}

/// Runs `slow` while an honest client is served on one connection after the other.
pub(super) async fn beside_an_honest_client<T>(
    addr: SocketAddr,
    slow: impl Future<Output = T>,
) -> T {
    tokio::pin!(slow);
    let mut served = 0;
    loop {
        tokio::select! {
            done = &mut slow => {
                assert!(served > 0, "the honest client was never served");
                return done;
            }
            answer = timeout(PATIENCE, async { Raw::connect(addr).await.get("/").await }) => {
                assert_eq!(answer.expect("the honest client had to wait").body, b"hello");
                served += 1;
            }
        }
    }
}

/// How long `work` takes must lie between the deadline (a timer's tick early) and far above.
pub(super) async fn takes_about<T>(deadline: Duration, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.await;
    let took = began.elapsed();
    assert!(took + Duration::from_millis(50) >= deadline, "closed after {took:?} already");
    assert!(took < deadline + Duration::from_secs(10), "closed only after {took:?}");
    done
}

/// Waits for a counter or the like that has no event of its own.
pub(super) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        sleep(Duration::from_millis(2)).await;
    }
}

/// How many answers there are in what a connection returned, and the status of the first.
pub(super) fn answers(returned: &[u8]) -> (usize, Option<u16>) {
    let text = String::from_utf8_lossy(returned);
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    (text.matches("HTTP/1.1 ").count(), status)
}

/// Upgrades to a WebSocket.
pub(super) async fn upgrade(client: &mut Raw, path: &str) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    client.send(request.as_bytes()).await;
    assert_eq!(client.answer().await.status, 101);
}

/// Sends two line feeds (masked with zeros; nothing may take them for the end of a head) and
/// expects them back.
pub(super) async fn ws_echo(client: &mut Raw) {
    assert!(client.send(&[0x81, 0x82, 0, 0, 0, 0, b'\n', b'\n']).await);
    assert_eq!(client.exactly::<4>().await, [0x81, 2, b'\n', b'\n']);
}
