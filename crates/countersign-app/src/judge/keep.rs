//! What survives a restart: the bundle, the day's code, every ballot.

use super::ballots::{Ballot, BallotState, Place};
use super::{Judge, JudgeEffect};
use alloc::string::String;
use alloc::vec::Vec;
use countersign::Timestamp;
use countersign::wire::{Malformed, Reader, put_lp8};
use countersign_judging::event::CRITERIA_MAX;
use countersign_judging::vote::CONTENT_MAX;
use countersign_judging::{CategoryId, ProjectId};
use countersign_mesh::ReceiptStatus;
use sha2::{Digest, Sha256};

pub(super) const BUNDLE: &str = "judge/bundle";
pub(super) const CODE: &str = "judge/code";
const BALLOT: &str = "ballot/";
/// Of the format below.
const VERSION: u8 = 1;
/// A draft's "not given yet"; points are below it because a criterion's largest is.
const NOT_GIVEN: u32 = u32::MAX;

impl Judge {
    /// Gives back what [`JudgeEffect::Keep`] kept before a restart, in any order; call it before the first event. What cannot be read is
    /// dropped. What it asks for is done with the next [`Judge::update`].
    pub fn restore(&mut self, name: &str, bytes: Vec<u8>, now: Timestamp) {
        if name == BUNDLE {
            let taken = self.take_bundle(bytes, now);
            self.report(taken);
        } else if name == CODE {
            let code = String::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
            if let Some(code) = code {
                // Without its bundle it waits, and says so; that is no trouble while things are still coming.
                let _ = self.take_code(code, now);
            }
        } else if name.starts_with(BALLOT)
            && let Ok((place, ballot)) = decode(&bytes, now)
        {
            self.ballots.put(place, ballot);
        }
    }

    pub(super) fn keep_ballot(&mut self, place: Place, ballot: &Ballot) {
        let digest = Sha256::new_with_prefix([ballot.round])
            .chain_update(place.project.as_str())
            .chain_update([0])
            .chain_update(place.category.as_str())
            .finalize();
        let mut name = String::from(BALLOT);
        for byte in &digest[..8] {
            name.extend(countersign::id::hex_digits(*byte).map(char::from));
        }
        self.effects.push(JudgeEffect::Keep { name, bytes: encode(place, ballot) });
    }
}

fn encode(place: Place, ballot: &Ballot) -> Vec<u8> {
    let (state, status) = match &ballot.state {
        // A signature that was asked for dies with the program; its points are a draft again.
        BallotState::Draft | BallotState::Signing => (0, 0),
        BallotState::Sent { .. } => (1, 0),
        BallotState::Accepted => (2, 0),
        BallotState::Refused(status) => (3, *status as u8),
    };
    let mut out = alloc::vec![VERSION, state, status, ballot.round];
    put_lp8(&mut out, place.project.as_str().as_bytes());
    put_lp8(&mut out, place.category.as_str().as_bytes());
    out.extend_from_slice(&ballot.revision.to_be_bytes());
    out.extend_from_slice(&ballot.seconds.to_be_bytes());
    out.push(ballot.points.len() as u8);
    ballot.points.iter().for_each(|points| out.extend_from_slice(&points.to_be_bytes()));
    let draft = ballot.draft.as_ref();
    out.push(u8::from(draft.is_some()));
    let draft = draft.map_or(&[][..], |draft| draft);
    out.push(draft.len() as u8);
    for points in draft {
        out.extend_from_slice(&points.map_or(NOT_GIVEN, u32::from).to_be_bytes());
    }
    out.extend_from_slice(&ballot.content);
    out
}

fn decode(bytes: &[u8], now: Timestamp) -> Result<(Place, Ballot), Malformed> {
    let mut reader = Reader::new(bytes);
    let version = reader.u8()?;
    if version != VERSION {
        return Err(Malformed::Version(version));
    }
    let [state, status, round] = reader.array()?;
    let place = Place {
        project: ProjectId::new(text(reader.lp8()?)?).map_err(|_| Malformed::Range)?,
        category: CategoryId::new(text(reader.lp8()?)?).map_err(|_| Malformed::Range)?,
    };
    let mut ballot = Ballot::new(round);
    ballot.revision = reader.u32()?;
    ballot.seconds = reader.u64()?;
    ballot.points = many(&mut reader, |reader| reader.u16())?;
    let is_draft = reader.u8()? == 1;
    let draft = many(&mut reader, |reader| reader.u32())?;
    ballot.draft =
        is_draft.then(|| draft.into_iter().map(|points| u16::try_from(points).ok()).collect());
    ballot.content = reader.rest().to_vec();
    if ballot.content.len() > CONTENT_MAX {
        return Err(Malformed::Range);
    }
    let status = ReceiptStatus::ALL.into_iter().find(|known| *known as u8 == status);
    ballot.state = match (state, status) {
        (0, _) => BallotState::Draft,
        (1, _) => BallotState::Sent { tries: 0, next: now },
        (2, _) => BallotState::Accepted,
        (3, Some(status)) => BallotState::Refused(status),
        _ => return Err(Malformed::Range),
    };
    Ok((place, ballot))
}

fn many<T>(
    reader: &mut Reader<'_>,
    one: impl Fn(&mut Reader<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = usize::from(reader.u8()?);
    if count > CRITERIA_MAX {
        return Err(Malformed::Range);
    }
    (0..count).map(|_| one(reader)).collect()
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    core::str::from_utf8(bytes).map_err(|_| Malformed::Range)
}
