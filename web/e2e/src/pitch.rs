//! A pair of goals from a factory that the server knows, switched on, and players without a screen for the other seats.

use crate::clock::instant;
use crate::free::free_port;
use crate::server::{Running, program};
use crate::{PATIENCE, Server};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The only pair of the only batch.
const PAIR: &str = "factory/batch-0001/GL-00001";
/// Between two looks at a device that is not where it should be yet.
const LOOK: Duration = Duration::from_millis(30);

/// Two goals with their master's door for phones. Dropping it ends their processes, and the players'.
#[derive(Debug)]
pub struct Pitch {
    folder: TempDir,
    url: String,
    halves: Vec<Running>,
    players: Vec<Running>,
}

impl Pitch {
    /// Makes a pair, registers it, switches it on and shows it a ball, until its lobby is open. The server is started once more, because it
    /// has to know the factory.
    pub fn open(server: &mut Server) -> Self {
        let folder = folder();
        let (url, root) = (server.url(""), server.root());
        let mut pitch = Self { folder, url, halves: Vec::new(), players: Vec::new() };
        let at = ["--server", pitch.url.as_str(), "--root", root.as_str()];
        let realm = ["--app", "dev", "--audience", "localhost"];
        let station = ["factory", "init", "factory", "--station", "bench 1"];
        pitch.run(&[&station[..], &realm, &at].concat());
        let key = pitch.short_rules();
        server.set(&format!("league.factory_keys=[\"{key}\"]"));
        server.kill();
        server.restart();
        pitch.run(&["factory", "make", "--count", "1", "--dir", "factory"]);
        pitch.log_in(server, "station@example.org", "station");
        let data = server.data().display().to_string();
        pitch.run(&["user", "grant", "station@example.org", "factory", "--data", &data]);
        pitch.run(&["factory", "register", "--dir", "factory", "--profile", "station"]);
        let sold = ["league", "device", "set", "GL-00001", "sold", "--reason", "handed over"];
        pitch.run(&[&sold[..], &["--yes", "--data", &data]].concat());
        pitch.switch_on();
        pitch
    }

    /// Where phones find the device.
    #[expect(clippy::panic, reason = "a device without a door fails the test")]
    pub fn address(&self) -> String {
        match self.show()["http"].as_str() {
            Some(address) => address.to_owned(),
            None => panic!("the device has no door: {}", self.show()),
        }
    }

    /// Logs players in, for whom nobody looks at a screen.
    pub fn invite(&self, server: &Server, count: usize) {
        for number in 0..count {
            self.log_in(server, &format!("other{number}@example.org"), &format!("other{number}"));
        }
    }

    /// Those who were invited come, and wait for a word. They carry nothing, unless they are told to.
    #[expect(clippy::expect_used, reason = "processes of our own")]
    pub fn come(&mut self, count: usize, do_carry: bool) {
        let device = format!("http://{}", self.address());
        let before = self.players_there();
        for number in 0..count {
            let profile = format!("other{number}");
            let args = ["player", "play", "--device", &device, "--profile", &profile];
            let mut command = self.command("countersign", &args);
            command.args((!do_carry).then_some("--no-carry"));
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            self.players.push(Running(command.spawn().expect("a player")));
        }
        self.wait("everybody there", || self.players_there() == before + count);
    }

    /// A word to all of them, as `player play` understands it: `ready`, `confirm`, `annul 0`.
    #[expect(clippy::expect_used, reason = "processes of our own")]
    pub fn say(&mut self, word: &str) {
        for player in &mut self.players {
            let stdin = player.0.stdin.as_mut().expect("a pipe to the player");
            writeln!(stdin, "{word}").expect("a player that listens");
        }
    }

    fn players_there(&self) -> usize {
        self.show()["players"].as_array().map_or(0, Vec::len)
    }

    /// The master hangs, with all its connections open, or goes on.
    pub fn hang(&self, is_hanging: bool) {
        let signal = if is_hanging { "-STOP" } else { "-CONT" };
        let master = self.halves.last().map(|master| master.0.id().to_string());
        let done = Command::new("kill").arg(signal).args(master).status();
        assert!(done.is_ok_and(|it| it.success()), "{signal}");
    }

    /// A ball hits a goal, `north` or `south`.
    pub fn hit(&self, end: &str) {
        self.ask(&["hit", "--end", end]);
    }

    /// Waits until the device is in a state.
    pub fn until(&self, state: &str) {
        self.wait(state, || self.show()["state"] == state);
    }

    /// Waits until the league has a match, and says which.
    #[expect(clippy::expect_used, reason = "a league that shows no matches fails the test")]
    pub fn settled(&self, server: &Server) -> String {
        let list = || -> Vec<Value> {
            let said = server.operate(&["league", "match", "list", "--json"]);
            serde_json::from_str(&said).expect("matches as JSON")
        };
        self.wait("settled", || !list().is_empty());
        let id = list().first().and_then(|it| Some(it["match"].as_str()?.to_owned()));
        id.expect("the id of a match")
    }

    /// What the device shows.
    pub fn show(&self) -> Value {
        self.half("master")
    }

    fn half(&self, half: &str) -> Value {
        let slave = (half == "slave").then_some("--slave");
        let args: Vec<&str> = ["show", "--json"].into_iter().chain(slave).collect();
        let output = self.try_ask(&args);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    #[expect(clippy::panic, reason = "what does not come fails the test")]
    fn wait(&self, what: &str, is: impl Fn() -> bool) {
        let until = instant() + PATIENCE;
        while !is() {
            if instant() > until {
                panic!("never {what}: {} {}", self.show(), self.half("slave"));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The factory makes boxes with the short rules. Its key.
    #[expect(clippy::expect_used, reason = "files of our own")]
    fn short_rules(&self) -> String {
        let settings = self.folder.path().join("factory/factory.toml");
        let text = std::fs::read_to_string(&settings).expect("the station's settings");
        let short = text.replace("ruleset = \"official\"", "ruleset = \"short\"");
        std::fs::write(&settings, short).expect("the station's settings");
        let key = text.lines().find_map(|line| line.strip_prefix("key = "));
        key.expect("the station's key").trim_matches('"').to_owned()
    }

    #[expect(clippy::expect_used, reason = "processes of our own")]
    fn switch_on(&mut self) {
        let (north, south) = (free_port().expect("a port"), free_port().expect("a port"));
        let link = |own: u16, other: u16| format!("udp:127.0.0.1:{own},127.0.0.1:{other}");
        let doors = ["--listen", "none", "--http", "127.0.0.1:0", "--identify", "connection"];
        let starts =
            [("slave", link(south, north), &[][..]), ("master", link(north, south), &doors[..])];
        for (half, link, more) in starts {
            let folder = format!("{PAIR}/{half}");
            let mut command = self.command("countersign-device", &[half, &folder, "--link", &link]);
            command.args(more).args(["--sensor", "control", "--display", "none"]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            self.halves.push(Running(command.spawn().expect("countersign-device, built")));
        }
        self.until("off");
        self.ask(&["button"]);
        self.until("goal_check");
        // The slave hears of it later, and sheets have to be quiet before they take a ball.
        let is_armed = |half: &Value| half["armed"] == true;
        self.wait("both goals armed", || {
            let slave = self.half("slave");
            is_armed(&self.show()) && is_armed(&slave) && slave["phase"] == "check"
        });
        self.hit("north");
        self.hit("south");
        self.until("lobby");
    }

    fn log_in(&self, server: &Server, address: &str, profile: &str) {
        let root = server.root();
        let login = ["login", address, "--profile", profile, "--key-store", "file"];
        let at = ["--server", self.url.as_str(), "--root", root.as_str()];
        let mut command = self.command("countersign", &[&login[..], &at].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let before = server.mails_to(address).len();
        let Ok(mut child) = command.spawn() else { return };
        let code = server.code_for(address, before);
        if let Some(mut stdin) = child.stdin.take() {
            // Whoever does not read it says why below.
            drop(writeln!(stdin, "{code}"));
        }
        if let Ok(output) = child.wait_with_output() {
            expect(&output, "login");
        }
    }

    /// A command of the server's program, to its good end.
    #[expect(clippy::expect_used, reason = "a program of our own")]
    fn run(&self, args: &[&str]) {
        let output = self.command("countersign", args).output().expect("the program");
        expect(&output, &args.join(" "));
    }

    /// A command for the device, to its good end.
    fn ask(&self, args: &[&str]) {
        expect(&self.try_ask(args), &args.join(" "));
    }

    #[expect(clippy::expect_used, reason = "a program of our own")]
    fn try_ask(&self, args: &[&str]) -> Output {
        let mut command = self.command("countersign-device", args);
        command.args(["--folder", PAIR]).output().expect("countersign-device, built")
    }

    fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program(name));
        command.args(args).current_dir(self.folder.path());
        command.env("XDG_DATA_HOME", PathBuf::from(self.folder.path()).join("players"));
        command
    }
}

#[expect(clippy::expect_used, reason = "a place of our own")]
fn folder() -> TempDir {
    TempDir::new().expect("a folder for the pair")
}

#[expect(clippy::panic, reason = "a command that fails fails the test")]
fn expect(output: &Output, what: &str) {
    if !output.status.success() {
        let said = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy).concat();
        panic!("{what}: {said}");
    }
}
