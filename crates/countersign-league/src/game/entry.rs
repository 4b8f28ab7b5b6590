//! What the journal of a match says.

use super::Unsettled;
use super::event::Hit;
use crate::evidence::SlaveSeal;
use crate::id::{Commitment, JournalHead, MatchId, Nonce};
use crate::journal::RawEntry;
use crate::team::End;
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest, Timestamp};

/// The beginning of a journal: where the device stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Number of the match that this lobby leads to.
    pub device_seq: u32,
    /// The lobby.
    pub lobby: Nonce,
    /// The match.
    pub match_id: MatchId,
    /// The device's share of the draw.
    pub commit: Commitment,
    /// The device's last terminal record.
    pub last_terminal: RecordDigest,
    /// Best known time of day.
    pub utc: Timestamp,
    /// How often the device started since its first journal.
    pub boots: u32,
    /// Results that wait for a receipt.
    pub unsettled: Vec<Unsettled>,
}

/// One entry of a match's journal, in the order in which things happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Where the device stands.
    Opened(Opened),
    /// A player of the roster: keyed hash of the radio's address, frame of the ticket, frame of the act.
    Joined([u8; 8], Vec<u8>, Vec<u8>),
    /// Somebody who was ready and does not play: frames of the ticket and of the act.
    Missed(Vec<u8>, Vec<u8>),
    /// Frame of the player's answer to the roll call.
    Rolled(Vec<u8>),
    /// Frame of the start; kickoff counts from here. A second one is the redraw.
    Started(Vec<u8>),
    /// A goal as it was reported.
    Goal(Hit),
    /// A touch that is no goal.
    Touch(End),
    /// Frame of an act.
    Acted(Vec<u8>),
    /// The link is down since then, or up again.
    Link(Option<u64>),
    /// A goal was disarmed (`false`) or armed again, and since when.
    Sensor(End, bool, u64),
    /// The slave was away, from and to.
    SlaveGap(u64, u64),
    /// The slave's word.
    Drained(SlaveSeal),
    /// The slave's goals are lost.
    NotDrained,
    /// Every five seconds: milliseconds played, boot number and clock of the slave, time of day.
    Checkpoint(u32, Option<(u16, u64)>, Timestamp),
    /// The master was without power, from and to.
    Outage(u64, u64),
    /// Frame of the result.
    Result(Vec<u8>),
    /// Frame of a receipt, of this match or an earlier one.
    Receipt(Vec<u8>),
    /// The other half showed a signature that is not its own.
    Distrusted,
    /// The master was without power, and nobody can say for how long, or what was missed.
    PowerLost,
    /// The device started again and read this journal up to here.
    Booted,
    /// The device's share of a redraw; before the start, which shows that of the first draw.
    Redraw([u8; 32]),
}

impl Entry {
    /// The kind byte.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Opened(_) => 1,
            Self::Joined(..) => 2,
            Self::Rolled(_) => 3,
            Self::Started(_) => 4,
            Self::Goal(_) => 5,
            Self::Touch(_) => 6,
            Self::Acted(_) => 7,
            Self::Link(_) => 8,
            Self::Sensor(..) => 9,
            Self::SlaveGap(..) => 10,
            Self::Drained(_) => 11,
            Self::NotDrained => 12,
            Self::Checkpoint(..) => 13,
            Self::Outage(..) => 14,
            Self::Result(_) => 15,
            Self::Receipt(_) => 16,
            Self::Distrusted => 17,
            Self::PowerLost => 18,
            Self::Booted => 19,
            Self::Redraw(_) => 20,
            Self::Missed(..) => 21,
        }
    }

    /// The payload.
    pub fn payload(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Opened(opened) => opened.put(&mut out),
            Self::Joined(radio, ticket, act) => {
                out.extend_from_slice(radio);
                put_two(&mut out, ticket, act);
            }
            Self::Missed(ticket, act) => put_two(&mut out, ticket, act),
            Self::Rolled(frame)
            | Self::Started(frame)
            | Self::Acted(frame)
            | Self::Result(frame)
            | Self::Receipt(frame) => out.extend_from_slice(frame),
            Self::Redraw(secret) => out.extend_from_slice(secret),
            Self::Goal(hit) => hit.put(&mut out),
            Self::Touch(end) => out.push(*end as u8),
            Self::Link(down) => put_option(&mut out, *down, put_u64),
            Self::Sensor(end, armed, at) => {
                out.extend_from_slice(&[*end as u8, u8::from(*armed)]);
                put_u64(&mut out, *at);
            }
            Self::SlaveGap(from, to) | Self::Outage(from, to) => {
                put_u64(&mut out, *from);
                put_u64(&mut out, *to);
            }
            Self::Drained(seal) => put_seal(&mut out, seal),
            Self::NotDrained | Self::Distrusted | Self::PowerLost | Self::Booted => {}
            Self::Checkpoint(played, anchor, utc) => {
                out.extend_from_slice(&played.to_be_bytes());
                put_u64(&mut out, utc.as_millis());
                put_option(&mut out, *anchor, |out, (boot, ticks)| {
                    out.extend_from_slice(&boot.to_be_bytes());
                    put_u64(out, ticks);
                });
            }
        }
        out
    }

    /// Reads an entry.
    pub fn decode(raw: &RawEntry) -> Result<Self, Malformed> {
        let mut reader = Reader::new(&raw.payload);
        let whole = || raw.payload.clone();
        let entry = match raw.kind {
            1 => Self::Opened(Opened::take(&mut reader)?),
            2 => {
                let radio = reader.array()?;
                let (ticket, act) = take_two(reader)?;
                return Ok(Self::Joined(radio, ticket, act));
            }
            3 => return Ok(Self::Rolled(whole())),
            4 => return Ok(Self::Started(whole())),
            5 => Self::Goal(Hit::take(&mut reader)?),
            6 => Self::Touch(End::from_number(reader.u8()?)?),
            7 => return Ok(Self::Acted(whole())),
            8 => Self::Link(take_option(&mut reader, Reader::u64)?),
            9 => {
                let end = End::from_number(reader.u8()?)?;
                let armed = match reader.u8()? {
                    0 => false,
                    1 => true,
                    _ => return Err(Malformed::Range),
                };
                Self::Sensor(end, armed, reader.u64()?)
            }
            10 => Self::SlaveGap(reader.u64()?, reader.u64()?),
            11 => Self::Drained(take_seal(&mut reader)?),
            12 => Self::NotDrained,
            13 => {
                let (played, utc) = (reader.u32()?, reader.time()?);
                let anchor = take_option(&mut reader, |r| Ok((r.u16()?, r.u64()?)))?;
                Self::Checkpoint(played, anchor, utc)
            }
            14 => Self::Outage(reader.u64()?, reader.u64()?),
            15 => return Ok(Self::Result(whole())),
            16 => return Ok(Self::Receipt(whole())),
            17 => Self::Distrusted,
            18 => Self::PowerLost,
            19 => Self::Booted,
            20 => Self::Redraw(reader.array()?),
            21 => {
                let (ticket, act) = take_two(reader)?;
                return Ok(Self::Missed(ticket, act));
            }
            _ => return Err(Malformed::Range),
        };
        reader.finish().map(|()| entry)
    }
}

impl Opened {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.device_seq.to_be_bytes());
        out.extend_from_slice(self.lobby.as_bytes());
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(self.commit.as_bytes());
        out.extend_from_slice(self.last_terminal.as_bytes());
        put_u64(out, self.utc.as_millis());
        out.extend_from_slice(&self.boots.to_be_bytes());
        out.push(self.unsettled.len() as u8);
        for waiting in &self.unsettled {
            out.extend_from_slice(waiting.match_id.as_bytes());
            out.extend_from_slice(waiting.result.as_bytes());
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            device_seq: reader.u32()?,
            lobby: Nonce::from_bytes(reader.array()?),
            match_id: MatchId::from_bytes(reader.array()?),
            commit: Commitment::from_bytes(reader.array()?),
            last_terminal: RecordDigest::from_bytes(reader.array()?),
            utc: reader.time()?,
            boots: reader.u32()?,
            unsettled: {
                let count = reader.u8()?;
                let mut unsettled = Vec::with_capacity(usize::from(count));
                for _ in 0..count {
                    let match_id = MatchId::from_bytes(reader.array()?);
                    let result = RecordDigest::from_bytes(reader.array()?);
                    unsettled.push(Unsettled { match_id, result });
                }
                unsettled
            },
        })
    }
}

impl Hit {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.end as u8);
        put_u64(out, self.at);
        out.extend_from_slice(&self.uncertainty.to_be_bytes());
        out.extend_from_slice(&self.boot.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.peak.to_be_bytes());
        out.extend_from_slice(&self.duration.to_be_bytes());
        out.extend_from_slice(&self.spread);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            end: End::from_number(reader.u8()?)?,
            at: reader.u64()?,
            uncertainty: reader.u16()?,
            boot: reader.u16()?,
            seq: reader.u32()?,
            peak: reader.u16()?,
            duration: reader.u16()?,
            spread: reader.array()?,
        })
    }
}

/// `u16 length of the first ‖ first ‖ second`.
fn put_two(out: &mut Vec<u8>, first: &[u8], second: &[u8]) {
    out.extend_from_slice(&(first.len() as u16).to_be_bytes());
    out.extend_from_slice(first);
    out.extend_from_slice(second);
}

fn take_two(mut reader: Reader<'_>) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let len = usize::from(reader.u16()?);
    let first = reader.slice(len)?.to_vec();
    Ok((first, reader.rest().to_vec()))
}

fn put_seal(out: &mut Vec<u8>, seal: &SlaveSeal) {
    out.extend_from_slice(&seal.boot.to_be_bytes());
    out.extend_from_slice(&seal.last_seq.to_be_bytes());
    out.extend_from_slice(&seal.goals.to_be_bytes());
    out.extend_from_slice(seal.head.as_bytes());
    out.extend_from_slice(&seal.signature);
}

fn take_seal(reader: &mut Reader<'_>) -> Result<SlaveSeal, Malformed> {
    Ok(SlaveSeal {
        boot: reader.u16()?,
        last_seq: reader.u32()?,
        goals: reader.u16()?,
        head: JournalHead::from_bytes(reader.array()?),
        signature: reader.array()?,
    })
}

fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(super) fn put_option<T>(
    out: &mut Vec<u8>,
    value: Option<T>,
    put: impl FnOnce(&mut Vec<u8>, T),
) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

pub(super) fn take_option<'a, T>(
    reader: &mut Reader<'a>,
    take: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    match reader.u8()? {
        0 => Ok(None),
        1 => take(reader).map(Some),
        _ => Err(Malformed::Range),
    }
}
