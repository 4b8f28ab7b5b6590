//! What is shown and printed: the event's QR code and the bundle.

use crate::disk::CurrentCode;
use crate::package::Package;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Modules of white around a code (ISO/IEC 18004).
const QUIET: usize = 4;

/// Everything that can be fetched without a token.
pub(crate) struct Papers {
    /// The newest package: what a device checks and keeps.
    pub(crate) package: Vec<u8>,
    /// The record `event.bundle` in it.
    pub(crate) bundle: Vec<u8>,
    code: Mutex<Zeroizing<String>>,
}

impl Papers {
    pub(crate) fn new(package: &Package, code: &CurrentCode) -> Self {
        Self {
            package: package.encode(),
            bundle: package.bundle.clone(),
            code: Mutex::new(code.code.to_text()),
        }
    }

    /// Another key: another code.
    pub(crate) fn set_code(&self, code: &CurrentCode) {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = code.code.to_text();
    }

    /// What the event's QR says.
    pub(crate) fn code(&self) -> Zeroizing<String> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A QR code as an SVG image with the white that a reader needs; `None` if the text is too long.
pub(crate) fn svg(text: &str) -> Option<String> {
    let (width, dark) = modules(text)?;
    let side = width + 2 * QUIET;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\""
    );
    for (y, row) in dark.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&true) {
                let (left, top, n) = (x + QUIET, y + QUIET, run.len());
                // Writing to a string cannot fail.
                let _done = write!(out, "M{left} {top}h{n}v1h-{n}z");
            }
            x += run.len();
        }
    }
    out.push_str("\"/></svg>\n");
    Some(out)
}
