//! The JSON of PROTOCOL.md section 11.

use crate::pow::Challenge;
use countersign::{Realm, Timestamp};
use countersign_store::LoginState;
use serde::Serialize;

/// What whoever opened a login is told; member names are those of the specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoginView {
    /// Hex.
    pub login_id: String,
    /// Normalised: the form that is signed.
    pub address: String,
    /// The realm.
    pub audience: String,
    /// The application.
    pub app: String,
    /// Characters of a code.
    pub code_length: usize,
    /// How long this login still lives.
    pub expires_ms: u64,
    /// Whether a code may be asked for now.
    pub allowed_to_request_code: bool,
    /// Waiting time until the next code; `null`: never in this login.
    pub next_code_ms: Option<u64>,
    /// Waiting time until an attempt can succeed; `null`: never in this login.
    pub next_verification_attempt_ms: Option<u64>,
    /// Attempts left for the current code; before the first one, what it will have.
    pub attempts_left: u32,
    /// `["pow"]` while a proof of work is needed.
    pub requested_information: Vec<&'static str>,
    /// The proof of work, if one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pow: Option<PowView>,
}

/// A proof of work to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PowView {
    /// Hex.
    pub challenge: String,
    /// Leading zero bits needed.
    pub bits: u8,
}

impl LoginView {
    pub(crate) fn new(
        realm: &Realm,
        code_length: usize,
        attempts: u32,
        state: &LoginState,
        now: Timestamp,
    ) -> Self {
        let next_code = state.next_code.map(|at| wait(at, now));
        let pow = state.pow.clone().map(Challenge::from_bytes);
        Self {
            login_id: state.id.to_string(),
            address: state.address.clone(),
            audience: realm.audience().to_owned(),
            app: realm.app().to_owned(),
            code_length,
            expires_ms: wait(state.expires, now),
            allowed_to_request_code: next_code == Some(0),
            next_code_ms: next_code,
            next_verification_attempt_ms: if state.attempts_left > 0 { Some(0) } else { next_code },
            // A login whose attempts are spent has ended: zero means that no code was sent yet.
            attempts_left: if state.attempts_left == 0 { attempts } else { state.attempts_left },
            requested_information: pow.iter().map(|_| "pow").collect(),
            pow: pow.map(|challenge| PowView {
                challenge: hex::encode(challenge.as_bytes()),
                bits: challenge.bits(),
            }),
        }
    }
}

fn wait(until: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(until.since(now).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{Fingerprint, LoginId};
    use countersign_store::Channel;

    #[test]
    fn the_json_is_the_one_of_the_specification() {
        let now = Timestamp::from_millis(1_000_000);
        let realm = Realm::new("league", "league.example.org").unwrap();
        let mut state = LoginState {
            id: LoginId::from_bytes([0xab; 16]),
            address: "ana@example.org".into(),
            channel: Channel::Email,
            fingerprint: Fingerprint::from_bytes([1; 32]),
            pow: None,
            next_code: Some(now),
            attempts_left: 0,
            expires: Timestamp::from_millis(1_600_000),
        };
        let json = |state: &LoginState| {
            let view = LoginView::new(&realm, 8, 5, state, now);
            serde_json::to_string(&view).unwrap()
        };
        assert_eq!(
            json(&state),
            "{\"login_id\":\"abababababababababababababababab\",\"address\":\"ana@example.org\",\
             \"audience\":\"league.example.org\",\"app\":\"league\",\"code_length\":8,\"expires_ms\":600000,\
             \"allowed_to_request_code\":true,\"next_code_ms\":0,\"next_verification_attempt_ms\":0,\
             \"attempts_left\":5,\"requested_information\":[]}"
        );
        state.pow = Some(vec![18, 1, 2]);
        state.next_code = None;
        let json = json(&state);
        assert!(json.contains("\"allowed_to_request_code\":false,\"next_code_ms\":null"), "{json}");
        assert!(json.ends_with(
            "\"requested_information\":[\"pow\"],\"pow\":{\"challenge\":\"120102\",\"bits\":18}}"
        ));
    }
}
