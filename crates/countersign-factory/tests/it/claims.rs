//! One half, one chip: what the vault remembers, and what it refuses.

use crate::bed::*;
use crate::burning::{FINISHED, finished};
use countersign_factory::line::*;
use countersign_provision::Half;
use std::fs;
use tempfile::TempDir;

#[test]
fn a_second_chip_for_a_half_is_refused_and_the_first_is_named() {
    let (bed, home) = (BED.copy(), TempDir::new().unwrap());
    let [first, second] = ["first", "second"].map(|name| bed.job(&home.path().join(name)));
    bed.claim(&first, false).unwrap();
    let at = |job: &Job| state(&tools(), job).unwrap().address;
    let known = |bed: &Bed| bed.vault().chip_of(SERIAL, Half::Slave, Site::Folder);
    assert_eq!(known(&bed), Some(at(&first)));
    let refused = bed.claim(&second, false).unwrap_err().to_string();
    let sentence = format!("GL-00001 slave was burnt into the chip {}, and this is", at(&first));
    assert!(refused.contains(&sentence) && refused.contains("--replace"), "{refused}");
    // The same chip again is no second one, and the vault is not written for it.
    let vault = fs::read(bed.vault_file()).unwrap();
    bed.claim(&first, false).unwrap();
    assert_eq!(fs::read(bed.vault_file()).unwrap(), vault);
    // Its other half, or another pair, does not go into it either.
    let other = bed.job_of(("GL-00002", Half::Slave), &home.path().join("first")).unwrap();
    let refused = bed.claim(&other, true).unwrap_err().to_string();
    assert!(refused.contains("was begun as GL-00001 slave"), "{refused}");
    // Said so, the second takes its place, and there is no way back.
    bed.claim(&second, true).unwrap();
    assert_eq!(known(&bed), Some(at(&second)));
    let refused = bed.claim(&first, true).unwrap_err().to_string();
    let sentence = format!("was replaced: GL-00001 slave is in the chip {}", at(&second));
    assert!(refused.contains(&sentence), "{refused}");
    assert_eq!(bed.vault().chips(SERIAL).len(), 2, "both are remembered");
}

#[test]
fn a_claim_is_good_for_its_chip_and_its_half_only() {
    let (bed, home) = (BED.copy(), TempDir::new().unwrap());
    let [one, other] = ["one", "other"].map(|name| bed.job(&home.path().join(name)));
    let claim = bed.claim(&one, false).unwrap();
    state(&tools(), &other).unwrap();
    let before = fs::read(home.path().join("other/efuse.bin")).unwrap();
    let swapped = burn(&tools(), &other, &claim, &mut |_| {}).unwrap_err().to_string();
    assert!(swapped.contains("nothing more was burnt"), "{swapped}");
    assert_eq!(fs::read(home.path().join("other/efuse.bin")).unwrap(), before);
    let half = bed.job_of(("GL-00002", Half::Slave), &home.path().join("one")).unwrap();
    assert!(matches!(burn(&tools(), &half, &claim, &mut |_| {}), Err(BurnError::Swapped { .. })));
}

#[test]
fn a_chip_is_known_by_its_address() {
    let (home, chip) = finished();
    let (bed, bench) = (&FINISHED.0, Bench::Virtual(Virtual::new(&chip)));
    let who = identify(&tools(), &bed.vault(), Chip::Esp32C3, &bench).unwrap();
    let Identity::Half { serial, half, address } = who else { unreachable!("{who:?}") };
    assert_eq!((serial.as_str(), half), (SERIAL, Half::Slave));
    let job = bed.job(&chip);
    assert_eq!(check(&tools(), &job, Some(&bed.vault())).unwrap(), Checked::Whole(address));
    // A vault that has forgotten it, and one that knows another chip.
    let other = BED.copy();
    let nobody = identify(&tools(), &other.vault(), Chip::Esp32C3, &bench).unwrap_err();
    assert!(nobody.to_string().contains("the vault does not remember this chip"), "{nobody}");
    let said = check(&tools(), &job, Some(&other.vault())).unwrap_err().to_string();
    assert!(said.contains("the vault does not remember it; was it burnt with another"), "{said}");
    let fresh = other.job(&home.path().join("fresh"));
    other.claim(&fresh, false).unwrap();
    let known = state(&tools(), &fresh).unwrap().address;
    let said = check(&tools(), &job, Some(&other.vault())).unwrap_err().to_string();
    let sentence = format!("GL-00001 slave was burnt into {known}: one of the two is a copy");
    assert!(said.contains(&sentence), "{said}");
    // Nothing is burnt yet: that is what has to be said of it.
    let said = check(&tools(), &fresh, Some(&other.vault())).unwrap_err().to_string();
    assert!(said.contains("is not done; go on with"), "{said}");
}
