//! What an operator can change. Each act needs a reason, and a code that is fresh.

use crate::files::Files;
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
    /// Store an event.
    Put {
        /// What it is made of.
        files: Box<Files>,
        /// The revision that it takes the place of; nothing: it is new.
        from: Option<u64>,
    },
    /// Deal out a round.
    Assign {
        /// The event.
        event: String,
        /// The round.
        round: String,
        /// By how many judges each project is to be seen.
        views: String,
    },
    /// Sign the next bundle.
    Publish {
        /// The event.
        event: String,
        /// Whether judges without a key are left out.
        is_without_missing: bool,
    },
    /// Let a judge enrol another key.
    Replace {
        /// The event.
        event: String,
        /// The judge.
        judge: String,
    },
    /// Let everybody see the results.
    Results {
        /// The event.
        event: String,
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
            // It has files in it, and is begun by a word of its own.
            Self::Put { .. } => "put".to_owned(),
            Self::Assign { event, round, views } => format!("assign {event} {round} {views}"),
            Self::Publish { event, is_without_missing: false } => format!("publish {event}"),
            Self::Publish { event, is_without_missing: true } => format!("publish {event} without"),
            Self::Replace { event, judge } => format!("replace {event} {judge}"),
            Self::Results { event } => format!("results {event}"),
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
            ["assign", event, round, views] => {
                Self::Assign { event: own(event), round: own(round), views: own(views) }
            }
            ["publish", event] => Self::Publish { event: own(event), is_without_missing: false },
            ["publish", event, "without"] => {
                Self::Publish { event: own(event), is_without_missing: true }
            }
            ["replace", event, judge] => Self::Replace { event: own(event), judge: own(judge) },
            ["results", event] => Self::Results { event: own(event) },
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
            Self::Put { files, from } => (
                "console.event_put",
                json!({ "files": files.json(), "from": from, "reason": reason }),
            ),
            Self::Assign { event, round, views } => {
                let number = |text: &str| text.parse::<u32>().ok();
                let (round, views) = (number(round), number(views));
                let wish =
                    json!({ "event": event, "round": round, "views": views, "reason": reason });
                ("console.event_assign", wish)
            }
            Self::Publish { event, is_without_missing } => {
                let wish = json!({ "event": event, "without_missing": is_without_missing, "reason": reason });
                ("console.event_publish", wish)
            }
            Self::Replace { event, judge } => (
                "console.event_replace",
                json!({ "event": event, "judge": judge, "reason": reason }),
            ),
            Self::Results { event } => {
                ("console.event_results", json!({ "event": event, "reason": reason }))
            }
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
            Act::Assign { event: own("FAIR"), round: own("1"), views: own("3") },
            Act::Publish { event: own("FAIR"), is_without_missing: false },
            Act::Publish { event: own("FAIR"), is_without_missing: true },
            Act::Replace { event: own("FAIR"), judge: own("J1") },
            Act::Results { event: own("FAIR") },
        ] {
            assert_eq!(Act::parse(&act.name()), Some(act));
        }
        for wrong in ["", "device", "device a", "rule a b c", "drop a", "put", "publish a b"] {
            assert_eq!(Act::parse(wrong), None, "{wrong}");
        }
    }
}
