//! What is around the content on every page.

use crate::node::{Element, Words, el};
use crate::parts::press;
use crate::text::{Language, Shared};

/// What the button for the other language says when it is pressed.
pub const LANGUAGE: &str = "language";

/// A page.
#[derive(Debug)]
pub struct Frame {
    /// The language.
    pub language: Language,
    /// Where the name at the top leads.
    pub home: Words,
    /// A name for what is shown, so that two places never share an element.
    pub place: &'static str,
    /// What is to be said about everything: see [`crate::notice`].
    pub bars: Vec<Element>,
    /// What the page is for, from its heading on.
    pub content: Vec<Element>,
    /// The places of the navigation; nobody who is not logged in needs any.
    pub places: Vec<Place>,
}

/// A place of the navigation.
#[derive(Debug)]
pub struct Place {
    /// Where it leads.
    pub href: Words,
    /// Its name.
    pub name: &'static str,
    /// Whether it is this one.
    pub is_here: bool,
}

impl Frame {
    /// The page as it stands in the document.
    pub fn page(self, t: &Shared) -> Vec<Element> {
        let main = el("main").set("id", "main").set("tabindex", "-1");
        let navigation = (!self.places.is_empty()).then(|| navigation(self.places, t));
        vec![
            el("a").class("skip").set("href", "#main").text(t.skip),
            header(self.home, self.language, t),
            el("div").class("says").set("role", "status").all(self.bars),
            main.with(el("div").class("view").keyed(self.place).all(self.content)),
            el("div").class("places").all(navigation),
        ]
    }
}

fn header(home: Words, language: Language, t: &Shared) -> Element {
    let name = el("a").class("name").set("href", home).text(t.app);
    let other = language.other().tag();
    let button = press(LANGUAGE, t.other_language).class("plain").set("lang", other);
    el("header").with(name).with(button)
}

fn navigation(places: Vec<Place>, t: &Shared) -> Element {
    let link = |place: Place| {
        let link = el("a").set("href", place.href).text(place.name);
        el("li").with(if place.is_here { link.set("aria-current", "page") } else { link })
    };
    let list = el("ul").all(places.into_iter().map(link));
    el("nav").set("aria-label", t.places).with(list)
}
