//! QR codes: as SVG and PNG for printing, as text for a terminal or a text file.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// Modules of white around a code (ISO/IEC 18004).
pub(crate) const QUIET: usize = 4;

/// A code that is ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

/// How much of a code may be damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// 15 %: for screens and labels.
    M,
    /// 25 %: for what lies on tables for a day.
    Q,
}

/// The text does not fit into a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a QR code that a phone reads well")]
pub struct TooLong;

/// A code could not be written as PNG.
#[derive(Debug, thiserror::Error)]
#[error("the image cannot be written as PNG")]
pub struct PngError(#[from] png::EncodingError);

impl Qr {
    /// Most bytes of text: above, a phone does not read the code from another phone's screen.
    pub const MAX: usize = 700;

    /// Most dots of a module in a PNG.
    pub const SCALE_MAX: u8 = 64;

    /// Draws a text.
    pub fn new(text: &str, correction: Correction) -> Result<Self, TooLong> {
        if text.len() > Self::MAX {
            return Err(TooLong);
        }
        let level = match correction {
            Correction::M => EcLevel::M,
            Correction::Q => EcLevel::Q,
        };
        let code = QrCode::with_error_correction_level(text, level).map_err(|_| TooLong)?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width: code.width(), dark })
    }

    /// An SVG image with the white that a reader needs around it.
    pub fn svg(&self) -> String {
        let side = self.side();
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\""
        );
        for (left, top, n) in self.runs() {
            // Writing to a string cannot fail.
            let _done = write!(out, "M{left} {top}h{n}v1h-{n}z");
        }
        out.push_str("\"/></svg>\n");
        out
    }

    /// A PNG image, black and white, with the white around it; `scale` dots for a module, 1 to [`Self::SCALE_MAX`].
    pub fn png(&self, scale: u8) -> Result<Vec<u8>, PngError> {
        let scale = usize::from(scale.clamp(1, Self::SCALE_MAX));
        let dots = self.side() * scale;
        let stride = dots.div_ceil(8);
        let mut image = Vec::with_capacity(stride * dots);
        for y in 0..self.side() {
            // White is 1, also in the bits after the last dot.
            let mut row = vec![0xFF_u8; stride];
            for x in (0..dots).filter(|x| self.at(x / scale, y)) {
                row[x / 8] &= !(0x80 >> (x % 8));
            }
            for _ in 0..scale {
                image.extend_from_slice(&row);
            }
        }
        let mut out = Vec::new();
        // At most (177 + 8) · 64.
        let mut encoder = png::Encoder::new(&mut out, dots as u32, dots as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&image)?;
        writer.finish()?;
        Ok(out)
    }

    /// Half blocks, two rows of the code in a line; dark where it prints.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.side() * self.side() * 2);
        for line in self.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// The same for a terminal of whatever colours: black on white by its own control sequences.
    pub fn terminal(&self) -> String {
        let mut out = String::with_capacity(self.side() * self.side() * 2);
        for line in self.lines() {
            out.push_str("\x1b[38;5;16;48;5;231m");
            out.push_str(&line);
            out.push_str("\x1b[0m\n");
        }
        out
    }

    /// Modules on a side with the white around it.
    pub(crate) const fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// Dark runs: left, top and length in modules, with the white around it counted.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (y, row) in self.dark.chunks(self.width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    runs.push((x + QUIET, y + QUIET, run.len()));
                }
                x += run.len();
            }
        }
        runs
    }

    fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let side = self.side();
        let line =
            move |y| (0..side).map(|x| half(self.at(x, y), self.at(x, y + 1))).collect::<String>();
        (0..side).step_by(2).map(line)
    }

    fn at(&self, x: usize, y: usize) -> bool {
        let inside = QUIET..QUIET + self.width;
        inside.contains(&x)
            && inside.contains(&y)
            && self.dark.get((y - QUIET) * self.width + x - QUIET) == Some(&true)
    }
}

const fn half(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}
