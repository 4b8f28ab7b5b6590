//! The own place, who is around it, and the table.

use super::waiting;
use crate::app::{App, Ask, Press, ROWS_MAX};
use crate::route::Route;
use crate::said::{Missing, Rank, Row};
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{named, points, press, title};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    if app.data.no_league {
        return vec![title(t.ranks), el("p").class("card").text(t.no_league)];
    }
    let mut view = vec![title(t.ranks)];
    let Some(rank) = &app.data.rank else {
        view.push(waiting(app, t));
        return view;
    };
    view.push(place(rank, t));
    view.push(el("p").with(el("a").set("href", "/matches").text(t.my_matches)));
    if !rank.neighbours.is_empty() {
        let list = rows(&rank.neighbours, rank.position, t, t.around_you);
        view.push(el("section").class("card").with(el("h2").text(t.around_you)).with(list));
    }
    view.push(table(app, t));
    view
}

fn place(rank: &Rank, t: &Texts) -> Element {
    let card = el("section").class("card place").with(el("h2").text(t.your_place));
    let card = match rank.rank {
        Some(place) => {
            let text = fill(t.rank_of, &[&place.to_string(), &rank.of.to_string()]);
            card.with(el("p").class("big").text(text))
        }
        None => card.with(el("p").class("big").text(t.not_ranked)),
    };
    let tier = rank.tier.as_deref().and_then(|it| tier(it, t));
    let tags = el("p").class("tags").all(tier.map(|text| el("span").class("tag").text(text)));
    let rating = format!("{} {}", t.rating, points(rank.rating));
    let tags = tags.with(el("span").class("tag").text(rating));
    let tags = tags.with(el("span").class("tag").text(fill(t.season, &[&rank.season.to_string()])));
    let better = rank.percentile.map(|it| fill(t.better_than, &[&(it / 100).to_string()]));
    card.with(tags)
        .all(better.map(|text| el("p").class("quiet").text(text)))
        .all(rank.missing.as_ref().map(|it| missing(it, t)))
}

fn missing(missing: &Missing, t: &Texts) -> Element {
    let counts = [
        (t.missing_matches, missing.matches),
        (t.missing_opponents, missing.opponents),
        (t.missing_season, missing.season_matches),
    ];
    let lines = counts.into_iter().filter(|(_, count)| *count > 0);
    let lines = lines.map(|(text, count)| el("li").text(fill(text, &[&count.to_string()])));
    // Whoever has not played yet has been away for long, too; that goes without saying.
    let is_away = missing.dormant && missing.matches == 0;
    let recent = is_away.then(|| el("li").text(t.missing_recent));
    el("ul").class("quiet plain-list").all(lines).all(recent)
}

fn table(app: &App, t: &Texts) -> Element {
    let card = el("section").class("card").with(el("h2").text(t.table));
    let Some((shown, of)) = &app.data.table else { return card.with(waiting(app, t)) };
    if shown.is_empty() {
        return card.with(el("p").class("quiet").text(t.table_empty));
    }
    let own = app.data.rank.as_ref().and_then(|it| it.position);
    let is_more = (shown.len() as u64) < u64::from(*of) && shown.len() < ROWS_MAX;
    let is_loading = app.is_asking(|ask| matches!(ask, Ask::Top(offset) if *offset > 0));
    let more =
        is_more.then(|| press(Press::More.name(), if is_loading { t.loading } else { t.more }));
    card.with(rows(shown, own, t, t.table)).all(more)
}

/// Rows as a table. The viewer's own says so in words, not only by its colour.
fn rows(rows: &[Row], own: Option<u32>, t: &Texts, caption: &'static str) -> Element {
    let head = el("tr")
        .with(el("th").set("scope", "col").class("number").text(t.rank))
        .with(el("th").set("scope", "col").text(t.player))
        .with(el("th").set("scope", "col").class("number").text(t.rating));
    let row = |row: &Row| {
        let who = match (&row.user, &row.name) {
            (Some(user), Some(name)) => {
                let link = el("a").set("href", Route::Player(user.clone()).hash());
                el("td").with(link.with(named(name)))
            }
            _ => el("td").class("quiet").text(t.hidden_player),
        };
        let is_own = own == Some(row.position);
        let who = who.all(is_own.then(|| el("span").class("quiet").text(format!(" ({})", t.you))));
        let line = el("tr")
            .with(el("td").class("number").text(row.rank.to_string()))
            .with(who)
            .with(el("td").class("number").text(points(row.rating)));
        if is_own { line.class("same") } else { line }
    };
    el("table")
        .with(el("caption").class("unseen").text(caption))
        .with(el("thead").with(head))
        .with(el("tbody").all(rows.iter().map(row)))
}

fn tier(name: &str, t: &Texts) -> Option<&'static str> {
    match name {
        "icon" => Some(t.icon),
        "elite" => Some(t.elite),
        "gold" => Some(t.gold),
        "silver" => Some(t.silver),
        "bronze" => Some(t.bronze),
        _ => None,
    }
}
