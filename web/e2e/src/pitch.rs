//! A pair of goals from a factory that the server knows, switched on, and players without a screen for the other seats.

use crate::clock::instant;
use crate::server::{Running, program};
use crate::{PATIENCE, Server};
use serde_json::Value;
use std::io::Write;
use std::net::UdpSocket;
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

    /// Those who were invited come, are ready, play and confirm. They carry nothing, unless they are told to.
    #[expect(clippy::expect_used, reason = "processes of our own")]
    pub fn play(&mut self, count: usize, do_carry: bool) {
        let device = format!("http://{}", self.address());
        for number in 0..count {
            let profile = format!("other{number}");
            let args = ["player", "play", "--auto", "--device", &device, "--profile", &profile];
            let mut command = self.command("countersign", &args);
            command.args((!do_carry).then_some("--no-carry"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            self.players.push(Running(command.spawn().expect("a player")));
        }
    }

    /// A ball hits a goal, `north` or `south`.
    pub fn hit(&self, end: &str) {
        self.ask(&["hit", "--end", end]);
    }

    /// Waits until the device is in a state.
    #[expect(clippy::panic, reason = "a state that does not come fails the test")]
    pub fn until(&self, state: &str) {
        let until = instant() + PATIENCE;
        while instant() < until {
            if self.show()["state"] == state {
                return;
            }
            std::thread::sleep(LOOK);
        }
        panic!("the device never was in {state}: {}", self.show());
    }

    /// What the device shows.
    pub fn show(&self) -> Value {
        serde_json::from_str(&self.ask(&["show", "--json"])).unwrap_or_default()
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
        let (north, south) = (free_port(), free_port());
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
        // The sheets have to be quiet before they take the first ball.
        for end in ["north", "south"] {
            let until = instant() + PATIENCE;
            while !self.try_ask(&["hit", "--end", end]).status.success() && instant() < until {
                std::thread::sleep(LOOK);
            }
        }
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
    fn ask(&self, args: &[&str]) -> String {
        let until = instant() + PATIENCE;
        // Its socket is there a moment after its process.
        let mut output = self.try_ask(args);
        while !output.status.success() && args[0] == "show" && instant() < until {
            std::thread::sleep(LOOK);
            output = self.try_ask(args);
        }
        expect(&output, &args.join(" "));
        String::from_utf8_lossy(&output.stdout).into_owned()
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

/// Between its choice and its use somebody else may take it; then the halves do not find each other, and the test says so.
#[expect(clippy::expect_used, reason = "the loopback has free ports")]
fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("a bound port").port()
}

#[expect(clippy::panic, reason = "a command that fails fails the test")]
fn expect(output: &Output, what: &str) {
    if !output.status.success() {
        let said = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy).concat();
        panic!("{what}: {said}");
    }
}
