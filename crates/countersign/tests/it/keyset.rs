//! Key sets: who may sign answers, and when.

use crate::world::*;
use countersign::keyset::{KeyChoiceError, KeysetError};
use countersign::*;
use std::time::Duration;

fn open(frame: &[u8], roots: &[&SigningKey], known: u64) -> Result<Keyset, KeysetError> {
    let roots: Vec<_> = roots.iter().map(|root| root.verifying_key().clone()).collect();
    Keyset::open(&realm(), &roots, known, frame)
}

#[test]
fn k1_k2_k3_k4_k7_what_is_not_taken() {
    let good = keyset_content().sign(&realm(), &root_key());
    assert!(open(&good, &[&root_key()], 7).is_ok());
    assert!(matches!(open(&good[..40], &[&root_key()], 0), Err(KeysetError::Malformed(_))));
    assert!(matches!(
        open(&[&good[..], b"x"].concat(), &[&root_key()], 0),
        Err(KeysetError::Malformed(_))
    ));
    assert_eq!(open(&good, &[&server_key()], 0), Err(KeysetError::NotByARoot));
    assert_eq!(open(&good, &[&root_key()], 8), Err(KeysetError::Rollback { known: 8, found: 7 }));
    let next = KeysetContent { min_protocol: 2, ..keyset_content() }.sign(&realm(), &root_key());
    assert_eq!(open(&next, &[&root_key()], 0), Err(KeysetError::Protocol(2)));
    // Signed by a root that serves two realms, for the other one: the context refuses before the field is read.
    let staging = Realm::new("league", "staging.example.org").unwrap();
    let other = keyset_content().sign(&staging, &root_key());
    assert_eq!(open(&other, &[&root_key()], 0), Err(KeysetError::NotByARoot));
    let body = keyset_content().encode(&staging);
    let input = [&root_input_prefix()[..], &body].concat();
    let mixed = Frame::join(&body, &root_key().sign(&input), &[]);
    assert_eq!(open(&mixed, &[&root_key()], 0), Err(KeysetError::Audience));
}

/// Context of a key set in this realm, taken from a signing input.
fn root_input_prefix() -> Vec<u8> {
    let input = keyset_content().signing_input(&realm(), root_key().verifying_key().fingerprint());
    let len = input.len() - keyset_content().encode(&realm()).len();
    input[..len].to_vec()
}

#[test]
fn k5_a_weak_online_key_spoils_the_set() {
    let mut body = keyset_content().encode(&realm());
    let server = *server_key().verifying_key().as_bytes();
    let at = body.windows(32).position(|window| window == server).unwrap();
    body[at..at + 32].fill(0);
    let input = [&root_input_prefix()[..], &body].concat();
    let frame = Frame::join(&body, &root_key().sign(&input), &[]);
    assert!(matches!(open(&frame, &[&root_key()], 0), Err(KeysetError::Key(_))));
}

#[test]
fn k6_an_expired_set_is_told_from_a_forged_one() {
    let set = keyset();
    assert_eq!(set.check_current(set.content.expires), Err(KeysetError::Expired));
    assert_eq!(set.check_current(NOW), Ok(()));
}

#[test]
fn r1_prepare_activate_retire_taint_revoke() {
    let id = server_key().verifying_key().fingerprint().server_key_id();
    for (state, expected) in [
        (KeyState::Prepared, None),
        (KeyState::Active, None),
        (KeyState::Retired, None),
        (KeyState::Tainted, Some(KeyChoiceError::NotValid(id))),
        (KeyState::Revoked, Some(KeyChoiceError::Revoked(id))),
    ] {
        let mut content = keyset_content();
        content.keys[0].state = state;
        assert_eq!(open_keyset(&content).key_for(id, NOW).err(), expected, "{state:?}");
    }
}

#[test]
fn r1_an_answer_outside_the_keys_interval() {
    let set = keyset();
    let online = &set.content.keys[0];
    let id = online.key.fingerprint().server_key_id();
    let before = online.not_before.minus(Duration::from_millis(1));
    assert!(set.key_for(id, online.not_before).is_ok());
    assert_eq!(set.key_for(id, before), Err(KeyChoiceError::NotValid(id)));
    assert_eq!(set.key_for(id, online.not_after), Err(KeyChoiceError::NotValid(id)));
    let unknown = ServerKeyId::from_bytes([0; 4]);
    assert_eq!(set.key_for(unknown, NOW), Err(KeyChoiceError::Unknown(unknown)));
}

#[test]
fn a_root_change_is_signed_by_the_old_root_and_a_long_offline_device_follows() {
    let new_root = SigningKey::from_seed(&[4; 32]);
    let change = KeysetContent {
        version: 8,
        roots: vec![new_root.verifying_key().clone()],
        ..keyset_content()
    };
    let set = open(&change.sign(&realm(), &root_key()), &[&root_key()], 7).unwrap();
    let after = KeysetContent { version: 9, ..change }.sign(&realm(), &new_root);
    assert_eq!(open(&after, &[&root_key()], 8), Err(KeysetError::NotByARoot));
    assert!(Keyset::open(&realm(), &set.content.roots, 8, &after).is_ok());
}

#[test]
fn a_record_needs_the_whole_fingerprint_and_a_key_that_was_never_stolen() {
    let signer = *server_key().verifying_key().fingerprint();
    let with_state = |state| {
        let mut content = keyset_content();
        content.keys[0].state = state;
        open(&content.sign(&realm(), &root_key()), &[&root_key()], 0).unwrap()
    };
    assert_eq!(keyset().record_key(&signer, NOW), Ok(server_key().verifying_key()));
    assert!(with_state(KeyState::Retired).record_key(&signer, NOW).is_ok());
    for state in [KeyState::Tainted, KeyState::Revoked] {
        assert!(with_state(state).record_key(&signer, NOW).is_err(), "{state:?}");
    }
    let mut same_hint = *signer.as_bytes();
    same_hint[31] ^= 1;
    let other = Fingerprint::from_bytes(same_hint);
    let unknown = KeyChoiceError::Unknown(signer.server_key_id());
    assert_eq!(keyset().record_key(&other, NOW), Err(unknown));
}
