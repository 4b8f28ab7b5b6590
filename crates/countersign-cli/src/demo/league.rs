//! The demo's second half: a pair comes out of the factory, eight people play, the result is settled.

use super::peers::{Peer, find_program, free_address};
use super::stage::{Said, Stage};
use super::story::{expect, title};
use super::{Demo, Failure};
use crate::output::line;
use countersign_server::clock;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// How many play.
pub(super) const PLAYERS: usize = 8;
/// The longest time for a device to reach a state.
const STATE_MAX: Duration = Duration::from_secs(30);
/// The station's folder.
const STATION: &str = "factory";

/// A pair that is switched on.
pub(super) struct Pitch {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    /// Where browsers find it: they do not know the certificate that a device gives itself.
    pub(super) http: SocketAddr,
    _master: Peer,
    _slave: Peer,
}

pub(super) fn tell(demo: &Demo, stage: &Stage) -> Result<Pitch, Failure> {
    let program = find_program(&candidates(demo)?, "run `cargo build -p countersign-device`")?;
    make(stage)?;
    log_everybody_in(stage)?;
    let pitch = switch_on(stage, program)?;
    if !demo.open {
        play(stage, &pitch)?;
        look(stage)?;
    }
    Ok(pitch)
}

/// Before the server starts: its configuration has to name the factory's key.
pub(super) fn found_station(stage_dir: &Path, url: &str, root: &str) -> Result<String, Failure> {
    let output = Command::new(std::env::current_exe()?)
        .current_dir(stage_dir)
        .args(["factory", "init", STATION, "--station", "bench 1", "--app", "league"])
        .args(["--audience", "league.example.org", "--server", url, "--root", root])
        .args(["--keyset", "server/keys/keyset.frame"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let settings = stage_dir.join(STATION).join("factory.toml");
    let text = std::fs::read_to_string(&settings)?;
    std::fs::write(&settings, text.replace("ruleset = \"official\"", "ruleset = \"short\""))?;
    let key = text.lines().find_map(|line| line.strip_prefix("key = "));
    Ok(key.ok_or("factory.toml names no key")?.to_owned())
}

fn make(stage: &Stage) -> Result<(), Failure> {
    title(
        "8. A pair comes out of the factory",
        "Each half has a key of its own; the factory signs a certificate that names both, and the server takes pairs of \
         factories that it knows. (The rules of this demo are the short ones: a match of 20 seconds.)",
    );
    expect(stage.device(&["factory", "make", "--count", "1", "--dir", STATION])?, "the factory")?;
    log_in(stage, "station@example.org", "station", true)?;
    let grant = ["user", "grant", "station@example.org", "factory", "--data", "server"];
    expect(stage.device(&grant)?, "the grant")?;
    let register = ["factory", "register", "--dir", STATION, "--profile", "station"];
    expect(stage.device(&register)?, "the registration")?;
    let reason = "handed over to the club";
    let sold = ["league", "device", "set", "GL-00001", "sold", "--reason", reason];
    let args: Vec<&str> = sold.into_iter().chain(["--data", "server", "--yes"]).collect();
    expect(stage.device(&args)?, "the hand-over")
}

fn log_everybody_in(stage: &Stage) -> Result<(), Failure> {
    title("9. Eight players log in", "Each on a phone of their own, with a key of their own.");
    for number in 1..=PLAYERS {
        let (address, profile) = (format!("p{number}@example.org"), format!("p{number}"));
        log_in(stage, &address, &profile, number == 1)?;
    }
    line(&format!("    … and so do the other {}", PLAYERS - 1));
    let name = ["call", "league.profile_update", "--data", r#"{"name":"Ana"}"#, "--profile", "p1"];
    expect(stage.device(&name)?, "the name")
}

pub(super) fn log_in(
    stage: &Stage,
    address: &str,
    profile: &str,
    is_shown: bool,
) -> Result<(), Failure> {
    let url = stage.url();
    let args = [
        "login",
        address,
        "--server",
        &url,
        "--root",
        &stage.root,
        "--profile",
        profile,
        "--key-store",
        "file",
    ];
    let typing = |stdin: &mut dyn Write| {
        let (_, code) = stage.mailed_code(address)?;
        writeln!(stdin, "{code}")?;
        Ok(())
    };
    let said = match is_shown {
        true => stage.device_with_input(&args, typing)?,
        false => stage.silent_with_input(&args, typing)?,
    };
    expect(said, "the login")
}

fn switch_on(stage: &Stage, program: PathBuf) -> Result<Pitch, Failure> {
    title(
        "10. At the pitch",
        "The two boxes are switched on and the button is pressed. They prove their keys to each other over their radio (here: \
         UDP), and each goal has to feel a ball once. Then phones may come.",
    );
    let folder = pair_folder(&stage.dir.join(STATION))?;
    let (address, http) = (free_address()?, free_address()?);
    let (north, south) = (free_address()?, free_address()?);
    let shown = folder.strip_prefix(&stage.dir).unwrap_or(&folder).display().to_string();
    line(&format!(
        "\n  $ countersign-device slave {shown}/slave --link udp:{south},{north} --sensor control\
         \n  $ countersign-device master {shown}/master --link udp:{north},{south} --sensor control \\\
         \n        --listen {address} --http {http} --identify connection"
    ));
    let mut slave = Command::new(&program);
    slave.arg("slave").arg(folder.join("slave")).args(["--sensor", "control"]);
    slave.args(["--link", &format!("udp:{south},{north}")]);
    let slave = Peer::run(slave, &stage.dir.join("slave.log"))?;
    let mut master = Command::new(&program);
    master.arg("master").arg(folder.join("master")).args(["--sensor", "control"]);
    master.args(["--link", &format!("udp:{north},{south}"), "--identify", "connection"]);
    master.args(["--listen", &address.to_string(), "--http", &http.to_string()]);
    let master = Peer::start(master, address, &stage.dir.join("master.log"))?;
    let pitch = Pitch { program, folder, address, http, _master: master, _slave: slave };
    pitch.run(&["button"], true)?;
    pitch.wait_for("goal_check")?;
    // The sheets have to be quiet before they take the first ball.
    std::thread::sleep(Duration::from_secs(1));
    pitch.run(&["hit", "--end", "north"], true)?;
    pitch.run(&["hit", "--end", "south"], true)?;
    pitch.wait_for("lobby")?;
    line(&format!("\n    The score board is at https://{address}/ while the match runs."));
    Ok(pitch)
}

fn play(stage: &Stage, pitch: &Pitch) -> Result<(), Failure> {
    title(
        "11. A match",
        "Each phone checks the device, the server certifies each player, all answer the roll call at the same moment, and the \
         draw mixes secrets of the device and of every player, so that nobody can have chosen the teams. Goals come from the \
         sheets. The device signs the result, a phone carries it, the server checks everything again and countersigns.",
    );
    let url = format!("https://{}", pitch.address);
    line(&format!(
        "\n  $ countersign player play --device {url} --auto --profile p1      (and p2 … p8)"
    ));
    let mut others = Vec::new();
    for number in 2..=PLAYERS {
        let log = File::create(stage.dir.join(format!("p{number}.log")))?;
        let profile = format!("p{number}");
        let args = ["player", "play", "--device", &url, "--auto", "--profile", &profile];
        let mut command = stage.device_command(&args)?;
        others.push(Running(command.stdout(log.try_clone()?).stderr(log).spawn()?));
    }
    let args = ["player", "play", "--device", &url, "--auto", "--profile", "p1"];
    let mut ana = Running(stage.device_command(&args)?.spawn()?);
    let lines = ana.0.stdout.take().ok_or("the player's output is not there")?;
    let mut last = String::new();
    for text in BufReader::new(lines).lines() {
        last = text?;
        line(&format!("    {last}"));
        if last == "playing" {
            for end in ["south", "north", "south"] {
                std::thread::sleep(Duration::from_millis(2_500));
                pitch.run(&["hit", "--end", end], false)?;
            }
        }
    }
    expect(Said { success: ana.0.wait()?.success(), text: last }, "the match")?;
    for other in &mut others {
        if !other.0.wait()?.success() {
            return Err("a player did not see the end; see p2.log to p8.log".into());
        }
    }
    line("\n    All eight phones show the same final view.");
    Ok(())
}

fn look(stage: &Stage) -> Result<(), Failure> {
    title("12. What the server knows now", "Signed answers, verified by Ana's phone.");
    for message_type in ["league.rank", "league.history"] {
        expect(stage.device(&["call", message_type, "--profile", "p1"])?, message_type)?;
    }
    Ok(())
}

impl Pitch {
    /// A command for the device, shown or not.
    pub(super) fn run(&self, args: &[&str], is_shown: bool) -> Result<String, Failure> {
        if is_shown {
            line(&format!("\n  $ countersign-device {} --folder …", args.join(" ")));
        }
        let output =
            Command::new(&self.program).args(args).arg("--folder").arg(&self.folder).output()?;
        let text = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy).concat();
        if !output.status.success() {
            return Err(format!("countersign-device {}: {}", args.join(" "), text.trim()).into());
        }
        if is_shown {
            text.lines().for_each(|said| line(&format!("    {said}")));
        }
        Ok(text)
    }

    /// Where it is, as docs/league.md names it.
    pub(super) fn state(&self) -> Result<String, Failure> {
        let shown: serde_json::Value =
            serde_json::from_str(&self.run(&["show", "--json"], false)?)?;
        Ok(shown["state"].as_str().unwrap_or_default().to_owned())
    }

    fn wait_for(&self, state: &str) -> Result<(), Failure> {
        let since = clock::instant();
        while since.elapsed() < STATE_MAX {
            if self.state()? == state {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the device did not reach '{state}'; see master.log and slave.log").into())
    }
}

/// A program that ends with this value.
pub(super) struct Running(pub(super) Child);

impl Running {
    pub(super) fn has_ended(&mut self) -> std::io::Result<bool> {
        Ok(self.0.try_wait()?.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The folder of the first pair of the first batch.
fn pair_folder(station: &Path) -> Result<PathBuf, Failure> {
    let folder_in = |parent: &Path, wanted: &dyn Fn(&Path) -> bool| -> Result<PathBuf, Failure> {
        for entry in std::fs::read_dir(parent)? {
            let path = entry?.path();
            if path.is_dir() && wanted(&path) {
                return Ok(path);
            }
        }
        Err(format!("there is no pair in {}", parent.display()).into())
    };
    let batch = folder_in(station, &|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("batch"))
    })?;
    folder_in(&batch, &|path| path.join("master").is_dir())
}

/// Beside this program, or the one that the person names.
fn candidates(demo: &Demo) -> Result<Vec<PathBuf>, Failure> {
    if let Some(program) = &demo.device {
        return Ok(vec![program.clone()]);
    }
    let beside = std::env::current_exe()?.with_file_name("countersign-device");
    Ok(vec![beside, "countersign-device".into()])
}
