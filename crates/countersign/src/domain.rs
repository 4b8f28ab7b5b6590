//! What separates one use of a key from every other: application, audience, and kind of message.

use crate::id::Fingerprint;
use crate::wire::put_lp8;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// What a signature is for; part of every signed context, so that none can stand in for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    /// Client to server.
    Request,
    /// Server to client, bound to one request.
    Response,
    /// Server to client, in a numbered stream.
    Push,
    /// Lasting evidence.
    Record,
    /// The server's online keys, by a root.
    Keyset,
    /// Proof of possession of a new key.
    Register,
    /// Root of a tree of responses or pushes.
    Batch,
    /// A few bytes for carriers where every byte counts.
    Statement,
}

impl Domain {
    const ALL: [Self; 8] = [
        Self::Request,
        Self::Response,
        Self::Push,
        Self::Record,
        Self::Keyset,
        Self::Register,
        Self::Batch,
        Self::Statement,
    ];

    /// The word in the domain marker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Push => "push",
            Self::Record => "record",
            Self::Keyset => "keyset",
            Self::Register => "register",
            Self::Batch => "batch",
            Self::Statement => "statement",
        }
    }
}

/// A name that cannot be part of a realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RealmError {
    /// The application's name.
    #[error("an app name has 1 to 32 characters of a-z, 0-9 and '-'")]
    App,
    /// The audience.
    #[error("an audience has 1 to 255 printable ASCII characters and no space")]
    Audience,
}

/// The application and audience that all keys of a deployment sign for.
///
/// Bytes signed for one realm are worthless in another: staging, a second region, or another operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    app: String,
    audience: String,
    prefixes: [Vec<u8>; 8],
}

impl Realm {
    /// The realm of an application (`[a-z0-9-]{1,32}`) and an audience (1 to 255 printable ASCII characters).
    pub fn new(app: &str, audience: &str) -> Result<Self, RealmError> {
        let app_byte =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if app.is_empty() || app.len() > 32 || !app.bytes().all(app_byte) {
            return Err(RealmError::App);
        }
        check_audience(audience)?;
        let prefixes = Domain::ALL.map(|domain| {
            let marker = format!("{app}-{}-v1", domain.as_str());
            let mut prefix = Vec::with_capacity(2 + marker.len() + audience.len());
            put_lp8(&mut prefix, marker.as_bytes());
            put_lp8(&mut prefix, audience.as_bytes());
            prefix
        });
        Ok(Self { app: app.into(), audience: audience.into(), prefixes })
    }

    /// The application's name.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The audience.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// `LP8(domain) ‖ LP8(audience) ‖ fp ‖ parts`: the bytes that a signature covers.
    pub(crate) fn signing_input(
        &self,
        domain: Domain,
        signer: &Fingerprint,
        parts: &[&[u8]],
    ) -> Vec<u8> {
        let prefix = self.prefix(domain);
        let len =
            prefix.len() + Fingerprint::LEN + parts.iter().map(|part| part.len()).sum::<usize>();
        let mut input = Vec::with_capacity(len);
        input.extend_from_slice(prefix);
        input.extend_from_slice(signer.as_bytes());
        parts.iter().for_each(|part| input.extend_from_slice(part));
        input
    }

    /// `SHA-256(LP8(domain) ‖ LP8(audience) ‖ header)`: needs no key, so that errors can be bound too.
    pub(crate) fn digest(&self, domain: Domain, header: &[u8]) -> [u8; 32] {
        Sha256::new_with_prefix(self.prefix(domain)).chain_update(header).finalize().into()
    }

    fn prefix(&self, domain: Domain) -> &[u8] {
        &self.prefixes[domain as usize]
    }
}

/// 1 to 255 printable ASCII characters without space.
pub(crate) fn check_audience(audience: &str) -> Result<(), RealmError> {
    let allowed =
        (1..=255).contains(&audience.len()) && audience.bytes().all(|byte| byte.is_ascii_graphic());
    if allowed { Ok(()) } else { Err(RealmError::Audience) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_alphabet_are_refused() {
        assert!(Realm::new("league", "league.example.org").is_ok());
        for app in ["", "League", "a b", &"a".repeat(33)] {
            assert_eq!(Realm::new(app, "x"), Err(RealmError::App));
        }
        for audience in ["", "a b", "é", &"a".repeat(256)] {
            assert_eq!(Realm::new("a", audience), Err(RealmError::Audience));
        }
    }

    #[test]
    fn domains_index_their_own_prefix() {
        let realm = Realm::new("a", "b").unwrap();
        for domain in Domain::ALL {
            let marker = format!("a-{}-v1", domain.as_str());
            assert_eq!(&realm.prefix(domain)[1..=marker.len()], marker.as_bytes());
        }
    }
}
