//! Tickets: what was vouched for, to whom, and in which match it was used.

use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId, Nonce};

/// A ticket that was signed and is about to be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTicket {
    /// Digest of the ticket.
    pub digest: RecordDigest,
    /// The player.
    pub user: UserId,
    /// The device that it is for, or [`DeviceId::NONE`] for a travel ticket.
    pub device: DeviceId,
    /// The lobby that it is for, or [`Nonce::NONE`].
    pub lobby: Nonce,
    /// When.
    pub issued: Timestamp,
    /// First moment at which no lobby may take it.
    pub expires: Timestamp,
}

impl NewTicket {
    /// Whether it is bound to no device.
    pub fn is_travel(&self) -> bool {
        self.device == DeviceId::NONE
    }
}

/// What became of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketOutcome {
    /// Remembered; it may be handed out.
    Issued {
        /// The unused travel ticket that it replaces.
        superseded: Option<RecordDigest>,
    },
    /// A ticket with this digest was issued before.
    Known,
    /// The user is no player, or erased.
    NoPlayer,
}

/// Where a ticket is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketState {
    /// Handed out.
    Unused,
    /// Another travel ticket took its place.
    Superseded,
    /// Used in this match.
    Used(MatchId),
}

/// A ticket that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedTicket {
    /// What was handed out.
    pub ticket: NewTicket,
    /// What became of it.
    pub state: TicketState,
}
