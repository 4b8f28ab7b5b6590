//! The radio of a Linux master: no key, no record, and nothing starts on it that this line did not sign.

use crate::bed::*;
use crate::burning::summary;
use crate::elf;
use countersign_factory::line::*;
use countersign_provision::Half;
use serde_json::json;
use std::fs;

fn with_radio() -> (Bed, Release) {
    let bed = BED.copy();
    let (stage, app) =
        (elf::second_stage(Chip::Esp32C3, 600), elf::app(Chip::Esp32C3, "1.0.0", 3, 5));
    let (release, _) = bed.image_for((Kind::Radio, Chip::Esp32C3), &stage, &app).unwrap();
    (bed, release)
}

fn job(bed: &Bed, release: &Release, name: &str) -> Job {
    let bench = Bench::Virtual(Virtual::new(&bed.beside(name)));
    Job::radio(&bed.line(), Chip::Esp32C3, release.clone(), bench).unwrap()
}

/// No vault is opened for it: the closure that would open one fails.
fn burn_radio(bed: &Bed, job: &Job, progress: &mut dyn FnMut(Step)) -> Result<Burnt, BurnError> {
    let standing = state(&tools(), job)?;
    let line = bed.line();
    let claim = claim(&line, job, &standing, false, || {
        Err(BurnError::NoKeys("a radio needs no vault".into()))
    })?;
    burn(&tools(), job, &claim, progress)
}

#[test]
fn a_radio_is_signed_and_closed_and_keeps_no_secret() {
    let (bed, release) = with_radio();
    let job = job(&bed, &release, "radio");
    for (cut, done) in [(Step::Flash, 1), (Step::SecureBoot, 2), (Step::Download, 3)] {
        let mut steps = 0;
        let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            burn_radio(&bed, &job, &mut |step| {
                assert!(step != cut, "cut");
                steps += 1;
            })
        }));
        assert!(stopped.is_err() && steps == done, "{steps} before {cut}");
        assert_eq!(state(&tools(), &job).unwrap().open(), Some(cut));
        let said = check(&tools(), &job, None).unwrap_err().to_string();
        assert!(said.contains("is not done; go on with"), "{said}");
    }
    assert_eq!(burn_radio(&bed, &job, &mut |_| {}).unwrap().steps, [Step::Download]);
    assert!(matches!(check(&tools(), &job, None), Ok(Checked::Whole(_))));
    let chip = bed.beside("radio");
    let fuses = summary(&chip);
    for (field, raw) in [
        ("SECURE_BOOT_EN", "0x1"),
        ("SECURE_VERSION", "0x0007"),
        ("SECURE_BOOT_KEY_REVOKE1", "0x1"),
        ("SECURE_BOOT_KEY_REVOKE2", "0x1"),
        ("DIS_PAD_JTAG", "0x1"),
        ("DIS_USB_JTAG", "0x1"),
        ("SOFT_DIS_JTAG", "0x7"),
        ("DIS_DIRECT_BOOT", "0x1"),
        ("ENABLE_SECURITY_DOWNLOAD", "0x1"),
        ("KEY_PURPOSE_3", "0x9"),
        ("SPI_BOOT_CRYPT_CNT", "0x0"),
        ("DIS_DOWNLOAD_MANUAL_ENCRYPT", "0x0"),
        ("KEY_PURPOSE_0", "0x0"),
        ("RD_DIS", "0x00"),
        ("WR_DIS", "0x04400801"),
    ] {
        assert_eq!(fuses[field]["raw_value"], raw, "{field}");
    }
    assert_eq!(fuses["RD_DIS"]["writeable"], json!(false), "nobody can hide the digest");
    let bytes = |block: &str| fuses[block]["value"].as_str().unwrap().replace(' ', "");
    assert_eq!(bytes("BLOCK_KEY3"), hex::encode(bed.line().boot_digest));
    assert_eq!(bytes("BLOCK_USR_DATA"), format!("{}0301{}", "00".repeat(16), "00".repeat(14)));
    for key in [0, 1, 2, 4, 5] {
        assert_eq!(bytes(&format!("BLOCK_KEY{key}")), "00".repeat(32));
    }
    let flash = fs::read(chip.join("flash.bin")).unwrap();
    assert!(flash.starts_with(&release.second_stage));
    assert!(flash[0x1_0000..].starts_with(&release.app), "as it was signed");
    assert!(flash[0x9000..0x1_0000].iter().all(|byte| *byte == 0xff), "no record");
    // It is a radio, nobody's, and no half of any pair.
    let bench = Bench::Virtual(Virtual::new(&chip));
    let who = identify(&tools(), &bed.vault(), Chip::Esp32C3, &bench).unwrap();
    assert!(matches!(who, Identity::Radio(_)), "{who:?}");
    let refused = bed.claim(&bed.job(&chip), false).unwrap_err().to_string();
    assert!(refused.contains("this chip is the radio of a master, not the slave of"), "{refused}");
    assert_eq!(bed.vault().chips(SERIAL), []);
}

#[test]
fn a_chip_of_a_half_or_with_encryption_is_no_radio() {
    let (bed, release) = with_radio();
    let half = bed.job(&bed.beside("slave"));
    let claim = bed.claim(&half, false).unwrap();
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        burn(&tools(), &half, &claim, &mut |step| assert_eq!(step, Step::Name, "cut"))
    }));
    assert!(cut.is_err());
    let said = burn_radio(&bed, &job(&bed, &release, "slave"), &mut |_| {}).unwrap_err();
    assert!(said.to_string().contains("this chip is the slave of device"), "{said}");
    let job = job(&bed, &release, "encrypted");
    state(&tools(), &job).unwrap();
    fuse(&bed.beside("encrypted"), &["burn-efuse", "SPI_BOOT_CRYPT_CNT", "1"]);
    let said = burn_radio(&bed, &job, &mut |_| {}).unwrap_err().to_string();
    assert!(
        said.contains("SPI_BOOT_CRYPT_CNT of this chip is 0x1, and the plan wants 0x0"),
        "{said}"
    );
    let of = (SERIAL, Half::Slave, Chip::Esp32C3);
    let bench = Bench::Virtual(Virtual::new(&bed.beside("other")));
    let other = Job::prepare(&bed.line(), &bed.vault(), of, || Ok(release), bench).unwrap_err();
    assert!(other.to_string().contains("is for a radio on esp32c3"), "{other}");
}
