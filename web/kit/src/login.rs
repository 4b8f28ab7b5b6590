//! What stands in the way of a login, and how it is said.

use crate::text::{Shared, fill};

/// Why a login does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No server.
    Unreachable,
    /// The browser makes no such keys.
    NoKey,
    /// Codes cannot be sent there.
    AddressUnusable,
    /// The server made another address of it.
    AddressChanged(String),
    /// Later, in seconds.
    TooSoon(u64),
    /// None any more.
    NoMoreCodes,
    /// Attempts that are left.
    CodeWrong(u64),
    /// Whoever answered is not the server.
    NotBelieved,
    /// Another reason, in the protocol's words.
    Refused(String),
}

/// What went wrong, as a sentence.
pub fn sentence(trouble: &Trouble, t: &Shared) -> String {
    match trouble {
        Trouble::Unreachable => t.unreachable.to_owned(),
        Trouble::NoKey => t.no_key.to_owned(),
        Trouble::AddressUnusable => t.address_unusable.to_owned(),
        Trouble::AddressChanged(found) => fill(t.address_changed, &[found]),
        Trouble::TooSoon(seconds) => fill(t.too_soon, &[&seconds.to_string()]),
        Trouble::NoMoreCodes => t.no_more_codes.to_owned(),
        Trouble::CodeWrong(left) => fill(t.code_wrong, &[&left.to_string()]),
        Trouble::NotBelieved => t.not_believed.to_owned(),
        Trouble::Refused(code) => fill(t.login_refused, &[code]),
    }
}
