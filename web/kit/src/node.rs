//! What is to be on the page, as values. There is no way from here to markup: text becomes text nodes, attributes have fixed names.

use std::borrow::Cow;

/// Text of a page; most of it is the program's own.
pub type Words = Cow<'static, str>;

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Text, whatever it looks like.
    Text(Words),
    /// An element.
    Element(Element),
}

/// An element with its attributes and what is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub tag: &'static str,
    /// Elements with different keys are never made into each other: a new form begins empty.
    pub key: Words,
    /// Names and values.
    pub attributes: Vec<(&'static str, Words)>,
    /// What is inside, in order.
    pub children: Vec<Node>,
}

/// An element without anything.
#[inline(never)]
pub fn el(tag: &'static str) -> Element {
    Element { tag, key: Cow::Borrowed(""), attributes: Vec::new(), children: Vec::new() }
}

impl Element {
    /// With a class.
    #[must_use]
    pub fn class(self, class: &'static str) -> Self {
        self.set("class", class)
    }

    /// With an attribute.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl Into<Words>) -> Self {
        self.put(name, value.into());
        self
    }

    // What is called from everywhere is there once: browsers load it.
    #[inline(never)]
    fn put(&mut self, name: &'static str, value: Words) {
        self.attributes.push((name, value));
    }

    #[inline(never)]
    fn add(&mut self, child: Node) {
        self.children.push(child);
    }

    /// With an attribute that is there or not.
    #[must_use]
    pub fn flag(self, name: &'static str, on: bool) -> Self {
        if on { self.set(name, "") } else { self }
    }

    /// With a key.
    #[must_use]
    pub fn keyed(mut self, key: impl Into<Words>) -> Self {
        self.key = key.into();
        self
    }

    /// With text at the end.
    #[must_use]
    pub fn text(mut self, text: impl Into<Words>) -> Self {
        self.add(Node::Text(text.into()));
        self
    }

    /// With an element at the end.
    #[must_use]
    pub fn with(mut self, child: Self) -> Self {
        self.add(Node::Element(child));
        self
    }

    /// With elements at the end: a list, or an `Option`.
    #[must_use]
    pub fn all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().for_each(|child| self.add(Node::Element(child)));
        self
    }

    /// Whether one of these has its key.
    pub fn is_among(&self, others: &[Node]) -> bool {
        others.iter().any(|it| matches!(it, Node::Element(it) if it.key == self.key))
    }

    /// All text inside, one piece after the other.
    pub fn inner_text(&self) -> String {
        let text = |child: &Node| match child {
            Node::Text(text) => text.clone().into_owned(),
            Node::Element(element) => element.inner_text(),
        };
        self.children.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    /// Whether this or anything inside is so.
    pub fn any(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        let inside = |child: &Node| match child {
            Node::Text(_) => false,
            Node::Element(element) => element.any(is),
        };
        is(self) || self.children.iter().any(inside)
    }
}
