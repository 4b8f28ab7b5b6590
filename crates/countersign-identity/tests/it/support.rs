//! Peers, clocks and fixtures.

use countersign::{Fingerprint, Realm, Timestamp};
use countersign_identity::code::Pepper;
use countersign_identity::config::{LoginConfig, MailMode, SmsConfig, SmsMode};
use countersign_identity::flow::{Identity, NewDevice};
use countersign_identity::secret::Secret;
use countersign_identity::sender::Wake;
use countersign_identity::sender::sms::SmsText;
use countersign_identity::webhook::{WebhookHeaders, WebhookSecret};
use countersign_store::{Channel, MemoryStore, Message, NewMessage, OutboxId, Store};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

pub(crate) const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Nothing in these tests takes this long; a test that waits longer has failed.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("a peer did not answer")
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A clock that the test moves.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START.as_millis())))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn reader(&self) -> impl Fn() -> Timestamp + Clone + Send + Sync + 'static {
        let clock = self.clone();
        move || clock.now()
    }
}

pub(crate) fn sms_config(countries: &[&str]) -> SmsConfig {
    SmsConfig {
        mode: SmsMode::Dev,
        countries: countries.iter().map(|country| country.parse().unwrap()).collect(),
        ..SmsConfig::default()
    }
}

/// A flow over a memory store, with the network limits out of the way unless a test configures them.
pub(crate) fn identity(
    config: LoginConfig,
    sms: &SmsConfig,
) -> (Identity<MemoryStore>, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    let realm = Realm::new("league", "league.example.org").unwrap();
    let identity = Identity::new(
        Arc::clone(&store),
        realm,
        config,
        MailMode::Dev,
        sms,
        Pepper::from_bytes([7; 32]),
        Wake::default(),
    );
    (identity, store)
}

pub(crate) fn generous() -> LoginConfig {
    LoginConfig { network_burst: 10_000, pow_bits: 8, ..LoginConfig::default() }
}

pub(crate) fn device(number: u8, address: &str) -> NewDevice {
    NewDevice {
        public_key: [number; 32],
        fingerprint: Fingerprint::from_bytes([number; 32]),
        address: address.to_owned(),
        name: format!("phone {number}"),
        platform: "android".to_owned(),
        scopes_if_new: vec!["user".to_owned()],
        max_per_user: 2,
    }
}

/// Takes everything out of the outbox, as a sender would.
pub(crate) async fn take_messages(store: &MemoryStore, now: Timestamp) -> Vec<Message> {
    let messages = store.claim_messages(100, now, seconds(60)).await.unwrap();
    for message in &messages {
        store.message_sent(message.id).await.unwrap();
    }
    messages
}

/// The code in a message, as its reader finds it.
pub(crate) fn code_in(message: &Message) -> String {
    let body = &message.content.body;
    match message.content.channel {
        Channel::Email => {
            let line = body.lines().find_map(|line| line.strip_prefix("    "));
            line.expect("a line with the code").to_owned()
        }
        Channel::Sms => body.lines().next().unwrap().to_owned(),
    }
}

pub(crate) fn email(body: &str) -> NewMessage {
    NewMessage {
        channel: Channel::Email,
        user: None,
        to: "ana@example.org".to_owned(),
        subject: "Votre code d'été".to_owned(),
        body: body.to_owned(),
        expires: START.plus(seconds(600)),
    }
}

pub(crate) fn sms(otp: &str) -> NewMessage {
    NewMessage {
        channel: Channel::Sms,
        user: None,
        to: "+33612345678".to_owned(),
        subject: String::new(),
        body: SmsText::with_code(otp, &format!("{otp} is your code.")).into_body(),
        expires: START.plus(seconds(600)),
    }
}

pub(crate) fn message(content: NewMessage) -> Message {
    Message { id: OutboxId(42), content, failures: 0 }
}

/// A certificate authority, and a certificate of it for 127.0.0.1 and localhost, as PEM files.
pub(crate) fn certificates(directory: &Path) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let leaf = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(directory.join("ca.pem"), ca.pem()).unwrap();
    std::fs::write(directory.join("cert.pem"), leaf.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
}

/// An `aiosmtpd` process; ends with the value.
pub(crate) struct SmtpServer {
    child: Child,
    pub(crate) port: u16,
}

impl SmtpServer {
    /// Starts a server that puts mail into the maildir `mail` below `directory`. Modules in it can be used as handlers.
    pub(crate) fn start(directory: &Path, handler: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new("aiosmtpd")
            .args(["-n", "-d", "-d", "-l", "127.0.0.1:0", "-c", handler])
            .args(arguments)
            .arg("mail")
            .current_dir(directory)
            .env("PYTHONPATH", directory)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("aiosmtpd must be installed: apt-get install python3-aiosmtpd");
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let port = log.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.split_once("laddr=('127.0.0.1', ").and_then(|(_, rest)| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().ok()
            });
            seen.push(line);
            port
        });
        let server = Self { child, port: port.unwrap_or_default() };
        assert!(port.is_some(), "aiosmtpd did not start: {seen:?}");
        // Whoever stops reading a pipe stops its writer in the end.
        std::thread::spawn(move || log.for_each(drop));
        server
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The texts of all mail that arrived.
pub(crate) fn mails(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory.join("mail/new")) else { return Vec::new() };
    entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// One call that the webhook got; it is answered when the test says so.
pub(crate) struct Call {
    pub(crate) headers: WebhookHeaders,
    pub(crate) body: Vec<u8>,
    answer: oneshot::Sender<u16>,
}

impl Call {
    pub(crate) fn answer(self, status: u16) {
        let _ = self.answer.send(status);
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn otp(&self) -> String {
        self.json()["sms"]["otp"].as_str().unwrap().to_owned()
    }
}

/// A real HTTP listener; ends with the runtime of the test.
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) calls: mpsc::UnboundedReceiver<Call>,
}

impl Webhook {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/sms?tenant=1", listener.local_addr().unwrap());
        let (sender, calls) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
        Self { url, calls }
    }

    pub(crate) fn config(&self) -> SmsConfig {
        SmsConfig {
            mode: SmsMode::Webhook,
            url: self.url.clone(),
            secret: Some(Secret::new(WEBHOOK_SECRET.to_owned())),
            ..sms_config(&["FR"])
        }
    }

    pub(crate) async fn next(&mut self) -> Call {
        soon(self.calls.recv()).await.expect("the listener lives")
    }
}

pub(crate) fn webhook_secret() -> WebhookSecret {
    WEBHOOK_SECRET.parse().unwrap()
}

async fn serve(mut stream: TcpStream, calls: mpsc::UnboundedSender<Call>) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    assert!(head.starts_with("POST /hooks/sms?tenant=1 HTTP/1.1\r\n"), "{head}");
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    assert_eq!(header("content-type"), "application/json");
    let length: usize = header("content-length").parse().unwrap();
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await.unwrap();
    }
    let (answer, answered) = oneshot::channel();
    let headers = WebhookHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let _ = calls.send(Call { headers, body: bytes[end..].to_vec(), answer });
    if let Ok(status) = answered.await {
        let text = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(text.as_bytes()).await;
    }
}
