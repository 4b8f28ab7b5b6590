//! What stands around every page: its head, for browsers and for previews, and the links of the site.

use super::language::Language;
use core::fmt::Write;
use countersign_html::{Isolated, Text};
use std::sync::LazyLock;

/// The style of all pages.
pub(super) const STYLE: &str = include_str!("style.css");

/// Where it is: under another name when it changes.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let hash = countersign::payload::hash(STYLE.as_bytes()).to_string();
    format!("/public-{}.css", hash.get(..16).unwrap_or_default())
});

/// Where the pages are, as others reach them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    /// The realm's audience.
    name: String,
    /// What a proxy in front cuts off paths.
    prefix: String,
}

/// A page without what stands around it. Everything in it is HTML: what people wrote has gone through [`countersign_html`].
#[derive(Debug)]
pub(super) struct Document {
    /// The title, and that of a preview.
    pub(super) title: String,
    /// One or two sentences of a preview.
    pub(super) about: String,
    /// Where it is, if it is a page that one can link to.
    pub(super) place: Option<String>,
    /// The same for programs.
    pub(super) json: Option<String>,
    /// Whether search engines may list it.
    pub(super) listed: Listed,
    /// What `main` holds.
    pub(super) body: String,
}

/// Whether search engines may list a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Yes,
    /// It is about single people: whoever has its address may see it, and nobody has to find it by their names.
    No,
}

impl Site {
    pub(crate) const fn new(name: String, prefix: String) -> Self {
        Self { name, prefix }
    }

    /// A path of this server, as a browser has to ask for it.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The whole address of a path; nothing where the audience is no name of a host that others could reach.
    fn address(&self, path: &str) -> Option<String> {
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let (host, port) = self.name.split_once(':').unwrap_or((&self.name, "443"));
        let is_host = host.contains('.') && host.split('.').all(is_label);
        let is_reached = is_host && port.parse::<u16>().is_ok();
        is_reached.then(|| format!("https://{}{}", self.name, self.path(path)))
    }

    /// The whole page.
    pub(super) fn page(&self, language: Language, document: &Document) -> String {
        let (tag, words) = (language.tag(), language.words());
        let mut page =
            format!("<!doctype html>\n<html lang=\"{tag}\">\n<meta charset=\"utf-8\">\n");
        self.head(&mut page, language, document);
        let [table, home] = ["/table", "/"].map(|path| self.path(path));
        // A string takes everything.
        let _written = write!(
            page,
            "<header><a href=\"{table}\">{}</a><a href=\"{home}\">{}</a></header>\n<main>\n{}</main>\n\
             <footer><p class=\"quiet\">{}</p></footer>\n</html>\n",
            words.table,
            words.app,
            document.body,
            Isolated(&self.name),
        );
        page
    }

    fn head(&self, page: &mut String, language: Language, document: &Document) {
        let Document { title, about, .. } = document;
        let (style, name) = (self.path(&STYLE_PATH), Text(&self.name));
        let locale = match language {
            Language::En => "en_GB",
            Language::Fr => "fr_FR",
        };
        let _written = write!(
            page,
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} · {name}</title>\n\
             <meta name=\"description\" content=\"{about}\">\n<meta property=\"og:title\" content=\"{title}\">\n\
             <meta property=\"og:description\" content=\"{about}\">\n<meta property=\"og:type\" content=\"website\">\n\
             <meta property=\"og:site_name\" content=\"{name}\">\n<meta property=\"og:locale\" content=\"{locale}\">\n\
             <meta name=\"twitter:card\" content=\"summary\">\n<link rel=\"stylesheet\" href=\"{style}\">\n",
        );
        if let Some(icon) = crate::ingress::web::icon() {
            let icon = self.path(icon);
            let _written = writeln!(page, "<link rel=\"icon\" href=\"{icon}\">");
        }
        if document.listed == Listed::No {
            page.push_str("<meta name=\"robots\" content=\"noindex\">\n");
        }
        if let Some(address) = document.place.as_deref().and_then(|place| self.address(place)) {
            let _written = writeln!(
                page,
                "<link rel=\"canonical\" href=\"{address}\">\n<meta property=\"og:url\" content=\"{address}\">"
            );
        }
        if let Some(json) = &document.json {
            let json = self.path(json);
            let _written = writeln!(
                page,
                "<link rel=\"alternate\" type=\"application/json\" href=\"{json}\">"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str, prefix: &str) -> Site {
        Site::new(name.to_owned(), prefix.to_owned())
    }

    #[test]
    fn an_address_is_said_only_where_there_is_one() {
        let said = |name, prefix| site(name, prefix).address("/table");
        let address = said("league.example.org", "/l");
        assert_eq!(address.as_deref(), Some("https://league.example.org/l/table"));
        let address = said("league.example.org:8443", "");
        assert_eq!(address.as_deref(), Some("https://league.example.org:8443/table"));
        for name in ["localhost", "league", "a..b", "a.b/c", "a.b\"><i>", "a.b:x", "a b.c"] {
            assert_eq!(said(name, ""), None, "{name}");
        }
    }

    #[test]
    fn a_page_says_its_language_its_address_and_what_a_preview_shows() {
        let document = Document {
            title: "T&lt;".into(),
            about: "About".into(),
            place: Some("/match/0c".into()),
            json: Some("/event/0c/results.json".into()),
            listed: Listed::No,
            body: "<h1>T</h1>\n".into(),
        };
        let page = site("league.example.org", "/l").page(Language::Fr, &document);
        for part in [
            "<html lang=\"fr\">",
            "<title>T&lt; · league.example.org</title>",
            "<meta property=\"og:title\" content=\"T&lt;\">",
            "<meta property=\"og:url\" content=\"https://league.example.org/l/match/0c\">",
            "<link rel=\"canonical\" href=\"https://league.example.org/l/match/0c\">",
            "href=\"/l/event/0c/results.json\"",
            "<meta name=\"robots\" content=\"noindex\">",
            "<a href=\"/l/table\">Classement</a>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("<script") && !page.contains("style="), "{page}");
    }
}
