//! Who voted for what in a match. When a vote carries is said by [`Electorate`], for the server as well.

use crate::evidence::{ActKind, MatchResult, SeatFlags};
use crate::team::{MAX_PLAYERS, Seat, Team};
use crate::vote::{Electorate, Seats};
use alloc::vec;
use alloc::vec::Vec;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Votes {
    pub(super) abort: Seats,
    pub(super) concede: Seats,
    pub(super) confirm: Seats,
    pub(super) flag: Seats,
    /// By number of the goal.
    pub(super) annul: Vec<Seats>,
    /// By seat.
    pub(super) absent: [Seats; MAX_PLAYERS],
}

impl Default for Votes {
    fn default() -> Self {
        Self {
            abort: Seats::NONE,
            concede: Seats::NONE,
            confirm: Seats::NONE,
            flag: Seats::NONE,
            annul: vec![Seats::NONE; MatchResult::MAX_GOALS],
            absent: [Seats::NONE; MAX_PLAYERS],
        }
    }
}

impl Votes {
    /// The votes of this kind and target; none for an act that is no vote, or no such target.
    pub(super) fn of(&mut self, kind: ActKind, target: u16) -> Option<&mut Seats> {
        let target = usize::from(target);
        match kind {
            ActKind::Abort => Some(&mut self.abort),
            ActKind::Concede => Some(&mut self.concede),
            ActKind::Confirm => Some(&mut self.confirm),
            ActKind::Flag => Some(&mut self.flag),
            ActKind::Annul => self.annul.get_mut(target),
            ActKind::Absent => self.absent.get_mut(target),
            ActKind::Join
            | ActKind::Ready
            | ActKind::Unready
            | ActKind::Quit
            | ActKind::Leave
            | ActKind::Injury
            | ActKind::Return => None,
        }
    }

    /// At least half of each team annul this goal.
    pub(super) fn annuls(&self, goal: usize, voters: &Electorate) -> bool {
        self.annul.get(goal).is_some_and(|votes| voters.annuls(*votes))
    }

    /// Bits of [`SeatFlags`] that votes decide, for a player of this seat and team.
    pub(super) fn flags(&self, seat: Seat, team: Team, voters: &Electorate) -> u8 {
        let votes = self.absent.get(usize::from(seat)).copied().unwrap_or(Seats::NONE);
        let mut flags = 0;
        for (is_set, flag) in [
            (self.confirm.has(seat), SeatFlags::CONFIRMED),
            (self.flag.has(seat), SeatFlags::FLAGGED),
            (voters.declares_absent(team, votes), SeatFlags::ABSENT),
        ] {
            if is_set {
                flags |= flag;
            }
        }
        flags
    }
}

/// One bit for each seat, for the view.
pub(super) fn bits(seats: Seats) -> u32 {
    (0..MAX_PLAYERS as Seat).filter(|seat| seats.has(*seat)).fold(0, |all, seat| all | 1 << seat)
}
