//! What an operator can change. Each act needs a reason, and a code that is fresh.

use serde_json::{Value, json};

/// Something to be done, before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Move a device on in its life.
    Device {
        /// The pair, in hex.
        device: String,
        /// Where to.
        to: String,
    },
    /// Rule on a match.
    Rule {
        /// The match, in hex.
        of: String,
        /// `uphold`, `void` or `refund`.
        decision: String,
    },
    /// End sessions of an account.
    Revoke {
        /// The account, in hex.
        user: String,
        /// One session, in hex; nothing means all.
        session: Option<String>,
    },
}

impl Act {
    /// As it stands in the page.
    pub fn name(&self) -> String {
        match self {
            Self::Device { device, to } => format!("device {device} {to}"),
            Self::Rule { of, decision } => format!("rule {of} {decision}"),
            Self::Revoke { user, session: Some(session) } => format!("revoke {user} {session}"),
            Self::Revoke { user, session: None } => format!("revoke {user}"),
        }
    }

    /// Reads it from the page.
    pub fn parse(name: &str) -> Option<Self> {
        let words: Vec<&str> = name.split(' ').collect();
        let own = |text: &str| text.to_owned();
        Some(match words.as_slice() {
            ["device", device, to] => Self::Device { device: own(device), to: own(to) },
            ["rule", of, decision] => Self::Rule { of: own(of), decision: own(decision) },
            ["revoke", user] => Self::Revoke { user: own(user), session: None },
            ["revoke", user, session] => {
                Self::Revoke { user: own(user), session: Some(own(session)) }
            }
            _ => return None,
        })
    }

    /// Message type and payload.
    pub fn message(&self, reason: &str) -> (&'static str, Value) {
        match self {
            Self::Device { device, to } => {
                ("console.device_set", json!({ "device": device, "status": to, "reason": reason }))
            }
            Self::Rule { of, decision } => {
                ("console.rule", json!({ "match": of, "decision": decision, "reason": reason }))
            }
            Self::Revoke { user, session } => (
                "console.sessions_revoke",
                json!({ "user": user, "session": session, "reason": reason }),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_found_again_by_its_name() {
        let own = |text: &str| text.to_owned();
        for act in [
            Act::Device { device: own("ab"), to: own("revoked") },
            Act::Rule { of: own("cd"), decision: own("void") },
            Act::Revoke { user: own("ef"), session: None },
            Act::Revoke { user: own("ef"), session: Some(own("01")) },
        ] {
            assert_eq!(Act::parse(&act.name()), Some(act));
        }
        for wrong in ["", "device", "device a", "rule a b c", "drop a"] {
            assert_eq!(Act::parse(wrong), None, "{wrong}");
        }
    }
}
