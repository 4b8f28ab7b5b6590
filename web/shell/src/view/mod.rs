//! What is on the page. No decision is made here: the same app always looks the same.

mod devices;
mod login;
mod notice;
mod players;
mod profile;
mod ranks;

use crate::app::{App, Phase, Press};
use crate::node::{Element, el};
use crate::route::{MAIN, Route};
use crate::text::Texts;

/// The page of an app.
pub fn page(app: &App) -> Vec<Element> {
    let t = app.language.texts();
    let content = match &app.phase {
        Phase::Starting => vec![title(t.app), el("p").class("quiet").text(t.loading)],
        Phase::Address(entry) => login::address(t, entry),
        Phase::Code(entry) => login::code(t, entry),
        Phase::In { address, .. } => match &app.route {
            Route::Ranks => ranks::view(app, t),
            Route::Players => players::view(app, t),
            Route::Player(_) => profile::other(app, t),
            Route::Profile => profile::own(app, t),
            Route::Devices => devices::view(app, t, address),
        },
    };
    let main = el("main").set("id", "main").set("tabindex", "-1");
    let navigation = matches!(app.phase, Phase::In { .. }).then(|| navigation(app, t));
    vec![
        el("a").class("skip").set("href", "#main").text(t.skip),
        header(app, t),
        el("div").class("says").set("role", "status").all(notice::bars(app, t)),
        main.with(el("div").class("view").keyed(place(app)).all(content)),
        el("div").class("places").all(navigation),
    ]
}

/// What the window is called.
pub fn window_title(app: &App) -> String {
    let t = app.language.texts();
    let place = match &app.phase {
        Phase::Starting => return t.app.to_owned(),
        Phase::Address(_) => t.login,
        Phase::Code(_) => t.code_title,
        Phase::In { .. } => name_of(&app.route, t),
    };
    format!("{place} – {}", t.app)
}

/// A name for what is shown, so that two places never share an element.
pub fn place(app: &App) -> &'static str {
    match (&app.phase, &app.route) {
        (Phase::Starting, _) => "starting",
        (Phase::Address(_), _) => "address",
        (Phase::Code(_), _) => "code",
        (Phase::In { .. }, Route::Ranks) => "ranks",
        (Phase::In { .. }, Route::Players) => "players",
        (Phase::In { .. }, Route::Player(_)) => "player",
        (Phase::In { .. }, Route::Profile) => "profile",
        (Phase::In { .. }, Route::Devices) => "devices",
    }
}

fn header(app: &App, t: &Texts) -> Element {
    let name = el("a").class("name").set("href", Route::Ranks.hash()).text(t.app);
    let other = app.language.other().tag();
    let language = press(Press::Language, t.other_language).class("plain").set("lang", other);
    el("header").with(name).with(language)
}

fn navigation(app: &App, t: &Texts) -> Element {
    let link = |route: &Route| {
        let is_here = *route == app.route
            || (matches!(app.route, Route::Player(_)) && *route == Route::Players);
        let link = el("a").set("href", route.hash()).text(name_of(route, t));
        el("li").with(if is_here { link.set("aria-current", "page") } else { link })
    };
    el("nav").set("aria-label", t.places).with(el("ul").all(MAIN.iter().map(link)))
}

fn name_of(route: &Route, t: &Texts) -> &'static str {
    match route {
        Route::Ranks => t.ranks,
        Route::Players => t.players,
        Route::Player(_) => t.player,
        Route::Profile => t.profile,
        Route::Devices => t.devices,
    }
}

/// The heading of a place.
fn title(text: &'static str) -> Element {
    el("h1").set("id", "title").set("tabindex", "-1").text(text)
}

/// A button that is not part of a form.
fn press(press: Press, text: &'static str) -> Element {
    el("button").set("type", "button").set("data-press", press.name()).text(text)
}

/// The button of a form.
fn send(text: &'static str, is_busy: bool) -> Element {
    let button = el("button").set("type", "submit").class("main").text(text);
    // Not `disabled`: that would take the focus away.
    if is_busy { button.set("aria-disabled", "true") } else { button }
}

/// A text field with its label and, if there is one, a hint or what is wrong.
fn field(id: &'static str, label: &'static str, input: Element, hint: Option<Hint>) -> Element {
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
enum Hint {
    Hint(&'static str),
    Wrong(String),
}

/// Something that another person named: isolated, so that its writing direction stays inside.
fn named(text: &str) -> Element {
    el("bdi").text(text.to_owned())
}

/// A rating in points, from thousandths of one.
fn points(rating: i32) -> String {
    let (points, rest) = (rating.div_euclid(1000), rating.rem_euclid(1000));
    (points + i32::from(rest >= 500)).to_string()
}

/// What is there while nothing is known yet.
fn waiting(app: &App, t: &Texts) -> Element {
    match app.asking.is_empty() {
        false => el("p").class("quiet").text(t.loading),
        true => el("p").with(press(Press::Reload, t.try_again)),
    }
}

#[cfg(test)]
#[path = "../view_tests.rs"]
mod tests;
