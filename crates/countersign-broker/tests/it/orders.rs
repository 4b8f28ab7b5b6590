//! Orders at a real authority, with our own DNS.

use crate::clock;
use crate::device::{HOST, ID, Master, chain_frame};
use crate::pebble::{Site, client};
use countersign::Timestamp;
use countersign_broker::{Broker, BrokerConfig, DnsMode, Next, State};
use countersign_dns::{Responder, Zone};
use countersign_league::device::{Output, Taken};
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(86_400);
const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(crate) fn config(site: &Site) -> BrokerConfig {
    BrokerConfig {
        directory: site.directory(),
        contact: "mailto:tls@league.example.org".into(),
        agree_to_terms: true,
        domain: "glt.example.org".into(),
        address: Ipv4Addr::new(10, 77, 77, 1),
        dns: DnsMode::Own,
        listen: LOCAL,
        nameserver: "ns.example.org".into(),
        hook_url: String::new(),
        hook_secret: None,
        hook_secret_file: None,
        ca_file: Some(site.ca()),
        profile: None,
        per_week: 40,
    }
}

/// A broker that answers DNS, and where it keeps things.
async fn broker() -> (TempDir, Site, Arc<Broker>) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::prepare(folder.path());
    let broker = Arc::new(Broker::open(&config(&site), folder.path().join("tls")).await.unwrap());
    let answering = Arc::clone(&broker);
    tokio::spawn(async move { answering.answer_dns().await });
    (folder, site, broker)
}

fn account_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join("tls")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_str().unwrap().contains("account-")).collect()
}

/// What the device persists of a chain that a courier brings.
fn persisted(master: &mut Master, frame: &[u8]) -> usize {
    assert_eq!(master.device.inbox(frame, 1), Ok(Taken::Tls));
    let outputs = std::iter::from_fn(|| master.device.poll_output());
    outputs.filter(|output| matches!(output, Output::PersistTls(of) if of == frame)).count()
}

#[tokio::test]
async fn from_the_request_to_a_connection_that_a_stranger_believes() {
    let (folder, site, broker) = broker().await;
    let pebble = site.start(broker.dns_addr().unwrap(), 45).await;
    let mut master = Master::new();
    let request = master.request();
    let now = clock::now();
    assert_eq!(broker.chain(&ID, now).unwrap(), None);
    assert_eq!(broker.request(&request, now).unwrap(), State::Ordered { not_after: None });
    assert_eq!(broker.step(clock::now).await, Next::Now);
    assert_eq!(broker.step(clock::now).await, Next::WhenAsked);

    let issued = broker.chain(&ID, clock::now()).unwrap().unwrap();
    assert_eq!(issued.host, HOST);
    let ready = State::Ready { not_after: issued.not_after };
    assert_eq!(broker.request(&request, clock::now()).unwrap(), ready);
    assert_eq!(broker.step(clock::now).await, Next::WhenAsked, "nothing is ordered twice");

    let frame = chain_frame(&issued, now);
    assert_eq!(persisted(&mut master, &frame), 1);
    assert_eq!(persisted(&mut master, &frame), 0, "the same again is no news");
    assert_eq!(master.device.tls_life().unwrap().not_after, issued.not_after);
    let root = pebble.root().await;
    assert!(master.is_believed(&issued.chain, client(root)).await);

    // Everything is on the disk: another process answers the same, and the key of the account is for its owner alone.
    let again = Broker::open(&config(&site), folder.path().join("tls")).await.unwrap();
    assert_eq!(again.request(&request, clock::now()).unwrap(), ready);
    assert_eq!(again.chain(&ID, clock::now()).unwrap(), Some(issued.clone()));
    assert_eq!(again.chain(&ID, issued.not_after).unwrap(), None, "what has ended is not given");
    let accounts = account_files(folder.path());
    assert_eq!(accounts.len(), 1);
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&accounts[0]).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_renewal_replaces_the_chain_even_at_an_authority_that_has_forgotten_us() {
    let (_folder, site, broker) = broker().await;
    let mut master = Master::new();
    let request = master.request();
    let first = {
        let _pebble = site.start(broker.dns_addr().unwrap(), 10).await;
        broker.request(&request, clock::now()).unwrap();
        assert_eq!(broker.step(clock::now).await, Next::Now);
        broker.chain(&ID, clock::now()).unwrap().unwrap()
    };
    assert_eq!(persisted(&mut master, &chain_frame(&first, clock::now())), 1);

    // A third of ten days before the end.
    let due = first.renewal_due();
    assert!(due > clock::now().plus(6 * DAY) && due < clock::now().plus(7 * DAY));
    let before = due.minus(Duration::from_secs(1));
    let ready = State::Ready { not_after: first.not_after };
    assert_eq!(broker.request(&request, before).unwrap(), ready);
    let pebble = site.start(broker.dns_addr().unwrap(), 45).await;
    let ordered = State::Ordered { not_after: Some(first.not_after) };
    assert_eq!(broker.request(&request, due).unwrap(), ordered);

    // The new pebble knows no account of ours: that order fails, the next one makes an account.
    assert_eq!(broker.step(|| due).await, Next::Now);
    let State::Failed { not_after, retry, why } = broker.request(&request, due).unwrap() else {
        panic!("the authority has no account of ours")
    };
    assert_eq!((not_after, retry), (Some(first.not_after), due.plus(Duration::from_secs(60))));
    assert!(why.contains("accountDoesNotExist"), "{why}");
    assert_eq!(broker.step(|| due).await, Next::At(retry));
    assert_eq!(broker.step(|| retry).await, Next::Now);

    let second = broker.chain(&ID, retry).unwrap().unwrap();
    assert!(second.not_after > first.not_after.plus(30 * DAY));
    assert_eq!((second.spki, second.host == first.host), (first.spki, true));
    assert_eq!(persisted(&mut master, &chain_frame(&second, clock::now())), 1);
    assert_eq!(persisted(&mut master, &chain_frame(&first, clock::now())), 0);
    let root = pebble.root().await;
    assert!(master.is_believed(&second.chain, client(root.clone())).await);
    assert!(!master.is_believed(&first.chain, client(root)).await, "of another authority");
}

#[tokio::test]
async fn an_authority_that_is_away_is_asked_again_later() {
    let (_folder, site, broker) = broker().await;
    let mut master = Master::new();
    let request = master.request();
    let mut at = clock::now();
    broker.request(&request, at).unwrap();
    for pause in [60, 240] {
        assert_eq!(broker.step(|| at).await, Next::Now);
        let State::Failed { not_after: None, retry, why } = broker.request(&request, at).unwrap()
        else {
            panic!("nobody is there")
        };
        assert!(why.starts_with("the ACME server was not reached: "), "{why}");
        assert_eq!(retry, at.plus(Duration::from_secs(pause)));
        assert_eq!(broker.step(|| at).await, Next::At(retry));
        at = retry;
    }
    let _pebble = site.start(broker.dns_addr().unwrap(), 45).await;
    assert_eq!(broker.step(|| at).await, Next::Now);
    assert!(matches!(broker.request(&request, at).unwrap(), State::Ready { .. }));
}

#[tokio::test]
async fn a_challenge_that_the_authority_does_not_see_is_told_in_its_words() {
    let (_folder, site, broker) = broker().await;
    // The authority asks a DNS that knows nothing of our names.
    let zone = Zone::own("other.example.org", Ipv4Addr::LOCALHOST).unwrap();
    let stranger = Responder::bind(LOCAL, Arc::new(zone)).await.unwrap();
    let _pebble = site.start(stranger.local_addr().unwrap(), 45).await;
    tokio::spawn(stranger.run(pending()));
    let request = Master::new().request();
    let now = clock::now();
    broker.request(&request, now).unwrap();
    assert_eq!(broker.step(|| now).await, Next::Now);
    let State::Failed { why, .. } = broker.request(&request, now).unwrap() else {
        panic!("it cannot have seen it")
    };
    assert!(why.contains("DNS lookup for") && why.contains(HOST), "{why}");
    assert_eq!(broker.chain(&ID, now).unwrap(), None);
}

#[tokio::test]
async fn a_running_broker_carries_out_what_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::prepare(folder.path());
    let broker = Arc::new(Broker::open(&config(&site), folder.path().join("tls")).await.unwrap());
    let _pebble = site.start(broker.dns_addr().unwrap(), 45).await;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = Arc::clone(&broker);
    let running =
        tokio::spawn(async move { running.run(clock::now, async { drop(ended.await) }).await });
    broker.request(&Master::new().request(), clock::now()).unwrap();
    let has_chain = |now: Timestamp| broker.chain(&ID, now).unwrap().is_some();
    while !has_chain(clock::now()) {
        assert!(!running.is_finished());
        tokio::task::yield_now().await;
    }
    end.send(()).unwrap();
    running.await.unwrap();
}
