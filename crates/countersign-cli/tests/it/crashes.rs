//! `kill -9` at any moment: what was acknowledged is there afterwards, and nothing happens twice.

use crate::harness::*;
use countersign::{RecordId, ResultCode};
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROUNDS: usize = 20;
const WRITERS: usize = 3;

/// One device that writes records, and those that the server acknowledged.
struct Writer {
    device: Device,
    acknowledged: HashMap<RecordId, u64>,
}

impl Writer {
    /// Submits until the server is gone.
    fn write(&mut self, counter: &AtomicUsize) {
        let mut http = self.device.connection();
        for _ in 0..100_000 {
            let id = RecordId::from_bytes(random());
            let record = self.device.record(id, format!("{{\"goal\":\"{id}\"}}").as_bytes());
            let request = self.device.request("record.submit", &record);
            let Ok(answer) = http.try_post("/x", &request.frame) else { return };
            let opened = self.device.open(request.reply_to, &answer);
            self.device.epoch = opened.epoch;
            match opened.result {
                ResultCode::OK => {
                    let seq = opened.json()["seq"].as_u64().unwrap();
                    assert_eq!(self.acknowledged.insert(id, seq), None);
                    counter.fetch_add(1, Ordering::Release);
                }
                ResultCode::STALE_EPOCH => {}
                other => panic!("record.submit: {other}"),
            }
        }
        panic!("the server was never killed");
    }

    fn check(&mut self, ids: &[RecordId]) {
        for id in ids {
            let found = self.device.find_record(*id);
            let found = found.unwrap_or_else(|| panic!("the acknowledged record {id} is lost"));
            let payload = countersign::Frame::split(&found).unwrap().payload;
            assert_eq!(payload, format!("{{\"goal\":\"{id}\"}}").as_bytes());
        }
    }

    fn ids(&self) -> Vec<RecordId> {
        self.acknowledged.keys().copied().collect()
    }
}

#[test]
fn p1_kill_9_under_load_loses_no_acknowledged_record_and_no_revocation() {
    let mut server = Server::start(Options::new());
    let mut writers: Vec<_> = (0..WRITERS)
        .map(|number| Writer {
            device: Device::register(&server, &format!("writer{number}@example.org")),
            acknowledged: HashMap::new(),
        })
        .collect();
    let mut lost_phones: Vec<Device> = Vec::new();
    for round in 0..ROUNDS {
        let before: Vec<_> = writers.iter().map(|writer| writer.ids().len()).collect();
        let mut phone = Device::register(&server, "phone@example.org");
        let written: [AtomicUsize; WRITERS] = Default::default();
        let all = || written.iter().map(|it| it.load(Ordering::Acquire));
        // Not always at the same place.
        let enough = 20 + 7 * (round % 5);
        std::thread::scope(|scope| {
            for (writer, written) in writers.iter_mut().zip(&written) {
                scope.spawn(|| writer.write(written));
            }
            eventually("half of the load", || (all().sum::<usize>() * 2 > enough).then_some(()));
            assert_eq!(phone.call("session.revoke_all", b"{}").result, ResultCode::OK);
            eventually("the load, of every writer", || {
                (all().sum::<usize>() > enough && all().all(|count| count > 0)).then_some(())
            });
            server.kill_9();
        });
        server.restart();
        lost_phones.push(phone);
        for (writer, before) in writers.iter_mut().zip(before) {
            assert!(writer.ids().len() > before, "every writer got something through");
            let ids = writer.ids();
            writer.check(&ids[ids.len().saturating_sub(40)..]);
        }
        for phone in &mut lost_phones {
            let result = phone.exchange(&phone.request("session.list", b"{}")).result;
            assert_eq!(result, ResultCode::SESSION_REVOKED, "round {round}");
        }
    }
    for writer in &mut writers {
        let ids = writer.ids();
        writer.check(&ids);
    }
    let mut seqs: Vec<_> = writers.iter().flat_map(|it| it.acknowledged.values()).collect();
    let count = seqs.len();
    seqs.sort();
    seqs.dedup();
    assert_eq!(seqs.len(), count, "no number was given twice");
}

#[test]
fn p2_kill_9_between_effect_and_reply() {
    let mut server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    for round in 0..5 {
        let id = RecordId::from_bytes(random());
        let record = ana.record(id, b"{\"goal\":1}");
        // Warms the epoch up, so that the request below is executed.
        assert_eq!(ana.call("session.hello", b"{}").result, ResultCode::OK);
        let request = ana.request("record.submit", &record);
        std::thread::scope(|scope| {
            let (mut http, frame) = (ana.connection(), &request.frame);
            // Whether its answer comes or not: here it counts as lost.
            scope.spawn(move || drop(http.try_post("/x", frame)));
            let mut other = ana.connection();
            eventually("the effect", || {
                let wish = json!({ "record_id": id.to_string() }).to_string();
                let look = ana.request("record.get", wish.as_bytes());
                let answer = other.post("/x", &look.frame);
                (ana.open(look.reply_to, &answer).result == ResultCode::OK).then_some(())
            });
            server.kill_9();
        });
        server.restart();
        let replayed = ana.send(&request.frame);
        let opened = ana.open(request.reply_to, &replayed);
        assert_eq!(opened.result, ResultCode::STALE_EPOCH, "round {round}");
        assert_eq!(server.business_calls("record.submit"), 0);
        // The client tries again with a new request and the same record: stored once, under the same number.
        let first = ana.call("record.submit", &record);
        let second = ana.call("record.submit", &record);
        assert_eq!((first.result, second.result), (ResultCode::OK, ResultCode::OK));
        assert_eq!(first.json(), second.json());
        assert_eq!(first.json()["seq"].as_u64(), Some(round + 1));
        assert!(first.json()["received_ms"].as_u64().unwrap() < opened.timestamp.as_millis());
        assert_eq!(ana.find_record(id), Some(record));
    }
}

#[test]
fn p2_the_same_record_id_with_other_content_is_refused() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let mut bea = Device::register(&server, "bea@example.org");
    let id = RecordId::from_bytes(random());
    let record = ana.record(id, b"{\"goal\":1}");
    assert_eq!(ana.call("record.submit", &record).result, ResultCode::OK);
    let other = ana.record(id, b"{\"goal\":2}");
    assert_eq!(ana.call("record.submit", &other).result, ResultCode::IDEMPOTENCY_MISMATCH);
    let theirs = bea.record(id, b"{\"goal\":1}");
    assert_eq!(bea.call("record.submit", &theirs).result, ResultCode::IDEMPOTENCY_MISMATCH);
    assert_eq!(bea.find_record(id), None, "nor can anybody else read it");
    let stolen = bea.call("record.submit", &record);
    assert_eq!(
        (stolen.result, &stolen.json()["check"]),
        (ResultCode::RECORD_INVALID, &json!("A2"))
    );
    assert_eq!(ana.find_record(id), Some(record));
}
