//! Clocks that are wrong, jump, or were set back: on the device, and on the server.

use crate::harness::*;
use countersign::client::{OpenError, Outcome, Session};
use countersign::offset::Reading;
use countersign::{Epoch, Name, Payload, RequestId, ResultCode, Signer, Timestamp};
use countersign_store::{ClockVerdict, Store};
use countersign_store_sqlite::SqliteStore;
use std::time::{Duration, Instant};

const HOUR_MS: i64 = 3_600_000;

/// The core's client session in front of the real server, with clocks of its own.
struct Machine {
    session: Session,
    device: Device,
    wall_off_ms: i64,
    started: Instant,
}

impl Machine {
    fn new(server: &Server, wall_off_ms: i64) -> Self {
        let device = Device::register(server, "ana@example.org");
        let key = device.key.verifying_key().clone();
        let mut session = Session::new(server.realm(), device.session, key, device.keyset.clone());
        session.resume_epoch(device.epoch);
        Self { session, device, wall_off_ms, started: instant() }
    }

    fn reading(&self) -> Reading {
        let wall = now().as_millis().wrapping_add_signed(self.wall_off_ms);
        Reading { wall: Timestamp::from_millis(wall), monotonic: self.started.elapsed() }
    }

    /// Calls as a client does, with an answer that takes `round_trip`; the results of all attempts.
    fn call_slowly(&mut self, round_trip: Duration) -> Result<Vec<ResultCode>, OpenError> {
        let mut results = Vec::new();
        let mut before = None;
        for _ in 0..3 {
            // The past is simulated: it was sent so long ago, and the answer is here now.
            let received = self.reading();
            let at = Reading {
                wall: received.wall.minus(round_trip),
                monotonic: received.monotonic.saturating_sub(round_trip),
            };
            let (name, id) = (Name::new("session.list").unwrap(), RequestId::from_bytes(random()));
            let payload = Payload::whole(b"{}".into());
            let (request, sent) = match before {
                None => self.session.prepare(name, payload, at, id),
                Some(before) => self.session.prepare_again(before, name, payload, at, id),
            };
            let answer = self.device.send(&request.sign(&self.device.key));
            match self.session.open(&sent, &answer.body, self.reading())? {
                Outcome::Answered { result, .. } | Outcome::LoggedOut(result) => {
                    results.push(result);
                    return Ok(results);
                }
                Outcome::SignAgain(result) => {
                    results.push(result);
                    before = Some(sent);
                }
            }
        }
        panic!("a client that never stops: {results:?}");
    }

    fn call(&mut self) -> Vec<ResultCode> {
        self.call_slowly(Duration::ZERO).unwrap()
    }
}

#[test]
fn a_clock_an_hour_off_costs_one_retry_and_then_none() {
    let server = Server::start(Options::new());
    for off in [-HOUR_MS, HOUR_MS] {
        let mut machine = Machine::new(&server, off);
        assert_eq!(machine.call(), [ResultCode::STALE_TIMESTAMP, ResultCode::OK]);
        assert_eq!(machine.call(), [ResultCode::OK]);
        let offset = machine.session.clock().offset_ms(machine.reading()).unwrap();
        assert!(offset.abs_diff(-off) < 5_000, "{offset}");
        // Time and epoch both wrong: still one retry, because the refusal teaches both.
        let mut machine = Machine::new(&server, off);
        machine.session.resume_epoch(Epoch::from_bytes(random()));
        assert_eq!(machine.call(), [ResultCode::STALE_TIMESTAMP, ResultCode::OK]);
    }
    assert_eq!(server.business_calls("session.list"), 6);
}

#[test]
fn a_clock_that_jumps_costs_one_retry() {
    let server = Server::start(Options::new());
    let mut machine = Machine::new(&server, 0);
    assert_eq!(machine.call(), [ResultCode::OK]);
    for jump in [HOUR_MS, -2 * HOUR_MS] {
        machine.wall_off_ms += jump;
        assert_eq!(machine.call(), [ResultCode::STALE_TIMESTAMP, ResultCode::OK]);
        assert_eq!(machine.call(), [ResultCode::OK]);
    }
}

#[test]
fn a_round_trip_of_9_seconds_still_tells_the_time_and_11_do_not() {
    let server = Server::start(Options::new());
    let mut machine = Machine::new(&server, HOUR_MS);
    machine.started -= Duration::from_secs(60);
    let slow = machine.call_slowly(Duration::from_secs(9)).unwrap();
    assert_eq!(slow, [ResultCode::STALE_TIMESTAMP, ResultCode::OK]);
    let offset = machine.session.clock().offset_ms(machine.reading()).unwrap();
    assert!(offset.abs_diff(-HOUR_MS) < 4_500 + 2_000, "half the round trip: {offset}");
    assert_eq!(machine.call(), [ResultCode::OK]);
    let offset = machine.session.clock().offset_ms(machine.reading()).unwrap();
    assert!(offset.abs_diff(-HOUR_MS) < 2_000, "the quicker sample wins: {offset}");
    let mut machine = Machine::new(&server, HOUR_MS);
    machine.started -= Duration::from_secs(60);
    // Nothing is learned from such answers, so the second attempt is as wrong as the first; there is no third.
    let slow = machine.call_slowly(Duration::from_secs(11)).unwrap();
    assert_eq!(slow, [ResultCode::STALE_TIMESTAMP, ResultCode::STALE_TIMESTAMP]);
    assert_eq!(machine.session.clock().offset_ms(machine.reading()), None);
}

/// Lets the store of this server have seen a time.
fn mark(server: &Server, time: Timestamp) {
    let store = SqliteStore::open(&server.data().join("countersign.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let verdict = runtime.block_on(store.advance_clock(time, Duration::from_secs(5))).unwrap();
    assert_eq!(verdict, ClockVerdict::Sound);
}

fn ahead(seconds: u64) -> Timestamp {
    now().plus(Duration::from_secs(seconds))
}

#[test]
fn a_server_whose_clock_was_set_back_does_not_start() {
    let mut server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    server.stop();
    mark(&server, ahead(2));
    server.restart();
    assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK, "two seconds are nothing");
    server.kill_9();
    mark(&server, ahead(3600));
    let said = server.refuses_to_start();
    assert!(said.contains("the clock is behind the highest time"), "{said}");
}

#[test]
fn a_server_whose_clock_is_set_back_while_it_runs_serves_nothing_any_more() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK);
    mark(&server, ahead(3600));
    // It looks every ten seconds.
    eventually("it notices", || {
        let request = ana.request("session.hello", b"{}");
        (ana.send(&request.frame).status == 503).then_some(())
    });
    let calls = server.all_business_calls();
    for path in ["/x", "/sse", "/login/register"] {
        let request = ana.request("stream.open", b"{}");
        let answer = ana.connection().post(path, &request.frame);
        assert_eq!((answer.status, answer.problem()), (503, Some("unavailable".into())), "{path}");
    }
    assert_eq!(ana.connection().get("/ready").status, 503);
    assert_eq!(ana.connection().get("/health").status, 200);
    assert_eq!(server.all_business_calls(), calls);
}
