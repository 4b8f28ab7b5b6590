//! What comes of a call.

use crate::random::RandomError;
use crate::server::KeysetFetchError;
use crate::transport::TransportError;
use countersign::ResultCode;
use countersign::verify::ResponseError;
use std::time::Duration;
use thiserror::Error;

/// A verified answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// How it went; only 0 means that it was done.
    pub result: ResultCode,
    /// The payload.
    pub content: Vec<u8>,
    /// The bytes on the wire, for those who want to look.
    pub exchange: Exchange,
}

/// The request as it was last sent and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The request frame, with its payload.
    pub request: Vec<u8>,
    /// The response frame, with its payload.
    pub response: Vec<u8>,
    /// From the first byte sent to the last received.
    pub round_trip: Duration,
    /// Server time minus this machine's clock, in milliseconds.
    pub offset_ms: Option<i64>,
    /// How far off the server time can be.
    pub uncertainty: Option<Duration>,
    /// 2 if the server asked for another signature.
    pub attempts: u8,
}

/// Why there is no verified answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// Nothing that could be verified came back.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What came back is not to be believed, and was not used.
    #[error("{0}; nothing of it was used")]
    Answer(#[from] ResponseError),
    /// The server's keys are not to be believed.
    #[error(transparent)]
    Keyset(#[from] KeysetFetchError),
    /// The server signs with a key that its newest key set does not name.
    #[error("the server signs with a key that is not in its key set")]
    UnknownKey,
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The server said, signed and for this request, that the session is over. Only now delete the key.
    #[error("the server ended this session ({0}); log in again")]
    LoggedOut(ResultCode),
}

impl CallError {
    /// Whether the server may have executed the request all the same.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Transport(error) => error.outcome_unknown(),
            Self::Answer(_) | Self::UnknownKey | Self::Keyset(_) => true,
            Self::Random(_) | Self::LoggedOut(_) => false,
        }
    }
}
