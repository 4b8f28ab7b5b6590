//! What is shown and printed: the event's QR code, project sheets, the bundle.

use crate::desk::Desk;
use crate::disk::{CurrentCode, FolderError};
use crate::voice::Voice;
use countersign_judging::Venue;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that can be fetched without a token.
pub(crate) struct Papers {
    /// The newest package: what a device checks and keeps.
    pub(crate) package: Vec<u8>,
    /// The record `event.bundle` in it.
    pub(crate) bundle: Vec<u8>,
}
