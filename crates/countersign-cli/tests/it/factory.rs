//! A station as a person works at it: made, killed in the middle of a batch, tampered with, and registered with a server.

use crate::harness::*;
use countersign_provision::Provision;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A person's home with a station in it.
pub(crate) struct Station {
    home: TempDir,
}

impl Station {
    /// A station for a realm whose keys are made beside it.
    pub(crate) fn new() -> Self {
        let station = Self { home: TempDir::new().unwrap() };
        let keys = ["--app", "league", "--audience", "league.example.org", "--dir", "keys"];
        station.done(&[&["keys", "init"], &keys[..]].concat());
        let root = station.root();
        station.done(&[
            "factory",
            "init",
            "--station",
            "bench 1",
            "--app",
            "league",
            "--audience",
            "league.example.org",
            "--server",
            "https://league.example.org",
            "--root",
            &root,
            "--keyset",
            "keys/keyset.frame",
        ]);
        station
    }

    /// A station that asks a running server.
    pub(crate) fn asking(server: &Server, root: &str) -> (Self, Output) {
        let station = Self { home: TempDir::new().unwrap() };
        let url = format!("http://{}", server.public().get());
        let output = station.run(&[
            "factory",
            "init",
            "--station",
            "bench 1",
            "--app",
            "dev",
            "--audience",
            "localhost",
            "--server",
            &url,
            "--root",
            root,
        ]);
        (station, output)
    }

    fn root(&self) -> String {
        let frame = fs::read(self.path("keys/keyset.frame")).unwrap();
        let header = countersign::Frame::split(&frame).unwrap().header;
        hex::encode(countersign::keyset::decode(header).unwrap().0.roots[0].as_bytes())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).current_dir(self.home.path());
        command.env("XDG_DATA_HOME", self.home.path()).env("COUNTERSIGN_KEY_STORE", "file");
        command.env_remove("COUNTERSIGN_PROFILE").env_remove("COUNTERSIGN_FACTORY");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same; it has to succeed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same; it has to fail with this code. Returns everything that it said.
    pub(crate) fn fails(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Every file of the pairs that are whole.
    fn pairs(&self, batch: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let Ok(entries) = fs::read_dir(self.path(batch)) else { return files };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with(".new-") {
                collect(&path, &mut files);
            }
        }
        files
    }

    fn count(&self, batch: &str) -> usize {
        let names = self.pairs(batch);
        names.keys().filter(|path| path.ends_with("label.json")).count()
    }

    /// Logs in at a server; the account may do what a factory does.
    pub(crate) fn log_in(&self, server: &Server) {
        let url = format!("http://{}", server.public().get());
        let root = server.keyset().content.roots[0].fingerprint().to_string();
        let address = "station@example.org";
        let mut child = self.spawn(&["login", address, "--server", &url, "--root", &root]);
        let code = server.code_for(address, &mut Vec::new());
        writeln!(child.stdin.take().unwrap(), "{code}").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn from_a_running_server_to_boxes_that_believe_it() {
    let server = Server::start(Options::new());
    let root = server.keyset().content.roots[0].clone();
    let (_, refused) = Station::asking(&server, &"17".repeat(32));
    assert_eq!(refused.status.code(), Some(3), "another root: {refused:?}");
    let (station, made) = Station::asking(&server, &hex::encode(root.as_bytes()));
    assert!(made.status.success(), "{made:?}");
    let said = station.done(&["factory", "make", "--count", "2", "--max-players", "10"]);
    assert!(said.contains("batch-0001: 2 pairs, GL-00001 to GL-00002"), "{said}");
    let half = Provision::read(&station.path("factory/batch-0001/GL-00002/slave")).unwrap();
    assert_eq!(half.keyset, server.keyset());
    assert_eq!((half.config.server.roots, half.config.max_players), (vec![root], 10));
    let shown: Value = serde_json::from_str(&station.done(&["factory", "show", "--json"])).unwrap();
    let batch = &shown["batches"][0];
    assert_eq!((&batch["made"], &batch["finished"]), (&json!(2), &json!(true)));
    assert_eq!((&shown["app"], &batch["registered"]), (&json!("dev"), &json!(0)));
    assert!(station.done(&["factory", "verify"]).contains("All is well: 1 batches, 2 pairs."));
    assert!(station.done(&["factory", "refresh"]).contains("version 1"));
    let again = ["factory", "make", "--count", "1", "--dir", "nowhere"];
    assert!(station.fails(&again, 2).contains("there is no factory in nowhere"));
}

#[test]
fn a_killed_run_goes_on_with_the_same_batch_and_the_same_keys() {
    let station = Station::new();
    let make = ["factory", "make", "--count", "24"];
    let (batch, manifest) = ("factory/batch-0001", "factory/batch-0001/manifest.bin");
    let mut whole = BTreeMap::new();
    let mut kills = 0;
    for wanted in [1, 2, 5, 9, 14, 20] {
        let mut child = station.spawn(&make);
        eventually("pairs are made", || {
            (station.count(batch) >= wanted || station.path(manifest).exists()).then_some(())
        });
        kills += usize::from(child.kill().is_ok() && !child.wait().unwrap().success());
        let now = station.pairs(batch);
        let kept = |(path, content): (&PathBuf, &Vec<u8>)| now.get(path) == Some(content);
        assert!(whole.iter().all(kept), "a pair that was whole has changed");
        whole = now;
    }
    assert!(kills >= 3, "it was killed {kills} times");
    if !station.path(manifest).exists() {
        station.done(&make);
    }
    let now = station.pairs(batch);
    assert!(whole.iter().all(|(path, content)| now.get(path) == Some(content)));
    let said = station.done(&["factory", "verify"]);
    assert!(said.contains("All is well: 1 batches, 24 pairs."), "{said}");
    let names = fs::read_dir(station.path(batch)).unwrap();
    let torn = |name: &String| name.starts_with(".new-");
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(torn).count(), 0);
}

#[test]
fn two_runs_at_once_do_not_make_one_batch_twice() {
    let station = Station::new();
    let mut first = station.spawn(&["factory", "make", "--count", "200"]);
    eventually("the first is at work", || (station.count("factory/batch-0001") > 0).then_some(()));
    let said = station.fails(&["factory", "make", "--count", "200"], 2);
    assert!(said.contains("another command is working in factory"), "{said}");
    first.kill().unwrap();
    first.wait().unwrap();
    let said = station.fails(&["factory", "make", "--count", "3"], 2);
    assert!(
        said.contains("is not finished; go on with it first: countersign factory make"),
        "{said}"
    );
    let said = station.fails(&["factory", "verify"], 1);
    assert!(
        said.contains(" of 200 pairs are made; run `countersign factory make` again"),
        "{said}"
    );
    assert_eq!(said.lines().filter(|line| line.contains("batch-0001")).count(), 1, "{said}");
}

#[test]
fn damage_is_found_and_named() {
    let station = Station::new();
    station.done(&["factory", "make", "--count", "2"]);
    let file = station.path("factory/batch-0001/GL-00001/master/device.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("max_players = 22", "max_players = 12")).unwrap();
    let said = station.fails(&["factory", "verify"], 1);
    let sentence = "max_players is 12, but the pair certificate says 22";
    assert!(said.contains("GL-00001/master") && said.contains(sentence), "{said}");
    assert!(!said.contains("GL-00002"), "{said}");
    fs::write(&file, text).unwrap();
    station.done(&["factory", "verify"]);
    let secret = fs::read_to_string(station.path("factory/factory.key")).unwrap();
    let secret = secret.lines().nth(1).unwrap();
    let shown = station.done(&["factory", "show"]) + &station.done(&["factory", "show", "--json"]);
    assert!(shown.contains("GL-00001") && !shown.contains(secret));
}

#[test]
fn every_pair_reaches_the_server_once_whatever_happens() {
    let mut server = Server::start(Options::new());
    let root = hex::encode(server.keyset().content.roots[0].as_bytes());
    let (station, made) = Station::asking(&server, &root);
    assert!(made.status.success(), "{made:?}");
    station.done(&["factory", "make", "--count", "102"]);
    assert!(station.fails(&["factory", "register"], 2).contains("log in first"));

    // The operator names the factory.
    server.stop();
    let shown: Value = serde_json::from_str(&station.done(&["factory", "show", "--json"])).unwrap();
    let keys = format!("[{}]", shown["key"]);
    let options = Options::new().set("limits.session_cache_ms", 0);
    let server = server.start_beside(options.set("league.factory_keys", keys));
    station.log_in(&server);
    let said = station.fails(&["factory", "register"], 1);
    assert!(said.contains("this session lacks the scope"), "{said}");
    let data = server.data().display().to_string();
    station.done(&["user", "grant", "station@example.org", "factory", "--data", &data]);
    let said = station.done(&["factory", "register"]);
    assert!(said.contains("batch-0001: all 102 pairs are registered; 102 were new"), "{said}");
    assert_eq!(server.business_calls("factory.register"), 3, "one refused, and two parts");
    let said = station.done(&["factory", "register", "--json"]);
    assert!(said.contains("\"registered\":0"), "nothing is sent twice: {said}");
    assert_eq!(server.business_calls("factory.register"), 3);

    // The last part got lost on the way back: the next run sends it again, and only it.
    fs::write(station.path("factory/batch-0001/registered.toml"), "confirmed = 100\n").unwrap();
    let said = station.done(&["factory", "register", "--batch", "factory/batch-0001"]);
    assert!(said.contains("0 were new to the server now, 2 known"), "{said}");
    let said = station.done(&["factory", "register", "--again"]);
    assert!(said.contains("0 were new to the server now, 102 known"), "{said}");
}
