//! Signing where the root is, which is not where the server is.
//!
//! The server writes the next set as text, a medium carries it to the root, and the signed frame comes back. Neither
//! direction is secret. The text shows the application, because it is part of what the root signs; everything else is in
//! the bytes, so a signer looks at [`Unsigned::content`] and [`Unsigned::audience`] before signing.

use core::fmt;
use countersign::domain::RealmError;
use countersign::keyset::{KeysetError, decode};
use countersign::{Keyset, KeysetContent, Realm, Signer, SigningKey};

const FORMAT: &str = "countersign-keyset-v1 unsigned";

/// The next set, waiting for a root's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// Whom it is for.
    pub realm: Realm,
    /// What it says.
    pub content: KeysetContent,
}

/// Why a set cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// Something else.
    #[error(
        "this is no unsigned key set: it should have the line \"countersign-keyset-v1 unsigned <app>\" \
         and a line of hexadecimal digits, as `keys export-unsigned` writes them"
    )]
    Format,
    /// The application or the audience is no such name.
    #[error(transparent)]
    Realm(#[from] RealmError),
    /// The bytes are no key set, or the signed result would not be one.
    #[error(transparent)]
    Keyset(#[from] KeysetError),
}

impl Unsigned {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Result<Self, CeremonyError> {
        let mut lines = text.lines();
        let first = lines.next().and_then(|line| line.strip_prefix(FORMAT));
        let app = first.and_then(|rest| rest.strip_prefix(' ')).ok_or(CeremonyError::Format)?;
        let digits = lines.next().ok_or(CeremonyError::Format)?;
        let header = hex::decode(digits).map_err(|_| CeremonyError::Format)?;
        if lines.next().is_some() {
            return Err(CeremonyError::Format);
        }
        let (content, audience) = decode(&header)?;
        Ok(Self { realm: Realm::new(app, &audience)?, content })
    }

    /// For whom the set is.
    pub fn audience(&self) -> &str {
        self.realm.audience()
    }

    /// Signs, and opens the result as a client would that trusts this root.
    pub fn sign(&self, root: &SigningKey) -> Result<Vec<u8>, CeremonyError> {
        let frame = self.content.sign(&self.realm, root);
        let roots = [root.verifying_key().clone()];
        Keyset::open(&self.realm, &roots, self.content.version, &frame)?;
        Ok(frame)
    }
}

impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT} {}", self.realm.app())?;
        writeln!(f, "{}", hex::encode(self.content.encode(&self.realm)))
    }
}
