//! Codes are drawn here and read by another implementation.

use crate::station::{Station, order};
use countersign_factory::qr;
use countersign_league::Claim;
use countersign_provision::{Passphrase, Provision, WifiConfig, WifiName};
use std::fs;

/// Paints the runs of an SVG path of ours, `M{x} {y}h{n}v1h-{n}z`, eight pixels for each module, and reads the code.
fn scan_svg(svg: &str) -> String {
    let side: usize =
        svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let path = svg.rsplit("<path d=\"").next().unwrap().split('"').next().unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split_terminator('z') {
        let (at, n) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
        let (x, y) = at.split_once(' ').unwrap();
        let (n, rest) = n.split_once('v').unwrap();
        assert_eq!(rest, format!("1h-{n}"));
        let (x, y, n): (usize, usize, usize) =
            (x.parse().unwrap(), y.parse().unwrap(), n.parse().unwrap());
        dark[y * side + x..][..n].fill(true);
    }
    scan(side, |x, y| dark[y * side + x])
}

/// Reads half blocks.
fn scan_text(text: &str) -> String {
    let rows: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let side = rows.len() * 2;
    scan(side, |x, y| match rows[y / 2].get(x).copied().unwrap_or(' ') {
        '█' => true,
        '▀' => y % 2 == 0,
        '▄' => y % 2 == 1,
        _ => false,
    })
}

fn scan(side: usize, dark: impl Fn(usize, usize) -> bool) -> String {
    const SCALE: usize = 8;
    let pixel = |x: usize, y: usize| if dark(x / SCALE, y / SCALE) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, pixel);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

fn wifi(name: &str, passphrase: &str) -> WifiConfig {
    WifiConfig {
        name: WifiName::new(name).unwrap(),
        passphrase: Passphrase::new(passphrase).unwrap(),
    }
}

#[test]
fn the_labels_of_a_batch_say_what_the_devices_know() {
    let station = Station::new();
    let batch = station.make(&order(3)).unwrap().batch;
    for serial in batch.serials() {
        let place = batch.folder.join(&serial);
        let device = Provision::read(&place.join("master")).unwrap();
        let read = |name: &str| fs::read_to_string(place.join(name)).unwrap();
        let claim: Claim = scan_svg(&read("claim.svg")).parse().unwrap();
        assert_eq!((claim.device(), claim.serial()), (device.config.device, serial.as_str()));
        assert_eq!(claim.master(), *device.pair.value.master.fingerprint());
        let joined = scan_svg(&read("wifi.svg"));
        let WifiConfig { name, passphrase } = &device.config.wifi;
        let (name, passphrase) = (name.as_str(), passphrase.expose());
        assert_eq!(joined, format!("WIFI:T:WPA;S:{name};P:{passphrase};;"));
        let json = read("label.json");
        assert!(json.contains(&joined) && json.contains(&claim.to_string()), "{json}");
        let page = read("label.html");
        for file in ["wifi.svg", "claim.svg"] {
            assert!(page.contains(read(file).trim_end()), "{file} is on the page");
        }
        assert!(page.contains(passphrase) && page.contains(&device.config.mark));
        let sheet = fs::read_to_string(batch.folder.join("sheet.html")).unwrap();
        assert!(sheet.contains(&serial) && !sheet.contains(passphrase));
        assert!(sheet.contains("bench &lt;1&gt;"));
    }
}

#[test]
fn names_and_passphrases_with_special_characters_survive() {
    for (name, passphrase, expected) in [
        ("Goal teal 07 d1d1", "k3vd-9mqa", "WIFI:T:WPA;S:Goal teal 07 d1d1;P:k3vd-9mqa;;"),
        ("a;b,c:d", "12345678", r"WIFI:T:WPA;S:a\;b\,c\:d;P:12345678;;"),
        (r"back\slash", "\"quoted\"", r#"WIFI:T:WPA;S:back\\slash;P:\"quoted\";;"#),
        ("Bühne", r"\;,:\;,:", r"WIFI:T:WPA;S:Bühne;P:\\\;\,\:\\\;\,\:;;"),
    ] {
        let text = qr::wifi(&wifi(name, passphrase));
        assert_eq!(text, expected);
        let code = qr::label(&text).unwrap();
        assert_eq!(scan_svg(&code.svg()), expected);
        assert_eq!(scan_text(&code.text()), expected);
    }
}

#[test]
fn the_longest_labels_are_still_codes() {
    let longest = qr::wifi(&wifi(&"ü".repeat(16), &"x".repeat(63)));
    let claim = "CSD1:".to_owned() + &"0A-9:".repeat(26);
    for text in [longest, claim] {
        assert_eq!(scan_svg(&qr::label(&text).unwrap().svg()), text);
    }
    assert!(qr::label(&"x".repeat(qr::MAX)).is_ok());
    assert!(qr::label(&"x".repeat(qr::MAX + 1)).is_err());
}
