//! How many votes decide what. The device counts with these rules, and the server counts again.
//!
//! Everybody of the roster has a vote, also who left, unless the ticket says that it has no weight any more; then the
//! player is not counted at all. Where nobody can vote, nothing is agreed.

use crate::evidence::{Signed, StartLine, Ticket, TicketFlags};
use crate::team::{MAX_PLAYERS, Seat, Team};

/// Some seats of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seats(u32);

impl Seats {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// With one more; a seat that no match has changes nothing.
    #[must_use]
    pub const fn with(self, seat: Seat) -> Self {
        if (seat as usize) < MAX_PLAYERS { Self(self.0 | 1 << seat) } else { self }
    }

    /// Whether a seat is one of them.
    pub const fn has(self, seat: Seat) -> bool {
        (seat as usize) < MAX_PLAYERS && self.0 & 1 << seat != 0
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in one or both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl FromIterator<Seat> for Seats {
    fn from_iter<I: IntoIterator<Item = Seat>>(seats: I) -> Self {
        seats.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Who may vote in a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Electorate {
    voters: [Seats; 2],
    flaggers: [Seats; 2],
}

impl Electorate {
    /// From the team and the ticket's bits of every seat.
    pub fn new(seats: impl IntoIterator<Item = (Team, TicketFlags)>) -> Self {
        let mut electorate = Self { voters: [Seats::NONE; 2], flaggers: [Seats::NONE; 2] };
        for (seat, (team, flags)) in (0..MAX_PLAYERS as Seat).zip(seats) {
            let add = |seats: &mut [Seats; 2]| seats[team.index()] = seats[team.index()].with(seat);
            if !flags.has(TicketFlags::VOTE_WEIGHTLESS) {
                add(&mut electorate.voters);
            }
            if !flags.has(TicketFlags::FLAG_WEIGHTLESS) {
                add(&mut electorate.flaggers);
            }
        }
        electorate
    }

    /// From a roster and its tickets.
    pub fn of(roster: &[StartLine], tickets: &[Signed<Ticket>]) -> Self {
        Self::new(roster.iter().zip(tickets).map(|(line, ticket)| (line.team, ticket.value.flags)))
    }

    /// Aborting the kickoff: half of both teams.
    pub fn aborts(&self, votes: Seats) -> bool {
        Team::BOTH.iter().all(|team| self.reaches(*team, votes, 1, 2))
    }

    /// Conceding: two thirds of the own team.
    pub fn concedes(&self, team: Team, votes: Seats) -> bool {
        self.reaches(team, votes, 2, 3)
    }

    /// Ending the review early: two thirds of both teams.
    pub fn confirms(&self, votes: Seats) -> bool {
        Team::BOTH.iter().all(|team| self.reaches(*team, votes, 2, 3))
    }

    /// Annulling a goal: half of the team that it was for, and half of the other.
    pub fn annuls(&self, votes: Seats) -> bool {
        Team::BOTH.iter().all(|team| self.reaches(*team, votes, 1, 2))
    }

    /// Declaring a player of `team` absent: two thirds of that team, half of the other.
    pub fn declares_absent(&self, team: Team, votes: Seats) -> bool {
        self.reaches(team, votes, 2, 3) && self.reaches(team.other(), votes, 1, 2)
    }

    /// Putting a match aside: two players of different teams, or a third of the roster.
    pub fn flags(&self, flags: Seats) -> bool {
        let [a, b] = self.flaggers;
        let given = flags.and(a.or(b)).count();
        let both = flags.and(a) != Seats::NONE && flags.and(b) != Seats::NONE;
        given > 0 && (both || 3 * given >= a.or(b).count())
    }

    fn reaches(&self, team: Team, votes: Seats, part: u32, whole: u32) -> bool {
        let voters = self.voters[team.index()];
        voters != Seats::NONE && whole * votes.and(voters).count() >= part * voters.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Seats 0 to 4 are A, 5 to 8 are B.
    fn electorate(weightless: &[(Seat, u16)]) -> Electorate {
        let seats = (0..9).map(|seat| {
            let bits = weightless.iter().find(|(other, _)| *other == seat).map_or(0, |one| one.1);
            (if seat < 5 { Team::A } else { Team::B }, TicketFlags(bits))
        });
        Electorate::new(seats)
    }

    fn votes(a: Seat, b: Seat) -> Seats {
        (0..a).chain(5..5 + b).collect()
    }

    #[test]
    fn each_threshold_is_reached_exactly_where_the_rules_say() {
        let all = electorate(&[]);
        let pairs: Vec<(Seat, Seat)> = (0..=5).flat_map(|a| (0..=4).map(move |b| (a, b))).collect();
        for (a, b) in pairs {
            let now = votes(a, b);
            // Half of five are three, two thirds are four; half of four are two, two thirds are three.
            assert_eq!(all.annuls(now), a >= 3 && b >= 2, "{a} {b}");
            assert_eq!(all.aborts(now), a >= 3 && b >= 2, "{a} {b}");
            assert_eq!(all.confirms(now), a >= 4 && b >= 3, "{a} {b}");
            assert_eq!(all.concedes(Team::A, now), a >= 4, "{a} {b}");
            assert_eq!(all.concedes(Team::B, now), b >= 3, "{a} {b}");
            assert_eq!(all.declares_absent(Team::A, now), a >= 4 && b >= 2, "{a} {b}");
            assert_eq!(all.declares_absent(Team::B, now), a >= 3 && b >= 3, "{a} {b}");
            assert_eq!(all.flags(now), (a > 0 && b > 0) || a + b >= 3, "{a} {b}");
        }
    }

    #[test]
    fn who_has_no_weight_is_not_counted_at_all() {
        let some =
            electorate(&[(0, TicketFlags::VOTE_WEIGHTLESS), (5, TicketFlags::FLAG_WEIGHTLESS)]);
        assert!(!some.concedes(Team::A, votes(3, 0)));
        assert!(some.concedes(Team::A, (1..4).collect()));
        assert!(!some.flags(votes(1, 1)));
        assert!(some.flags([0, 6].into_iter().collect()));
    }

    #[test]
    fn nobody_agrees_to_nothing() {
        let weightless: Vec<(Seat, u16)> = (0..9).map(|seat| (seat, 6)).collect();
        let none = electorate(&weightless);
        assert!(!none.concedes(Team::A, votes(5, 4)) && !none.flags(votes(5, 4)));
        assert!(!none.annuls(votes(5, 4)) && !electorate(&[]).flags(Seats::NONE));
    }

    #[test]
    fn seats_beyond_the_last_are_nobody() {
        assert_eq!(Seats::NONE.with(22).with(200), Seats::NONE);
        assert!(Seats::NONE.with(21).has(21) && !Seats::NONE.has(40));
        let (some, one) = (votes(2, 0), votes(1, 0));
        assert_eq!(some.without(one).or(one), some);
    }
}
