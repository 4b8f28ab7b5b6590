//! The beginning of a match: who plays, on which side, and what is at stake.

use super::Artefact;
use crate::id::{Commitment, DeviceId, MatchId, Nonce, RulesetId};
use crate::team::{MAX_PLAYERS, Team};
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest, Timestamp, UserId};

/// What a player gains or loses, in thousandths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stakes {
    /// If the player's team wins.
    pub win: i32,
    /// If it is a draw.
    pub draw: i32,
    /// If the player's team loses.
    pub loss: i32,
}

/// One player of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartLine {
    /// The player.
    pub user: UserId,
    /// Digest of the ticket.
    pub ticket: RecordDigest,
    /// Digest of the answer to the roll call.
    pub roll: RecordDigest,
    /// The team that the draw gave.
    pub team: Team,
    /// What is at stake.
    pub stakes: Stakes,
    /// First eight bytes of a keyed hash of the radio's address, for finding one radio with many accounts.
    pub radio: [u8; 8],
}

/// The beginning of a match; signed by the master before kickoff. Its record's `previous` is the device's last terminal
/// record, so that a device cannot lose a match unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchStart {
    /// The match.
    pub match_id: MatchId,
    /// The pair.
    pub device: DeviceId,
    /// How many matches the device has started, this one included.
    pub device_seq: u32,
    /// The rules.
    pub ruleset: RulesetId,
    /// The lobby that the tickets are bound to.
    pub lobby: Nonce,
    /// The device's share of the draw, as it was fixed before anybody joined.
    pub commit: Commitment,
    /// The device's share of the draw.
    pub secret: [u8; 32],
    /// What all players signed in the roll call.
    pub challenge: Nonce,
    /// Best known time: the newest server time that a ticket showed, carried on by the device's own clock.
    pub started: Timestamp,
    /// The team that defends the northern goal.
    pub north: Team,
    /// The pair link's epoch.
    pub link_epoch: u32,
    /// Firmware version.
    pub firmware: u32,
    /// 6 to 22 players, ascending by user; the index is the seat.
    pub roster: Vec<StartLine>,
}

impl Artefact for MatchStart {
    const TYPE: &'static str = "league.start";
    const MAX_FRAME: usize = 512 + MAX_PLAYERS * 101;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(&self.device_seq.to_be_bytes());
        out.extend_from_slice(self.ruleset.as_bytes());
        out.extend_from_slice(self.lobby.as_bytes());
        out.extend_from_slice(self.commit.as_bytes());
        out.extend_from_slice(&self.secret);
        out.extend_from_slice(self.challenge.as_bytes());
        out.extend_from_slice(&self.started.as_millis().to_be_bytes());
        out.push(self.north as u8);
        out.extend_from_slice(&self.link_epoch.to_be_bytes());
        out.extend_from_slice(&self.firmware.to_be_bytes());
        out.push(self.roster.len() as u8);
        self.roster.iter().for_each(|line| line.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let start = Self {
            match_id: MatchId::from_bytes(reader.array()?),
            device: DeviceId::from_bytes(reader.array()?),
            device_seq: reader.u32()?,
            ruleset: RulesetId::from_bytes(reader.array()?),
            lobby: Nonce::from_bytes(reader.array()?),
            commit: Commitment::from_bytes(reader.array()?),
            secret: reader.array()?,
            challenge: Nonce::from_bytes(reader.array()?),
            started: reader.time()?,
            north: Team::from_number(reader.u8()?)?,
            link_epoch: reader.u32()?,
            firmware: reader.u32()?,
            roster: take_roster(reader)?,
        };
        match start.roster.is_sorted_by(|a, b| a.user < b.user) {
            true => Ok(start),
            false => Err(Malformed::Range),
        }
    }
}

fn take_roster(reader: &mut Reader<'_>) -> Result<Vec<StartLine>, Malformed> {
    let count = super::certificate::in_range(reader.u8()?, 2, MAX_PLAYERS as u8)?;
    (0..count).map(|_| StartLine::take(reader)).collect()
}

impl StartLine {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.user.as_bytes());
        out.extend_from_slice(self.ticket.as_bytes());
        out.extend_from_slice(self.roll.as_bytes());
        out.push(self.team as u8);
        for stake in [self.stakes.win, self.stakes.draw, self.stakes.loss] {
            out.extend_from_slice(&stake.to_be_bytes());
        }
        out.extend_from_slice(&self.radio);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            user: UserId::from_bytes(reader.array()?),
            ticket: RecordDigest::from_bytes(reader.array()?),
            roll: RecordDigest::from_bytes(reader.array()?),
            team: Team::from_number(reader.u8()?)?,
            stakes: Stakes {
                win: super::take_i32(reader)?,
                draw: super::take_i32(reader)?,
                loss: super::take_i32(reader)?,
            },
            radio: reader.array()?,
        })
    }
}
