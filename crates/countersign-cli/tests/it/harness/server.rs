//! The real program as a child process, on a folder of its own.

use super::http::{Address, Http};
use super::{PATIENCE, eventually, instant};
use countersign::{Keyset, Realm, keyset};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    set: Vec<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    one_core: bool,
}

impl Options {
    /// `--dev` on free ports of the loopback, with limits that tests do not run into: on logins, and on the time that
    /// a request may wait to be verified, which a busy machine makes long.
    pub(crate) fn new() -> Self {
        Self::strict()
            .set("limits.verify_wait_ms", 30_000)
            .set("login.network_burst", 100_000)
            .set("login.network_per_minute", 100_000)
            .set("login.resend_seconds", 0)
            .set("login.codes_per_hour", 10_000)
            .set("login.codes_per_day", 10_000)
    }

    /// `--dev` on free ports of the loopback, with the limits of a deployment.
    pub(crate) fn strict() -> Self {
        Self { set: Vec::new(), args: Vec::new(), env: Vec::new(), one_core: false }
    }

    /// `--set name=value`; a later one wins.
    pub(crate) fn set(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.set.push(format!("{name}={value}"));
        self
    }

    /// Another argument of `countersign serve`.
    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// An environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Keeps the process on one core, so that there is room on the machine to offer it more than it can do.
    pub(crate) fn on_one_core(mut self) -> Self {
        self.one_core = true;
        self
    }
}

/// A running server. Dropping it ends its process, and no other.
#[derive(Debug)]
pub(crate) struct Server {
    options: Options,
    folder: Arc<TempDir>,
    process: Process,
    public: Address,
    admin: Address,
    earlier_logs: String,
}

#[derive(Debug)]
struct Process {
    child: Child,
    log: Arc<Log>,
}

/// What the process wrote to standard error so far.
#[derive(Debug, Default)]
struct Log {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    text: String,
    ended: bool,
}

impl Server {
    /// Starts on a new, empty folder.
    pub(crate) fn start(options: Options) -> Self {
        Self::start_in(Arc::new(TempDir::new().unwrap()), options)
    }

    /// Starts another process on the same folder.
    pub(crate) fn start_beside(&self, options: Options) -> Self {
        Self::start_in(Arc::clone(&self.folder), options)
    }

    /// Starts on this folder: keys that are there are used.
    pub(crate) fn start_in(folder: Arc<TempDir>, options: Options) -> Self {
        let mut process = Process::spawn(&folder.path().join("data"), &options);
        let (public, admin) = process.addresses();
        let (public, admin) = (Address::new(public), Address::new(admin));
        Self { options, folder, process, public, admin, earlier_logs: String::new() }
    }

    /// Starts on this folder and expects that it does not come up; returns what it said.
    pub(crate) fn refuses_to_start(&self) -> String {
        let mut process = Process::spawn(&self.data(), &self.options);
        let status = process.wait();
        assert!(!status.success(), "{}", process.log.text());
        process.log.until_end()
    }

    /// `kill -9`, and no goodbye.
    pub(crate) fn kill_9(&mut self) {
        self.process.child.kill().unwrap();
        self.process.child.wait().unwrap();
        self.earlier_logs += &self.process.log.until_end();
    }

    /// SIGTERM, and waits until it has ended.
    pub(crate) fn stop(&mut self) {
        kill_process(self.process.pid(), Signal::TERM).unwrap();
        let status = self.process.wait();
        self.earlier_logs += &self.process.log.until_end();
        assert!(status.success(), "{}", self.log());
    }

    /// SIGHUP, and waits until it has read its keys again.
    pub(crate) fn reload(&self) {
        let times = || self.log().matches("the key set was read again").count();
        let before = times();
        kill_process(self.process.pid(), Signal::HUP).unwrap();
        eventually("the keys are read again", || (times() > before).then_some(()));
    }

    /// Starts again after [`Self::kill_9`] or [`Self::stop`], on other ports; devices follow by themselves.
    pub(crate) fn restart(&mut self) {
        assert!(self.process.child.try_wait().unwrap().is_some(), "it still runs");
        self.process = Process::spawn(&self.data(), &self.options);
        let (public, admin) = self.process.addresses();
        self.public.set(public);
        self.admin.set(admin);
    }

    /// Everything that all processes of this server wrote to standard error.
    pub(crate) fn log(&self) -> String {
        let ended = self.process.log.lock().ended;
        let current = if ended { String::new() } else { self.process.log.text() };
        self.earlier_logs.clone() + &current
    }

    pub(crate) fn public(&self) -> &Address {
        &self.public
    }

    pub(crate) fn admin(&self) -> &Address {
        &self.admin
    }

    pub(crate) fn http(&self) -> Http {
        Http::new(&self.public)
    }

    /// The folder with database, keys and mail.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Whether the process is there.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.child.try_wait().unwrap().is_none()
    }

    /// Memory in use, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// All metrics by name, labels included: `countersign_requests_refused_total{reason="malformed"}`.
    pub(crate) fn metrics(&self) -> HashMap<String, f64> {
        let answer = Http::new(&self.admin).get("/metrics");
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(answer.body).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pair = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        lines.map(pair).collect()
    }

    /// One metric; 0 if it was never touched.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        self.metrics().get(name).map_or(0, |value| *value as u64)
    }

    /// How often business code saw a request of this type.
    pub(crate) fn business_calls(&self, message_type: &str) -> u64 {
        self.metric(&format!("countersign_business_calls_total{{type=\"{message_type}\"}}"))
    }

    /// How often business code saw a request at all.
    pub(crate) fn all_business_calls(&self) -> u64 {
        let metrics = self.metrics();
        let calls =
            metrics.iter().filter(|(name, _)| name.starts_with("countersign_business_calls"));
        calls.map(|(_, value)| *value as u64).sum()
    }

    /// The realm of `--dev`.
    pub(crate) fn realm(&self) -> Realm {
        Realm::new("dev", "localhost").unwrap()
    }

    /// The key set as a client would have it that knows the root.
    pub(crate) fn keyset(&self) -> Keyset {
        let frame = std::fs::read(self.data().join("keys/keyset.frame")).unwrap();
        let header = countersign::Frame::split(&frame).unwrap().header;
        let roots = keyset::decode(header).unwrap().0.roots;
        Keyset::open(&self.realm(), &roots, 0, &frame).unwrap()
    }

    /// Waits for the code in the first mail to an address that is not in `seen`; remembers it there.
    pub(crate) fn code_for(&self, address: &str, seen: &mut Vec<PathBuf>) -> String {
        let to = format!("To: {address}\n");
        eventually(&format!("mail to {address}"), || {
            let mails = std::fs::read_dir(self.data().join("mail")).ok()?;
            let mut mails: Vec<_> = mails.map(|entry| entry.unwrap().path()).collect();
            mails.retain(|path| {
                path.extension().is_some_and(|it| it == "txt") && !seen.contains(path)
            });
            mails.sort();
            mails.into_iter().find_map(|path| {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.strip_prefix(&to).and_then(code_in)?;
                seen.push(path);
                Some(code)
            })
        })
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "shown with the failed test, and only then")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.len().saturating_sub(4000);
            eprintln!(
                "---- the server's log ends with:\n{}",
                String::from_utf8_lossy(&log.as_bytes()[tail..])
            );
        }
    }
}

impl Process {
    fn spawn(data: &Path, options: &Options) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.args(["--set", "admin.listen=127.0.0.1:0"]);
        command.args(options.set.iter().flat_map(|set| ["--set", set]));
        command.args(&options.args).envs(options.env.iter().cloned());
        // Not in a folder with a countersign.toml of somebody else.
        command.current_dir(data.parent().unwrap());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = match options.one_core {
            true => on_one_core(|| command.spawn().unwrap()),
            false => command.spawn().unwrap(),
        };
        let (stderr, log) = (child.stderr.take().unwrap(), Arc::new(Log::default()));
        let written = Arc::clone(&log);
        std::thread::spawn(move || written.fill(BufReader::new(stderr)));
        Self { child, log }
    }

    /// Waits for the two lines that name the listeners.
    fn addresses(&mut self) -> (std::net::SocketAddr, std::net::SocketAddr) {
        let find =
            |line: &str, prefix: &str| line.strip_prefix(prefix).map(|it| it.parse().unwrap());
        let public = self.log.wait_for(|line| find(line, "countersign: http://"));
        let admin = "countersign: metrics and health at http://";
        (public, self.log.wait_for(|line| find(line, admin)))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn wait(&mut self) -> ExitStatus {
        eventually("the process ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Log {
    fn lock(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, mut reader: impl BufRead) {
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            self.lock().text.push_str(&String::from_utf8_lossy(&line));
            self.more.notify_all();
            line.clear();
        }
        self.lock().ended = true;
        self.more.notify_all();
    }

    fn text(&self) -> String {
        self.lock().text.clone()
    }

    fn until_end(&self) -> String {
        let lines = self.lock();
        let (lines, _) = self.more.wait_timeout_while(lines, PATIENCE, |it| !it.ended).unwrap();
        lines.text.clone()
    }

    /// The first thing that is found in a line.
    fn wait_for<T>(&self, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let begun = instant();
        let mut lines = self.lock();
        loop {
            if let Some(found) = lines.text.lines().find_map(&mut find) {
                return found;
            }
            let stuck = lines.ended || begun.elapsed() > PATIENCE;
            assert!(!stuck, "the server did not come up:\n{}", lines.text);
            lines = self.more.wait_timeout(lines, Duration::from_secs(1)).unwrap().0;
        }
    }
}

/// Children inherit the cores of the thread that starts them.
fn on_one_core<T>(work: impl FnOnce() -> T) -> T {
    let all = sched_getaffinity(None).unwrap();
    let mut one = CpuSet::new();
    one.set((0..CpuSet::MAX_CPU).find(|cpu| all.is_set(*cpu)).unwrap());
    sched_setaffinity(None, &one).unwrap();
    let done = work();
    sched_setaffinity(None, &all).unwrap();
    done
}

/// The eight characters that stand alone in a line of a mail.
pub(crate) fn code_in(mail: &str) -> Option<String> {
    let is_code = |line: &str| {
        line.len() == 8 && line.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    mail.lines().map(str::trim).find(|line| is_code(line)).map(str::to_owned)
}
