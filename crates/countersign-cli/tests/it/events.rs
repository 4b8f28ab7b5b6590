//! An event on a real server: from the organiser's files to published results, and what is refused on the way.

use crate::harness::league::{grant, operate};
use crate::harness::*;
use crate::program::Person;
use countersign::evidence::{Signed, Stamp, seal};
use countersign::statement::{self, Subject};
use countersign::wire::put_lp8;
use countersign::{
    EventId, Fingerprint, Name, RecordHeader, RecordId, ResultCode, Signer, SigningKey,
};
use countersign_hub::{Export, Package};
use countersign_judging::event::RoundState;
use countersign_judging::log::{HandOverReceipt, LogHead};
use countersign_judging::venue::{Outcome, Verdict};
use countersign_judging::{Bundle, Venue, Vote, VoteId};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const EVENT: &str = "FAIR_2027";

/// The example of the repository, with two hubs, stored on a server.
pub(crate) struct Fair {
    pub(crate) server: Server,
    folder: TempDir,
    /// Seeds of their keys.
    hubs: [[u8; 32]; 2],
}

/// A hub without radio: its venue and its log.
struct Hub {
    key: SigningKey,
    venue: Venue,
    log: Vec<u8>,
}

impl Fair {
    fn new() -> Self {
        let hubs = [random(), random()];
        let line = |(name, seed): (&str, &[u8; 32])| {
            let key = hex::encode(SigningKey::from_seed(seed).verifying_key().as_bytes());
            format!("\n[[hub]]\nname = \"{name}\"\nkey = \"{key}\"\n")
        };
        let lines: String = ["Hall A", "Hall B"].into_iter().zip(&hubs).map(line).collect();
        Self { hubs, ..Self::with_hub(Options::new(), &lines) }
    }

    /// With the lines of `hub init`.
    pub(crate) fn with_hub(options: Options, lines: &str) -> Self {
        let server = Server::start(options.set("limits.session_cache_ms", 0));
        let folder = TempDir::new().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/event");
        for name in ["projects.csv", "judges.csv", "conflicts.csv"] {
            std::fs::copy(example.join(name), folder.path().join(name)).unwrap();
        }
        let toml = std::fs::read_to_string(example.join("event.toml")).unwrap();
        std::fs::write(folder.path().join("event.toml"), toml + "\n" + lines).unwrap();
        Self { server, folder, hubs: [[0; 32]; 2] }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// `event create` or `event amend`.
    pub(crate) fn take_files(&self, verb: &str) -> String {
        let [event, projects, judges, conflicts] =
            ["event.toml", "projects.csv", "judges.csv", "conflicts.csv"].map(|it| self.path(it));
        let words = ["event", verb, &event, "--projects", &projects, "--judges", &judges];
        operate(&self.server, &[&words[..], &["--conflicts", &conflicts]].concat())
    }

    /// What a command says that is refused.
    pub(crate) fn refused(&self, words: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"));
        let output = command.args(words).arg("--data").arg(self.server.data()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn device(&self, address: &str) -> Device {
        Device::register(&self.server, address)
    }

    /// Somebody with a session and a judge's key.
    pub(crate) fn judge(&self, address: &str) -> (Device, SigningKey) {
        let (mut device, key) = (self.device(address), SigningKey::from_seed(&random()));
        let opened = enrol(&mut device, &key);
        assert_eq!(opened.result, ResultCode::OK, "{}", opened.json());
        (device, key)
    }

    /// An account that may hand over.
    pub(crate) fn operator(&self, address: &str) -> Device {
        let device = self.device(address);
        grant(&self.server, address, "hub");
        device
    }

    pub(crate) fn bundle(&self) -> Signed<Bundle> {
        let file = self.path(&format!("bare-{}", hex::encode(random::<4>())));
        operate(&self.server, &["event", "bundle", EVENT, "--bare", "--out", &file]);
        league::by_server(&self.server, &std::fs::read(file).unwrap())
    }

    fn hub(&self, number: usize) -> Hub {
        let key = SigningKey::from_seed(&self.hubs[number]);
        let print = *key.verifying_key().fingerprint();
        let (mut venue, mut log) =
            Venue::begin(self.server.realm(), print, self.bundle(), now()).unwrap();
        let is_open = venue.rounds().any(|(_, state)| state == RoundState::Open);
        assert!(!is_open, "the example's rounds begin as drafts");
        log.extend(venue.open_round(1, now()).unwrap());
        Hub { key, venue, log }
    }

    /// Bo and Cy have keys, Ana has none and is left out; both hubs took a vote of each.
    fn judged() -> (Self, Device, Hub, Hub) {
        Self::judged_after(|_| {})
    }

    /// The same, of files that were changed before.
    fn judged_after(change: impl FnOnce(&Self)) -> (Self, Device, Hub, Hub) {
        let fair = Self::new();
        change(&fair);
        fair.take_files("create");
        let ((_, bo), (_, cy)) = (fair.judge("bo@example.org"), fair.judge("cy@example.org"));
        operate(&fair.server, &["event", "publish", EVENT, "--without-missing"]);
        let (mut a, mut b) = (fair.hub(0), fair.hub(1));
        let shared = vote(&fair, &bo, "J002", "PROJECT_003", [9, 8, 7]);
        a.takes(&shared);
        b.takes(&shared);
        a.takes(&vote(&fair, &bo, "J002", "PROJECT_004", [3, 4, 5]));
        a.takes(&vote(&fair, &cy, "J003", "PROJECT_003", [8, 8, 8]));
        b.takes(&vote(&fair, &cy, "J003", "PROJECT_004", [5, 5, 5]));
        let operator = fair.operator("hub@example.org");
        (fair, operator, a, b)
    }

    /// The same, with results that are published.
    pub(crate) fn published_after(change: impl FnOnce(&Self)) -> Self {
        let (fair, mut operator, a, b) = Self::judged_after(change);
        for hub in [a, b] {
            let head = hub.head(&fair.server);
            receipt(&fair.server, &hand_over(&mut operator, hub.print(), &hub.log, &head));
        }
        operate(&fair.server, &["event", "results", EVENT, "--publish"]);
        fair
    }
}

impl Hub {
    fn takes(&mut self, content: &[u8]) {
        let Verdict { outcome, entry } = self.venue.take_vote(content, now());
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        self.log.extend(entry.unwrap());
    }

    fn print(&self) -> Fingerprint {
        *self.key.verifying_key().fingerprint()
    }

    fn head(&self, server: &Server) -> Vec<u8> {
        head_by(server, &self.key, &self.venue.head())
    }

    /// As `countersign hub export` leaves it behind.
    fn export(&self, fair: &Fair, to: &str) -> PathBuf {
        let package = fair.path(&format!("{to}.package"));
        operate(&fair.server, &["event", "bundle", EVENT, "--out", &package]);
        let packages = vec![Package::decode(&std::fs::read(package).unwrap()).unwrap()];
        let (log, head) = (self.log.clone(), self.head(&fair.server));
        let out = fair.folder.path().join(to);
        Export { packages, log, head }.write(&self.venue, &out).unwrap();
        out
    }
}

fn head_by(server: &Server, key: &SigningKey, head: &LogHead) -> Vec<u8> {
    let id = RecordId::from_bytes(random());
    let stamp = Stamp { id, created: now(), previous: RecordHeader::FIRST };
    seal(&server.realm(), key, stamp, head).unwrap()
}

pub(crate) fn event() -> EventId {
    EventId::new(EVENT).unwrap()
}

fn vote(fair: &Fair, key: &SigningKey, judge: &str, project: &str, points: [u16; 3]) -> Vec<u8> {
    let vote = Vote {
        project: project.parse().unwrap(),
        category: "INNOVATION".parse().unwrap(),
        points: points.to_vec(),
        id: VoteId::from_bytes(random()),
        seconds: now().as_millis() / 1000,
        judge: judge.parse().unwrap(),
        revision: 1,
        round: 1,
    };
    vote.sign(&fair.server.realm(), &event(), key).unwrap()
}

fn wish(device: &Device, key: &SigningKey) -> Value {
    let kind = Name::new("judge.key").unwrap();
    let subject = Subject { kind: &kind, context: EVENT.as_bytes() };
    let proof = statement::sign(&device.realm, key, subject, device.session.as_bytes());
    let public = hex::encode(key.verifying_key().as_bytes());
    json!({ "event": EVENT, "key": public, "proof": hex::encode(proof) })
}

fn enrol(device: &mut Device, key: &SigningKey) -> Opened {
    let wish = wish(device, key).to_string();
    device.call("event.enrol", wish.as_bytes())
}

fn asked(device: &mut Device, message_type: &str) -> Opened {
    device.call(message_type, json!({ "event": EVENT }).to_string().as_bytes())
}

pub(crate) fn say(device: &mut Device, step: u8, rest: &[&[u8]]) -> Opened {
    let mut payload = vec![step];
    put_lp8(&mut payload, EVENT.as_bytes());
    payload.extend(rest.concat());
    device.call("event.hand_over", &payload)
}

/// Everything in one piece, and the check.
fn hand_over(device: &mut Device, hub: Fingerprint, log: &[u8], head: &[u8]) -> Opened {
    let opened = say(device, 1, &[head]);
    assert_eq!(opened.result, ResultCode::OK, "{}", opened.json());
    let held = opened.json()["held"].as_u64().unwrap();
    let rest = &log[usize::try_from(held).unwrap()..];
    if !rest.is_empty() {
        let kept = say(device, 2, &[hub.as_bytes(), &held.to_be_bytes(), rest]);
        assert_eq!(kept.result, ResultCode::OK, "{}", kept.json());
    }
    say(device, 3, &[head])
}

fn receipt(server: &Server, opened: &Opened) -> HandOverReceipt {
    assert_eq!(opened.result, ResultCode::OK, "{:?}", String::from_utf8_lossy(&opened.payload));
    league::by_server::<HandOverReceipt>(server, &opened.payload).value
}

#[test]
fn an_event_runs_from_files_to_results_that_anybody_can_count_again() {
    let fair = Fair::new();
    assert!(fair.take_files("create").contains("5 projects, 3 judges"));
    let said = fair.refused(&["event", "publish", EVENT]);
    assert!(said.contains("J001, J002, J003"), "{said}");
    // Ana with the program, the others as devices whose keys the test has.
    let ana = Person::logged_in(&fair.server, "ana@example.org");
    let listed = ana.run(&["judge", "enrol", "--json"]).json();
    assert_eq!(
        (&listed["events"][0]["event"], &listed["events"][0]["key"]),
        (&json!(EVENT), &Value::Null)
    );
    let enrolled = ana.run(&["judge", "enrol", "--event", EVENT, "--json"]).json();
    assert_eq!((&enrolled["judge"], &enrolled["new"]), (&json!("J001"), &json!(true)));
    let again = ana.run(&["judge", "enrol", "--event", EVENT, "--json"]).json();
    assert_eq!((&again["fingerprint"], &again["new"]), (&enrolled["fingerprint"], &json!(false)));
    let (mut bo, bo_key) = fair.judge("bo@example.org");
    let (_, cy_key) = fair.judge("cy@example.org");
    operate(&fair.server, &["event", "assign", EVENT, "--views", "2"]);
    assert!(operate(&fair.server, &["event", "publish", EVENT]).contains("Version 1"));
    let judges = operate(&fair.server, &["event", "judges", EVENT]);
    assert!(judges.contains("ana@example.org") && !judges.contains("none"), "{judges}");
    // The program checks it with the server's keys; the bytes are those that every device gets.
    let file = fair.path("fair.bundle");
    let fetched = ana.run(&["judge", "bundle", "--event", EVENT, "--out", &file, "--json"]).json();
    assert_eq!((&fetched["version"], &fetched["judges"]), (&json!(1), &json!(3)));
    let same = asked(&mut bo, "event.bundle");
    assert_eq!((same.result, &same.payload), (ResultCode::OK, &std::fs::read(&file).unwrap()));
    let bundle: Signed<Bundle> = league::by_server(&fair.server, &same.payload);
    assert!(!bundle.value.event().assignments.is_empty());

    let (mut a, mut b) = (fair.hub(0), fair.hub(1));
    let shared = vote(&fair, &bo_key, "J002", "PROJECT_003", [9, 8, 7]);
    a.takes(&shared);
    b.takes(&shared);
    a.takes(&vote(&fair, &cy_key, "J003", "PROJECT_003", [6, 6, 6]));
    b.takes(&vote(&fair, &cy_key, "J003", "PROJECT_005", [5, 5, 5]));
    let operator = Person::logged_in(&fair.server, "hub@example.org");
    let dirs = [a.export(&fair, "a"), b.export(&fair, "b")].map(|dir| dir.display().to_string());
    assert_eq!(operator.run(&["hub", "sync", "--dir", &dirs[0]]).code, 1, "it lacks the scope");
    grant(&fair.server, "hub@example.org", "hub");
    let sync = |dir: &str| operator.run(&["hub", "sync", "--dir", dir, "--json"]).json();
    let first = sync(&dirs[0]);
    assert_eq!(
        (&first["votes"], &first["hubs"], &first["all_votes"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(sync(&dirs[0]), first, "a hand-over twice is one");
    let second = sync(&dirs[1]);
    assert_eq!(
        (&second["votes"], &second["hubs"], &second["all_votes"]),
        (&json!(2), &json!(2), &json!(3))
    );
    // What two hubs that merged say is what the server says.
    let merged = a.venue.merge(&b.venue, now()).unwrap();
    assert_eq!((merged.votes, merged.left_out), (1, 0));
    let root = a.venue.head().ballot_root.to_string();
    assert_eq!(second["all_ballot_root"], json!(root));

    assert_eq!(asked(&mut bo, "event.results").result, ResultCode::NOT_FOUND);
    let counted = operate(&fair.server, &["event", "results", EVENT, "--publish"]);
    assert!(counted.contains(&root) && counted.contains("Bees, counted by ear"), "{counted}");
    let published = asked(&mut bo, "event.results").json();
    assert_eq!((&published["votes"], &published["ballot_root"]), (&json!(3), &json!(root)));
    let out = fair.path("export");
    operate(&fair.server, &["event", "export", EVENT, "--out", &out]);
    let trusted = hex::encode(fair.server.keyset().content.roots[0].as_bytes());
    for hub in [&a, &b] {
        let folder = format!("{out}/{}", hub.print());
        let said = operate(&fair.server, &["event", "verify", &folder, "--root", &trusted]);
        assert!(said.contains("ok    log") && !said.contains("FAIL"), "{said}");
    }
}

#[test]
fn e1_e3_e4_only_invited_judges_enrol_keys_of_their_own() {
    let fair = Fair::new();
    fair.take_files("create");
    let key = || SigningKey::from_seed(&random());
    let mut stranger = fair.device("eve@example.org");
    let refused = enrol(&mut stranger, &key());
    assert_eq!(
        (refused.result, &refused.json()["reason"]),
        (ResultCode::NOT_FOUND, &json!("not_invited"))
    );
    let (mut bo, bo_key) = fair.judge("bo@example.org");
    // Somebody else's key, with a proof by whoever holds it: the two would vote for each other.
    let mut cy = fair.device("cy@example.org");
    let taken = enrol(&mut cy, &bo_key);
    assert_eq!(
        (taken.result, &taken.json()["reason"]),
        (ResultCode::CONFLICT, &json!("key_taken"))
    );
    // A proof from another session says nothing here.
    let borrowed = wish(&bo, &bo_key).to_string();
    assert_eq!(cy.call("event.enrol", borrowed.as_bytes()).result, ResultCode::INVALID_PAYLOAD);
    // Until it is published, a judge changes the key alone; then the organiser has to allow it.
    let second = key();
    assert_eq!(enrol(&mut bo, &second).result, ResultCode::OK);
    assert_eq!(enrol(&mut bo, &bo_key).json()["reason"], "key_taken");
    operate(&fair.server, &["event", "publish", EVENT, "--without-missing"]);
    let third = key();
    assert_eq!(enrol(&mut bo, &third).json()["reason"], "published");
    let reason = ["--reason", "lost on the train"];
    let replace = ["event", "judges", EVENT, "--replace", "J002"];
    operate(&fair.server, &[&replace[..], &reason].concat());
    assert_eq!(enrol(&mut bo, &third).result, ResultCode::OK);
    operate(&fair.server, &["event", "publish", EVENT, "--without-missing"]);
    let bundle = fair.bundle();
    let judge = bundle.value.event().judge(&"J002".parse().unwrap()).unwrap().clone();
    assert_eq!((bundle.value.event().version, &judge.key), (2, third.verifying_key()));
    let log = operate(&fair.server, &["audit", "--limit", "1000"]);
    for action in ["event.create", "event.enrol", "event.publish", "event.replace_key"] {
        assert!(log.contains(action), "{action}: {log}");
    }
    // Taking a judge away would let devices that have the bundle disagree.
    std::fs::write(fair.path("judges.csv"), "id,name,email\nJ001,Ana,ana@example.org\n").unwrap();
    std::fs::write(fair.path("conflicts.csv"), "judge,project\n").unwrap();
    fair.take_files("amend");
    let said = fair.refused(&["event", "publish", EVENT, "--without-missing"]);
    assert!(said.contains("takes away"), "{said}");
}

#[test]
fn e5_bundles_are_for_the_roster_and_for_hubs() {
    let fair = Fair::new();
    fair.take_files("create");
    let (mut bo, _) = fair.judge("bo@example.org");
    assert_eq!(asked(&mut bo, "event.bundle").json()["reason"], "not_published");
    operate(&fair.server, &["event", "publish", EVENT, "--without-missing"]);
    assert_eq!(asked(&mut bo, "event.bundle").result, ResultCode::OK);
    let mut stranger = fair.device("eve@example.org");
    assert_eq!(asked(&mut stranger, "event.bundle").json()["reason"], "not_invited");
    assert_eq!(asked(&mut stranger, "event.hand_over").result, ResultCode::FORBIDDEN);
    let mut hub = fair.operator("hub@example.org");
    assert_eq!(asked(&mut hub, "event.bundle").result, ResultCode::OK);
    assert_eq!(bo.call("event.unheard_of", b"{}").result, ResultCode::UNKNOWN_TYPE);
}

#[test]
fn e7_e8_a_changed_log_is_refused_by_what_is_wrong_with_it() {
    let (fair, mut operator, hub, _) = Fair::judged();
    let server = &fair.server;
    let (print, good) = (hub.print(), hub.head(server));
    let reason = |opened: &Opened| {
        assert_eq!(opened.result, ResultCode::EVIDENCE_INVALID, "{}", opened.json());
        opened.json()["reason"].as_str().unwrap().to_owned()
    };
    // A head by a key that is no hub's, and one whose signature is another's.
    let forged = head_by(server, &SigningKey::from_seed(&random()), &hub.venue.head());
    assert_eq!(reason(&say(&mut operator, 3, &[&forged])), "other_hub");
    let mut touched = good.clone();
    *touched.last_mut().unwrap() ^= 1;
    assert_eq!(reason(&say(&mut operator, 3, &[&touched])), "head_signature");
    // A byte of a vote: the chain breaks there.
    let at = hub.log.len() / 2;
    let mut broken = hub.log.clone();
    broken[at] ^= 1;
    assert_eq!(reason(&hand_over(&mut operator, print, &broken, &good)), "log_broken");
    // The hub itself leaves its last vote out, with a chain that holds: it signed a longer log.
    let mut shorter = hub.log.clone();
    let last = hub.log.len() - 4 - 32;
    let length = (0..last).rev().find(|at| {
        let len = u32::from_be_bytes(hub.log[*at..at + 4].try_into().unwrap()) as usize;
        at + 4 + len + 32 == hub.log.len()
    });
    shorter.truncate(length.unwrap());
    assert_eq!(reason(&hand_over(&mut operator, print, &shorter, &good)), "other_log");
    let mut torn = hub.log.clone();
    torn.truncate(hub.log.len() - 5);
    assert_eq!(reason(&hand_over(&mut operator, print, &torn, &good)), "log_torn");
    // Nothing of all that stays in the way of the true log.
    let opened = hand_over(&mut operator, print, &hub.log, &good);
    assert_eq!(receipt(server, &opened).votes, 3);
}

#[test]
fn e8_a_vote_that_the_rules_refuse_is_refused_although_the_hub_signed_it() {
    let (fair, mut operator, hub, _) = Fair::judged();
    let server = &fair.server;
    // The hub writes a vote of Bo's into its log that Bo did not sign.
    let forged = vote(&fair, &SigningKey::from_seed(&random()), "J002", "PROJECT_005", [9, 9, 9]);
    let mut chain = hub.venue.chain().clone();
    let act = countersign_judging::log::Act::Vote { content: forged };
    let entry = countersign_judging::log::Entry { at: now(), act };
    let log = [hub.log.clone(), chain.append(&entry).unwrap()].concat();
    let head = LogHead {
        entries: chain.entries(),
        chain: chain.head(),
        root: chain.root(),
        ..hub.venue.head()
    };
    let head = head_by(server, &hub.key, &head);
    let refused = hand_over(&mut operator, hub.print(), &log, &head);
    assert_eq!(refused.json()["reason"], "log_vote", "{}", refused.json());
    let shown = operate(server, &["event", "show", EVENT, "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["votes"], 0);
}

#[test]
fn e9_a_hub_that_signs_two_logs_is_convicted() {
    let (fair, mut operator, hub, _) = Fair::judged();
    let server = &fair.server;
    receipt(server, &hand_over(&mut operator, hub.print(), &hub.log, &hub.head(server)));
    // The same hub, from a new folder.
    let other = fair.hub(0);
    let fork = say(&mut operator, 3, &[&other.head(server)]);
    assert_eq!((fork.result, &fork.json()["reason"]), (ResultCode::CONFLICT, &json!("fork")));
    let shown = operate(server, &["event", "show", EVENT]);
    assert!(shown.contains("signed ANOTHER log of 2 entries"), "{shown}");
    assert!(operate(server, &["audit", "--limit", "1000"]).contains("event.fork"));
    let again = receipt(server, &say(&mut operator, 3, &[&hub.head(server)]));
    assert_eq!((again.entries, again.hubs), (hub.venue.entries(), 1));
}

#[test]
fn e10_hubs_in_any_order_and_any_pieces_give_one_union() {
    let (fair, mut operator, mut a, b) = Fair::judged();
    let server = &fair.server;
    let second = receipt(server, &hand_over(&mut operator, b.print(), &b.log, &b.head(server)));
    assert_eq!((second.votes, second.all_votes, second.hubs), (2, 2, 1));
    // In pieces of 100 bytes, one of them twice and one out of turn.
    let head = a.head(server);
    assert_eq!(say(&mut operator, 1, &[&head]).json()["held"], 0);
    for (n, bytes) in (0_u64..).zip(a.log.chunks(100)) {
        let offset = (n * 100).to_be_bytes();
        for _ in 0..2 {
            let kept = say(&mut operator, 2, &[a.print().as_bytes(), &offset, bytes]);
            assert_eq!(kept.result, ResultCode::OK, "{}", kept.json());
        }
        let skipped = (n * 100 + 700).to_be_bytes();
        let refused = say(&mut operator, 2, &[a.print().as_bytes(), &skipped, bytes]);
        assert_eq!(refused.json()["reason"], "not_next");
    }
    let first = receipt(server, &say(&mut operator, 3, &[&head]));
    assert_eq!((first.votes, first.all_votes, first.hubs), (3, 4, 2));
    assert_eq!(first.ballot_root, a.venue.head().ballot_root);
    let mut merged = b.venue.clone();
    assert_eq!(merged.merge(&a.venue, now()).unwrap().left_out, 0);
    assert_eq!(first.all_ballot_root, merged.head().ballot_root);
    // The log goes on after it was handed over once, and now holds what the other hub knew.
    let entries = a.venue.merge(&b.venue, now()).unwrap().entries;
    a.log.extend(entries);
    let third = receipt(server, &hand_over(&mut operator, a.print(), &a.log, &a.head(server)));
    assert_eq!((third.votes, third.ballot_root), (4, first.all_ballot_root));
    assert_eq!((third.all_votes, third.all_ballot_root), (4, first.all_ballot_root));
}

#[test]
fn what_is_wrong_with_the_files_is_said_with_its_place() {
    let fair = Fair::new();
    let create = |fair: &Fair| {
        let [event, projects, judges] =
            ["event.toml", "projects.csv", "judges.csv"].map(|it| fair.path(it));
        let words = ["event", "create", &event, "--projects", &projects, "--judges", &judges];
        fair.refused(&words)
    };
    let judges = std::fs::read_to_string(fair.path("judges.csv")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(fair.path(name), text).unwrap();
    write("judges.csv", &judges.replace("bo@example.org", "bo at home").replace("J003", "J 3"));
    let said = create(&fair);
    assert!(said.contains("judges.csv, line 3, column 3 (email)"), "{said}");
    assert!(said.contains("judges.csv, line 4, column 1 (id): \"J 3\""), "{said}");
    write("judges.csv", &judges.replace("id,name,email", "id,name,mail"));
    assert!(create(&fair).contains("line 1, column 3: \"mail\" is not known"), "{}", create(&fair));
    write("judges.csv", &judges);
    let projects = std::fs::read_to_string(fair.path("projects.csv")).unwrap();
    write("projects.csv", &projects.replace("T2,INNOVATION DESIGN", "T2,BEAUTY"));
    let said = create(&fair);
    assert!(said.contains("project PROJECT_002 names the category BEAUTY"), "{said}");
    write("projects.csv", &projects);
    let toml = std::fs::read_to_string(fair.path("event.toml")).unwrap();
    write("event.toml", &toml.replace("most = 5", "most = 1"));
    assert!(create(&fair).contains("above its least"), "{}", create(&fair));
    write("event.toml", &toml.replace("title = \"Morning\"", "titel = \"Morning\""));
    let said = create(&fair);
    assert!(
        said.contains("event.toml") && said.contains("line ") && said.contains("titel"),
        "{said}"
    );
    write("event.toml", &toml.replace("T08:00:00+01:00", ""));
    assert!(create(&fair).contains("a date, a time and an offset"), "{}", create(&fair));
    assert!(operate(&fair.server, &["event", "list"]).lines().count() == 1);
    let said = fair.refused(&["event", "show", "NOWHERE"]);
    assert!(said.contains("there is no event NOWHERE"), "{said}");
}
