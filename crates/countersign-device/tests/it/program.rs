//! The program, running: what it shows, what its socket says, and how it dies.

use crate::folders::Folders;
use countersign_provision::Half;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Nothing here takes so long, unless it never ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a program that is not where it should be yet.
const LOOK: Duration = Duration::from_millis(20);

/// A command that ends by itself.
pub(crate) fn command(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign-device")).args(args).output().unwrap()
}

/// A half that runs until it is stopped or killed.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    folder: String,
    half: Half,
}

impl Program {
    pub(crate) fn start(folders: &Folders, half: Half, args: &[&str]) -> Self {
        let folder = folders.of(half).to_str().unwrap().to_owned();
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign-device"))
            .args([half.as_str(), &folder])
            .args(args)
            .env("COUNTERSIGN_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (said, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, folder, half }
    }

    /// A master on free ports.
    pub(crate) fn master(folders: &Folders, link: &str) -> Self {
        let args = ["--listen", "none", "--http", "127.0.0.1:0", "--identify", "connection"];
        Self::start(folders, Half::Master, &[&args[..], &["--link", link]].concat())
    }

    /// A slave that talks to this port of its master.
    pub(crate) fn slave(folders: &Folders, master: u16) -> Self {
        let link = format!("udp:127.0.0.1:0,127.0.0.1:{master}");
        Self::start(folders, Half::Slave, &["--link", &link])
    }

    /// The next line of the display that has this in it.
    pub(crate) fn line(&self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("the {} never says {part:?}", self.half));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Gives a command; the words after it, without the folder.
    pub(crate) fn ask(&self, args: &[&str]) -> Result<String, String> {
        let folder = ["--folder", &self.folder];
        let output = command(&[args, &folder[..]].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    /// What the half knows; null while it is not up yet.
    pub(crate) fn show(&self) -> Value {
        self.ask(&["show", "--json"])
            .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }

    /// Looks until it is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            last = self.show();
            if is_so(&last) {
                return last;
            }
            std::thread::sleep(LOOK);
        }
        panic!("the {} is never {what}: {last}", self.half);
    }

    pub(crate) fn until_state(&self, state: &str) -> Value {
        self.until(state, |shown| shown["state"] == state)
    }

    /// A goal at this half's end, as soon as its detector takes one.
    pub(crate) fn goal(&self) {
        self.until("armed", |shown| shown["armed"] == true);
        let end = match self.half {
            Half::Master => "north",
            Half::Slave => "south",
        };
        assert_eq!(self.ask(&["hit", "--end", end]).as_deref(), Ok("goal"));
    }

    /// Where phones come in without TLS.
    pub(crate) fn http(&self) -> SocketAddr {
        let shown = self.until("listening", |shown| shown["http"].is_string());
        shown["http"].as_str().unwrap().parse().unwrap()
    }

    /// The port of the pair link.
    pub(crate) fn link_port(&self) -> u16 {
        let shown = self.until("up", |shown| shown["link_place"].is_string());
        shown["link_place"].as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// As a loss of power does it, but for the disk's own cache.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does it. Whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }

    /// Waits until it ends by itself. Whether it ended well.
    pub(crate) fn ended(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Killed already, or killed now.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Both halves, paired, with an open lobby.
pub(crate) struct Running {
    pub(crate) master: Program,
    pub(crate) slave: Program,
    /// Dropped last: the programs are in it.
    pub(crate) folders: Folders,
    /// The master's port of the pair link.
    pub(crate) port: u16,
}

impl Running {
    pub(crate) fn start() -> Self {
        let running = Self::checked();
        running.slave.goal();
        running.master.until_state("lobby");
        running
    }

    /// Paired, and all that is missing is a hit of the south goal.
    pub(crate) fn checked() -> Self {
        let folders = Folders::new();
        let port = countersign_listen::free_port().unwrap();
        let master = Program::master(&folders, &format!("udp:127.0.0.1:{port}"));
        let slave = Program::slave(&folders, port);
        let running = Self { folders, master, slave, port };
        running.goal_check();
        running
    }

    /// Paired, and the north goal was hit.
    fn goal_check(&self) {
        self.slave.until("up", |shown| shown["role"] == "slave");
        self.master.ask(&["button"]).unwrap();
        self.master.until_state("goal_check");
        self.slave.until("told to check", |shown| shown["phase"] == "check");
        self.master.goal();
    }

    /// The same ports again, after a loss of power.
    pub(crate) fn restart_master(&mut self) {
        self.master = Program::master(&self.folders, &format!("udp:127.0.0.1:{}", self.port));
    }
}
