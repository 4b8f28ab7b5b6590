//! Codes as PNG, SVG and text.

use countersign_sheets::{Correction, Qr};
use proptest::prelude::*;

pub(crate) const EVENT: &str = "NODUS:EVENT_ID=science-fair;KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8;\
                                BLE_UUID=6e400001-b5a3-f393-e0a9-e50e24dcca9e";
const PROJECT: &str = "nodus://vote?pid=PROJECT_004&cat=INNOVATION";

/// Every code in an image whose dots are dark or not; sorted.
pub(crate) fn scan(
    width: usize,
    height: usize,
    dark: impl Fn(usize, usize) -> bool,
) -> Vec<String> {
    let dot = |x, y| if dark(x, y) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, dot);
    let grids = image.detect_grids();
    let mut texts: Vec<_> = grids.iter().map(|grid| grid.decode().unwrap().1).collect();
    texts.sort();
    texts
}

fn scan_png(bytes: &[u8]) -> Vec<String> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut image = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut image).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::One));
    let (width, height) = (info.width as usize, info.height as usize);
    scan(width, height, |x, y| image[y * info.line_size + x / 8] & (0x80 >> (x % 8)) == 0)
}

/// Paints the runs of the path, `M{x} {y}h{n}v1h-{n}z`, eight dots for each module.
fn scan_svg(svg: &str) -> Vec<String> {
    let side = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap();
    let side: usize = side.parse().unwrap();
    let path = svg.rsplit("<path d=\"").next().unwrap().split('"').next().unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split_terminator('z') {
        let numbers: Vec<usize> = run
            .split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().unwrap())
            .collect();
        let [x, y, n, 1, back] = numbers[..] else { panic!("{run}") };
        assert_eq!(n, back);
        dark[y * side + x..][..n].fill(true);
    }
    scan(side * 8, side * 8, |x, y| dark[y / 8 * side + x / 8])
}

fn scan_text(text: &str) -> Vec<String> {
    let rows: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let side = rows.len() * 2;
    scan(side * 8, side * 8, |x, y| match rows[y / 16].get(x / 8).copied().unwrap_or(' ') {
        '█' => true,
        '▀' => y / 8 % 2 == 0,
        '▄' => y / 8 % 2 == 1,
        _ => false,
    })
}

#[test]
fn codes_read_the_same_as_png_svg_and_text() {
    for (text, correction) in
        [(EVENT, Correction::M), (PROJECT, Correction::Q), ("Ünïcode", Correction::Q)]
    {
        let code = Qr::new(text, correction).unwrap();
        for scale in [3, 8, 13] {
            assert_eq!(scan_png(&code.png(scale).unwrap()), [text], "{scale} dots");
        }
        assert_eq!(scan_svg(&code.svg()), [text]);
        assert_eq!(scan_text(&code.text()), [text]);
        let terminal = code.terminal();
        assert!(terminal.lines().all(|line| line.starts_with("\x1b[38;5;16;48;5;231m") && line.ends_with("\x1b[0m")));
        let bare = terminal.replace("\x1b[38;5;16;48;5;231m", "").replace("\x1b[0m", "");
        assert_eq!(scan_text(&bare), [text]);
    }
}

#[test]
fn a_projects_code_is_read_with_a_stain_on_a_twentieth_of_it() {
    let code = Qr::new(PROJECT, Correction::Q).unwrap();
    let text = code.text();
    let rows: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let side = rows.len() * 2;
    // White from module 18 on, 9 by 7, away from the corners.
    let stained = |x: usize, y: usize| (18..27).contains(&x) && (20..27).contains(&y);
    let read = scan(side * 8, side * 8, |x, y| {
        let (x, y) = (x / 8, y / 8);
        let cell = rows[y / 2].get(x).copied().unwrap_or(' ');
        !stained(x, y)
            && (cell == '█' || (cell == '▀' && y % 2 == 0) || (cell == '▄' && y % 2 == 1))
    });
    assert_eq!(read, [PROJECT]);
}

#[test]
fn codes_have_the_sizes_of_the_design() {
    let modules = |text, correction| {
        let text = Qr::new(text, correction).unwrap().svg();
        let side = text.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap();
        side.parse::<usize>().unwrap() - 8
    };
    assert_eq!(modules(EVENT, Correction::M), 45);
    assert_eq!(modules(PROJECT, Correction::Q), 33);
    assert!(Qr::new(&"x".repeat(Qr::MAX), Correction::Q).is_ok());
    assert!(Qr::new(&"x".repeat(Qr::MAX + 1), Correction::M).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn whatever_fits_is_read_again(text in "[ -~äöü€]{1,120}", scale in 3_u8..9) {
        let code = Qr::new(&text, Correction::M).unwrap();
        prop_assert_eq!(scan_png(&code.png(scale).unwrap()), [text]);
    }
}
