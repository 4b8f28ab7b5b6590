//! Records: evidence, whoever carried it.

use crate::world::*;
use countersign::record::UnsignedRecord;
use countersign::verify::{ReceivedRecord, RecordError};
use countersign::*;

pub(crate) fn record(payload: &[u8]) -> Vec<u8> {
    let header = RecordHeader {
        id: RecordId::from_bytes([8; 16]),
        created: NOW,
        signer: *device_key().verifying_key().fingerprint(),
        previous: RecordHeader::FIRST,
        payload_hash: PayloadHash::from_bytes([0; 32]),
        record_type: Name::new("match.result").unwrap(),
    };
    UnsignedRecord::new(&realm(), header, payload.to_vec()).sign(&device_key())
}

fn verify(bytes: &[u8], key: &SigningKey) -> Result<RecordDigest, RecordError> {
    Ok(ReceivedRecord::decode(bytes)?.verify(&realm(), key.verifying_key())?.digest)
}

#[test]
fn a1_a2_a3_a4_each_failure_has_its_own_name() {
    let good = record(b"{\"score\":[2,1]}");
    assert!(verify(&good, &device_key()).is_ok());
    assert_eq!(
        verify(&good[..60], &device_key()),
        Err(RecordError::Malformed(Malformed::Truncated))
    );
    assert_eq!(verify(&good, &server_key()), Err(RecordError::Signer));
    let mut forged = good.clone();
    forged[30] ^= 1; // inside created_ms and the fields after it: not the signer
    assert!(matches!(
        verify(&forged, &device_key()),
        Err(RecordError::Signer | RecordError::Signature)
    ));
    let mut created = good.clone();
    created[25] ^= 1;
    assert_eq!(verify(&created, &device_key()), Err(RecordError::Signature));
    let swapped = [&good[..good.len() - 1], b"]"].concat();
    assert_eq!(verify(&swapped, &device_key()), Err(RecordError::Payload));
}

#[test]
fn a3_a_request_signature_does_not_make_a_record() {
    let good = record(b"{}");
    let frame = Frame::split(&good).unwrap();
    let input = request::signing_input(&realm(), device_key().verifying_key(), frame.header);
    let forged = Frame::join(frame.header, &device_key().sign(&input), frame.payload);
    assert_eq!(verify(&forged, &device_key()), Err(RecordError::Signature));
}
