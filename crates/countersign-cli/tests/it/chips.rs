//! The chip line as a person works at it: from a running server to a chip that it knows, killed in the middle; and where its secrets
//! are not.

use crate::factory::Station;
use crate::harness::*;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use countersign_factory::Factory;
use countersign_factory::line::{Chip, Line, Tools, Vault, VaultPassphrase};
use countersign_provision::Half;
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[path = "../../../countersign-factory/tests/it/elf.rs"]
mod elf;
#[path = "../../../countersign-factory/tests/it/rom.rs"]
mod rom;

use rom::Rom;

const PASSPHRASE: &str = "Marker five random words";

/// A station with a chip line; everything that is said and every call of a tool is kept.
struct Chips {
    station: Station,
    said: Vec<u8>,
}

impl Chips {
    fn new(station: Station) -> Self {
        let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/esptool/bin");
        assert!(real.exists(), "esptool is missing; `cargo xtask setup` installs it");
        let (real, tools) = (real.canonicalize().unwrap(), station.path("tools"));
        fs::create_dir(&tools).unwrap();
        for program in ["esptool", "espsecure", "espefuse"] {
            let (log, real) = (station.path("calls"), real.join(program));
            let (log, real) = (log.display(), real.display());
            let script =
                format!("#!/bin/sh\necho \"$0 $*\" >> {log}\nenv >> {log}\nexec {real} \"$@\"\n");
            fs::write(tools.join(program), script).unwrap();
            fs::set_permissions(tools.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let passphrase = station.path("passphrase");
        fs::write(&passphrase, format!("{PASSPHRASE}\n")).unwrap();
        fs::set_permissions(passphrase, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(station.path("boot.elf"), elf::second_stage(Chip::Esp32C3, 600)).unwrap();
        fs::write(station.path("slave.elf"), elf::app(Chip::Esp32C3, "1.0.0", 1, 3)).unwrap();
        Self { station, said: Vec::new() }
    }

    fn words<'w>(words: &[&'w str]) -> Vec<&'w str> {
        let rest = ["--tools", "tools", "--passphrase-file", "passphrase"];
        [&["factory", "chip"], words, &rest[..]].concat()
    }

    fn done(&mut self, words: &[&str]) -> String {
        let output = self.station.run(&Self::words(words));
        self.said.extend([&output.stdout[..], &output.stderr[..]].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn fails(&mut self, words: &[&str], code: i32) -> String {
        let said = self.station.fails(&Self::words(words), code);
        self.said.extend(said.as_bytes());
        said
    }

    /// Vault, release for slaves, and a batch.
    fn set_up(&mut self, count: &str) {
        assert!(self.done(&["init"]).contains("Boot digest:"));
        let image = ["image", "slave", "--second-stage", "boot.elf", "--app", "slave.elf"];
        assert!(self.done(&image).contains("slave-esp32c3-1.0.0: trial 1.0.0, secure version 1"));
        assert!(self.done(&["make", "--count", count]).contains("batch-0001"));
    }

    fn vault(&self) -> Vault {
        let factory = Factory::open(&self.station.path("factory")).unwrap();
        let line = Line::open(&factory, Tools::default()).unwrap();
        line.vault(&VaultPassphrase::new(PASSPHRASE).unwrap()).unwrap()
    }
}

#[test]
fn from_a_running_server_to_a_chip_that_it_knows() {
    let mut server = Server::start(Options::new());
    let root = hex::encode(server.keyset().content.roots[0].as_bytes());
    let (station, made) = Station::asking(&server, &root);
    assert!(made.status.success(), "{made:?}");
    let mut chips = Chips::new(station);
    chips.set_up("2");
    let burn = ["burn", "GL-00001", "slave", "--virtual", "trial"];
    assert!(chips.done(&burn).contains("GL-00001 slave: done, 9 steps in this run."));
    assert!(chips.done(&burn).contains("nothing was left to burn"));
    let check = ["check", "GL-00001", "slave", "--virtual", "trial"];
    assert!(chips.done(&check).contains("the chip is what it should be"));
    let who = chips.done(&["check", "--virtual", "trial"]);
    assert!(
        who.contains("is the slave of GL-00001.") && who.contains("what it should be"),
        "{who}"
    );
    let second = chips.fails(&["burn", "GL-00001", "slave", "--virtual", "second"], 1);
    assert!(second.contains("GL-00001 slave was burnt into the chip"), "{second}");
    let other = chips.fails(&["burn", "GL-00002", "slave", "--virtual", "trial"], 1);
    assert!(other.contains("error: this chip is the slave of device"), "{other}");
    let shown: Value = serde_json::from_str(
        &chips.station.done(&["factory", "chip", "show", "--json", "--tools", "tools"]),
    )
    .unwrap();
    assert_eq!(shown["releases"][0]["name"], "slave-esp32c3-1.0.0");
    // A batch whose masters run Linux, and the radio of one; nobody types a passphrase for that.
    let said = chips.done(&["make", "--count", "1", "--master", "linux"]);
    assert!(said.contains("chip burn GL-00003 slave"), "{said}");
    let master = chips.fails(&["burn", "GL-00003", "master", "--virtual", "master"], 2);
    assert!(master.contains("the master of GL-00003 runs Linux"), "{master}");
    fs::write(chips.station.path("radio.elf"), elf::app(Chip::Esp32C3, "1.0.0", 1, 4)).unwrap();
    chips.done(&["image", "radio", "--second-stage", "boot.elf", "--app", "radio.elf"]);
    for command in ["burn", "check"] {
        let words = ["factory", "chip", command, "--radio", "--virtual", "radio"];
        let said = chips.station.done(&[&words[..], &["--tools", "tools"]].concat());
        let expected = said.contains("radio: done, 7 steps") || said.contains("radio: the chip is");
        assert!(expected, "{said}");
    }
    assert!(
        chips.station.done(&["factory", "verify"]).contains("All is well: 2 batches, 3 pairs.")
    );
    fs::remove_file(chips.station.path("factory/batch-0002/GL-00003/slave/record.bin")).unwrap();
    assert_eq!(chips.done(&["make", "--records"]), "GL-00003 slave: sealed again\n");

    // The operator names the factory, and the pairs are registered as any other.
    server.stop();
    let shown = chips.station.done(&["factory", "show", "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let options = Options::new().set("league.factory_keys", format!("[{}]", shown["key"]));
    let server = server.start_beside(options.set("limits.session_cache_ms", 0));
    chips.station.log_in(&server);
    let data = server.data().display().to_string();
    chips.station.done(&["user", "grant", "station@example.org", "factory", "--data", &data]);
    let said = chips.station.done(&["factory", "register"]);
    assert!(said.contains("all 2 pairs are registered; 2 were new"), "{said}");
    assert!(said.contains("all 1 pairs are registered; 1 were new"), "{said}");
    let label =
        fs::read_to_string(chips.station.path("factory/batch-0001/GL-00001/label.json")).unwrap();
    assert!(label.contains("CSD1:"), "{label}");
    no_secret_is_anywhere(&chips);
}

/// The same plan by the same tools over their serial protocol; the fuses behind the port are looked at from the other side afterwards.
#[test]
fn a_chip_at_a_port_is_burnt_when_its_serial_was_typed_and_not_before() {
    let mut chips = Chips::new(Station::new());
    chips.set_up("1");
    // As the maker delivers it.
    chips.fails(&["check", "GL-00001", "slave", "--virtual", "trial"], 1);
    let trial = chips.station.path("trial");
    let chip = || ["efuse.bin", "flash.bin"].map(|name| fs::read(trial.join(name)).unwrap());
    let (fresh, rom) = (chip(), Rom::of(&trial));
    let burn = ["burn", "GL-00001", "slave", "--port", &rom.port];
    let said = chips.done(&burn);
    assert!(
        said.contains("open   keys 0 to 2") && said.contains("Dry run: nothing was burnt"),
        "{said}"
    );
    let really = [&burn[..], &["--really"]].concat();
    for (typed, code) in [("", 1), ("GL-00002\n", 1), ("yes\n", 1), ("GL-00001\n", 0)] {
        assert!(chip() == fresh, "nothing was burnt yet");
        let unfinished = chips.fails(&["check", "GL-00001", "slave", "--port", &rom.port], 1);
        assert!(
            unfinished
                .contains("“what it is, and of which device, into the user block” is not done"),
            "{unfinished}"
        );
        let mut child = chips.station.spawn(&Chips::words(&really));
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{typed:?}: {output:?}");
        chips.said.extend([output.stdout, output.stderr].concat());
    }
    let said = chips.done(&["check", "GL-00001", "slave", "--port", &rom.port]);
    assert!(said.contains("GL-00001 slave: the chip is closed, and what it still says"), "{said}");
    let (_, address) = said.split_once("GL-00001 slave was burnt into ").unwrap();
    let address = address.trim_end().trim_end_matches('.').to_owned();
    let closed = chips.fails(&burn, 1);
    assert!(closed.contains("shows its fuses no more"), "{closed}");
    let nameless = chips.fails(&["check", "--port", &rom.port], 1);
    assert!(nameless.contains("does not say which one it is; name serial and half"), "{nameless}");
    drop(rom);
    // Another chip at the port: named as the second, and looked at when that is meant.
    chips.fails(&["check", "GL-00001", "slave", "--virtual", "second"], 1);
    let rom = Rom::of(&chips.station.path("second"));
    let burn = ["burn", "GL-00001", "slave", "--port", &rom.port];
    let second = chips.fails(&burn, 1);
    assert!(second.contains(&format!("was burnt into the chip {address}, and this")), "{second}");
    let said = chips.done(&[&burn[..], &["--replace"]].concat());
    assert!(said.contains("Dry run: nothing was burnt"), "{said}");
    drop(rom);
    chips.done(&["check", "GL-00001", "slave", "--virtual", "trial"]);
    no_secret_is_anywhere(&chips);
}

/// Whether a process is there and runs.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// The terminal reaches only the command itself: its tools are in process groups of their own.
#[test]
fn an_interrupted_command_ends_its_tool_with_all_that_the_tool_has_started() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut chips = Chips::new(Station::new());
    chips.set_up("1");
    let (tool, pids) = (chips.station.path("tools/espsecure"), chips.station.path("pids"));
    let at = pids.display();
    let script = format!("#!/bin/sh\nsleep 600 &\necho $$ $! > {at}.new\nmv {at}.new {at}\nwait\n");
    fs::write(&tool, script).unwrap();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let burn = ["burn", "GL-00001", "slave", "--virtual", "trial"];
        let mut child = chips.station.spawn(&Chips::words(&burn));
        let running = eventually("the tool is at work", || fs::read_to_string(&pids).ok());
        let running: Vec<&str> = running.split_whitespace().collect();
        assert!(running.len() == 2 && running.iter().all(|pid| runs(pid)), "{running:?}");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        eventually("both have ended", || running.iter().all(|pid| !runs(pid)).then_some(()));
        fs::remove_file(&pids).unwrap();
    }
    assert!(!chips.station.path("trial").exists(), "nothing was begun");
}

/// A command is killed at any of its steps, again and again; its tool may live on for a moment.
#[test]
fn a_killed_burn_goes_on_and_ends_with_the_same_chip() {
    let mut chips = Chips::new(Station::new());
    chips.set_up("1");
    let burn = ["burn", "GL-00001", "slave", "--virtual", "trial"];
    let fuses = chips.station.path("trial/efuse.bin");
    let mut kills = 0;
    for _ in 0..5 {
        let before = fs::read(&fuses).ok();
        let mut child = chips.station.spawn(&Chips::words(&burn));
        eventually("a fuse was burnt, or the chip is finished", || {
            let is_over = child.try_wait().unwrap().is_some();
            (is_over || fs::read(&fuses).ok() != before).then_some(())
        });
        kills += usize::from(child.kill().is_ok() && !child.wait().unwrap().success());
    }
    assert!(kills >= 3, "it was killed {kills} times");
    chips.done(&burn);
    chips.done(&["check", "GL-00001", "slave", "--virtual", "trial"]);
    no_secret_is_anywhere(&chips);
}

#[test]
fn what_cannot_be_is_said_with_an_exit_code() {
    let mut chips = Chips::new(Station::new());
    let early = chips.fails(&["make", "--count", "1"], 2);
    assert!(early.contains("this station has no chip line; make one with"), "{early}");
    chips.set_up("1");
    assert!(chips.fails(&["init"], 2).contains("is a chip line already; nothing was changed"));
    let trial = ["--virtual", "trial"];
    let nothing = chips.fails(&[&["burn"], &trial[..]].concat(), 2);
    assert!(nothing.contains("a serial and a half (GL-00001 slave), or --radio"), "{nothing}");
    let radio = chips.fails(&[&["burn", "--radio"], &trial[..]].concat(), 2);
    assert!(radio.contains("there is no release for a radio on esp32c3"), "{radio}");
    let many = chips.fails(&["make", "--count", "1", "--max-players", "22"], 2);
    assert!(many.contains("serves 6 to 10 players, not 22; for more, up to 22"), "{many}");
    let unknown = chips.fails(&[&["burn", "GL-00009", "slave"], &trial[..]].concat(), 2);
    assert!(unknown.contains("the vault has no keys for GL-00009"), "{unknown}");
    let master = chips.fails(&[&["burn", "GL-00001", "master"], &trial[..]].concat(), 2);
    assert!(
        master.contains("there is no release for a master on esp32c3; make one with"),
        "{master}"
    );
    let unburnt = chips.fails(&[&["check", "GL-00001", "slave"], &trial[..]].concat(), 1);
    assert!(unburnt.contains("is not done; go on with"), "{unburnt}");
    // A port that is not there: looked for, and nothing else.
    let port = ["burn", "GL-00001", "slave", "--port", "no-such-port", "--really"];
    let absent = chips.fails(&port, 1);
    assert!(absent.contains("espefuse") && absent.contains("no-such-port"), "{absent}");
    assert!(
        chips
            .fails(&[&["burn", "GL-00001", "slave", "--really"], &trial[..]].concat(), 2)
            .contains("cannot be used with")
    );
    fs::write(chips.station.path("passphrase"), "another five random words\n").unwrap();
    let closed = chips.fails(&["make", "--count", "1"], 2);
    assert!(closed.contains("does not open: the passphrase is another one"), "{closed}");
    fs::write(chips.station.path("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
    no_secret_is_anywhere(&chips);
}

/// All secrets of the line with their names.
fn secrets(chips: &Chips) -> Vec<(String, Vec<u8>)> {
    let vault = chips.vault();
    let mut secrets = vec![("the passphrase".to_owned(), PASSPHRASE.as_bytes().to_vec())];
    // Exponent and primes; the modulus before them is public.
    let key = vault.expose_boot_key();
    let private = &key[key.len() - 1300..];
    for (index, part) in private.chunks_exact(32).enumerate() {
        secrets.push((format!("part {index} of the boot key"), part.to_vec()));
    }
    for serial in vault.serials() {
        for half in Half::BOTH {
            // A master that runs Linux has its key in a file of its folder, as any has.
            let Some(keys) = vault.pair(serial).unwrap().of(half) else { continue };
            let [flash, identity, record] = keys.expose();
            let mut hmac = countersign_chip::SoftwareHmac::new(identity.into(), record.into());
            let mut derived =
                |key| countersign_chip::HmacUp::derive(&mut hmac, key).unwrap().to_vec();
            let seed = derived(countersign_chip::EfuseKey::Identity);
            let record_key = derived(countersign_chip::EfuseKey::Record);
            let reversed: Vec<u8> = flash.iter().rev().copied().collect();
            for (what, secret) in [
                ("flash key", flash.to_vec()),
                ("turned flash key", reversed),
                ("identity key", identity.to_vec()),
                ("record key", record.to_vec()),
                ("device key", seed),
                ("derived record key", record_key),
            ] {
                secrets.push((format!("{what} of {serial} {half}"), secret));
            }
        }
    }
    secrets
}

/// The first 12 bytes of a secret in every spelling: enough to be sure, and to find one that was broken off.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let part = &secret[..12];
    let spaced: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        part.to_vec(),
        hex::encode(part).into(),
        hex::encode_upper(part).into(),
        spaced.join(" ").into(),
    ];
    for skip in 0..3 {
        let whole = &secret[skip..skip + 12];
        all.extend([
            BASE64_STANDARD_NO_PAD.encode(whole).into(),
            BASE64_URL_SAFE_NO_PAD.encode(whole).into(),
        ]);
    }
    all
}

/// What every spelling begins with, for looking at all of them at once.
type Marks = HashMap<[u8; 12], String>;

fn marks(secrets: &[(String, Vec<u8>)]) -> Marks {
    let begin = |spelling: &Vec<u8>| *spelling.first_chunk::<12>().unwrap();
    let named = |(name, secret): &(String, Vec<u8>)| {
        spellings(secret).iter().map(|spelling| (begin(spelling), name.clone())).collect::<Vec<_>>()
    };
    secrets.iter().flat_map(named).collect()
}

fn found(marks: &Marks, content: &[u8]) -> Option<String> {
    // Base64 may be broken into lines.
    let unbroken: Vec<u8> = content.iter().copied().filter(|byte| *byte != b'\n').collect();
    let look = |bytes: &[u8]| bytes.windows(12).find_map(|window| marks.get(window).cloned());
    look(content).or_else(|| look(&unbroken))
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// The whole home: station, releases, batches, the finished chip with its fuses, what was said, every argument and environment.
fn no_secret_is_anywhere(chips: &Chips) {
    let secrets = secrets(chips);
    assert!(secrets.len() > 40, "{} secrets", secrets.len());
    let marks = marks(&secrets);
    for (_, secret) in &secrets {
        for planted in spellings(secret) {
            assert!(found(&marks, &[&b"before "[..], &planted, b" after"].concat()).is_some());
        }
    }
    assert_eq!(found(&marks, &chips.said), None, "in what was said");
    let mut all = Vec::new();
    files(&chips.station.path("."), &mut all);
    assert!(all.iter().any(|path| path.ends_with("calls")) && all.len() > 10);
    for path in all {
        let is_passphrase = path.ends_with("passphrase");
        let mut content = fs::read(&path).unwrap();
        // The rest of a chip's flash is erased.
        content.truncate(0x2_4000);
        let name =
            found(&marks, &content).filter(|name| !(is_passphrase && name == "the passphrase"));
        assert_eq!(name, None, "in {}", path.display());
    }
}
