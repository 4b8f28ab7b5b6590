//! The projects' codes, several on a page, to be cut out and put on their tables.

use crate::canvas::{HEIGHT, Hold, Pages, PrintError, Printed, Style, WIDTH};
use crate::qr::{Correction, Qr};

/// What goes on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What stands in the code.
    pub code: String,
    /// The project's id, for who has no camera.
    pub id: String,
    /// Its title; two lines are shown.
    pub title: String,
    /// Where it stands.
    pub table: String,
}

/// How many cards a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PerPage {
    /// About A6 each.
    Four,
    /// Two columns of four.
    Eight,
    /// Three columns of four.
    Twelve,
}

impl PerPage {
    const fn grid(self) -> (usize, usize) {
        match self {
            Self::Four => (2, 2),
            Self::Eight => (2, 4),
            Self::Twelve => (3, 4),
        }
    }
}

/// Most cards of a file.
const MOST: usize = 4096;
/// White at the sides and above, in millimetres; no printer prints to the edge.
const SIDE: f32 = 8.0;
/// Below, where the page's number stands.
const FOOT: f32 = 12.0;
/// Half a cut mark, in millimetres.
const MARK: f32 = 2.5;

/// Sheets of cards with cut marks; 25 % of each code may be damaged.
pub fn cards(event: &str, cards: &[Card], per_page: PerPage) -> Result<Printed, PrintError> {
    if cards.is_empty() {
        return Err(PrintError::Empty("project"));
    }
    if cards.len() > MOST {
        return Err(PrintError::TooMany { what: "projects", given: cards.len(), most: MOST });
    }
    let (columns, rows) = per_page.grid();
    let cell = ((WIDTH - 2.0 * SIDE) / columns as f32, (HEIGHT - SIDE - FOOT) / rows as f32);
    let mut pages = Pages::new();
    let total = cards.len().div_ceil(columns * rows);
    for (number, on_page) in cards.chunks(columns * rows).enumerate() {
        for (at, card) in on_page.iter().enumerate() {
            let corner =
                ((at % columns) as f32 * cell.0 + SIDE, (at / columns) as f32 * cell.1 + SIDE);
            draw(&mut pages, event, card, corner, cell)?;
        }
        marks(&mut pages, columns, rows, cell);
        let foot = format!("{event} \u{2022} projects \u{2022} page {} of {total}", number + 1);
        let style = Style::plain(8.0).held(Hold::Middle);
        pages.text((WIDTH / 2.0, HEIGHT - 5.0), &foot, style, WIDTH - 2.0 * SIDE, 1);
        pages.end_page();
    }
    Ok(pages.finish(&format!("{event}: projects")))
}

fn draw(
    pages: &mut Pages,
    event: &str,
    card: &Card,
    (x, y): (f32, f32),
    (width, height): (f32, f32),
) -> Result<(), PrintError> {
    let code = Qr::new(&card.code, Correction::Q)?;
    let size = if height > 100.0 { 14.0 } else { 10.0 };
    let title = Style::bold(size).held(Hold::Middle);
    let small = Style::plain(size - 2.0).held(Hold::Middle);
    let texts = 2.0 * title.leading() + 2.0 * small.leading() + 4.0;
    let side = (width - 2.0 * MARK).min(height - texts - 2.0 * MARK);
    let (middle, most) = (x + width / 2.0, width - 4.0 * MARK);
    pages.code((middle - side / 2.0, y + MARK), side, &code);
    let mut foot = y + MARK + side + title.leading();
    foot = pages.text((middle, foot), &card.title, title, most, 2);
    let place = match card.table.as_str() {
        "" => card.id.clone(),
        table => format!("Table {table} \u{2022} {}", card.id),
    };
    foot = pages.text((middle, foot), &place, small, most, 1);
    pages.text((middle, foot), event, Style { size: size - 3.0, ..small }, most, 1);
    Ok(())
}

/// A cross at each corner of the grid.
fn marks(pages: &mut Pages, columns: usize, rows: usize, cell: (f32, f32)) {
    for column in 0..=columns {
        for row in 0..=rows {
            let (x, y) = (column as f32 * cell.0 + SIDE, row as f32 * cell.1 + SIDE);
            pages.line((x - MARK, y), (x + MARK, y));
            pages.line((x, y - MARK), (x, y + MARK));
        }
    }
}
