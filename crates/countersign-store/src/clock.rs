//! The high-water mark of wall time.

use countersign::Timestamp;

/// Whether the clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockVerdict {
    /// At or ahead of the mark, or within the tolerance.
    Sound,
    /// Behind the mark by more than the tolerance: refuse to serve.
    Behind {
        /// The highest time seen.
        mark: Timestamp,
    },
}
