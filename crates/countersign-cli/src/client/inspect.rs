//! `inspect`: any frame, byte by byte.

use super::connection::ProfileArgs;
use super::failure::{Exit, Failure};
use super::frame::{self, Check, Known, Row, State};
use super::{input, show};
use crate::output;
use clap::Args;
use countersign::{Frame, Realm, Signer, VerifyingKey, keyset};
use countersign_client::RootName;
use std::path::{Path, PathBuf};

/// Explains any frame byte by byte, and verifies it as far as keys are known
///
/// Recognised are all six kinds (request, response, push, record, keyset, register), chunked payloads with their manifest,
/// and batch signatures with their path. The exit code is 3 when a check failed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign inspect result.frame
  curl -s https://league.example.org/keyset | countersign inspect - --root 6b1f…
  countersign inspect answer.frame --request request.frame --key 8139… --app league --audience league.example.org")]
pub(crate) struct Inspect {
    /// A file, - for standard input, or the frame itself in hexadecimal or base64url
    frame: String,
    /// Public key of the device (request, record) or of the server (response, push), in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    key: Vec<VerifyingKey>,
    /// Public key or fingerprint of a root, for key sets
    #[arg(long, value_name = "HEX")]
    root: Vec<RootName>,
    /// The frame that a response answers: a file, or hexadecimal or base64url
    #[arg(long, value_name = "FILE|HEX")]
    request: Option<String>,
    /// Application part of the realm [default: the profile's]
    #[arg(long, requires = "audience")]
    app: Option<String>,
    /// Audience part of the realm [default: the profile's]
    #[arg(long, requires = "app")]
    audience: Option<String>,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), Failure> {
        let bytes = read(&self.frame)?;
        let known = self.known(&bytes)?;
        let checks = frame::checks(&bytes, &known);
        if self.profile.json {
            let mut value = frame::json(&bytes);
            value["checks"] = checks.iter().map(check_json).collect();
            show::json(&value);
        } else {
            text(&bytes, &checks);
        }
        match checks.iter().find(|check| check.state == State::Failed) {
            Some(check) => Err(Failure::new(Exit::Failed, format!("not valid: {}", check.text))),
            None => Ok(()),
        }
    }

    /// Keys and realm from the command line, and whatever the profile knows.
    fn known(&self, bytes: &[u8]) -> Result<Known, Failure> {
        let mut known = Known { keys: self.key.clone(), ..Known::default() };
        if let Some(request) = &self.request {
            known.request = Some(read(request)?);
        }
        if let (Some(app), Some(audience)) = (&self.app, &self.audience) {
            let realm = Realm::new(app, audience).map_err(|e| Failure::usage(e.to_string()))?;
            known.realm = Some(realm);
        }
        known.roots = named_roots(&self.root, bytes);
        // A missing profile is no failure here: most frames can be explained without one.
        if let Ok(profile) = self.profile.open()
            && let Ok(state) = profile.load()
        {
            let realm = state.trust.realm();
            if known.realm.as_ref().is_none_or(|given| given == realm) {
                known.realm = Some(realm.clone());
                known.keyset = state.trust.keyset().ok();
                known.roots.extend_from_slice(state.trust.roots());
                known.roots.extend_from_slice(state.trust.signers());
                let key = state.session.and_then(|s| profile.key_store().get(s.key_place).ok());
                known.keys.extend(key.map(|key| key.verifying_key().clone()));
            }
        }
        Ok(known)
    }
}

/// Reads a frame from wherever it is.
fn read(given: &str) -> Result<Vec<u8>, Failure> {
    let path = PathBuf::from(given);
    let (bytes, what) = if given == "-" {
        (input::stdin()?, "standard input".to_owned())
    } else if path.is_file() {
        (input::file(&path)?, given.to_owned())
    } else {
        (given.as_bytes().to_vec(), "the argument".to_owned())
    };
    recognise(&bytes).ok_or_else(|| unrecognised(&what, &path))
}

/// A frame as it is, or as text.
fn recognise(bytes: &[u8]) -> Option<Vec<u8>> {
    let looks_right = |bytes: &[u8]| {
        // Header length, version and kind; everything behind may be as wrong as it likes.
        bytes.len() >= 4 && bytes[2] == 1 && (1..=6).contains(&bytes[3])
    };
    if looks_right(bytes) {
        return Some(bytes.to_vec());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    input::decode_text(text).filter(|decoded| looks_right(decoded))
}

fn unrecognised(what: &str, path: &Path) -> Failure {
    let missing = if path.components().count() > 1 && !path.exists() {
        "; there is no such file"
    } else {
        ""
    };
    Failure::usage(format!(
        "{what} is no frame of this protocol{missing}. Recognised are frames of version 1 and kind 1 to 6 (request, response, \
         push, record, keyset, register), as bytes, in hexadecimal or in base64url, and the value of a Countersign header"
    ))
}

fn named_roots(names: &[RootName], bytes: &[u8]) -> Vec<VerifyingKey> {
    let listed = Frame::split(bytes).ok().and_then(|f| keyset::decode(f.header).ok());
    let listed = listed.map(|(content, _)| content.roots).unwrap_or_default();
    names.iter().filter_map(|name| name.resolve(&listed)).collect()
}

fn public_key(text: &str) -> Result<VerifyingKey, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| "a public key has 64 hexadecimal digits".to_owned())?;
    VerifyingKey::from_bytes(&bytes).map_err(|e| e.to_string())
}

fn text(bytes: &[u8], checks: &[Check]) {
    let kind = frame::kind_of(bytes).map_or("frame", frame::kind_name);
    output::line(&format!("{kind}, {} bytes", bytes.len()));
    for Row { offset, len, name, value, meaning } in frame::rows(bytes) {
        let meaning = if meaning.is_empty() { meaning } else { format!("  ({meaning})") };
        output::line(&format!("{offset:>6} {len:>5}  {name:<18} {value}{meaning}"));
    }
    for Check { state, text } in checks {
        let mark = match state {
            State::Passed => "ok     ",
            State::Failed => "FAILED ",
            State::Skipped => "skipped",
        };
        output::line(&format!("{mark} {text}"));
    }
}

fn check_json(check: &Check) -> serde_json::Value {
    let state = match check.state {
        State::Passed => "passed",
        State::Failed => "failed",
        State::Skipped => "skipped",
    };
    serde_json::json!({ "state": state, "text": check.text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::SigningKey;
    use countersign::record::UnsignedRecord;
    use countersign::{Name, PayloadHash, RecordHeader, RecordId, Timestamp};

    fn record() -> (Vec<u8>, Known) {
        let realm = Realm::new("league", "league.example.org").unwrap();
        let key = SigningKey::from_seed(&[1; 32]);
        let header = RecordHeader {
            id: RecordId::from_bytes([1; 16]),
            created: Timestamp::from_millis(1),
            signer: *key.verifying_key().fingerprint(),
            previous: RecordHeader::FIRST,
            payload_hash: PayloadHash::from_bytes([0; 32]),
            record_type: Name::new("vote").unwrap(),
        };
        let frame = UnsignedRecord::new(&realm, header, b"yes".to_vec()).sign(&key);
        let keys = vec![key.verifying_key().clone()];
        (frame, Known { realm: Some(realm), keys, ..Known::default() })
    }

    #[test]
    fn a_record_is_verified_and_a_changed_one_is_not() {
        let (mut frame, known) = record();
        let states = |frame: &[u8]| frame::checks(frame, &known).last().unwrap().state;
        assert_eq!(states(&frame), State::Passed);
        *frame.last_mut().unwrap() ^= 1;
        assert_eq!(states(&frame), State::Failed);
        let nothing = Known { realm: known.realm.clone(), ..Known::default() };
        assert_eq!(frame::checks(&record().0, &nothing).last().unwrap().state, State::Skipped);
    }

    #[test]
    fn frames_are_recognised_in_every_form_and_nothing_else_is() {
        use base64::Engine;
        let (frame, _) = record();
        let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&frame);
        for form in
            [frame.clone(), hex::encode(&frame).into_bytes(), format!("v1 {base64}").into_bytes()]
        {
            assert_eq!(recognise(&form).as_deref(), Some(&frame[..]));
        }
        for other in [&b""[..], b"EVENT:7:abc", b"{\"json\":true}", &[0xff; 40]] {
            assert_eq!(recognise(other), None);
        }
        let error = unrecognised("the argument", Path::new("x"));
        assert!(format!("{error:?}").contains("Recognised are frames"));
    }
}
