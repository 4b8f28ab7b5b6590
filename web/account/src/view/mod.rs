//! What is on the page. No decision is made here: the same app always looks the same.

mod devices;
mod login;
mod notice;
mod players;
mod profile;
mod ranks;

use crate::app::{App, Phase, Press};
use crate::route::{MAIN, Route};
use crate::text::Texts;
use countersign_web_kit::frame::{Frame, Place};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{press, title};

/// The page of an app.
pub fn page(app: &App) -> Vec<Element> {
    let t = Texts::of(app.language);
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
    let places = match app.phase {
        Phase::In { .. } => MAIN.iter().map(|route| link(app, route, t)).collect(),
        Phase::Starting | Phase::Address(_) | Phase::Code(_) => Vec::new(),
    };
    let (home, bars) = (Route::Ranks.hash().into(), notice::bars(app, t));
    Frame { language: app.language, home, place: place(app), bars, content, places }.page(t)
}

/// What the window is called.
pub fn window_title(app: &App) -> String {
    let t = Texts::of(app.language);
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

fn link(app: &App, route: &Route, t: &Texts) -> Place {
    let is_here =
        *route == app.route || (matches!(app.route, Route::Player(_)) && *route == Route::Players);
    Place { href: route.hash().into(), name: name_of(route, t), is_here }
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

/// What is there while nothing is known yet.
fn waiting(app: &App, t: &Texts) -> Element {
    match app.asking.is_empty() {
        false => el("p").class("quiet").text(t.loading),
        true => el("p").with(press(Press::Reload.name(), t.try_again)),
    }
}

#[cfg(test)]
#[path = "../view_tests.rs"]
mod tests;
