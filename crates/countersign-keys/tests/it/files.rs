//! What lies where, who may read it, and what a crash leaves.

use crate::world::{DAY, NOW, World, names, realm};
use core::time::Duration;
use countersign::{Realm, Signer, SigningKey};
use countersign_keys::folder::{online_path, read_keyset, root_path};
use countersign_keys::lifecycle::{OldRoots, change_root, renew};
use countersign_keys::{
    DiskError, InitError, InitOptions, InstallError, KeyFileError, KeyFolder, OnlineKeys,
    ReadError, Role, Warning, init, key_file, warnings,
};
use std::fs;

#[test]
fn the_first_set_and_a_second_init() {
    let world = World::new();
    let id = world.first.online.fingerprint().server_key_id();
    let key = format!("online-{id}.key");
    assert_eq!(names(&world.path()), [".lock", "keyset.frame", &key, "realm", "root.key"]);
    let before = fs::read(world.path().join("keyset.frame")).unwrap();
    let again = init(&world.path(), &realm(), NOW, &InitOptions::default());
    assert!(matches!(again, Err(InitError::Exists(_))));
    assert_eq!(fs::read(world.path().join("keyset.frame")).unwrap(), before);
    // A set that got lost is no reason to start over: clients know the old one.
    let next = renew(world.open().content(), NOW.plus(DAY), NOW).unwrap();
    world.open().sign_and_install(next, &world.root(), NOW).unwrap();
    fs::remove_file(world.path().join("keyset.frame")).unwrap();
    let again = init(&world.path(), &realm(), NOW, &InitOptions::default());
    assert!(matches!(again, Err(InitError::Exists(_))));
}

#[test]
fn an_interrupted_init_is_completed_with_the_same_root() {
    let world = World::new();
    fs::remove_file(world.path().join("keyset.frame")).unwrap();
    let again = init(&world.path(), &realm(), NOW, &InitOptions::default()).unwrap();
    assert_eq!(again.root, world.first.root);
    assert_ne!(again.online, world.first.online);
    let left = online_path(&world.path(), world.first.online.fingerprint());
    let found = warnings(&world.path(), &realm(), NOW).unwrap();
    assert!(found.contains(&Warning::UselessKeyFile(left)), "{found:?}");
}

#[test]
fn a_root_elsewhere_never_touches_the_folder() {
    let temp = tempfile::tempdir().unwrap();
    let (folder, stick) = (temp.path().join("keys"), temp.path().join("stick.key"));
    let options = InitOptions { root: Some(stick.clone()), ..InitOptions::default() };
    let first = init(&folder, &realm(), NOW, &options).unwrap();
    assert_eq!(first.root_path, stick);
    assert!(!root_path(&folder).exists() && stick.exists());
    assert_eq!(warnings(&folder, &realm(), NOW).unwrap(), []);
}

#[test]
fn options_of_no_use_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let default = InitOptions::default;
    for bad in [
        InitOptions { online_life: Duration::ZERO, ..default() },
        InitOptions { keyset_life: Duration::ZERO, ..default() },
        InitOptions { min_protocol: 0, ..default() },
        InitOptions { min_protocol: 2, ..default() },
        InitOptions { pins: vec![[1; 32]], ..default() },
    ] {
        assert!(init(temp.path(), &realm(), NOW, &bad).is_err(), "{bad:?}");
    }
    assert_eq!(names(temp.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn private_files_are_private_and_refused_when_they_are_not() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let online = online_path(&world.path(), world.first.online.fingerprint());
    assert_eq!(mode(world.path()), 0o700);
    assert_eq!(mode(root_path(&world.path())), 0o600);
    assert_eq!(mode(online.clone()), 0o600);
    for open in [0o640, 0o604, 0o620, 0o777] {
        fs::set_permissions(&online, fs::Permissions::from_mode(open)).unwrap();
        let error = key_file::read(&online, Role::Online).unwrap_err();
        assert!(matches!(error, KeyFileError::TooOpen { mode, .. } if mode == open));
        let advice = format!("chmod 600 {}", online.display());
        assert!(error.to_string().contains(&advice), "{error}");
    }
}

#[test]
fn what_a_crash_leaves_is_ignored() {
    let world = World::new();
    let half = world.path().join(".keyset.frame.new");
    fs::write(&half, b"half a fra").unwrap();
    fs::create_dir(world.path().join("keyset-history")).unwrap();
    fs::write(world.path().join("keyset-history/.00000000000000000001.frame.new"), b"h").unwrap();
    assert_eq!(read_keyset(&world.path(), &realm()).unwrap().keyset.content.version, 1);
    let next = renew(world.open().content(), NOW.plus(DAY), NOW).unwrap();
    world.open().sign_and_install(next, &world.root(), NOW).unwrap();
    assert!(!half.exists());
    assert_eq!(read_keyset(&world.path(), &realm()).unwrap().keyset.content.version, 2);
}

#[test]
fn a_crash_between_history_and_set_leaves_the_old_set_even_after_a_root_change() {
    let world = World::new();
    let new_root = SigningKey::from_seed(&[9; 32]);
    let public = new_root.verifying_key().clone();
    let next = change_root(world.open().content(), public, OldRoots::Drop, NOW).unwrap();
    world.open().sign_and_install(next, &world.root(), NOW).unwrap();
    let frame = fs::read(world.path().join("keyset.frame")).unwrap();
    fs::write(world.path().join("keyset-history/00000000000000000002.frame"), frame).unwrap();
    let mut folder = world.open();
    let next = renew(folder.content(), NOW.plus(DAY), NOW).unwrap();
    folder.sign_and_install(next, &new_root, NOW).unwrap();
    drop(folder);
    assert_eq!(world.open().content().version, 3);
}

#[test]
fn former_sets_stay_in_the_history_and_do_not_come_back() {
    let world = World::new();
    let frame = world.path().join("keyset.frame");
    let mut former = Vec::new();
    for day in 1..=3 {
        former.push(fs::read(&frame).unwrap());
        let next = renew(world.open().content(), NOW.plus(day * 100 * DAY), NOW).unwrap();
        world.open().sign_and_install(next, &world.root(), NOW).unwrap();
    }
    let history = world.path().join("keyset-history");
    let files = names(&history);
    assert_eq!(files, [1, 2, 3].map(|version| format!("{version:020}.frame")));
    let kept: Vec<_> = files.iter().map(|name| fs::read(history.join(name)).unwrap()).collect();
    assert_eq!(kept, former);
    let refused = world.open().install(&former[2], NOW);
    assert!(matches!(refused, Err(InstallError::NotNewer { found: 3, current: 4 })));
    fs::write(&frame, &former[1]).unwrap();
    let refused = OnlineKeys::load(&world.path(), &realm(), NOW).unwrap_err();
    assert!(refused.to_string().contains("version 2, but the history holds version 3"));
}

#[test]
fn two_commands_at_once_and_another_realm() {
    let world = World::new();
    let first = world.open();
    let second = KeyFolder::open(&world.path(), &realm());
    assert!(matches!(second, Err(ReadError::Disk(DiskError::Busy(_)))));
    drop(first);
    let other = Realm::new("league", "staging.example.org").unwrap();
    let refused = KeyFolder::open(&world.path(), &other).unwrap_err().to_string();
    assert!(refused.contains("league.example.org, not for league and staging.example.org"));
    fs::write(world.path().join("realm"), "nonsense\n").unwrap();
    let refused = KeyFolder::open(&world.path(), &realm());
    assert!(matches!(refused, Err(ReadError::RealmFile(_))));
    let nowhere = KeyFolder::open(&world.path().join("no"), &realm());
    assert!(matches!(nowhere, Err(ReadError::Missing(_))));
}
