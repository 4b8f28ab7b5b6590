//! A small event: its organiser's commands on the server's machine, and its hub on the day.

use crate::clock::instant;
use crate::server::program;
use crate::{PATIENCE, Server};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use tempfile::TempDir;

/// Its id.
pub const FAIR: &str = "FAIR_2027";

const EVENT: &str = r#"[event]
id = "FAIR_2027"
title = "Village fair"
starts = 2026-01-01T08:00:00+00:00
ends = 2036-01-01T18:00:00+00:00

[[category]]
id = "IDEAS"
title = "Best idea"
criteria = [
  { title = "New", most = 10, weight = 2 },
  { title = "Works", most = 10 },
  { title = "Told well in no more than three minutes", most = 100 },
]

[[round]]
number = 1
title = "The day"
"#;

/// An event that is being prepared.
#[derive(Debug)]
pub struct Fair {
    folder: TempDir,
    data: String,
    /// The public half of the server's root key.
    root: String,
}

impl Fair {
    /// With these projects (`id,title,table,categories` each) and the judges of these addresses.
    #[expect(clippy::expect_used, reason = "a test without an event has failed")]
    pub fn create(server: &Server, projects: &[&str], judges: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder for the event");
        let data = server.data().display().to_string();
        let fair = Self { folder, data, root: server.root() };
        let keys = fair.run(&["hub", "init", "--dir", "hub", "--name", "Main hall"]);
        let keys = keys.split_once("[[hub]]").map(|(_, keys)| keys).expect("the hub's keys");
        let rows = |rows: Vec<String>, head: &str| format!("{head}\n{}\n", rows.join("\n"));
        let judge =
            |(number, address): (usize, &&str)| format!("J{},Judge {0},{address}", number + 1);
        let judges = judges.iter().enumerate().map(judge).collect();
        fair.write("event.toml", &format!("{EVENT}\n[[hub]]{keys}"));
        fair.write("judges.csv", &rows(judges, "id,name,email"));
        fair.projects(projects);
        fair.organise(&[
            "event",
            "create",
            "event.toml",
            "--projects",
            "projects.csv",
            "--judges",
            "judges.csv",
        ]);
        fair
    }

    /// Other projects than before.
    pub fn amend(&self, projects: &[&str]) {
        self.projects(projects);
        self.organise(&[
            "event",
            "amend",
            "event.toml",
            "--projects",
            "projects.csv",
            "--judges",
            "judges.csv",
        ]);
    }

    /// Lets a judge register another key than the one that was published.
    pub fn allow_another_key(&self, judge: &str) {
        self.organise(&[
            "event",
            "judges",
            FAIR,
            "--replace",
            judge,
            "--reason",
            "lost on the train",
        ]);
    }

    /// Everybody who has a key judges everything; the server signs that.
    pub fn publish(&self) {
        self.organise(&["event", "assign", FAIR, "--views", "1"]);
        self.organise(&["event", "publish", FAIR]);
        // It is not written over what is there.
        drop(fs::remove_file(self.folder.path().join("fair.package")));
        self.organise(&["event", "bundle", FAIR, "--out", "fair.package"]);
    }

    /// The hub's laptop, from the package and the root of this server; it needs no server any more.
    pub fn hub(&self) -> Hub<'_> {
        let hub = Hub {
            fair: self,
            process: None,
            address: "127.0.0.1:0".to_owned(),
            udp: "127.0.0.1:0".to_owned(),
            code: String::new(),
        }
        .begun();
        self.run(&["hub", "open", "--dir", "hub", "--round", "1"]);
        hub
    }

    /// What is judged by this server's profile `ana`, handed over by its profile `hub`, and published. Each vote as `judge vote` takes it.
    pub fn publish_results(&self, server: &Server, votes: &[&str]) {
        self.publish();
        let hub = self.hub();
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let (package, link) = (file("fair.package"), format!("ws://{}/mesh", hub.address));
        let args = ["--bundle", &package, "--code", &hub.code, "--ws", &link, "--profile", "ana"];
        server.command(&[&["judge", "vote"], votes, &args].concat(), String::new);
        server.command(&["hub", "sync", "--dir", &file("hub"), "--profile", "hub"], String::new);
        self.organise(&["event", "results", FAIR, "--publish"]);
    }

    fn projects(&self, projects: &[&str]) {
        self.write(
            "projects.csv",
            &format!("id,title,table,categories\n{}\n", projects.join("\n")),
        );
    }

    #[expect(clippy::expect_used, reason = "a test without an event has failed")]
    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file");
    }

    fn organise(&self, args: &[&str]) {
        self.run(&[args, &["--data", &self.data]].concat());
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program("countersign"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    #[expect(clippy::expect_used, reason = "a command that fails fails the test")]
    fn run(&self, args: &[&str]) -> String {
        let done = self.command(args).output().expect("the program");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{args:?}: {said}");
        String::from_utf8(done.stdout).expect("text")
    }
}

/// A hub on its day.
#[derive(Debug)]
pub struct Hub<'f> {
    fair: &'f Fair,
    process: Option<(Child, Receiver<String>)>,
    /// Where it is.
    pub address: String,
    /// Where relays reach it by UDP.
    pub udp: String,
    /// The text of the code on its screen.
    pub code: String,
}

impl Hub<'_> {
    /// `kill -9`, and no goodbye.
    pub fn kill(&mut self) {
        if let Some((mut process, _)) = self.process.take() {
            // It may have ended already.
            drop(process.kill());
            drop(process.wait());
        }
    }

    /// Starts again after [`Self::kill`], at the same address, with the newest package.
    pub fn restart(&mut self) {
        let before = (self.address.clone(), self.code.clone());
        self.begin();
        assert_eq!((&self.address, &self.code), (&before.0, &before.1));
    }

    /// Takes a vote that somebody showed as a code.
    pub fn scan(&self, text: &str) -> String {
        self.fair.run(&["hub", "scan", "--dir", "hub", text])
    }

    /// Every vote that it has, as a table: see `docs/judging.md`.
    #[expect(clippy::expect_used, reason = "an export that is not there fails the test")]
    pub fn votes(&self) -> String {
        let out = TempDir::new().expect("a folder for the export");
        let to = out.path().join("fair");
        self.fair.run(&["hub", "export", "--dir", "hub", "--out", &to.display().to_string()]);
        fs::read_to_string(to.join("votes.csv")).expect("votes.csv")
    }

    fn begun(mut self) -> Self {
        self.begin();
        self
    }

    #[expect(clippy::expect_used, reason = "a test without a hub has failed")]
    fn begin(&mut self) {
        let args = ["hub", "run", "--dir", "hub", "--bundle", "fair.package"];
        let at = ["--listen", self.address.as_str(), "--udp", self.udp.as_str()];
        let args = [&args[..], &at, &["--root", self.fair.root.as_str()]].concat();
        let mut command = self.fair.command(&args);
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a hub");
        let said = BufReader::new(process.stdout.take().expect("its words"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let until = instant() + PATIENCE;
        let find = |what: &str| loop {
            let left = until.saturating_duration_since(instant());
            let line = lines.recv_timeout(left).expect("the hub says where it is");
            if let Some((_, rest)) = line.split_once(what) {
                return rest.to_owned();
            }
        };
        self.address = find(" at http://");
        self.code = find("Event code: ");
        self.udp = find("UDP neighbours: ");
        self.process = Some((process, lines));
    }
}

impl Drop for Hub<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A film for a browser's camera that shows nothing but a code, in light or in negative.
#[expect(clippy::expect_used, reason = "a film that cannot be made fails the test")]
pub fn film(path: &Path, text: &str, is_negative: bool) {
    const WIDTH: usize = 640;
    const HEIGHT: usize = 480;
    let modules = countersign_web_camera::Modules::of(text).expect("a text for a code");
    let scale = (HEIGHT - 40) / modules.size();
    let mut luma = vec![if is_negative { 20 } else { 235 }; WIDTH * HEIGHT];
    for y in 0..modules.size() * scale {
        for x in 0..modules.size() * scale {
            if modules.is_dark(x / scale, y / scale) {
                luma[(y + 20) * WIDTH + x + 90] = if is_negative { 235 } else { 20 };
            }
        }
    }
    let mut film = b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n".to_vec();
    for _ in 0..4 {
        film.extend_from_slice(b"FRAME\n");
        film.extend_from_slice(&luma);
        film.resize(film.len() + WIDTH * HEIGHT / 2, 128);
    }
    fs::write(path, film).expect("a file");
}
