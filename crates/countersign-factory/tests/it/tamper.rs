//! What `verify` finds. Every kind of damage is done to a sound station and has to be named with its place.

use crate::station::{Station, chips, order};
use countersign_factory::Order;
use std::fs;
use std::path::Path;

/// Does damage, expects a finding about it, undoes it.
fn damaged(station: &Station, file: &str, damage: impl Fn(&Path), sentence: &str) {
    let path = station.dir().join(file);
    let content = fs::read(&path).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions();
    damage(&path);
    let found = station.findings();
    let named = |finding: &String| finding.contains(sentence);
    assert!(found.iter().any(named), "{file}: {sentence} not in {found:#?}");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, mode).unwrap();
}

fn replaced(from: &'static str, to: &'static str) -> impl Fn(&Path) {
    move |path| {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{}", path.display());
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

fn flipped(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn removed(path: &Path) {
    fs::remove_file(path).unwrap();
}

#[test]
fn changed_files_are_found() {
    let station = Station::new();
    station.make(&order(2)).unwrap();
    let pair = "batch-0001/GL-00002";
    let at = |name: &str| format!("{pair}/{name}");
    damaged(&station, &at("pair.cert"), flipped, "GL-00002/pair.cert is not what this factory");
    damaged(&station, &at("pair.cert"), removed, "GL-00002/pair.cert is missing");
    damaged(&station, &at("slave/pair.cert"), flipped, "GL-00002/slave: ");
    damaged(&station, &at("master/keyset.bin"), flipped, "keyset.bin is not valid");
    damaged(&station, &at("slave/slave.key"), removed, "slave.key is missing");
    damaged(&station, &at("master/device.toml"), replaced("\"Goal", "\"Coal"), "differ in Wi-Fi");
    damaged(&station, &at("master/device.toml"), replaced("\"GL-", "\"GM-"), "serial is GM-00002");
    damaged(&station, &at("slave/device.toml"), replaced("https://", "http://"), "or server");
    damaged(&station, &at("slave/device.toml"), replaced("\"file\"", "\"chip\""), "is elsewhere");
    for name in ["label.json", "label.html", "label.txt", "wifi.svg", "claim.svg"] {
        damaged(&station, &at(name), flipped, name);
        damaged(&station, &at(name), removed, &format!("{name}: it is missing"));
    }
    damaged(&station, "batch-0001/sheet.html", flipped, "sheet.html: it says something else");
    damaged(&station, "batch-0001/manifest.bin", flipped, "manifest.bin is not what this");
    damaged(&station, "batch-0001/manifest.bin", removed, "2 of 2 pairs are made; run");
    let plan = "batch-0001/plan.toml";
    damaged(&station, plan, replaced("count = 2", "count = 1"), "GL-00002: no pair of");
    damaged(&station, plan, replaced("bench <1>", "bench 2"), "another batch or station");
    damaged(&station, plan, replaced("players = 22", "players = 12"), "or capacity");
    assert_eq!(station.findings(), Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn secrets_that_others_can_read_are_found() {
    use std::os::unix::fs::PermissionsExt;
    let station = Station::new();
    station.make(&order(1)).unwrap();
    let open = |path: &Path| fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    for name in ["master/master.key", "slave/device.toml", "label.html", "label.json", "wifi.svg"] {
        let file = format!("batch-0001/GL-00001/{name}");
        damaged(&station, &file, open, "can be read by others (mode 0644)");
    }
    damaged(&station, "factory.key", open, "can be read by others");
    assert_eq!(station.findings(), Vec::<String>::new());
}

#[test]
fn halves_that_were_mixed_up_are_found() {
    let station = Station::new();
    station.make(&order(2)).unwrap();
    let [one, two] = ["GL-00001", "GL-00002"].map(|s| station.dir().join("batch-0001").join(s));
    let swap = |a: &Path, b: &Path| {
        let aside = station.home().join("aside");
        fs::rename(a, &aside).unwrap();
        fs::rename(b, a).unwrap();
        fs::rename(aside, b).unwrap();
    };
    for (a, b) in [
        (one.join("slave"), two.join("slave")),
        (one.join("master"), one.join("slave")),
        (one.join("label.html"), two.join("label.html")),
        (one.clone(), two.clone()),
    ] {
        swap(&a, &b);
        assert!(!station.findings().is_empty(), "{} and {}", a.display(), b.display());
        swap(&a, &b);
    }
    assert_eq!(station.findings(), Vec::<String>::new());
}

#[test]
fn a_batch_that_was_copied_is_found_by_its_keys() {
    let station = Station::new();
    station.make(&order(1)).unwrap();
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([station.dir().join("batch-0001"), station.dir().join("batch-0002")])
        .status()
        .unwrap();
    assert!(status.success());
    let found = station.findings();
    for what in ["the key ", "the device id ", "the serial ", "the batch id "] {
        assert!(found.iter().any(|finding| finding.contains(what)), "{what} in {found:#?}");
    }
}

#[test]
fn a_secret_key_in_a_batch_of_chips_is_found() {
    let station = Station::new();
    station.make(&Order { count: None, keys: Some(chips(10, 1)), ..order(1) }).unwrap();
    fs::write(station.dir().join("batch-0001/CHIP-10/master/master.key"), "x").unwrap();
    let found = station.findings();
    assert!(found.len() == 1 && found[0].contains("in the chip only"), "{found:?}");
}
