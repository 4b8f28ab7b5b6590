//! Programs that nobody here wrote, unmodified, as child processes on the loopback. Each ends with its value.

use super::http::{Address, Http};
use super::{PATIENCE, eventually, instant};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// A port may be taken between looking and binding; then the next one is tried.
const ATTEMPTS: u32 = 5;

/// A child process and what it says.
#[derive(Debug)]
pub(crate) struct Peer {
    name: String,
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Peer {
    /// Starts a program; one that is not there fails the test with the way to get it.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = command.spawn();
        let mut child = spawned.unwrap_or_else(|error| {
            panic!(
                "{name} cannot be started ({error}); `cargo xtask setup` installs what tests need"
            )
        });
        let said = Arc::new(Mutex::new(String::new()));
        keep(child.stdout.take().unwrap(), &said);
        keep(child.stderr.take().unwrap(), &said);
        Self { name, child, said }
    }

    /// Everything that it wrote so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for something in a line of its output.
    pub(crate) fn wait_for<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        eventually(what, || {
            let ended = self.child.try_wait().unwrap();
            let found = self.said().lines().find_map(&find);
            assert!(found.is_some() || ended.is_none(), "{} ended:\n{}", self.name, self.said());
            found
        })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the process ends", || self.child.try_wait().unwrap())
    }

    /// Whether it accepts connections; `false` if it ended instead.
    fn listens_on(&mut self, port: u16) -> bool {
        let begun = instant();
        loop {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(local(port)).is_ok() {
                return true;
            }
            let waited = begun.elapsed();
            assert!(waited < PATIENCE, "{} does not listen:\n{}", self.name, self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _status = self.child.wait();
        if std::thread::panicking() {
            // Nobody may be reading any more.
            drop(writeln!(std::io::stderr(), "---- {} said:\n{}", self.name, self.said()));
        }
    }
}

fn keep(from: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned() + "\n";
            said.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
        }
    });
}

pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A port that nobody listens on at present.
pub(crate) fn free_port() -> u16 {
    countersign_listen::free_port().unwrap()
}

/// Where a program is; administrators' folders are not in everybody's `PATH`.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut found = folders.map(|folder| folder.join(name)).filter(|file| file.is_file());
    found.next().unwrap_or_else(|| panic!("{name} is not there; `cargo xtask setup` installs it"))
}

/// Starts something on a free port.
fn on_free_port(start: impl Fn(u16) -> Peer) -> (Peer, u16) {
    for _ in 0..ATTEMPTS {
        let port = free_port();
        let mut peer = start(port);
        if peer.listens_on(port) {
            return (peer, port);
        }
    }
    panic!("none of {ATTEMPTS} free ports could be listened on")
}

/// json-server: a REST service over one JSON file.
#[derive(Debug)]
pub(crate) struct JsonServer {
    peer: Option<Peer>,
    port: u16,
    folder: TempDir,
}

impl JsonServer {
    /// Serves these collections.
    pub(crate) fn start(db: &Value) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("db.json"), db.to_string()).unwrap();
        let (peer, port) = on_free_port(|port| Self::spawn(&folder, port, 0));
        Self { peer: Some(peer), port, folder }
    }

    /// Collections `notes` and `payments`.
    pub(crate) fn with_notes() -> Self {
        let notes = json!([
            { "id": 1, "text": "first", "colour": "red" },
            { "id": 2, "text": "second", "colour": "blue" },
        ]);
        Self::start(&json!({ "notes": notes, "payments": [] }))
    }

    fn spawn(folder: &TempDir, port: u16, delay_ms: u64) -> Peer {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let script = "target/tools/json-server/node_modules/.bin/json-server";
        let script = workspace.join(script);
        assert!(script.exists(), "json-server is not there; `cargo xtask setup` installs it");
        let (port, delay) = (port.to_string(), delay_ms.to_string());
        let mut command = Command::new(program("node"));
        command.arg(script).args(["--host", "127.0.0.1", "--port", &port, "--quiet"]);
        if delay_ms > 0 {
            command.args(["--delay", &delay]);
        }
        command.arg("db.json").current_dir(folder.path()).env("NO_UPDATE_NOTIFIER", "1");
        Peer::spawn(&mut command)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it. Its file stays.
    pub(crate) fn stop(&mut self) {
        self.peer = None;
    }

    /// Starts it again on the same port and file; each answer takes `delay_ms`.
    pub(crate) fn start_again(&mut self, delay_ms: u64) {
        self.stop();
        let mut peer = Self::spawn(&self.folder, self.port, delay_ms);
        assert!(peer.listens_on(self.port), "{}", peer.said());
        self.peer = Some(peer);
    }

    /// What it serves, asked past the gateway.
    pub(crate) fn get(&self, path: &str) -> Value {
        Http::new(&Address::new(local(self.port))).get(path).json()
    }

    /// How many entries a collection has.
    pub(crate) fn count(&self, collection: &str) -> usize {
        self.get(&format!("/{collection}")).as_array().unwrap().len()
    }
}

/// webdis: HTTP in front of a Redis server.
#[derive(Debug)]
pub(crate) struct Webdis {
    _webdis: Peer,
    _redis: Peer,
    port: u16,
    _folder: TempDir,
}

impl Webdis {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let (redis, redis_port) = on_free_port(|port| {
            let mut command = Command::new(program("redis-server"));
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            command.args(["--daemonize", "no", "--port", &port.to_string()]);
            Peer::spawn(command.current_dir(folder.path()))
        });
        let (webdis, port) = on_free_port(|port| {
            let config = json!({
                "redis_host": "127.0.0.1", "redis_port": redis_port, "redis_auth": null,
                "http_host": "127.0.0.1", "http_port": port, "threads": 1, "daemonize": false,
                "database": 0, "verbosity": 1, "logfile": folder.path().join("webdis.log"),
                "acl": [{ "disabled": ["DEBUG", "FLUSHALL"] }],
            });
            std::fs::write(folder.path().join("webdis.json"), config.to_string()).unwrap();
            let mut command = Command::new(program("webdis"));
            Peer::spawn(command.arg("webdis.json").current_dir(folder.path()))
        });
        Self { _webdis: webdis, _redis: redis, port, _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A command, asked past the gateway.
    pub(crate) fn get(&self, path: &str) -> Value {
        Http::new(&Address::new(local(self.port))).get(path).json()
    }
}

/// nginx with one server block.
#[derive(Debug)]
pub(crate) struct Nginx {
    _peer: Peer,
    address: Address,
    folder: TempDir,
}

impl Nginx {
    /// `listen` may add `ssl http2`; `{folder}` in `server` is where [`certificates`] are.
    pub(crate) fn start(listen: &str, server: &str) -> Self {
        let folder = TempDir::new().unwrap();
        certificates(folder.path());
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        let server = server.replace("{folder}", &folder.path().display().to_string());
        let (peer, port) = on_free_port(|port| {
            let config = nginx_config(port, listen, &server);
            std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
            let mut command = Command::new(program("nginx"));
            command.arg("-p").arg(folder.path());
            Peer::spawn(command.args(["-c", "nginx.conf", "-e", "stderr"]))
        });
        Self { _peer: peer, address: Address::new(local(port)), folder }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The authority that signed its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

fn nginx_config(port: u16, listen: &str, server: &str) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|what| format!("{what}_temp_path tmp/{what};\n"))
        .collect();
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr warn;
        events {{ worker_connections 512; }}
        http {{
            access_log off;
            {temporary}
            map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
            server {{
                listen 127.0.0.1:{port} {listen};
                {server}
            }}
        }}"
    )
}

/// aiosmtpd, which puts mail into a folder. It offers STARTTLS.
#[derive(Debug)]
pub(crate) struct SmtpServer {
    _peer: Peer,
    pub(crate) port: u16,
    folder: PathBuf,
}

impl SmtpServer {
    /// Mail goes to `mail` in this folder, in which [`certificates`] are.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_on(folder, 0)
    }

    /// The same on a given port.
    pub(crate) fn start_on(folder: &Path, port: u16) -> Self {
        let mut command = Command::new(program("aiosmtpd"));
        command.args(["-n", "-d", "-d", "-l", &format!("127.0.0.1:{port}")]);
        command.args(["-c", "aiosmtpd.handlers.Mailbox"]);
        command.args(["--tlscert", "cert.pem", "--tlskey", "key.pem", "mail"]).current_dir(folder);
        let mut peer = Peer::spawn(command.env("PYTHONDONTWRITEBYTECODE", "1"));
        let port = peer.wait_for("aiosmtpd listens", |line| {
            let (_, rest) = line.split_once("laddr=('127.0.0.1', ")?;
            rest.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
        });
        Self { _peer: peer, port, folder: folder.to_owned() }
    }

    /// All mail to an address.
    pub(crate) fn mail_to(&self, address: &str) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.folder.join("mail/new")) else { return Vec::new() };
        // A file that is being moved is there the next time.
        let mut texts: Vec<_> =
            files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok()).collect();
        let to = format!("To: {address}");
        texts.retain(|text| text.lines().any(|line| line == to));
        texts
    }

    /// Waits for a mail that says something.
    pub(crate) fn mail_with(&self, address: &str, words: &str) -> String {
        eventually(&format!("mail to {address} with {words:?}"), || {
            self.mail_to(address).into_iter().find(|text| text.contains(words))
        })
    }

    /// Waits for a code that is not in `seen`, and puts it there.
    pub(crate) fn code_for(&self, address: &str, seen: &mut Vec<String>) -> String {
        let code = eventually(&format!("a code to {address}"), || {
            let mails = self.mail_to(address);
            let mut codes = mails.iter().filter_map(|text| {
                text.lines().find_map(|line| line.strip_prefix("    ")).map(str::to_owned)
            });
            codes.find(|code| !seen.contains(code))
        });
        seen.push(code.clone());
        code
    }
}

/// A certificate authority, and a certificate of it for 127.0.0.1 and localhost, as PEM files.
pub(crate) fn certificates(folder: &Path) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let leaf = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), leaf.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}
