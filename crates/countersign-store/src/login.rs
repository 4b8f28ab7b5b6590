//! Logins: from an address to a registered key.

use crate::outbox::NewMessage;
use crate::session::Registered;
use countersign::{Fingerprint, LoginId, Timestamp};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How a code reaches its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// SMTP.
    Email,
    /// The SMS provider's webhook.
    Sms,
}

/// A login about to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLogin {
    /// Fresh id.
    pub id: LoginId,
    /// Normalised address.
    pub address: String,
    /// Follows from the address.
    pub channel: Channel,
    /// The only key that may register.
    pub fingerprint: Fingerprint,
    /// Challenge of the proof of work that the first code needs, if any.
    pub pow: Option<Vec<u8>>,
    /// Limits that apply, for the state that comes back.
    pub limits: LoginLimits,
    /// When it opens.
    pub now: Timestamp,
}

/// Limits of logins; every number is the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLimits {
    /// Life of a code, and of a login after its last code.
    pub code_life: Duration,
    /// Attempts per code.
    pub attempts: u32,
    /// Time between two codes to one address.
    pub resend_after: Duration,
    /// Codes per address and hour.
    pub per_hour: u32,
    /// Codes per address and 24 hours.
    pub per_day: u32,
}

impl LoginLimits {
    /// How long an issued code counts against its address.
    pub const MEMORY: Duration = DAY;

    /// When the next code may go to an address, at the earliest `now`; `None` if not before the login `expires`.
    ///
    /// `issued`: when codes went to the address in any login, oldest first; those before [`Self::MEMORY`] may be left out.
    pub fn next_code(
        &self,
        issued: &[Timestamp],
        expires: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let resend = issued.last().map_or(now, |last| last.plus(self.resend_after));
        let hour = window_opens(issued, self.per_hour, HOUR)?;
        let day = window_opens(issued, self.per_day, DAY)?;
        Some(now.max(resend).max(hour).max(day)).filter(|&next| next < expires)
    }
}

/// What may be told to whoever opened the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginState {
    /// The login.
    pub id: LoginId,
    /// Normalised address.
    pub address: String,
    /// Follows from the address.
    pub channel: Channel,
    /// The only key that may register.
    pub fingerprint: Fingerprint,
    /// Challenge still to be solved; cleared by the first issued code.
    pub pow: Option<Vec<u8>>,
    /// When the next code may be asked for, at the earliest now; `None` if never again in this login.
    pub next_code: Option<Timestamp>,
    /// Attempts left for the current code; 0 if there is no code.
    pub attempts_left: u32,
    /// When the login ends.
    pub expires: Timestamp,
}

/// HMAC-SHA-256 of a code under the server's pepper; the code itself is stored nowhere but in its message.
///
/// Compares in constant time.
#[derive(Clone, Copy)]
pub struct CodeMac(pub [u8; 32]);

impl PartialEq for CodeMac {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for CodeMac {}

impl core::fmt::Debug for CodeMac {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CodeMac(..)")
    }
}

/// A code about to be issued, with the message that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// MAC of the code.
    pub mac: CodeMac,
    /// The e-mail or SMS.
    pub message: NewMessage,
}

/// What became of a request for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeIssue {
    /// Issued and enqueued.
    Issued(LoginState),
    /// A limit stands against it; the state says when to try again. Nothing was changed.
    TooSoon(LoginState),
    /// The login does not exist, ended or expired.
    NoLogin,
}

/// A code that somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptedCode {
    /// MAC of what was typed.
    pub mac: CodeMac,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Right: the session exists now, durably.
    Registered(Box<Registered>),
    /// Wrong, expired, used, for another key, or no such login; one attempt was spent if there was one.
    Refused {
        /// Attempts left for the current code.
        attempts_left: u32,
    },
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When fewer than `limit` of the issues lie within `window`; `None` if a limit of zero forbids it for ever.
fn window_opens(issued: &[Timestamp], limit: u32, window: Duration) -> Option<Timestamp> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let counted = issued.len().checked_sub(limit);
    match counted {
        None => Some(Timestamp::ZERO),
        Some(index) => issued.get(index).map(|oldest| oldest.plus(window)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LoginLimits = LoginLimits {
        code_life: Duration::from_secs(600),
        attempts: 5,
        resend_after: Duration::from_secs(60),
        per_hour: 3,
        per_day: 5,
    };
    const LATE: Timestamp = Timestamp::from_millis(u64::MAX);

    fn minutes(minutes: u64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn next(issued: &[u64], now: u64) -> Option<Timestamp> {
        let issued: Vec<_> = issued.iter().copied().map(minutes).collect();
        LIMITS.next_code(&issued, LATE, minutes(now))
    }

    #[test]
    fn each_limit_opens_exactly_at_its_end() {
        let day = 24 * 60;
        for (issued, now, expected) in [
            (vec![], 7, 7),
            (vec![7], 7, 8),
            (vec![7], 8, 8),
            (vec![0, 10, 20], 30, 60),
            (vec![0, 10, 20], 60, 60),
            (vec![0, 10, 20, 60], 61, 70),
            (vec![0, 100, 200, 300, 400], 500, day),
            (vec![0, 100, 200, 300, 400, day], day + 1, day + 100),
        ] {
            assert_eq!(next(&issued, now), Some(minutes(expected)), "{issued:?} at {now}");
        }
    }

    #[test]
    fn nothing_comes_after_the_end_of_the_login_or_with_a_limit_of_zero() {
        assert_eq!(LIMITS.next_code(&[minutes(9)], minutes(10), minutes(9)), None);
        assert_eq!(LIMITS.next_code(&[minutes(8)], minutes(10), minutes(8)), Some(minutes(9)));
        for none in [LoginLimits { per_hour: 0, ..LIMITS }, LoginLimits { per_day: 0, ..LIMITS }] {
            assert_eq!(none.next_code(&[], LATE, minutes(1)), None);
        }
    }

    #[test]
    fn a_mac_is_neither_printed_nor_confused() {
        let mac = CodeMac([7; 32]);
        assert_eq!(format!("{mac:?}"), "CodeMac(..)");
        assert!(mac == CodeMac([7; 32]) && mac != CodeMac([8; 32]));
    }
}
