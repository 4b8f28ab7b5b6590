//! Between a hub and the server: `countersign hub sync` while the hub runs, and broken off in the middle; a round that is dealt out
//! again while it runs.

use crate::events::{EVENT, Fair, event, say};
use crate::harness::league::{grant, operate};
use crate::harness::*;
use crate::program::Person;
use countersign::SigningKey;
use countersign::evidence::Signed;
use countersign_hub::Export;
use countersign_judging::log::LogHead;
use countersign_judging::{Vote, VoteId};
use countersign_mesh::{EventCode, EventKeys, Flags, PacketType, Sealer, T16, VoteCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use tempfile::TempDir;

/// A hub process with its event on a server.
struct Day {
    fair: Fair,
    place: TempDir,
    hub: Child,
    code: EventCode,
    salt: [u8; 32],
    bo: SigningKey,
    said: u32,
}

fn done(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The next version, and a hub that takes it.
fn publish(fair: &Fair, dir: &str) -> (Child, EventCode) {
    operate(&fair.server, &["event", "publish", EVENT, "--without-missing"]);
    let package = fair.path(&format!("{}.package", hex::encode(random::<4>())));
    operate(&fair.server, &["event", "bundle", EVENT, "--out", &package]);
    let root = hex::encode(fair.server.keyset().content.roots[0].as_bytes());
    let mut hub = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["hub", "run", "--listen", "127.0.0.1:0", "--dir", dir])
        .args(["--bundle", &package, "--root", &root])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(hub.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let code = lines.find_map(|line| line.strip_prefix("Event code: ").map(str::to_owned));
    (hub, code.unwrap().parse().unwrap())
}

impl Day {
    fn begin(options: Options) -> Self {
        Self::after(options, |_| {})
    }

    /// With what else is done before the bundle is published.
    fn after(options: Options, prepare: impl FnOnce(&Fair)) -> Self {
        let place = TempDir::new().unwrap();
        let dir = place.path().join("hub").display().to_string();
        let lines = done(&["hub", "init", "--dir", &dir, "--name", "Hall"]);
        let fair = Fair::with_hub(options, &lines);
        fair.take_files("create");
        let (_, bo) = fair.judge("bo@example.org");
        prepare(&fair);
        let (hub, code) = publish(&fair, &dir);
        done(&["hub", "open", "--dir", &dir, "--round", "1"]);
        let salt = fair.bundle().value.event().salt.unwrap();
        Self { fair, place, hub, code, salt, bo, said: 0 }
    }

    fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    /// Bo changes his mind so often.
    fn votes(&mut self, count: u32) {
        for _ in 0..count {
            let project = ["PROJECT_001", "PROJECT_003", "PROJECT_004"][self.said as usize % 3];
            self.vote(project, "INNOVATION");
        }
    }

    /// The hub scans it from Bo's screen.
    fn vote(&mut self, project: &str, category: &str) {
        let keys = EventKeys::derive(&self.code.key, &self.salt, &event(), self.code.key.epoch());
        self.said += 1;
        let points = match category {
            "DESIGN" => vec![3, 4],
            _ => vec![(self.said % 11) as u16, 5, 6],
        };
        let vote = Vote {
            project: project.parse().unwrap(),
            category: category.parse().unwrap(),
            points,
            id: VoteId::from_bytes(random()),
            seconds: now().as_millis() / 1000,
            judge: "J002".parse().unwrap(),
            revision: self.said,
            round: 1,
        };
        let content = vote.sign(&self.fair.server.realm(), &event(), &self.bo).unwrap();
        let mut entropy = |bytes: &mut [u8]| bytes.copy_from_slice(&random::<32>()[..bytes.len()]);
        let (kind, flags) = (PacketType::Vote, Flags::NONE);
        let sealer = Sealer::new(random());
        let packet = sealer.seal(&keys, kind, flags, T16::UNKNOWN, &content, &mut entropy);
        let text = VoteCode(packet.unwrap()).to_text().unwrap();
        let scanned = done(&["hub", "scan", "--dir", &self.path("hub"), &text]);
        assert!(scanned.starts_with("Accepted"), "{scanned}");
    }

    /// Judge, project, category of everything that is assigned in the newest bundle.
    fn assigned(&self) -> BTreeSet<[String; 3]> {
        let bundle = self.fair.bundle();
        let assignments = bundle.value.event().assignments.iter();
        let words = assignments
            .map(|it| [it.judge.to_string(), it.project.to_string(), it.category.to_string()]);
        words.collect()
    }

    /// What the hub has, and signs.
    fn export(&self, name: &str) -> (Export, LogHead) {
        let out = self.path(name);
        done(&["hub", "export", "--dir", &self.path("hub"), "--out", &out]);
        let export = Export::read(Path::new(&out)).unwrap();
        let head = Signed::<LogHead>::reopen(&self.fair.server.realm(), &export.head).unwrap();
        (export, head.value)
    }

    fn kill_9(&mut self) {
        self.hub.kill().unwrap();
        self.hub.wait().unwrap();
    }
}

impl Drop for Day {
    fn drop(&mut self) {
        // Killed already, or killed now.
        drop(self.hub.kill());
        drop(self.hub.wait());
    }
}

/// Votes and root that a receipt names, and those that a head does.
fn said(receipt: &Value) -> (u64, &str) {
    (receipt["votes"].as_u64().unwrap(), receipt["ballot_root"].as_str().unwrap())
}

#[test]
fn a_hub_that_runs_hands_over_what_it_has_and_later_the_rest() {
    let mut day = Day::begin(Options::new());
    let operator = Person::logged_in(&day.fair.server, "hub@example.org");
    grant(&day.fair.server, "hub@example.org", "hub");
    let dir = day.path("hub");
    let sync = || operator.run(&["hub", "sync", "--dir", &dir, "--json"]).json();
    day.votes(4);
    let first = sync();
    let (_, head) = day.export("noon");
    assert_eq!(said(&first), (4, head.ballot_root.to_string().as_str()));
    // It still takes votes.
    day.votes(3);
    done(&["hub", "seal", "--dir", &dir]);
    let second = sync();
    let (export, head) = day.export("evening");
    assert_eq!(said(&second), (7, head.ballot_root.to_string().as_str()));
    assert!(second["entries"].as_u64() > first["entries"].as_u64());
    // And from the folder of a hub that does not run any more.
    day.kill_9();
    assert_eq!(sync(), second);
    assert_eq!(handed_over(&day), export.log);
}

/// The log as the server has it, once more verified.
fn handed_over(day: &Day) -> Vec<u8> {
    let out = day.path(&format!("server-{}", hex::encode(random::<4>())));
    operate(&day.fair.server, &["event", "export", EVENT, "--out", &out]);
    let mut folders = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
    let hub = folders.find(|path| path.is_dir()).unwrap();
    let root = hex::encode(day.fair.server.keyset().content.roots[0].as_bytes());
    let verified = done(&["event", "verify", &hub.display().to_string(), "--root", &root]);
    assert!(!verified.contains("FAIL"), "{verified}");
    Export::read(&hub).unwrap().log
}

/// Stands before the server, and can stop in the middle of what a client says.
#[derive(Clone)]
struct Gate {
    addr: SocketAddr,
    state: Arc<(Mutex<GateState>, Condvar)>,
}

struct GateState {
    server: SocketAddr,
    /// Bytes that clients may still say; no limit if there is none.
    left: Option<usize>,
    is_held: bool,
}

impl Gate {
    fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = GateState { server: server.public().get(), left: None, is_held: false };
        let gate = Self {
            addr: listener.local_addr().unwrap(),
            state: Arc::new((Mutex::new(state), Condvar::new())),
        };
        let at = gate.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                let server = at.state.0.lock().unwrap().server;
                // While the server is away, so is the gate.
                let Ok(server) = TcpStream::connect(server) else { continue };
                let (mut down, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _cut = std::io::copy(&mut down, &mut &to);
                    let _gone = to.shutdown(Shutdown::Both);
                });
                let at = at.clone();
                std::thread::spawn(move || {
                    at.pass(client, &server);
                    let _gone = server.shutdown(Shutdown::Both);
                });
            }
        });
        gate
    }

    /// From the client to the server, as much as is allowed.
    fn pass(&self, mut client: TcpStream, mut server: &TcpStream) {
        let mut buffer = [0; 1024];
        while let Ok(heard @ 1..) = client.read(&mut buffer) {
            let mut rest = &buffer[..heard];
            while !rest.is_empty() {
                let now = self.admit(rest.len());
                if server.write_all(&rest[..now]).is_err() {
                    return;
                }
                rest = &rest[now..];
            }
        }
    }

    /// How many of so many bytes pass now; waits while none do.
    fn admit(&self, wanted: usize) -> usize {
        let (state, changed) = &*self.state;
        let mut state = state.lock().unwrap();
        while state.left == Some(0) {
            state.is_held = true;
            changed.notify_all();
            state = changed.wait(state).unwrap();
        }
        let now = state.left.map_or(wanted, |left| left.min(wanted));
        state.left = state.left.map(|left| left - now);
        now
    }

    /// From now on so many bytes.
    fn hold_after(&self, bytes: usize) {
        self.set(Some(bytes));
    }

    fn open(&self) {
        self.set(None);
    }

    fn set(&self, left: Option<usize>) {
        let mut state = self.state.0.lock().unwrap();
        (state.left, state.is_held) = (left, false);
        self.state.1.notify_all();
    }

    fn until_held(&self) {
        let state = self.state.0.lock().unwrap();
        let waited = self.state.1.wait_timeout_while(state, PATIENCE, |state| !state.is_held);
        assert!(!waited.unwrap().1.timed_out(), "the client said less");
    }
}

#[test]
fn a_hand_over_that_breaks_off_at_either_end_goes_on_and_doubles_nothing() {
    // Pieces of 1,024 bytes.
    let mut day = Day::begin(Options::new().set("limits.frame_max", 2048));
    day.votes(30);
    done(&["hub", "seal", "--dir", &day.path("hub")]);
    let (export, head) = day.export("evening");
    let gate = Gate::before(&day.fair.server);
    let operator = Person::new();
    let root = day.fair.server.keyset().content.roots[0].fingerprint().to_string();
    let url = format!("http://{}", gate.addr);
    let ran = operator.log_in_at(&url, &root, &day.fair.server, "hub@example.org", &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    grant(&day.fair.server, "hub@example.org", "hub");
    let mut witness = day.fair.operator("witness@example.org");
    let mut held = || say(&mut witness, 1, &[&export.head]).json()["held"].as_u64().unwrap();
    let dir = day.path("hub");
    let sync = ["hub", "sync", "--dir", &dir, "--json"];

    gate.hold_after(6_000);
    let mut client = operator.spawn(&sync);
    gate.until_held();
    client.kill().unwrap();
    client.wait().unwrap();
    let first = held();
    assert!(0 < first && first < export.log.len() as u64, "{first}");

    gate.hold_after(6_000);
    let client = operator.spawn(&sync);
    gate.until_held();
    day.fair.server.kill_9();
    let failed = operator.end(client);
    assert_eq!(failed.code, 3, "{}{}", failed.out, failed.err);
    day.fair.server.restart();
    gate.state.0.lock().unwrap().server = day.fair.server.public().get();
    let second = held();
    assert!(first < second && second < export.log.len() as u64, "{first}, {second}");

    gate.open();
    let receipt = operator.run(&sync).json();
    assert_eq!(said(&receipt), (30, head.ballot_root.to_string().as_str()));
    assert_eq!((&receipt["all_votes"], &receipt["hubs"]), (&json!(30), &json!(1)));
    assert_eq!(operator.run(&sync).json(), receipt);
    assert_eq!(handed_over(&day), export.log);
}

#[test]
fn a_judge_leaves_in_the_middle_of_a_round_and_hands_on_what_he_has_not_judged() {
    let mut day = Day::after(Options::new(), |fair| {
        // Room for what Bo leaves.
        let judges = std::fs::read_to_string(fair.path("judges.csv")).unwrap();
        let judges = judges.replace("cy@example.org,3", "cy@example.org,5");
        std::fs::write(fair.path("judges.csv"), judges).unwrap();
        fair.take_files("amend");
        fair.judge("ana@example.org");
        fair.judge("cy@example.org");
        operate(&fair.server, &["event", "assign", EVENT, "--views", "2"]);
    });
    let before = day.assigned();
    let of = |rows: &BTreeSet<[String; 3]>, judge: &str| -> BTreeSet<[String; 3]> {
        rows.iter().filter(|row| row[0] == judge).cloned().collect()
    };
    // Bo finishes his first project, begins his second one, and goes home.
    let projects: BTreeSet<String> =
        of(&before, "J002").into_iter().map(|row| row[1].clone()).collect();
    let two_sided: Vec<_> = projects
        .iter()
        .filter(|&project| before.contains(&["J002", project, "DESIGN"].map(str::to_owned)))
        .collect();
    let [first, second] = two_sided[..] else { panic!("{two_sided:?}") };
    day.vote(first, "INNOVATION");
    day.vote(first, "DESIGN");
    day.vote(second, "INNOVATION");
    let again = ["event", "assign", EVENT, "--again", "--without", "J002"];
    let refused = day.fair.refused(&again);
    assert!(refused.contains("countersign hub sync"), "{refused}");
    let log = format!("{}/log.bin", day.path("hub"));
    operate(&day.fair.server, &[&again[..], &["--log", &log]].concat());
    let operator = Person::logged_in(&day.fair.server, "hub@example.org");
    grant(&day.fair.server, "hub@example.org", "hub");
    assert_eq!(operator.run(&["hub", "sync", "--dir", &day.path("hub")]).code, 0);
    // The same from what was handed over: nothing more moves.
    let said = operate(&day.fair.server, &again);
    assert!(said.contains("3 judgements stay, 0 are asked of somebody new"), "{said}");

    day.kill_9();
    (day.hub, _) = publish(&day.fair, &day.path("hub"));
    let after = day.assigned();
    let judged = [(first, "INNOVATION"), (first, "DESIGN"), (second, "INNOVATION")]
        .map(|(project, category)| ["J002", project, category].map(str::to_owned));
    assert_eq!(of(&after, "J002"), BTreeSet::from(judged), "what he judged stays");
    let others = |rows: &BTreeSet<[String; 3]>| -> BTreeSet<[String; 3]> {
        rows.iter().filter(|row| row[0] != "J002").cloned().collect()
    };
    assert!(others(&after).is_superset(&others(&before)), "nobody else's visits move");
    for project in projects.iter().filter(|project| *project != first) {
        let seen_by = |rows: &BTreeSet<[String; 3]>| {
            let rows = others(rows);
            rows.into_iter()
                .filter(|row| row[1] == *project)
                .map(|row| row[0].clone())
                .collect::<BTreeSet<_>>()
        };
        let (then, now) = (seen_by(&before), seen_by(&after));
        let is_anchor = project == "PROJECT_001";
        assert!(is_anchor || now.len() == then.len() + 1, "{project}: {then:?}, {now:?}");
    }
    let status = done(&["hub", "status", "--dir", &day.path("hub"), "--json"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["bundle_version"], &status["ballots"]), (&json!(2), &json!(3)));
    let coverage = (&status["coverage"]["done"], &status["coverage"]["wanted"]);
    assert_eq!(coverage, (&json!(3), &json!(after.len())));
}
