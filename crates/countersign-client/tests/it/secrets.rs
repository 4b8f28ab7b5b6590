//! The key: where it lies, who can read it, and that nothing ever shows it.

use crate::device::{Device, begin};
use crate::listener::serve;
use crate::world::{Fault, name, shared};
use base64::Engine;
use countersign::{Signer, SigningKey};
use countersign_client::*;

/// Every usual way to write down 32 bytes.
fn spellings(seed: &[u8]) -> Vec<String> {
    let decimal: Vec<String> = seed.iter().map(u8::to_string).collect();
    vec![
        hex::encode(seed),
        hex::encode_upper(seed),
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(seed),
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(seed),
        decimal.join(", "),
        decimal.join(","),
    ]
}

#[tokio::test]
async fn the_seed_is_in_no_debug_text_error_or_state() {
    let device = Device::logged_in().await;
    let key = device.key();
    let client = device.client();
    let mut shown = vec![
        format!("{client:?}"),
        format!("{:?}", client.state()),
        format!("{:?}", device.profile.key_store()),
        format!("{key:?}"),
        std::fs::read_to_string(device.profile.folder().join("state.json")).unwrap(),
    ];
    for fault in [Fault::ForgedLogout, Fault::UnsignedLogout, Fault::Revoked, Fault::OtherPayload] {
        device.world.lock().unwrap().fault = fault;
        let error = client.call(name("a"), b"").await.unwrap_err();
        shown.push(format!("{error} {error:?}"));
    }
    let path = device.profile.folder().join("key.seed");
    std::fs::write(&path, [&*key.to_seed(), &[0][..]].concat()).unwrap();
    let error = device.profile.key_store().get(KeyPlace::File).unwrap_err();
    shown.push(format!("{error} {error:?}"));
    for text in &shown {
        for secret in spellings(&*key.to_seed()) {
            assert!(!text.contains(&secret), "the seed is in: {text}");
        }
    }
}

#[tokio::test]
async fn debug_of_what_holds_a_key_is_this() {
    let world = shared();
    let port = serve(world, None).await;
    let base: BaseUrl = format!("http://127.0.0.1:{port}").parse().unwrap();
    let server = Server::new(base, TlsOptions::default(), Options::default()).unwrap();
    let (login, _, _) = begin(&server).await;
    let shown = format!("{login:?}");
    let key = login.into_key();
    let fingerprint = key.verifying_key().fingerprint();
    let expected = format!("Login {{ key: SigningKey(.., public {fingerprint}), realm: ");
    assert!(shown.starts_with(&expected), "{shown}");
    assert_eq!(format!("{key:?}"), format!("SigningKey(.., public {fingerprint})"));
}

#[cfg(unix)]
#[test]
fn the_key_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let profile = Profile::below(home.path(), "test".parse().unwrap());
    profile.create().unwrap();
    let store = profile.key_store();
    let key = SigningKey::from_seed(&[7; 32]);
    let put = store.put(&key, KeyPlacePreference::File).unwrap();
    assert_eq!(put, KeyPut { place: KeyPlace::File, fallback: None });
    let path = profile.folder().join("key.seed");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(profile.folder())), (0o600, 0o700));
    assert_eq!(store.get(KeyPlace::File).unwrap().verifying_key(), key.verifying_key());

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = store.get(KeyPlace::File).unwrap_err();
    assert!(error.to_string().contains("chmod 600"), "{error}");

    store.delete(KeyPlace::File).unwrap();
    store.delete(KeyPlace::File).unwrap();
    assert!(matches!(store.get(KeyPlace::File), Err(KeyStoreError::Absent(_))));
}

#[cfg(not(feature = "keyring"))]
#[test]
fn without_a_desktop_the_file_takes_over_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    let profile = Profile::below(home.path(), "test".parse().unwrap());
    profile.create().unwrap();
    let key = SigningKey::from_seed(&[7; 32]);
    let put = profile.key_store().put(&key, KeyPlacePreference::Best).unwrap();
    assert_eq!(put.place, KeyPlace::File);
    assert!(put.fallback.is_some());
}

#[test]
fn a_state_file_is_replaced_whole_and_a_damaged_one_is_named() {
    let home = tempfile::tempdir().unwrap();
    let profile = Profile::below(home.path(), "test".parse().unwrap());
    assert!(matches!(profile.load(), Err(ProfileError::Absent(_))));
    profile.create().unwrap();
    std::fs::write(profile.folder().join("state.json"), b"{").unwrap();
    let error = profile.load().unwrap_err();
    assert!(matches!(error, ProfileError::Damaged { .. }), "{error}");
    for bad in ["", ".", "../x", "a/b", "a b"] {
        assert!(bad.parse::<ProfileName>().is_err());
    }
}
