//! How often a half started, and why: the record by which a bad power supply is found.

use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// Why a chip started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It was switched on, or its reset line was pulled.
    Power,
    /// The supply sagged below what the chip needs.
    BrownOut,
    /// It did not show for too long that it lives.
    Watchdog,
    /// It ended itself: something could not go on, or a new image was to start.
    Fault,
    /// None of these: a glitch, a debugger.
    Other,
}

impl Cause {
    const ALL: usize = 5;

    const fn index(self) -> usize {
        match self {
            Self::Power => 0,
            Self::BrownOut => 1,
            Self::Watchdog => 2,
            Self::Fault => 3,
            Self::Other => 4,
        }
    }
}

/// All starts of a half. Each number stops at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Starts([u32; Cause::ALL]);

impl Starts {
    const VERSION: u8 = 1;

    /// How many there were for this cause.
    pub const fn of(&self, cause: Cause) -> u32 {
        self.0[cause.index()]
    }

    /// How many there were.
    pub fn all(&self) -> u32 {
        self.0.iter().fold(0, |all, number| all.saturating_add(*number))
    }

    /// With one more.
    #[must_use]
    pub const fn with(mut self, cause: Cause) -> Self {
        let index = cause.index();
        self.0[index] = self.0[index].saturating_add(1);
        self
    }

    /// `u8 1 ‖ 5 × u32`: power, brown-out, watchdog, fault, other.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + 4 * Cause::ALL);
        out.push(Self::VERSION);
        self.0.iter().for_each(|number| out.extend_from_slice(&number.to_be_bytes()));
        out
    }

    /// Reads what was kept.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != Self::VERSION {
            return Err(Malformed::Version(version));
        }
        let mut starts = Self::default();
        for number in &mut starts.0 {
            *number = reader.u32()?;
        }
        reader.finish()?;
        Ok(starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_counted_by_their_cause_and_survive() {
        let causes =
            [Cause::Power, Cause::BrownOut, Cause::BrownOut, Cause::Watchdog, Cause::Fault];
        let starts = causes.into_iter().fold(Starts::default(), Starts::with);
        let kept = Starts::decode(&starts.encode()).unwrap();
        assert_eq!(kept, starts);
        assert_eq!((kept.all(), kept.of(Cause::BrownOut), kept.of(Cause::Other)), (5, 2, 0));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = Starts::default().encode();
        assert_eq!(Starts::decode(&[]), Err(Malformed::Truncated));
        assert!(Starts::decode(&bytes[..20]).is_err());
        assert_eq!(Starts::decode(&[&[2], &bytes[1..]].concat()), Err(Malformed::Version(2)));
        assert!(Starts::decode(&[&bytes[..], &[0]].concat()).is_err());
    }
}
