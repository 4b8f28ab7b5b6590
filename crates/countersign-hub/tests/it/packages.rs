//! Whom a hub believes about an event.

use crate::sample::{self, Deployment};
use countersign::keyset::KeysetError;
use countersign::{KeyState, Signer, SigningKey};
use countersign_hub::{Package, PackageError, Trust};

#[test]
fn an_event_is_believed_for_the_sake_of_a_known_root_only() {
    let deployment = Deployment::new();
    let package = deployment.package(&sample::event(&[]));
    assert_eq!(Package::decode(&package.encode()), Ok(package.clone()));
    let root = deployment.root.verifying_key().clone();
    let opened = package.open(&Trust::Roots(vec![root.clone()])).unwrap();
    assert_eq!(opened.bundle.value.id.as_str(), "FAIR");
    let other = SigningKey::from_seed(&[0x77; 32]).verifying_key().clone();
    let foreign = package.open(&Trust::Roots(vec![other]));
    assert_eq!(foreign.unwrap_err(), PackageError::Keyset(KeysetError::NotByARoot));
    // The newest set that names a key decides.
    let burnt = deployment.keyset(9, KeyState::Revoked);
    let sets = [package.sets.clone(), vec![burnt.clone()]].concat();
    let later = Package { sets, ..package.clone() };
    let refused = later.open(&Trust::Roots(vec![root])).unwrap_err();
    assert!(matches!(refused, PackageError::Signer(_)), "{refused}");
    let refused = package.open(&Trust::Keyset(burnt)).unwrap_err();
    assert!(matches!(refused, PackageError::Signer(_)), "{refused}");
    let mut changed = package.clone();
    let last = changed.bundle.len() - 70;
    changed.bundle[last] ^= 1;
    assert!(changed.open(&deployment.trust()).is_err());
    let same = Package::around("fair", &package.sets[0], &package.bundle).unwrap();
    assert_eq!(same, package);
}
