//! The bodies of sealed frames. The master says what it wants the slave to be, never what to do: a lost, repeated or late
//! order does no harm, and a slave that starts again is told everything with the next one.

use super::parcel::{ANSWER_MAX, Have, Piece};
use super::report::{self, Report};
use crate::evidence::SlaveSeal;
use crate::id::{JournalHead, MatchId};
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// What a half is there for at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Phase {
    /// Nothing: contacts are not reported.
    #[default]
    Idle = 0,
    /// The goals are tried before a match: armed contacts are reported as checks.
    Check = 1,
    /// A match: armed contacts inside its time are goals.
    Armed = 2,
    /// A match, but contacts are touches.
    Held = 3,
    /// The end: everything is sent, then the seal.
    Drain = 4,
    /// The master has the seal.
    Sealed = 5,
}

impl Phase {
    const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            0 => Self::Idle,
            1 => Self::Check,
            2 => Self::Armed,
            3 => Self::Held,
            4 => Self::Drain,
            5 => Self::Sealed,
            _ => return Err(Malformed::Range),
        })
    }
}

/// What the slave's lamp shows. What it looks like is the shell's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Light {
    /// Dark.
    #[default]
    Off = 0,
    /// Paired, no match.
    Ready = 1,
    /// A match.
    Playing = 2,
    /// The last contact was a goal.
    Goal = 3,
    /// Something is missing, and may come back.
    Amber = 4,
    /// Something is missing for too long.
    Red = 5,
    /// The halves do not believe each other.
    Locked = 6,
}

impl Light {
    const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            0 => Self::Off,
            1 => Self::Ready,
            2 => Self::Playing,
            3 => Self::Goal,
            4 => Self::Amber,
            5 => Self::Red,
            6 => Self::Locked,
            _ => return Err(Malformed::Range),
        })
    }
}

/// The wanted state, and the acknowledgement of all reports up to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Control {
    pub(super) ack: u32,
    /// Grows when the wanted state changes; the slave's beat repeats it.
    pub(super) number: u32,
    pub(super) phase: Phase,
    /// Zero outside of a match.
    pub(super) match_id: [u8; 16],
    /// First and last moment of the match in ticks of the slave's present boot.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) light: Light,
    /// Goals of both teams, for the slave's display.
    pub(super) score: [u8; 2],
    /// The boot whose beats the master knows; 0 if none.
    pub(super) known_boot: u16,
    /// How long ago the last of them was, in milliseconds.
    pub(super) ago: u32,
}

impl Control {
    /// What a person at the slave sees of it.
    pub(super) fn shown(&self) -> (Phase, Light, [u8; 2], Option<MatchId>) {
        (self.phase, self.light, self.score, match_of(self.match_id))
    }
}

/// Sign of life of the slave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) ticks: u64,
    /// The newest control that it has carried out.
    pub(super) number: u32,
    /// The oldest report that it still has; one more than the newest if it has none.
    pub(super) oldest: u32,
}

/// From master to slave.
pub(super) enum ToSlave<'b> {
    Control(Control),
    Ping { sent: u64 },
    Piece(Piece<'b>),
}

/// From slave to master.
pub(super) enum ToMaster<'b> {
    Report(&'b [u8]),
    Beat(Beat),
    Pong { sent: u64, ticks: u64 },
    Seal(SlaveSeal),
    Have(Have),
    Answer { number: u32, bytes: &'b [u8] },
}

const CONTROL: u8 = 1;
const PING: u8 = 2;
const PIECE: u8 = 3;
const REPORT: u8 = 16;
const BEAT: u8 = 17;
const PONG: u8 = 18;
const SEAL: u8 = 19;
const HAVE: u8 = 20;
const ANSWER: u8 = 21;

impl<'b> ToSlave<'b> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Self::Control(control) => {
                out.push(CONTROL);
                out.extend_from_slice(&control.ack.to_be_bytes());
                out.extend_from_slice(&control.number.to_be_bytes());
                out.push(control.phase as u8);
                out.extend_from_slice(&control.match_id);
                out.extend_from_slice(&control.start.to_be_bytes());
                out.extend_from_slice(&control.end.to_be_bytes());
                out.push(control.light as u8);
                out.extend_from_slice(&control.score);
                out.extend_from_slice(&control.known_boot.to_be_bytes());
                out.extend_from_slice(&control.ago.to_be_bytes());
            }
            Self::Ping { sent } => {
                out.push(PING);
                out.extend_from_slice(&sent.to_be_bytes());
            }
            Self::Piece(piece) => {
                out.push(PIECE);
                piece.put(&mut out);
            }
        }
        out
    }

    pub(super) fn decode(body: &'b [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let decoded = match reader.u8()? {
            CONTROL => Self::Control(Control {
                ack: reader.u32()?,
                number: reader.u32()?,
                phase: Phase::from_number(reader.u8()?)?,
                match_id: reader.array()?,
                start: reader.array().map(i64::from_be_bytes)?,
                end: reader.array().map(i64::from_be_bytes)?,
                light: Light::from_number(reader.u8()?)?,
                score: reader.array()?,
                known_boot: reader.u16()?,
                ago: reader.u32()?,
            }),
            PING => Self::Ping { sent: reader.u64()? },
            PIECE => Self::Piece(Piece::take(&mut reader)?),
            _ => return Err(Malformed::Range),
        };
        reader.finish()?;
        Ok(decoded)
    }
}

impl<'b> ToMaster<'b> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + Report::LEN);
        match self {
            Self::Report(bytes) => {
                out.push(REPORT);
                out.extend_from_slice(bytes);
            }
            Self::Beat(beat) => {
                out.push(BEAT);
                out.extend_from_slice(&beat.ticks.to_be_bytes());
                out.extend_from_slice(&beat.number.to_be_bytes());
                out.extend_from_slice(&beat.oldest.to_be_bytes());
            }
            Self::Pong { sent, ticks } => {
                out.push(PONG);
                out.extend_from_slice(&sent.to_be_bytes());
                out.extend_from_slice(&ticks.to_be_bytes());
            }
            Self::Seal(seal) => {
                out.push(SEAL);
                out.extend_from_slice(&seal.boot.to_be_bytes());
                out.extend_from_slice(&seal.last_seq.to_be_bytes());
                out.extend_from_slice(&seal.goals.to_be_bytes());
                out.extend_from_slice(seal.head.as_bytes());
                out.extend_from_slice(&seal.signature);
            }
            Self::Have(have) => {
                out.push(HAVE);
                out.extend_from_slice(&have.number.to_be_bytes());
                out.extend_from_slice(&have.pieces.to_be_bytes());
            }
            Self::Answer { number, bytes } => {
                out.push(ANSWER);
                out.extend_from_slice(&number.to_be_bytes());
                out.extend_from_slice(bytes);
            }
        }
        out
    }

    pub(super) fn decode(body: &'b [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let decoded = match reader.u8()? {
            REPORT => Self::Report(reader.slice(Report::LEN)?),
            BEAT => Self::Beat(Beat {
                ticks: reader.u64()?,
                number: reader.u32()?,
                oldest: reader.u32()?,
            }),
            PONG => Self::Pong { sent: reader.u64()?, ticks: reader.u64()? },
            SEAL => Self::Seal(SlaveSeal {
                boot: reader.u16()?,
                last_seq: reader.u32()?,
                goals: reader.u16()?,
                head: JournalHead::from_bytes(reader.array()?),
                signature: reader.array()?,
            }),
            HAVE => Self::Have(Have { number: reader.u32()?, pieces: reader.u32()? }),
            ANSWER if body.len() <= 5 + ANSWER_MAX => {
                Self::Answer { number: reader.u32()?, bytes: reader.slice(body.len() - 5)? }
            }
            _ => return Err(Malformed::Range),
        };
        reader.finish()?;
        Ok(decoded)
    }
}

/// A match as both halves keep it: none is sixteen zero bytes.
pub(super) fn match_of(bytes: [u8; 16]) -> Option<MatchId> {
    (bytes != [0; 16]).then(|| MatchId::from_bytes(bytes))
}

pub(super) fn short_of(match_id: Option<MatchId>) -> [u8; 8] {
    match_id.map_or([0; 8], |id| report::short(&id))
}
