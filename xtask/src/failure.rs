//! The one error of this program: a sentence for a person, and an exit code.

/// Why a command stopped.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What was wrong and what would be right. Empty when the program that failed has said it all.
    pub(crate) sentence: String,
    pub(crate) exit_code: u8,
}

/// What a command returns.
pub(crate) type Outcome = Result<(), Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit_code: 1 }
    }

    /// The command line itself is wrong.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit_code: 2 }
    }

    /// Another program has failed and explained itself; its exit code goes on.
    pub(crate) fn silent(exit_code: u8) -> Self {
        Self { sentence: String::new(), exit_code }
    }

    pub(crate) fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(format!("{doing} {} failed: {error}.", path.display()))
    }
}
