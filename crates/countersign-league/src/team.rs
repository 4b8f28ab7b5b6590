//! Sides of a match.

use countersign::Malformed;

/// Index of a player in the roster of a match, from 0.
pub type Seat = u8;

/// Most players in a match.
pub const MAX_PLAYERS: usize = 22;

/// One of the two teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Team {
    /// The first team.
    A = 0,
    /// The second team.
    B = 1,
}

impl Team {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The opponents.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// 0 or 1.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// From its number.
    pub const fn from_number(number: u8) -> Result<Self, Malformed> {
        match number {
            0 => Ok(Self::A),
            1 => Ok(Self::B),
            _ => Err(Malformed::Range),
        }
    }
}

/// One of the two goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum End {
    /// The goal with the master.
    North = 0,
    /// The goal with the slave.
    South = 1,
}

impl End {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::North, Self::South];

    /// The opposite goal.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::North => Self::South,
            Self::South => Self::North,
        }
    }

    /// 0 or 1.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// From its number.
    pub const fn from_number(number: u8) -> Result<Self, Malformed> {
        match number {
            0 => Ok(Self::North),
            1 => Ok(Self::South),
            _ => Err(Malformed::Range),
        }
    }

    /// Who scores here, if `north` is the team that defends the northern goal.
    pub const fn scorer(self, north: Team) -> Team {
        match self {
            Self::North => north.other(),
            Self::South => north,
        }
    }
}
