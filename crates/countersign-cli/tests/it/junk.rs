//! P7: bytes that mean nothing, at every endpoint. Nothing crashes, nothing hangs, nothing grows.

use crate::harness::*;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::ResultCode;

const BODIES: u64 = 5_000;
const THREADS: u64 = 4;
const PATHS: [&str; 7] =
    ["/x", "/login", "/login/code", "/login/register", "/sse", "/api/notes", "/x/0a0b0c0d"];

/// SplitMix64: the same junk in every run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// Junk that begins like something.
fn junk(random: &mut Seeded, seeds: &[Vec<u8>]) -> Vec<u8> {
    let seed = &seeds[random.below(seeds.len())];
    match random.below(8) {
        0 => {
            let length =
                random.one_of(&[0, 1, 2, 3, 80, 169, 4096, 65_535, 65_536, 65_537, 70_000]);
            random.bytes(length)
        }
        1 => vec![random.next() as u8; random.below(2000)],
        2 => seed[..random.below(seed.len())].to_vec(),
        3 => {
            let deep = random.below(60_000);
            [b"[", b"{", b"\""].map(|open| open.repeat(deep / 3)).concat()
        }
        4 => {
            let mut mutated = seed.clone();
            for _ in 0..=random.below(8) {
                let at = random.below(mutated.len());
                mutated[at] = random.one_of(&[0, 1, 0x7f, 0x80, 0xff, b'"', b'}', 6]);
            }
            mutated
        }
        5 => {
            let (at, length) = (random.below(seed.len()), random.below(300));
            [&seed[..at], &random.bytes(length), &seed[at..]].concat()
        }
        6 => {
            let other = &seeds[random.below(seeds.len())];
            [&seed[..random.below(seed.len())], &other[random.below(other.len())..]].concat()
        }
        _ => {
            let number = random.one_of(&[
                "1e999",
                "-0",
                "18446744073709551616",
                "nul",
                "\"\\ud800\"",
                "\u{0}",
            ]);
            let name = random.one_of(&["address", "login_id", "key", "pow_nonce"]);
            format!("{{\"{name}\":{number},\"{name}\":{number}}}").into_bytes()
        }
    }
}

/// Messages that would be right, to be spoilt.
fn seeds(server: &Server) -> Vec<Vec<u8>> {
    let device = Device::register(server, "ana@example.org");
    let (mut http, key) = (server.http(), &device.key);
    let login = Login::open(server, &mut http, "bea@example.org", key);
    let json = [
        r#"{"address":"ana@example.org","key":{"alg":1,"pk":"d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"}}"#.to_owned(),
        format!(r#"{{"login_id":"{}","pow_nonce":1,"name":"x","locale":"en"}}"#, login.id),
    ];
    let mut seeds = json.map(String::into_bytes).to_vec();
    seeds.push(login.frame(key, "00000000").frame);
    for message_type in ["session.list", "stream.open", "http", "record.submit"] {
        seeds.push(device.request(message_type, b"{}").frame);
    }
    seeds
}

/// Throws junk and expects a refusal each time.
fn throw(server: &Server, seeds: &[Vec<u8>], random: &mut Seeded, count: u64) {
    let mut http = server.http();
    for number in 0..count {
        let (path, body) = (random.one_of(&PATHS), junk(random, seeds));
        let method = random.one_of(&["POST", "POST", "POST", "PUT", "DELETE"]);
        let length = random.below(700);
        let envelope = match random.below(3) {
            0 => BASE64_URL_SAFE_NO_PAD.encode(random.bytes(length)),
            1 => BASE64_URL_SAFE_NO_PAD.encode(&body[..body.len().min(300)]),
            _ => "=%&/".repeat(length / 8),
        };
        let envelope = format!("v1 {envelope}");
        let headers = [("Content-Type", "application/json"), ("Countersign", envelope.as_str())];
        let what =
            || format!("body {number} to {path}: {}", body[..body.len().min(200)].escape_ascii());
        let mut send = || http.send(method, path, &headers, &body);
        // A server that answers before it has read a body closes the connection, sometimes under the next request.
        match send().or_else(|_| send()) {
            Ok(answer) => {
                let overloaded = answer.problem().as_deref() == Some("overloaded");
                assert!(answer.status < 500 || overloaded, "{} for {}", answer.status, what());
            }
            Err(error) => assert!(body.len() > 4096, "{error} for {}", what()),
        }
    }
}

#[test]
fn p7_5000_junk_bodies_at_every_endpoint() {
    let options = Options::new()
        .set("limits.refused_burst", 1_000_000)
        .set("upstream.url", "http://127.0.0.1:9")
        .set("upstream.rest", r#"[{methods=["GET","POST","PUT","DELETE"],path="/*"}]"#);
    let mut server = Server::start(options);
    let seeds = seeds(&server);
    let calls = server.all_business_calls();
    throw(&server, &seeds, &mut Seeded(1), 500);
    let warm = server.resident_bytes();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (server, seeds) = (&server, &seeds);
            scope.spawn(move || throw(server, seeds, &mut Seeded(2 + thread), BODIES / THREADS));
        }
    });
    assert!(server.is_alive());
    assert_eq!(server.all_business_calls(), calls, "junk reached business code");
    let grown = server.resident_bytes();
    assert!(grown < warm + (128 << 20) && grown < 512 << 20, "{warm} to {grown} bytes");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    let mut ana = Device::register(&server, "carla@example.org");
    assert_eq!(ana.call("session.list", b"{}").result, ResultCode::OK);
}
