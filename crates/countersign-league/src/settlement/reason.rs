//! Why a match, or one line of it, did not simply count. Sent in receipts, so numbers are only ever appended.

use crate::evidence::Settlement;

/// What a receipt explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Reason {
    /// Nothing to explain.
    None = 0,
    /// The device's keys are burnt.
    DeviceRevoked = 1,
    /// The device is under suspicion.
    DeviceSuspect = 2,
    /// The device signed something else under the same number.
    Fork = 3,
    /// The device declared the match void.
    OutcomeVoid = 4,
    /// Called off before kickoff.
    Abandoned = 5,
    /// An operator struck it.
    Struck = 6,
    /// Made, sold or at the workshop, but not in use.
    DeviceNotActive = 7,
    /// Fourteen days are over.
    TooLate = 8,
    /// Matches of this device are missing.
    CounterGap = 9,
    /// The server does not rate these rules.
    RulesetNotRated = 10,
    /// Teams of different size, under rules that do not rate that.
    Uneven = 11,
    /// It ended in the future.
    ClockAhead = 12,
    /// The device had its matches of the day.
    DeviceCap = 13,
    /// Players flagged it.
    Flagged = 14,
    /// A player disputes it.
    Disputed = 15,
    /// One line: the ticket was used for another match.
    TicketReused = 16,
    /// One line: the ticket said that the player must not start yet.
    PlayerBarred = 17,
    /// One line: the player is banned.
    PlayerBanned = 18,
    /// One line: the player had the rated matches of the day.
    PlayerCap = 19,
    /// One line: the rating stays at the floor.
    RatingFloor = 20,
}

impl Reason {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 21] = [
        Self::None,
        Self::DeviceRevoked,
        Self::DeviceSuspect,
        Self::Fork,
        Self::OutcomeVoid,
        Self::Abandoned,
        Self::Struck,
        Self::DeviceNotActive,
        Self::TooLate,
        Self::CounterGap,
        Self::RulesetNotRated,
        Self::Uneven,
        Self::ClockAhead,
        Self::DeviceCap,
        Self::Flagged,
        Self::Disputed,
        Self::TicketReused,
        Self::PlayerBarred,
        Self::PlayerBanned,
        Self::PlayerCap,
        Self::RatingFloor,
    ];

    /// The number in a receipt.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// From its number; a newer server may send one that is not known here.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// What becomes of a match because of it; reasons of single lines leave it settled.
    pub const fn settlement(self) -> Settlement {
        match self {
            Self::DeviceRevoked | Self::DeviceSuspect | Self::Fork => Settlement::Frozen,
            Self::OutcomeVoid | Self::Abandoned | Self::Struck => Settlement::Void,
            Self::DeviceNotActive
            | Self::TooLate
            | Self::CounterGap
            | Self::RulesetNotRated
            | Self::Uneven
            | Self::ClockAhead
            | Self::DeviceCap => Settlement::Unrated,
            Self::Flagged | Self::Disputed => Settlement::Pending,
            Self::None
            | Self::TicketReused
            | Self::PlayerBarred
            | Self::PlayerBanned
            | Self::PlayerCap
            | Self::RatingFloor => Settlement::Settled,
        }
    }

    /// Whether an operator can decide that it does not matter; nobody can make a void match count.
    pub const fn can_be_released(self) -> bool {
        !matches!(self, Self::OutcomeVoid | Self::Abandoned | Self::RulesetNotRated | Self::Uneven)
    }

    /// One sentence for the player.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::None => "The match counts.",
            Self::DeviceRevoked => {
                "The device was withdrawn; the match waits for a decision of the operator."
            }
            Self::DeviceSuspect => {
                "The device is being examined; the match waits for a decision of the operator."
            }
            Self::Fork => {
                "The device signed two different matches under one number; both wait for the operator."
            }
            Self::OutcomeVoid => "The device could not vouch for the score, so the match is void.",
            Self::Abandoned => "The match was called off before kickoff.",
            Self::Struck => "The operator examined the match and struck it.",
            Self::DeviceNotActive => "The device was not in use, so the match is not rated.",
            Self::TooLate => {
                "The result came more than 14 days after the match, so it is not rated."
            }
            Self::CounterGap => {
                "Earlier matches of the device are missing, so this one is not rated."
            }
            Self::RulesetNotRated => "This league does not rate matches under these rules.",
            Self::Uneven => "Under these rules, teams of different size are not rated.",
            Self::ClockAhead => {
                "By the device's clock the match ends in the future; it is not rated."
            }
            Self::DeviceCap => {
                "The device had its rated matches of the day; this one is not rated."
            }
            Self::Flagged => "Players flagged the match; it counts after 24 hours unless disputed.",
            Self::Disputed => {
                "A player disputes the match; it waits for a decision of the operator."
            }
            Self::TicketReused => {
                "Your ticket was used for another match, so this one is not counted."
            }
            Self::PlayerBarred => {
                "You were barred when the match began, so it is not counted for you."
            }
            Self::PlayerBanned => "Your account is banned, so the match is not counted for you.",
            Self::PlayerCap => {
                "You had your rated matches of the day, so this one is not counted for you."
            }
            Self::RatingFloor => "Your rating is at its lowest and cannot fall further.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_and_sentences_are_sentences() {
        for (number, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(usize::from(reason.number()), number);
            assert_eq!(Reason::from_number(reason.number()), Some(*reason));
            assert!(reason.sentence().ends_with('.') && reason.sentence().len() > 15);
        }
        assert_eq!(Reason::from_number(21), None);
    }
}
