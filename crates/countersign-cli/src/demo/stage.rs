//! The demo's world: folder, mail server, service, server, and a device that runs commands of this program.

use super::peers::{Peer, find_program, free_address};
use super::{Demo, Failure, certificates, league};
use crate::output;
use countersign::Realm;
use countersign_server::clock;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Says that a folder was made by this program and may be made anew.
const MARKER: &str = ".countersign-demo";
/// Signs calls to the service, and events from it. Of this run alone: the demo's data is no secret.
pub(super) const WEBHOOK_SECRET: &str = "whsec_ZGVtby1zZWNyZXQtb2Ytbm8taW1wb3J0YW5jZQ==";
const MAIL_MAX: Duration = Duration::from_secs(30);

pub(super) struct Stage {
    pub(super) dir: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) root: String,
    server: Peer,
    _service: Peer,
    _mail: Peer,
}

/// How a command ended, and what it said.
pub(super) struct Said {
    pub(super) success: bool,
    pub(super) text: String,
}

/// A mail with a code.
pub(super) struct Mail {
    pub(super) path: PathBuf,
    pub(super) to: String,
    pub(super) code: String,
}

impl Stage {
    /// Makes the folder, the keys and the certificates, and starts everything.
    pub(super) fn set(demo: &Demo) -> Result<Self, Failure> {
        let dir = fresh_dir(&demo.dir)?;
        let mail_program = find_program(
            std::slice::from_ref(&demo.smtp_server),
            "run `cargo xtask setup`, or `apt-get install python3-aiosmtpd`",
        )?;
        let service_program = find_program(&service_candidates(demo), "run `cargo xtask setup`")?;
        certificates::write(&dir)?;
        let realm = Realm::new("league", "league.example.org")?;
        let keys = countersign_keys::init(
            &dir.join("server/keys"),
            &realm,
            clock::now(),
            &Default::default(),
        )?;
        let root: String = keys.root.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let (smtp, service) = (free_address()?, free_address()?);
        let (address, admin) = (free_address()?, free_address()?);
        let url = format!("http://localhost:{}", address.port());
        let factory_key = league::found_station(&dir, &url, &root)?;
        fs::write(
            dir.join("countersign.toml"),
            configuration(&dir, smtp, service, address, admin, &factory_key),
        )?;
        let mail = start_mail(&mail_program, smtp, &dir)?;
        let service = start_service(&service_program, service, &dir)?;
        let server = start_server(&dir, address)?;
        Ok(Self { dir, address, admin, root, server, _service: service, _mail: mail })
    }

    /// The server's public address as the device writes it.
    pub(super) fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Kills the server with SIGKILL and starts it again on the same data.
    pub(super) fn kill_and_restart(&mut self) -> Result<(), Failure> {
        self.server.kill()?;
        self.server = start_server(&self.dir, self.address)?;
        Ok(())
    }

    /// A command of this program on the device, shown and run.
    pub(super) fn device(&self, args: &[&str]) -> Result<Said, Failure> {
        self.device_with_input(args, |_| Ok(()))
    }

    /// The same, with other words shown than run: some arguments are too long to read.
    pub(super) fn device_showing(&self, shown: &[&str], args: &[&str]) -> Result<Said, Failure> {
        self.show(shown);
        said(&self.device_command(args)?.output()?)
    }

    /// Shows a command of this program that is run in another way.
    pub(super) fn show(&self, args: &[&str]) {
        show_command("countersign", args);
    }

    /// The same, with something typed into it once it runs.
    pub(super) fn device_with_input(
        &self,
        args: &[&str],
        typing: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<Said, Failure> {
        self.show(args);
        let mut child = self.device_command(args)?.stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            typing(&mut stdin)?;
        }
        said(&child.wait_with_output()?)
    }

    /// The same, without showing anything.
    pub(super) fn silent_with_input(
        &self,
        args: &[&str],
        typing: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<Said, Failure> {
        let mut child = self.device_command(args)?.stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            typing(&mut stdin)?;
        }
        let ended = child.wait_with_output()?;
        let text = [&ended.stderr[..], &ended.stdout[..]].map(String::from_utf8_lossy).concat();
        Ok(Said { success: ended.status.success(), text })
    }

    /// A command of this program on the device that goes on by itself.
    pub(super) fn device_command(&self, args: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args).current_dir(&self.dir).env("XDG_DATA_HOME", self.dir.join("device"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// curl, shown and run.
    pub(super) fn curl(&self, args: &[&str]) -> Result<Said, Failure> {
        show_command("curl", args);
        let mut command = Command::new("curl");
        let output =
            command.args(["--silent", "--show-error"]).args(args).current_dir(&self.dir).output();
        said(
            &output
                .map_err(|error| format!("curl cannot be run: {error}; `apt-get install curl`"))?,
        )
    }

    /// The code that was mailed to this address; waits for it.
    pub(super) fn mailed_code(&self, address: &str) -> Result<(PathBuf, String), Failure> {
        let since = clock::instant();
        while since.elapsed() < MAIL_MAX {
            let mail = self.mails()?.into_iter().find(|mail| mail.to == address);
            if let Some(mail) = mail {
                return Ok((mail.path, mail.code));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("no mail arrived within 30 s; see mail.log and server.log".into())
    }

    /// All mails so far that bring a code.
    pub(super) fn mails(&self) -> Result<Vec<Mail>, Failure> {
        let mut mails = Vec::new();
        for entry in fs::read_dir(self.dir.join("mailbox/new")).into_iter().flatten() {
            let path = entry?.path();
            let text = fs::read_to_string(&path)?;
            if let (Some(to), Some(code)) = (receiver(&text), code_in(&text)) {
                mails.push(Mail { path, to, code });
            }
        }
        Ok(mails)
    }

    /// One counter of the server.
    pub(super) fn metric(&self, line_start: &str) -> Result<String, Failure> {
        let url = format!("http://{}/metrics", self.admin);
        let output = Command::new("curl").args(["--silent", &url]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.starts_with(line_start));
        Ok(line.map_or_else(|| format!("{line_start} 0"), str::to_owned))
    }
}

/// Shows a command as one would type it.
fn show_command(program: &str, args: &[&str]) {
    let quoted = |arg: &&str| match arg.chars().any(|c| " '\"{}&|;".contains(c)) || arg.is_empty() {
        true => format!("'{arg}'"),
        false => (*arg).to_owned(),
    };
    let args: Vec<String> = args.iter().map(quoted).collect();
    output::line(&format!("\n  $ {program} {}", args.join(" ")));
}

fn said(ended: &std::process::Output) -> Result<Said, Failure> {
    let text = [&ended.stderr[..], &ended.stdout[..]].map(String::from_utf8_lossy).concat();
    for line in text.lines() {
        output::line(&format!("    {line}"));
    }
    Ok(Said { success: ended.status.success(), text })
}

/// Makes the folder anew; only one that an earlier run made is removed.
fn fresh_dir(dir: &Path) -> Result<PathBuf, Failure> {
    if dir.exists() {
        if !dir.join(MARKER).exists() {
            return Err(format!(
                "{} is there and is not of an earlier demo; give another --dir",
                dir.display()
            )
            .into());
        }
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    fs::write(dir.join(MARKER), "")?;
    Ok(dir.canonicalize()?)
}

fn service_candidates(demo: &Demo) -> Vec<PathBuf> {
    let installed = "target/tools/json-server/node_modules/.bin/json-server";
    match &demo.json_server {
        Some(program) => vec![program.clone()],
        None => vec!["json-server".into(), installed.into()],
    }
}

fn start_mail(program: &Path, address: SocketAddr, dir: &Path) -> Result<Peer, Failure> {
    let mut command = Command::new(program);
    command.current_dir(dir).args(["-n", "-l", &address.to_string()]);
    command.args(["--tlscert", "server.pem", "--tlskey", "server.key"]);
    command.args(["-c", "aiosmtpd.handlers.Mailbox", "mailbox"]);
    Peer::start(command, address, &dir.join("mail.log"))
}

fn start_service(program: &Path, address: SocketAddr, dir: &Path) -> Result<Peer, Failure> {
    fs::write(dir.join("service.json"), "{ \"matches\": [] }\n")?;
    let mut command = Command::new(program);
    command.current_dir(dir).args([
        "--host",
        "127.0.0.1",
        "--port",
        &address.port().to_string(),
        "service.json",
    ]);
    Peer::start(command, address, &dir.join("service.log"))
}

fn start_server(dir: &Path, address: SocketAddr) -> Result<Peer, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.current_dir(dir).args(["serve", "--config", "countersign.toml"]);
    Peer::start(command, address, &dir.join("server.log"))
}

fn configuration(
    dir: &Path,
    smtp: SocketAddr,
    service: SocketAddr,
    address: SocketAddr,
    admin: SocketAddr,
    factory_key: &str,
) -> String {
    let ca = dir.join("ca.pem");
    format!(
        r#"# Written by `countersign demo`.
[realm]
app = "league"
audience = "league.example.org"

[server]
# This machine only: beyond it, clients insist on TLS.
listen = "{address}"
page_connects = ["http://127.0.0.1:*", "ws://127.0.0.1:*"]

[admin]
listen = "{admin}"

[store]
data = "server"

[email]
mode = "starttls"
host = "localhost"
port = {smtp_port}
from = "League <login@league.example.org>"
ca_file = {ca:?}

[upstream]
url = "http://{service}"
secret = "{WEBHOOK_SECRET}"

[[upstream.route]]
type = "match.submit"
path = "/matches"
scope = "user"

[[upstream.route]]
type = "match.get"
method = "GET"
path = "/matches/{{id}}"
scope = "user"

[login]
# Everybody in this demo comes from one address.
network_burst = 40

[league]
rulesets = ["official", "short"]
factory_keys = [{factory_key}]

[log]
filter = "info,countersign::access=debug"
"#,
        smtp_port = smtp.port(),
    )
}

fn receiver(mail: &str) -> Option<String> {
    let to = mail.lines().find_map(|line| line.strip_prefix("To:"))?;
    Some(to.trim().trim_matches(['<', '>']).to_owned())
}

/// A line of 8 characters of Crockford's base32, as the mail has it.
fn code_in(mail: &str) -> Option<String> {
    let is_code = |line: &&str| {
        line.len() == 8 && line.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
    };
    mail.lines().map(str::trim).find(is_code).map(str::to_owned)
}
