//! Virtual chips, burnt by the real espefuse: from the maker to the finished device, and everything that is refused on the way.

use crate::bed::*;
use crate::elf;
use countersign::Signer;
use countersign_chip::identity::{SoftwareHmac, device_key};
use countersign_factory::line::*;
use countersign_provision::{Half, Provision};
use serde_json::{Value, json};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A finished slave of the first pair, and the station whose vault remembers it.
pub(crate) static FINISHED: LazyLock<(Bed, TempDir)> = LazyLock::new(|| {
    let (bed, home) = (BED.copy(), TempDir::new().unwrap());
    let job = bed.job(&home.path().join("chip"));
    assert_eq!(bed.burn(&job).unwrap().steps.len(), 9);
    (bed, home)
});

/// A copy of it, to be changed.
pub(crate) fn finished() -> (TempDir, PathBuf) {
    let home = TempDir::new().unwrap();
    let chip = home.path().join("chip");
    copy_folder(&FINISHED.1.path().join("chip"), &chip);
    (home, chip)
}

/// What the check says of it.
fn checked(job: &Job) -> Result<Checked, CheckError> {
    check(&tools(), job, Some(&FINISHED.0.vault()))
}

pub(crate) fn summary(chip: &Path) -> Value {
    let to = chip.with_file_name("summary.json");
    fuse(chip, &["summary", "--format", "json", "--file", to.to_str().unwrap()]);
    serde_json::from_slice(&fs::read(to).unwrap()).unwrap()
}

/// What the plan of the first slave makes of a summary.
fn judged(job: &Job, summary: &Value) -> Result<Vec<(Step, Progress)>, Foreign> {
    job.plan.progress(&Fuses::parse(summary.to_string().as_bytes()).unwrap()).unwrap()
}

fn is_finished(steps: &[(Step, Progress)]) -> bool {
    steps.iter().all(|(_, progress)| *progress == Progress::Done)
}

#[test]
fn a_finished_chip_is_what_plan_and_vault_say() {
    let (home, chip) = finished();
    let job = BED.job(&chip);
    assert!(matches!(checked(&job), Ok(Checked::Whole(_))));
    assert_eq!(FINISHED.0.burn(&job).unwrap().steps, []);
    let summary = summary(&chip);
    for (field, raw) in [
        ("SPI_BOOT_CRYPT_CNT", "0x7"),
        ("SECURE_BOOT_EN", "0x1"),
        ("SECURE_VERSION", "0x0003"),
        ("SECURE_BOOT_KEY_REVOKE0", "0x0"),
        ("SECURE_BOOT_KEY_REVOKE1", "0x1"),
        ("SECURE_BOOT_KEY_REVOKE2", "0x1"),
        ("DIS_DOWNLOAD_ICACHE", "0x1"),
        ("DIS_DOWNLOAD_MANUAL_ENCRYPT", "0x1"),
        ("DIS_PAD_JTAG", "0x1"),
        ("DIS_USB_JTAG", "0x1"),
        ("SOFT_DIS_JTAG", "0x7"),
        ("DIS_DIRECT_BOOT", "0x1"),
        ("UART_PRINT_CONTROL", "0x3"),
        ("ENABLE_SECURITY_DOWNLOAD", "0x1"),
        ("KEY_PURPOSE_0", "0x4"),
        ("KEY_PURPOSE_1", "0x8"),
        ("KEY_PURPOSE_2", "0x8"),
        ("KEY_PURPOSE_3", "0x9"),
        ("KEY_PURPOSE_4", "0x0"),
    ] {
        assert_eq!(summary[field]["raw_value"], raw, "{field}");
    }
    for key in 0..3 {
        let block = &summary[format!("BLOCK_KEY{key}")];
        assert_eq!(block["value"], ["??"; 32].join(" "), "nobody reads key {key}");
        assert_eq!((&block["readable"], &block["writeable"]), (&json!(false), &json!(false)));
    }
    let bytes = |block: &str| summary[block]["value"].as_str().unwrap().replace(' ', "");
    assert_eq!(bytes("BLOCK_KEY3"), hex::encode(BED.line().boot_digest));
    assert_eq!(bytes("BLOCK_USR_DATA"), hex::encode(job.plan.name()));
    assert_eq!(summary["RD_DIS"]["writeable"], json!(false), "nobody can hide the digest");
    assert_eq!(summary["RD_DIS"]["raw_value"], "0x07");
    assert_eq!(summary["WR_DIS"]["raw_value"], "0x07c00f01");
    assert_eq!(summary["SECURE_VERSION"]["writeable"], json!(true), "updates can raise it");
    drop(home);
}

#[test]
fn what_is_decrypted_is_what_was_signed() {
    let (home, chip) = finished();
    let key = home.path().join("fe.bin");
    let keys = BED.vault();
    let keys = keys.pair(SERIAL).unwrap().of(Half::Slave).unwrap();
    let [flash_key, identity, record] = keys.expose();
    fs::write(&key, flash_key).unwrap();
    let flash = fs::read(chip.join("flash.bin")).unwrap();
    let release = BED.release();
    let decrypted = |address: usize, len: usize| {
        let (from, to) = (home.path().join("stored"), home.path().join("plain"));
        fs::write(&from, &flash[address..address + len]).unwrap();
        let address = format!("0x{address:x}");
        let words = [
            "decrypt-flash-data",
            "--aes-xts",
            "--keyfile",
            key.to_str().unwrap(),
            "--address",
            &address,
        ];
        let files = ["--output", to.to_str().unwrap(), from.to_str().unwrap()];
        done_by_hand("espsecure", &[&words[..], &files].concat());
        fs::read(to).unwrap()
    };
    assert_eq!(decrypted(0, release.second_stage.len()), release.second_stage);
    assert_eq!(decrypted(0x1_0000, release.app.len()), release.app);
    // The chip opens its record with what its fuses derive, and believes it.
    let half = BED.factory.path().join("batch-0001").join(SERIAL).join("slave");
    let provision = Provision::read(&half).unwrap();
    let mut hmac = SoftwareHmac::new(Zeroizing::new(identity), Zeroizing::new(record));
    let (record, own) =
        countersign_chip::record::load(&flash[0x9000..0xa000], &provision.config.device, &mut hmac)
            .unwrap();
    assert_eq!((record.own(), record.pair.digest), (own.verifying_key(), provision.pair.digest));
    assert_eq!(device_key(&mut hmac).unwrap().verifying_key(), &provision.config.keys.own);
    assert!(
        flash[0xa000..0x1_0000].iter().all(|byte| *byte == 0xff),
        "the state of the slots is erased"
    );
    assert!(flash[0x1_0000 + release.app.len()..].iter().all(|byte| *byte == 0xff));
}

#[test]
fn flash_is_encrypted_as_espsecure_does_it() {
    let home = TempDir::new().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (plain, stored, key) = (path("plain"), path("stored"), path("key"));
    for (address, len, seed) in
        [(0_u32, 128, 1_u8), (0x9000, 4096, 2), (0x1_0000, 70_016, 3), (0x33_0080, 384, 4)]
    {
        let bytes: Vec<u8> = (0..len)
            .map(|at| (at as u8).wrapping_mul(seed).wrapping_add((at >> 8) as u8))
            .collect();
        let secret: [u8; 32] = std::array::from_fn(|at| (at as u8).wrapping_mul(7) ^ seed);
        fs::write(&plain, &bytes).unwrap();
        fs::write(&key, secret).unwrap();
        let ours = FlashKey::new(Zeroizing::new(secret));
        let address_text = format!("0x{address:x}");
        let words = [
            "encrypt-flash-data",
            "--aes-xts",
            "--keyfile",
            &key,
            "--address",
            &address_text,
            "--output",
            &stored,
            &plain,
        ];
        done_by_hand("espsecure", &words);
        let theirs = fs::read(&stored).unwrap();
        assert_eq!(ours.encrypt(address, &bytes).unwrap(), theirs, "{address_text}");
        assert_eq!(ours.decrypt(address, &theirs).unwrap(), bytes);
    }
    let key = FlashKey::new(Zeroizing::new([1; 32]));
    assert!(key.encrypt(64, &[0; 128]).is_err() && key.encrypt(0, &[0; 100]).is_err());
    assert!(key.encrypt(u32::MAX - 127, &[0; 256]).is_err());
}

#[test]
fn one_changed_bit_of_the_flash_is_found() {
    let (_home, chip) = finished();
    let job = BED.job(&chip);
    let flash = chip.join("flash.bin");
    let whole = fs::read(&flash).unwrap();
    for at in [
        0,
        0x2fff.min(BED.release().second_stage.len() - 1),
        0x9000,
        0x9fff,
        0x1_0000,
        0x1_0000 + BED.release().app.len() - 1,
    ] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&flash, changed).unwrap();
        let said = checked(&job).unwrap_err().to_string();
        assert!(said.contains("does not hold what was written to it"), "0x{at:x}: {said}");
    }
    // What the device writes there later is its own.
    let mut used = whole.clone();
    used[0xa000] = 0;
    used[0x33_0000] = 0;
    fs::write(&flash, used).unwrap();
    checked(&job).unwrap();
}

/// Each command burns something into a fresh chip, so that it is the finished one that refuses it, and with the words for it.
#[test]
fn fuses_do_not_go_back() {
    let (home, chip) = finished();
    let fresh = home.path().join("fresh");
    state(&tools(), &BED.job(&fresh)).unwrap();
    let key = home.path().join("key");
    fs::write(&key, [0x77; 32]).unwrap();
    let key = key.to_str().unwrap();
    let run = |chip: &Path, command: &[&str]| {
        let path = chip.join("efuse.bin");
        let path = path.to_str().unwrap();
        let always = ["--chip", "esp32c3", "--virt", "--path-efuse-file", path, "--do-not-confirm"];
        let output = by_hand("espefuse", &[&always, command].concat());
        (
            output.status.success(),
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        )
    };
    let before = summary(&chip);
    for (command, sentence) in [
        (&["burn-efuse", "SPI_BOOT_CRYPT_CNT", "3"][..], "SPI_BOOT_CRYPT_CNT failed to burn"),
        (&["burn-key", "BLOCK_KEY0", key, "USER"], "BLOCK_KEY0 is read-protected"),
        (&["burn-key", "BLOCK_KEY1", key, "HMAC_UP"], "BLOCK_KEY1 is read-protected"),
        (&["burn-block-data", "BLOCK_KEY2", key], "BLOCK_KEY2 is read-protected"),
        (&["burn-block-data", "BLOCK_KEY3", key], "BLOCK_KEY3 is write-protected"),
        (&["burn-block-data", "BLOCK_USR_DATA", key], "BLOCK_USR_DATA is write-protected"),
        (&["read-protect-efuse", "BLOCK_SYS_DATA2"], "RD_DIS field being already write-disabled"),
    ] {
        let (done, said) = run(&chip, command);
        assert!(!done && said.contains(sentence), "{command:?}: {said}");
        assert_eq!(summary(&chip), before, "{command:?}");
        let other = home.path().join("other");
        copy_folder(&fresh, &other);
        let (done, said) = run(&other, command);
        assert!(done, "{command:?} on a fresh chip: {said}");
        assert_ne!(summary(&other), summary(&fresh), "{command:?}");
    }
    let (done, said) = run(&chip, &["burn-efuse", "SECURE_BOOT_EN", "0"]);
    assert!(!done && said.contains("will always burn 0->1"), "{said}");
    // Not even by force.
    for block in ["BLOCK_KEY3", "BLOCK_USR_DATA"] {
        let (done, said) = run(&chip, &["burn-block-data", block, key, "--force-write-always"]);
        assert!(!done && said.contains("was not successful"), "{said}");
        assert_eq!(summary(&chip), before, "{block}");
    }
}

/// At each step the run is cut before it, and half of the step is done as a power cut would leave it.
#[test]
fn a_chip_is_finished_from_wherever_the_power_went() {
    let (bed, home) = (BED.copy(), TempDir::new().unwrap());
    let chip = home.path().join("chip");
    let job = bed.job(&chip);
    let claim = bed.claim(&job, false).unwrap();
    let vault = bed.vault();
    let keys = vault.pair(SERIAL).unwrap().of(Half::Slave).unwrap();
    let [mut flash_key, identity, _] = keys.expose();
    flash_key.reverse();
    let file = |name: &str, bytes: &[u8]| {
        let path = home.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (name, flash_key) = (file("name", &job.plan.name()), file("flash", &flash_key));
    let (identity, digest) = (file("identity", &identity), file("digest", &BED.line().boot_digest));
    for step in Step::ALL {
        let cut = catch_unwind(AssertUnwindSafe(|| {
            burn(&tools(), &job, &claim, &mut |now| assert!(now != step, "cut"))
        }));
        assert!(cut.is_err(), "{step:?}");
        match step {
            Step::Name => fuse(&chip, &["burn-block-data", "BLOCK_USR_DATA", &name]),
            Step::Keys => {
                fuse(&chip, &["burn-block-data", "BLOCK_KEY0", &flash_key]);
                fuse(&chip, &["burn-block-data", "BLOCK_KEY1", &identity]);
                fuse(&chip, &["burn-efuse", "KEY_PURPOSE_1", "HMAC_UP"]);
            }
            Step::Flash => fs::write(chip.join("flash.bin"), vec![0x5a; 70_000]).unwrap(),
            Step::Encryption => fuse(&chip, &["burn-efuse", "SPI_BOOT_CRYPT_CNT", "1"]),
            Step::BootKey => fuse(&chip, &["burn-block-data", "BLOCK_KEY3", &digest]),
            Step::SecureBoot => fuse(&chip, &["burn-efuse", "SECURE_VERSION", "1"]),
            Step::Debug => fuse(&chip, &["burn-efuse", "SOFT_DIS_JTAG", "2"]),
            Step::ReadProtection | Step::Download => {}
        }
        assert_eq!(state(&tools(), &job).unwrap().open(), Some(step));
        let said = check(&tools(), &job, Some(&vault)).unwrap_err().to_string();
        assert!(said.contains("is not done; go on with `countersign factory chip burn`"), "{said}");
    }
    assert_eq!(bed.burn(&job).unwrap().steps, [Step::Download]);
    check(&tools(), &job, Some(&vault)).unwrap();
}

#[test]
fn a_c6_is_burnt_by_the_same_plan() {
    let bed = BED.copy();
    let (stage, app) =
        (elf::second_stage(Chip::Esp32C6, 600), elf::app(Chip::Esp32C6, "1.0.0", 2, 7));
    let (release, _) = bed.image_of(Chip::Esp32C6, &stage, &app).unwrap();
    let of = ("GL-00002", Half::Slave, Chip::Esp32C6);
    let bench = || Bench::Virtual(Virtual::new(&bed.beside("chip")));
    let job = Job::prepare(&bed.line(), &bed.vault(), of, || Ok(release), bench()).unwrap();
    assert_eq!(bed.burn(&job).unwrap().steps.len(), 9);
    check(&tools(), &job, Some(&bed.vault())).unwrap();
    let other = || Ok(BED.release());
    let refused = Job::prepare(&bed.line(), &bed.vault(), of, other, bench()).unwrap_err();
    assert!(refused.to_string().contains("is for a slave on esp32c3"), "{refused}");
}

#[test]
fn a_chip_of_another_device_is_refused() {
    let ((_home, chip), bed) = (finished(), BED.copy());
    let (stage, app) =
        (elf::second_stage(Chip::Esp32C3, 600), elf::app(Chip::Esp32C3, "1.0.0", 2, 9));
    bed.image_for((Kind::Master, Chip::Esp32C3), &stage, &app).unwrap();
    let before = fs::read(chip.join("efuse.bin")).unwrap();
    for (serial, half) in [("GL-00002", Half::Slave), (SERIAL, Half::Master)] {
        let job = bed.job_of((serial, half), &chip).unwrap();
        let wanted = format!("not the {half} of device");
        for refused in [
            bed.burn(&job).unwrap_err().to_string(),
            check(&tools(), &job, Some(&bed.vault())).unwrap_err().to_string(),
        ] {
            assert!(
                refused.contains("this chip is the slave of device") && refused.contains(&wanted),
                "{refused}"
            );
        }
    }
    assert_eq!(fs::read(chip.join("efuse.bin")).unwrap(), before, "nothing was burnt");
}

/// What the tool is told to burn, in the order in which the design wants it: found in the tool's arguments and not in our own list.
#[test]
fn the_name_comes_first_encryption_before_secure_boot_and_silence_last() {
    let bed = BED.copy();
    let job = bed.job(&bed.beside("chip"));
    let claim = bed.claim(&job, false).unwrap();
    let (tools, log) = logging_tools(&bed.beside("tools"));
    burn(&tools, &job, &claim, &mut |_| {}).unwrap();
    let calls = fs::read_to_string(log).unwrap();
    let burning: Vec<&str> = calls.lines().filter(|call| call.contains("do-not-confirm")).collect();
    let at = |words: &str| {
        let calls: Vec<usize> =
            (0..burning.len()).filter(|at| burning[*at].contains(words)).collect();
        assert_eq!(calls.len(), 1, "{words} once in {burning:#?}");
        calls[0]
    };
    let order = [
        "burn-block-data BLOCK_USR_DATA",
        "burn-key BLOCK_KEY0",
        "SPI_BOOT_CRYPT_CNT 7",
        "burn-key BLOCK_KEY3",
        "SECURE_BOOT_EN 1",
        "DIS_PAD_JTAG 1",
        "write-protect-efuse RD_DIS",
        "ENABLE_SECURITY_DOWNLOAD 1",
    ];
    let places = order.map(at);
    assert!(places.is_sorted(), "{order:?} came at {places:?} of {burning:#?}");
    assert_eq!((places[0], places[7]), (0, burning.len() - 1));
    assert!(calls.lines().last().unwrap().contains("summary"), "and was looked at afterwards");
}

/// The real tools; each call leaves a line with its arguments.
fn logging_tools(folder: &Path) -> (Tools, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (real, log) = (tools().folder.unwrap().canonicalize().unwrap(), folder.join("calls"));
    fs::create_dir(folder).unwrap();
    for program in ["esptool", "espsecure", "espefuse"] {
        let (log, real) = (log.display(), real.join(program));
        let script = format!("#!/bin/sh\necho \"$*\" >> {log}\nexec {} \"$@\"\n", real.display());
        fs::write(folder.join(program), script).unwrap();
        fs::set_permissions(folder.join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }
    (Tools { folder: Some(folder.to_owned()) }, log)
}

#[test]
fn a_chip_with_other_keys_or_a_wrong_order_is_refused() {
    let (bed, home) = (BED.copy(), TempDir::new().unwrap());
    let key = home.path().join("key");
    fs::write(&key, [0x77; 32]).unwrap();
    let key = key.to_str().unwrap();
    for (index, (commands, sentence)) in [
        (
            &[&["burn-key", "BLOCK_KEY0", key, "XTS_AES_128_KEY"][..]][..],
            "“what it is, and of which device, into the user block” has not",
        ),
        (
            &[&["burn-block-data", "BLOCK_KEY1", key]],
            "BLOCK_KEY1 of this chip holds a key that is not this device's",
        ),
        (
            &[&["burn-key", "BLOCK_KEY2", key, "USER"]],
            "BLOCK_KEY2 of this chip holds a key that is not this device's",
        ),
        (
            &[&["burn-key", "BLOCK_KEY2", key, "HMAC_DOWN_JTAG"]],
            "BLOCK_KEY2 of this chip is for HMAC_DOWN_JTAG, not for HMAC_UP",
        ),
        (
            &[&["burn-key", "BLOCK_KEY4", key, "SECURE_BOOT_DIGEST1"]],
            "BLOCK_KEY4 of this chip holds a key",
        ),
        (&[&["burn-efuse", "SECURE_BOOT_EN", "1"]], "wrong order: “secure boot on"),
        (&[&["burn-efuse", "ENABLE_SECURITY_DOWNLOAD", "1"]], "wrong order: “secure download mode"),
        (&[&["write-protect-efuse", "RD_DIS"]], "wrong order: “read protection"),
        (
            &[&["burn-efuse", "SECURE_BOOT_KEY_REVOKE0", "1"]],
            "SECURE_BOOT_KEY_REVOKE0 of this chip is 0x1",
        ),
        (&[&["burn-efuse", "DIS_DOWNLOAD_MODE", "1"]], "DIS_DOWNLOAD_MODE of this chip is 0x1"),
        (&[&["burn-efuse", "DIS_TWAI", "1"]], "DIS_TWAI of this chip is 0x1"),
        (
            &[&["write-protect-efuse", "SECURE_BOOT_AGGRESSIVE_REVOKE"]],
            "WR_DIS of this chip is 0x10000",
        ),
        (&[&["read-protect-efuse", "BLOCK_SYS_DATA2"]], "RD_DIS of this chip is 0x40"),
        (&[&["burn-block-data", "BLOCK_SYS_DATA2", key]], "BLOCK_SYS_DATA2 of this chip holds"),
        (
            &[&["write-protect-efuse", "SECURE_VERSION"]],
            "SECURE_VERSION of this chip is protected from being burnt: no update could",
        ),
        (
            &[&["burn-block-data", "BLOCK_USR_DATA", key]],
            "this chip is the unknown half of device 7777",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let chip = home.path().join(format!("chip-{index}"));
        let job = BED.job(&chip);
        state(&tools(), &job).unwrap();
        commands.iter().for_each(|command| fuse(&chip, command));
        let before = fs::read(chip.join("efuse.bin")).unwrap();
        let refused = bed.burn(&job).unwrap_err();
        assert!(matches!(refused, BurnError::Foreign(_)), "{refused}");
        assert!(refused.to_string().contains(sentence), "{sentence}: {refused}");
        assert_eq!(fs::read(chip.join("efuse.bin")).unwrap(), before, "nothing was burnt");
    }
    let torn = home.path().join("chip-0");
    fs::remove_file(torn.join("flash.bin")).unwrap();
    assert!(matches!(bed.burn(&BED.job(&torn)), Err(BurnError::Torn(_))));
    assert_eq!(bed.vault().chips(SERIAL), [], "what is refused is not remembered");
}

/// Each fuse of the plan, one after the other, says something else than it should.
#[test]
fn no_summary_but_the_planned_one_is_a_finished_chip() {
    let (_home, chip) = finished();
    let (job, whole) = (BED.job(&chip), summary(&chip));
    assert!(is_finished(&judged(&job, &whole).unwrap()));
    let changed = |field: &str, key: &str, value: Value| {
        let mut summary = whole.clone();
        summary[field][key] = value;
        judged(&job, &summary)
    };
    for step in Step::ALL {
        let fields: &[&str] = match step {
            Step::Encryption => {
                &["SPI_BOOT_CRYPT_CNT", "DIS_DOWNLOAD_ICACHE", "DIS_DOWNLOAD_MANUAL_ENCRYPT"]
            }
            Step::BootKey => &["SECURE_BOOT_KEY_REVOKE1", "SECURE_BOOT_KEY_REVOKE2"],
            Step::SecureBoot => &["SECURE_BOOT_EN", "SECURE_VERSION"],
            Step::Debug => &[
                "DIS_PAD_JTAG",
                "DIS_USB_JTAG",
                "SOFT_DIS_JTAG",
                "DIS_DIRECT_BOOT",
                "UART_PRINT_CONTROL",
            ],
            Step::Download => &["ENABLE_SECURITY_DOWNLOAD"],
            Step::Name | Step::Keys | Step::Flash | Step::ReadProtection => &[],
        };
        for field in fields {
            let verdict = changed(field, "raw_value", json!("0x0"));
            assert!(!verdict.is_ok_and(|steps| is_finished(&steps)), "{field} 0");
        }
    }
    for field in [
        "SECURE_BOOT_KEY_REVOKE0",
        "SECURE_BOOT_AGGRESSIVE_REVOKE",
        "DIS_DOWNLOAD_MODE",
        "DIS_ICACHE",
        "DIS_FORCE_DOWNLOAD",
        "DIS_USB_SERIAL_JTAG",
        "DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE",
        "DIS_USB_SERIAL_JTAG_ROM_PRINT",
        "USB_EXCHG_PINS",
        "WDT_DELAY_SEL",
    ] {
        let foreign = changed(field, "raw_value", json!("0x1")).unwrap_err();
        assert!(matches!(foreign, Foreign::OtherBits { .. }), "{foreign}");
    }
    for key in 0..3 {
        let (block, purpose) = (format!("BLOCK_KEY{key}"), format!("KEY_PURPOSE_{key}"));
        let mut shown = whole.clone();
        shown[&block]["readable"] = json!(true);
        shown[&block]["value"] = json!(["5a"; 32].join(" "));
        assert!(judged(&job, &shown).is_err(), "{block} can be read");
        let open = changed(&block, "writeable", json!(true));
        assert!(!open.is_ok_and(|steps| is_finished(&steps)), "{block} can be written");
        assert!(changed(&purpose, "value", json!("USER")).is_err(), "{purpose}");
    }
    let other = json!(["01"; 32].join(" "));
    assert!(matches!(changed("BLOCK_KEY3", "value", other.clone()), Err(Foreign::OtherKey { .. })));
    assert!(matches!(changed("BLOCK_KEY5", "value", other.clone()), Err(Foreign::OtherKey { .. })));
    assert!(matches!(changed("BLOCK_USR_DATA", "value", other), Err(Foreign::OtherDevice { .. })));
    assert!(changed("RD_DIS", "writeable", json!(true)).is_err(), "a step before the last is open");
}

/// Roll-back protection, bits of protection, revision.
#[test]
fn a_summary_of_another_floor_protection_or_revision_is_a_foreign_chip() {
    let (_home, chip) = finished();
    let (job, whole) = (BED.job(&chip), summary(&chip));
    let changed = |field: &str, key: &str, value: Value| {
        let mut summary = whole.clone();
        summary[field][key] = value;
        judged(&job, &summary)
    };
    // An update has raised the floor: this release is too old for the chip.
    let older = changed("SECURE_VERSION", "raw_value", json!("0x7")).unwrap_err();
    assert_eq!(older, Foreign::Older { floor: 3, release: 2 });
    let gap = changed("SECURE_VERSION", "raw_value", json!("0x5")).unwrap_err();
    assert!(gap.to_string().starts_with("SECURE_VERSION of this chip is 0x5"), "{gap}");
    let fixed = changed("SECURE_VERSION", "writeable", json!(false)).unwrap_err();
    assert_eq!(fixed, Foreign::FixedVersion);
    for (field, raw) in [("WR_DIS", "0x07c40f01"), ("RD_DIS", "0x0f")] {
        let foreign = changed(field, "raw_value", json!(raw)).unwrap_err();
        let sentence = format!("{field} of this chip is {}", raw.replace("0x0", "0x"));
        assert!(foreign.to_string().starts_with(&sentence), "{foreign}");
    }
    // The maker may have protected its own two blocks.
    assert!(is_finished(&changed("WR_DIS", "raw_value", json!("0x07f00f01")).unwrap()));
    let young = changed("WAFER_VERSION_MINOR", "raw_value", json!("0x2")).unwrap_err();
    assert_eq!(young, Foreign::Revision { found: 2, needed: 3 });
    let mut without = whole.clone();
    without.as_object_mut().unwrap().remove("SECURE_BOOT_EN");
    let fuses = Fuses::parse(without.to_string().as_bytes()).unwrap();
    assert!(
        job.plan.progress(&fuses).unwrap_err().to_string().contains("SECURE_BOOT_EN is not in it")
    );
}

#[test]
fn a_record_of_another_chip_is_not_burnt() {
    let bed = BED.copy();
    let pair = bed.factory.path().join("batch-0001");
    let (one, other) =
        (pair.join("GL-00001/slave/record.bin"), pair.join("GL-00002/slave/record.bin"));
    let whole = fs::read(&one).unwrap();
    let mut changed = whole.clone();
    changed[60] ^= 1;
    for (content, sentence) in [
        (fs::read(other).unwrap(), "it was sealed for another chip, or it was changed"),
        (changed, "it was sealed for another chip, or it was changed"),
        (vec![0xff; 4096], "the record's sector is empty"),
    ] {
        fs::write(&one, content).unwrap();
        let refused = bed.job_of((SERIAL, Half::Slave), &bed.beside("chip")).unwrap_err();
        assert!(refused.to_string().contains(sentence), "{refused}");
    }
    fs::remove_file(&one).unwrap();
    let refused = bed.job_of((SERIAL, Half::Slave), &bed.beside("chip")).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("is missing; make it again with `countersign factory chip make --records`"),
        "{refused}"
    );
}

#[test]
fn tools_that_are_missing_or_others_are_named() {
    let bed = BED.copy();
    let nowhere = Tools { folder: Some(bed.beside("nowhere")) };
    let said = state(&nowhere, &bed.job(&bed.beside("chip"))).unwrap_err().to_string();
    assert!(
        said.contains("espefuse cannot be started") && said.contains("pip install esptool"),
        "{said}"
    );
    let folder = bed.beside("tools");
    fs::create_dir(&folder).unwrap();
    let script = folder.join("espefuse");
    fs::write(&script, "#!/bin/sh\necho espefuse.py v4.8.1\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let old = Tools { folder: Some(folder) };
    let said = state(&old, &bed.job(&bed.beside("chip"))).unwrap_err().to_string();
    assert!(said.contains("is not of version 5"), "{said}");
}
