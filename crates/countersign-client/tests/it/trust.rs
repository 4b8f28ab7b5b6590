//! The key set: absent, expired, wrongly signed, rolled back, rotated, revoked; each its own verdict.

use crate::device::{Device, options_shifted};
use crate::world::{HOUR, keyset_content, name, realm, root_key};
use countersign::keyset::KeyChoiceError;
use countersign::verify::ResponseError;
use countersign::{KeyState, Signer, SigningKey, Timestamp};
use countersign_client::*;

fn trust_error(error: KeysetFetchError) -> TrustError {
    match error {
        KeysetFetchError::Trust(error) => error,
        other @ (KeysetFetchError::Transport(_)
        | KeysetFetchError::Tls(_)
        | KeysetFetchError::Profile(_)) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rotated_key_is_found_by_itself() {
    let device = Device::logged_in().await;
    let client = device.client();
    let new = SigningKey::from_seed(&[0x22; 32]);
    {
        let mut world = device.world.lock().unwrap();
        let now = world.now();
        let keys = [(&world.key, KeyState::Retired), (&new, KeyState::Active)];
        world.keyset = Some(keyset_content(2, now, &keys, Vec::new()));
        world.key = new;
    }
    assert!(client.call(name("a"), b"").await.unwrap().result.is_ok());
    assert_eq!(device.profile.load().unwrap().trust.highest_version(), 2, "remembered at once");
}

#[tokio::test]
async fn a_rollback_is_noticed_by_the_next_run_too() {
    let device = Device::logged_in().await;
    let old = device.world.lock().unwrap().keyset.clone();
    {
        let mut world = device.world.lock().unwrap();
        let now = world.now();
        world.keyset = Some(keyset_content(5, now, &[(&world.key, KeyState::Active)], Vec::new()));
    }
    device.client().fetch_keyset().await.unwrap();
    device.world.lock().unwrap().keyset = old;
    let error = trust_error(device.client().fetch_keyset().await.unwrap_err());
    assert_eq!(error, TrustError::Rollback { known: 5, found: 1 });
    assert_eq!(device.profile.load().unwrap().trust.highest_version(), 5);
}

#[tokio::test]
async fn absent_wrongly_signed_and_revoked_are_three_things() {
    let device = Device::logged_in().await;
    let client = device.client();
    let good = device.world.lock().unwrap().keyset.take();
    assert_eq!(trust_error(client.fetch_keyset().await.unwrap_err()), TrustError::Absent);
    {
        let mut world = device.world.lock().unwrap();
        world.keyset = good;
        world.root = SigningKey::from_seed(&[0x66; 32]);
    }
    let error = trust_error(client.fetch_keyset().await.unwrap_err());
    assert_eq!(error, TrustError::WrongSignature);
    {
        let mut world = device.world.lock().unwrap();
        let now = world.now();
        world.root = root_key();
        world.keyset = Some(keyset_content(2, now, &[(&world.key, KeyState::Revoked)], Vec::new()));
    }
    client.fetch_keyset().await.unwrap();
    let error = client.call(name("a"), b"").await.unwrap_err();
    let CallError::Answer(ResponseError::Key(KeyChoiceError::Revoked(_))) = error else {
        panic!("{error:?}")
    };
}

#[tokio::test]
async fn expiry_goes_by_the_servers_time_not_by_a_wrong_clock() {
    let device = Device::logged_in().await;
    let hour = HOUR.as_millis() as i64;
    // 13 hours ahead: for this device every set has expired, until it has asked.
    let client = device.client_with(options_shifted(13 * hour));
    let reply = client.call(name("a"), b"").await.unwrap();
    assert!(reply.result.is_ok());
    // And this one has expired indeed, although a clock that is behind does not show it.
    {
        let mut world = device.world.lock().unwrap();
        let now = world.now();
        let mut content = keyset_content(2, now, &[(&world.key, KeyState::Active)], Vec::new());
        content.expires = now.minus(HOUR);
        world.keyset = Some(content);
    }
    let client = device.client_with(options_shifted(-2 * hour));
    client.fetch_keyset().await.unwrap();
    let error = client.call(name("a"), b"").await.unwrap_err();
    let CallError::Keyset(error) = error else { panic!("{error:?}") };
    assert!(matches!(trust_error(error), TrustError::Expired { .. }));
}

#[tokio::test]
async fn a_root_is_named_by_key_or_fingerprint_and_replaced_by_itself_only() {
    let now = Timestamp::from_millis(1_767_225_600_000);
    let server = SigningKey::from_seed(&[2; 32]);
    let old_root = root_key();
    let new_root = SigningKey::from_seed(&[4; 32]);
    let first = keyset_content(1, now, &[(&server, KeyState::Active)], Vec::new());
    let frame = first.sign(&realm(), &old_root);
    let public = old_root.verifying_key();
    for text in [hex::encode(public.as_bytes()), public.fingerprint().to_string()] {
        Trust::from_roots(realm(), &[text.parse().unwrap()], &frame).unwrap();
    }
    let stranger: RootName = "00".repeat(32).parse().unwrap();
    let error = Trust::from_roots(realm(), &[stranger], &frame).unwrap_err();
    assert!(matches!(error, TrustError::OtherRoot { .. }), "{error}");

    let (mut trust, _) = Trust::on_first_sight(realm(), &frame).unwrap();
    let mut second = keyset_content(2, now, &[(&server, KeyState::Active)], Vec::new());
    second.roots = vec![new_root.verifying_key().clone()];
    let by_stranger = second.sign(&realm(), &new_root);
    assert_eq!(trust.accept(&by_stranger), Err(TrustError::WrongSignature));
    trust.accept(&second.sign(&realm(), &old_root)).unwrap();
    assert_eq!(trust.roots(), [new_root.verifying_key().clone()]);
    assert!(trust.keyset().is_ok(), "the remembered set still verifies");
    second.version = 3;
    assert_eq!(trust.accept(&second.sign(&realm(), &old_root)), Err(TrustError::WrongSignature));
    trust.accept(&second.sign(&realm(), &new_root)).unwrap();
}
