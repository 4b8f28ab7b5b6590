//! The demo's third part: a small event, judged without the server, counted again, handed over.

use super::Failure;
use super::league::log_in;
use super::peers::{Peer, free_address};
use super::stage::Stage;
use super::story::{expect, title};
use crate::output::line;
use countersign_server::clock;
use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const EVENT: &str = "FAIR_2027";
/// The one for whoever sits here.
const OPEN: &str = "OPEN_DAY";
/// Who judges it besides: profile, points for the first project.
const OTHERS: [(&str, &str); 2] = [("ana", "P1:IDEAS:9,8"), ("bo", "P1:IDEAS:7,6")];
/// Judges, and what each of them says: project, category, points.
const JUDGES: [(&str, &str, &[&str]); 3] = [
    ("ana", "j1@example.org", &["P1:IDEAS:9,8", "P2:IDEAS:6,7", "P3:IDEAS:8,8"]),
    ("bo", "j2@example.org", &["P1:IDEAS:7,6", "P2:IDEAS:4,5", "P3:IDEAS:7,7"]),
    ("cy", "j3@example.org", &["P1:IDEAS:10,9", "P2:IDEAS:8,8", "P3:IDEAS:10,10"]),
];

const EVENT_TOML: &str = r#"[event]
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
]

[[round]]
number = 1
title = "The day"
"#;
const PROJECTS: &str = "\
id,title,table,categories
P1,Solar kettle,T1,IDEAS
P2,Paper bridge,T2,IDEAS
P3,Rain clock,T3,IDEAS
";
const ROSTER: &str = "\
id,name,email
J1,Ana Lima,j1@example.org
J2,Bo Ek,j2@example.org
J3,Cy Roth,j3@example.org
";

pub(super) fn tell(stage: &Stage) -> Result<(), Failure> {
    prepare(stage)?;
    let day = judge(stage)?;
    day.end(stage)?;
    count(stage)
}

fn prepare(stage: &Stage) -> Result<(), Failure> {
    title(
        "13. An event, while there is internet",
        "The organiser describes it in files; each judge's device makes a key and registers it; the server signs a bundle that names \
         all of them. On the day nobody needs the server.",
    );
    fs::write(stage.dir.join("projects.csv"), PROJECTS)?;
    fs::write(stage.dir.join("judges.csv"), ROSTER)?;
    let hub = stage.device(&["hub", "init", "--dir", "hub", "--name", "Main hall"])?;
    // Its keys go into the event's description.
    let keys = hub.text.split_once("[[hub]]").map(|(_, keys)| format!("[[hub]]{keys}"));
    expect(hub, "the hub")?;
    let keys = keys.ok_or("the hub names no keys")?;
    fs::write(stage.dir.join("event.toml"), format!("{EVENT_TOML}\n{keys}"))?;
    let files = ["event.toml", "--projects", "projects.csv", "--judges", "judges.csv"];
    operate(stage, &[&["event", "create"], &files[..]].concat())?;
    for (profile, address, _) in JUDGES {
        log_in(stage, address, profile, false)?;
        let enrol = ["judge", "enrol", "--event", EVENT, "--profile", profile];
        expect(stage.device(&enrol)?, "the enrolment")?;
    }
    operate(stage, &["event", "assign", EVENT, "--views", "3"])?;
    operate(stage, &["event", "publish", EVENT])?;
    operate(stage, &["event", "bundle", EVENT, "--out", "fair.package"])
}

/// The day: the hub, a relay in the corridor, three judges who reach the relay only.
fn judge(stage: &Stage) -> Result<Day, Failure> {
    title(
        "14. The day, without internet",
        "A hub on a laptop, a relay in the corridor that can forward and not read, and judges who scan the code on the screen. A vote \
         travels judge → relay → hub, and only when it is on the hub's disk the signed receipt travels back.",
    );
    let day = Day::begin(stage)?;
    for (profile, _, votes) in JUDGES {
        let link = format!("ws://{}/mesh", day.relay_address);
        let mut args = vec!["judge", "vote"];
        args.extend(votes);
        args.extend(["--bundle", "fair.package", "--code", &day.code, "--ws", &link]);
        args.extend(["--profile", profile]);
        let shown: Vec<&str> =
            args.iter().map(|arg| if *arg == day.code { "NODUS:…" } else { *arg }).collect();
        expect(stage.device_showing(&shown, &args)?, "the votes")?;
    }
    line(&format!("\n    The hub's page is at http://{}/ while the day lasts.", day.hub_address));
    expect(stage.device(&["hub", "tally", "--dir", "hub"])?, "the tally")?;
    Ok(day)
}

fn count(stage: &Stage) -> Result<(), Failure> {
    title(
        "15. Anybody can count again",
        "The exported folder has everything: bundle, log, signed head. Whoever knows the root key checks every signature and every \
         decision again. Back online, the hub hands the same votes over, and the server checks each of them again too.",
    );
    expect(stage.device(&["event", "verify", "fair", "--root", &stage.root])?, "the check")?;
    log_in(stage, "hub@example.org", "hub", false)?;
    operate(stage, &["user", "grant", "hub@example.org", "hub"])?;
    expect(stage.device(&["hub", "sync", "--dir", "hub", "--profile", "hub"])?, "the hand-over")?;
    operate(stage, &["event", "results", EVENT, "--publish"])
}

/// An operator's command on the server's data.
fn operate(stage: &Stage, args: &[&str]) -> Result<(), Failure> {
    let args: Vec<&str> = args.iter().copied().chain(["--data", "server"]).collect();
    expect(stage.device(&args)?, args[0])
}

/// What runs on the day.
struct Day {
    code: String,
    hub_address: SocketAddr,
    relay_address: SocketAddr,
    hub: Peer,
    relay: Peer,
}

impl Day {
    fn begin(stage: &Stage) -> Result<Self, Failure> {
        let (hub_address, relay_address) = (free_address()?, free_address()?);
        let listen = hub_address.to_string();
        let args =
            ["hub", "run", "--dir", "hub", "--bundle", "fair.package", "--root", &stage.root];
        let args = [&args[..], &["--listen", &listen]].concat();
        stage.show(&args);
        let hub =
            Peer::start(stage.device_command(&args)?, hub_address, &stage.dir.join("hub.log"))?;
        expect(stage.device(&["hub", "open", "--dir", "hub", "--round", "1"])?, "the round")?;
        let code = code_in(&stage.dir.join("hub.log"))?;
        let net = stage.silent_with_input(&["hub", "net", "--dir", "hub"], |_| Ok(()))?;
        fs::write(stage.dir.join("net.code"), net.text.trim())?;
        line("\n  $ countersign hub net --dir hub > net.code");
        let (listen, to_hub) = (relay_address.to_string(), format!("ws://{hub_address}/mesh"));
        let args = ["relay", "--net-file", "net.code", "--ws-listen", &listen, "--ws", &to_hub];
        stage.show(&args);
        let log = stage.dir.join("relay.log");
        let relay = Peer::start(stage.device_command(&args)?, relay_address, &log)?;
        Ok(Self { code, hub_address, relay_address, hub, relay })
    }

    /// The evening: the log is sealed and taken along.
    fn end(mut self, stage: &Stage) -> Result<(), Failure> {
        expect(stage.device(&["hub", "seal", "--dir", "hub"])?, "the seal")?;
        expect(stage.device(&["hub", "export", "--dir", "hub", "--out", "fair"])?, "the export")?;
        self.relay.kill()?;
        self.hub.kill()
    }
}

/// A second event, for whoever sits here: prepared now, published when their device is registered.
pub(super) struct OpenDay {
    hub: Option<Peer>,
    /// When the roster was last looked at.
    looked: Instant,
}

impl OpenDay {
    /// The address that its judge logs in with.
    pub(super) const JUDGE: &str = "you@example.org";

    /// The other judges are logged in already if the story was told.
    pub(super) fn prepare(stage: &Stage, was_told: bool) -> Result<Self, Failure> {
        if !was_told {
            fs::write(stage.dir.join("projects.csv"), PROJECTS)?;
            for (profile, address, _) in JUDGES.iter().take(OTHERS.len()) {
                log_in(stage, address, profile, false)?;
            }
        }
        let hub = quietly(stage, &["hub", "init", "--dir", "open-hub", "--name", "Your table"])?;
        let keys = hub.split_once("[[hub]]").ok_or("the hub names no keys")?.1;
        let event = EVENT_TOML.replace(EVENT, OPEN).replace("Village fair", "Open day");
        fs::write(stage.dir.join("open.toml"), format!("{event}\n[[hub]]{keys}"))?;
        let you = format!("id,name,email\nJ1,You,{}\n", Self::JUDGE);
        let others = JUDGES.iter().take(OTHERS.len()).enumerate();
        let others = others.map(|(at, (name, email, _))| format!("J{},{name},{email}\n", at + 2));
        fs::write(stage.dir.join("open.csv"), you + &others.collect::<String>())?;
        let files = ["open.toml", "--projects", "projects.csv", "--judges", "open.csv"];
        quietly(stage, &[&["event", "create"], &files[..], &DATA].concat())?;
        for (profile, _) in OTHERS {
            quietly(stage, &["judge", "enrol", "--event", OPEN, "--profile", profile])?;
        }
        Ok(Self { hub: None, looked: clock::instant() })
    }

    /// Begins the day once the judge's device is registered.
    pub(super) fn look(&mut self, stage: &Stage) -> Result<(), Failure> {
        if self.hub.is_some() || self.looked.elapsed() < LOOK {
            return Ok(());
        }
        self.looked = clock::instant();
        let judges = quietly(stage, &[&["event", "judges", OPEN, "--json"], &DATA[..]].concat())?;
        let judges: serde_json::Value = serde_json::from_str(&judges)?;
        let is_registered =
            |judge: &serde_json::Value| judge["judge"] == "J1" && !judge["key"].is_null();
        if !judges.as_array().is_some_and(|all| all.iter().any(is_registered)) {
            return Ok(());
        }
        quietly(stage, &[&["event", "assign", OPEN, "--views", "3"], &DATA[..]].concat())?;
        quietly(stage, &[&["event", "publish", OPEN], &DATA[..]].concat())?;
        quietly(stage, &[&["event", "bundle", OPEN, "--out", "open.package"], &DATA[..]].concat())?;
        let address = free_address()?;
        let listen = address.to_string();
        let run = ["hub", "run", "--dir", "open-hub", "--bundle", "open.package"];
        let run = [&run[..], &["--root", &stage.root, "--listen", &listen]].concat();
        let log = stage.dir.join("open-hub.log");
        self.hub = Some(Peer::start(stage.device_command(&run)?, address, &log)?);
        quietly(stage, &["hub", "open", "--dir", "open-hub", "--round", "1"])?;
        let code = code_in(&log)?;
        for (profile, vote) in OTHERS {
            let link = format!("ws://{address}/mesh");
            let args = ["judge", "vote", vote, "--bundle", "open.package", "--code", &code];
            quietly(stage, &[&args[..], &["--ws", &link, "--profile", profile]].concat())?;
        }
        line(&format!(
            "    your device is registered, and the event is published: take it along.\n    the event's code: {code}\n    the hub's address: \
             {address}   (its page, http://{address}/, shows the code as a QR)"
        ));
        Ok(())
    }
}

/// Between two looks at the roster.
const LOOK: Duration = Duration::from_secs(2);
/// Where operators' commands find the server's data.
const DATA: [&str; 2] = ["--data", "server"];

/// A command of this program, to its good end, without a word.
fn quietly(stage: &Stage, args: &[&str]) -> Result<String, Failure> {
    let output = stage.device_command(args)?.output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("countersign {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr))
        .into())
}

/// The event's code, as a hub wrote it.
fn code_in(log: &std::path::Path) -> Result<String, Failure> {
    let log = fs::read_to_string(log)?;
    let code = log.lines().find_map(|line| line.strip_prefix("Event code: "));
    Ok(code.ok_or("the hub shows no code; see its log")?.to_owned())
}
