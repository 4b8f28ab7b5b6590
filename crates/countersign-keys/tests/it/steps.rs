//! Every step from every state.

use crate::world::{DAY, NOW};
use countersign::keyset::KEYS_MAX;
use countersign::{
    KeyState, KeysetContent, OnlineKey, ServerKeyId, Signer, SigningKey, Timestamp, VerifyingKey,
};
use countersign_keys::lifecycle::{
    Interval, LifecycleError, OldRoots, Verb, activate, change_root, id_of, prepare, renew, retire,
    revoke, set_pins, taint,
};

const STATES: [KeyState; 5] =
    [KeyState::Prepared, KeyState::Active, KeyState::Retired, KeyState::Tainted, KeyState::Revoked];

fn public(seed: u8) -> VerifyingKey {
    SigningKey::from_seed(&[seed; 32]).verifying_key().clone()
}

fn online(seed: u8, state: KeyState) -> OnlineKey {
    let (not_before, not_after) = (NOW.minus(DAY), NOW.plus(100 * DAY));
    OnlineKey { key: public(seed), state, not_before, not_after }
}

fn id(seed: u8) -> ServerKeyId {
    id_of(&public(seed))
}

fn set(keys: Vec<OnlineKey>) -> KeysetContent {
    KeysetContent {
        version: 7,
        issued: NOW.minus(DAY),
        expires: NOW.plus(30 * DAY),
        min_protocol: 1,
        keys,
        roots: vec![public(0xf0)],
        pins: Vec::new(),
    }
}

type Burn = fn(
    &KeysetContent,
    ServerKeyId,
    Option<ServerKeyId>,
    Timestamp,
) -> Result<KeysetContent, LifecycleError>;

fn step(
    verb: Verb,
    content: &KeysetContent,
    id: ServerKeyId,
) -> Result<KeysetContent, LifecycleError> {
    match verb {
        Verb::Activate => activate(content, id, 7 * DAY, NOW),
        Verb::Retire => retire(content, id, 7 * DAY, NOW),
        Verb::Taint => taint(content, id, None, NOW),
        Verb::Revoke => revoke(content, id, None, NOW),
    }
}

#[test]
fn the_table_of_steps() {
    use KeyState::{Active, Prepared, Retired, Revoked, Tainted};
    let legal = |verb: Verb, from: KeyState| match (verb, from) {
        (Verb::Activate, Prepared) => Some(Active),
        (Verb::Retire, Active) => Some(Retired),
        (Verb::Taint, Active | Retired) => Some(Tainted),
        (Verb::Revoke, Prepared | Active | Retired | Tainted) => Some(Revoked),
        (Verb::Activate | Verb::Retire | Verb::Taint | Verb::Revoke, _) => None,
    };
    for verb in [Verb::Activate, Verb::Retire, Verb::Taint, Verb::Revoke] {
        for from in STATES {
            let content = set(vec![online(1, Active), online(2, from)]);
            let result = step(verb, &content, id(2));
            match legal(verb, from) {
                Some(to) => {
                    let next = result.unwrap();
                    assert_eq!((next.keys[1].state, next.version, next.issued), (to, 8, NOW));
                    assert_eq!(next.expires, content.expires);
                }
                None => {
                    let error = result.unwrap_err();
                    assert!(matches!(error, LifecycleError::Illegal { .. }), "{verb} {from:?}");
                    assert!(error.to_string().contains(": "), "{error}");
                }
            }
        }
    }
}

#[test]
fn an_activated_key_takes_over_with_overlap() {
    let mut content = set(vec![
        online(1, KeyState::Active),
        online(2, KeyState::Prepared),
        online(3, KeyState::Active),
    ]);
    content.keys[2].not_after = NOW.plus(DAY);
    let next = activate(&content, id(2), 7 * DAY, NOW).unwrap();
    let states: Vec<_> = next.keys.iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::Retired, KeyState::Active, KeyState::Retired]);
    let ends: Vec<_> = next.keys.iter().map(|key| key.not_after).collect();
    assert_eq!(ends, [NOW.plus(7 * DAY), NOW.plus(100 * DAY), NOW.plus(DAY)]);
}

#[test]
fn a_key_outside_its_interval_is_not_activated() {
    let mut content = set(vec![online(1, KeyState::Active), online(2, KeyState::Prepared)]);
    content.keys[1].not_before = NOW.plus(DAY);
    let early = activate(&content, id(2), DAY, NOW).unwrap_err();
    assert_eq!(early, LifecycleError::TooEarly { id: id(2), from: NOW.plus(DAY) });
    content.keys[1].not_before = NOW.minus(DAY);
    content.keys[1].not_after = NOW;
    let over = activate(&content, id(2), DAY, NOW).unwrap_err();
    assert_eq!(over, LifecycleError::Over { id: id(2), until: NOW });
}

#[test]
fn the_last_signing_key_stays_unless_it_is_replaced_in_the_same_step() {
    let content = set(vec![online(1, KeyState::Active), online(2, KeyState::Prepared)]);
    for verb in [Verb::Retire, Verb::Taint, Verb::Revoke] {
        let refused = step(verb, &content, id(1));
        assert_eq!(refused, Err(LifecycleError::LastActive { id: id(1) }), "{verb}");
    }
    for (burn, state) in [(taint as Burn, KeyState::Tainted), (revoke as Burn, KeyState::Revoked)] {
        let next = burn(&content, id(1), Some(id(2)), NOW).unwrap();
        assert_eq!((next.keys[0].state, next.keys[0].not_after), (state, NOW));
        assert_eq!(next.keys[1].state, KeyState::Active);
        let own = burn(&content, id(1), Some(id(1)), NOW);
        assert_eq!(own, Err(LifecycleError::OwnReplacement(id(1))));
        let again = burn(&next, id(2), Some(id(1)), NOW);
        assert!(matches!(again, Err(LifecycleError::Illegal { verb: Verb::Activate, .. })));
    }
    // Another active key whose time is over does not count.
    let mut content = set(vec![online(1, KeyState::Active), online(2, KeyState::Active)]);
    content.keys[1].not_after = NOW;
    assert_eq!(retire(&content, id(1), DAY, NOW), Err(LifecycleError::LastActive { id: id(1) }));
}

#[test]
fn a_key_that_does_not_sign_may_be_burnt_even_when_none_does() {
    let mut content = set(vec![online(1, KeyState::Active), online(2, KeyState::Retired)]);
    content.keys[0].not_after = NOW;
    let next = revoke(&content, id(2), None, NOW).unwrap();
    assert_eq!(next.keys[1].state, KeyState::Revoked);
}

#[test]
fn a_new_key_needs_time_a_name_and_a_place() {
    let content = set(vec![online(1, KeyState::Active)]);
    let from_now = Interval { not_before: NOW, not_after: NOW.plus(DAY) };
    let next = prepare(&content, public(2), from_now, NOW).unwrap();
    assert_eq!(next.keys[1].state, KeyState::Prepared);
    for bad in [
        Interval { not_before: NOW.minus(DAY), ..from_now },
        Interval { not_after: NOW, ..from_now },
    ] {
        let refused = prepare(&content, public(2), bad, NOW);
        assert_eq!(refused, Err(LifecycleError::BadInterval(bad)));
    }
    let again = prepare(&next, public(2), from_now, NOW);
    assert_eq!(again, Err(LifecycleError::Duplicate(id(2))));
    assert_eq!(activate(&content, id(9), DAY, NOW), Err(LifecycleError::Unknown(id(9))));
}

#[test]
fn a_full_set_lets_revoked_keys_go_first_then_retired_ones_that_are_over() {
    let from_now = Interval { not_before: NOW, not_after: NOW.plus(DAY) };
    let mut keys = vec![online(1, KeyState::Active)];
    keys.extend((2..=KEYS_MAX as u8).map(|seed| online(seed, KeyState::Retired)));
    let mut content = set(keys);
    assert_eq!(prepare(&content, public(99), from_now, NOW), Err(LifecycleError::Full));
    content.keys[4].not_after = NOW.minus(DAY);
    content.keys[7].not_after = NOW;
    let next = prepare(&content, public(99), from_now, NOW).unwrap();
    assert!(next.keys.len() == KEYS_MAX && !next.keys.contains(&content.keys[4]));
    content.keys[9].state = KeyState::Revoked;
    content.keys[9].not_after = NOW;
    let next = prepare(&content, public(99), from_now, NOW).unwrap();
    assert!(next.keys.contains(&content.keys[4]) && !next.keys.contains(&content.keys[9]));
}

#[test]
fn an_expired_set_can_only_be_renewed_and_a_clock_that_went_back_signs_nothing() {
    let content = set(vec![online(1, KeyState::Active), online(2, KeyState::Prepared)]);
    let late = content.expires;
    assert_eq!(activate(&content, id(2), DAY, late), Err(LifecycleError::Expired(late)));
    assert_eq!(set_pins(&content, &[], late), Err(LifecycleError::Expired(late)));
    let renewed = renew(&content, late.plus(DAY), late).unwrap();
    assert_eq!((renewed.version, renewed.issued, renewed.expires), (8, late, late.plus(DAY)));
    assert_eq!(renewed.keys, content.keys);
    assert_eq!(renew(&content, NOW, NOW), Err(LifecycleError::BadExpiry(NOW)));
    let early = Timestamp::from_millis(content.issued.as_millis() - 1);
    let expected = LifecycleError::ClockBehind { issued: content.issued, now: early };
    assert_eq!(renew(&content, late, early), Err(expected));
}

#[test]
fn pins_come_in_pairs_or_not_at_all() {
    let content = set(vec![online(1, KeyState::Active)]);
    let next = set_pins(&content, &[[2; 32], [1; 32], [2; 32]], NOW).unwrap();
    assert_eq!(next.pins, [[1; 32], [2; 32]]);
    assert_eq!(set_pins(&next, &[], NOW).unwrap().pins, Vec::<[u8; 32]>::new());
    assert_eq!(set_pins(&next, &[[1; 32], [1; 32]], NOW), Err(LifecycleError::SinglePin));
    let many: Vec<_> = (0..17).map(|byte| [byte; 32]).collect();
    assert_eq!(set_pins(&next, &many, NOW), Err(LifecycleError::TooManyPins(17)));
}

#[test]
fn roots_join_and_take_over() {
    let content = set(vec![online(1, KeyState::Active)]);
    let (old, new) = (public(0xf0), public(0xf1));
    let both = change_root(&content, new.clone(), OldRoots::Keep, NOW).unwrap();
    assert_eq!(both.roots, [old.clone(), new.clone()]);
    let alone = change_root(&both, new.clone(), OldRoots::Drop, NOW).unwrap();
    assert_eq!(alone.roots, std::slice::from_ref(&new));
    let direct = change_root(&content, new.clone(), OldRoots::Drop, NOW).unwrap();
    assert_eq!(direct.roots, alone.roots);
    let same = change_root(&content, old.clone(), OldRoots::Drop, NOW);
    assert_eq!(same, Err(LifecycleError::SameRoot(*old.fingerprint())));
    let known = change_root(&both, new.clone(), OldRoots::Keep, NOW);
    assert_eq!(known, Err(LifecycleError::KnownRoot(*new.fingerprint())));
    let mut full = both;
    full.roots.extend([public(0xf2), public(0xf3)]);
    let refused = change_root(&full, public(0xf4), OldRoots::Keep, NOW);
    assert_eq!(refused, Err(LifecycleError::TooManyRoots));
}
