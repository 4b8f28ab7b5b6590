//! Clients that hold a connection without using it, with the deadlines of a deployment. `axum::serve` passes none of these.

use crate::harness::*;
use countersign::ResultCode;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How a connection is held, and after how many seconds it has to be closed.
struct Case {
    name: &'static str,
    begins: &'static [u8],
    /// Sent again and again.
    drips: &'static [u8],
    closed_after: u64,
    /// How what comes back begins.
    answer: &'static str,
}

const CASES: [Case; 6] = [
    Case { name: "silent", begins: b"", drips: b"", closed_after: 5, answer: "" },
    Case {
        name: "half of the HTTP/2 preface",
        begins: b"PRI * HTTP/2.0\r\n\r\n",
        drips: b"",
        closed_after: 5,
        answer: "",
    },
    Case {
        name: "a part of a head",
        begins: b"POST /x HTTP/1.1\r\nHost: x\r\nAccept",
        drips: b"",
        closed_after: 5,
        answer: "",
    },
    Case {
        name: "a head that drips",
        begins: b"POST /x HTTP/1.1\r\nHost: x\r\nX-Drip: ",
        drips: b"x",
        closed_after: 5,
        answer: "",
    },
    Case {
        name: "a body that stalls",
        begins: b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n12345",
        drips: b"",
        closed_after: 10,
        answer: "HTTP/1.1 408 ",
    },
    Case {
        name: "idle after a request",
        begins: b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
        drips: b"",
        closed_after: 60,
        answer: "HTTP/1.1 200 ",
    },
];

/// Holds the connection until the server closes it; how long that took, and what came back.
fn hold(case: &Case, mut stream: TcpStream) -> (Duration, Vec<u8>) {
    stream.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
    let (begun, mut back, mut buffer) = (instant(), Vec::new(), [0; 1024]);
    stream.write_all(case.begins).unwrap();
    while begun.elapsed() < Duration::from_secs(case.closed_after) + PATIENCE {
        match stream.read(&mut buffer) {
            Ok(0) => return (begun.elapsed(), back),
            Ok(read) => back.extend_from_slice(&buffer[..read]),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                // A write may find the connection closed before a read does.
                if stream.write_all(case.drips).is_err() {
                    return (begun.elapsed(), back);
                }
            }
            Err(_) => return (begun.elapsed(), back),
        }
    }
    panic!("{}: never closed", case.name);
}

#[test]
fn six_slow_clients_are_closed_in_time_beside_an_honest_one() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let left = AtomicUsize::new(CASES.len());
    std::thread::scope(|scope| {
        for case in &CASES {
            let (left, stream) = (&left, connect(server.public().get(), None).unwrap());
            scope.spawn(move || {
                let (took, back) = hold(case, stream);
                left.fetch_sub(1, Ordering::Release);
                let due = Duration::from_secs(case.closed_after);
                let slack = Duration::from_secs(5);
                assert!(
                    took + Duration::from_millis(500) > due && took < due + slack,
                    "{}: {took:?}",
                    case.name
                );
                assert!(
                    back.starts_with(case.answer.as_bytes()),
                    "{}: {}",
                    case.name,
                    back.escape_ascii()
                );
                assert!(
                    !case.answer.is_empty() || back.is_empty(),
                    "{}: {}",
                    case.name,
                    back.escape_ascii()
                );
            });
        }
        // A thread that failed counts down too late or never; the deadline is theirs.
        let begun = instant();
        while left.load(Ordering::Acquire) > 0 && begun.elapsed() < 3 * PATIENCE {
            let asked = instant();
            assert_eq!(ana.call("session.hello", b"{}").result, ResultCode::OK);
            assert!(asked.elapsed() < Duration::from_secs(5), "the honest client waited");
            std::thread::sleep(Duration::from_millis(100)); // a pace, not a wait
        }
    });
    assert!(server.metric("countersign_connections_timed_out") >= 4);
}
