//! A venue is nothing but its log.

use crate::world::{HOUR, Hub, MINUTE, at, judge, realm, vote};
use countersign::{Signer, SigningKey};
use countersign_judging::venue::{Outcome, RestoreFault, Restored};
use countersign_judging::{Venue, Vote};

const NOON: u64 = 3 * HOUR;

/// Everything that a state consists of and that can be asked for.
fn state(venue: &Venue) -> String {
    let ballots: Vec<_> = venue.ballots().collect();
    let judges = venue.bundle().judges.iter();
    let left: Vec<_> = judges.map(|judge| venue.left(&judge.id)).collect();
    format!(
        "{:?} {:?} {ballots:?} {:?} {:?} {:?} {left:?} {}",
        venue.head(),
        venue.rounds().collect::<Vec<_>>(),
        venue.quarantine(),
        venue.revoked().collect::<Vec<_>>(),
        venue.alarms(),
        venue.entries(),
    )
}

/// Something that adds entries to the log.
type Step = Box<dyn Fn(&mut Hub)>;

/// A day with everything in it: the state and the length of the log after every entry.
fn day() -> (Hub, Vec<(String, usize)>) {
    let mut hub = Hub::begin(1);
    let mut states = vec![(state(&hub.venue), hub.log.len())];
    let mut other = Hub::open(2);
    let on = |serial: u16, project: u16| Vote {
        project: format!("PROJECT_{project:03}").parse().unwrap(),
        ..vote(serial, NOON)
    };
    for serial in 1..=6 {
        other.accepts(&on(100 + serial, serial), NOON);
    }
    other.revoke(&judge(4), NOON);
    let new = SigningKey::from_seed(&[77; 32]);
    let steps: Vec<Step> = vec![
        Box::new(|hub| hub.log.extend(hub.venue.open_round(1, at(0)).unwrap())),
        Box::new(move |hub| {
            hub.accepts(&on(1, 1), NOON);
        }),
        Box::new(move |hub| {
            hub.accepts(&Vote { revision: 2, ..on(2, 1) }, NOON);
        }),
        Box::new(move |hub| {
            hub.accepts(&Vote { points: vec![], ..on(3, 2) }, NOON);
        }),
        Box::new(|hub| hub.revoke(&judge(3), NOON)),
        Box::new(move |hub| {
            let late = Vote { judge: "J003".parse().unwrap(), ..on(4, 4) };
            assert_eq!(hub.says(&late, NOON), Outcome::Quarantined);
        }),
        Box::new(move |hub| {
            hub.amend(|event| event.judges[0].key = new.verifying_key().clone(), NOON + MINUTE);
        }),
        Box::new(move |hub| drop(hub.merge(&other, NOON + HOUR))),
        Box::new(|hub| hub.log.extend(hub.venue.close_round(1, at(NOON + HOUR)).unwrap())),
        Box::new(|hub| hub.log.extend(hub.venue.open_round(2, at(NOON + HOUR)).unwrap())),
        Box::new(|hub| hub.log.extend(hub.venue.open_round(1, at(NOON + HOUR)).unwrap())),
    ];
    for step in steps {
        let before = hub.log.len();
        step(&mut hub);
        assert_ne!(hub.log.len(), before);
        states.push((state(&hub.venue), hub.log.len()));
    }
    (hub, states)
}

fn restore(hub: &Hub, log: &[u8]) -> Result<Restored, RestoreFault> {
    Venue::restore(&realm(), &hub.bundles, log)
}

#[test]
fn after_every_entry_the_log_gives_the_same_state_and_roots() {
    let (hub, states) = day();
    for (expected, len) in &states {
        let restored = restore(&hub, &hub.log[..*len]).unwrap();
        assert_eq!(state(&restored.venue), *expected, "after {len} bytes");
        assert_eq!((restored.valid, restored.torn), (*len, 0));
    }
}

#[test]
fn a_torn_tail_is_cut_and_the_day_goes_on() {
    let (hub, states) = day();
    let (before, whole) = &states[states.len() - 2];
    for cut in *whole..hub.log.len() {
        let restored = restore(&hub, &hub.log[..cut]).unwrap();
        assert_eq!((restored.valid, restored.torn), (*whole, cut - whole));
        assert_eq!(state(&restored.venue), *before);
    }
    let mut again = restore(&hub, &hub.log[..hub.log.len() - 1]).unwrap().venue;
    assert_eq!(again.open_round(1, at(NOON + HOUR)).unwrap(), hub.log[*whole..]);
}

#[test]
fn a_changed_byte_in_the_middle_is_refused_wherever_it_is() {
    let (hub, states) = day();
    let last_whole = states[states.len() - 2].1;
    for at in (0..last_whole).step_by(7) {
        let mut changed = hub.log.clone();
        changed[at] ^= 4;
        let refused = restore(&hub, &changed);
        assert!(matches!(refused, Err(RestoreFault::Read(_))), "{at}: {refused:?}");
    }
}

#[test]
fn a_receipt_that_went_out_is_still_good_after_a_crash() {
    let mut hub = Hub::open(1);
    let receipt = hub.accepts(&vote(1, NOON), NOON);
    let torn = [hub.log.as_slice(), &[0, 0, 1]].concat();
    let mut venue = restore(&hub, &torn).unwrap().venue;
    let verdict = venue.take_vote(&crate::world::sealed(&vote(1, NOON)), at(NOON + MINUTE));
    assert_eq!((verdict.outcome, verdict.entry), (Outcome::Duplicate(receipt), None));
}

#[test]
fn a_missing_bundle_is_named() {
    let (hub, _) = day();
    let missing = Venue::restore(&realm(), &hub.bundles[..1], &hub.log).unwrap_err();
    let digest = hub.bundles[1].digest;
    assert_eq!(missing, RestoreFault::MissingBundle { position: 7, digest });
}
