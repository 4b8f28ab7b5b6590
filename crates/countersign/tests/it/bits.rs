//! No single-bit change of any frame is accepted, and no prefix of one.

use crate::world::*;
use countersign::verify::{PushStream, ReceivedRecord, ReceivedRegister};
use countersign::*;

/// Every frame that differs from `frame` in one bit.
fn flips(frame: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..frame.len() * 8).map(|bit| {
        let mut flipped = frame.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit, flipped)
    })
}

#[test]
fn no_bit_of_a_request_can_change() {
    for (chunked, content) in [(false, &b"{\"goal\":1}"[..]), (true, b"a longer content in chunks")]
    {
        let payload = if chunked {
            Payload::chunked(content, 8).unwrap()
        } else {
            Payload::whole(content.into())
        };
        let header =
            RequestHeader { epoch: Epoch::from_bytes([0xe1; 8]), ..header("match.submit") };
        let frame = UnsignedRequest::new(&realm(), device_key().verifying_key(), header, payload)
            .sign(&device_key());
        let mut server = Server::new();
        for (bit, flipped) in flips(&frame) {
            assert!(server.handle(&flipped).is_err(), "bit {bit}");
        }
        for len in 0..frame.len() {
            assert!(server.handle(&frame[..len]).is_err(), "{len} bytes");
        }
        assert_eq!(server.business_calls, 0);
        assert_eq!(server.handle(&frame).unwrap(), content);
    }
}

#[test]
fn no_bit_of_a_response_can_change() {
    let request = unsigned(header("stream.open"), b"{}");
    let single = respond(&server_key(), &request.reply_to(), b"{\"ok\":1}");
    let fp = *server_key().verifying_key().fingerprint();
    let leaf = |i: u8| {
        let own = request.reply_to();
        let other = ReplyTo { request_id: RequestId::from_bytes([i; 16]), ..own };
        let reply_to = if i == 0 { own } else { other };
        UnsignedResponse::for_batch(&realm(), &fp, &reply_to, answer(ResultCode::OK, b"{}"))
    };
    let batch = response::sign_batch(&realm(), &server_key(), &[leaf(0), leaf(1), leaf(1)])
        .unwrap()
        .remove(0);
    for frame in [single, batch] {
        assert!(check(request.reply_to(), &frame).is_ok());
        for (bit, flipped) in flips(&frame) {
            assert!(check(request.reply_to(), &flipped).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn no_bit_of_a_push_record_registration_or_key_set_can_change() {
    let push = crate::push::push(StreamId::from_bytes([4; 16]), 1, b"{}");
    for (bit, flipped) in flips(&push) {
        let mut stream = PushStream::new(StreamId::from_bytes([4; 16]), 0);
        assert!(stream.accept(&realm(), &keyset(), &flipped).is_err(), "push bit {bit}");
    }
    let record = crate::record::record(b"{}");
    for (bit, flipped) in flips(&record) {
        let verdict = ReceivedRecord::decode(&flipped)
            .and_then(|r| r.verify(&realm(), device_key().verifying_key()));
        assert!(verdict.is_err(), "record bit {bit}");
    }
    let register = crate::register::register("7K3M9QXA");
    for (bit, flipped) in flips(&register) {
        let proven =
            ReceivedRegister::decode(&realm(), &flipped).ok().and_then(|r| r.prove(&realm()).ok());
        assert!(proven.is_none(), "register bit {bit}");
    }
    let set = keyset_content().sign(&realm(), &root_key());
    for (bit, flipped) in flips(&set) {
        let roots = [root_key().verifying_key().clone()];
        assert!(Keyset::open(&realm(), &roots, 0, &flipped).is_err(), "key set bit {bit}");
    }
}
