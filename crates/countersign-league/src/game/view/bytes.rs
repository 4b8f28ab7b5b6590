//! The canonical bytes of a view.

use super::{LinkColour, View, ViewEnding, ViewGoal, ViewPlayer, ViewReceipt, Warnings};
use crate::evidence::{
    Artefact, GoalState, Outcome, ReceiptLine, SeatFlags, Settlement, Stakes, put_text, take_i32,
    take_i64, take_text,
};
use crate::game::State;
use crate::game::entry::{put_option, take_option};
use crate::id::{Commitment, DeviceId, MatchId, Nonce, RulesetId};
use crate::team::{End, MAX_PLAYERS, Team};
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest, UserId};

impl Artefact for View {
    const TYPE: &'static str = "league.view";
    const MAX_FRAME: usize = 8 * 1024;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        out.push(self.state as u8);
        for number in [self.left, self.played, self.duration] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(self.ruleset.as_bytes());
        out.extend_from_slice(self.lobby.as_bytes());
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(&self.device_seq.to_be_bytes());
        out.extend_from_slice(self.commit.as_bytes());
        out.push(self.link as u8);
        out.extend_from_slice(&self.warnings.0.to_be_bytes());
        out.push(self.unsettled);
        put_option(out, self.challenge.as_ref(), |out, nonce| {
            out.extend_from_slice(nonce.as_bytes());
        });
        put_team(out, self.north);
        out.extend_from_slice(&self.score);
        self.votes.iter().for_each(|votes| out.extend_from_slice(&votes.to_be_bytes()));
        out.push(self.players.len() as u8);
        self.players.iter().for_each(|player| player.put(out));
        out.push(self.goals.len() as u8);
        self.goals.iter().for_each(|goal| goal.put(out));
        put_option(out, self.ending.as_ref(), |out, ending| ending.put(out));
        put_option(out, self.receipt.as_ref(), |out, receipt| receipt.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            number: reader.u64()?,
            state: State::from_number(reader.u8()?).ok_or(Malformed::Range)?,
            left: reader.u32()?,
            played: reader.u32()?,
            duration: reader.u32()?,
            device: DeviceId::from_bytes(reader.array()?),
            ruleset: RulesetId::from_bytes(reader.array()?),
            lobby: Nonce::from_bytes(reader.array()?),
            match_id: MatchId::from_bytes(reader.array()?),
            device_seq: reader.u32()?,
            commit: Commitment::from_bytes(reader.array()?),
            link: match reader.u8()? {
                0 => LinkColour::Green,
                1 => LinkColour::Amber,
                2 => LinkColour::Red,
                _ => return Err(Malformed::Range),
            },
            warnings: Warnings(reader.u16()?),
            unsettled: reader.u8()?,
            challenge: take_option(reader, |reader| reader.array().map(Nonce::from_bytes))?,
            north: take_team(reader)?,
            score: reader.array()?,
            votes: [reader.u32()?, reader.u32()?, reader.u32()?],
            players: take_list(reader, MAX_PLAYERS, ViewPlayer::take)?,
            goals: take_list(reader, usize::from(u8::MAX), ViewGoal::take)?,
            ending: take_option(reader, ViewEnding::take)?,
            receipt: take_option(reader, ViewReceipt::take)?,
        })
    }
}

impl ViewPlayer {
    const PROVISIONAL: u8 = 1;
    const READY: u8 = 2;
    const CONNECTED: u8 = 4;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.user.as_bytes());
        put_text(out, &self.name);
        out.extend_from_slice(&self.rating.to_be_bytes());
        let bits = [
            (self.provisional, Self::PROVISIONAL),
            (self.ready, Self::READY),
            (self.connected, Self::CONNECTED),
        ];
        out.push(bits.iter().filter(|(is_so, _)| *is_so).fold(0, |all, (_, bit)| all | bit));
        put_team(out, self.team);
        for stake in [self.stakes.win, self.stakes.draw, self.stakes.loss, self.delta] {
            out.extend_from_slice(&stake.to_be_bytes());
        }
        out.push(self.flags.0);
        out.extend_from_slice(&self.absent.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let user = UserId::from_bytes(reader.array()?);
        let name = take_text(reader, 64)?;
        let rating = take_i32(reader)?;
        let bits = reader.u8()?;
        if bits & !(Self::PROVISIONAL | Self::READY | Self::CONNECTED) != 0 {
            return Err(Malformed::Range);
        }
        let team = take_team(reader)?;
        let stakes =
            Stakes { win: take_i32(reader)?, draw: take_i32(reader)?, loss: take_i32(reader)? };
        Ok(Self {
            user,
            name,
            rating,
            provisional: bits & Self::PROVISIONAL != 0,
            ready: bits & Self::READY != 0,
            connected: bits & Self::CONNECTED != 0,
            team,
            stakes,
            delta: take_i32(reader)?,
            flags: SeatFlags(reader.u8()?),
            absent: reader.u32()?,
        })
    }
}

impl ViewGoal {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.end as u8, self.team as u8, self.state as u8]);
        out.extend_from_slice(&self.at.to_be_bytes());
        out.extend_from_slice(&self.annul.to_be_bytes());
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
            annul: reader.u32()?,
        })
    }
}

impl ViewEnding {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.outcome as u8);
        put_team(out, self.loser);
        put_option(out, self.result.as_ref(), |out, digest| {
            out.extend_from_slice(digest.as_bytes());
        });
        out.extend_from_slice(&self.bank.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            outcome: Outcome::from_number(reader.u8()?)?,
            loser: take_team(reader)?,
            result: take_option(reader, |reader| reader.array().map(RecordDigest::from_bytes))?,
            bank: take_i64(reader)?,
        })
    }
}

impl ViewReceipt {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.settlement as u8);
        out.extend_from_slice(&self.reason.to_be_bytes());
        out.extend_from_slice(&self.integrity.to_be_bytes());
        out.push(self.lines.len() as u8);
        self.lines.iter().for_each(|line| put_line(out, line));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            settlement: Settlement::from_number(reader.u8()?)?,
            reason: reader.u16()?,
            integrity: reader.u16()?,
            lines: take_list(reader, MAX_PLAYERS, take_line)?,
        })
    }
}

fn put_line(out: &mut Vec<u8>, line: &ReceiptLine) {
    out.extend_from_slice(line.user.as_bytes());
    for number in [line.sporting, line.adjustment, line.rating] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&line.rank.to_be_bytes());
}

fn take_line(reader: &mut Reader<'_>) -> Result<ReceiptLine, Malformed> {
    Ok(ReceiptLine {
        user: UserId::from_bytes(reader.array()?),
        sporting: take_i32(reader)?,
        adjustment: take_i32(reader)?,
        rating: take_i32(reader)?,
        rank: reader.u32()?,
    })
}

fn put_team(out: &mut Vec<u8>, team: Option<Team>) {
    out.push(team.map_or(255, |team| team as u8));
}

fn take_team(reader: &mut Reader<'_>) -> Result<Option<Team>, Malformed> {
    match reader.u8()? {
        255 => Ok(None),
        team => Team::from_number(team).map(Some),
    }
}

fn take_list<'a, T>(
    reader: &mut Reader<'a>,
    most: usize,
    take: impl Fn(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = usize::from(reader.u8()?);
    if count > most {
        return Err(Malformed::Range);
    }
    (0..count).map(|_| take(reader)).collect()
}
