//! A root that never comes near the server.

use crate::world::{DAY, NOW, World};
use countersign::{KeyState, KeysetContent, Signer, SigningKey};
use countersign_keys::lifecycle::{Interval, OldRoots, change_root, id_of, prepare, renew, taint};
use countersign_keys::{CeremonyError, InstallError, KeyFileError, Unsigned};

#[test]
fn out_as_text_back_as_frame() {
    let world = World::new();
    let root = world.root();
    std::fs::remove_file(&world.first.root_path).unwrap();
    let mut folder = world.open();
    let key = folder.generate_online().unwrap();
    let interval = Interval { not_before: NOW, not_after: NOW.plus(DAY) };
    let next = prepare(folder.content(), key.verifying_key().clone(), interval, NOW).unwrap();
    folder.store_online(&key).unwrap();
    let text = folder.export(next.clone()).to_string();
    assert!(text.starts_with("countersign-keyset-v1 unsigned league\n0105"), "{text}");

    let offline = Unsigned::parse(&text).unwrap();
    assert_eq!((offline.audience(), &offline.content), ("league.example.org", &next));
    let frame = offline.sign(&root).unwrap();

    folder.install(&frame, NOW).unwrap();
    assert_eq!(folder.content(), &next);
    let again = folder.install(&frame, NOW);
    assert!(matches!(again, Err(InstallError::NotNewer { found: 2, current: 2 })));
}

#[test]
fn text_that_is_no_set_is_not_signed() {
    let world = World::new();
    let folder = world.open();
    let content = folder.content().clone();
    let text = folder.export(content.clone()).to_string();
    for bad in [
        String::new(),
        text.replace("unsigned", "signed"),
        text.replace(" league", ""),
        text.replace("0105", "01"),
        text.replace("0105", "0104"),
        text.replace(" league\n", " League\n"),
        format!("{text}00\n"),
    ] {
        assert!(Unsigned::parse(&bad).is_err(), "{bad}");
    }
    let unsigned = folder.export(KeysetContent { min_protocol: 2, ..content });
    assert!(matches!(unsigned.sign(&world.root()), Err(CeremonyError::Keyset(_))));
}

#[test]
fn only_a_trusted_root_and_no_set_from_the_past() {
    let world = World::new();
    let mut folder = world.open();
    let stranger = SigningKey::from_seed(&[8; 32]);
    let next = renew(folder.content(), NOW.plus(DAY), NOW).unwrap();
    let refused = folder.sign_and_install(next.clone(), &stranger, NOW).unwrap_err().to_string();
    assert!(refused.contains(&world.first.root.fingerprint().to_string()), "{refused}");
    let frame = folder.export(next.clone()).sign(&stranger).unwrap();
    assert!(matches!(folder.install(&frame, NOW), Err(InstallError::Refused(_))));
    let late = folder.sign_and_install(next, &world.root(), NOW.plus(DAY));
    assert!(matches!(late, Err(InstallError::Expired(_))));
    assert_eq!(folder.content().version, 1);
}

#[test]
fn the_old_root_names_the_new_one_and_signs_no_more() {
    let world = World::new();
    let mut folder = world.open();
    let new_root = SigningKey::from_seed(&[9; 32]);
    let public = new_root.verifying_key().clone();
    let change = change_root(folder.content(), public, OldRoots::Drop, NOW).unwrap();
    folder.sign_and_install(change, &world.root(), NOW).unwrap();
    let next = renew(folder.content(), NOW.plus(DAY), NOW).unwrap();
    let refused = folder.sign_and_install(next.clone(), &world.root(), NOW);
    assert!(matches!(refused, Err(InstallError::UntrustedRoot { .. })));
    folder.sign_and_install(next, &new_root, NOW).unwrap();
    drop(folder);
    assert_eq!(world.open().content().version, 3);
}

#[test]
fn what_no_root_may_install() {
    let world = World::new();
    let root = world.root();
    let mut folder = world.open();
    let key = SigningKey::from_seed(&[5; 32]);
    let interval = Interval { not_before: NOW, not_after: NOW.plus(DAY) };
    let next = prepare(folder.content(), key.verifying_key().clone(), interval, NOW).unwrap();
    folder.sign_and_install(next, &root, NOW).unwrap();
    // The file of the key that would sign is not here.
    let (old, new) = (id_of(&world.first.online), id_of(key.verifying_key()));
    let next = taint(folder.content(), old, Some(new), NOW).unwrap();
    let refused = folder.sign_and_install(next.clone(), &root, NOW);
    assert!(matches!(refused, Err(InstallError::KeyFile(KeyFileError::Missing { .. }))));
    folder.store_online(&key).unwrap();
    folder.sign_and_install(next, &root, NOW).unwrap();
    // Signed by hand, past the steps.
    let mut none = renew(folder.content(), NOW.plus(DAY), NOW).unwrap();
    let mut back = none.clone();
    none.keys[1].state = KeyState::Retired;
    let refused = folder.sign_and_install(none, &root, NOW);
    assert!(matches!(refused, Err(InstallError::NoActiveKey)));
    back.keys[0].state = KeyState::Retired;
    let refused = folder.sign_and_install(back.clone(), &root, NOW);
    assert!(matches!(refused, Err(InstallError::Backwards { .. })));
    back.keys[0] = back.keys[1].clone();
    let refused = folder.sign_and_install(back, &root, NOW);
    assert!(matches!(refused, Err(InstallError::Duplicate(_))));
}
