//! What an entry says. Kinds are only ever appended.

use crate::event::RoundState;
use crate::vote::{CONTENT_MAX, SIGNATURE_LEN};
use alloc::vec::Vec;
use countersign::wire::{Reader, put_lp8};
use countersign::{EventId, Fingerprint, Malformed, RecordDigest, Timestamp};

/// Something that happened at the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, by hub time. May go back, as clocks do; the order of the entries is that of what happened.
    pub at: Timestamp,
    /// What.
    pub act: Act,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Kind 1, first and only there: whose log this is, of which event, by which bundle.
    Begin {
        /// The hub.
        hub: Fingerprint,
        /// The event.
        event: EventId,
        /// Digest of the bundle's record.
        bundle: RecordDigest,
    },
    /// Kind 2: from here on another bundle holds.
    Amend {
        /// Digest of the bundle's record.
        bundle: RecordDigest,
    },
    /// Kind 3: a round opened or closed.
    Round {
        /// The round.
        number: u8,
        /// What it is now.
        state: RoundState,
    },
    /// Kind 4: what this key signs does not count from here on.
    Revoke {
        /// The key.
        key: Fingerprint,
    },
    /// Kind 5: a vote was accepted.
    Vote {
        /// JSON and signature.
        content: Vec<u8>,
    },
    /// Kind 6: a vote by a revoked key came in. Kept for people to see, never counted.
    Quarantine {
        /// JSON and signature.
        content: Vec<u8>,
    },
    /// Kind 7: another hub accepted a vote.
    MergedVote {
        /// Which hub.
        hub: Fingerprint,
        /// When, by that hub's log.
        accepted: Timestamp,
        /// JSON and signature.
        content: Vec<u8>,
    },
    /// Kind 8: another hub revoked a key.
    MergedRevoke {
        /// Which hub.
        hub: Fingerprint,
        /// When, by that hub's log.
        revoked: Timestamp,
        /// The key.
        key: Fingerprint,
    },
}

impl Entry {
    /// The body.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![self.act.kind()];
        put_time(&mut out, self.at);
        match &self.act {
            Act::Begin { hub, event, bundle } => {
                out.extend_from_slice(hub.as_bytes());
                put_lp8(&mut out, event.as_str().as_bytes());
                out.extend_from_slice(bundle.as_bytes());
            }
            Act::Amend { bundle } => out.extend_from_slice(bundle.as_bytes()),
            Act::Round { number, state } => out.extend([*number, *state as u8]),
            Act::Revoke { key } => out.extend_from_slice(key.as_bytes()),
            Act::Vote { content } | Act::Quarantine { content } => out.extend_from_slice(content),
            Act::MergedVote { hub, accepted, content } => {
                out.extend_from_slice(hub.as_bytes());
                put_time(&mut out, *accepted);
                out.extend_from_slice(content);
            }
            Act::MergedRevoke { hub, revoked, key } => {
                out.extend_from_slice(hub.as_bytes());
                put_time(&mut out, *revoked);
                out.extend_from_slice(key.as_bytes());
            }
        }
        out
    }

    /// Reads exactly one body.
    pub fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let kind = reader.u8()?;
        let at = reader.time()?;
        let act = match kind {
            1 => Act::Begin {
                hub: take_fingerprint(&mut reader)?,
                event: take_event(&mut reader)?,
                bundle: RecordDigest::from_bytes(reader.array()?),
            },
            2 => Act::Amend { bundle: RecordDigest::from_bytes(reader.array()?) },
            3 => Act::Round {
                number: reader.u8()?,
                state: RoundState::from_number(reader.u8()?).ok_or(Malformed::Range)?,
            },
            4 => Act::Revoke { key: take_fingerprint(&mut reader)? },
            5 => Act::Vote { content: take_content(&mut reader)? },
            6 => Act::Quarantine { content: take_content(&mut reader)? },
            7 => Act::MergedVote {
                hub: take_fingerprint(&mut reader)?,
                accepted: reader.time()?,
                content: take_content(&mut reader)?,
            },
            8 => Act::MergedRevoke {
                hub: take_fingerprint(&mut reader)?,
                revoked: reader.time()?,
                key: take_fingerprint(&mut reader)?,
            },
            _ => return Err(Malformed::Range),
        };
        reader.finish()?;
        Ok(Self { at, act })
    }
}

impl Act {
    const fn kind(&self) -> u8 {
        match self {
            Self::Begin { .. } => 1,
            Self::Amend { .. } => 2,
            Self::Round { .. } => 3,
            Self::Revoke { .. } => 4,
            Self::Vote { .. } => 5,
            Self::Quarantine { .. } => 6,
            Self::MergedVote { .. } => 7,
            Self::MergedRevoke { .. } => 8,
        }
    }
}

fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend_from_slice(&time.as_millis().to_be_bytes());
}

fn take_fingerprint(reader: &mut Reader<'_>) -> Result<Fingerprint, Malformed> {
    reader.array().map(Fingerprint::from_bytes)
}

fn take_event(reader: &mut Reader<'_>) -> Result<EventId, Malformed> {
    let text = core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)?;
    EventId::new(text).map_err(|_| Malformed::Range)
}

/// The rest of the body.
fn take_content(reader: &mut Reader<'_>) -> Result<Vec<u8>, Malformed> {
    let rest = reader.clone().rest();
    if !(SIGNATURE_LEN..=CONTENT_MAX).contains(&rest.len()) {
        return Err(Malformed::Range);
    }
    reader.slice(rest.len()).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_was_written_and_nothing_else_is() {
        let hub = Fingerprint::from_bytes([1; 32]);
        let bundle = RecordDigest::from_bytes([2; 32]);
        let content = alloc::vec![7; 200];
        let time = Timestamp::from_millis(5);
        let acts = [
            Act::Begin { hub, event: EventId::new("FAIR").unwrap(), bundle },
            Act::Amend { bundle },
            Act::Round { number: 1, state: RoundState::Open },
            Act::Revoke { key: hub },
            Act::Vote { content: content.clone() },
            Act::Quarantine { content: content.clone() },
            Act::MergedVote { hub, accepted: time, content },
            Act::MergedRevoke { hub, revoked: time, key: hub },
        ];
        for act in acts {
            let entry = Entry { at: Timestamp::from_millis(9), act };
            let body = entry.encode();
            assert_eq!(Entry::decode(&body), Ok(entry.clone()));
            assert!(Entry::decode(&body[..9]).is_err());
            let longer = [body.as_slice(), &[0; 600]].concat();
            assert!(Entry::decode(&longer).is_err(), "{entry:?}");
        }
        assert_eq!(Entry::decode(&[9; 60]), Err(Malformed::Range));
    }
}
