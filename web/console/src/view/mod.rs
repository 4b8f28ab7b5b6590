//! What is on the page. No decision is made here: the same console always looks the same.

mod audit;
mod confirm;
mod devices;
mod disputes;
mod events;
mod matches;
mod overview;
mod parts;
mod prepare;
mod server;
mod set_up;
mod users;

use crate::app::{App, Notice, Phase};
use crate::route::{MAIN, OF_ORGANISERS, Route};
use crate::text::Texts;
use countersign_web_kit::frame::{Frame, Place};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::notice::{Standing, bar, bars, failed};
use countersign_web_kit::parts::title;
use countersign_web_kit::text::fill;

/// The page of a console.
pub fn page(app: &App) -> Vec<Element> {
    let t = Texts::of(app.language);
    let content = match &app.phase {
        Phase::Starting | Phase::Asking(_) => {
            vec![title(t.console), el("p").class("quiet").text(t.loading)]
        }
        Phase::Nobody => outside(t, title(t.console), t.nobody.to_owned(), t.login),
        Phase::Unreadable => outside(t, title(t.console), t.storage_unreadable.to_owned(), t.login),
        Phase::Stranger(who) => {
            let text = fill(t.stranger, &[&who.address]);
            outside(t, title(t.stranger_title), text, t.to_app)
        }
        Phase::In(_) => inside(app, t),
    };
    let places = match app.phase {
        Phase::In(_) if app.is_operator() => MAIN.iter().map(|it| link(app, it, t)).collect(),
        Phase::In(_) => OF_ORGANISERS.iter().map(|it| link(app, it, t)).collect(),
        Phase::Starting | Phase::Asking(_) | Phase::Nobody => Vec::new(),
        Phase::Unreadable | Phase::Stranger(_) => Vec::new(),
    };
    let (home, bars) = (Route::Overview.hash().into(), says(app, t));
    Frame { language: app.language, home, place: place(app), bars, content, places }.page(t)
}

/// What the window is called.
pub fn window_title(app: &App) -> String {
    let t = Texts::of(app.language);
    let place = match &app.phase {
        Phase::In(_) => name_of(&app.route, t),
        Phase::Stranger(_) => t.stranger_title,
        Phase::Starting | Phase::Asking(_) | Phase::Nobody | Phase::Unreadable => t.console,
    };
    format!("{place} – {}", t.app)
}

/// A name for what is shown, so that two places never share an element.
pub fn place(app: &App) -> &'static str {
    match (&app.phase, &app.route) {
        (Phase::Starting, _) => "starting",
        (Phase::Asking(_), _) => "asking",
        (Phase::Nobody | Phase::Unreadable, _) => "nobody",
        (Phase::Stranger(_), _) => "stranger",
        (Phase::In(_), _) if app.draft.is_some() => "confirm",
        (Phase::In(_), Route::Overview) => "overview",
        (Phase::In(_), Route::Devices(_)) => "devices",
        (Phase::In(_), Route::Device(_)) => "device",
        (Phase::In(_), Route::Matches(_)) => "matches",
        (Phase::In(_), Route::Match(_)) => "match",
        (Phase::In(_), Route::Disputes) => "disputes",
        (Phase::In(_), Route::Events) => "events",
        (Phase::In(_), Route::Event(_)) => "event",
        (Phase::In(_), Route::SetUp) => "set-up",
        (Phase::In(_), Route::Users) => "users",
        (Phase::In(_), Route::User(_)) => "user",
        (Phase::In(_), Route::Audit) => "audit",
        (Phase::In(_), Route::Server) => "server",
    }
}

fn inside(app: &App, t: &Texts) -> Vec<Element> {
    if let Some(draft) = &app.draft {
        return confirm::view(app, t, draft);
    }
    if app.data.is_missing {
        return vec![title(name_of(&app.route, t)), el("p").class("quiet").text(t.missing)];
    }
    match &app.route {
        Route::Overview => overview::view(app, t),
        Route::Devices(status) => devices::list(app, t, status.as_deref()),
        Route::Device(_) => devices::one(app, t),
        Route::Matches(queue) => matches::list(app, t, queue.as_deref()),
        Route::Match(_) => matches::one(app, t),
        Route::Disputes => disputes::view(app, t),
        Route::Events => events::list(app, t),
        Route::Event(_) => events::one(app, t),
        Route::SetUp => set_up::view(app, t),
        Route::Users => users::list(app, t),
        Route::User(_) => users::one(app, t),
        Route::Audit => audit::view(app, t),
        Route::Server => server::view(app, t),
    }
}

fn outside(t: &Texts, title: Element, text: String, to_app: &'static str) -> Vec<Element> {
    let hint = (to_app == t.to_app).then(|| el("p").class("quiet").text(t.stranger_hint));
    let link = el("p").with(el("a").set("href", "/").text(to_app));
    let lead = el("p").class("lead").text(text);
    [title, lead].into_iter().chain(hint).chain([link]).collect()
}

fn says(app: &App, t: &Texts) -> Vec<Element> {
    let standing = Standing {
        offline: app.offline,
        memory_only: app.memory_only && matches!(app.phase, Phase::In(_)),
        offset_ms: app.offset_ms,
    };
    let said = app.notice.as_ref().map(|notice| match notice {
        Notice::Done => bar("bar good", t.done),
        Notice::Ended(count) => bar("bar good", fill(t.ended, &[&count.to_string()])),
        Notice::Assigned { visits, short } => match short.is_empty() {
            true => bar("bar good", fill(t.assigned_done, &[&visits.to_string()])),
            false => {
                bar("bar warn", fill(t.assigned_short, &[&visits.to_string(), &short.join(", ")]))
            }
        },
        Notice::FileUnread => bar("bar bad", t.file_unread),
        Notice::TooLong => bar("bar bad", t.files_too_long),
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
        Route::Overview => t.overview,
        Route::Devices(_) => t.devices,
        Route::Device(_) => t.device,
        Route::Matches(_) => t.matches,
        Route::Match(_) => t.of_match,
        Route::Disputes => t.disputes,
        Route::Events => t.events,
        Route::Event(_) => t.event,
        Route::SetUp => t.set_up,
        Route::Users => t.users,
        Route::User(_) => t.user,
        Route::Audit => t.audit,
        Route::Server => t.server,
    }
}

#[cfg(test)]
#[path = "../view_tests.rs"]
mod tests;
