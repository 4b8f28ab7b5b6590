//! A whole day with real processes and no route to anywhere: a hub, twenty relays of which some die and come back, thirty judges.
//! And a smaller one on which every path loses, delays, doubles and reorders.

use crate::harness::peers::{free_port, local};
use crate::harness::{instant, now};
use bad_air::{BadAir, Weather};
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
use countersign_judging::log::{Act, Reader};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;

#[path = "../../../countersign-node/tests/it/bad_air.rs"]
mod bad_air;

const PROJECTS: usize = 3;

/// The keys of root, server and judges; no two numbers are the same.
fn key(number: usize) -> SigningKey {
    SigningKey::from_seed(&[number as u8 + 1; 32])
}

fn realm() -> Realm {
    Realm::new("fair", "fair.example.org").unwrap()
}

/// Where the day happens: a network of its own without a way out, where the machine can make one.
pub(crate) struct Hall {
    pub(crate) holder: Option<Child>,
}

impl Hall {
    pub(crate) fn open() -> Self {
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

    /// What moves a thread of this process in, where that is possible.
    fn door(&self) -> Option<File> {
        let door = File::open(format!("/proc/{}/ns/net", self.holder.as_ref()?.id())).unwrap();
        let enters = move || enter(&door).is_ok().then_some(door);
        std::thread::spawn(enters).join().unwrap()
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

/// Moves the calling thread.
fn enter(door: &File) -> rustix::io::Result<()> {
    move_into_link_name_space(door.as_fd(), Some(LinkNameSpaceType::Network))
}

/// A part of the day that this process does itself: a thread in the hall.
struct Inside {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Inside {
    /// Sets something up, which then goes on until the value is dropped.
    fn start<T, F>(door: Option<File>, set_up: impl FnOnce() -> F + Send + 'static) -> (T, Self)
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let (stop, stopped) = oneshot::channel();
        let (done, is_done) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            door.iter().for_each(|door| enter(door).unwrap());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                drop(done.send(set_up().await));
                drop(stopped.await);
            });
        });
        let inside = Self { stop: Some(stop), thread: Some(thread) };
        (is_done.blocking_recv().unwrap(), inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking());
    }
}

/// A process that ends with this value.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn event(hub: &str, judges: usize) -> Event {
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
        judges: (0..judges).map(judge).collect(),
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

pub(crate) fn free() -> SocketAddr {
    local(free_port())
}

/// A hub on its day.
pub(crate) struct Day {
    hall: Hall,
    place: TempDir,
    judges: usize,
    trusted: String,
    hub: Running,
    pub(crate) said: std::io::Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
    pub(crate) code: String,
}

impl Day {
    pub(crate) fn begin(hall: Hall, judges: usize, links: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let [dir, file] = ["hub", "fair.package"].map(|name| place.path().join(name));
        let (dir, file) = (dir.to_str().unwrap(), file.to_str().unwrap());
        let lines = hall.done(&["hub", "init", "--dir", dir, "--name", "Hall"]);
        std::fs::write(file, package(event(&lines, judges)).encode()).unwrap();
        let trusted = Fingerprint::from_bytes(*key(200).verifying_key().as_bytes()).to_string();
        let mut hub = hall.countersign(&["hub", "run", "--listen", "127.0.0.1:0", "--dir", dir]);
        hub.args(["--bundle", file, "--root", &trusted]).args(links);
        let mut hub = Running(hub.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let mut said = BufReader::new(hub.0.stdout.take().unwrap()).lines();
        let address = after(&mut said, "Hub Hall at http://").parse().unwrap();
        let code = after(&mut said, "Event code: ");
        hall.done(&["hub", "open", "--dir", dir, "--round", "1"]);
        let net = hall.done(&["hub", "net", "--dir", dir]);
        std::fs::write(place.path().join("net.code"), net).unwrap();
        Self { hall, place, judges, trusted, hub, said, address, code }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    fn mesh(&self) -> String {
        format!("ws://{}/mesh", self.address)
    }

    /// Every judge voted on every project: all of that counts, nothing counts twice, and anybody can check it.
    pub(crate) fn ends_with_all_votes(self) {
        let dir = self.path("hub");
        let status = self.hall.done(&["hub", "status", "--dir", &dir, "--json"]);
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let votes = self.judges * PROJECTS;
        assert_eq!(status["ballots"], votes, "each judge has a receipt for each vote");
        if self.hall.holder.is_some() {
            // Whoever says that there is no way out shows it.
            assert!(TcpStream::connect(self.address).is_err(), "the hub is reached from outside");
        }
        self.hall.done(&["hub", "seal", "--dir", &dir]);
        let out = self.path("results");
        self.hall.done(&["hub", "export", "--dir", &dir, "--out", &out]);
        let verified = self.hall.done(&["event", "verify", &out, "--root", &self.trusted]);
        let hold = format!("votes that hold  {votes}");
        assert!(verified.contains(&hold) && !verified.contains("FAIL"), "{verified}");
        let log = std::fs::read(Path::new(&out).join("log.bin")).unwrap();
        let mut entries = Reader::new(&log);
        let entries = std::iter::from_fn(|| entries.next_entry().unwrap());
        let kept = entries.filter(|entry| matches!(entry.act, Act::Vote { .. })).count();
        assert_eq!(kept, votes, "no vote is in the log twice");
        drop(self.hub);
    }
}

pub(crate) fn after(said: &mut std::io::Lines<BufReader<ChildStdout>>, start: &str) -> String {
    let found = said.find_map(|line| line.unwrap().strip_prefix(start).map(str::to_owned));
    found.unwrap_or_else(|| panic!("the hub did not say {start:?}"))
}

/// A relay: where it is, and whom it looks for.
pub(crate) struct Post {
    pub(crate) number: usize,
    pub(crate) neighbours: SocketAddr,
    pub(crate) phones: SocketAddr,
    pub(crate) links: Vec<String>,
}

impl Post {
    pub(crate) fn start(&self, day: &Day) -> Running {
        let net = day.path("net.code");
        let mut relay = day.hall.countersign(&["relay", "--plain", "--net-file", &net]);
        relay.args(["--peer-listen", &self.neighbours.to_string()]);
        relay.args(["--ws-listen", &self.phones.to_string()]);
        relay.args(["--state", &day.path(&format!("relay-{}", self.number))]).args(&self.links);
        let log = File::create(day.path(&format!("relay-{}.log", self.number))).unwrap();
        Running(relay.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }
}

/// Whom a relay of a grid knows: the one to the left and the one above.
fn known(number: usize, row: usize) -> impl Iterator<Item = usize> {
    let left = (!number.is_multiple_of(row)).then(|| number - 1);
    left.into_iter().chain(number.checked_sub(row))
}

pub(crate) struct Voting {
    number: usize,
    process: Child,
}

impl Voting {
    /// By way of two doors.
    fn through(day: &Day, doors: &[SocketAddr], number: usize) -> Self {
        let link = |door: usize| format!("ws://{}/mesh", doors[door % doors.len()]);
        let (first, second) = (link(number), link(number * 7 + 3));
        Self::start(day, &["--ws", &first, "--ws", &second], number)
    }

    /// A judge's vote on each project; two of three devices have a clock that is wrong by hours.
    pub(crate) fn start(day: &Day, links: &[&str], number: usize) -> Self {
        let home = PathBuf::from(day.path(&format!("judge-{number}")));
        enrolled(&home, number);
        let votes: Vec<String> = (0..PROJECTS)
            .map(|project| format!("P{project}:IDEA:{},{}", (number + project) % 11, number % 11))
            .collect();
        let wrong = ["0", "-18000", "18000"][number % 3];
        let mut command = day.hall.countersign(&["judge", "vote", "--timeout", "240"]);
        command.args(votes).args(["--bundle", &day.path("fair.package"), "--code", &day.code]);
        command.args(["--clock-error", wrong]).args(links);
        command.env("XDG_DATA_HOME", &home);
        let process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        Self { number, process }
    }

    pub(crate) fn ends_well(mut self) {
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "judge {}: {status}: {said}", self.number);
    }
}

#[test]
fn an_event_with_a_hub_twenty_relays_and_thirty_judges_and_no_route_to_the_server() {
    const RELAYS: usize = 20;
    const ROW: usize = 5;
    const JUDGES: usize = 30;
    /// Relays that are killed while votes are on their way; none of the two that reach the hub.
    const DYING: [usize; 5] = [3, 7, 11, 14, 18];
    let day = Day::begin(Hall::open(), JUDGES, &[]);
    let places: Vec<_> = (0..RELAYS).map(|_| (free(), free())).collect();
    let posts: Vec<_> = (0..RELAYS)
        .map(|number| {
            let mut links = Vec::new();
            for other in known(number, ROW) {
                links.extend(["--peer".to_owned(), places[other].0.to_string()]);
            }
            if number < 2 {
                links.extend(["--ws".to_owned(), day.mesh()]);
            }
            let (neighbours, phones) = places[number];
            Post { number, neighbours, phones, links }
        })
        .collect();
    let doors: Vec<_> = posts.iter().map(|post| post.phones).collect();
    let mut relays: Vec<Option<Running>> =
        posts.iter().map(|post| Some(post.start(&day))).collect();
    let begin = |number| Voting::through(&day, &doors, number);
    let mut voting: Vec<Voting> = (0..JUDGES / 2).map(begin).collect();
    for number in DYING {
        relays[number] = None;
    }
    voting.extend((JUDGES / 2..JUDGES).map(begin));
    for number in DYING {
        relays[number] = Some(posts[number].start(&day));
    }
    voting.into_iter().for_each(Voting::ends_well);
    day.ends_with_all_votes();
    drop(relays);
}

/// A kernel with `tc netem` would do the same to the loopback; this needs none, and the same frames are drawn each time.
#[test]
fn an_event_over_paths_that_lose_a_fifth_and_delay_double_and_reorder_the_rest() {
    const RELAYS: usize = 6;
    const ROW: usize = 3;
    const JUDGES: usize = 9;
    let hall = Hall::open();
    let door = hall.door();
    // Who may make a network only as another user cannot bring a thread into it; then the day happens on the loopback.
    let hall = if door.is_some() { hall } else { Hall { holder: None } };
    let mut day = Day::begin(hall, JUDGES, &["--udp", "127.0.0.1:0"]);
    let hub_udp: SocketAddr = after(&mut day.said, "UDP neighbours: ").parse().unwrap();
    let hub = day.address;
    let air = BadAir::new(Weather { lost: 20, doubled: 10, delay_ms: 5..200 });
    let places: Vec<_> = (0..RELAYS).map(|_| (free(), free())).collect();
    let (paths, of_paths) = (air.clone(), places.clone());
    let ((posts, doors), inside) = Inside::start(door, async move || {
        let (mut posts, mut doors) = (Vec::new(), Vec::new());
        for (seed, (number, (neighbours, phones))) in
            (1..).step_by(1000).zip(of_paths.iter().enumerate())
        {
            let mut links = Vec::new();
            for other in known(number, ROW) {
                let path = paths.udp(of_paths[other].0, seed + other as u64).await;
                links.extend(["--peer".to_owned(), path.to_string()]);
            }
            // One reaches the hub's WebSocket, one the hub's UDP.
            match number {
                0 => links.extend([
                    "--ws".to_owned(),
                    format!("ws://{}/mesh", paths.websocket(hub, 91).await),
                ]),
                1 => links.extend(["--peer".to_owned(), paths.udp(hub_udp, 92).await.to_string()]),
                _ => {}
            }
            doors.push(paths.websocket(*phones, seed + 500).await);
            posts.push(Post { number, neighbours: *neighbours, phones: *phones, links });
        }
        (posts, doors)
    });
    let relays: Vec<_> = posts.iter().map(|post| post.start(&day)).collect();
    let voting: Vec<_> = (0..JUDGES).map(|number| Voting::through(&day, &doors, number)).collect();
    voting.into_iter().for_each(Voting::ends_well);
    day.ends_with_all_votes();
    drop((relays, inside));
    let seen = air.seen();
    let [sent, lost, doubled, overtaken] = [&seen.sent, &seen.lost, &seen.doubled, &seen.overtaken]
        .map(|it| it.load(Ordering::Relaxed));
    // The first two are drawn. How many overtake each other depends on how close together the nodes send, too: of what is
    // sent alone, none.
    assert!(
        lost > sent / 6 && doubled > sent / 16 && overtaken > sent / 10,
        "of {sent}: {lost}, {doubled}, {overtaken}"
    );
}
