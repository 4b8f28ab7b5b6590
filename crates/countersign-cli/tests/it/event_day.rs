//! A whole day with real processes and no route to anywhere: a hub, twenty relays of which some die and come back, thirty judges.

use crate::harness::{instant, now};
use countersign::evidence::{Stamp, seal};
use countersign::{
    EventId, Fingerprint, KeyState, KeysetContent, OnlineKey, Realm, RecordHeader, RecordId,
    Signer, SigningKey, Timestamp, VerifyingKey,
};
use countersign_client::{KeyPlacePreference, Profile, State, TlsState, Trust};
use countersign_hub::Package;
use countersign_judging::Bundle;
use countersign_judging::event::{
    Category, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const RELAYS: usize = 20;
/// They stand in rows of so many.
const ROW: usize = 5;
const JUDGES: usize = 30;
const PROJECTS: usize = 3;
/// Relays that are killed while votes are on their way; none of the two that reach the hub.
const DYING: [usize; 5] = [3, 7, 11, 14, 18];

/// The keys of root, server and judges; no two numbers are the same.
fn key(number: usize) -> SigningKey {
    SigningKey::from_seed(&[number as u8 + 1; 32])
}

fn realm() -> Realm {
    Realm::new("fair", "fair.example.org").unwrap()
}

/// Where the day happens: a network of its own without a way out, where the machine can make one.
struct Hall {
    holder: Option<Child>,
}

impl Hall {
    fn open() -> Self {
        let asleep = |words: &[&str]| {
            let mut command = Command::new("unshare");
            command.args(words).args(["sleep", "600"]).stderr(Stdio::null());
            command.spawn().ok()
        };
        for words in [&["--net"][..], &["--net", "--map-root-user"][..]] {
            let Some(holder) = asleep(words) else { break };
            let hall = Self { holder: Some(holder) };
            // The namespace is there a moment after the process.
            let begun = instant();
            while begun.elapsed() < Duration::from_secs(2) {
                let mut up = hall.command("ip");
                up.args(["link", "set", "lo", "up"]).stderr(Stdio::null());
                if hall.is_apart() && up.status().is_ok_and(|status| status.success()) {
                    return hall;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        // Without the right to make a network of its own the day happens on the loopback.
        Self { holder: None }
    }

    /// Whether its network is another than ours.
    fn is_apart(&self) -> bool {
        let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let holder = self.holder.as_ref().map(|holder| holder.id().to_string());
        holder.is_some_and(|id| of(&id).is_some() && of(&id) != of("self"))
    }

    fn command(&self, program: &str) -> Command {
        let Some(holder) = &self.holder else { return Command::new(program) };
        let mut command = Command::new("nsenter");
        command.args(["--target", &holder.id().to_string(), "--net"]);
        if std::fs::read_link(format!("/proc/{}/ns/user", holder.id())).ok()
            != std::fs::read_link("/proc/self/ns/user").ok()
        {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg(program);
        command
    }

    fn countersign(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_countersign"));
        command.args(args).stdin(Stdio::null());
        command
    }

    fn done(&self, args: &[&str]) -> String {
        let output = self.countersign(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        if let Some(holder) = &mut self.holder {
            drop(holder.kill());
            drop(holder.wait());
        }
    }
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn event(hub: &str) -> Event {
    let lines: toml::Table = hub.parse().unwrap();
    let bytes = |name: &str| {
        *lines["hub"][0][name].as_str().unwrap().parse::<Fingerprint>().unwrap().as_bytes()
    };
    let category = "IDEA".parse().unwrap();
    let criterion = |title: &str| Criterion { title: title.into(), min: 0, max: 10, weight: 1 };
    let project = |number: usize| Project {
        id: format!("P{number}").parse().unwrap(),
        title: format!("Project {number}"),
        table: format!("T{number}"),
        categories: vec![category],
        anchor: false,
    };
    let judge = |number: usize| Judge {
        id: format!("J{number:02}").parse().unwrap(),
        name: format!("Judge {number}"),
        key: key(number).verifying_key().clone(),
    };
    Event {
        id: EventId::new("FAIR").unwrap(),
        version: 1,
        title: "Fair".into(),
        starts: Timestamp::from_millis(now().as_millis() - 3_600_000),
        ends: Timestamp::from_millis(now().as_millis() + 3_600_000),
        salt: Some([9; 32]),
        categories: vec![Category {
            id: category,
            title: "Idea".into(),
            criteria: vec![criterion("New"), criterion("Works")],
        }],
        projects: (0..PROJECTS).map(project).collect(),
        judges: (0..JUDGES).map(judge).collect(),
        rounds: vec![Round { number: 1, title: "Day".into(), state: RoundState::Draft }],
        conflicts: Vec::new(),
        assignments: Vec::new(),
        hubs: vec![HubKey {
            name: "Hall".into(),
            key: VerifyingKey::from_bytes(&bytes("key")).unwrap(),
            sealing: Some(bytes("sealing_key")),
        }],
    }
}

fn keyset() -> Vec<u8> {
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(9_000_000_000_000));
    let set = KeysetContent {
        version: 1,
        issued: from,
        expires: to,
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: key(201).verifying_key().clone(),
            state: KeyState::Active,
            not_before: from,
            not_after: to,
        }],
        roots: vec![key(200).verifying_key().clone()],
        pins: Vec::new(),
    };
    set.sign(&realm(), &key(200))
}

fn package(event: Event) -> Package {
    let id = RecordId::from_bytes([7; 16]);
    let stamp = Stamp { id, created: now(), previous: RecordHeader::FIRST };
    let bundle = seal(&realm(), &key(201), stamp, &Bundle::new(event).unwrap()).unwrap();
    let (app, audience) = ("fair".into(), "fair.example.org".into());
    Package { app, audience, sets: vec![keyset()], bundle }
}

/// What enrolment leaves on a judge's device: whom it believes, and its key.
fn enrolled(home: &Path, number: usize) {
    let profile = Profile::below(home, "default".parse().unwrap());
    profile.create().unwrap();
    let (trust, _) = Trust::on_first_sight(realm(), &keyset()).unwrap();
    let server = "https://fair.example.org".parse().unwrap();
    profile.save(&State { server, tls: TlsState::default(), trust, session: None }).unwrap();
    profile.judge_key_store().put(&key(number), KeyPlacePreference::File).unwrap();
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The relays' addresses: for neighbours, and for phones.
struct Corridor {
    folder: PathBuf,
    net: PathBuf,
    hub: String,
    neighbours: Vec<SocketAddr>,
    phones: Vec<SocketAddr>,
}

impl Corridor {
    fn start(&self, hall: &Hall, number: usize) -> Running {
        let text = |addr: &SocketAddr| addr.to_string();
        let mut args: Vec<String> = ["relay", "--plain", "--net-file"].map(str::to_owned).into();
        args.push(self.net.display().to_string());
        args.extend(["--peer-listen".to_owned(), text(&self.neighbours[number])]);
        args.extend(["--ws-listen".to_owned(), text(&self.phones[number])]);
        let state = self.folder.join(format!("relay-{number}"));
        args.extend(["--state".to_owned(), state.display().to_string()]);
        let left = (!number.is_multiple_of(ROW)).then(|| number - 1);
        for other in [left, number.checked_sub(ROW)].into_iter().flatten() {
            args.extend(["--peer".to_owned(), text(&self.neighbours[other])]);
        }
        if number < 2 {
            args.extend(["--ws".to_owned(), self.hub.clone()]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let log = std::fs::File::create(self.folder.join(format!("relay-{number}.log"))).unwrap();
        let mut command = hall.countersign(&args);
        Running(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }
}

struct Voting {
    number: usize,
    process: Child,
}

impl Voting {
    /// Three votes of one judge, by way of two relays; two of three devices have a clock that is wrong by hours.
    fn start(hall: &Hall, folder: &Path, corridor: &Corridor, code: &str, number: usize) -> Self {
        let home = folder.join(format!("judge-{number}"));
        enrolled(&home, number);
        let votes: Vec<String> = (0..PROJECTS)
            .map(|project| format!("P{project}:IDEA:{},{}", (number + project) % 11, number % 11))
            .collect();
        let link = |relay: usize| format!("ws://{}/mesh", corridor.phones[relay % RELAYS]);
        let (first, second) = (link(number), link(number * 7 + 3));
        let wrong = ["0", "-18000", "18000"][number % 3];
        let bundle = folder.join("fair.package").display().to_string();
        let mut command = hall.countersign(&["judge", "vote", "--timeout", "240"]);
        command.args(votes).args(["--bundle", &bundle, "--code", code, "--clock-error", wrong]);
        command.args(["--ws", &first, "--ws", &second]).env("XDG_DATA_HOME", &home);
        let process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        Self { number, process }
    }

    fn ends_well(mut self) {
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "judge {}: {status}: {said}", self.number);
    }
}

#[test]
fn an_event_with_a_hub_twenty_relays_and_thirty_judges_and_no_route_to_the_server() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let text = |name: &str| folder.join(name).display().to_string();
    let hall = Hall::open();
    let dir = text("hub");
    let lines = hall.done(&["hub", "init", "--dir", &dir, "--name", "Hall"]);
    std::fs::write(folder.join("fair.package"), package(event(&lines)).encode()).unwrap();
    let trusted = Fingerprint::from_bytes(*key(200).verifying_key().as_bytes()).to_string();
    let with = ["--bundle", &text("fair.package"), "--root", &trusted];
    let mut hub = hall.countersign(&["hub", "run", "--listen", "127.0.0.1:0", "--dir", &dir]);
    hub.args(with).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut hub = Running(hub.spawn().unwrap());
    let mut said = BufReader::new(hub.0.stdout.take().unwrap()).lines();
    let mut after = |start: &str| {
        let found = said.find_map(|line| line.unwrap().strip_prefix(start).map(str::to_owned));
        found.unwrap_or_else(|| panic!("the hub did not say {start:?}"))
    };
    let address = after("Hub Hall at http://");
    let code = after("Event code: ");
    hall.done(&["hub", "open", "--dir", &dir, "--round", "1"]);
    std::fs::write(folder.join("net.code"), hall.done(&["hub", "net", "--dir", &dir])).unwrap();

    let corridor = Corridor {
        folder: folder.to_owned(),
        net: folder.join("net.code"),
        hub: format!("ws://{address}/mesh"),
        neighbours: (0..RELAYS).map(|_| free()).collect(),
        phones: (0..RELAYS).map(|_| free()).collect(),
    };
    let mut relays: Vec<Option<Running>> =
        (0..RELAYS).map(|number| Some(corridor.start(&hall, number))).collect();
    let begin = |number| Voting::start(&hall, folder, &corridor, &code, number);
    let mut voting: Vec<Voting> = (0..JUDGES / 2).map(begin).collect();
    for number in DYING {
        relays[number] = None;
    }
    voting.extend((JUDGES / 2..JUDGES).map(begin));
    for number in DYING {
        relays[number] = Some(corridor.start(&hall, number));
    }
    voting.into_iter().for_each(Voting::ends_well);

    let status = || -> serde_json::Value {
        serde_json::from_str(&hall.done(&["hub", "status", "--dir", &dir, "--json"])).unwrap()
    };
    assert_eq!(status()["ballots"], JUDGES * PROJECTS, "each judge has a receipt for each vote");
    if hall.holder.is_some() {
        // Whoever says that there is no way out shows it.
        assert!(TcpStream::connect(&address).is_err(), "the hub is reached from outside");
    }
    hall.done(&["hub", "seal", "--dir", &dir]);
    hall.done(&["hub", "export", "--dir", &dir, "--out", &text("results")]);
    let verified = hall.done(&["event", "verify", &text("results"), "--root", &trusted]);
    let votes = format!("votes that hold  {}", JUDGES * PROJECTS);
    assert!(verified.contains(&votes) && !verified.contains("FAIL"), "{verified}");
    drop(relays);
    drop(hub);
}
