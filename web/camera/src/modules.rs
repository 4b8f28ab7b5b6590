//! A text as the squares of a QR code.

use qrcodegen::{QrCode, QrCodeEcc};

/// Light squares around a code.
const QUIET: usize = 4;

/// The squares of a code, with its quiet zone.
pub struct Modules(QrCode);

impl core::fmt::Debug for Modules {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Modules({0} × {0})", self.size())
    }
}

impl Modules {
    /// Those of a text: for a screen, so little of it may be damaged, and its squares are large. `None` if it is too long for a code.
    pub fn of(text: &str) -> Option<Self> {
        QrCode::encode_text(text, QrCodeEcc::Low).ok().map(Self)
    }

    /// How many there are on each side.
    pub fn size(&self) -> usize {
        usize::try_from(self.0.size()).unwrap_or_default() + 2 * QUIET
    }

    /// Whether the one in this column and row is dark.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        let at =
            |place: usize| i32::try_from(place).unwrap_or(i32::MAX).saturating_sub(QUIET as i32);
        self.0.get_module(at(column), at(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_light_squares_all_around() {
        let modules = Modules::of("NODUS-VOTE:AAAA").unwrap();
        let last = modules.size() - 1;
        assert!((0..=last).all(|at| !modules.is_dark(at, 3) && !modules.is_dark(last - 3, at)));
        assert!(modules.is_dark(4, 4));
    }

    #[test]
    fn a_text_that_is_too_long_is_no_code() {
        assert!(Modules::of(&"x".repeat(3_000)).is_none());
    }
}
