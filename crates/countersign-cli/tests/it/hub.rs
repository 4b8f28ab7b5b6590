//! An event day by shipped commands alone: `hub init`, `run`, commands to it, `kill -9`, `export`, `event verify`.

use countersign::evidence::{Stamp, seal};
use countersign::{
    EventId, Fingerprint, KeyState, KeysetContent, OnlineKey, Realm, RecordHeader, RecordId,
    Signer, SigningKey, Timestamp, VerifyingKey,
};
use countersign_hub::Package;
use countersign_judging::event::{
    Assignment, Category, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_judging::{Bundle, Vote, VoteId};
use countersign_mesh::{EventCode, EventKeys, Flags, KeyEpoch, PacketType, Sealer, T16, VoteCode};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

const SALT: [u8; 32] = [9; 32];

fn realm() -> Realm {
    Realm::new("fair", "fair.example.org").unwrap()
}

fn judge() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn root() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign")).args(args).output().unwrap()
}

fn done(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn fails(args: &[&str], code: i32) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}");
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[expect(clippy::disallowed_methods, reason = "a judge's clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since.as_millis() as u64)
}

/// One project, one judge, one hub, which printed these lines.
fn event(hub: &str) -> Event {
    let lines: toml::Table = hub.parse().unwrap();
    let line = |name: &str| lines["hub"][0][name].as_str().unwrap().to_owned();
    let bytes = |name: &str| *line(name).parse::<Fingerprint>().unwrap().as_bytes();
    let criterion = Criterion { title: "New".into(), min: 0, max: 10, weight: 1 };
    let (project, category) = ("P0".parse().unwrap(), "IDEA".parse().unwrap());
    Event {
        id: EventId::new("FAIR").unwrap(),
        version: 1,
        title: "Fair".into(),
        starts: Timestamp::from_millis(now().as_millis() - 3_600_000),
        ends: Timestamp::from_millis(now().as_millis() + 3_600_000),
        salt: Some(SALT),
        categories: vec![Category {
            id: category,
            title: "Idea".into(),
            criteria: vec![criterion],
        }],
        projects: vec![Project {
            id: project,
            title: "Rocket".into(),
            table: "T1".into(),
            categories: vec![category],
            anchor: false,
        }],
        judges: vec![Judge {
            id: "J0".parse().unwrap(),
            name: "Ada".into(),
            key: judge().verifying_key().clone(),
        }],
        rounds: vec![Round { number: 1, title: "Only".into(), state: RoundState::Draft }],
        conflicts: Vec::new(),
        assignments: vec![Assignment { judge: "J0".parse().unwrap(), round: 1, project, category }],
        hubs: vec![HubKey {
            name: line("name"),
            key: VerifyingKey::from_bytes(&bytes("key")).unwrap(),
            sealing: Some(bytes("sealing_key")),
        }],
    }
}

fn package(event: Event) -> Package {
    let online = SigningKey::from_seed(&[2; 32]);
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(9_000_000_000_000));
    let set = KeysetContent {
        version: 1,
        issued: from,
        expires: to,
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: online.verifying_key().clone(),
            state: KeyState::Active,
            not_before: from,
            not_after: to,
        }],
        roots: vec![root().verifying_key().clone()],
        pins: Vec::new(),
    };
    let id = RecordId::from_bytes([7; 16]);
    let stamp = Stamp { id, created: now(), previous: RecordHeader::FIRST };
    let bundle = seal(&realm(), &online, stamp, &Bundle::new(event).unwrap()).unwrap();
    let sets = vec![set.sign(&realm(), &root())];
    Package { app: "fair".into(), audience: "fair.example.org".into(), sets, bundle }
}

/// A vote as the judge's phone shows it.
fn vote_code(code: &str, revision: u32, points: u16) -> String {
    let code: EventCode = code.parse().unwrap();
    let keys = EventKeys::derive(&code.key, &SALT, &code.event, KeyEpoch::default());
    let vote = Vote {
        project: "P0".parse().unwrap(),
        category: "IDEA".parse().unwrap(),
        points: vec![points],
        id: VoteId::from_bytes([revision as u8; 16]),
        seconds: now().as_millis() / 1_000,
        judge: "J0".parse().unwrap(),
        revision,
        round: 1,
    };
    let content = vote.sign(&realm(), &code.event, &judge()).unwrap();
    let sealer = Sealer::new([5; 32]);
    let mut entropy = |bytes: &mut [u8]| bytes.fill(revision as u8);
    let packet = sealer
        .seal(&keys, PacketType::Vote, Flags::NONE, T16::UNKNOWN, &content, &mut entropy)
        .unwrap();
    VoteCode(packet).to_text().unwrap()
}

struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["hub", "run", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("Organiser: ")) {
            said.push(lines.next().unwrap().unwrap());
        }
        Self { child, lines: said }
    }

    fn said(&self, start: &str) -> String {
        let line = self.lines.iter().find_map(|line| line.strip_prefix(start));
        line.unwrap().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killed already, or killed now.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Place(TempDir);

impl Place {
    fn path(&self, name: &str) -> String {
        PathBuf::from(self.0.path()).join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn an_event_runs_offline_from_keys_to_a_verified_export_by_commands_alone() {
    let place = Place(tempfile::tempdir().unwrap());
    let (dir, file, out) = (place.path("hub"), place.path("fair.package"), place.path("results"));
    let lines = done(&["hub", "init", "--dir", &dir, "--name", "Main hall"]);
    assert!(
        fails(&["hub", "init", "--dir", &dir, "--name", "Again"], 2).contains("never overwritten")
    );
    assert!(fails(&["hub", "status", "--dir", &dir], 2).contains("no event yet"));
    std::fs::write(&file, package(event(&lines)).encode()).unwrap();
    let trusted = Fingerprint::from_bytes(*root().verifying_key().as_bytes()).to_string();
    let foreign = Fingerprint::from_bytes(*judge().verifying_key().as_bytes()).to_string();
    let with = ["hub", "run", "--dir", &dir, "--bundle", &file];
    assert!(
        fails(&[&with[..], &["--root", &foreign]].concat(), 2).contains("not signed by a root")
    );
    assert!(fails(&with, 2).contains("--root"));

    let mut hub = Running::start(&["--dir", &dir, "--bundle", &file, "--root", &trusted]);
    let code = hub.said("Event code: ");
    assert!(hub.said("Organiser: ").contains("/organiser#"));
    let scan = |revision: u32, points: u16| vote_code(&code, revision, points);
    let refused = fails(&["hub", "scan", "--dir", &dir, &scan(1, 5)], 1);
    assert!(refused.contains("not open"), "{refused}");
    done(&["hub", "open", "--dir", &dir, "--round", "1"]);
    assert!(done(&["hub", "scan", "--dir", &dir, &scan(1, 5)]).starts_with("Accepted"));
    hub.child.kill().unwrap();
    hub.child.wait().unwrap();
    // Nobody runs: on the folder itself.
    assert!(done(&["hub", "scan", "--dir", &dir, &scan(1, 5)]).starts_with("Was here before"));
    let hub = Running::start(&["--dir", &dir]);
    assert_eq!(hub.said("Event code: "), code);
    assert!(done(&["hub", "scan", "--dir", &dir, &scan(2, 8)]).starts_with("Accepted"));
    assert!(done(&["hub", "tally", "--dir", &dir]).contains("P0"));
    let status: serde_json::Value =
        serde_json::from_str(&done(&["hub", "status", "--dir", &dir, "--json"])).unwrap();
    assert_eq!((&status["ballots"], &status["coverage"]["done"]), (&1.into(), &1.into()));
    done(&["hub", "seal", "--dir", &dir]);
    done(&["hub", "export", "--dir", &dir, "--out", &out]);
    drop(hub);

    let verified = done(&["event", "verify", &out, "--root", &trusted]);
    assert!(verified.contains("votes that hold  2") && !verified.contains("FAIL"), "{verified}");
    assert!(fails(&["event", "verify", &out, "--root", &foreign], 1).contains("FAIL"));
    let votes = Path::new(&out).join("votes.csv");
    let text = std::fs::read_to_string(&votes).unwrap();
    assert!(text.contains("replaced"), "{text}");
    std::fs::write(&votes, text.replace("replaced", "")).unwrap();
    let found = fails(&["event", "verify", &out, "--root", &trusted], 1);
    assert!(found.contains("votes.csv differs") && found.contains("prove nothing"), "{found}");
}
