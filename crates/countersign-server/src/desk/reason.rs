//! Why something is done, for the audit log.

/// Most bytes of a reason.
pub const REASON_MAX: usize = 500;

/// One line that says something: 1 to [`REASON_MAX`] bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonRefused {
    /// Nothing but spaces.
    #[error("say why, in a few words")]
    Empty,
    /// Too long.
    #[error("at most {REASON_MAX} bytes are kept")]
    TooLong,
    /// More than a line, or what moves the cursor of a terminal.
    #[error("a reason is one line without control characters")]
    Control,
}

impl Reason {
    /// Reads a reason, without spaces around it.
    pub fn parse(text: &str) -> Result<Self, ReasonRefused> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReasonRefused::Empty);
        }
        if text.len() > REASON_MAX {
            return Err(ReasonRefused::TooLong);
        }
        match text.chars().any(char::is_control) {
            true => Err(ReasonRefused::Control),
            false => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_in_one_line() {
        let stolen = Reason::parse(" stolen in Lyon ");
        assert_eq!(stolen.as_ref().map(Reason::as_str), Ok("stolen in Lyon"));
        assert!(Reason::parse(&"x".repeat(REASON_MAX)).is_ok());
        let long = "x".repeat(REASON_MAX + 1);
        for (bad, why) in [
            ("", ReasonRefused::Empty),
            ("  ", ReasonRefused::Empty),
            ("one\ntwo", ReasonRefused::Control),
            ("\u{1b}[2J", ReasonRefused::Control),
            (&long, ReasonRefused::TooLong),
        ] {
            assert_eq!(Reason::parse(bad), Err(why), "{bad:?}");
        }
    }
}
