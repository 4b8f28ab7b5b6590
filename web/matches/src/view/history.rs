//! Matches of a player, newest first: the own ones with the rating, others' with what they were against oneself.

use super::graph;
use super::parts::{change, facts, loading, minute, more, plain, score, settlement, tag, to};
use crate::app::App;
use crate::route::Route;
use crate::said::{Met, Played};
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{heading, named, points, title};
use countersign_web_kit::text::fill;

pub(super) fn own(app: &App, t: &Texts) -> Vec<Element> {
    let pitch = el("p").with(el("a").set("href", "/pitch").text(t.to_pitch));
    let mut view = vec![title(t.matches), graph::view(app, t)];
    view.extend(list(app, t));
    let is_empty = app.data.history.as_ref().is_some_and(|it| it.rows.is_empty());
    view.extend(is_empty.then_some(pitch));
    view.push(el("p").class("quiet").text(t.zone));
    view
}

pub(super) fn other(app: &App, t: &Texts) -> Vec<Element> {
    let back = el("p").with(to(&Route::History).text(t.back_to_matches));
    let Some(player) = &app.data.player else {
        return vec![title(t.player), loading(app, t), back];
    };
    let rating = facts(vec![(t.rating_of, plain(points(player.rating)))]);
    let mut view = vec![heading().with(named(&player.name)), rating];
    view.extend(app.data.met.as_ref().map(|met| meetings(met, t)));
    view.push(el("h2").text(t.matches));
    view.extend(list(app, t));
    view.push(back);
    view
}

fn meetings(met: &Met, t: &Texts) -> Element {
    let section = el("section").with(el("h2").text(t.met));
    if met.met == 0 {
        return section.with(el("p").class("card quiet").text(t.met_never));
    }
    let number = |count: u32| plain(count.to_string());
    section.with(facts(vec![
        (t.met_count, number(met.met)),
        (t.met_won, number(met.won)),
        (t.drawn, number(met.drawn)),
        (t.met_lost, number(met.lost)),
    ]))
}

fn list(app: &App, t: &Texts) -> Vec<Element> {
    let Some(history) = &app.data.history else { return vec![loading(app, t)] };
    if history.rows.is_empty() {
        return vec![el("p").class("card quiet").text(t.no_matches)];
    }
    let rows = history.rows.iter().map(|it| row(app, it, t));
    let list = el("ul").class("card lines games").all(rows);
    [list].into_iter().chain((!history.next.is_null()).then(|| more(app, t))).collect()
}

fn row(app: &App, played: &Played, t: &Texts) -> Element {
    let (facts, own) = (&played.facts, &played.own);
    let result = match own.result.as_deref() {
        Some("won") => Some(tag(t.won, "tag good")),
        Some("drawn") => Some(tag(t.drawn, "tag")),
        Some("lost") => Some(tag(t.lost, "tag bad")),
        Some(_) | None => None,
    };
    let state = (facts.settlement != "settled").then(|| settlement(&facts.settlement, t));
    let then = app.data.ratings.after(&facts.match_id).filter(|_| app.route == Route::History);
    let worth = match (own.booked, then) {
        (0, _) if own.result.is_none() => t.not_counted.to_owned(),
        (booked, Some(then)) => fill(t.points_then, &[&change(booked), &points(then)]),
        (booked, None) => fill(t.points, &[&change(booked)]),
    };
    let link = to(&Route::Match(facts.match_id.clone()));
    let link = link.text(format!("{} · {}", minute(app, facts.ended_ms), score(&facts.score)));
    let tags = el("span").class("tags").all(result).all(state);
    el("li")
        .keyed(facts.match_id.clone())
        .with(link)
        .with(tags)
        .with(el("span").class("quiet").text(worth))
}
