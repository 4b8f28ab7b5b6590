//! Whether the address that the server normalised is still the one that was typed: it is what the new key signs.

use alloc::string::String;

/// The same but for case, spaces, and the spelling of a phone number or of an international domain.
pub fn is_same(typed: &str, normalised: &str) -> bool {
    let typed = typed.trim();
    match (typed.rsplit_once('@'), normalised.rsplit_once('@')) {
        (Some((local, domain)), Some((found_local, found_domain))) => {
            local.to_lowercase() == found_local.to_lowercase()
                && (domain.to_lowercase() == found_domain.to_lowercase()
                    || is_spelt_out(domain, found_domain))
        }
        (None, None) => same_number(typed, normalised),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Letters outside ASCII become labels that start with `xn--`.
fn is_spelt_out(typed: &str, found: &str) -> bool {
    !typed.is_ascii() && found.split('.').any(|label| label.starts_with("xn--"))
}

/// Whatever stands for the country may be missing or be spelt in another way; the rest has to be there.
fn same_number(typed: &str, normalised: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (typed, found) = (digits(typed), digits(normalised));
    let significant = typed.trim_start_matches('0');
    significant.len() >= 4 && found.ends_with(significant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalised_is_not_another() {
        for (typed, found) in [
            (" Ana@Example.ORG ", "ana@example.org"),
            ("ana@bücher.example", "ana@xn--bcher-kva.example"),
            ("0171 234-5678", "+491712345678"),
            ("0049 171 2345678", "+491712345678"),
            ("+49 171 2345678", "+491712345678"),
        ] {
            assert!(is_same(typed, found), "{typed}");
        }
        for (typed, found) in [
            ("ana@example.org", "eve@example.org"),
            ("ana@example.org", "ana@example.com"),
            ("ana@example.org", "+491712345678"),
            ("0171 2345678", "+491712345679"),
            ("", "+491712345678"),
        ] {
            assert!(!is_same(typed, found), "{typed}");
        }
    }
}
