//! The checks of a match as a list: what passed, what failed and why, what was not reached.

use super::ServerKeys;
use crate::evidence::{Artefact, EvidenceError, MatchReceipt, Received, Signed, Ticket};
use crate::ruleset::BUILT_IN;
use crate::settlement::{Checked, Context, KnownDevice, KnownRules, Refusal, check, read, signer};
use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use countersign::{Fingerprint, Frame, Malformed, RecordHeader, Timestamp};

/// The checks of `docs/league.md`, "Settlement", in their order.
const GAME: [(&str, &str); 16] = [
    ("G1", "the bundle has at most 128 KiB, 22 players and 256 acts"),
    ("G2", "everything in it is in canonical form"),
    ("G3", "the master of a known device signed start and result"),
    ("G4", "both signatures hold, and both are of one match of this device"),
    ("G5", "the slave sealed what it saw"),
    ("G6", "the device's share of the draw was fixed beforehand"),
    ("G7", "the rules are known, and allow so many players"),
    ("G8", "the server made every ticket, for this match, in time"),
    ("G9", "every player answered the roll call"),
    ("G10", "the draw gives these teams and ends"),
    ("G11", "the tickets give these stakes"),
    ("G12", "outcome and stakes give these rating changes"),
    ("G13", "players of the match signed every act"),
    ("G14", "acts and votes back every claim"),
    ("G15", "the goals give this score"),
    ("G16", "the match took as long as it says"),
];

/// Where a check is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Passed,
    /// It does not, and why.
    Failed(String),
    /// Not reached, because one before failed.
    Open,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its id: `G1` to `G16`, or the word that its program gives it.
    pub id: &'static str,
    /// What has to hold.
    pub what: &'static str,
    /// Where it is.
    pub state: State,
}

/// All checks of one result, in order. Once one failed, no other is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report(Vec<Check>);

impl Report {
    /// G1 to G16. `device` finds the device whose master has this key.
    pub fn game<E>(
        bundle: &[u8],
        keys: &ServerKeys,
        device: impl FnOnce(Fingerprint) -> Result<Option<KnownDevice>, E>,
        now: Timestamp,
    ) -> Result<(Self, Option<Checked>), E> {
        let (bundle, master) = match read(bundle).and_then(|it| signer(&it).map(|by| (it, by))) {
            Ok(read) => read,
            Err(refusal) => return Ok((Self::refused(&refusal), None)),
        };
        let device = device(master)?;
        let server_key = |key: &Fingerprint, at| keys.at(key, at);
        // Whether a league rates them is its server's configuration, and no check depends on it.
        let rules = BUILT_IN.map(|(_, params)| KnownRules { params, rated: true });
        let context = Context {
            realm: keys.realm(),
            device: device.as_ref(),
            server_key: &server_key,
            rules: &rules,
        };
        Ok(match check(&bundle, &context, now) {
            Ok(checked) => (Self::passed(), Some(checked)),
            Err(refusal) => (Self::refused(&refusal), None),
        })
    }

    /// One more check, by id and what has to hold; not reached if one before failed.
    pub fn then(
        &mut self,
        (id, what): (&'static str, &'static str),
        look: impl FnOnce() -> Result<(), String>,
    ) {
        let state = match self.is_sound() {
            true => look().map_or_else(State::Failed, |()| State::Passed),
            false => State::Open,
        };
        self.0.push(Check { id, what, state });
    }

    /// More checks; not reached if one before failed.
    pub fn join(&mut self, other: Self) {
        let is_sound = self.is_sound();
        let open = |check| if is_sound { check } else { Check { state: State::Open, ..check } };
        self.0.extend(other.0.into_iter().map(open));
    }

    /// Whether every check so far holds.
    pub fn is_sound(&self) -> bool {
        self.0.iter().all(|check| check.state == State::Passed)
    }

    /// The check that failed, if one did.
    pub fn failed(&self) -> Option<&Check> {
        self.0.iter().find(|check| matches!(check.state, State::Failed(_)))
    }

    /// All of them.
    pub fn checks(&self) -> &[Check] {
        &self.0
    }

    fn passed() -> Self {
        let passed = |(id, what)| Check { id, what, state: State::Passed };
        Self(GAME.map(passed).into())
    }

    /// The first that fails is the answer, so all before it passed.
    fn refused(refusal: &Refusal) -> Self {
        let mut report = Self::passed();
        let failed = report.0.iter().position(|check| check.id == refusal.check()).unwrap_or(0);
        for (index, check) in report.0.iter_mut().enumerate().skip(failed) {
            check.state = match index == failed {
                true => State::Failed(refusal.to_string()),
                false => State::Open,
            };
        }
        report
    }
}

/// The server's receipt of this result: signed by a key of that time, and about these players.
pub fn receipt(
    frame: &[u8],
    checked: &Checked,
    keys: &ServerKeys,
) -> Result<Signed<MatchReceipt>, String> {
    let receipt = signed::<MatchReceipt>(frame, keys)?;
    let (start, result) = (&checked.start.value, &checked.result);
    if receipt.value.result != result.digest || receipt.value.match_id != start.match_id {
        return Err("it is the receipt of another result".to_owned());
    }
    if receipt.previous != result.digest {
        return Err("it does not refer to the result as the record before it".to_owned());
    }
    let users = receipt.value.lines.iter().map(|line| line.user);
    let sporting = receipt.value.lines.iter().map(|line| line.sporting);
    let is_fork = receipt.value.lines.is_empty();
    let same = users.eq(start.roster.iter().map(|line| line.user))
        && sporting.eq(result.value.deltas.iter().copied());
    match is_fork || same {
        true => Ok(receipt),
        false => Err("its lines are not those of the players and the result".to_owned()),
    }
}

/// Content that a key of the server signed when it was one.
pub fn signed<T: Artefact>(frame: &[u8], keys: &ServerKeys) -> Result<Signed<T>, String> {
    let open = || -> Result<Option<Signed<T>>, EvidenceError> {
        let received = Received::<T>::decode(frame)?;
        let Ok((_, created)) = claimed(frame) else { return Ok(None) };
        match keys.at(&received.signer(), created) {
            Some(key) => received.verify(keys.realm(), &key).map(Some),
            None => Ok(None),
        }
    };
    match open() {
        Ok(Some(signed)) => Ok(signed),
        Ok(None) => Err("no key that was the server's at that time signed it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whose signatures of the server a match needs, and of when; for choosing key sets, never for trusting.
pub fn signers(tickets: &[Signed<Ticket>], frames: &[&[u8]]) -> Vec<(Fingerprint, Timestamp)> {
    let of_tickets = tickets.iter().map(|ticket| (ticket.signer, ticket.created));
    of_tickets.chain(frames.iter().filter_map(|frame| claimed(frame).ok())).collect()
}

fn claimed(frame: &[u8]) -> Result<(Fingerprint, Timestamp), Malformed> {
    let header = RecordHeader::decode(Frame::split(frame)?.header)?;
    Ok((header.signer, header.created))
}
