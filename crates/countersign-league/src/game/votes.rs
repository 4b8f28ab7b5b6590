//! Votes, and when they carry. Everybody of the roster counts, also who left: a vote never gets easier by absence.

use crate::evidence::{ActKind, MatchResult, SeatFlags};
use crate::team::{MAX_PLAYERS, Seat, Team};
use alloc::vec;
use alloc::vec::Vec;

/// Bit sets of seats: who voted for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Votes {
    pub(super) abort: u32,
    pub(super) concede: u32,
    pub(super) confirm: u32,
    pub(super) flag: u32,
    /// By number of the goal.
    pub(super) annul: Vec<u32>,
    /// By seat.
    pub(super) absent: [u32; MAX_PLAYERS],
}

impl Default for Votes {
    fn default() -> Self {
        Self {
            abort: 0,
            concede: 0,
            confirm: 0,
            flag: 0,
            annul: vec![0; MatchResult::MAX_GOALS],
            absent: [0; MAX_PLAYERS],
        }
    }
}

impl Votes {
    /// The votes of this kind and target; none for an act that is no vote, or no such target.
    pub(super) fn of(&mut self, kind: ActKind, target: u16) -> Option<&mut u32> {
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

    /// At least half of both teams want to abort.
    pub(super) fn aborted(&self, sides: &[u32; 2]) -> bool {
        sides.iter().all(|side| half(self.abort, *side))
    }

    /// The team of which at least two thirds concede.
    pub(super) fn conceded(&self, sides: &[u32; 2]) -> Option<Team> {
        Team::BOTH.into_iter().find(|team| two_thirds(self.concede, sides[team.index()]))
    }

    /// At least two thirds of each team confirm.
    pub(super) fn confirmed(&self, sides: &[u32; 2]) -> bool {
        sides.iter().all(|side| two_thirds(self.confirm, *side))
    }

    /// At least half of each team annul this goal.
    pub(super) fn annulled(&self, goal: usize, sides: &[u32; 2]) -> bool {
        let votes = self.annul.get(goal).copied().unwrap_or(0);
        sides.iter().all(|side| half(votes, *side))
    }

    /// At least two thirds of the player's own team and half of the other say that the player was not there.
    pub(super) fn absent(&self, seat: usize, sides: &[u32; 2]) -> bool {
        let Some(votes) = self.absent.get(seat).copied() else { return false };
        let own = usize::from(sides[1] & 1 << seat != 0);
        two_thirds(votes, sides[own]) && half(votes, sides[1 - own])
    }

    /// Bits of [`SeatFlags`] that votes decide.
    pub(super) fn flags(&self, seat: usize, sides: &[u32; 2]) -> u8 {
        let bit = 1 << seat;
        let mut flags = 0;
        for (is_set, flag) in [
            (self.confirm & bit != 0, SeatFlags::CONFIRMED),
            (self.flag & bit != 0, SeatFlags::FLAGGED),
            (self.absent(seat, sides), SeatFlags::ABSENT),
        ] {
            if is_set {
                flags |= flag;
            }
        }
        flags
    }
}

/// The bit of a seat.
pub(super) const fn bit(seat: Seat) -> u32 {
    1 << seat
}

fn half(votes: u32, side: u32) -> bool {
    side != 0 && (votes & side).count_ones() * 2 >= side.count_ones()
}

fn two_thirds(votes: u32, side: u32) -> bool {
    side != 0 && (votes & side).count_ones() * 3 >= side.count_ones() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_reached_exactly() {
        let three = 0b111;
        assert!(!two_thirds(0b001, three) && two_thirds(0b011, three));
        assert!(!half(0b001, three) && half(0b011, three));
        let (eleven, outside) = (0x7ff, 0xf_f800);
        assert!(!two_thirds(0x7f | outside, eleven) && two_thirds(0xff, eleven));
        assert!(!half(0x1f, eleven) && half(0x3f, eleven));
        assert!(!half(0, 0) && !two_thirds(0, 0));
    }

    #[test]
    fn absence_needs_the_own_team_and_the_other() {
        let sides = [0b00_0111, 0b11_1000];
        let mut votes = Votes::default();
        votes.absent[4] = 0b10_1000;
        assert!(!votes.absent(4, &sides));
        votes.absent[4] |= 0b00_0001;
        assert!(!votes.absent(4, &sides));
        votes.absent[4] |= 0b00_0010;
        assert!(votes.absent(4, &sides));
        assert_eq!(votes.flags(4, &sides), SeatFlags::ABSENT);
    }
}
