//! A root that changes more than once while a device is away: the device follows over the sets in between, and over
//! nothing else.

use crate::harness::*;
use crate::program::Person;
use countersign::Signer;
use countersign_keys::{Role, key_file};
use std::path::{Path, PathBuf};
use std::process::Command;

const DONE: i32 = 0;

/// `countersign keys …`; it has to succeed.
fn keys(server: &Server, root: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("keys").args(arguments).arg("--dir").arg(server.data().join("keys"));
    let done = command.arg("--root").arg(root).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

/// Replaces the root by a new one, and signs once more with that. Two versions.
fn change_root(server: &Server, old: &Path, new: &str) -> PathBuf {
    let new = server.data().join(new);
    keys(server, &new, &["new-root", new.to_str().unwrap()]);
    keys(server, old, &["change-root", "--drop-old", &public(&new)]);
    keys(server, &new, &["renew"]);
    new
}

fn public(root: &Path) -> String {
    let root = key_file::read(root, Role::Root).unwrap();
    hex::encode(root.verifying_key().as_bytes())
}

/// Another online key signs from now on. Two versions.
fn replace_online_key(server: &Server, root: &Path) {
    let files = || -> Vec<String> {
        let entries = std::fs::read_dir(server.data().join("keys")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let before = files();
    keys(server, root, &["prepare", "--starts-in", "0s"]);
    let new = files().into_iter().find(|name| !before.contains(name) && name.ends_with(".key"));
    let id = new.unwrap().replace("online-", "").replace(".key", "");
    keys(server, root, &["activate", &id, "--overlap", "0s"]);
}

fn version(person: &Person) -> u64 {
    person.run(&["trust", "show", "--json"]).json()["version"].as_u64().unwrap()
}

#[test]
fn a_device_that_missed_two_root_changes_follows_the_sets_in_between() {
    let server = Server::start(Options::new());
    let first = server.data().join("keys/root.key");
    let people = ["ana", "bea", "carl"]
        .map(|name| Person::logged_in(&server, &format!("{name}@example.org")));
    let [ana, bea, carl] = &people;
    let before = version(ana);
    let second = change_root(&server, &first, "second.key");
    let third = change_root(&server, &second, "third.key");
    replace_online_key(&server, &third);
    server.reload();

    // By itself, when an answer comes by a key that it does not know.
    let hello = ana.run(&["call", "session.hello", "--json"]);
    assert_eq!(hello.code, DONE, "{}", hello.err);
    assert_eq!(version(ana), before + 6);
    // When asked to; and a version that nobody has is no hindrance if no root changed in it.
    let history = server.data().join("keys/keyset-history");
    let of = |version: u64| history.join(format!("{version:020}.frame"));
    std::fs::remove_file(of(before + 2)).unwrap();
    server.reload();
    assert_eq!(server.http().get(&format!("/keyset/{}", before + 2)).status, 404);
    assert_eq!(bea.run(&["trust", "fetch"]).code, DONE);
    assert_eq!(version(bea), before + 6);
    // A new login under the root that an old release has built in, by key and by fingerprint.
    let fingerprint = key_file::read(&first, Role::Root).unwrap();
    let fingerprint = fingerprint.verifying_key().fingerprint().to_string();
    for root in [public(&first), fingerprint] {
        let dora = Person::new();
        let ran = dora.log_in_under(&root, &server, &format!("{root:.8}@example.org"), &[]);
        assert_eq!(ran.code, DONE, "{}", ran.err);
        assert_eq!(version(&dora), before + 6);
    }
    // The only link is gone: nothing else is believed, and the device stays where it was.
    std::fs::remove_file(of(before + 1)).unwrap();
    server.reload();
    let refused = carl.run(&["trust", "fetch"]);
    assert!(
        refused.code != DONE && refused.err.contains("not signed by a root"),
        "{}",
        refused.err
    );
    assert_eq!(version(carl), before);
}

#[test]
fn a_set_of_a_version_never_changes_and_others_do_not_exist() {
    let server = Server::start(Options::new());
    let mut http = server.http();
    let now = server.keyset().content.version;
    let root = server.data().join("keys/root.key");
    let current = http.get("/keyset").body;
    keys(&server, &root, &["renew"]);
    server.reload();
    for (version, expected) in [(now, current), (now + 1, http.get("/keyset").body)] {
        let answer = http.get(&format!("/keyset/{version}"));
        assert_eq!((answer.status, answer.is_frame(), answer.body == expected), (200, true, true));
        let cached = answer.header("cache-control").unwrap();
        assert!(cached.contains("immutable") && cached.contains("max-age=31536000"), "{cached}");
    }
    let huge = "9".repeat(40);
    for other in ["0", "01", "+1", "1 ", "1.0", "x", "%31%00", "..%2fkeyset", &huge, "3"] {
        let answer = http.get(&format!("/keyset/{}", other.replace(' ', "%20")));
        assert_eq!(answer.problem().as_deref(), Some("not_found"), "{other}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{other}");
    }
}
