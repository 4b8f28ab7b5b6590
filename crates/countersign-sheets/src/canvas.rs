//! A4 pages in millimetres from the upper left corner.

use crate::font::{self, Face};
use crate::qr::{Qr, TooLong};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

/// Width of A4, in millimetres.
pub(crate) const WIDTH: f32 = 210.0;
/// Height of A4, in millimetres.
pub(crate) const HEIGHT: f32 = 297.0;

const POINTS: f32 = 72.0 / 25.4;
const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// Texts of which letters had to be written otherwise (ő as o) or as a question mark, because Helvetica lacks them. Each once.
    pub altered: Vec<String>,
}

/// Why nothing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// A code would be too dense.
    #[error(transparent)]
    Qr(#[from] TooLong),
    /// Nothing to print.
    #[error("there is nothing to print; name at least one {0}")]
    Empty(&'static str),
    /// Too much.
    #[error("{given} {what} are too many; at most {most} go together")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many may be.
        most: usize,
    },
}

/// Pages that are drawn one after the other.
pub(crate) struct Pages {
    done: Vec<Vec<u8>>,
    page: Content,
    altered: Vec<String>,
}

/// Where a line of text is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    Left,
    Middle,
    Right,
}

/// How text is set: face, size in points, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) hold: Hold,
}

impl Style {
    pub(crate) const fn plain(size: f32) -> Self {
        Self { face: Face::Plain, size, hold: Hold::Left }
    }

    pub(crate) const fn bold(size: f32) -> Self {
        Self { face: Face::Bold, size, hold: Hold::Left }
    }

    pub(crate) const fn held(self, hold: Hold) -> Self {
        Self { hold, ..self }
    }

    /// From one line to the next, in millimetres.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.2 / POINTS
    }
}

impl Pages {
    pub(crate) fn new() -> Self {
        Self { done: Vec::new(), page: Content::new(), altered: Vec::new() }
    }

    pub(crate) fn end_page(&mut self) {
        let page = std::mem::replace(&mut self.page, Content::new());
        self.done.push(page.finish().into_vec());
    }

    /// Sets a text in at most `lines` lines of `most` millimetres, the first with its foot at `y`; the foot of the line after.
    pub(crate) fn text(
        &mut self,
        at: (f32, f32),
        text: &str,
        style: Style,
        most: f32,
        lines: usize,
    ) -> f32 {
        let shown = font::shown(text);
        if shown.altered && !self.altered.iter().any(|known| known == text) {
            self.altered.push(text.to_owned());
        }
        let room = (most * POINTS * 1000.0 / style.size) as u32;
        let mut y = at.1;
        for line in font::wrapped(&shown.bytes, style.face, room, lines) {
            self.line_of_text((at.0, y), &line, style);
            y += style.leading();
        }
        y
    }

    fn line_of_text(&mut self, (x, y): (f32, f32), bytes: &[u8], style: Style) {
        let width = font::width(bytes, style.face) as f32 * style.size / 1000.0;
        let left = match style.hold {
            Hold::Left => 0.0,
            Hold::Middle => width / 2.0,
            Hold::Right => width,
        };
        let face = match style.face {
            Face::Plain => PLAIN,
            Face::Bold => BOLD,
        };
        self.page.begin_text().set_font(face, style.size);
        self.page.next_line(x * POINTS - left, (HEIGHT - y) * POINTS);
        self.page.show(Str(bytes)).end_text();
    }

    /// A hairline.
    pub(crate) fn line(&mut self, from: (f32, f32), to: (f32, f32)) {
        self.page.set_line_width(0.4);
        self.page.move_to(from.0 * POINTS, (HEIGHT - from.1) * POINTS);
        self.page.line_to(to.0 * POINTS, (HEIGHT - to.1) * POINTS).stroke();
    }

    /// An empty box.
    pub(crate) fn frame(&mut self, (x, y): (f32, f32), width: f32, height: f32) {
        self.page.set_line_width(0.7);
        let foot = (HEIGHT - y - height) * POINTS;
        self.page.rect(x * POINTS, foot, width * POINTS, height * POINTS).stroke();
    }

    /// A code with the white around it, `size` millimetres wide.
    pub(crate) fn code(&mut self, (x, y): (f32, f32), size: f32, code: &Qr) {
        let module = size * POINTS / code.side() as f32;
        self.page.save_state();
        // One unit is a module, downwards.
        self.page.transform([module, 0.0, 0.0, -module, x * POINTS, (HEIGHT - y) * POINTS]);
        for (left, top, length) in code.runs() {
            self.page.rect(left as f32, top as f32, length as f32, 1.0);
        }
        // One path for the whole code: no hairlines between its rows.
        self.page.fill_nonzero().restore_state();
    }

    /// The file, with every page ended.
    pub(crate) fn finish(self, title: &str) -> Printed {
        let count = self.done.len() as i32;
        let reference = Ref::new;
        let (catalog, tree, info, plain, bold) =
            (reference(1), reference(2), reference(3), reference(4), reference(5));
        let page_at = |page: i32| (reference(6 + 2 * page), reference(7 + 2 * page));
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree);
        pdf.pages(tree).kids((0..count).map(|page| page_at(page).0)).count(count);
        pdf.document_info(info).title(TextStr(title));
        for (id, name) in [(plain, Name(b"Helvetica")), (bold, Name(b"Helvetica-Bold"))] {
            pdf.type1_font(id).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (number, content) in (0..count).zip(&self.done) {
            let (page_id, content_id) = page_at(number);
            let mut page = pdf.page(page_id);
            page.media_box(Rect::new(0.0, 0.0, WIDTH * POINTS, HEIGHT * POINTS));
            page.parent(tree).contents(content_id);
            page.resources().fonts().pair(PLAIN, plain).pair(BOLD, bold);
            page.finish();
            pdf.stream(content_id, content);
        }
        Printed { pdf: pdf.finish(), pages: self.done.len(), altered: self.altered }
    }
}
