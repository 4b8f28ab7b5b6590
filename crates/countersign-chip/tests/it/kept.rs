//! Key sets that came after the factory's, in flash that anybody can write.

use crate::world::{DEVICE, checked, chip, keyset_content, realm, root};
use countersign::{Keyset, KeysetContent, Signer, VerifyingKey};
use countersign_chip::{DeviceRecord, Half, Keeper};
use countersign_league::DeviceId;

fn keeper(half: Half, device: DeviceId) -> Keeper {
    let Ok(keeper) = Keeper::new(&mut chip(half), device);
    keeper
}

fn roots(numbers: &[u8]) -> Vec<VerifyingKey> {
    numbers.iter().map(|number| root(*number).verifying_key().clone()).collect()
}

/// A key set of this version, signed by a root, that trusts another one from then on.
fn frame(version: u64, by: u8, next: u8) -> Vec<u8> {
    let content = KeysetContent { version, roots: roots(&[next]), ..keyset_content() };
    content.sign(&realm(), &root(by))
}

fn version(found: &(Keyset, Vec<VerifyingKey>)) -> u64 {
    found.0.content.version
}

fn record() -> DeviceRecord {
    checked(Half::Master)
}

#[test]
fn the_newest_key_set_is_found_again_with_who_may_sign_the_next_one() {
    let (keeper, record) = (keeper(Half::Master, DEVICE), record());
    let none = keeper.newest(&record, None);
    assert_eq!((version(&none), &none.1), (3, &record.content.roots));
    // Two generations after the factory: signed by a root that it did not know.
    let kept = keeper.seal(&roots(&[5]), &frame(9, 5, 6));
    let found = keeper.newest(&record, Some(&kept));
    assert_eq!((version(&found), found.1), (9, roots(&[6])));
    let older = keeper.seal(&record.content.roots, &frame(3, 1, 6));
    assert_eq!(keeper.newest(&record, Some(&older)), none, "not newer than the record's");
}

#[test]
fn who_writes_the_flash_does_not_choose_whom_the_device_believes() {
    let (keeper, record) = (keeper(Half::Master, DEVICE), record());
    let none = keeper.newest(&record, None);
    let forged = frame(9, 66, 66);
    // The key set is well signed, by a root of the thief, and stands behind that root.
    for keeper in [
        self::keeper(Half::Slave, DEVICE),
        self::keeper(Half::Master, DeviceId::from_bytes([1; 16])),
    ] {
        let theirs = keeper.seal(&roots(&[66]), &forged);
        assert_eq!(self::keeper(Half::Master, DEVICE).newest(&record, Some(&theirs)), none);
    }
    let kept = keeper.seal(&roots(&[5]), &frame(9, 5, 6));
    for at in 0..kept.len() {
        let mut changed = kept.clone();
        changed[at] ^= 1;
        assert_eq!(keeper.newest(&record, Some(&changed)), none, "byte {at}");
        assert_eq!(keeper.newest(&record, Some(&kept[..at])), none, "cut at {at}");
    }
}
