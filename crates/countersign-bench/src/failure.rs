//! A benchmark that cannot trust its own numbers stops, and says why.

/// Why it stopped.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Result of everything that can stop it.
pub(crate) type Result<T, E = Failure> = core::result::Result<T, E>;
