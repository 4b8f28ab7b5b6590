//! QR codes: as SVG for printing, as text for a terminal or a text file, and what stands in them.

use countersign_provision::WifiConfig;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// Modules of white around a code (ISO/IEC 18004).
const QUIET: usize = 4;

/// A code that is ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

/// The text does not fit into a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a QR code that a phone reads well")]
pub struct TooLong;

impl Qr {
    /// Most bytes of text: above, a code is too dense for a label.
    pub const MAX: usize = 200;

    /// Draws a text; 15 % of the code may be damaged.
    pub fn new(text: &str) -> Result<Self, TooLong> {
        if text.len() > Self::MAX {
            return Err(TooLong);
        }
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong)?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width: code.width(), dark })
    }

    /// An SVG image with the white that a reader needs around it.
    pub fn svg(&self) -> String {
        let side = self.width + 2 * QUIET;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\""
        );
        for (y, row) in self.dark.chunks(self.width).enumerate() {
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
        out
    }

    /// Half blocks, two rows of the code in a line; dark where it prints.
    pub fn text(&self) -> String {
        let side = self.width + 2 * QUIET;
        let mut out = String::with_capacity(side * side * 2);
        for y in (0..side).step_by(2) {
            let line: String = (0..side).map(|x| half(self.at(x, y), self.at(x, y + 1))).collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn at(&self, x: usize, y: usize) -> bool {
        let inside = QUIET..QUIET + self.width;
        inside.contains(&x)
            && inside.contains(&y)
            && self.dark.get((y - QUIET) * self.width + x - QUIET) == Some(&true)
    }
}

/// What a phone's camera joins a Wi-Fi by: `WIFI:T:WPA;S:name;P:passphrase;;`, with `\` before each of `\ ; , " :`.
///
/// A name of hexadecimal digits alone may be taken for bytes by some phones; names that are made here have spaces.
pub fn wifi(wifi: &WifiConfig) -> String {
    let (name, passphrase) = (escaped(wifi.name.as_str()), escaped(wifi.passphrase.expose()));
    format!("WIFI:T:WPA;S:{name};P:{passphrase};;")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | ';' | ',' | '"' | ':') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

const fn half(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}
