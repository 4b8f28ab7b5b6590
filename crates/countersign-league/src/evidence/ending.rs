//! The end of a match, as the device signs it: played to the end, void, or abandoned.

use super::{Artefact, take_i32, take_i64};
use crate::id::{DeviceId, JournalHead, MatchId};
use crate::team::{End, MAX_PLAYERS, Team};
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest, Signature, Timestamp};

/// How a match ended. Numbers are only ever appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The score decides.
    Final = 0,
    /// A team conceded, or was too few for too long; the team loses whatever the score.
    Conceded = 1,
    /// Void: goals of the other half are missing.
    VoidGoalGap = 2,
    /// Void: a sensor was away for too long.
    VoidSensorGap = 3,
    /// Void: power was away for too long.
    VoidPower = 4,
    /// Void: a sensor was stuck or noisy for too long.
    VoidSensor = 5,
    /// Void: too few players before a quarter of the time was played.
    VoidTooFew = 6,
    /// Void: the halves do not believe each other.
    VoidPair = 7,
    /// Abandoned before kickoff ended: nothing was played.
    Abandoned = 8,
}

impl Outcome {
    /// From its number.
    pub const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            0 => Self::Final,
            1 => Self::Conceded,
            2 => Self::VoidGoalGap,
            3 => Self::VoidSensorGap,
            4 => Self::VoidPower,
            5 => Self::VoidSensor,
            6 => Self::VoidTooFew,
            7 => Self::VoidPair,
            8 => Self::Abandoned,
            _ => return Err(Malformed::Range),
        })
    }

    /// In words of JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Conceded => "conceded",
            Self::VoidGoalGap => "void_goal_gap",
            Self::VoidSensorGap => "void_sensor_gap",
            Self::VoidPower => "void_power",
            Self::VoidSensor => "void_sensor",
            Self::VoidTooFew => "void_too_few",
            Self::VoidPair => "void_pair",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether ratings can change.
    pub const fn is_rated(self) -> bool {
        matches!(self, Self::Final | Self::Conceded)
    }
}

/// Whether a goal counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum GoalState {
    /// It counts.
    Counted = 0,
    /// Both teams voted that it was none.
    Annulled = 1,
}

/// One goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    /// The goal that was hit.
    pub end: End,
    /// Who scored.
    pub team: Team,
    /// Whether it counts.
    pub state: GoalState,
    /// When, in milliseconds since kickoff.
    pub at: u32,
    /// How far `at` may be off, in milliseconds.
    pub uncertainty: u16,
    /// Boot number of the half that saw it.
    pub boot: u16,
    /// Frame number of the half that saw it.
    pub seq: u32,
    /// Highest reading of the sensor.
    pub peak: u16,
    /// How long the sheet was pressed, in milliseconds.
    pub duration: u16,
    /// Rows and columns that felt it.
    pub spread: [u8; 2],
}

/// What is to be said of a player after the match: bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatFlags(pub u8);

impl SeatFlags {
    /// Confirmed the result.
    pub const CONFIRMED: u8 = 1;
    /// Flagged the match.
    pub const FLAGGED: u8 = 1 << 1;
    /// Left, and did not come back in time.
    pub const LEFT: u8 = 1 << 2;
    /// Left because of an injury.
    pub const INJURED: u8 = 1 << 3;
    /// Was voted absent by both teams.
    pub const ABSENT: u8 = 1 << 4;
    const KNOWN: u8 = 31;

    /// Whether a bit is set.
    pub const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// Whether the player counts as gone before the end, for a reason that is no injury.
    pub const fn is_leaver(self) -> bool {
        self.has(Self::ABSENT) || (self.has(Self::LEFT) && !self.has(Self::INJURED))
    }
}

/// The slave's own word on what it saw: signed by the slave, inside the master's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlaveSeal {
    /// Boot number at the end.
    pub boot: u16,
    /// Last frame number.
    pub last_seq: u32,
    /// Goals that it reported in this match.
    pub goals: u16,
    /// Head of its own chain of goal frames.
    pub head: JournalHead,
    /// Over [`SlaveSeal::message`].
    pub signature: Signature,
}

impl SlaveSeal {
    /// `"countersign-slave-seal-v1" ‖ device ‖ match_id ‖ boot ‖ last_seq ‖ goals ‖ head`.
    pub fn message(&self, device: &DeviceId, match_id: &MatchId) -> Vec<u8> {
        let mut out = Vec::with_capacity(25 + 16 + 16 + 8 + 32);
        out.extend_from_slice(b"countersign-slave-seal-v1");
        out.extend_from_slice(device.as_bytes());
        out.extend_from_slice(match_id.as_bytes());
        self.put_fields(&mut out);
        out
    }

    fn put_fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.boot.to_be_bytes());
        out.extend_from_slice(&self.last_seq.to_be_bytes());
        out.extend_from_slice(&self.goals.to_be_bytes());
        out.extend_from_slice(self.head.as_bytes());
    }
}

/// The end of a match; signed by the master. Its record's `previous` is the digest of the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchResult {
    /// The match.
    pub match_id: MatchId,
    /// Digest of the start.
    pub start: RecordDigest,
    /// How it ended.
    pub outcome: Outcome,
    /// The team that conceded or was too few, where that is the outcome.
    pub loser: Option<Team>,
    /// Goals that count, by team.
    pub score: [u8; 2],
    /// All goals, also annulled ones, in order of time; at most [`MatchResult::MAX_GOALS`].
    pub goals: Vec<Goal>,
    /// By seat.
    pub seats: Vec<SeatFlags>,
    /// Rating changes by seat, in thousandths, before the server's integrity factor.
    pub deltas: Vec<i32>,
    /// What balances them: minus their sum.
    pub bank: i64,
    /// How long was played, in milliseconds on the master's clock.
    pub played: u32,
    /// Best known time of the end.
    pub ended: Timestamp,
    /// Time without sight of the northern goal, and of the southern, in milliseconds.
    pub gaps: [u32; 2],
    /// Touches that counted as no goal.
    pub touches: u16,
    /// Head of the master's journal, and its number of entries.
    pub journal: (JournalHead, u32),
    /// The slave's word; missing only where the outcome is void.
    pub slave: Option<SlaveSeal>,
}

impl MatchResult {
    /// Most goals in a result: with 8 s between goals, 75 are possible in ten minutes.
    pub const MAX_GOALS: usize = 255;
}

impl Artefact for MatchResult {
    const TYPE: &'static str = "league.result";
    const MAX_FRAME: usize = 640 + MAX_PLAYERS * 5 + MatchResult::MAX_GOALS * 21;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(self.start.as_bytes());
        out.push(self.outcome as u8);
        out.push(self.loser.map_or(255, |team| team as u8));
        out.extend_from_slice(&self.score);
        out.push(self.goals.len() as u8);
        self.goals.iter().for_each(|goal| goal.put(out));
        out.push(self.seats.len() as u8);
        for (flags, delta) in self.seats.iter().zip(&self.deltas) {
            out.push(flags.0);
            out.extend_from_slice(&delta.to_be_bytes());
        }
        out.extend_from_slice(&self.bank.to_be_bytes());
        out.extend_from_slice(&self.played.to_be_bytes());
        out.extend_from_slice(&self.ended.as_millis().to_be_bytes());
        self.gaps.iter().for_each(|gap| out.extend_from_slice(&gap.to_be_bytes()));
        out.extend_from_slice(&self.touches.to_be_bytes());
        out.extend_from_slice(self.journal.0.as_bytes());
        out.extend_from_slice(&self.journal.1.to_be_bytes());
        out.push(u8::from(self.slave.is_some()));
        if let Some(seal) = &self.slave {
            seal.put_fields(out);
            out.extend_from_slice(&seal.signature);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let match_id = MatchId::from_bytes(reader.array()?);
        let start = RecordDigest::from_bytes(reader.array()?);
        let outcome = Outcome::from_number(reader.u8()?)?;
        let loser = match reader.u8()? {
            255 => None,
            team => Some(Team::from_number(team)?),
        };
        let score = reader.array()?;
        let goals = take_goals(reader)?;
        let (seats, deltas) = take_seats(reader)?;
        Ok(Self {
            match_id,
            start,
            outcome,
            loser,
            score,
            goals,
            seats,
            deltas,
            bank: take_i64(reader)?,
            played: reader.u32()?,
            ended: reader.time()?,
            gaps: [reader.u32()?, reader.u32()?],
            touches: reader.u16()?,
            journal: (JournalHead::from_bytes(reader.array()?), reader.u32()?),
            slave: take_seal(reader)?,
        })
    }
}

fn take_goals(reader: &mut Reader<'_>) -> Result<Vec<Goal>, Malformed> {
    let count = reader.u8()?;
    let goals = (0..count).map(|_| Goal::take(reader)).collect::<Result<Vec<_>, _>>()?;
    match goals.is_sorted_by_key(|goal| goal.at) {
        true => Ok(goals),
        false => Err(Malformed::Range),
    }
}

fn take_seats(reader: &mut Reader<'_>) -> Result<(Vec<SeatFlags>, Vec<i32>), Malformed> {
    let count = super::certificate::in_range(reader.u8()?, 0, MAX_PLAYERS as u8)?;
    let mut seats = Vec::with_capacity(usize::from(count));
    let mut deltas = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let flags = reader.u8()?;
        if flags & !SeatFlags::KNOWN != 0 {
            return Err(Malformed::Range);
        }
        seats.push(SeatFlags(flags));
        deltas.push(take_i32(reader)?);
    }
    Ok((seats, deltas))
}

fn take_seal(reader: &mut Reader<'_>) -> Result<Option<SlaveSeal>, Malformed> {
    match reader.u8()? {
        0 => Ok(None),
        1 => Ok(Some(SlaveSeal {
            boot: reader.u16()?,
            last_seq: reader.u32()?,
            goals: reader.u16()?,
            head: JournalHead::from_bytes(reader.array()?),
            signature: reader.array()?,
        })),
        _ => Err(Malformed::Range),
    }
}

impl Goal {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.end as u8, self.team as u8, self.state as u8]);
        out.extend_from_slice(&self.at.to_be_bytes());
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
            team: Team::from_number(reader.u8()?)?,
            state: match reader.u8()? {
                0 => GoalState::Counted,
                1 => GoalState::Annulled,
                _ => return Err(Malformed::Range),
            },
            at: reader.u32()?,
            uncertainty: reader.u16()?,
            boot: reader.u16()?,
            seq: reader.u32()?,
            peak: reader.u16()?,
            duration: reader.u16()?,
            spread: reader.array()?,
        })
    }
}
