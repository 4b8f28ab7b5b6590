//! What is not passed on to an authority.

use crate::device::{HOST, ID, Master, csr};
use crate::orders::config;
use crate::pebble::Site;
use countersign::Timestamp;
use countersign_broker::{Broker, CheckedCsr, CsrError, Next, RequestError};
use countersign_league::evidence::TlsRequest;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, PublicKeyData,
};
use sha2::{Digest, Sha256};

fn names() -> CsrError {
    CsrError::Names { expected: HOST.into() }
}

fn p256() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn with(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::new([HOST.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    change(&mut params);
    params.serialize_request(&p256()).unwrap().der().to_vec()
}

#[test]
fn exactly_the_name_of_the_device_is_taken() {
    let key = p256();
    let der = csr(&[HOST], &key);
    let checked = CheckedCsr::check(&der, HOST).unwrap();
    assert_eq!((&checked.host[..], &checked.der), (HOST, &der));
    assert_eq!(checked.spki[..], Sha256::digest(key.subject_public_key_info())[..]);
    for wrong in [
        &["d2d2d2d2d2d2d2d2.glt.example.org"][..],
        &[HOST, "d2d2d2d2d2d2d2d2.glt.example.org"],
        &[HOST, HOST],
        &["*.glt.example.org"],
        &["127.0.0.1"],
        &[],
    ] {
        assert_eq!(CheckedCsr::check(&csr(wrong, &key), HOST), Err(names()), "{wrong:?}");
    }
}

#[test]
fn the_common_name_may_be_the_host_and_nothing_else() {
    let named = |name: &str| {
        let name = name.to_owned();
        with(|params| params.distinguished_name.push(DnType::CommonName, name))
    };
    assert!(CheckedCsr::check(&named(HOST), HOST).is_ok());
    assert_eq!(CheckedCsr::check(&named("www.example.org"), HOST), Err(names()));
    let organized = with(|params| params.distinguished_name.push(DnType::OrganizationName, "Bank"));
    assert_eq!(CheckedCsr::check(&organized, HOST), Err(names()));
}

#[test]
fn nothing_is_asked_for_but_names() {
    let more =
        with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]);
    let refused = CheckedCsr::check(&more, HOST);
    assert!(matches!(refused, Err(CsrError::Extras | CsrError::Names { .. })), "{refused:?}");
}

#[test]
fn keys_are_p256_and_sign_their_request() {
    for algorithm in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        assert_eq!(CheckedCsr::check(&csr(&[HOST], &key), HOST), Err(CsrError::Key));
    }
    // Somebody else's key in an own request: the last byte of the signature is bent.
    let mut bent = csr(&[HOST], &p256());
    *bent.last_mut().unwrap() ^= 1;
    assert_eq!(CheckedCsr::check(&bent, HOST), Err(CsrError::Signature));
}

/// Where the content of the DER value at `at` lies.
fn value(der: &[u8], at: usize) -> std::ops::Range<usize> {
    let first = usize::from(der[at + 1]);
    let octets = if first < 0x80 { 0 } else { first & 0x7f };
    let start = at + 2 + octets;
    let number = der[at + 2..start].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    start..start + if octets == 0 { first } else { number }
}

#[test]
fn what_is_no_request_is_refused_and_panics_nowhere() {
    let whole = csr(&[HOST], &p256());
    for cut in 0..whole.len() {
        assert!(CheckedCsr::check(&whole[..cut], HOST).is_err(), "{cut}");
    }
    let signed = value(&whole, value(&whole, 0).start);
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bent = whole.clone();
            bent[at] ^= 1 << bit;
            // What is around the signed part is the authority's business.
            let outcome = CheckedCsr::check(&bent, HOST);
            assert!(outcome.is_err() || !signed.contains(&at), "byte {at}");
        }
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(CheckedCsr::check(&longer, HOST), Err(CsrError::Malformed));
    longer.resize(TlsRequest::CSR_MAX + 1, 0);
    assert_eq!(CheckedCsr::check(&longer, HOST), Err(CsrError::TooLong));
}

#[tokio::test]
async fn a_broker_orders_nothing_for_a_wrong_name() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::prepare(folder.path());
    let broker = Broker::open(&config(&site), folder.path().join("tls")).await.unwrap();
    let honest = Master::new().request();
    let now = Timestamp::from_millis(1);
    let other_host = TlsRequest { host: "glt.example.org".into(), ..honest.clone() };
    let refused = broker.request(&other_host, now);
    assert!(matches!(refused, Err(RequestError::Host { expected }) if expected == HOST));
    let other_csr =
        TlsRequest { csr: csr(&["d2d2d2d2d2d2d2d2.glt.example.org"], &p256()), ..honest };
    let refused = broker.request(&other_csr, now);
    assert!(matches!(refused, Err(RequestError::Csr(CsrError::Names { .. }))));
    assert_eq!(broker.step(|| now).await, Next::WhenAsked);
    assert_eq!(broker.chain(&ID, now).unwrap(), None);
}
