//! The real program as a child process, on a folder and a port of its own.

use crate::PATIENCE;
use crate::clock::instant;
use crate::free::free_port;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use tempfile::TempDir;

/// Settings that tests do not run into.
const ROOMY: [&str; 6] = [
    "limits.verify_wait_ms=30000",
    "login.network_burst=100000",
    "login.network_per_minute=100000",
    "login.resend_seconds=0",
    "login.codes_per_hour=10000",
    "league.rulesets=[\"official\", \"short\"]",
];

/// A running server. Dropping it ends its process.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: u16,
    set: Vec<String>,
    process: Running,
}

/// A process that ends with this, also when a test gives up while it starts.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Server {
    /// Starts on a new folder, with `name=value` settings of its own.
    #[expect(clippy::expect_used, reason = "a test without a server has failed")]
    pub fn start(set: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder for the server");
        let set: Vec<String> = ROOMY.iter().chain(set).map(|it| (*it).to_owned()).collect();
        // The port stays the same over restarts: to a browser, another port is another server.
        let port = free_port().expect("a free port");
        let process = spawn(&folder, port, &set);
        Self { folder, port, set, process: process.expect("the server starts") }
    }

    /// An address of this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// One more setting, from the next start on.
    pub fn set(&mut self, setting: &str) {
        self.set.push(setting.to_owned());
    }

    /// Where its database and keys are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The public half of its root key.
    #[expect(clippy::expect_used, reason = "a server without keys has failed")]
    pub fn root(&self) -> String {
        let mut command = Command::new(program("countersign"));
        command.args(["keys", "show", "--json", "--dir"]).arg(self.data().join("keys"));
        let shown = command.output().expect("the program").stdout;
        let shown: serde_json::Value = serde_json::from_slice(&shown).expect("its keys as JSON");
        shown["roots"][0]["pk"].as_str().expect("a root").to_owned()
    }

    /// `kill -9`, and no goodbye.
    #[expect(clippy::expect_used, reason = "a process of our own")]
    pub fn kill(&mut self) {
        self.process.0.kill().expect("it runs");
        self.process.0.wait().expect("it ended");
    }

    /// Starts again after [`Self::kill`], at the same address.
    #[expect(clippy::expect_used, reason = "a test without a server has failed")]
    pub fn restart(&mut self) {
        let process = spawn(&self.folder, self.port, &self.set);
        self.process = process.expect("the server comes back");
    }

    /// The same with other settings on top of those it had.
    pub fn restart_with(&mut self, set: &[&str]) {
        self.set.extend(set.iter().map(|it| (*it).to_owned()));
        self.restart();
    }

    /// A command of the program, in the server's folder, which has `data` in it; `typed` goes to its standard input while it runs.
    /// Returns what it said.
    #[expect(clippy::expect_used, reason = "a command that does not work fails the test")]
    pub fn command(&self, words: &[&str], typed: impl FnOnce() -> String) -> String {
        let mut command = Command::new(program("countersign"));
        command.args(words).current_dir(self.folder.path());
        command.env("XDG_DATA_HOME", self.folder.path()).env("COUNTERSIGN_KEY_STORE", "file");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the program");
        let mut input = process.stdin.take().expect("its input");
        input.write_all(typed().as_bytes()).expect("it reads");
        drop(input);
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What an operator does beside the server.
    pub fn operate(&self, words: &[&str]) -> String {
        self.command(&[words, &["--data", "data"]].concat(), String::new)
    }

    /// Logs a profile of the program in, by the code in the mail.
    pub fn log_in(&self, address: &str, profile: &str) {
        let (root, url, before) = (self.root(), self.url(""), self.mails_to(address).len());
        let words = ["login", address, "--profile", profile, "--server", &url, "--root", &root];
        self.command(&words, || format!("{}\n", self.code_for(address, before)));
    }

    /// A file of the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The code in the newest mail to an address that has one more mail than `before`.
    #[expect(clippy::panic, reason = "mail that does not come fails the test")]
    pub fn code_for(&self, address: &str, before: usize) -> String {
        let until = instant() + PATIENCE;
        while instant() < until {
            let mails = self.mails_to(address);
            if let Some(code) = mails.get(before).and_then(|mail| code_in(mail)) {
                return code;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no mail to {address}");
    }

    /// All mails to an address so far, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<String> {
        let to = format!("To: {address}\n");
        let entries = std::fs::read_dir(self.folder.path().join("data/mail"));
        let mut paths: Vec<PathBuf> =
            entries.into_iter().flatten().filter_map(|it| Some(it.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|it| it == "txt"));
        paths.sort();
        let read = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok());
        read.filter(|text| text.starts_with(&to)).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A program of the main workspace; all lie in one folder.
pub(crate) fn program(name: &str) -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/countersign");
    let server = std::env::var("COUNTERSIGN_PROGRAM").unwrap_or_else(|_| built.to_owned());
    PathBuf::from(server).with_file_name(name)
}

/// Starts the program and waits until it is up; if it ends instead, what it said.
#[expect(clippy::expect_used, reason = "a test without a server has failed")]
fn spawn(folder: &TempDir, port: u16, set: &[String]) -> Result<Running, String> {
    let mut command = Command::new(program("countersign"));
    command.args(["serve", "--dev", "--listen", &format!("127.0.0.1:{port}"), "--data"]);
    command.arg(folder.path().join("data")).args(["--set", "admin.listen=127.0.0.1:0"]);
    command.args(set.iter().flat_map(|set| ["--set", set])).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let process = command.spawn().expect("the program, built by `cargo build -p countersign-cli`");
    let mut process = Running(process);
    let errors = BufReader::new(process.0.stderr.take().expect("its words"));
    let (sender, ready) = channel();
    std::thread::spawn(move || {
        let mut said = String::new();
        for line in errors.lines().map_while(Result::ok) {
            said += &format!("{line}\n");
            if line.starts_with("countersign: metrics and health at ") {
                // Whoever waited may have given up.
                drop(sender.send(Ok(())));
            }
        }
        drop(sender.send(Err(said)));
    });
    ready.recv_timeout(PATIENCE).expect("the server is up in time").map(|()| process)
}

/// The eight characters that stand alone in a line of a mail.
fn code_in(mail: &str) -> Option<String> {
    let is_code = |line: &str| {
        line.len() == 8 && line.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    mail.lines().map(str::trim).find(|line| is_code(line)).map(str::to_owned)
}
