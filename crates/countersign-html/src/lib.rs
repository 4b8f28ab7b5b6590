//! Text in pages that a server or a station writes: never markup, and never the direction of what stands around it.
//!
//! Everything that people chose goes through one of these on its way into a page: names, titles, projects. Fixed markup is written as it
//! is.
#![no_std]
#![forbid(unsafe_code)]

use core::fmt::{self, Write};

/// Text as HTML shows it, between tags or in quotes. Controls become U+FFFD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(pub &'a str);

/// Text in `<bdi>`: what is read from the right turns nothing around it. Characters that turn the direction are left out, because an
/// element does not end what they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isolated<'a>(pub &'a str);

/// The same where no element can stand: a title, an attribute. Isolates of Unicode take the place of `<bdi>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enclosed<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| put(f, char))
    }
}

impl fmt::Display for Isolated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<bdi>")?;
        put_straight(f, self.0)?;
        f.write_str("</bdi>")
    }
}

impl fmt::Display for Enclosed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of what is read from the left alone, nothing has to be isolated.
        if self.0.is_ascii() {
            return Text(self.0).fmt(f);
        }
        f.write_char('\u{2068}')?;
        put_straight(f, self.0)?;
        f.write_char('\u{2069}')
    }
}

fn put_straight(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().filter(|char| !turns(*char)).try_for_each(|char| put(f, char))
}

fn put(f: &mut fmt::Formatter<'_>, char: char) -> fmt::Result {
    match char {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&#39;"),
        control if control.is_control() => f.write_char('\u{fffd}'),
        other => f.write_char(other),
    }
}

/// Embeddings, overrides and isolates (UAX 9, section 2). Marks are left: they turn nothing but themselves.
const fn turns(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString;

    #[test]
    fn names_are_only_names() {
        let text = "<b>\"A\" & 'B'</b>\n";
        let safe = "&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;\u{fffd}";
        assert_eq!(Text(text).to_string(), safe);
        assert_eq!(Enclosed(text).to_string(), safe);
        assert_eq!(Isolated(text).to_string(), std::format!("<bdi>{safe}</bdi>"));
    }

    #[test]
    fn nothing_turns_what_stands_around_it() {
        let hostile = "محمد\u{202e}gnp.<i>\u{2069}\u{2066}";
        assert_eq!(Isolated(hostile).to_string(), "<bdi>محمدgnp.&lt;i&gt;</bdi>");
        assert_eq!(Enclosed(hostile).to_string(), "\u{2068}محمدgnp.&lt;i&gt;\u{2069}");
        assert_eq!(Text("a\u{202e}b").to_string(), "a\u{202e}b", "nothing of a text is left out");
    }
}
