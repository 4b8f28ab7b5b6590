//! Display names: what one may be, and when two are too much alike.
//!
//! A [`Name`] has letters and digits of one script, or of scripts that are written together (Latin with Japanese, Chinese
//! or Korean: UTS 39, "highly restrictive"), with single spaces, `-`, `_`, `.` or `'` between them. Names of right-to-left
//! scripts are fine; characters that turn the direction or cannot be seen are not.
//!
//! **Uniqueness.** Each name has two [`Skeleton`]s, and both must be free. [`Name::letters`] is the same for `Ivan` and
//! `ivan`, `zero` and `zer0`, Latin `coco` and Cyrillic `сосо`. [`Name::shape`] starts from the letters as they are
//! written, so that `PAYPAI` is the same as `PAYPAL`, and `EIla` as `Ella`. With letters alone the capital `I` would pass for
//! an `l`; with shapes alone `Ivan` and `ivan` would be two players; one key for both would refuse `Elia` because there is an
//! `Ella`. Names that nobody may have (`admin`) are kept out by storing their skeletons as taken.
//!
//! Skeletons follow the tables of Unicode: store the name, and derive them again when [`UNICODE`] changes.

use core::fmt;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection};

/// The tables that names and skeletons follow: of normalization, of confusables, of letter case.
pub const UNICODE: [(u32, u32, u32); 3] = [
    {
        let (major, minor, patch) = unicode_normalization::UNICODE_VERSION;
        (major as u32, minor as u32, patch as u32)
    },
    {
        let (major, minor, patch) = unicode_security::UNICODE_VERSION;
        (major as u32, minor as u32, patch as u32)
    },
    {
        let (major, minor, patch) = char::UNICODE_VERSION;
        (major as u32, minor as u32, patch as u32)
    },
];

/// Fewest characters of a name; a letter with its marks is one.
pub const CHARS_MIN: usize = 3;
/// Most characters of a name.
pub const CHARS_MAX: usize = 24;
/// Most bytes of a name, as it is stored and signed.
pub const BYTES_MAX: usize = 64;
/// Longer input is not looked at.
pub const INPUT_MAX: usize = 256;
/// Most marks on one letter (UTS 39 section 5.4).
const MARKS_MAX: usize = 4;
/// Folding and mapping end after at most this many rounds.
const ROUNDS_MAX: usize = 4;

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Fewer than [`CHARS_MIN`] characters.
    #[error("a name has at least {CHARS_MIN} characters")]
    TooShort,
    /// More than [`CHARS_MAX`] characters or [`BYTES_MAX`] bytes.
    #[error("a name has at most {CHARS_MAX} characters and {BYTES_MAX} bytes")]
    TooLong,
    /// A control, an emoji, a character of an ancient script, or the like.
    #[error("a name has letters and digits in common use; U+{:04X} is none", u32::from(*.0))]
    Character(char),
    /// A separator at an end, or two in a row.
    #[error("space, - _ . and ' stand one at a time, between letters or digits")]
    Separator,
    /// More than four marks on a letter, or one without a letter.
    #[error("a letter has at most {MARKS_MAX} marks, and a mark has a letter")]
    Marks,
    /// Digits alone.
    #[error("a name has a letter")]
    NoLetter,
    /// Latin with Cyrillic, for example.
    #[error("a name is written in one script")]
    MixedScripts,
}

/// A name that may be shown, in normalization form KC.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<str>);

impl Name {
    /// Normalizes and checks. A typographic apostrophe becomes `'`; spaces at the ends are not forgiven.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > INPUT_MAX {
            return Err(NameError::TooLong);
        }
        let straight = text.chars().map(|c| if c == '\u{2019}' { '\'' } else { c });
        let name: String = straight.nfkc().collect();
        check_characters(&name)?;
        check_length(&name)?;
        if !name.chars().any(char::is_alphabetic) {
            return Err(NameError::NoLetter);
        }
        let letters: String = name.chars().filter(|c| !is_separator(*c)).collect();
        match letters.check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            true => Ok(Self(name.into())),
            false => Err(NameError::MixedScripts),
        }
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for names that read the same.
    pub fn letters(&self) -> Skeleton {
        Skeleton(settle(fold(&self.0)).into())
    }

    /// Equal for names that look the same as they are written.
    pub fn shape(&self) -> Skeleton {
        Skeleton(settle(fold(&prototypes(&self.0))).into())
    }

    /// Whether not both of the two may be given out.
    pub fn clashes(&self, other: &Self) -> bool {
        self.letters() == other.letters() || self.shape() == other.shape()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is left of a name when everything is gone by which equal-looking names differ. For comparing, never for showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Skeleton(Box<str>);

impl Skeleton {
    /// As a store keeps it, in a column that is unique; at most [`Skeleton::BYTES_MAX`] bytes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Most bytes that a skeleton of a name can have: no allowed character becomes longer than eight times itself.
    pub const BYTES_MAX: usize = 8 * BYTES_MAX;
}

/// What a search compares: the letters without separators and without accents. Nothing is refused, and a prefix of a text
/// gives a prefix of its search form, because every step looks at one letter.
pub(crate) fn search_form(text: &str) -> String {
    let letters = settle(fold(&text.nfkc().collect::<String>()));
    letters.chars().filter(|c| !is_separator(*c) && canonical_combining_class(*c) == 0).collect()
}

/// Letters and digits; marks and separators do not count.
pub(crate) fn count_letters(text: &str) -> usize {
    text.nfkc().filter(|c| !is_combining_mark(*c) && !is_separator(*c)).count()
}

fn check_characters(name: &str) -> Result<(), NameError> {
    let mut may_separate = false;
    let mut marks = MARKS_MAX;
    for c in name.chars() {
        if is_separator(c) {
            if !may_separate {
                return Err(NameError::Separator);
            }
            (may_separate, marks) = (false, MARKS_MAX);
        } else if !c.identifier_allowed() {
            return Err(NameError::Character(c));
        } else if is_combining_mark(c) {
            marks += 1;
            if marks > MARKS_MAX {
                return Err(NameError::Marks);
            }
        } else if c.is_alphanumeric() {
            (may_separate, marks) = (true, 0);
        } else {
            return Err(NameError::Character(c));
        }
    }
    if name.is_empty() || may_separate { Ok(()) } else { Err(NameError::Separator) }
}

fn check_length(name: &str) -> Result<(), NameError> {
    let count = name.chars().filter(|c| !is_combining_mark(*c)).count();
    if count < CHARS_MIN {
        return Err(NameError::TooShort);
    }
    if count > CHARS_MAX || name.len() > BYTES_MAX {
        return Err(NameError::TooLong);
    }
    Ok(())
}

const fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '_' | '.' | '\'' | '\u{2019}')
}

/// Full case folding: the lower case of the upper case, letter by letter, so that `ß` is `ss` and no letter depends on those
/// around it.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The skeleton of UTS 39 section 4.
fn prototypes(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// Maps and folds until nothing changes: `0` looks like `O`, which folds to `o`.
fn settle(mut text: String) -> String {
    for _ in 0..ROUNDS_MAX {
        let next = fold(&prototypes(&text));
        if next == text {
            break;
        }
        text = next;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skeleton_is_final_and_not_too_long() {
        let mut count = 0;
        for c in ('\0'..=char::MAX).filter(|c| c.identifier_allowed()) {
            count += 1;
            for skeleton in
                [settle(fold(&c.to_string())), settle(fold(&prototypes(&c.to_string())))]
            {
                assert_eq!(fold(&prototypes(&skeleton)), skeleton, "{c:?}");
                assert!(skeleton.len() <= 8 * c.len_utf8(), "{c:?} {skeleton:?}");
            }
        }
        assert!(count > 30_000, "{count}");
    }
}
