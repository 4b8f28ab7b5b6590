//! Orders whose challenges a provider publishes, through a real webhook.

use crate::clock;
use crate::device::{HOST, ID, Master};
use crate::orders::config;
use crate::pebble::Site;
use countersign_broker::{Broker, BrokerConfig, DnsMode, Next, OpenError, State};
use countersign_dns::{Responder, Zone};
use countersign_identity::secret::Secret;
use countersign_identity::webhook::{WebhookHeaders, WebhookSecret};
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A provider: DNS, and a webhook that changes it for whoever knows the secret.
struct Provider {
    dns: SocketAddr,
    hook: SocketAddr,
    /// What was asked of it, `publish` or `withdraw`.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    async fn start() -> Self {
        let zone = Zone::league("glt.example.org", Ipv4Addr::LOCALHOST, "ns.example.org").unwrap();
        let zone = Arc::new(zone);
        let responder = Responder::bind(LOCAL, Arc::clone(&zone)).await.unwrap();
        let dns = responder.local_addr().unwrap();
        tokio::spawn(responder.run(pending()));
        let listener = TcpListener::bind(LOCAL).await.unwrap();
        let hook = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (zone, noted) = (Arc::clone(&zone), Arc::clone(&noted));
                tokio::spawn(async move { serve(stream, &zone, &noted).await });
            }
        });
        Self { dns, hook, asked }
    }

    fn config(&self, site: &Site, secret: &str) -> BrokerConfig {
        BrokerConfig {
            dns: DnsMode::Hook,
            hook_url: format!("http://{}/dns", self.hook),
            hook_secret: Some(Secret::new(secret.into())),
            ..config(site)
        }
    }
}

/// HTTP/1.1 with `Content-Length`, as the client sends it.
async fn serve(stream: TcpStream, zone: &Zone, noted: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return;
        }
        assert_eq!(line, "POST /dns HTTP/1.1\r\n");
        let (id, timestamp, signature) = (String::new(), String::new(), String::new());
        let (mut headers, mut length) = (WebhookHeaders { id, timestamp, signature }, 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "webhook-id" => headers.id = value.into(),
                "webhook-timestamp" => headers.timestamp = value.into(),
                "webhook-signature" => headers.signature = value.into(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let secret: WebhookSecret = SECRET.parse().unwrap();
        let answer = match secret.verify(&headers, &body, clock::now()) {
            Err(_) => "401 Unauthorized",
            Ok(()) => {
                let call: serde_json::Value = serde_json::from_slice(&body).unwrap();
                let text = |name: &str| call[name].as_str().unwrap().to_owned();
                let name = text("name");
                let host = name.strip_prefix("_acme-challenge.").unwrap();
                assert_eq!((host, &text("type")[..]), (HOST, "TXT"));
                match &text("action")[..] {
                    "publish" => zone.publish(host, &text("value")).unwrap(),
                    "withdraw" => zone.withdraw(host, &text("value")).unwrap(),
                    other => panic!("{other}"),
                }
                noted.lock().unwrap().push(text("action"));
                "204 No Content"
            }
        };
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_publishes_and_withdraws_by_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let (site, provider) = (Site::prepare(folder.path()), Provider::start().await);
    let _pebble = site.start(provider.dns, 45).await;
    let config = provider.config(&site, SECRET);
    let broker = Broker::open(&config, folder.path().join("tls")).await.unwrap();
    assert_eq!(broker.dns_addr(), None);
    broker.request(&Master::new().request(), clock::now()).unwrap();
    assert_eq!(broker.step(clock::now).await, Next::Now);
    assert_eq!(broker.chain(&ID, clock::now()).unwrap().unwrap().host, HOST);
    assert_eq!(*provider.asked.lock().unwrap(), ["publish", "withdraw"]);
}

#[tokio::test]
async fn a_webhook_that_refuses_is_named_and_the_authority_is_not_told_to_look() {
    let folder = tempfile::tempdir().unwrap();
    let (site, provider) = (Site::prepare(folder.path()), Provider::start().await);
    let _pebble = site.start(provider.dns, 45).await;
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let config = provider.config(&site, other);
    let broker = Broker::open(&config, folder.path().join("tls")).await.unwrap();
    let (request, now) = (Master::new().request(), clock::now());
    broker.request(&request, now).unwrap();
    assert_eq!(broker.step(|| now).await, Next::Now);
    let State::Failed { why, .. } = broker.request(&request, now).unwrap() else {
        panic!("the webhook does not know this secret")
    };
    assert_eq!(why, "the DNS webhook answered 401");
    assert!(provider.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_webhook_over_plain_http_is_for_the_loopback() {
    let folder = tempfile::tempdir().unwrap();
    let (site, provider) = (Site::prepare(folder.path()), Provider::start().await);
    for url in ["http://dns.example.org/hook", "ftp://127.0.0.1/", "nonsense", "http://10.0.0.1/"] {
        let config = BrokerConfig { hook_url: url.into(), ..provider.config(&site, SECRET) };
        let refused = Broker::open(&config, folder.path().join("tls")).await;
        assert!(matches!(refused, Err(OpenError::Webhook(_))), "{url}");
    }
}
