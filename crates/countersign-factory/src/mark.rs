//! The visible mark of a pair: a colour and a number, to be painted on both halves.

/// Colours that people tell apart across a pitch and name alike.
const COLOURS: [(&str, &str); 12] = [
    ("red", "#d32f2f"),
    ("orange", "#f57c00"),
    ("yellow", "#fbc02d"),
    ("lime", "#9ccc3c"),
    ("green", "#2e7d32"),
    ("teal", "#00897b"),
    ("sky", "#29b6f6"),
    ("navy", "#1a3a8f"),
    ("violet", "#7e3fb8"),
    ("pink", "#ec5f9b"),
    ("brown", "#6d4c33"),
    ("grey", "#757575"),
];

/// A colour on a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Its word in marks.
    pub word: &'static str,
    /// For pages: `#rrggbb`.
    pub css: &'static str,
}

impl Colour {
    /// The colour of a mark; grey for one that was not made here.
    pub fn of(mark: &str) -> Self {
        let word = mark.split(' ').next().unwrap_or_default();
        let known = COLOURS.iter().find(|(name, _)| *name == word).or(COLOURS.last());
        known.map_or(Self { word: "grey", css: "#757575" }, |(word, css)| Self { word, css })
    }
}

/// The mark of a batch's pair with this index, from 0: neighbours differ in colour, and no two of a batch are alike.
pub fn mark(index: usize) -> String {
    let (word, _) = COLOURS[index % COLOURS.len()];
    format!("{word} {:02}", index / COLOURS.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_league::evidence::BatchManifest;
    use std::collections::HashSet;

    #[test]
    fn marks_of_a_full_batch_are_distinct_and_short() {
        let marks: Vec<_> = (0..BatchManifest::MAX_PAIRS).map(mark).collect();
        assert_eq!((marks[0].as_str(), marks[17].as_str()), ("red 01", "teal 02"));
        assert_eq!(marks.iter().collect::<HashSet<_>>().len(), marks.len());
        assert!(marks.iter().all(|mark| mark.len() <= 9), "{:?}", marks.last());
        assert!(marks.windows(2).all(|pair| Colour::of(&pair[0]) != Colour::of(&pair[1])));
    }

    #[test]
    fn colours_are_found_by_their_word() {
        assert_eq!(Colour::of("teal 07").css, "#00897b");
        assert_eq!(Colour::of("ultraviolet 1").word, "grey");
        assert_eq!(Colour::of("").word, "grey");
    }
}
