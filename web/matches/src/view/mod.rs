//! What is on the page. No decision is made here: the same page always looks the same.

mod checks;
mod disputes;
mod game;
mod graph;
mod history;
mod parts;
mod penalties;

use crate::app::{App, Notice, Phase};
use crate::route::{MAIN, Route};
use crate::text::Texts;
use countersign_web_kit::frame::{Frame, Place};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::notice::{Standing, bar, bars, failed};
use countersign_web_kit::parts::title;

/// The page of an app.
pub fn page(app: &App) -> Vec<Element> {
    let t = Texts::of(app.language);
    let content = match &app.phase {
        Phase::Starting => vec![title(t.matches), el("p").class("quiet").text(t.loading)],
        Phase::Nobody => outside(t, t.nobody),
        Phase::Unreadable => outside(t, t.storage_unreadable),
        Phase::In => inside(app, t),
    };
    let places = match app.phase {
        Phase::In => {
            let ranks = Place { href: "/".into(), name: t.ranks, is_here: false };
            MAIN.iter().map(|route| link(app, route, t)).chain([ranks]).collect()
        }
        Phase::Starting | Phase::Nobody | Phase::Unreadable => Vec::new(),
    };
    let (home, bars) = ("/".into(), says(app, t));
    Frame { language: app.language, home, place: place(app), bars, content, places }.page(t)
}

/// What the window is called.
pub fn window_title(app: &App) -> String {
    let t = Texts::of(app.language);
    let place = match &app.phase {
        Phase::In => name_of(&app.route, t),
        Phase::Starting | Phase::Nobody | Phase::Unreadable => t.matches,
    };
    format!("{place} – {}", t.app)
}

/// A name for what is shown, so that two places never share an element.
pub fn place(app: &App) -> &'static str {
    match (&app.phase, &app.route) {
        (Phase::Starting, _) => "starting",
        (Phase::Nobody | Phase::Unreadable, _) => "nobody",
        (Phase::In, Route::History) => "history",
        (Phase::In, Route::Player(_)) => "player",
        (Phase::In, Route::Match(_)) => "match",
        (Phase::In, Route::Disputes) => "disputes",
        (Phase::In, Route::Penalties) => "penalties",
    }
}

fn inside(app: &App, t: &Texts) -> Vec<Element> {
    if app.data.no_league {
        return vec![title(t.matches), el("p").class("card").text(t.no_league)];
    }
    if app.data.is_missing {
        return vec![title(name_of(&app.route, t)), el("p").class("quiet").text(t.missing)];
    }
    match &app.route {
        Route::History => history::own(app, t),
        Route::Player(_) => history::other(app, t),
        Route::Match(_) => game::view(app, t),
        Route::Disputes => disputes::list(app, t),
        Route::Penalties => penalties::view(app, t),
    }
}

fn outside(t: &Texts, text: &'static str) -> Vec<Element> {
    let link = el("p").with(el("a").set("href", "/").text(t.login));
    vec![title(t.matches), el("p").class("lead").text(text), link]
}

fn says(app: &App, t: &Texts) -> Vec<Element> {
    let standing = Standing {
        offline: app.offline,
        memory_only: app.memory_only && app.phase == Phase::In,
        offset_ms: app.offset_ms,
    };
    let said = app.notice.as_ref().map(|notice| match notice {
        Notice::Disputed => bar("bar good", t.disputed),
        Notice::DisputedBefore => bar("bar", t.disputed_before),
        Notice::Failed(failure) => bar("bar bad", failed(failure, t)),
    });
    said.into_iter().chain(bars(&standing, t)).collect()
}

fn link(app: &App, route: &Route, t: &Texts) -> Place {
    let is_here = *route == app.route.main();
    Place { href: route.hash().into(), name: name_of(route, t), is_here }
}

fn name_of(route: &Route, t: &Texts) -> &'static str {
    match route {
        Route::History => t.matches,
        Route::Player(_) => t.player,
        Route::Match(_) => t.of_match,
        Route::Disputes => t.disputes,
        Route::Penalties => t.penalties,
    }
}

#[cfg(test)]
#[path = "../view_tests.rs"]
mod tests;
