//! What a server loads, and what it warns about.

use crate::world::{DAY, NOW, World, realm};
use countersign::{KeyState, Signer, SigningKey, VerifyingKey};
use countersign_keys::folder::online_path;
use countersign_keys::lifecycle::{Interval, activate, id_of, prepare, renew, taint};
use countersign_keys::{KeyFileError, LoadError, OnlineKeys, ReadError, Warning, warnings};
use std::fs;

/// Prepares a key that starts now, and activates it when asked.
fn successor(world: &World, days: u32) -> SigningKey {
    let mut folder = world.open();
    let key = folder.generate_online().unwrap();
    let interval = Interval { not_before: NOW, not_after: NOW.plus(days * DAY) };
    let next = prepare(folder.content(), key.verifying_key().clone(), interval, NOW).unwrap();
    folder.store_online(&key).unwrap();
    folder.sign_and_install(next, &world.root(), NOW).unwrap();
    key
}

fn switch(world: &World, key: &SigningKey) {
    let mut folder = world.open();
    let next = activate(folder.content(), id_of(key.verifying_key()), 7 * DAY, NOW).unwrap();
    folder.sign_and_install(next, &world.root(), NOW).unwrap();
}

#[test]
fn the_active_key_signs_and_its_successor_takes_over() {
    let world = World::new();
    let loaded = OnlineKeys::load(&world.path(), &realm(), NOW).unwrap();
    assert_eq!(loaded.signing.key, world.first.online);
    assert_eq!(loaded.frame, fs::read(world.path().join("keyset.frame")).unwrap());
    assert_eq!(SigningKey::from_seed(&loaded.signing.seed).verifying_key(), &world.first.online);
    let key = successor(&world, 300);
    let loaded = OnlineKeys::load(&world.path(), &realm(), NOW).unwrap();
    assert_eq!(loaded.signing.key, world.first.online);
    switch(&world, &key);
    let loaded = OnlineKeys::load(&world.path(), &realm(), NOW).unwrap();
    assert_eq!(&loaded.signing.key, key.verifying_key());
    assert_eq!(loaded.keyset.content.version, 3);
}

#[test]
fn what_is_missing_is_named() {
    let world = World::new();
    let path = online_path(&world.path(), world.first.online.fingerprint());
    let content = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let error = OnlineKeys::load(&world.path(), &realm(), NOW).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    let found = warnings(&world.path(), &realm(), NOW).unwrap();
    assert!(found.contains(&Warning::KeyFileMissing(path.clone())));
    // Another key under this name.
    let other = String::from_utf8(content).unwrap();
    let (line, _) = other.split_once('\n').unwrap();
    fs::write(&path, format!("{line}\n{}\n", "07".repeat(32))).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let error = OnlineKeys::load(&world.path(), &realm(), NOW).unwrap_err();
    assert!(error.to_string().contains("but the key set names"), "{error}");
    assert!(!format!("{error} {error:?}").contains("0707"));
    let late = OnlineKeys::load(&world.path(), &realm(), NOW.plus(365 * DAY)).unwrap_err();
    assert!(matches!(&late, LoadError::NoneSigns(_)));
    assert!(late.to_string().contains("to 2027-01-01T00:00:00Z"), "{late}");
    fs::remove_file(world.path().join("keyset.frame")).unwrap();
    let none = OnlineKeys::load(&world.path(), &realm(), NOW);
    assert!(matches!(none, Err(LoadError::Read(ReadError::Missing(_)))));
}

#[test]
fn a_tainted_key_is_never_loaded() {
    let world = World::new();
    let key = successor(&world, 300);
    let mut folder = world.open();
    let (old, new) = (id_of(&world.first.online), id_of(key.verifying_key()));
    let next = taint(folder.content(), old, Some(new), NOW).unwrap();
    folder.sign_and_install(next, &world.root(), NOW).unwrap();
    fs::remove_file(online_path(&world.path(), key.verifying_key().fingerprint())).unwrap();
    let error = OnlineKeys::load(&world.path(), &realm(), NOW);
    assert!(matches!(error, Err(LoadError::KeyFile(_))));
}

/// Two active keys at once, as no step makes them but a root may sign them.
#[test]
fn of_two_active_keys_the_newest_whose_file_is_there_signs() {
    let world = World::new();
    let newer = successor(&world, 300);
    let latest = successor(&world, 300);
    let mut folder = world.open();
    let mut next = renew(folder.content(), NOW.plus(900 * DAY), NOW).unwrap();
    next.keys.iter_mut().for_each(|online| online.state = KeyState::Active);
    next.keys[0].not_before = NOW.minus(DAY);
    folder.sign_and_install(next, &world.root(), NOW).unwrap();
    let signing = || OnlineKeys::load(&world.path(), &realm(), NOW).map(|keys| keys.signing.key);
    let path = |key: &VerifyingKey| online_path(&world.path(), key.fingerprint());
    for key in [latest.verifying_key(), newer.verifying_key()] {
        assert_eq!(&signing().unwrap(), key);
        let content = fs::read(path(key)).unwrap();
        fs::write(path(key), b"tampered with").unwrap();
        assert!(matches!(signing(), Err(LoadError::KeyFile(KeyFileError::Format(_)))));
        fs::write(path(key), content).unwrap();
        fs::remove_file(path(key)).unwrap();
    }
    assert_eq!(signing().unwrap(), world.first.online);
    fs::remove_file(path(&world.first.online)).unwrap();
    // What is missing is the key that should sign, not the last one that was tried.
    let error = signing().unwrap_err().to_string();
    assert!(error.contains(&path(latest.verifying_key()).display().to_string()), "{error}");
}

#[test]
fn warnings_by_time() {
    let world = World::new();
    let root = Warning::RootOnServer(world.first.root_path.clone());
    let (id, at) = (id_of(&world.first.online), NOW.plus(365 * DAY));
    let at_day = |day: u32| warnings(&world.path(), &realm(), NOW.plus(day * DAY)).unwrap();
    assert_eq!(at_day(0), std::slice::from_ref(&root));
    let expires = NOW.plus(180 * DAY);
    let soon = Warning::KeysetExpiresSoon { at: expires, days: 30 };
    assert_eq!(at_day(150), [root.clone(), soon]);
    assert_eq!(at_day(180), [root.clone(), Warning::KeysetExpired(expires)]);

    let mut folder = world.open();
    let next = renew(folder.content(), NOW.plus(900 * DAY), NOW).unwrap();
    folder.sign_and_install(next, &world.root(), NOW).unwrap();
    drop(folder);
    let alone = Warning::NoSuccessor { id, at };
    assert_eq!(at_day(304), std::slice::from_ref(&root));
    assert_eq!(at_day(305), [root.clone(), alone.clone()]);
    // A prepared key that ends earlier is no successor.
    successor(&world, 364);
    let ends = Warning::KeyEndsSoon { id, at, days: 30 };
    assert_eq!(at_day(335), [root.clone(), ends.clone(), alone]);
    let next = successor(&world, 700);
    assert_eq!(at_day(335), [root.clone(), ends]);
    switch(&world, &next);
    let useless = online_path(&world.path(), world.first.online.fingerprint());
    assert_eq!(at_day(1), [root, Warning::UselessKeyFile(useless)]);
}
