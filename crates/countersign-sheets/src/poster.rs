//! The event's code on a page of its own, for the door if there is no projector.

use crate::canvas::{HEIGHT, Hold, Pages, PrintError, Printed, Style, WIDTH};
use crate::qr::{Correction, Qr};

/// A page with the event's code, its name above, `lines` below. 15 % of the code may be damaged.
///
/// Whoever photographs it has what stands in the code: it is for the judges' room.
pub fn poster(event: &str, code: &str, lines: &[&str]) -> Result<Printed, PrintError> {
    const MOST: usize = 6;
    if lines.len() > MOST {
        return Err(PrintError::TooMany {
            what: "lines below the code",
            given: lines.len(),
            most: MOST,
        });
    }
    let code = Qr::new(code, Correction::M)?;
    let (side, middle) = (165.0, WIDTH / 2.0);
    let mut pages = Pages::new();
    let title = Style::bold(30.0).held(Hold::Middle);
    pages.text((middle, 26.0), event, title, WIDTH - 30.0, 2);
    pages.code((middle - side / 2.0, 44.0), side, &code);
    let mut foot = 44.0 + side + 12.0;
    for line in lines {
        let style = Style::plain(15.0).held(Hold::Middle);
        foot = pages.text((middle, foot), line, style, WIDTH - 30.0, 2).min(HEIGHT - 10.0);
    }
    pages.end_page();
    Ok(pages.finish(event))
}
