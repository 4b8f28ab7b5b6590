//! Masters that run Linux with slaves that are chips; how many players a master serves; records that were lost.

use crate::bed::*;
use crate::station::NOW;
use countersign::Signer;
use countersign_factory::Secrets;
use countersign_factory::line::*;
use countersign_provision::{Half, OwnKey, Provision, SecretPlace};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn linux(count: usize) -> ChipOrder {
    ChipOrder { master: Master::Linux, max_players: 22, ..order(count) }
}

fn made(bed: &Bed, order: &ChipOrder) -> Result<countersign_factory::Made, ChipMakeError> {
    make_chips(&bed.line(), &passphrase(), order, NOW, &mut |_, _, _| {})
}

#[test]
fn a_linux_master_and_a_chip_are_certified_for_each_other() {
    let bed = BED.copy();
    let batch = made(&bed, &linux(2)).unwrap().batch;
    assert_eq!((batch.plan.secret, batch.plan.max_players), (Secrets::SlaveChip, 22));
    let (factory, vault) = (&bed.factory, bed.vault());
    for serial in batch.serials() {
        let pair = batch.certificate(&serial, &factory.realm, &factory.config.key).unwrap().value;
        assert_eq!((pair.serial.as_str(), pair.max_players), (serial.as_str(), 22));
        let place = batch.folder.join(&serial);
        // The master's folder is what countersign-device starts from, with its key.
        let master = Provision::read(&place.join("master")).unwrap();
        let OwnKey::File(key) = master.key else { unreachable!("the master has a key file") };
        assert_eq!(
            (key.verifying_key(), master.config.keys.secret),
            (&pair.master, SecretPlace::File)
        );
        assert_eq!(master.config.keys.partner, pair.slave);
        assert!(!place.join("master/record.bin").exists(), "it is no chip");
        // The slave's folder has a record for its chip, and no key.
        let slave = Provision::read(&place.join("slave")).unwrap();
        assert!(matches!(slave.key, OwnKey::Chip) && !place.join("slave/slave.key").exists());
        assert_eq!((slave.config.keys.own, slave.config.keys.partner), (pair.slave, pair.master));
        assert!(place.join("slave/record.bin").exists() && place.join("label.json").exists());
        let keys = vault.pair(&serial).unwrap();
        assert!(keys.of(Half::Master).is_none() && keys.of(Half::Slave).is_some());
        // The slave is burnt as any; the master is not.
        let chip = bed.beside(&serial);
        assert_eq!(
            bed.job_of((&serial, Half::Slave), &chip).unwrap().name(),
            format!("{serial} slave")
        );
        let refused = bed.job_of((&serial, Half::Master), &chip).unwrap_err().to_string();
        assert!(refused.contains("runs Linux: its folder goes onto its disk"), "{refused}");
    }
    let report = countersign_factory::verify(factory, &factory.batches().unwrap(), &mut |_, _| {});
    assert_eq!(report.findings, Vec::<String>::new());
    let shipment = countersign_factory::Shipment::open(factory, &batch).unwrap();
    assert_eq!(shipment.total(), 2);
    // A key of the chip in a file would be found, and a missing one of the master.
    let slave = batch.folder.join("GL-00003/slave/slave.key");
    fs::copy(batch.folder.join("GL-00003/master/master.key"), &slave).unwrap();
    fs::remove_file(batch.folder.join("GL-00004/master/master.key")).unwrap();
    let report = countersign_factory::verify(factory, &[batch], &mut |_, _| {});
    let said = report.findings.join("\n");
    assert!(said.contains("should be in the chip only") && said.contains("master.key"), "{said}");
}

#[test]
fn an_interrupted_batch_of_linux_masters_goes_on_as_one() {
    let bed = BED.copy();
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        make_chips(&bed.line(), &passphrase(), &linux(3), NOW, &mut |stage, done, _| {
            assert!((stage, done) != (Stage::Pairs, 2), "cut");
        })
    }));
    assert!(interrupted.is_err());
    let said = made(&bed, &order(3)).unwrap_err().to_string();
    assert!(said.contains("make --master linux --count 3 --max-players 22"), "{said}");
    let whole = made(&bed, &linux(3)).unwrap();
    assert_eq!(whole.earlier, 2);
    let batches = bed.factory.batches().unwrap();
    let report = countersign_factory::verify(&bed.factory, &batches, &mut |_, _| {});
    assert_eq!(report.findings, Vec::<String>::new());
    // Keys that were drawn for the other kind are not used for this one.
    let file = bed.beside("file");
    fs::write(&file, "no folder").unwrap();
    let nowhere = ChipOrder { out: Some(file.join("batches")), ..linux(2) };
    assert!(made(&bed, &nowhere).is_err());
    let said = made(&bed, &order(2)).unwrap_err().to_string();
    assert!(said.contains("make --master linux --count 2 --prefix GL"), "{said}");
    assert_eq!(made(&bed, &linux(2)).unwrap().batch.serial(0), "GL-00006");
}

#[test]
fn a_chip_as_master_serves_ten_players_and_linux_twenty_two() {
    let bed = BED.copy();
    for (master, max_players, sentence) in [
        (
            Master::Chip,
            11,
            "a master that is a chip serves 6 to 10 players, not 11; for more, up to 22",
        ),
        (Master::Chip, 22, "serves 6 to 10 players, not 22"),
        (Master::Chip, 5, "serves 6 to 10 players, not 5"),
        (Master::Linux, 23, "a master that is a linux serves 6 to 22 players, not 23"),
        (Master::Linux, 5, "serves 6 to 22 players, not 5"),
    ] {
        let said = made(&bed, &ChipOrder { master, max_players, ..order(1) }).unwrap_err();
        assert!(said.to_string().contains(sentence), "{said}");
    }
    assert_eq!(bed.vault().serials().count(), 2, "nothing was drawn");
    for (master, max_players) in [(Master::Chip, 10), (Master::Linux, 22)] {
        let batch = made(&bed, &ChipOrder { master, max_players, ..order(1) }).unwrap().batch;
        assert_eq!(batch.plan.max_players, max_players);
    }
}

#[test]
fn a_lost_record_of_any_pair_is_sealed_again() {
    let bed = BED.copy();
    made(&bed, &linux(1)).unwrap();
    let again = || seal_records(&bed.line(), &passphrase(), &mut |_, _| {}).unwrap();
    assert_eq!(again(), Vec::<String>::new());
    let at = |batch: &str, of: &str| bed.factory.path().join(batch).join(of).join("record.bin");
    let (first, other) = (at("batch-0001", "GL-00001/master"), at("batch-0001", "GL-00002/slave"));
    let mixed = at("batch-0002", "GL-00003/slave");
    fs::remove_file(&first).unwrap();
    fs::copy(at("batch-0001", "GL-00002/master"), &other).unwrap();
    fs::remove_file(&mixed).unwrap();
    assert!(bed.job_of(("GL-00003", Half::Slave), &bed.beside("chip")).is_err());
    assert_eq!(again(), ["GL-00001 master", "GL-00002 slave", "GL-00003 slave"]);
    assert_eq!(again(), Vec::<String>::new());
    for serial in ["GL-00002", "GL-00003"] {
        bed.job_of((serial, Half::Slave), &bed.beside("chip")).unwrap();
    }
}
