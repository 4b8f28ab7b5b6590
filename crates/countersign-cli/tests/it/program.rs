//! The client's commands as a person and a script type them, against the real server.

use crate::harness::live::{Pusher, SECRET};
use crate::harness::*;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Exit codes that scripts may rely on.
const DONE: i32 = 0;
const REFUSED: i32 = 1;
const USAGE: i32 = 2;
const FAILED: i32 = 3;
const LOGGED_OUT: i32 = 4;

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

/// Somebody with a home folder, and everything that the program ever showed them.
pub(crate) struct Person {
    home: TempDir,
    shown: RefCell<String>,
}

impl Person {
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap(), shown: RefCell::default() }
    }

    pub(crate) fn logged_in(server: &Server, address: &str) -> Self {
        let person = Self::new();
        let ran = person.log_in(server, address, &[]);
        assert_eq!(ran.code, DONE, "{}", ran.err);
        person
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(args)
            .env("XDG_DATA_HOME", self.home.path())
            .env("COUNTERSIGN_KEY_STORE", "file")
            .env_remove("COUNTERSIGN_PROFILE")
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.end(self.spawn(args))
    }

    pub(crate) fn end(&self, child: Child) -> Ran {
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let ran = Ran {
            code: output.status.code().unwrap(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        self.shown.borrow_mut().push_str(&(ran.out.clone() + &ran.err));
        ran
    }

    /// Types the code as it comes, after what `first` says.
    fn log_in(&self, server: &Server, address: &str, first: &[&str]) -> Ran {
        let root = server.keyset().content.roots[0].fingerprint().to_string();
        self.log_in_under(&root, server, address, first)
    }

    /// The same, with a root of the caller's.
    pub(crate) fn log_in_under(
        &self,
        root: &str,
        server: &Server,
        address: &str,
        first: &[&str],
    ) -> Ran {
        let url = format!("http://{}", server.public().get());
        self.log_in_at(&url, root, server, address, first)
    }

    /// The same, by way of something that stands before the server.
    pub(crate) fn log_in_at(
        &self,
        url: &str,
        root: &str,
        server: &Server,
        address: &str,
        first: &[&str],
    ) -> Ran {
        let mut child = self.spawn(&["login", address, "--server", url, "--root", root, "--json"]);
        let mut keys = child.stdin.take().unwrap();
        for line in first {
            writeln!(keys, "{line}").unwrap();
        }
        let code = server.code_for(address, &mut Vec::new());
        writeln!(keys, "{}", code.to_lowercase()).unwrap();
        self.end(child)
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("countersign/default")
    }

    fn seed(&self) -> Vec<u8> {
        std::fs::read(self.folder().join("key.seed")).unwrap()
    }
}

#[test]
fn from_login_to_logout_and_the_key_is_never_shown() {
    let server = Server::start(Options::new());
    let ana = Person::new();
    let ran = ana.log_in(&server, "ana@example.org", &["WRONG000"]);
    assert_eq!(ran.code, DONE, "{}", ran.err);
    assert!(ran.err.contains("4 attempts are left"), "{}", ran.err);
    let seed = ana.seed();
    let session = ran.json()["session_id"].as_str().unwrap().to_owned();

    let hello = ana.run(&["call", "session.hello", "--json", "-v"]);
    assert_eq!(
        (hello.code, hello.json()["content"]["session_id"].as_str()),
        (DONE, Some(&session[..]))
    );
    assert_eq!(ana.run(&["call", "no.such.type"]).code, REFUSED);
    assert_eq!(ana.run(&["call", "NO TYPE"]).code, USAGE);
    assert_eq!(ana.run(&["sessions", "rename", &session, "Kitchen"]).code, DONE);
    let listed = ana.run(&["sessions", "list", "--json"]).json();
    assert_eq!(listed["sessions"][0]["name"], "Kitchen");
    assert_eq!(ana.run(&["trust", "fetch"]).code, DONE);

    let submit =
        ["record", "submit", "--type", "vote", "--data", "yes", "--save", "vote.frame", "--json"];
    let receipt = ana.run(&submit).json();
    let again = ana.run(&["record", "submit", "--frame", "vote.frame", "--json"]).json();
    assert_eq!(receipt["seq"], again["seq"], "the same record twice is one record");
    let id = receipt["record_id"].as_str().unwrap();
    assert_eq!(ana.run(&["record", "get", id, "--out", "got.frame"]).code, DONE);
    let file = |name: &str| std::fs::read(ana.home.path().join(name)).unwrap();
    assert_eq!(file("got.frame"), file("vote.frame"));
    assert_eq!(ana.run(&["inspect", "got.frame"]).code, DONE);

    assert_eq!(ana.run(&["account", "delete", "--confirm", "no"]).code, USAGE);
    assert_eq!(ana.run(&["logout"]).code, DONE);
    assert!(!ana.folder().join("key.seed").exists());
    assert_eq!(ana.run(&["call", "session.hello"]).code, LOGGED_OUT);

    let mut shown = ana.shown.borrow().clone() + &server.log();
    shown += &String::from_utf8(file("countersign/default/state.json")).unwrap();
    let decimal: Vec<String> = seed.iter().map(u8::to_string).collect();
    for secret in [
        hex::encode(&seed),
        BASE64_STANDARD_NO_PAD.encode(&seed),
        BASE64_URL_SAFE_NO_PAD.encode(&seed),
        decimal.join(", "),
    ] {
        assert!(!shown.contains(&secret), "the seed was shown");
    }
}

#[test]
fn a_revoked_session_loses_its_key_and_an_unreachable_server_takes_none() {
    let mut server = Server::start(Options::new());
    let ana = Person::logged_in(&server, "ana@example.org");
    let mut other = Device::register(&server, "ana@example.org");
    let seed = ana.seed();
    let listed = ana.run(&["sessions", "list", "--json"]).json();
    let current =
        listed["sessions"].as_array().unwrap().iter().find(|s| s["current"] == true).unwrap();
    let revoke = json!({ "session_id": current["session_id"] }).to_string();
    assert!(other.call("session.revoke", revoke.as_bytes()).result.is_ok());
    let ran = ana.run(&["call", "session.hello"]);
    assert_eq!(ran.code, LOGGED_OUT, "{}", ran.err);
    assert!(!ana.folder().join("key.seed").exists());

    let bob = Person::logged_in(&server, "bob@example.org");
    server.kill_9();
    let ran = bob.run(&["call", "session.hello", "--json"]);
    assert_eq!(ran.code, FAILED);
    let error: Value = serde_json::from_str(&ran.err).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("cannot be reached"), "{error}");
    assert_ne!(bob.seed(), seed);
}

#[test]
fn events_arrive_by_every_transport() {
    let options =
        Options::new().set("upstream.url", "http://127.0.0.1:9").set("upstream.secret", SECRET);
    let server = Server::start(options);
    let ana = Person::logged_in(&server, "ana@example.org");
    let mut pusher = Pusher::new(server.admin());
    for (transport, first) in [("ws", 1), ("sse", 3), ("poll", 5)] {
        let mut child = ana.spawn(&["watch", "--transport", transport, "--count", "2", "--json"]);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.next().unwrap().unwrap().starts_with("Watching by"));
        for n in [first, first + 1] {
            pusher.push(&json!({ "everyone": true, "type": "count", "payload": { "n": n } }));
        }
        let ran = ana.end(child);
        let events: Vec<Value> =
            ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let numbers: Vec<_> =
            events.iter().map(|e| (e["seq"].as_u64(), e["content"]["n"].as_u64())).collect();
        let expected = [first, first + 1].map(|n| (Some(n), Some(n)));
        assert_eq!((ran.code, &numbers[..]), (DONE, &expected[..]), "{transport}");
    }
}

#[test]
fn signed_by_hand_sent_by_hand_and_inspected() {
    let server = Server::start(Options::new());
    let ana = Person::logged_in(&server, "ana@example.org");
    let write =
        |name: &str, bytes: &[u8]| std::fs::write(ana.home.path().join(name), bytes).unwrap();
    let read = |name: &str| std::fs::read(ana.home.path().join(name)).unwrap();
    let sign = ["sign", "request", "--type", "session.list", "--out", "request.frame"];
    assert_eq!(ana.run(&sign).code, DONE);
    let answer = server.http().post("/x", &read("request.frame"));
    write("answer.frame", &answer.body);
    let inspect = ["inspect", "answer.frame", "--request", "request.frame", "--json"];
    let ran = ana.run(&inspect);
    assert_eq!((ran.code, ran.json()["kind"].as_str()), (DONE, Some("response")), "{}", ran.out);
    let mut forged = answer.body;
    *forged.last_mut().unwrap() ^= 1;
    write("answer.frame", &forged);
    assert_eq!(ana.run(&inspect).code, FAILED);

    // Every way to be wrong gets its own answer.
    for (set, expected) in [
        ("payload=00", "payload_mismatch"),
        ("timestamp_ms=1", "stale_timestamp"),
        ("epoch=0000000000000000", "stale_epoch"),
        ("signature=00", "malformed"),
        ("version=2", "unsupported_version"),
        ("session_id=00000000000000000000000000000000", "unauthenticated"),
    ] {
        assert_eq!(ana.run(&[&sign[..], &["--set", set]].concat()).code, DONE);
        let answer = server.http().post("/x", &read("request.frame"));
        let signed = || -> Value {
            let payload = countersign::Frame::split(&answer.body).unwrap().payload;
            serde_json::from_slice(payload).unwrap()
        };
        let name =
            answer.problem().unwrap_or_else(|| signed()["error"].as_str().unwrap().to_owned());
        assert_eq!(name, expected, "{set}");
    }
    assert_eq!(ana.run(&["inspect", "EVENT:7"]).code, USAGE);
}
