//! `countersign relay` as real processes.

use crate::harness::{PATIENCE, eventually, within};
use countersign_node::link::ws;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use world::{Site, World, all};

#[expect(dead_code, reason = "the tests of the crate use the rest")]
#[path = "../../../countersign-node/tests/it/world.rs"]
mod world;

/// Ends with this value.
struct Relay {
    process: Child,
    places: Vec<String>,
}

impl Relay {
    fn start(args: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["relay", "--metrics", "127.0.0.1:0"])
            .args(args)
            .env("COUNTERSIGN_NET", World::new().net_text())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut places = Vec::new();
        while !places
            .iter()
            .any(|place: &String| place.contains("/metrics") || place.contains("metrics at"))
        {
            let line = said.next().unwrap_or_else(|| panic!("it ended after {places:?}")).unwrap();
            if let Some(place) = line.strip_prefix("countersign relay: ") {
                places.push(place.to_owned());
            }
        }
        // What it logs later must not stop it.
        std::thread::spawn(move || said.for_each(drop));
        Self { process, places }
    }

    fn addr(&self, prefix: &str) -> SocketAddr {
        let mut found = self.places.iter().filter_map(|place| place.strip_prefix(prefix));
        found.next().unwrap_or_else(|| panic!("{prefix}: {:?}", self.places)).parse().unwrap()
    }

    fn udp(&self) -> SocketAddr {
        self.addr("udp ")
    }

    fn metric(&self, name: &str) -> i64 {
        let mut stream = TcpStream::connect(self.addr("metrics at http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let name = format!("countersign_mesh_{name} ");
        let value = answer.lines().find_map(|line| line.strip_prefix(&name));
        value.unwrap_or_else(|| panic!("no {name} in {answer}")).parse().unwrap()
    }

    fn until(&self, name: &str, is_so: impl Fn(i64) -> bool) {
        let patience = Duration::from_secs(120);
        within(patience, name, || Some(self.metric(name)).filter(|value| is_so(*value)));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // SIGKILL: nothing is tidied up.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_relay_processes_in_a_line_carry_votes_there_and_receipts_back() {
    let mut world = World::new();
    let (mut judge, hub) = (Site::start(world.config()), Site::start(world.config()));
    let first = Relay::start(&["--peer-listen", "127.0.0.1:0", "--ws-listen", "127.0.0.1:0"]);
    let url = format!("ws://{}{}", first.addr("mesh at ws://"), ws::PATH);
    let second = Relay::start(&["--ws", &url, "--peer-listen", "127.0.0.1:0"]);
    let at_second = second.udp().to_string();
    let third = Relay::start(&["--peer", &at_second, "--ws-listen", "127.0.0.1:0"]);
    judge.udp(&[first.udp()]).await;
    hub.ws(third.addr("mesh at ws://"));
    let votes: Vec<_> = (0..10).map(|_| world.vote()).collect();
    let received = hub.receives(World::new(), votes.len());
    let mut sent = Vec::new();
    for vote in votes {
        sent.push(judge.handle.originate(vote).await.unwrap());
    }
    assert_eq!(all(received).await, sent.iter().copied().collect());
    judge.is_told(&sent).await;
    for (relay, hops) in [(&first, 3), (&second, 2), (&third, 1)] {
        relay.until("hops", |now| now == hops);
        relay.until("purged_total", |now| now == 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_a_relay_and_a_restart_keep_the_votes_that_it_had() {
    let mut world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let args = ["--peer-listen", "127.0.0.1:0", "--state", folder.path().to_str().unwrap()];
    let relay = Relay::start(&args);
    let judge = Site::start(world.config());
    judge.udp(&[relay.udp()]).await;
    let sent = [
        judge.handle.originate(world.vote()).await.unwrap(),
        judge.handle.originate(world.vote()).await.unwrap(),
    ];
    relay.until("stored", |now| now == 2);
    let saved = relay.metric("snapshots_total");
    // One that may have been begun before the votes came, and the next.
    judge.handle.originate(world.vote()).await.unwrap();
    relay.until("snapshots_total", |now| now > saved);
    // The judge has gone home.
    judge.node.stop().await;
    drop(relay);

    let relay = Relay::start(&args);
    relay.until("stored", |now| now >= 2);
    let hub = Site::start(world.config());
    hub.udp(&[relay.udp()]).await;
    let kept = relay.metric("stored");
    let received = all(hub.receives(World::new(), usize::try_from(kept).unwrap())).await;
    assert!(sent.iter().all(|vote| received.contains(vote)));
    relay.until("purged_total", |now| now == kept);
}

#[test]
fn a_relay_says_what_is_missing_and_what_is_wrong() {
    let ends = |args: &[&str], code: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.arg("relay").args(args).env_remove("COUNTERSIGN_NET");
        if !code.is_empty() {
            command.env("COUNTERSIGN_NET", code);
        }
        let ended = command.output().unwrap();
        assert!(!ended.status.success(), "{args:?}");
        String::from_utf8(ended.stderr).unwrap()
    };
    assert!(ends(&[], "").contains("a relay needs a link"));
    assert!(ends(&["--udp"], "NODUS-NET:x").contains("NODUS-NET text cannot be read"));
    assert!(ends(&["--udp", "127.0.0.1:1"], "").contains("no multicast address"));
    assert!(ends(&["--ws", "http://x"], "").contains("ws://192.0.2.7:7868/mesh"));
    assert!(ends(&["--ble", "hci0"], "").contains("--ble-uuid"));
    let uuid = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";
    assert!(ends(&["--ble", "hci9", "--ble-uuid", uuid], "").contains("hci9 cannot be used"));
    let help = Command::new(env!("CARGO_BIN_EXE_countersign")).args(["relay", "--help"]).output();
    assert!(
        String::from_utf8(help.unwrap().stdout).unwrap().contains("countersign relay --net-file")
    );
}

#[test]
fn a_relay_ends_when_it_is_told_to() {
    let mut relay = Relay::start(&["--peer-listen", "127.0.0.1:0"]);
    let pid = rustix::process::Pid::from_child(&relay.process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = eventually("the end", || relay.process.try_wait().unwrap());
    assert!(status.success(), "{status}");
}
