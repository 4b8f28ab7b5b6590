//! Result codes of signed answers.

use core::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $status:literal;)*) => {
        impl ResultCode {
            $($(#[$doc])* pub const $name: Self = Self($code);)*

            /// The name in the `error` member of the payload.
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($code => $text,)*
                    100.. => "application",
                    _ => "unknown",
                }
            }

            /// The HTTP status that mirrors the class of this result, for operators.
            pub const fn http_status(self) -> u16 {
                match self.0 {
                    $($code => $status,)*
                    100..=199 | 600.. => 200,
                    200..=599 => self.0,
                    _ => 400,
                }
            }
        }
    };
}

/// How a request went, signed. Below 100 the exchange speaks, from 100 the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResultCode(u16);

codes! {
    /// Done.
    OK = 0, "ok", 200;
    /// Unknown session or bad signature; deliberately one code.
    UNAUTHENTICATED = 1, "unauthenticated", 401;
    /// The session was revoked; told only to whoever holds its key.
    SESSION_REVOKED = 2, "session_revoked", 401;
    /// The timestamp is outside the freshness window.
    STALE_TIMESTAMP = 3, "stale_timestamp", 401;
    /// Signed for another server process, or too long ago.
    STALE_EPOCH = 4, "stale_epoch", 401;
    /// This request id was used.
    REPLAYED = 5, "replayed", 409;
    /// The payload is not what was signed.
    PAYLOAD_MISMATCH = 6, "payload_mismatch", 400;
    /// Too many requests of this session.
    RATE_LIMITED = 7, "rate_limited", 429;
    /// The session lacks the scope.
    FORBIDDEN = 8, "forbidden", 403;
    /// No command or route has this name.
    UNKNOWN_TYPE = 9, "unknown_type", 400;
    /// The idempotency key was used with other content.
    IDEMPOTENCY_MISMATCH = 10, "idempotency_mismatch", 409;
    /// The first call with this key has not ended.
    IDEMPOTENCY_IN_PROGRESS = 11, "idempotency_in_progress", 409;
    /// The payload does not fit its type.
    INVALID_PAYLOAD = 12, "invalid_payload", 400;
    /// The server is at a limit of its own.
    OVERLOADED = 13, "overloaded", 503;
    /// The service behind the gateway does not answer.
    UPSTREAM_UNAVAILABLE = 14, "upstream_unavailable", 503;
    /// The service behind the gateway took too long; the outcome is unknown.
    UPSTREAM_TIMEOUT = 15, "upstream_timeout", 503;
    /// The named thing does not exist, or is not yours.
    NOT_FOUND = 16, "not_found", 400;
    /// A fault of the server; nothing was acknowledged.
    INTERNAL = 17, "internal", 503;
    /// Wrong, used, expired or foreign login code.
    CODE_INVALID = 18, "code_invalid", 401;
    /// A record failed a check.
    RECORD_INVALID = 19, "record_invalid", 400;
    /// A bundle of match evidence failed a check; sending the same bytes again is pointless.
    EVIDENCE_INVALID = 20, "evidence_invalid", 400;
    /// It cannot be done as things stand: somebody else has the name, or the thing is in another state.
    CONFLICT = 21, "conflict", 409;
    /// The session logged in too long ago for what it wants to do; log in again.
    STEP_UP_REQUIRED = 22, "step_up_required", 403;
}

impl ResultCode {
    /// From the wire; every number is a result.
    pub const fn from_u16(code: u16) -> Self {
        Self(code)
    }

    /// For the wire.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether the request was executed with success: 0, or an HTTP status of success from the service behind.
    pub const fn is_ok(self) -> bool {
        matches!(self.0, 0 | 200..=299)
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.name())
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
