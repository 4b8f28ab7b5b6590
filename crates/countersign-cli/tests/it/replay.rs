//! Bytes that were good once: never executed a second time, wherever and whenever they come back.

use crate::harness::*;
use countersign::{RecordId, ResultCode};
use std::collections::HashMap;
use std::sync::Barrier;
use std::time::Duration;

fn result_of(device: &mut Device, request: &Request) -> ResultCode {
    let answer = device.send(&request.frame);
    device.open(request.reply_to, &answer).result
}

#[test]
fn v6a_replay_inside_the_window() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let request = ana.request("session.list", b"{}");
    assert_eq!(result_of(&mut ana, &request), ResultCode::OK);
    for _ in 0..10 {
        assert_eq!(result_of(&mut ana, &request), ResultCode::REPLAYED);
    }
    let elsewhere = ana.connection().post("/x/00000000", &request.frame);
    assert_eq!(ana.open(request.reply_to, &elsewhere).result, ResultCode::REPLAYED);
    let stream = ana.connection().post("/sse", &request.frame);
    assert_eq!(ana.open(request.reply_to, &stream).result, ResultCode::REPLAYED);
    // The id alone counts: other content under the same id is refused, too.
    let id = request.reply_to.request_id;
    let other = ana.draft("session.hello", b"{}").with(|it| it.request_id = id).sign();
    assert_eq!(result_of(&mut ana, &other), ResultCode::REPLAYED);
    assert_eq!(server.business_calls("session.list"), 1);
    assert_eq!(server.business_calls("session.hello"), 0);
}

#[test]
fn v5_both_edges_of_the_freshness_window() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    // A margin of 5 s, because a busy machine may take a while from signing to judging.
    for inside in [-55_000, 0, 25_000] {
        let request = ana.draft("session.list", b"{}").shifted_ms(inside).sign();
        assert_eq!(result_of(&mut ana, &request), ResultCode::OK, "{inside} ms");
        assert_eq!(result_of(&mut ana, &request), ResultCode::REPLAYED, "{inside} ms");
    }
    for outside in [-3_600_000, -60_001, 35_000, 3_600_000, i64::MAX] {
        let request = ana.draft("session.list", b"{}").shifted_ms(outside).sign();
        let answer = ana.send(&request.frame);
        let opened = ana.open(request.reply_to, &answer);
        assert_eq!(opened.result, ResultCode::STALE_TIMESTAMP, "{outside} ms");
        let told = opened.json()["server_time_ms"].as_u64().unwrap();
        assert!(now().as_millis().abs_diff(told) < 5_000);
    }
    assert_eq!(server.business_calls("session.list"), 3);
}

#[test]
fn v6a_the_memory_ends_after_the_window_at_both_edges() {
    // Two seconds either way instead of 60 and 30, so that the end of the memory can be watched.
    let window = Options::new().set("limits.max_age_seconds", 2).set("limits.max_ahead_seconds", 2);
    let server = Server::start(window);
    let mut ana = Device::register(&server, "ana@example.org");
    let mut watched = Vec::new();
    for shift in [-1_000, 0, 1_000] {
        let request = ana.draft("session.list", b"{}").shifted_ms(shift).sign();
        assert_eq!(result_of(&mut ana, &request), ResultCode::OK);
        watched.push(request);
    }
    // The last is fresh for 3 s and remembered for 8 s.
    let begun = instant();
    let mut last = HashMap::new();
    while begun.elapsed() < Duration::from_millis(9_500) {
        for (number, request) in watched.iter().enumerate() {
            let result = result_of(&mut ana, request);
            let refused = [ResultCode::REPLAYED, ResultCode::STALE_TIMESTAMP].contains(&result);
            assert!(refused, "{result} after {:?}", begun.elapsed());
            last.insert(number, result);
        }
        std::thread::sleep(Duration::from_millis(20)); // a pace, not a wait
    }
    assert!(last.values().all(|result| *result == ResultCode::STALE_TIMESTAMP));
    assert_eq!(server.business_calls("session.list"), 3);
}

#[test]
fn v6a_64_identical_posts_at_once_are_one_call() {
    const AT_ONCE: usize = 64;
    let server = Server::start(Options::new().set("limits.connections_per_ip", 1000));
    let ana = Device::register(&server, "ana@example.org");
    let mut connections: Vec<_> = (0..AT_ONCE).map(|_| ana.connection()).collect();
    for round in 1..=20 {
        let (request, line) = (ana.request("session.list", b"{}"), Barrier::new(AT_ONCE));
        let post = |http: &mut Http| {
            line.wait();
            let answer = http.post("/x", &request.frame);
            ana.open(request.reply_to, &answer).result
        };
        let results: Vec<ResultCode> = std::thread::scope(|scope| {
            let posts: Vec<_> =
                connections.iter_mut().map(|http| scope.spawn(|| post(http))).collect();
            posts.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let count = |wanted| results.iter().filter(|result| **result == wanted).count();
        assert_eq!(count(ResultCode::OK), 1, "{results:?}");
        assert_eq!(count(ResultCode::REPLAYED), AT_ONCE - 1, "{results:?}");
        assert_eq!(server.business_calls("session.list"), round);
    }
}

#[test]
fn v5c_replay_after_kill_9_and_restart() {
    let mut server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let executed = ana.request("session.list", b"{}");
    assert_eq!(result_of(&mut ana, &executed), ResultCode::OK);
    let held_back = ana.request("session.list", b"{}");
    for crash in [true, false] {
        if crash {
            server.kill_9()
        } else {
            server.stop()
        }
        server.restart();
        for request in [&executed, &held_back] {
            assert_eq!(result_of(&mut ana, request), ResultCode::STALE_EPOCH);
        }
        assert_eq!(server.business_calls("session.list"), 0, "the new process executed nothing");
    }
    // An honest client signs again, by itself, and goes on.
    assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK);
    assert_eq!(server.business_calls("session.list"), 1);
}

#[test]
fn v5c_replay_at_a_second_process_on_the_same_folder() {
    let one = Server::start(Options::new());
    let two = one.start_beside(Options::new());
    let mut ana = Device::register(&one, "ana@example.org");
    let request = ana.request("session.list", b"{}");
    assert_eq!(result_of(&mut ana, &request), ResultCode::OK);
    ana.move_to(two.public());
    assert_eq!(result_of(&mut ana, &request), ResultCode::STALE_EPOCH);
    let held_back = ana.request("session.list", b"{}");
    assert_eq!(result_of(&mut ana, &held_back), ResultCode::STALE_EPOCH);
    assert_eq!(two.business_calls("session.list"), 0);
    assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK, "signed again, it serves");
    let for_two = ana.request("session.list", b"{}");
    ana.move_to(one.public());
    assert_eq!(result_of(&mut ana, &for_two), ResultCode::STALE_EPOCH);
    assert_eq!((one.business_calls("session.list"), two.business_calls("session.list")), (1, 1));
}

#[test]
fn v5c_without_an_epoch_nothing_is_changed() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let id = RecordId::from_bytes(random());
    let record = ana.record(id, b"{}");
    for message_type in ["session.list", "session.revoke_all", "record.submit", "account.delete"] {
        let payload = if message_type == "record.submit" { &record[..] } else { b"{}" };
        let draft = ana.draft(message_type, payload);
        let request = draft.with(|it| it.epoch = countersign::Epoch::NONE).sign();
        assert_eq!(result_of(&mut ana, &request), ResultCode::STALE_EPOCH, "{message_type}");
    }
    assert_eq!(ana.find_record(id), None);
    for message_type in ["session.hello", "stream.open"] {
        let draft = ana.draft(message_type, b"{}");
        let request = draft.with(|it| it.epoch = countersign::Epoch::NONE).sign();
        assert_eq!(result_of(&mut ana, &request), ResultCode::OK, "{message_type}");
        assert_eq!(result_of(&mut ana, &request), ResultCode::REPLAYED, "{message_type}");
    }
}

#[test]
fn v6b_replay_at_the_cap_of_a_session() {
    let server = Server::start(Options::new().set("limits.replay_per_session", 50));
    let mut ana = Device::register(&server, "ana@example.org");
    let mut bea = Device::register(&server, "bea@example.org");
    let requests: Vec<_> = (0..50).map(|_| ana.request("session.list", b"{}")).collect();
    for request in &requests {
        assert_eq!(result_of(&mut ana, request), ResultCode::OK);
    }
    let one_more = ana.request("session.list", b"{}");
    let answer = ana.send(&one_more.frame);
    let opened = ana.open(one_more.reply_to, &answer);
    assert_eq!((opened.result, answer.status), (ResultCode::RATE_LIMITED, 429));
    assert!(opened.json()["retry_after_ms"].as_u64().unwrap() > 0);
    for request in &requests {
        assert_eq!(result_of(&mut ana, request), ResultCode::REPLAYED, "nothing was evicted");
    }
    assert_eq!(bea.call("session.list", b"{}").result, ResultCode::OK, "her neighbour goes on");
    assert_eq!(server.business_calls("session.list"), 51);
}

#[test]
fn v6c_replay_at_the_cap_of_the_server() {
    // The set has 16 shards, and a session always has the same one: 10 ids each.
    let server = Server::start(Options::new().set("limits.replay_total", 160));
    let mut ana = Device::register(&server, "ana@example.org");
    let requests: Vec<_> = (0..10).map(|_| ana.request("session.list", b"{}")).collect();
    for request in &requests {
        assert_eq!(result_of(&mut ana, request), ResultCode::OK);
    }
    let one_more = ana.request("session.list", b"{}");
    let answer = ana.send(&one_more.frame);
    let opened = ana.open(one_more.reply_to, &answer);
    assert_eq!((opened.result, answer.status), (ResultCode::OVERLOADED, 503));
    for request in &requests {
        assert_eq!(result_of(&mut ana, request), ResultCode::REPLAYED, "nothing was evicted");
    }
    assert_eq!(server.business_calls("session.list"), 10);
}
