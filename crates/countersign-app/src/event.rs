//! What the shell tells.

use crate::effect::AskId;
use alloc::string::String;
use alloc::vec::Vec;

/// Something happened outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An answer to an [`crate::Effect::Ask`].
    Answer {
        /// Which.
        id: AskId,
        /// The bytes, or why there are none.
        result: Result<Vec<u8>, Failure>,
    },
    /// A push frame from the device.
    View(Vec<u8>),
    /// The person did something.
    Tap(Tap),
    /// Time has passed.
    Tick,
    /// A network came, or came back: what waits for one is tried at once.
    Online,
}

/// What a person can do at the pitch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tap {
    /// Go to the device that the phone is connected to.
    Approach,
    /// Ready.
    Ready,
    /// Not ready any more.
    Unready,
    /// Leave the lobby, or the match during kickoff.
    Quit,
    /// Vote to abort the kickoff.
    Abort,
    /// Leave the match in play.
    Leave,
    /// Leave because of an injury.
    Injury,
    /// Take a leave back.
    Return,
    /// Vote to concede.
    Concede,
    /// Confirm the result.
    Confirm,
    /// Vote to annul this goal.
    Annul(u16),
    /// Vote that the player in this seat was not there.
    Absent(u8),
    /// Flag the match.
    Flag,
    /// Fetch a ticket that fits any device, while there is internet.
    Prepare,
    /// Go away from the device.
    Depart,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nobody was reached; the same may work later.
    Unreachable(String),
    /// Reached, and refused: a code of the protocol and a sentence.
    Refused {
        /// The code, "not_found".
        code: String,
        /// The sentence.
        detail: String,
    },
    /// The server's signed word: this session is over.
    LoggedOut,
}
