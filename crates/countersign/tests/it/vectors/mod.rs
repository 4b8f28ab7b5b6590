//! `vectors/*.json`: what the files say, what the code does, and what the generator writes are one and the same.

mod header;
mod verdict;

use countersign::VerifyingKey;
use serde_json::Value;
use std::path::PathBuf;
use verdict::Case;

// The generator itself, so that a changed byte cannot hide behind files that were not written again.
#[path = "../../../examples/vectors/generate/mod.rs"]
pub(crate) mod generate;

const KINDS: [&str; 8] =
    ["request", "response", "push", "record", "keyset", "register", "chunked", "batch"];

pub(crate) fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The frames of one file; none for what is no file.
pub(crate) fn frames(kind: &str) -> Vec<Vec<u8>> {
    let cases = if KINDS.contains(&kind) { load(kind) } else { Vec::new() };
    cases.iter().map(|case| Case::new(case).frame()).collect()
}

fn load(kind: &str) -> Vec<Value> {
    let path = workspace().join(format!("vectors/{kind}.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["kind"], kind);
    serde_json::from_value(file["cases"].take()).unwrap()
}

#[test]
fn the_files_are_what_the_generator_writes() {
    for (name, content) in generate::files().unwrap() {
        let committed = std::fs::read_to_string(workspace().join("vectors").join(&name)).unwrap();
        assert!(committed == content, "{name} is stale; run `cargo xtask vectors`");
    }
}

#[test]
fn the_worked_example_of_the_document_is_true() {
    let document = std::fs::read_to_string(workspace().join("docs/PROTOCOL.md")).unwrap();
    let (_, rest) = document.split_once("<!-- example:begin -->\n").unwrap();
    let (example, _) = rest.split_once("<!-- example:end -->").unwrap();
    assert_eq!(example.trim(), generate::markdown().unwrap().trim());
}

#[test]
fn accepted_cases_are_read_written_and_signed_the_same() {
    let mut count = 0;
    for kind in KINDS {
        for json in load(kind).iter().filter(|json| json["accept"] == true) {
            let case = Case::new(json);
            case.check_fields();
            case.check_signing();
            assert_eq!(case.verdict(), Ok(()), "{kind}: {}", case.name());
            count += 1;
        }
    }
    assert!(count >= 60, "only {count} cases were read");
}

#[test]
fn refused_cases_fail_at_the_check_that_they_name() {
    let mut count = 0;
    for kind in KINDS {
        for json in load(kind).iter().filter(|json| json["accept"] == false) {
            let case = Case::new(json);
            let check = json["check"].as_str().unwrap();
            assert_eq!(case.verdict(), Err(check), "{kind}: {}", case.name());
            count += 1;
        }
    }
    assert!(count >= 600, "only {count} cases were read");
}

#[test]
fn names_say_which_case_it_is() {
    for kind in KINDS.into_iter().chain(["ed25519"]) {
        let cases = load(kind);
        let mut names: Vec<_> = cases.iter().map(|case| case["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{kind}: {twice:?}");
    }
}

#[test]
fn ed25519_keys_and_signatures() {
    let cases = load("ed25519");
    assert!(cases.len() >= 50, "only {} cases were read", cases.len());
    for case in &cases {
        let field = |name: &str| hex::decode(case[name].as_str().unwrap()).unwrap();
        let key = VerifyingKey::from_bytes(&field("public_key").try_into().unwrap());
        let signature = field("signature").try_into().unwrap();
        let accepted = key.is_ok_and(|key| key.verify(&field("message"), &signature).is_ok());
        assert_eq!(accepted, case["accept"], "{}", case["name"]);
    }
}
