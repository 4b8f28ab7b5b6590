//! The chip line without its chips: vault, releases, batches.

use crate::bed::*;
use crate::elf;
use crate::station::NOW;
use countersign::evidence::{Stamp, seal};
use countersign::{RecordHeader, RecordId};
use countersign_factory::line::*;
use countersign_factory::{Order, make};
use countersign_provision::Half;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[test]
fn only_the_passphrase_opens_the_vault() {
    let bed = BED.copy();
    let other = VaultPassphrase::new("five random words of theirs").unwrap();
    let refused = bed.line().vault(&other).unwrap_err().to_string();
    assert!(refused.contains("does not open: the passphrase is another one"), "{refused}");
    assert!(VaultPassphrase::new("too short").is_err());
    let file = bed.beside("passphrase");
    fs::write(&file, "five random words of ours\nand a second line\n").unwrap();
    let open = VaultPassphrase::read(&file).unwrap_err().to_string();
    assert!(open.contains("can be read by others"), "{open}");
    private(&file);
    assert!(bed.line().vault(&VaultPassphrase::read(&file).unwrap()).is_ok());
    let again = Line::init(&bed.factory, tools(), &passphrase()).unwrap_err().to_string();
    assert!(again.contains("is a chip line already"), "{again}");
}

#[test]
fn a_damaged_vault_is_refused_wherever_it_is_damaged() {
    let bed = BED.copy();
    let path = bed.vault_file();
    let whole = fs::read(&path).unwrap();
    let end = whole.len();
    // One byte each of: magic, memory, passes, lanes, salt, nonce, content, tag.
    for at in [0, 7, 11, 15, 20, 40, 70, end / 2, end - 17, end - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        fs::write(&path, damaged).unwrap();
        let said = bed.line().vault(&passphrase()).unwrap_err().to_string();
        assert!(said.contains("take the copy from your backup"), "byte {at}: {said}");
    }
    for len in [0, 3, 60, end / 2, end - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        assert!(bed.line().vault(&passphrase()).is_err(), "{len} bytes");
    }
    let mut greedy = whole.clone();
    greedy[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    fs::write(&path, greedy).unwrap();
    let said = bed.line().vault(&passphrase()).unwrap_err().to_string();
    assert!(said.contains("asks for more memory or time"), "{said}");
    fs::write(&path, whole).unwrap();
    assert!(bed.line().vault(&passphrase()).is_ok());
}

#[test]
fn a_vault_of_another_key_signs_nothing() {
    let (bed, other) = (BED.copy(), BED.copy());
    let folder = other.line().folder();
    fs::remove_dir_all(&folder).unwrap();
    Line::init(&other.factory, tools(), &passphrase()).unwrap();
    fs::copy(other.vault_file(), bed.vault_file()).unwrap();
    let said = bed.line().signing_vault(&passphrase()).unwrap_err().to_string();
    assert!(said.contains("is not the public half of the key in the vault"), "{said}");
    let pem = bed.line().folder().join("boot.pem");
    let digest = bed.line().folder().join("boot.digest");
    fs::copy(other.line().folder().join("boot.digest"), &digest).unwrap();
    let said = bed.line().signing_vault(&passphrase()).unwrap_err().to_string();
    assert!(said.contains("boot.pem is not the public half"), "{said}");
    fs::remove_file(pem).unwrap();
    // What an interrupted init lacks is made again from the vault that is there.
    fs::remove_file(digest).unwrap();
    Line::init(&bed.factory, tools(), &passphrase()).unwrap();
    assert!(bed.line().signing_vault(&passphrase()).is_ok());
    let said = Release::newest(&bed.line(), Kind::Slave, Chip::Esp32C3).unwrap_err().to_string();
    assert!(said.contains("another boot key"), "{said}");
}

#[test]
fn the_same_programs_give_the_same_release() {
    let bed = BED.copy();
    let before = bed.release();
    let (release, earlier) = bed.image("1.0.0", 2, 7).unwrap();
    assert!(earlier && release == before);
    let said = bed.image("1.0.0", 2, 8).unwrap_err().to_string();
    assert!(said.contains("is of other ELFs; give the application a new version"), "{said}");
    // By hand, as docs/firmware.md shows it.
    let (elf, padded) = (bed.beside("app.elf"), bed.beside("app_pad.bin"));
    fs::write(&elf, elf::app(Chip::Esp32C3, "1.0.0", 2, 7)).unwrap();
    let words = "--chip esp32c3 elf2image --flash-mode dio --flash-freq 80m --flash-size 4MB --min-rev-full 3 --secure-pad-v2 -o";
    let mut arguments: Vec<&str> = words.split(' ').collect();
    arguments.extend([padded.to_str().unwrap(), elf.to_str().unwrap()]);
    done_by_hand("esptool", &arguments);
    assert_eq!(fs::read(padded).unwrap(), fs::read(release.folder.join("app.padded.bin")).unwrap());
    assert_eq!(release.app.len() % 0x1_0000, 0x1000, "the signature stands behind a whole page");
    assert_eq!((release.manifest.secure_version, release.manifest.project.as_str()), (2, "trial"));
}

#[test]
fn an_image_that_no_chip_could_start_is_not_signed() {
    let bed = BED.copy();
    let nobody_signs = bed.beside("tools");
    fs::create_dir(&nobody_signs).unwrap();
    let real = tools().folder.unwrap().canonicalize().unwrap();
    std::os::unix::fs::symlink(real.join("esptool"), nobody_signs.join("esptool")).unwrap();
    let line = Line::open(&bed.factory, Tools { folder: Some(nobody_signs) }).unwrap();
    let (stage, app) =
        (elf::second_stage(Chip::Esp32C3, 600), elf::app(Chip::Esp32C3, "1.0.1", 2, 1));
    let good = app.clone();
    let from = Image {
        kind: Kind::Slave,
        chip: Chip::Esp32C3,
        second_stage: bed.beside("boot.elf"),
        app: bed.beside("app.elf"),
    };
    for (second_stage, app, sentence) in [
        (elf::second_stage(Chip::Esp32C3, 0x7000), app.clone(), "the second stage has 36864 bytes"),
        (
            stage.clone(),
            elf::app_of(Chip::Esp32C3, ("1.0.1", 2, 1), 0x19_0000),
            "the application has ",
        ),
        (
            stage.clone(),
            elf::program_of(Chip::Esp32C3, "countersign-master", ("1.0.1", 2, 1), 3000),
            "the application is countersign-master, and the image is to be that of a slave",
        ),
        (
            stage.clone(),
            elf::app(Chip::Esp32C3, "1.0.1", 17, 1),
            "would not start this application",
        ),
        (stage.clone(), elf::second_stage(Chip::Esp32C3, 600), "would not start this application"),
        (
            stage.clone(),
            elf::app(Chip::Esp32C3, "Version 1", 2, 1),
            "the application says that its version is",
        ),
        (stage.clone(), b"no program".to_vec(), "esptool elf2image failed"),
    ] {
        fs::write(&from.second_stage, second_stage).unwrap();
        fs::write(&from.app, app).unwrap();
        let said = image(&line, &bed.vault(), &from, NOW).unwrap_err().to_string();
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    // There is nobody to sign: whoever came so far would have been signed.
    fs::write(&from.second_stage, stage).unwrap();
    fs::write(&from.app, good).unwrap();
    let said = image(&line, &bed.vault(), &from, NOW).unwrap_err().to_string();
    assert!(said.contains("espsecure cannot be started"), "{said}");
    assert_eq!(bed.line().releases().unwrap(), ["slave-esp32c3-1.0.0"]);
}

#[test]
fn a_changed_release_is_refused() {
    let bed = BED.copy();
    let release = bed.release();
    for name in
        ["second-stage.padded.bin", "second-stage.bin", "app.padded.bin", "app.bin", "release.bin"]
    {
        let path = release.folder.join(name);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[100] ^= 1;
        fs::write(&path, changed).unwrap();
        let said = Release::open(&bed.line(), &release.folder).unwrap_err().to_string();
        assert!(
            said.contains("was changed") || said.contains("is not what this station signed"),
            "{said}"
        );
        fs::write(&path, whole).unwrap();
    }
    assert!(Release::open(&bed.line(), &release.folder).is_ok());
}

/// Even the station's own word does not put an image into a chip that would not start.
#[test]
fn an_unsigned_a_foreign_and_a_tampered_image_are_not_burnt() {
    let bed = BED.copy();
    let release = bed.release();
    let padded = fs::read(release.folder.join("app.padded.bin")).unwrap();
    let unsigned = [padded, vec![0xff; 0x1000]].concat();
    let mut tampered = release.app.clone();
    // Twice, so that the checksum stays what it was.
    tampered[0x200] ^= 0x10;
    tampered[0x201] ^= 0x10;
    let (pem, foreign) = (bed.beside("other.pem"), bed.beside("foreign.bin"));
    let (pem, foreign) = (pem.to_str().unwrap(), foreign.to_str().unwrap());
    let padded = release.folder.join("app.padded.bin");
    let words = ["generate-signing-key", "--version", "2", "--scheme", "rsa3072", pem];
    done_by_hand("espsecure", &words);
    let words = ["sign-data", "--version", "2", "--keyfile", pem, "--output", foreign];
    done_by_hand("espsecure", &[&words[..], &[padded.to_str().unwrap()]].concat());
    for (what, app) in
        [("unsigned", unsigned), ("foreign", fs::read(foreign).unwrap()), ("tampered", tampered)]
    {
        fs::write(release.folder.join("app.bin"), &app).unwrap();
        vouch(&bed, &release);
        let refused = bed.job_of((SERIAL, Half::Slave), &bed.beside(what)).unwrap_err();
        assert!(matches!(refused, BurnError::Signature { .. }), "{what}: {refused}");
        assert!(!bed.beside(what).exists());
    }
    fs::write(release.folder.join("app.bin"), &release.app).unwrap();
    vouch(&bed, &release);
    assert!(bed.job_of((SERIAL, Half::Slave), &bed.beside("good")).is_ok());
}

/// What the second stage would not start does not get as far as the question who signed it.
#[test]
fn an_image_of_another_shape_or_version_than_the_manifest_says_is_not_burnt() {
    let bed = BED.copy();
    let release = bed.release();
    let refused = |file: &str, at: usize, bit: u8| {
        let path = release.folder.join(file);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[at] ^= bit;
        fs::write(&path, changed).unwrap();
        vouch(&bed, &release);
        let refused = bed.job_of((SERIAL, Half::Slave), &bed.beside("chip")).unwrap_err();
        fs::write(&path, whole).unwrap();
        refused.to_string()
    };
    let said = refused("app.bin", 0x200, 1);
    assert!(said.contains("would not start this application: the checksum is wrong"), "{said}");
    let said = refused("app.bin", 12, 8);
    assert!(said.contains("would not start this application"), "{said}");
    let said = refused("second-stage.bin", 12, 8);
    assert!(said.contains("the second stage is not for esp32c3"), "{said}");
    let changes: [fn(&mut Manifest); 2] =
        [|manifest| manifest.secure_version = 1, |manifest| manifest.version.push('1')];
    for change in changes {
        let mut other = release.clone();
        change(&mut other.manifest);
        vouch(&bed, &other);
        let said = bed.job_of((SERIAL, Half::Slave), &bed.beside("chip")).unwrap_err().to_string();
        assert!(said.contains("says another version of itself than the manifest"), "{said}");
    }
    vouch(&bed, &release);
    bed.job_of((SERIAL, Half::Slave), &bed.beside("chip")).unwrap();
}

/// Signs a manifest over whatever lies in a release's folder.
fn vouch(bed: &Bed, release: &Release) {
    use sha2::Digest;
    let mut manifest = release.manifest.clone();
    for file in &mut manifest.files {
        let content = fs::read(release.folder.join(&file.name)).unwrap();
        file.size = content.len();
        file.sha256 = hex::encode(sha2::Sha256::digest(&content));
    }
    let id = RecordId::from_bytes([7; 16]);
    let stamp = Stamp { id, created: NOW, previous: RecordHeader::FIRST };
    let frame = seal(&bed.factory.realm, &bed.factory.key().unwrap(), stamp, &manifest).unwrap();
    fs::write(release.folder.join("release.bin"), frame).unwrap();
}

#[test]
fn an_interrupted_batch_goes_on_with_the_same_keys() {
    let bed = BED.copy();
    for (stage, after) in
        [(Stage::Pairs, 1), (Stage::Pairs, 3), (Stage::Records, 1), (Stage::Records, 2)]
    {
        let before = bed.vault().serials().count();
        let interrupted = catch_unwind(AssertUnwindSafe(|| {
            make_chips(&bed.line(), &passphrase(), &order(3), NOW, &mut |now, done, _| {
                assert!((now, done) != (stage, after), "cut");
            })
        }));
        assert!(interrupted.is_err());
        assert_eq!(bed.vault().serials().count(), before + 3);
        if stage == Stage::Pairs && after < 3 {
            let other = bed.make(4).unwrap_err().to_string();
            assert!(
                other.contains(
                    "go on with it first: countersign factory chip make --master chip --count 3"
                ),
                "{other}"
            );
        }
        let made = bed.make(3).unwrap();
        assert_eq!(bed.vault().serials().count(), before + 3, "{stage:?} {after}");
        for serial in made.batch.serials() {
            for half in Half::BOTH {
                let record = made.batch.folder.join(&serial).join(half.as_str()).join("record.bin");
                assert!(record.exists(), "{serial} {half}");
            }
        }
    }
    let batches = bed.factory.batches().unwrap();
    assert_eq!(batches.len(), 5);
    let report = countersign_factory::verify(&bed.factory, &batches, &mut |_, _| {});
    assert_eq!(report.findings, Vec::<String>::new());
}

#[test]
fn keys_that_were_drawn_and_not_used_are_used_by_the_next_run() {
    let bed = BED.copy();
    let file = bed.beside("file");
    fs::write(&file, "no folder").unwrap();
    let nowhere = ChipOrder { out: Some(file.join("batches")), ..order(2) };
    assert!(make_chips(&bed.line(), &passphrase(), &nowhere, NOW, &mut |_, _, _| {}).is_err());
    let drawn = bed.vault();
    let keys = drawn.pair("GL-00003").unwrap();
    let said = bed.make(5).unwrap_err().to_string();
    assert!(said.contains("keys are drawn for 2 pairs, GL-00003 to GL-00004"), "{said}");
    bed.make(2).unwrap();
    assert_eq!(bed.vault().pair("GL-00003"), Some(keys));
    // A batch of files goes on after the chips' serials, and the chips' after its.
    let files = Order { count: Some(1), max_players: 8, prefix: None, out: None, keys: None };
    let made = make(&bed.factory, &files, NOW, &mut |_, _| {}).unwrap();
    assert_eq!(made.batch.serial(0), "GL-00005");
    assert_eq!(bed.make(1).unwrap().batch.serial(0), "GL-00006");
    let refused = bed.job_of(("GL-00005", Half::Slave), &bed.beside("chip")).unwrap_err();
    assert!(matches!(refused, BurnError::NoKeys(_)), "{refused}");
}

#[test]
fn a_batch_without_its_vault_is_not_gone_on_with() {
    let bed = BED.copy();
    let old = fs::read(bed.vault_file()).unwrap();
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        make_chips(&bed.line(), &passphrase(), &order(2), NOW, &mut |_, _, _| panic!("cut"))
    }));
    assert!(interrupted.is_err());
    fs::write(bed.vault_file(), old).unwrap();
    private(&bed.vault_file());
    let said = bed.make(2).unwrap_err().to_string();
    assert!(said.contains("take the vault's copy from your backup"), "{said}");
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
