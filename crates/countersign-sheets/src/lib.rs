//! What is printed: QR codes as PNG, SVG and text, and A4 pages as PDF — the event's code, the projects' codes to cut out, and
//! ballots on paper for when everything else fails.
//!
//! The same input is the same bytes: no date and no random number gets into a file. Text is set in Helvetica, which every reader of PDF
//! has; what it cannot show is named in [`Printed::altered`]. See `docs/judging.md`, "What is printed".
#![forbid(unsafe_code)]

mod ballot;
mod canvas;
mod cards;
mod font;
mod poster;
mod qr;

pub use ballot::{Ballot, Criterion, ballots};
pub use canvas::{PrintError, Printed};
pub use cards::{Card, PerPage, cards};
pub use poster::poster;
pub use qr::{Correction, PngError, Qr, TooLong};
