//! What a chip says that is closed, behind a port: every sentence of the check.

use crate::bed::*;
use crate::burning::{FINISHED, finished};
use crate::rom::Rom;
use countersign_factory::line::*;
use countersign_provision::Half;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// The check of the first slave at a port.
fn at(port: &str) -> Job {
    let of = (SERIAL, Half::Slave, Chip::Esp32C3);
    let bench = Bench::Port(port.into());
    Job::prepare(&BED.line(), &BED.vault(), of, || Ok(BED.release()), bench).unwrap()
}

/// All that a closed chip of the plan has, without the keys' bytes, which nobody sees; one field left out or with another value.
fn nearly(base: &Path, home: &Path, field: &str, value: &str) {
    copy_folder(base, home);
    let planned = [
        ("SPI_BOOT_CRYPT_CNT", "7"),
        ("DIS_DOWNLOAD_ICACHE", "1"),
        ("SECURE_BOOT_KEY_REVOKE1", "1"),
        ("SECURE_BOOT_KEY_REVOKE2", "1"),
        ("SECURE_BOOT_EN", "1"),
        ("DIS_PAD_JTAG", "1"),
        ("SOFT_DIS_JTAG", "7"),
        ("ENABLE_SECURITY_DOWNLOAD", "1"),
    ];
    let mut command = vec!["burn-efuse"];
    for (name, bits) in planned {
        match (name == field, value) {
            (true, "") => {}
            (true, value) => command.extend([name, value]),
            (false, _) => command.extend([name, bits]),
        }
    }
    if planned.iter().all(|(name, _)| *name != field) {
        command.extend([field, value]);
    }
    fuse(home, &command);
}

#[test]
fn a_finished_chip_behind_a_port_is_closed_and_does_not_say_who_it_is() {
    let (_home, chip) = finished();
    let rom = Rom::of(&chip);
    let (job, vault) = (at(&rom.port), FINISHED.0.vault());
    assert_eq!(check(&tools(), &job, Some(&vault)).unwrap(), Checked::Closed);
    let who = identify(&tools(), &vault, Chip::Esp32C3, &job.bench).unwrap_err();
    assert!(who.to_string().contains("a chip that is closed does not say which one"), "{who}");
    let closed = state(&tools(), &job).unwrap_err();
    assert!(matches!(closed, BurnError::Closed), "{closed}");
    let unknown = check(&tools(), &job, Some(&BED.vault())).unwrap_err().to_string();
    assert!(unknown.contains("the vault remembers no chip of GL-00001 slave"), "{unknown}");
}

#[test]
fn every_setting_that_a_closed_chip_says_is_compared() {
    let home = TempDir::new().unwrap();
    let base = home.path().join("base");
    state(&tools(), &BED.job(&base)).unwrap();
    let key = home.path().join("key");
    fs::write(&key, [7; 32]).unwrap();
    let key = key.to_str().unwrap();
    let burnt = |blocks: &[(&str, &str)], chip: &Path| {
        let mut command = vec!["burn-key"];
        blocks.iter().for_each(|(block, purpose)| command.extend([*block, key, *purpose]));
        fuse(chip, &command);
    };
    let keys = [
        ("BLOCK_KEY0", "XTS_AES_128_KEY"),
        ("BLOCK_KEY1", "HMAC_UP"),
        ("BLOCK_KEY2", "HMAC_UP"),
        ("BLOCK_KEY3", "SECURE_BOOT_DIGEST0"),
    ];
    let without = home.path().join("without");
    copy_folder(&base, &without);
    burnt(&keys, &base);
    let says = |chip: &Path, flags: u32, sentence: &str| {
        let rom = Rom::with_flags(chip, flags);
        let said = match check(&tools(), &at(&rom.port), None) {
            Ok(closed) => format!("{closed:?}"),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(sentence), "{sentence}: {said}");
    };
    for (index, (field, value, found)) in [
        ("SPI_BOOT_CRYPT_CNT", "1", "SPI_BOOT_CRYPT_CNT is 0x1, and the plan wants 0x7"),
        ("DIS_DOWNLOAD_ICACHE", "", "DIS_DOWNLOAD_ICACHE is 0, and the plan wants 1"),
        ("SECURE_BOOT_KEY_REVOKE0", "1", "SECURE_BOOT_KEY_REVOKE0 is 1, and the plan wants 0"),
        ("SECURE_BOOT_KEY_REVOKE1", "", "SECURE_BOOT_KEY_REVOKE1 is 0, and the plan wants 1"),
        ("SECURE_BOOT_KEY_REVOKE2", "", "SECURE_BOOT_KEY_REVOKE2 is 0, and the plan wants 1"),
        ("SECURE_BOOT_AGGRESSIVE_REVOKE", "1", "AGGRESSIVE_REVOKE is 1, and the plan wants 0"),
        ("SECURE_BOOT_EN", "", "SECURE_BOOT_EN is 0, and the plan wants 1"),
        ("DIS_PAD_JTAG", "", "DIS_PAD_JTAG is 0, and the plan wants 1"),
        ("SOFT_DIS_JTAG", "3", "SOFT_DIS_JTAG is 0, and the plan wants 1"),
        ("DIS_TWAI", "1", "Closed"),
    ]
    .into_iter()
    .enumerate()
    {
        let chip = home.path().join(format!("chip-{index}"));
        nearly(&base, &chip, field, value);
        says(&chip, 0, found);
    }
    let whole = home.path().join("chip-9");
    says(&whole, 1 << 12, "a flag that no manual names is 2, and the plan wants 0");
    burnt(&[("BLOCK_KEY5", "USER")], &whole);
    says(&whole, 0, "Closed");
    burnt(&[("BLOCK_KEY4", "HMAC_DOWN_JTAG")], &whole);
    says(&whole, 0, "BLOCK_KEY4 is HMAC_DOWN_JTAG, and the plan wants USER/EMPTY");
    let chip = home.path().join("purposes");
    burnt(&[keys[0], keys[2], keys[3]], &without);
    nearly(&without, &chip, "DIS_TWAI", "1");
    says(&chip, 0, "BLOCK_KEY1 is USER/EMPTY, and the plan wants HMAC_UP");
}

#[test]
fn an_answer_that_says_less_is_not_understood() {
    let home = TempDir::new().unwrap();
    let script = home.path().join("esptool");
    for (said, missing) in [
        ("", "\"Flags: \" is not in it"),
        ("Flags: zero", "\"Flags: \" is not in it"),
        ("Flags: 0x000004f5 (0b1)", "\"(SPI_BOOT_CRYPT_CNT): \" is not in it"),
        ("Flags: 0x000004f5 (0b1)\n(SPI_BOOT_CRYPT_CNT): 0x7", "\"BLOCK_KEY0 - \" is not in it"),
    ] {
        let text =
            format!("#!/bin/sh\ncat <<END\nesptool v5.0\nSecure Download Mode\n{said}\nEND\n");
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let tools = Tools { folder: Some(home.path().to_owned()) };
        let error = check(&tools, &at("nowhere"), None).unwrap_err().to_string();
        assert!(error.contains("cannot be understood") && error.contains(missing), "{error}");
    }
}
