//! Text in Helvetica and Helvetica-Bold as every reader of PDF has them, in WinAnsiEncoding: Latin-1 and 27 more.
//!
//! Widths are those of Adobe's metrics for the standard fonts, in thousandths of the size. A reader that sets another font
//! of the same metrics instead (Arial, Nimbus Sans, Liberation Sans) shows the same lines.

use unicode_normalization::UnicodeNormalization;

/// One of the two faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Plain,
    Bold,
}

/// Text as the font can show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// In WinAnsiEncoding.
    pub(crate) bytes: Vec<u8>,
    /// Whether something had to be written otherwise.
    pub(crate) altered: bool,
}

/// What of a text can be shown: letters that the font lacks become their base letter (ő: o), others a question mark; blanks and
/// control characters become one blank.
pub(crate) fn shown(text: &str) -> Shown {
    let (mut bytes, mut altered) = (Vec::with_capacity(text.len()), false);
    for c in text.nfc() {
        if c.is_whitespace() || c.is_control() {
            if bytes.last() != Some(&b' ') {
                bytes.push(b' ');
            }
        } else if let Some(byte) = encoded(c) {
            bytes.push(byte);
        } else {
            altered = true;
            bytes.extend(plainer(c));
        }
    }
    Shown { bytes, altered }
}

/// Width of a line, in thousandths of the size.
pub(crate) fn width(bytes: &[u8], face: Face) -> u32 {
    bytes.iter().map(|byte| width_of(*byte, face)).sum()
}

/// Breaks a text into at most `lines` lines of `most` thousandths of the size. What does not fit ends with an ellipsis.
pub(crate) fn wrapped(bytes: &[u8], face: Face, most: u32, lines: usize) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    let mut rest = bytes.trim_ascii();
    while !rest.is_empty() && out.len() < lines {
        let fits = fitting(rest, face, most);
        if fits == rest.len() {
            out.push(rest.to_vec());
            return out;
        }
        if out.len() + 1 == lines {
            let room = most.saturating_sub(width_of(ELLIPSIS, face));
            let mut last = rest[..fitting(rest, face, room)].trim_ascii_end().to_vec();
            last.push(ELLIPSIS);
            out.push(last);
            return out;
        }
        let blank = rest[..=fits].iter().rposition(|byte| *byte == b' ');
        // A word that is longer than the line is cut; one letter always goes on.
        let end = blank.filter(|at| *at > 0).unwrap_or(fits.max(1));
        out.push(rest[..end].trim_ascii_end().to_vec());
        rest = rest[end..].trim_ascii_start();
    }
    out
}

const ELLIPSIS: u8 = 0x85;

/// How many bytes fit.
fn fitting(bytes: &[u8], face: Face, most: u32) -> usize {
    let mut used = 0;
    let fits = |byte: &&u8| {
        used += width_of(**byte, face);
        used <= most
    };
    bytes.iter().take_while(fits).count()
}

fn encoded(c: char) -> Option<u8> {
    match c as u32 {
        code @ (0x20..=0x7E | 0xA1..=0xFF) => Some(code as u8),
        _ => UPPER.iter().find(|(of, _)| *of == c).map(|(_, byte)| *byte),
    }
}

fn plainer(c: char) -> Vec<u8> {
    let named: &[u8] = match c {
        'ł' => b"l",
        'Ł' => b"L",
        'đ' => b"d",
        'Đ' => b"D",
        'ħ' => b"h",
        'ı' => b"i",
        'ẞ' => b"SS",
        _ => &[],
    };
    if !named.is_empty() {
        return named.to_vec();
    }
    let base: Vec<u8> = c.nfkd().filter_map(encoded).collect();
    if base.is_empty() { b"?".to_vec() } else { base }
}

/// WinAnsiEncoding from 0x80 to 0x9F.
const UPPER: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8A),
    ('‹', 0x8B),
    ('Œ', 0x8C),
    ('Ž', 0x8E),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9A),
    ('›', 0x9B),
    ('œ', 0x9C),
    ('ž', 0x9E),
    ('Ÿ', 0x9F),
];

fn width_of(byte: u8, face: Face) -> u32 {
    let table = match face {
        Face::Plain => &PLAIN,
        Face::Bold => &BOLD,
    };
    let ascii = |byte: u8| table.get(usize::from(byte).wrapping_sub(32)).copied();
    let wide = match byte {
        0x20..=0x7E => ascii(byte),
        // Letters with a mark are as wide as without.
        0x8A | 0x9A | 0x8E | 0x9E | 0x9F | 0xC0..=0xFF => base(byte).and_then(ascii),
        0x82 | 0x91 | 0x92 | 0xB7 | 0xB8 | 0xA8 | 0xB4 => Some(278),
        0x80 | 0x83 | 0x86 | 0x87 | 0x96 | 0xA2..=0xA5 | 0xA7 | 0xAB | 0xBB => Some(556),
        0x84 | 0x93 | 0x94 | 0x95 | 0x8B | 0x9B | 0xAA | 0xB2 | 0xB3 | 0xB9 | 0xBA => Some(400),
        _ => None,
    };
    let special = match byte {
        0xD8 => 778,
        0xDF | 0xF8 => 611,
        0xE6 => 889,
        0xD0 => 722,
        0xF0 | 0xFE | 0xB5 => 611,
        0xDE => 667,
        0xD7 | 0xF7 | 0xB1 => 584,
        0xA9 | 0xAE => 737,
        // Rather too wide than over the edge.
        _ => 1000,
    };
    wide.map_or(special, u32::from)
}

/// The ASCII letter below the marks; none for letters of their own.
fn base(byte: u8) -> Option<u8> {
    let c = UPPER.iter().find(|(_, at)| *at == byte).map_or(char::from(byte), |(c, _)| *c);
    let mut parts = c.nfd();
    let base = parts.next().filter(char::is_ascii)?;
    u8::try_from(base).ok()
}

#[rustfmt::skip]
const PLAIN: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 278, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

#[rustfmt::skip]
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_are_shown_and_others_are_said_to_be_altered() {
        let latin = shown("Žižek’s Œuvre – 5 € à Ångström, ¿ñandú?");
        assert!(!latin.altered);
        assert_eq!(latin.bytes[0], 0x8E);
        assert_eq!(shown("a\u{308}"), Shown { bytes: vec![0xE4], altered: false });
        assert_eq!(
            shown("Győr Łódź"),
            Shown { bytes: "Gyor L\u{f3}dz".chars().map(|c| c as u8).collect(), altered: true }
        );
        assert_eq!(shown("ﬁn Ⅳ"), Shown { bytes: b"fin IV".to_vec(), altered: true });
        assert_eq!(shown("中文 🚀"), Shown { bytes: b"?? ?".to_vec(), altered: true });
        assert_eq!(shown("a\r\n\tb\u{0}c"), Shown { bytes: b"a b c".to_vec(), altered: false });
    }

    #[test]
    fn lines_fit_and_what_does_not_ends_with_an_ellipsis() {
        let text = shown("A rather long title of a project that does things with water").bytes;
        for lines in 1..5 {
            let broken = wrapped(&text, Face::Bold, 9000, lines);
            assert!(broken.len() <= lines);
            assert!(broken.iter().all(|line| width(line, Face::Bold) <= 9000), "{broken:?}");
            assert_eq!(broken.last().unwrap().ends_with(&[ELLIPSIS]), lines < 4);
        }
        assert_eq!(
            wrapped(b"Donaudampfschiff", Face::Plain, 3000, 9).concat(),
            b"Donaudampfschiff"
        );
        assert!(wrapped(b"  ", Face::Plain, 3000, 2).is_empty());
    }

    #[test]
    fn letters_with_marks_are_as_wide_as_without() {
        assert_eq!(width(&shown("äéÑ").bytes, Face::Plain), width(b"aeN", Face::Plain));
        assert_eq!(width(b"AVA ", Face::Plain), 667 * 3 + 278);
    }
}
