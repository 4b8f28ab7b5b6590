//! What pages are made of: headings, buttons, fields, names.

use crate::node::{Element, el};

/// The heading of a place.
pub fn title(text: &'static str) -> Element {
    heading().text(text)
}

/// A heading whose words come later.
pub fn heading() -> Element {
    el("h1").set("id", "title").set("tabindex", "-1")
}

/// A button that is not part of a form; pressed, it says `name`.
pub fn press(name: impl Into<crate::node::Words>, text: &'static str) -> Element {
    el("button").set("type", "button").set("data-press", name).text(text)
}

/// The button of a form.
pub fn send(text: &'static str, is_busy: bool) -> Element {
    busy(el("button").set("type", "submit").class("main").text(text), is_busy)
}

/// A button while it may not be pressed. Not `disabled`: that would take the focus away.
#[must_use]
pub fn busy(button: Element, is_busy: bool) -> Element {
    if is_busy { button.set("aria-disabled", "true") } else { button }
}

/// A text field with its label and, if there is one, a hint or what is wrong.
pub fn field(id: &'static str, label: &'static str, input: Element, hint: Option<Hint>) -> Element {
    let input = input.set("id", id).set("name", id);
    let label = el("label").set("for", id).text(label);
    let below = |hint: &Hint| match hint {
        Hint::Hint(text) => el("p").class("hint").set("id", format!("{id}-hint")).text(*text),
        Hint::Wrong(text) => {
            let wrong = el("p").class("wrong").set("role", "alert");
            wrong.set("id", format!("{id}-hint")).text(text.clone())
        }
    };
    let (input, hint) = match &hint {
        None => (input, None),
        Some(hint) => {
            let input = input.set("aria-describedby", format!("{id}-hint"));
            let wrong = matches!(hint, Hint::Wrong(_));
            let input = if wrong { input.set("aria-invalid", "true") } else { input };
            (input, Some(below(hint)))
        }
    };
    el("div").class("field").with(label).with(input).all(hint)
}

/// What stands below a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// How to fill it in.
    Hint(&'static str),
    /// Why it cannot stay so.
    Wrong(String),
}

/// Something that another person named: isolated, so that its writing direction stays inside.
pub fn named(text: &str) -> Element {
    el("bdi").text(text.to_owned())
}

/// A rating in points, from thousandths of one.
pub fn points(rating: i32) -> String {
    let (points, rest) = (rating.div_euclid(1000), rating.rem_euclid(1000));
    (points + i32::from(rest >= 500)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_rounded_to_points() {
        for (thousandths, shown) in
            [(1_500_000, "1500"), (1_499_500, "1500"), (1_499_499, "1499"), (-1_500, "-1")]
        {
            assert_eq!(points(thousandths), shown);
        }
    }
}
