//! The worker: what is enqueued leaves, once if possible, and never too late.

use crate::support::{
    Clock, START, SmtpServer, Webhook, certificates, code_in, email, generous, mails, seconds, sms,
    sms_config, soon,
};
use countersign::{Fingerprint, Realm, Timestamp};
use countersign_identity::Identity;
use countersign_identity::code::{Pepper, TypedCode};
use countersign_identity::config::{EmailConfig, MailMode, SmsConfig};
use countersign_identity::flow::CodeRequest;
use countersign_identity::sender::{Outbox, OutboxCounts, OutboxSettings, Senders, Wake};
use countersign_store::{MemoryStore, Store};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing_subscriber::fmt::MakeWriter;

struct Worker {
    store: Arc<MemoryStore>,
    outbox: Arc<Outbox<MemoryStore>>,
    wake: Wake,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

fn fast() -> OutboxSettings {
    OutboxSettings { poll: Duration::from_millis(5), ..OutboxSettings::default() }
}

impl Worker {
    fn start<C>(
        store: Arc<MemoryStore>,
        email: &EmailConfig,
        sms: &SmsConfig,
        settings: OutboxSettings,
        clock: C,
    ) -> Self
    where
        C: Fn() -> Timestamp + Clone + Send + Sync + 'static,
    {
        let (wake, (stop, stopped)) = (Wake::default(), oneshot::channel::<()>());
        let senders = Senders::from_config(email, sms).unwrap();
        let outbox = Arc::new(Outbox::new(Arc::clone(&store), senders, wake.clone(), settings));
        let running = tokio::spawn(Arc::clone(&outbox).run(clock, async {
            let _ = stopped.await;
        }));
        Self { store, outbox, wake, stop, running }
    }

    fn texts(webhook: &Webhook, settings: OutboxSettings, clock: &Clock) -> Self {
        let store = Arc::new(MemoryStore::default());
        let email = EmailConfig::default();
        Self::start(store, &email, &webhook.config(), settings, clock.reader())
    }

    async fn enqueue(&self, otp: &str) {
        self.store.enqueue_message(sms(otp), START).await.unwrap();
    }

    async fn until(&self, enough: impl Fn(&OutboxCounts) -> bool) -> OutboxCounts {
        *soon(self.outbox.counts().wait_for(|counts| enough(counts))).await.unwrap()
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        soon(self.running).await.unwrap();
    }
}

#[tokio::test]
async fn a_wake_up_sends_without_waiting_for_the_poll() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let slow = OutboxSettings { poll: seconds(3600), ..OutboxSettings::default() };
    let worker = Worker::texts(&webhook, slow, &clock);
    for otp in ["111111", "222222"] {
        worker.enqueue(otp).await;
        worker.wake.wake();
        let call = webhook.next().await;
        assert_eq!(call.otp(), otp);
        call.answer(200);
    }
    worker.until(|counts| counts.sent == 2).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_failure_is_repeated_later_under_the_same_id() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let worker = Worker::texts(&webhook, fast(), &clock);
    worker.enqueue("111111").await;
    let first = webhook.next().await;
    let id = first.headers.id.clone();
    first.answer(503);
    worker.until(|counts| counts.failed == 1).await;
    assert!(webhook.calls.try_recv().is_err(), "not before its time");
    clock.advance(seconds(2));
    let second = webhook.next().await;
    assert_eq!(second.headers.id, id);
    assert_ne!(second.headers.timestamp, START.as_millis().to_string());
    second.answer(200);
    assert_eq!(worker.until(|counts| counts.sent == 1).await.failed, 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_refused_message_is_given_up() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let worker = Worker::texts(&webhook, fast(), &clock);
    worker.enqueue("111111").await;
    webhook.next().await.answer(422);
    worker.until(|counts| counts.refused == 1).await;
    let left = worker.store.claim_messages(9, START.plus(seconds(300)), seconds(1)).await;
    assert!(left.unwrap().is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn no_expired_message_is_ever_sent() {
    let mut webhook = Webhook::start().await;
    let store = Arc::new(MemoryStore::default());
    store.enqueue_message(sms("111111"), START).await.unwrap();
    // Claimed one millisecond before its end, looked at one after.
    let ticks = Arc::new(AtomicU64::new(START.as_millis() + 599_999));
    let clock = move || Timestamp::from_millis(ticks.fetch_add(2, Ordering::SeqCst));
    let email = EmailConfig::default();
    let worker = Worker::start(store, &email, &webhook.config(), fast(), clock);
    assert_eq!(worker.until(|counts| counts.expired == 1).await.sent, 0);
    assert!(webhook.calls.try_recv().is_err());
    worker.stop().await;
}

#[tokio::test]
async fn retries_end_when_the_code_does() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let worker = Worker::texts(&webhook, fast(), &clock);
    worker.enqueue("111111").await;
    let call = webhook.next().await;
    clock.advance(Duration::from_millis(599_500));
    call.answer(503);
    let counts = worker.until(|counts| counts.expired == 1).await;
    assert_eq!((counts.sent, counts.failed), (0, 0));
    worker.stop().await;
}

#[tokio::test]
async fn a_message_of_a_crashed_sender_goes_out_when_its_lease_ends() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let store = Arc::new(MemoryStore::default());
    store.enqueue_message(sms("111111"), START).await.unwrap();
    let claimed = store.claim_messages(1, START, seconds(90)).await.unwrap();
    assert_eq!(claimed.len(), 1, "and then the process dies");
    store.enqueue_message(sms("222222"), START).await.unwrap();
    let email = EmailConfig::default();
    let worker = Worker::start(store, &email, &webhook.config(), fast(), clock.reader());
    let other = webhook.next().await;
    assert_eq!(other.otp(), "222222");
    other.answer(200);
    worker.until(|counts| counts.sent == 1).await;
    clock.advance(seconds(90));
    let lost = webhook.next().await;
    assert_eq!(lost.otp(), "111111");
    lost.answer(200);
    worker.until(|counts| counts.sent == 2).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_slow_receiver_gets_a_bounded_number_at_once_and_is_given_up_in_time() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let settings = OutboxSettings { concurrency: 2, ..fast() };
    let worker = Worker::texts(&webhook, settings, &clock);
    for otp in ["1", "2", "3", "4", "5"] {
        worker.enqueue(otp).await;
    }
    let mut held = vec![webhook.next().await, webhook.next().await];
    for _ in 0..3 {
        assert!(webhook.calls.try_recv().is_err(), "only two at once");
        held.remove(0).answer(200);
        held.push(webhook.next().await);
    }
    held.into_iter().for_each(|call| call.answer(200));
    worker.until(|counts| counts.sent == 5).await;
    worker.stop().await;

    let impatient = OutboxSettings { send_timeout: Duration::from_millis(50), ..fast() };
    let worker = Worker::texts(&webhook, impatient, &clock);
    worker.enqueue("6").await;
    let silent = webhook.next().await;
    worker.until(|counts| counts.failed == 1).await;
    drop(silent);
    worker.stop().await;
}

#[tokio::test]
async fn shutting_down_waits_for_what_is_under_way() {
    let (mut webhook, clock) = (Webhook::start().await, Clock::new());
    let worker = Worker::texts(&webhook, fast(), &clock);
    worker.enqueue("111111").await;
    let call = webhook.next().await;
    let (store, counts) = (Arc::clone(&worker.store), worker.outbox.counts());
    worker.stop.send(()).unwrap();
    call.answer(200);
    soon(worker.running).await.unwrap();
    assert_eq!(counts.borrow().sent, 1);
    let left = store.claim_messages(9, START.plus(seconds(300)), seconds(1)).await;
    assert!(left.unwrap().is_empty());
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_login_by_mail_from_end_to_end_leaves_neither_code_nor_address_in_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For the whole process: what the other tests log must be clean as well, and callsites are cached across threads.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    let tls = ["--tlscert", "cert.pem", "--tlskey", "key.pem"];
    let server = SmtpServer::start(directory.path(), "aiosmtpd.handlers.Mailbox", &tls);
    let config = EmailConfig {
        mode: MailMode::Starttls,
        host: "127.0.0.1".into(),
        port: Some(server.port),
        from: "League <login@league.example.org>".into(),
        ca_file: Some(directory.path().join("ca.pem")),
        ..EmailConfig::default()
    };
    let (clock, store) = (Clock::new(), Arc::new(MemoryStore::default()));
    let slow = OutboxSettings { poll: seconds(3600), ..OutboxSettings::default() };
    let off = sms_config(&[]);
    let off = SmsConfig { mode: countersign_identity::config::SmsMode::Off, ..off };
    let worker = Worker::start(Arc::clone(&store), &config, &off, slow, clock.reader());
    let flow = Identity::new(
        Arc::clone(&store),
        Realm::new("league", "league.example.org").unwrap(),
        generous(),
        config.mode,
        &off,
        Pepper::from_bytes([7; 32]),
        worker.wake.clone(),
    );
    let ip = std::net::IpAddr::from([127, 0, 0, 1]);
    let key = Fingerprint::from_bytes([1; 32]);
    let view = flow.open("ana@example.org", key, ip, START).await.unwrap();
    let login = view.login_id.parse().unwrap();
    flow.send_code(login, CodeRequest::default(), ip, START).await.unwrap();
    worker.until(|counts| counts.sent == 1).await;
    let mut arrived = crate::support::message(email(""));
    arrived.content.body = mails(directory.path()).remove(0);
    let code = code_in(&arrived);
    // One more that fails, with the server's answer in the log.
    let mut impossible = email("secret");
    impossible.to = "ana@example".repeat(30) + ".org";
    store.enqueue_message(impossible, START).await.unwrap();
    worker.wake.wake();
    worker.until(|counts| counts.refused + counts.failed == 1).await;
    let device = crate::support::device(1, "ana@example.org");
    flow.register(login, &TypedCode::normalise(&code), device, ip, START).await.unwrap();
    worker.stop().await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a message was not sent"), "{log}");
    for secret in [code.as_str(), "ana@example", "secret"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
