//! From a picture to the text of the QR code in it.

use quircs::Quirc;

/// Most pixels of a picture that is looked at.
const PIXELS_MAX: usize = 1280 * 1280;
/// Most codes of one picture that are tried.
const CODES_MAX: usize = 8;

/// Looks for codes. Every second picture that shows none is looked at as its own negative: light codes on dark ground, as on a screen at
/// night.
#[derive(Default)]
pub struct Reader {
    decoder: Quirc,
    is_inverted: bool,
}

impl core::fmt::Debug for Reader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader").field("is_inverted", &self.is_inverted).finish_non_exhaustive()
    }
}

impl Reader {
    /// The text of a code in the picture: a byte of brightness for each pixel, row by row. Text that is not UTF-8 is nobody's of ours.
    pub fn read(&mut self, width: usize, height: usize, luma: &[u8]) -> Option<String> {
        if width.checked_mul(height)? != luma.len() || luma.is_empty() || luma.len() > PIXELS_MAX {
            return None;
        }
        let found = match self.is_inverted {
            false => self.find(width, height, luma),
            true => {
                let negative: Vec<u8> = luma.iter().map(|it| 255 - it).collect();
                self.find(width, height, &negative)
            }
        };
        // What was found so is looked for so again.
        self.is_inverted ^= found.is_none();
        found
    }

    fn find(&mut self, width: usize, height: usize, luma: &[u8]) -> Option<String> {
        let codes = self.decoder.identify(width, height, luma).take(CODES_MAX);
        let texts = codes.filter_map(|code| code.ok()?.decode().ok());
        texts.filter_map(|data| String::from_utf8(data.payload).ok()).find(|text| !text.is_empty())
    }
}

/// The brightness of pixels of four bytes, red, green, blue and how opaque, as a canvas gives them.
pub fn luma(pixels: &[u8]) -> Vec<u8> {
    let bright = |pixel: &[u8; 4]| {
        let [red, green, blue, _] = pixel.map(u32::from);
        ((red * 77 + green * 150 + blue * 29) >> 8) as u8
    };
    pixels.as_chunks().0.iter().map(bright).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Modules;

    const TEXT: &str = "nodus://vote?pid=PROJECT_004&cat=INNOVATION";

    /// A code of `scale` pixels per module with its quiet zone, in a picture of 640 by 480.
    fn picture(text: &str, scale: usize, dark: u8, light: u8) -> Vec<u8> {
        let modules = Modules::of(text).unwrap();
        let mut picture = vec![light; 640 * 480];
        for y in 0..modules.size() * scale {
            for x in 0..modules.size() * scale {
                if modules.is_dark(x / scale, y / scale) {
                    picture[(y + 40) * 640 + x + 60] = dark;
                }
            }
        }
        picture
    }

    #[test]
    fn a_code_in_a_picture_is_its_text() {
        let mut reader = Reader::default();
        let long = format!("NODUS-VOTE:{}", "x".repeat(420));
        for (text, scale) in [(TEXT, 8), (TEXT, 3), (&long, 5)] {
            let read = reader.read(640, 480, &picture(text, scale, 20, 230));
            assert_eq!(read.as_deref(), Some(text));
        }
    }

    #[test]
    fn a_light_code_on_dark_ground_is_found_at_the_second_look() {
        let mut reader = Reader::default();
        let negative = picture(TEXT, 6, 230, 20);
        let looks: Vec<_> = (0..3).filter_map(|_| reader.read(640, 480, &negative)).collect();
        assert!(looks.len() >= 2 && looks.iter().all(|text| text == TEXT), "{looks:?}");
    }

    #[test]
    fn a_picture_without_a_code_or_of_another_size_than_it_says_gives_nothing() {
        let mut reader = Reader::default();
        let noise: Vec<u8> =
            (0..640 * 480_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for _ in 0..4 {
            assert_eq!(reader.read(640, 480, &noise), None);
            assert_eq!(reader.read(640, 481, &noise), None);
            assert_eq!(reader.read(usize::MAX, 2, &noise), None);
            assert_eq!(reader.read(0, 0, &[]), None);
        }
    }

    #[test]
    fn green_is_brighter_than_blue() {
        assert_eq!(
            luma(&[255, 255, 255, 255, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]),
            [255, 0, 149, 28]
        );
    }
}
