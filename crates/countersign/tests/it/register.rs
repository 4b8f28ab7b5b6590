//! Registration: the code in the hand of whoever holds the key.

use crate::world::*;
use countersign::register::{UnsignedRegister, code_hash, code_matches};
use countersign::verify::{ReceivedRegister, Refused};
use countersign::*;

fn header(code: &str) -> RegisterHeader {
    RegisterHeader {
        login: LoginId::from_bytes([0x10; 16]),
        timestamp: NOW,
        request_id: REQUEST,
        alg: 1,
        public_key: [0; 32],
        address: "ana@example.org".into(),
        code_hash: code_hash(code),
        payload_hash: PayloadHash::from_bytes([0; 32]),
    }
}

fn unsigned(code: &str) -> UnsignedRegister {
    let payload = format!(r#"{{"code":"{code}","name":"phone","platform":"test"}}"#);
    UnsignedRegister::new(&realm(), device_key().verifying_key(), header(code), payload.into())
}

pub(crate) fn register(code: &str) -> Vec<u8> {
    unsigned(code).sign(&device_key())
}

#[test]
fn l3_only_the_holder_of_the_new_key_registers_it() {
    let refused = |bytes: &[u8]| {
        ReceivedRegister::decode(&realm(), bytes).unwrap().prove(&realm()).unwrap_err()
    };
    let received = register("7K3M9QXA");
    let proven = ReceivedRegister::decode(&realm(), &received).unwrap().prove(&realm()).unwrap();
    assert_eq!(proven.key, *device_key().verifying_key());
    assert_eq!(refused(&unsigned("7K3M9QXA").sign(&server_key())), Refused::Unauthenticated);
    let swapped = [&received[..received.len() - 1], b"]"].concat();
    assert_eq!(refused(&swapped), Refused::PayloadMismatch);
}

#[test]
fn l4_the_signed_code_is_the_typed_code() {
    assert!(code_matches(&code_hash("7K3M9QXA"), "7K3M9QXA"));
    assert!(!code_matches(&code_hash("7K3M9QXA"), "7K3M9QXB"));
}

#[test]
fn l5_a_weak_key_cannot_be_registered() {
    let mut weak = [0; 32];
    weak[0] = 1;
    let bytes = RegisterHeader { public_key: weak, ..header("7K3M9QXA") }.encode();
    let frame = Frame::join(&bytes, &[0; 64], b"");
    assert_eq!(
        ReceivedRegister::decode(&realm(), &frame).unwrap().prove(&realm()).unwrap_err(),
        Refused::Unauthenticated
    );
}

#[test]
fn the_answer_to_a_registration_is_bound_to_it() {
    let register = unsigned("7K3M9QXA");
    let response = respond(&server_key(), &register.reply_to(), b"{}");
    assert!(check(register.reply_to(), &response).is_ok());
    assert!(check(unsigned("7K3M9QXB").reply_to(), &response).is_err());
}
