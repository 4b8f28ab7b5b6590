//! A reader of PDF as far as we write it: every object by the table of references, rectangles and text of each page.

use std::collections::BTreeMap;

/// A text and where it begins, in points from the lower left corner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) at: (f32, f32),
    pub(crate) font: String,
    pub(crate) size: f32,
    pub(crate) text: String,
}

/// Left, foot, width, height in points.
pub(crate) type Box4 = [f32; 4];

#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) size: (f32, f32),
    /// One list for each path that is filled.
    pub(crate) filled: Vec<Vec<Box4>>,
    pub(crate) framed: Vec<Box4>,
    pub(crate) lines: usize,
    pub(crate) texts: Vec<Text>,
}

impl Page {
    /// What stands on it, in the order of drawing.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.texts.iter().map(|text| text.text.as_str()).collect()
    }

    /// Every code on it, in the order of drawing: the page is painted with three dots for a point, 216 dpi, and each code
    /// is looked at with what is around it, because neighbours on a grid confuse the reader of codes.
    pub(crate) fn codes(&self) -> Vec<String> {
        let (width, height) = (dots(self.size.0), dots(self.size.1));
        let mut dark = vec![false; width * height];
        for [left, foot, across, up] in self.filled.iter().flatten() {
            let top = self.size.1 - foot - up;
            for row in dots(top)..dots(top + up) {
                dark[row * width..][dots(*left)..dots(left + across)].fill(true);
            }
        }
        let read = |code: &Vec<Box4>| {
            let least = |of: fn(&Box4) -> f32| code.iter().map(of).fold(f32::MAX, f32::min);
            let most = |of: fn(&Box4) -> f32| code.iter().map(of).fold(0.0, f32::max);
            let (left, right) =
                (dots(least(|it| it[0]) - 8.0), dots(most(|it| it[0] + it[2]) + 8.0));
            let top = dots(self.size.1 - most(|it| it[1] + it[3]) - 8.0);
            let foot = dots(self.size.1 - least(|it| it[1]) + 8.0);
            crate::qr::scan(right - left, foot - top, |x, y| dark[(y + top) * width + x + left])
        };
        self.filled.iter().flat_map(read).collect()
    }
}

fn dots(points: f32) -> usize {
    (points * 3.0).round() as usize
}

/// Reads a file and checks its structure on the way.
pub(crate) fn read(bytes: &[u8]) -> Vec<Page> {
    let objects = objects(bytes);
    let catalog = objects.values().find(|text| text.contains("/Type /Catalog")).unwrap();
    let tree = &objects[&reference(catalog, "/Pages")];
    let kids = between(tree, "/Kids [", "]");
    let kids: Vec<u32> = kids
        .split(" 0 R")
        .filter(|kid| !kid.trim().is_empty())
        .map(|kid| kid.trim().parse().unwrap())
        .collect();
    assert_eq!(between(tree, "/Count ", "\n").trim().parse::<usize>().unwrap(), kids.len());
    kids.iter().map(|kid| page(&objects, &objects[kid])).collect()
}

fn page(objects: &BTreeMap<u32, String>, page: &str) -> Page {
    assert!(page.contains("/Type /Page"), "{page}");
    for font in ["/F1", "/F2"] {
        let font = &objects[&reference(page, font)];
        assert!(
            font.contains("/Encoding /WinAnsiEncoding") && font.contains("/BaseFont /Helvetica"),
            "{font}"
        );
    }
    let media: Vec<f32> = between(page, "/MediaBox [", "]")
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    let stream = &objects[&reference(page, "/Contents")];
    let length: usize = between(stream, "/Length ", "\n").trim().parse().unwrap();
    let start = stream.find("stream\n").unwrap() + 7;
    let mut out = Page { size: (media[2], media[3]), ..Page::default() };
    draw(&mut out, &stream[start..start + bytes_to_chars(&stream[start..], length)]);
    out
}

/// Bytes were read as Latin-1, a character each.
fn bytes_to_chars(text: &str, bytes: usize) -> usize {
    text.chars().take(bytes).map(char::len_utf8).sum()
}

/// By number; each has to be where the table says.
fn objects(bytes: &[u8]) -> BTreeMap<u32, String> {
    assert!(bytes.starts_with(b"%PDF-1.7\n"));
    assert!(bytes.ends_with(b"%%EOF"));
    let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let all = latin(bytes);
    let table: usize = between(&all, "startxref\n", "\n").parse().unwrap();
    let table = latin(&bytes[table..]);
    let mut lines = table.strip_prefix("xref\n0 ").unwrap().lines();
    let count: u32 = lines.next().unwrap().parse().unwrap();
    let mut out = BTreeMap::new();
    for (number, line) in (0..count).zip(lines) {
        if number == 0 {
            continue;
        }
        let at: usize = line[..10].parse().unwrap();
        let object = latin(&bytes[at..]);
        let body = object.strip_prefix(&format!("{number} 0 obj\n")).unwrap();
        out.insert(number, body[..body.find("\nendobj").unwrap()].to_owned());
    }
    out
}

fn reference(text: &str, key: &str) -> u32 {
    between(text, &format!("{key} "), " 0 R").parse().unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}")).1;
    rest.split_once(end).unwrap().0
}

/// Scale and shift of both axes.
type Matrix = [f32; 4];

fn draw(page: &mut Page, content: &str) {
    let (mut operands, mut saved): (Vec<String>, Vec<Matrix>) = (Vec::new(), Vec::new());
    let (mut matrix, mut path, mut segments) = ([1.0, 1.0, 0.0, 0.0], Vec::new(), 0);
    let (mut font, mut at) = ((String::new(), 0.0), (0.0, 0.0));
    for token in tokens(content) {
        let number = |index: usize| operands[index].parse::<f32>().unwrap();
        match token.as_str() {
            "q" => saved.push(matrix),
            "Q" => matrix = saved.pop().unwrap(),
            "cm" => matrix = [number(0), number(3), number(4), number(5)],
            "re" => {
                let (x, y) = (number(0) * matrix[0] + matrix[2], number(1) * matrix[1] + matrix[3]);
                let (width, height) = (number(2) * matrix[0], number(3) * matrix[1]);
                path.push([x, y.min(y + height), width, height.abs()]);
            }
            "f" => page.filled.push(std::mem::take(&mut path)),
            "S" => {
                page.framed.append(&mut path);
                page.lines += std::mem::take(&mut segments);
            }
            "l" => segments += 1,
            "Tf" => font = (operands[0].clone(), number(1)),
            "Td" => at = (number(0), number(1)),
            "Tj" => page.texts.push(Text {
                at,
                font: font.0.clone(),
                size: font.1,
                text: unescaped(&operands[0]),
            }),
            "m" | "w" | "BT" | "ET" => {}
            _ => {
                operands.push(token);
                continue;
            }
        }
        operands.clear();
    }
    assert!(saved.is_empty() && path.is_empty() && segments == 0);
}

fn tokens(content: &str) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), content.trim_start());
    while !rest.is_empty() {
        let end = if rest.starts_with('(') {
            string_end(rest)
        } else {
            rest.find([' ', '\n']).unwrap_or(rest.len())
        };
        out.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches([' ', '\n']);
    }
    out
}

fn string_end(text: &str) -> usize {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    panic!("a string without an end");
}

/// `(…)` or `<hex>`, with the upper characters of WinAnsiEncoding that the tests use.
fn unescaped(token: &str) -> String {
    let bytes: Vec<u8> = match token.strip_prefix('<') {
        Some(hex) => {
            let hex = hex.strip_suffix('>').unwrap();
            (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect()
        }
        None => {
            let inner = token.strip_prefix('(').unwrap().strip_suffix(')').unwrap();
            let mut out = Vec::new();
            let mut chars = inner.chars();
            while let Some(c) = chars.next() {
                let c = if c == '\\' { chars.next().unwrap() } else { c };
                out.push(u8::try_from(u32::from(c)).unwrap());
            }
            out
        }
    };
    let upper = |byte: &u8| match byte {
        0x80 => '€',
        0x85 => '…',
        0x95 => '•',
        0x9A => 'š',
        other => char::from(*other),
    };
    bytes.iter().map(upper).collect()
}
