//! A match in one file, and what makes it prove nothing: each part that somebody bends is refused with the check that says so.

use crate::world::{Match, after_start, certificate, frame, key, keyset, realm, root, server};
use countersign::{Signer, Timestamp};
use countersign_league::evidence::{ActKind, Bundle, DeviceCertificate, SeatFlags};
use countersign_league::proof::{Export, Proof, Report, ServerKeys, State, examine, signers};

fn now() -> Timestamp {
    after_start(3_600_000)
}

fn examined(export: &Export) -> (Report, Option<Proof>) {
    let roots = [root().verifying_key().clone()];
    let keys = ServerKeys::open(realm(), &roots, &export.sets).map_err(|error| error.to_string());
    examine(export, keys.as_ref().map_err(Clone::clone), now())
}

/// The check that failed; those before it passed, those after it were not reached, and nothing is proven.
fn failed(export: &Export) -> &'static str {
    let (report, proof) = examined(export);
    let checks = report.checks();
    let at = checks.iter().position(|check| matches!(check.state, State::Failed(_))).unwrap();
    assert!(checks[..at].iter().all(|check| check.state == State::Passed), "{report:?}");
    assert!(checks[at + 1..].iter().all(|check| check.state == State::Open), "{report:?}");
    assert!(!report.is_sound() && proof.is_none());
    assert_eq!(report.failed(), Some(&checks[at]));
    checks[at].id
}

fn confirmed() -> Match {
    let mut game = Match::honest();
    game.act(2, ActKind::Confirm, 0).flag(2, SeatFlags::CONFIRMED);
    game
}

/// With another bundle than the honest one.
fn with(change: impl FnOnce(&mut Bundle)) -> Export {
    let export = confirmed().export();
    let mut bundle = Bundle::decode(&export.bundle).unwrap();
    change(&mut bundle);
    Export { bundle: bundle.encode(), ..export }
}

fn flip(bytes: &mut [u8], from_end: usize) {
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
}

#[test]
fn an_honest_match_passes_every_check_and_survives_its_way_as_a_file() {
    let export = confirmed().export();
    let read = Export::decode(&export.encode()).unwrap();
    assert_eq!(read, export);
    let (report, proof) = examined(&read);
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.checks().len(), 19);
    let proof = proof.unwrap();
    assert_eq!((proof.device, proof.checked.tickets.len()), (certificate(), 10));
    assert_eq!(proof.receipt.value.result, proof.checked.result.digest);
    let mut longer = export.encode();
    longer.push(0);
    assert!(Export::decode(&longer).is_err());
}

#[test]
fn each_part_that_is_bent_is_refused_with_its_check() {
    for (check, bent) in [
        ("G2", with(|it| it.players[3].roll.truncate(40))),
        ("G4", with(|it| flip(&mut it.start, 1))),
        ("G4", with(|it| flip(&mut it.result, 1))),
        ("G8", with(|it| flip(&mut it.players[4].ticket, 1))),
        ("G9", with(|it| flip(&mut it.players[4].roll, 1))),
        ("G13", with(|it| flip(&mut it.acts[0], 1))),
        ("G14", with(|it| it.acts.clear())),
    ] {
        assert_eq!(failed(&bent), check);
    }
    let of = |change: fn(&mut Export)| {
        let mut export = confirmed().export();
        change(&mut export);
        failed(&export)
    };
    assert_eq!(of(|it| flip(&mut it.sets[0], 1)), "keys");
    assert_eq!(of(|it| flip(&mut it.device, 1)), "device");
    assert_eq!(of(|it| it.bundle.clear()), "G2");
    assert_eq!(of(|it| flip(&mut it.receipt, 1)), "receipt");
    assert_eq!(of(|it| it.receipt = Match::of(6).export().receipt), "receipt");
}

#[test]
fn what_a_device_made_up_is_refused_though_it_signed_it() {
    type Lie = fn(&mut Match);
    let lies: [(&str, Lie); 6] = [
        ("G5", |it| it.result.slave = None),
        ("G6", |it| it.start.secret[0] ^= 1),
        ("G10", |it| it.start.north = it.start.north.other()),
        ("G12", |it| it.result.deltas[0] += 1),
        ("G13", |it| _ = it.act(2, ActKind::Confirm, 0).act(99, ActKind::Confirm, 0)),
        ("G15", |it| it.result.score[0] += 1),
    ];
    for (check, lie) in lies {
        let mut game = Match::honest();
        lie(&mut game);
        assert_eq!(failed(&game.export()), check);
    }
}

#[test]
fn a_device_that_somebody_else_vouches_for_is_nobodys() {
    let mut export = Match::honest().export();
    export.device = frame(&key(77), now(), &certificate());
    assert_eq!(failed(&export), "device");
    let master = key(78).verifying_key().clone();
    let other = DeviceCertificate { master, ..certificate() };
    export.device = frame(&server(), now(), &other);
    assert_eq!(failed(&export), "G3");
}

#[test]
fn without_keys_to_believe_nothing_else_is_looked_at() {
    let (report, proof) = examine(&Match::honest().export(), Err("nobody".to_owned()), now());
    assert_eq!((report.failed().unwrap().id, report.checks().len()), ("keys", 1));
    assert!(proof.is_none());
}

#[test]
fn a_file_takes_along_the_sets_that_its_signatures_need() {
    let export = Match::honest().export();
    let newest = keyset(2, &key(90)).sign(&realm(), &root());
    let unused = keyset(3, &key(91)).sign(&realm(), &root());
    let sets = [export.sets[0].clone(), unused.clone(), newest];
    let keys = ServerKeys::open(realm(), &[root().verifying_key().clone()], &sets).unwrap();
    let (_, proof) = examine(&export, Ok(&keys), now());
    let needed = signers(&proof.unwrap().checked.tickets, &[&export.receipt, &export.device]);
    assert!(needed.iter().all(|(key, at)| keys.names(key, *at)));
    assert_eq!(keys.newest().unwrap().content.version, 3);
    assert_eq!(keys.frames(&needed), [unused, export.sets[0].clone()]);
}
