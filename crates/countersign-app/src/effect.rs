//! What the shell is asked to do.

use alloc::string::String;
use alloc::vec::Vec;
use countersign::Timestamp;

/// Number of a question; its answer carries it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u32);

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Do this, and answer with [`crate::Event::Answer`] and the same id.
    Ask {
        /// To be given back.
        id: AskId,
        /// What.
        ask: Ask,
    },
    /// Keep these bytes under this name over restarts, instead of what is there. Names have `[a-z0-9/-]` only.
    Keep {
        /// The name.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Forget what is kept under this name.
    Forget {
        /// The name.
        name: String,
    },
    /// Send [`crate::Event::Tick`] at this server time, or earlier.
    Wake(Timestamp),
    /// The screen changed.
    Show,
}

/// A question to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Sign these bytes with the session key. Answer: the signature, 64 bytes.
    Sign(Vec<u8>),
    /// `GET /league/certificate` of the device. Answer: the frame.
    Certificate,
    /// `POST /league/prove` of the device. Answer: the frame.
    Prove([u8; 32]),
    /// `POST /league/join` of the device. Answer: the token, 16 bytes.
    Join(Vec<u8>),
    /// An act or a roll call's answer for the device. Answer: nothing.
    Act(Vec<u8>),
    /// Open the views with this token and send each as [`crate::Event::View`]. Answered when they end.
    Watch([u8; 16]),
    /// `GET /league/outbox`. Answer: ids of 16 bytes, one after the other.
    Outbox,
    /// `GET /league/outbox/{id}`. Answer: the bundle.
    Fetch([u8; 16]),
    /// `GET /league/tls`. Answer: begin and end of the device's certificate for browsers, two numbers of 8 bytes in milliseconds,
    /// zeros if it has none; no bytes if it does not want one.
    Tls,
    /// `GET /league/tls/request`. Answer: the frame.
    TlsRequest,
    /// `POST /league/inbox`. Answer: nothing.
    Deliver(Vec<u8>),
    /// A signed request to the server. Answer: the payload of the verified answer.
    Server {
        /// The message type.
        message_type: &'static str,
        /// The payload.
        payload: Vec<u8>,
    },
}
