//! Accounts, and where they are logged in.

use super::parts::{
    code, facts, find, lines, loading, more, named_heading, plain, section, tag, word,
};
use crate::act::Act;
use crate::app::{App, Press};
use crate::route::Route;
use crate::said::{Person, Session, User};
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{named, press, title};
use countersign_web_kit::text::fill;

pub(super) fn list(app: &App, t: &Texts) -> Vec<Element> {
    let mut view = vec![title(t.users), find(app, t, t.find_user)];
    match &app.data.users {
        None => view.push(loading(app, t)),
        Some(users) => {
            view.push(lines(t, users.rows.iter().map(row).collect()));
            view.extend(more(app, t, &users.next));
        }
    }
    view
}

fn row(user: &User) -> Element {
    let link = el("a").set("href", Route::User(user.user.clone()).hash());
    let scope = |scope: &String| tag(scope.clone(), scope);
    let scopes = el("span").class("tags").all(user.scopes.iter().map(scope));
    el("li")
        .keyed(user.user.clone())
        .with(link.with(named(&user.address)))
        .with(scopes)
        .with(el("span").class("quiet").text(when::minute(user.created_ms)))
}

pub(super) fn one(app: &App, t: &Texts) -> Vec<Element> {
    let Some(person) = &app.data.person else { return vec![title(t.user), loading(app, t)] };
    let Person { user, more } = person;
    let scopes = match user.scopes.is_empty() {
        true => t.no_scopes.to_owned(),
        false => user.scopes.join(" "),
    };
    let player = match &more.player {
        Some(name) => named(name),
        None => plain(t.no_player),
    };
    let about = facts(vec![
        (t.player, player),
        (t.scopes, plain(scopes)),
        (t.created, plain(when::minute(user.created_ms))),
        (t.id, code(&user.user)),
    ]);
    vec![
        named_heading(&user.address),
        el("section").class("card").with(about).with(el("p").class("hint").text(t.roles_hint)),
        sessions(person, t),
    ]
}

fn sessions(person: &Person, t: &Texts) -> Element {
    let of = |session: Option<&Session>| {
        let session = session.map(|it| it.session_id.clone());
        Press::Act(Act::Revoke { user: person.user.user.clone(), session }).name()
    };
    let row = |session: &Session| {
        let seen = fill(t.last_seen, &[&when::minute(session.last_seen_ms)]);
        let is_live = session.status == "live";
        let end = is_live.then(|| {
            let label = fill(t.end_named, &[&session.name]);
            press(of(Some(session)), t.end_one).class("danger").set("aria-label", label)
        });
        let revoked = (!is_live).then(|| tag(word("revoked", t), ""));
        let about = el("div").with(named(&session.name)).all(revoked);
        let about = about.with(el("span").class("quiet").text(seen));
        el("li").class("split").keyed(session.session_id.clone()).with(about).all(end)
    };
    let all = &person.more.sessions;
    let section = section(t.sessions);
    if all.is_empty() {
        return section.with(el("p").class("quiet").text(t.no_sessions));
    }
    let live = all.iter().filter(|session| session.status == "live").count();
    let end_all = (live > 1).then(|| el("p").with(press(of(None), t.end_all).class("danger")));
    section.with(el("ul").class("lines").all(all.iter().map(row))).all(end_all)
}
