//! Identity, and the sealed record.

use crate::world::*;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use countersign::keyset::KeysetError;
use countersign::wire::Malformed;
use countersign::{KeyState, OnlineKey, Realm, Signer, SigningKey, Timestamp};
use countersign_chip::access_point::AccessPointError;
use countersign_chip::identity::{Derived, HmacUp, device_key};
use countersign_chip::record::{CheckError, KEYSET_MAX, LoadError, MAX, OpenError, load};
use countersign_chip::{Content, EfuseKey, Half, Sealed, SoftwareHmac};
use countersign_league::DeviceId;
use countersign_league::evidence::EvidenceError;
use zeroize::Zeroizing;

const BOTH: [Half; 2] = [Half::Master, Half::Slave];

fn sealed(half: Half) -> Vec<u8> {
    checked(half).seal(&key(half), NONCE).unwrap()
}

fn open(bytes: &[u8], half: Half) -> Result<Content, OpenError> {
    Sealed::read(bytes)?.open(&key(half), &DEVICE)
}

/// Any plaintext, sealed as the factory does.
fn seal_plain(plain: &[u8], half: Half) -> Vec<u8> {
    let mut sealed = b"GLR1".to_vec();
    sealed.extend_from_slice(&(plain.len() as u16).to_be_bytes());
    let about = [&sealed[..], DEVICE.as_bytes()].concat();
    let Ok(secret) = chip(half).derive(EfuseKey::Record);
    let mut text = plain.to_vec();
    let tag = ChaCha20Poly1305::new((&*secret).into())
        .encrypt_inout_detached(&NONCE.into(), &about, text.as_mut_slice().into())
        .unwrap();
    [sealed, NONCE.to_vec(), text, tag.to_vec()].concat()
}

/// The numbers come from OpenSSL and Python's `hmac`.
#[test]
fn identity_and_record_key_are_what_other_implementations_derive() {
    let ascending = |from: u8| Zeroizing::new(core::array::from_fn(|at| from + at as u8));
    let cases = [
        (
            chip(Half::Master),
            "3f1672639a5cb7fd5aca53e03e584b3e7c780272b60184a8779fee773c240073",
            "db950d658a03a3bc4774d9ed871551ee0831995faa5e5f76863038ce81ca0cf3",
            "4339dc347f37e20f7b1d2d2dda5dd274417eabb0adbba6c25486a69169251217",
        ),
        (
            SoftwareHmac::new(ascending(0), ascending(32)),
            "112e86f561fadeb44b9e7b242562a97c89f73e06386e12303cf2fbe88dd34225",
            "ffbfee54e59a4232b49f2d0d54417c0d32047b63fa51dc0b6176e3790e4d7450",
            "4bff1427615ac0b71b22e66314da160bf34b27a49670e35ccd6d937d3b26b73c",
        ),
    ];
    for (mut chip, seed, public, record) in cases {
        let Ok(derived) = chip.derive(EfuseKey::Identity);
        assert_eq!(hex::encode(&derived[..]), seed);
        let Ok(device) = device_key(&mut chip);
        assert_eq!(hex::encode(device.verifying_key().as_bytes()), public);
        let Ok(derived) = chip.derive(EfuseKey::Record);
        assert_eq!(hex::encode(&derived[..]), record);
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?} {:?}", chip(Half::Master), key(Half::Master));
    assert_eq!(shown, "SoftwareHmac(..) RecordKey(..)");
    let shown = format!("{:?} {:?}", content(Half::Master), checked(Half::Master));
    assert!(!shown.contains("horse"), "{shown}");
}

#[test]
fn a_chip_opens_what_the_factory_sealed_for_it() {
    for half in BOTH {
        let sector = sector(&sealed(half));
        let (record, key) = load(&sector, &DEVICE, &mut chip(half)).unwrap();
        assert_eq!(record.content, content(half));
        assert_eq!((record.half(), record.device()), (half, &DEVICE));
        assert_eq!((record.own(), key.verifying_key()), (&own(half), &own(half)));
        assert_ne!(record.own(), record.partner());
        assert_eq!(record.halves().slave, own(Half::Slave));
        assert_eq!(record.keyset.content.version, 3);
    }
}

#[test]
fn a_chip_whose_efuses_do_not_answer_has_no_record() {
    struct Unburnt;
    impl HmacUp for Unburnt {
        type Error = &'static str;

        fn derive(&mut self, _: EfuseKey) -> Result<Derived, Self::Error> {
            Err("the key block has another purpose")
        }
    }
    let outcome = load(&sector(&sealed(Half::Slave)), &DEVICE, &mut Unburnt);
    assert_eq!(outcome.unwrap_err(), LoadError::Hmac("the key block has another purpose"));
}

#[test]
fn every_changed_bit_and_every_cut_is_refused() {
    let whole = sealed(Half::Slave);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        let refusal = open(&sector(&changed), Half::Slave).unwrap_err();
        let expected = match at {
            0..4 => matches!(refusal, OpenError::NotARecord),
            4..6 => matches!(refusal, OpenError::Seal | OpenError::Length(_)),
            _ => matches!(refusal, OpenError::Seal),
        };
        assert!(expected, "byte {at}: {refusal}");
        assert!(open(&whole[..at], Half::Slave).is_err(), "cut at {at}");
    }
}

#[test]
fn a_sector_without_a_record_says_so() {
    assert_eq!(Sealed::read(&[0xff; MAX]), Err(OpenError::Blank));
    assert_eq!(Sealed::read(&[]), Err(OpenError::Blank));
    assert_eq!(Sealed::read(&[0; MAX]), Err(OpenError::NotARecord));
    let mut long = sector(b"GLR1");
    long[4..6].copy_from_slice(&4_063_u16.to_be_bytes());
    assert_eq!(Sealed::read(&long), Err(OpenError::Length(4_063)));
    long[4..6].copy_from_slice(&4_062_u16.to_be_bytes());
    assert!(Sealed::read(&long).is_ok(), "as long as a sector takes");
}

#[test]
fn a_cloned_flash_does_not_open_on_another_chip() {
    let slaves = sealed(Half::Slave);
    assert_eq!(open(&slaves, Half::Master), Err(OpenError::Seal), "other eFuse keys");
    let other = DeviceId::from_bytes([1; 16]);
    let outcome = Sealed::read(&slaves).unwrap().open(&key(Half::Slave), &other);
    assert_eq!(outcome, Err(OpenError::Seal), "another id in the eFuses");
}

/// Both boxes with the same record key, as by a mistake of the factory: the identity tells.
#[test]
fn the_record_of_the_other_half_is_refused() {
    for half in BOTH {
        let other = own(if half == Half::Master { Half::Slave } else { Half::Master });
        assert_eq!(content(half).check(&DEVICE, &other).unwrap_err(), CheckError::OtherHalf(half));
    }
}

#[test]
fn a_record_of_other_efuse_keys_is_refused() {
    let stranger = SigningKey::from_seed(&[5; 32]).verifying_key().clone();
    let refusal = content(Half::Slave).check(&DEVICE, &stranger).unwrap_err();
    let (own, named) = (*stranger.fingerprint(), *own(Half::Slave).fingerprint());
    assert_eq!(refusal, CheckError::OtherKey { half: Half::Slave, own, named });
}

#[test]
fn a_certificate_of_another_pair_is_refused() {
    let other = DeviceId::from_bytes([1; 16]);
    let refusal = content(Half::Slave).check(&other, &own(Half::Slave)).unwrap_err();
    assert_eq!(refusal, CheckError::OtherDevice { expected: other, found: DEVICE });
    let mut one = certificate();
    one.master = one.slave.clone();
    let content = Content { pair: pair_by(&factory(), &one), ..content(Half::Slave) };
    assert_eq!(content.check(&DEVICE, &own(Half::Slave)).unwrap_err(), CheckError::OneKey);
}

fn refusal(change: impl FnOnce(&mut Content)) -> CheckError {
    let mut content = content(Half::Master);
    change(&mut content);
    content.check(&DEVICE, &own(Half::Master)).unwrap_err()
}

#[test]
fn a_certificate_that_the_factory_did_not_sign_is_refused() {
    let record = |error| matches!(error, CheckError::Pair(EvidenceError::Record(_)));
    assert!(record(refusal(|c| c.pair = pair_by(&root(9), &certificate()))), "another key");
    assert!(record(refusal(|c| c.factory = root(9).verifying_key().clone())), "another factory");
    assert!(record(refusal(|c| c.realm = Realm::new("league", "b").unwrap())), "another realm");
    assert!(record(refusal(|c| *c.pair.last_mut().unwrap() ^= 1)), "a changed bit");
    assert_eq!(refusal(|c| c.pair = vec![0; 513]), CheckError::TooLong("pair certificate"));
}

#[test]
fn a_key_set_that_no_root_signed_is_refused() {
    let by_nobody = CheckError::Keyset(KeysetError::NotByARoot);
    assert_eq!(refusal(|c| c.keyset = keyset_content().sign(&realm(), &root(9))), by_nobody);
    assert_eq!(refusal(|c| c.roots = vec![root(9).verifying_key().clone()]), by_nobody);
    assert_eq!(refusal(|c| *c.keyset.last_mut().unwrap() ^= 1), by_nobody);
    assert_eq!(refusal(|c| c.keyset = vec![0; KEYSET_MAX + 1]), CheckError::TooLong("key set"));
}

#[test]
fn settings_that_cannot_be_are_refused() {
    assert_eq!(refusal(|c| c.ruleset = "house".into()), CheckError::Ruleset);
    assert_eq!(refusal(|c| c.roots.clear()), CheckError::Roots);
    assert_eq!(
        refusal(|c| c.roots = vec![c.roots[0].clone(), c.roots[0].clone()]),
        CheckError::Roots
    );
    let five = (1..6).map(|n| root(n).verifying_key().clone()).collect();
    assert_eq!(refusal(|c| c.roots = five), CheckError::Roots);
    for url in ["", "league.example.org", "https://a b", &format!("https://{}", "a".repeat(255))] {
        assert_eq!(refusal(|c| c.server = url.into()), CheckError::Url, "{url}");
    }
    assert_eq!(refusal(|c| c.access_point = None), CheckError::AccessPoint);
    let slave =
        Content { access_point: content(Half::Master).access_point, ..content(Half::Slave) };
    let outcome = slave.check(&DEVICE, &own(Half::Slave));
    assert_eq!(outcome.unwrap_err(), CheckError::AccessPoint, "a slave knows no passphrase");
}

#[test]
fn wifi_settings_have_the_limits_of_the_standards() {
    let check = |change: &dyn Fn(&mut countersign_chip::AccessPoint)| {
        let mut point = content(Half::Master).access_point.unwrap();
        change(&mut point);
        point.check()
    };
    for (name, fits) in [
        ("", false),
        ("a", true),
        (&"a".repeat(32), true),
        (&"a".repeat(33), false),
        ("a\n", false),
    ] {
        assert_eq!(check(&|point| point.name = name.into()).is_ok(), fits, "{name}");
    }
    for (text, fits) in [
        ("1234567", false),
        ("12345678", true),
        (&"x".repeat(63), true),
        (&"x".repeat(64), false),
        ("pässphrase", false),
    ] {
        assert_eq!(check(&|point| *point.passphrase = text.into()).is_ok(), fits, "{text}");
    }
    for host in
        ["A.example", "a..b", ".a", "a b", &"a".repeat(64), &[&*"a".repeat(63); 4].join(".")]
    {
        assert_eq!(check(&|point| point.host = host.into()), Err(AccessPointError::Host), "{host}");
    }
    assert_eq!(check(&|point| point.host = String::new()), Ok(()));
    assert_eq!(check(&|point| point.https = point.http), Err(AccessPointError::Ports));
}

#[test]
fn an_unknown_version_is_refused_by_its_number() {
    let mut plain = content(Half::Slave).encode();
    assert_eq!(open(&seal_plain(&plain, Half::Slave), Half::Slave), Ok(content(Half::Slave)));
    for version in [0, 2, 255] {
        plain[0] = version;
        let outcome = open(&seal_plain(&plain, Half::Slave), Half::Slave);
        assert_eq!(outcome, Err(OpenError::Version(version)));
    }
}

#[test]
fn a_plaintext_is_read_to_its_last_byte_and_not_further() {
    let plain = content(Half::Master).encode();
    for len in 1..plain.len() {
        assert!(Content::decode(&plain[..len]).is_err(), "cut at {len}");
    }
    let long = [&plain[..], &[0]].concat();
    assert_eq!(Content::decode(&long), Err(OpenError::Content(Malformed::TrailingBytes)));
    assert_eq!(Content::decode(&[]), Err(OpenError::Content(Malformed::Truncated)));
}

#[test]
fn the_longest_record_there_can_be_fits_its_sector() {
    let text = |len: usize| "a".repeat(len);
    let audience = text(255);
    let realm = Realm::new(&text(32), &audience).unwrap();
    let online = |n: u8| OnlineKey {
        key: root(100 + n).verifying_key().clone(),
        state: KeyState::Prepared,
        not_before: Timestamp::from_millis(0),
        not_after: Timestamp::from_millis(1),
    };
    let roots: Vec<_> = (1..5).map(|n| root(n).verifying_key().clone()).collect();
    let keyset = countersign::KeysetContent {
        keys: (0..16).map(online).collect(),
        roots: roots.clone(),
        pins: vec![[7; 32]; 16],
        ..keyset_content()
    };
    let certificate = countersign_league::evidence::PairCertificate {
        serial: text(32),
        mark: text(32),
        ..certificate()
    };
    let stamp = countersign_league::evidence::Stamp {
        id: countersign::RecordId::from_bytes([0; 16]),
        created: Timestamp::from_millis(0),
        previous: countersign::RecordHeader::FIRST,
    };
    let host = [&text(63), &text(63), &text(63), &text(61)].map(String::as_str).join(".");
    let mut point = content(Half::Master).access_point.unwrap();
    (point.name, *point.passphrase, point.host) = (text(32), text(63), host);
    let longest = Content {
        server: format!("https://{}", text(247)),
        roots,
        pair: countersign_league::evidence::seal(&realm, &factory(), stamp, &certificate).unwrap(),
        keyset: keyset.sign(&realm, &root(1)),
        access_point: Some(point),
        realm,
        ..content(Half::Master)
    };
    assert_eq!(longest.keyset.len(), 1_820);
    let record = longest.check(&DEVICE, &own(Half::Master)).unwrap();
    let sealed = record.seal(&key(Half::Master), NONCE).unwrap();
    assert!(sealed.len() <= MAX, "{}", sealed.len());
    assert_eq!(open(&sector(&sealed), Half::Master).unwrap(), record.content);
}
