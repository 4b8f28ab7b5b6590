//! More than a server can do, from one network or from everybody: it says no, quickly, and goes on.

use crate::harness::*;
use countersign::{Payload, ResultCode, SigningKey};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Answers by status, and how many connections were closed instead.
type Statuses = BTreeMap<u16, usize>;

#[test]
fn v0b_forged_signature_flood_while_an_honest_device_is_served() {
    const FORGED: usize = 4_000;
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let mallory = SigningKey::from_seed(&random());
    // They name a session that exists, so that each would cost a verification.
    let forged: Vec<_> =
        (0..500).map(|_| ana.draft("session.list", b"{}").sign_with(&mallory)).collect();
    let begun = instant();
    let flood = || {
        let mut http = Http::from(server.public(), Ipv4Addr::new(127, 0, 0, 2));
        let mut statuses = Statuses::new();
        for request in forged.iter().cycle().take(FORGED / 4) {
            let answer = http.post("/x", &request.frame);
            match answer.status {
                401 => assert!(answer.is_frame()),
                429 => assert_eq!(answer.problem().as_deref(), Some("ip_limited")),
                other => panic!("{other}: {answer:?}"),
            }
            *statuses.entry(answer.status).or_insert(0) += 1;
        }
        statuses
    };
    let flooding = AtomicBool::new(true);
    let (floods, served): (Vec<Statuses>, usize) = std::thread::scope(|scope| {
        let flooders: Vec<_> = (0..4).map(|_| scope.spawn(flood)).collect();
        let (ana, flooding) = (&mut ana, &flooding);
        let honest = scope.spawn(move || {
            let mut served = 0;
            while flooding.load(Ordering::Relaxed) {
                assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK);
                served += 1;
            }
            served
        });
        let floods = flooders.into_iter().map(|flooder| flooder.join().unwrap()).collect();
        flooding.store(false, Ordering::Relaxed);
        (floods, honest.join().unwrap())
    });
    let count = |status| floods.iter().filter_map(|it| it.get(&status)).sum::<usize>();
    // 200 at once and 50 per second, and those that were under way when the last of them was counted.
    let allowed = 200 + 50 * (begun.elapsed().as_secs() as usize + 1) + 4;
    assert!(count(401) <= allowed, "{} verified, {allowed} allowed", count(401));
    assert!(count(429) >= FORGED - allowed);
    assert!(served > 10, "{served} honest calls");
    // Each honest call reached business code, and no forged one did.
    assert_eq!(server.business_calls("session.list"), served as u64);
    assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK);
}

/// What became of an open-loop load.
#[derive(Debug, Default)]
struct Load {
    /// How long accepted requests took, sorted.
    accepted: Vec<Duration>,
    shed: usize,
    closed: usize,
}

impl Load {
    /// Requests at `rate` per second, whether earlier ones were answered or not as long as a connection is free.
    fn offer(devices: &[Device], clients: usize, rate: f64, lasting: Duration) -> Self {
        // Hundreds of chunks to be checked: verifying is what the server has most to do with.
        let payload = Payload::chunked(&[b' '; 20_000], 32).unwrap();
        let (next, begun) = (AtomicUsize::new(0), instant());
        let client = |device: &Device| {
            let (mut load, mut http) = (Self::default(), device.connection());
            loop {
                let due =
                    Duration::from_secs_f64(next.fetch_add(1, Ordering::Relaxed) as f64 / rate);
                if due >= lasting || begun.elapsed() >= lasting {
                    return load;
                }
                std::thread::sleep(due.saturating_sub(begun.elapsed())); // the pace of the load
                load.send(device, &payload, &mut http);
            }
        };
        std::thread::scope(|scope| {
            let client = &client;
            let devices = devices.iter().cycle().take(clients);
            let clients: Vec<_> =
                devices.map(|device| scope.spawn(move || client(device))).collect();
            let mut all = Self::default();
            for client in clients {
                let load = client.join().unwrap();
                all.accepted.extend(load.accepted);
                all.shed += load.shed;
                all.closed += load.closed;
            }
            all.accepted.sort();
            all
        })
    }

    fn send(&mut self, device: &Device, payload: &Payload, http: &mut Http) {
        let request = device.draft("session.hello", b"").payload(payload.clone()).sign();
        let sent = instant();
        match http.try_post("/x", &request.frame) {
            Ok(answer) if answer.status == 200 => self.accepted.push(sent.elapsed()),
            Ok(answer) => {
                assert_eq!((answer.status, answer.problem()), (503, Some("overloaded".into())));
                assert!(answer.header("retry-after").is_some());
                self.shed += 1;
            }
            Err(_) => self.closed += 1,
        }
    }

    /// Of the accepted ones; for ever if there are none.
    fn p99(&self) -> Duration {
        self.accepted.get(self.accepted.len() * 99 / 100).copied().unwrap_or(Duration::MAX)
    }

    fn all(&self) -> usize {
        self.accepted.len() + self.shed + self.closed
    }
}

/// The most that clients get that never wait, whatever their number.
fn peak(devices: &[Device]) -> f64 {
    let lasting = Duration::from_secs(2);
    let rates = [2, 4, 8, 16].map(|clients| {
        let load = Load::offer(devices, clients, 1e9, lasting);
        load.accepted.len() as f64 / lasting.as_secs_f64()
    });
    rates.into_iter().fold(0.0, f64::max)
}

/// Twice the load for 20 s. Says what happened, and whether the server shed the rest instead of collapsing: a queue without
/// a bound falls to a hundredth of the peak and to seconds of waiting. How close to the peak it stays is for the bench to say.
fn overload(devices: &[Device], peak: f64) -> (String, bool) {
    let lasting = Duration::from_secs(20);
    let load = Load::offer(devices, 96, 2.0 * peak, lasting);
    let per_second = |count: usize| count as f64 / lasting.as_secs_f64();
    let (goodput, p99) = (per_second(load.accepted.len()), load.p99());
    let told = format!(
        "peak {peak:.0}/s, offered {:.0}/s, accepted {goodput:.0}/s, shed {}, closed {}, p99 {p99:?}",
        per_second(load.all()),
        load.shed,
        load.closed,
    );
    (told, goodput >= peak * 0.5 && load.shed > 0 && p99 < Duration::from_secs(2))
}

#[test]
fn p5_twice_the_load_is_shed_and_what_is_accepted_stays_quick() {
    let options = Options::new()
        .set("limits.verify_threads", 1)
        .set("limits.verify_queue", 32)
        .set("limits.verify_wait_ms", 100)
        .set("limits.replay_per_session", 1_000_000)
        .set("limits.connections_per_ip", 1_000);
    let mut server = Server::start(options.on_one_core());
    let devices: Vec<_> =
        (0..8).map(|_| Device::register(&server, "everybody@example.org")).collect();
    let before = server.resident_bytes();
    let (told, kept) = overload(&devices, peak(&devices));
    assert!(kept, "{told}");
    assert!(server.resident_bytes() < before * 2 + (64 << 20), "{before} bytes before");
    // Normal again: a light load is answered in full.
    within(Duration::from_secs(5), "normal again", || {
        let calm = Load::offer(&devices, 2, 20.0, Duration::from_secs(1));
        (calm.shed + calm.closed == 0 && calm.p99() < Duration::from_millis(500)).then_some(())
    });
    assert!(server.is_alive());
    assert!(server.metric("countersign_requests_shed_total") > 0);
}
