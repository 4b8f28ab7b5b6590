//! Sheets, posters and ballots.

use crate::pdf::{self, Page};
use crate::qr::EVENT;
use countersign_sheets::{
    Ballot, Card, Criterion, PerPage, PrintError, Printed, ballots, cards, poster,
};

const PER_PAGE: [(PerPage, usize, usize); 3] =
    [(PerPage::Four, 4, 9), (PerPage::Eight, 8, 15), (PerPage::Twelve, 12, 20)];

fn card(number: usize) -> Card {
    let id = format!("PROJECT_{number:03}");
    Card {
        code: format!("nodus://vote?pid={id}&cat=INNOVATION"),
        title: format!("Größe {number}: (what) \\ it is"),
        table: format!("T{number}"),
        id,
    }
}

fn ballot(project: Option<Card>, criteria: usize, most: u32) -> Ballot {
    let criterion =
        |at: usize| Criterion { name: format!("Criterion {at}"), least: 1, most, weight: 1 };
    Ballot {
        category: "Innovation".into(),
        project,
        judge: None,
        criteria: (0..criteria).map(criterion).collect(),
    }
}

/// The pages, after a look at what holds for all: nothing over the edge, nothing on the printer's margin but lines.
fn pages(printed: &Printed) -> Vec<Page> {
    let pages = pdf::read(&printed.pdf);
    assert_eq!(pages.len(), printed.pages);
    for page in &pages {
        assert!((page.size.0 - 595.28).abs() < 0.01 && (page.size.1 - 841.89).abs() < 0.01);
        let inside = |x: f32, y: f32| {
            (11.0..page.size.0 - 11.0).contains(&x) && (11.0..page.size.1 - 11.0).contains(&y)
        };
        for [x, y, width, height] in page.filled.iter().flatten().chain(&page.framed) {
            assert!(inside(*x, *y) && inside(x + width, y + height));
        }
        for text in &page.texts {
            // No letter is wider than its size.
            let wide = text.text.chars().count() as f32 * text.size * 0.45;
            assert!(inside(text.at.0, text.at.1) && text.at.0 + wide < page.size.0, "{text:?}");
        }
    }
    pages
}

#[test]
fn every_projects_card_can_be_scanned_and_read() {
    let all: Vec<_> = (1..=17).map(card).collect();
    for (per_page, on_page, crosses) in PER_PAGE {
        let printed = cards("Science fair", &all, per_page).unwrap();
        assert_eq!((printed.pages, &printed.altered[..]), (17_usize.div_ceil(on_page), &[][..]));
        let pages = pages(&printed);
        for (number, (page, cards)) in pages.iter().zip(all.chunks(on_page)).enumerate() {
            assert_eq!(
                page.codes(),
                cards.iter().map(|card| card.code.clone()).collect::<Vec<_>>()
            );
            let words = page.words();
            for card in cards {
                assert!(words.contains(&card.title.as_str()), "{words:?}");
                assert!(
                    words.contains(&format!("Table {} • {}", card.table, card.id).as_str()),
                    "{words:?}"
                );
            }
            let foot = format!("Science fair • projects • page {} of {}", number + 1, pages.len());
            assert_eq!(words.last(), Some(&foot.as_str()));
            assert_eq!(page.lines, 2 * crosses, "a cross at each corner of the grid");
        }
    }
}

#[test]
fn the_events_code_is_on_its_poster() {
    let printed =
        poster("Jugend forscht 2026", EVENT, &["Judges only", "Scan with the app"]).unwrap();
    let pages = pages(&printed);
    assert_eq!(pages[0].codes(), [EVENT]);
    assert_eq!(pages[0].words(), ["Jugend forscht 2026", "Judges only", "Scan with the app"]);
}

#[test]
fn a_ballot_has_a_box_for_every_score_and_the_projects_code() {
    let printed = ballots(
        "Fair",
        &[ballot(Some(card(4)), 3, 10), ballot(None, 1, 100), ballot(Some(card(5)), 10, 5)],
    )
    .unwrap();
    let pages = pages(&printed);
    assert_eq!(pages.len(), 2);
    assert_eq!((pages[0].codes(), pages[1].codes()), (vec![card(4).code], vec![card(5).code]));
    // Three criteria of ten scores, one to write into, and two to recuse oneself.
    assert_eq!(pages[0].framed.len(), 3 * 10 + 1 + 2);
    assert_eq!(pages[1].framed.len(), 10 * 5 + 1);
    let words = pages[0].words();
    for expected in [
        "Criterion 0 (33 %)",
        "Criterion 0 (100 %)",
        "1 to 100",
        "10",
        "ballot 1 of 3",
        "Judge",
        "Signature",
    ] {
        assert!(words.contains(&expected), "{expected} in {words:?}");
    }
    let apart = |a: &pdf::Box4, b: &pdf::Box4| {
        a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0] || a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1]
    };
    for (at, a) in pages[1].framed.iter().enumerate() {
        assert!(pages[1].framed[..at].iter().all(|b| apart(a, b)), "boxes overlap");
    }
}

#[test]
fn what_helvetica_lacks_is_written_otherwise_and_named() {
    let mut odd = card(1);
    odd.title = "Győr 中".into();
    let printed = cards("Šibenik 5 €", &[odd, card(2)], PerPage::Four).unwrap();
    assert_eq!(printed.altered, ["Győr 中"]);
    let pages = pages(&printed);
    assert!(pages[0].words().contains(&"Gyor ?"));
    assert!(pages[0].words().contains(&"\u{8A}ibenik 5 €"));
}

#[test]
fn the_same_input_is_the_same_file() {
    let file = || cards("Fair", &[card(1), card(2)], PerPage::Eight).unwrap().pdf;
    assert_eq!(file(), file());
}

#[test]
fn long_texts_stay_on_their_card_and_too_much_is_refused() {
    let mut long = card(1);
    (long.title, long.table) = ("A very long title ".repeat(40), "far away ".repeat(40));
    let page = &pages(&cards(&"Event ".repeat(60), &[long], PerPage::Twelve).unwrap())[0];
    assert!(page.words().iter().filter(|text| text.ends_with('…')).count() >= 3);
    assert_eq!(cards("Fair", &[], PerPage::Four), Err(PrintError::Empty("project")));
    assert_eq!(ballots("Fair", &[ballot(None, 0, 5)]), Err(PrintError::Empty("criterion")));
    let eleven = PrintError::TooMany { what: "criteria", given: 11, most: 10 };
    assert_eq!(ballots("Fair", &[ballot(None, 11, 5)]), Err(eleven));
    assert!(matches!(poster("Fair", &"x".repeat(701), &[]), Err(PrintError::Qr(_))));
}
