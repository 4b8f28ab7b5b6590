//! Guessing codes, flooding logins, and finding out who has an account.

use crate::harness::*;
use countersign::{ResultCode, Signer, SigningKey};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const GUESSERS: usize = 16;

#[test]
fn l1_otp_race_of_1000_parallel_guesses() {
    let server = Server::start(Options::new());
    let (mut http, key) = (server.http(), SigningKey::from_seed(&random()));
    let login = Login::open(&server, &mut http, "ana@example.org", &key);
    let code = login.code(&server, &mut http);
    let next = AtomicUsize::new(0);
    let guess = || {
        let mut http = server.http();
        let mut left = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= 1000 {
                return left;
            }
            // Never the right one: that has no two of the same in this place.
            let wrong = format!("{number:08}");
            assert_ne!(wrong, code);
            let opened = login.register(&server, &mut http, &key, &wrong);
            assert_eq!(opened.result, ResultCode::CODE_INVALID);
            left.push(opened.json()["attempts_left"].as_u64().unwrap());
        }
    };
    let left: Vec<u64> = std::thread::scope(|scope| {
        let guessers: Vec<_> = (0..GUESSERS).map(|_| scope.spawn(guess)).collect();
        guessers.into_iter().flat_map(|guesser| guesser.join().unwrap()).collect()
    });
    assert_eq!(left.len(), 1000);
    for value in 1..=4 {
        let spent = left.iter().filter(|left| **left == value).count();
        assert!(spent <= 1, "{spent} guesses left {value} attempts");
    }
    assert!(left.iter().all(|left| *left <= 4));
    let opened = login.register(&server, &mut http, &key, &code);
    assert_eq!(opened.result, ResultCode::CODE_INVALID, "the right code comes too late");
    assert_eq!(opened.json()["attempts_left"], 0);
    assert_eq!(
        (server.metric("countersign_logins"), server.metric("countersign_login_failures")),
        (0, 1001)
    );
}

#[test]
fn l1_the_right_code_32_times_at_once_makes_one_session() {
    let server = Server::start(Options::new().set("limits.connections_per_ip", 100));
    let (mut http, key) = (server.http(), SigningKey::from_seed(&random()));
    let login = Login::open(&server, &mut http, "ana@example.org", &key);
    let code = login.code(&server, &mut http);
    let line = std::sync::Barrier::new(32);
    let register = || {
        let mut http = server.http();
        line.wait();
        login.register(&server, &mut http, &key, &code)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(register)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let welcome: Vec<_> = results.iter().filter(|opened| opened.result == ResultCode::OK).collect();
    assert_eq!(welcome.len(), 1);
    let mut ana = Device::welcomed(&server, key, welcome[0]);
    let list = ana.call("session.list", b"{}").json();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn l2_a_code_works_in_no_other_login_and_for_no_other_key() {
    let server = Server::start(Options::new());
    let mut http = server.http();
    let (ana, mallory) = (SigningKey::from_seed(&random()), SigningKey::from_seed(&random()));
    let hers = Login::open(&server, &mut http, "ana@example.org", &ana);
    let code = hers.code(&server, &mut http);
    // Mallory phished the code and the login's id: her own key cannot use it.
    let stolen = hers.register(&server, &mut http, &mallory, &code);
    assert_eq!(stolen.result, ResultCode::CODE_INVALID);
    let own = Login::open(&server, &mut http, "ana@example.org", &mallory);
    own.code(&server, &mut http);
    assert_eq!(own.register(&server, &mut http, &mallory, &code).result, ResultCode::CODE_INVALID);
    let mut renamed = Login::open(&server, &mut http, "mallory@example.org", &mallory);
    renamed.id = hers.id;
    assert_eq!(renamed.register(&server, &mut http, &ana, &code).result, ResultCode::CODE_INVALID);
    assert_eq!(hers.register(&server, &mut http, &ana, &code).result, ResultCode::OK);
    assert_eq!(hers.register(&server, &mut http, &ana, &code).result, ResultCode::CODE_INVALID);
}

#[test]
fn l7_login_flood_from_one_network_while_a_device_is_served() {
    let server = Server::start(Options::strict().set("limits.verify_wait_ms", 30_000));
    let mut ana = Device::register(&server, "ana@example.org");
    let flooding = AtomicBool::new(true);
    let flood = |from: u8| {
        let mut http = Http::from(server.public(), Ipv4Addr::new(127, 0, 0, from));
        let mut statuses = BTreeMap::new();
        for number in 0..150 {
            let key = SigningKey::from_seed(&random());
            let address = format!("victim{number}@example.org");
            let answer = Login::post(&mut http, &address, key.verifying_key());
            if answer.status == 429 {
                assert_eq!(answer.problem().as_deref(), Some("login_limited"));
                assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
            }
            *statuses.entry(answer.status).or_insert(0) += 1;
        }
        statuses
    };
    let floods: Vec<BTreeMap<u16, usize>> = std::thread::scope(|scope| {
        let flooders: Vec<_> = (2..6).map(|from| scope.spawn(move || flood(from))).collect();
        let flooding = &flooding;
        let served = scope.spawn(move || {
            let mut served = 0;
            while flooding.load(Ordering::Relaxed) {
                assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK);
                served += 1;
            }
            served
        });
        let floods = flooders.into_iter().map(|flooder| flooder.join().unwrap()).collect();
        flooding.store(false, Ordering::Relaxed);
        assert!(served.join().unwrap() > 0);
        floods
    });
    let count = |status| floods.iter().filter_map(|it| it.get(&status)).sum::<usize>();
    // Five at once for the whole /24, one of them used by the device, and one more each minute.
    assert!((4..=8).contains(&count(200)), "{floods:?}");
    assert_eq!(count(200) + count(429), 600);
    let mut elsewhere = Http::from(server.public(), Ipv4Addr::new(127, 0, 1, 1));
    let key = SigningKey::from_seed(&random());
    assert_eq!(Login::post(&mut elsewhere, "bea@example.org", key.verifying_key()).status, 200);
}

/// Everything about an answer that does not differ from login to login.
fn shape(answer: &HttpAnswer) -> (u16, Vec<String>, Vec<(String, String)>) {
    let headers = answer.headers.iter().map(|(name, _)| name.clone()).collect();
    let same = ["address", "login_id", "expires_ms"];
    let view = answer.json();
    let member = |(name, value): (&String, &Value)| {
        let value = if same.contains(&name.as_str()) { String::new() } else { value.to_string() };
        (name.clone(), value)
    };
    (answer.status, headers, view.as_object().unwrap().iter().map(member).collect())
}

#[test]
fn enumeration_known_and_unknown_addresses_look_and_take_the_same() {
    const PROBES: usize = 60;
    let server = Server::start(Options::new());
    let _ana = Device::register(&server, "known@example.org");
    // The one code that the account has had so far counts towards its limits; give the other one, too.
    let mut http = server.http();
    let first = SigningKey::from_seed(&random());
    Login::open(&server, &mut http, "other@example.org", &first).code(&server, &mut http);
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut shapes: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for probe in 0..2 * PROBES {
        // In turns, and each first in every second pair.
        let address = ["known@example.org", "other@example.org"][(probe + probe / 2) % 2];
        let key = SigningKey::from_seed(&random());
        let begun = instant();
        let opened = Login::post(&mut http, address, key.verifying_key());
        let login = Login::from_answer(&server, &opened);
        let sent = login.ask_code(&mut http);
        let wrong = login.register(&server, &mut http, &key, "00000000");
        times.entry(address).or_default().push(begun.elapsed());
        let refusal = (wrong.result, wrong.payload);
        shapes.entry(address).or_default().push((shape(&opened), shape(&sent), refusal));
    }
    // Wrong codes trip the breaker at 100; from then on everybody gets a proof of work to do.
    let (known, other) = (&shapes["known@example.org"][..40], &shapes["other@example.org"][..40]);
    assert_eq!(known, other);
    for times in times.values_mut() {
        times.sort();
    }
    let (known, other) = (&times["known@example.org"], &times["other@example.org"]);
    let (middle, edge) = (PROBES / 2, PROBES / 10);
    for (one, two) in [(known, other), (other, known)] {
        let inside = one[edge]..=one[PROBES - 1 - edge];
        assert!(inside.contains(&two[middle]), "{:?} is not in {inside:?}", two[middle]);
        assert!(two[middle] < one[middle] * 2, "{:?} and {:?}", one[middle], two[middle]);
    }
}
