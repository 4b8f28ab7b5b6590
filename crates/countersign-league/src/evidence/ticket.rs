//! A ticket: what the server vouches for about a player, so that a device without internet can believe it.

use super::{Artefact, put_key, put_text, take_i32, take_key, take_text, take_vouched_key};
use crate::id::{DeviceId, Nonce};
use alloc::string::String;
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, Timestamp, UserId, VerifyingKey};

/// Bits of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TicketFlags(pub u16);

impl TicketFlags {
    /// The rating is provisional.
    pub const PROVISIONAL: u16 = 1;
    /// Flags raised by this player have no weight any more.
    pub const FLAG_WEIGHTLESS: u16 = 1 << 1;
    /// Votes of this player have no weight any more.
    pub const VOTE_WEIGHTLESS: u16 = 1 << 2;
    /// The player left another match injured within a month; the next injury is no excuse.
    pub const INJURY_SPENT: u16 = 1 << 3;
    const KNOWN: u16 = 15;

    /// Whether a bit is set.
    pub const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

/// One player, for one match; signed by an online key of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The player.
    pub user: UserId,
    /// The session key that must sign the roll call and the acts.
    pub key: VerifyingKey,
    /// The device that it is for, or [`DeviceId::NONE`] for a travel ticket.
    pub device: DeviceId,
    /// The lobby that it is for, or [`Nonce::NONE`].
    pub lobby: Nonce,
    /// Season of the rating.
    pub season: u16,
    /// Rating in thousandths of a point.
    pub rating: i32,
    /// Rated matches so far.
    pub matches: u16,
    /// What else a device must know.
    pub flags: TicketFlags,
    /// Before this time the player may not start a rated match ([`Timestamp::ZERO`]: no bar).
    pub barred_until: Timestamp,
    /// First moment at which no lobby may take it; a match that started before stays valid.
    pub expires: Timestamp,
    /// Name to show; at most 64 bytes.
    pub name: String,
}

impl Ticket {
    /// Whether it is bound to no device.
    pub fn is_travel(&self) -> bool {
        self.device == DeviceId::NONE
    }
}

impl Artefact for Ticket {
    const TYPE: &'static str = "league.ticket";
    const MAX_FRAME: usize = 512;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.user.as_bytes());
        put_key(out, &self.key);
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(self.lobby.as_bytes());
        out.extend_from_slice(&self.season.to_be_bytes());
        out.extend_from_slice(&self.rating.to_be_bytes());
        out.extend_from_slice(&self.matches.to_be_bytes());
        out.extend_from_slice(&self.flags.0.to_be_bytes());
        out.extend_from_slice(&self.barred_until.as_millis().to_be_bytes());
        out.extend_from_slice(&self.expires.as_millis().to_be_bytes());
        put_text(out, &self.name);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::take_with(reader, take_key)
    }

    /// The server signs no key that it did not take in, so its order need not be checked again.
    fn take_verified(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::take_with(reader, take_vouched_key)
    }
}

impl Ticket {
    fn take_with(
        reader: &mut Reader<'_>,
        key: fn(&mut Reader<'_>) -> Result<VerifyingKey, Malformed>,
    ) -> Result<Self, Malformed> {
        let ticket = Self {
            user: UserId::from_bytes(reader.array()?),
            key: key(reader)?,
            device: DeviceId::from_bytes(reader.array()?),
            lobby: Nonce::from_bytes(reader.array()?),
            season: reader.u16()?,
            rating: take_i32(reader)?,
            matches: reader.u16()?,
            flags: TicketFlags(reader.u16()?),
            barred_until: reader.time()?,
            expires: reader.time()?,
            name: take_text(reader, 64)?,
        };
        match ticket.flags.0 & !TicketFlags::KNOWN {
            0 => Ok(ticket),
            _ => Err(Malformed::Range),
        }
    }
}
