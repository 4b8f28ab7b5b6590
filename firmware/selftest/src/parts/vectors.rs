//! `vectors/*.json` on this machine, by the code that reads and writes them on the host: every frame is read, written, signed
//! and judged, every rating and every draw is computed again.

use crate::meter::part;
use alloc::string::ToString;
use serde_json::Value;
use sha2::{Digest, Sha256};
use verdict::Case;

#[path = "../../../../crates/countersign-league/examples/league_vectors/chain.rs"]
mod chain;
#[path = "../../../../crates/countersign-league/examples/league_vectors/draws.rs"]
mod draws;
#[path = "../../../../crates/countersign/tests/it/vectors/header.rs"]
mod header;
#[path = "../../../../crates/countersign-league/examples/league_vectors/ratings.rs"]
mod ratings;
#[path = "../../../../crates/countersign/tests/it/vectors/verdict.rs"]
mod verdict;

/// One case on a line; see build.rs.
macro_rules! lines {
    ($kind:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/", $kind, ".jsonl"))
    };
}

const FRAMES: [(&str, &str); 8] = [
    ("vectors.request", lines!("request")),
    ("vectors.response", lines!("response")),
    ("vectors.push", lines!("push")),
    ("vectors.record", lines!("record")),
    ("vectors.keyset", lines!("keyset")),
    ("vectors.register", lines!("register")),
    ("vectors.chunked", lines!("chunked")),
    ("vectors.batch", lines!("batch")),
];

/// So many matches of the chain. All of them, a million, are played on the host, in the browser, and by `cargo xtask vectors`.
const CHAIN: u32 = chain::CHECKPOINTS[0];

// A frame of its own: what one part keeps on the stack is not there in another.
#[inline(never)]
pub(crate) fn all() {
    for (name, lines) in FRAMES {
        part(name, || frames(lines), |hash| *hash);
    }
    part("vectors.ed25519", || ed25519(lines!("ed25519")), |count| count.to_be_bytes());
    let ratings = || same(lines!("ratings"), ratings::cases().map(Result::ok));
    part("vectors.ratings", ratings, |count| count.to_be_bytes());
    let draws = || same(lines!("draws"), draws::cases().map(Result::ok));
    part("vectors.draws", draws, |count| count.to_be_bytes());
    part("agreement.1000", agreement, |digest| *digest);
}

/// A digest of all verdicts. The frames that are fine are written and signed again.
fn frames(lines: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for line in lines.lines() {
        let json = read(line);
        let case = Case::new(&json);
        let expected = if json["accept"] == true {
            case.check_fields();
            case.check_signing();
            Ok(())
        } else {
            Err(case.text("check"))
        };
        let verdict = case.verdict();
        assert_eq!(verdict, expected, "{}", case.name());
        hash.update(verdict.err().unwrap_or("fine"));
    }
    hash.finalize().into()
}

fn ed25519(lines: &str) -> u32 {
    let mut count = 0;
    for line in lines.lines() {
        let json = read(line);
        let case = Case::new(&json);
        let key = countersign::VerifyingKey::from_bytes(&case.array("public_key"));
        let (message, signature) = (case.bytes("message"), case.array("signature"));
        let accepted = key.is_ok_and(|key| key.verify(&message, &signature).is_ok());
        assert_eq!(accepted, json["accept"] == true, "{}", case.name());
        count += 1;
    }
    count
}

/// What is computed here is what stands there, line by line.
fn same(lines: &str, computed: impl Iterator<Item = Option<Value>>) -> u32 {
    let (mut lines, mut count) = (lines.lines(), 0);
    for case in computed {
        let case = case.map(|case| case.to_string());
        assert_eq!(case.as_deref(), lines.next(), "case {count}");
        count += 1;
    }
    assert_eq!(lines.next(), None, "case {count} is missing");
    count
}

fn agreement() -> [u8; 32] {
    let Ok(digest) = chain::Chain::new().until(CHAIN) else { panic!("a match was not drawn") };
    let line = lines!("agreement").lines().next().unwrap_or_default();
    assert_eq!(read(line)["digest"], hex::encode(digest));
    digest
}

fn read(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_default()
}
