//! In which language a page is written: one that the browser asks for, or English.

use super::text::{EN, FR, Words};
use http::{HeaderMap, header};

/// Items of a list that are looked at; browsers send a handful.
const ITEMS_MAX: usize = 32;

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    En,
    Fr,
}

impl Language {
    /// The one that `Accept-Language` prefers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
        Self::preferred(accepted.unwrap_or_default())
    }

    fn preferred(accepted: &str) -> Self {
        let mut best = (Self::En, 0);
        for (language, weight) in accepted.split(',').take(ITEMS_MAX).filter_map(item) {
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// As `lang` has it.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Fr => &FR,
        }
    }

    /// What stands between whole numbers and tenths.
    pub(super) const fn point(self) -> char {
        match self {
            Self::En => '.',
            Self::Fr => ',',
        }
    }
}

/// A language and its weight in thousandths (RFC 9110, 12.4.2).
fn item(text: &str) -> Option<(Language, u32)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next()?;
    let language = match range.split('-').next()?.to_ascii_lowercase().as_str() {
        "en" | "*" => Language::En,
        "fr" => Language::Fr,
        _ => return None,
    };
    let weight = parts.find_map(|it| it.strip_prefix("q=")).map_or(Some(1000), thousandths)?;
    Some((language, weight))
}

fn thousandths(text: &str) -> Option<u32> {
    let (whole, tenths) = text.split_once('.').unwrap_or((text, ""));
    let is_number = tenths.len() <= 3 && tenths.bytes().all(|b| b.is_ascii_digit());
    let digits = is_number.then(|| format!("{whole}{tenths:0<3}"))?;
    digits.parse().ok().filter(|weight| *weight <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_preferred_among_those_that_there_are() {
        for (accepted, language) in [
            ("", Language::En),
            ("fr", Language::Fr),
            ("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", Language::Fr),
            ("de, en;q=0.3, fr;q=0.7", Language::Fr),
            ("en, fr", Language::En),
            ("fr;q=0", Language::En),
            ("FR;q=1.000", Language::Fr),
            ("fr;q=2, fr;q=x, fr;q=0.0001, ;;,=", Language::En),
        ] {
            assert_eq!(Language::preferred(accepted), language, "{accepted}");
        }
    }
}
