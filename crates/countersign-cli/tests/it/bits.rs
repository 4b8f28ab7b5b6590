//! P3: no single bit of a request can be turned without the request being refused, and business code sees none of them.

use crate::harness::*;
use countersign::{Payload, RecordId, ResultCode};
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const THREADS: usize = 4;

/// What is flipped: a type, and what its payload is for a device.
type Message = (&'static str, fn(&Device) -> Payload);

fn whole(value: serde_json::Value) -> Payload {
    Payload::whole(value.to_string().into_bytes())
}

fn nothing(_: &Device) -> Payload {
    Payload::whole(b"{}".into())
}

fn record(device: &Device) -> Payload {
    Payload::whole(device.record(
        RecordId::from_bytes(random()),
        json!({ "match": "final", "goal": 1, "minute": 93, "by": "ana" }).to_string().as_bytes(),
    ))
}

fn chunked(content: &[u8], size: u32) -> Payload {
    Payload::chunked(content, size).unwrap()
}

/// Twenty different messages: every type, every form of a payload.
const MESSAGES: [Message; 20] = [
    ("session.hello", nothing),
    ("session.hello", |_| Payload::whole(Vec::new())),
    ("session.list", nothing),
    ("session.list", |_| chunked(b" {}", 2)),
    ("session.rename", |it| {
        whole(json!({ "session_id": it.session.to_string(), "name": "phone" }))
    }),
    ("session.revoke", |it| whole(json!({ "session_id": it.session.to_string() }))),
    ("session.revoke", |it| {
        chunked(json!({ "session_id": it.session.to_string() }).to_string().as_bytes(), 30)
    }),
    ("session.revoke_others", nothing),
    ("session.revoke_all", nothing),
    ("account.export", nothing),
    ("account.delete", |_| whole(json!({ "confirm": "delete my account" }))),
    ("account.delete", |_| whole(json!({ "confirm": "keep my account" }))),
    ("record.submit", record),
    ("record.submit", |it| chunked(&record(it).into_bytes(), 100)),
    ("record.submit", |it| {
        whole(json!({ "record": it.record(RecordId::from_bytes(random()), b"{}") }))
    }),
    ("record.get", |_| whole(json!({ "record_id": "00".repeat(16) }))),
    ("stream.open", nothing),
    ("stream.open", |_| whole(json!({ "stream_id": "00".repeat(16), "cursor": 41 }))),
    ("stream.poll", |_| whole(json!({ "stream_id": "00".repeat(16), "cursor": 0, "wait_ms": 0 }))),
    ("stream.poll", |_| whole(json!({ "stream_id": "no stream at all" }))),
];

/// Sends a request once for each of its bits; how many that were.
fn flip_all(device: &Device, request: &Request, http: &mut Http) -> u64 {
    let mut frame = request.frame.clone();
    for bit in 0..frame.len() * 8 {
        frame[bit / 8] ^= 1 << (bit % 8);
        let answer = http.post("/x", &frame);
        match reply_to_of(&device.realm, &frame) {
            None => {
                let problem = answer.problem();
                let problem = problem.as_deref();
                let expected = [Some("malformed"), Some("unsupported_version")];
                assert!(expected.contains(&problem), "bit {bit}: {answer:?}");
                assert_eq!(answer.status, 400, "bit {bit}");
            }
            Some(reply_to) => {
                let result = device.open(reply_to, &answer).result;
                let expected = [ResultCode::UNAUTHENTICATED, ResultCode::PAYLOAD_MISMATCH];
                assert!(expected.contains(&result), "bit {bit}: {result}");
            }
        }
        frame[bit / 8] ^= 1 << (bit % 8);
    }
    frame.len() as u64 * 8
}

#[test]
fn p3_no_bit_of_20_messages_can_be_turned() {
    let server = Server::start(Options::new().set("limits.refused_burst", 10_000_000));
    let (left, bits) = (Mutex::new(MESSAGES.to_vec()), AtomicU64::new(0));
    let devices: Vec<_> = (0..MESSAGES.len())
        .map(|number| Device::register(&server, &format!("device{number}@example.org")))
        .collect();
    let devices = Mutex::new(devices);
    let work = || {
        loop {
            let Some((message_type, payload)) = left.lock().unwrap().pop() else { return };
            let device = devices.lock().unwrap().pop().unwrap();
            // Ahead of the time, so that it is still fresh when its turn comes at the end.
            let draft =
                device.draft(message_type, b"").payload(payload(&device)).shifted_ms(25_000);
            let (request, mut http) = (draft.sign(), device.connection());
            bits.fetch_add(flip_all(&device, &request, &mut http), Ordering::Relaxed);
            // The control: as it was signed, it reaches business code.
            let before = server.business_calls(message_type);
            let opened = device.open(request.reply_to, &http.post("/x", &request.frame));
            assert!(server.business_calls(message_type) > before, "{message_type}: {opened:?}");
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    let bits = bits.into_inner();
    assert!(bits > 40_000, "{bits} bits");
    assert_eq!(
        server.all_business_calls(),
        MESSAGES.len() as u64,
        "of {bits} flipped bits none got through"
    );
}
