//! The own profile, which can be changed, and other players'.

use super::waiting;
use crate::app::{App, Ask};
use crate::route::Route;
use crate::said::Profile;
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, field, heading, named, points, send, title};
use countersign_web_kit::text::fill;

pub(super) fn own(app: &App, t: &Texts) -> Vec<Element> {
    if app.data.no_league {
        return vec![title(t.profile), el("p").class("card").text(t.no_league), judging(t)];
    }
    let Some(profile) = &app.data.profile else { return vec![title(t.profile), waiting(app, t)] };
    let is_busy = app.is_asking(|ask| matches!(ask, Ask::Save { .. }));
    let name = el("input")
        .set("type", "text")
        .set("autocomplete", "nickname")
        .set("maxlength", "24")
        .set("dir", "auto")
        .flag("required", true)
        .set("value", profile.name.clone());
    let choice = |(value, text): (&'static str, &'static str)| {
        let option = el("option").set("value", value).text(text);
        option.flag("selected", profile.visibility == value)
    };
    let choices = [("public", t.public), ("opponents", t.opponents), ("hidden", t.hidden)];
    let visibility = el("select").all(choices.into_iter().map(choice));
    let hint = Hint::Hint(t.name_hint);
    let form = el("form")
        .set("data-form", "profile")
        .with(field("name", t.name, name, Some(hint)))
        .with(field("visibility", t.visibility, visibility, None))
        .with(send(if is_busy { t.saving } else { t.save }, is_busy));
    vec![title(t.profile), form, facts(profile, t), judging(t)]
}

/// The page of those who judge.
fn judging(t: &Texts) -> Element {
    el("p").with(el("a").set("href", "/judge").text(t.judging))
}

pub(super) fn other(app: &App, t: &Texts) -> Vec<Element> {
    let back = el("p").with(el("a").set("href", Route::Players.hash()).text(t.back));
    match &app.data.player {
        Some(profile) => {
            let address = format!("/matches#/player/{}", profile.user);
            let matches = el("p").with(el("a").set("href", address).text(t.their_matches));
            vec![heading().with(named(&profile.name)), facts(profile, t), matches, back]
        }
        None => vec![title(t.player), waiting(app, t), back],
    }
}

fn facts(profile: &Profile, t: &Texts) -> Element {
    let rating = match profile.provisional {
        true => format!("{} ({})", points(profile.rating), t.provisional),
        false => points(profile.rating),
    };
    let rank = match (profile.rank, profile.of) {
        (Some(rank), Some(of)) => fill(t.rank_of, &[&rank.to_string(), &of.to_string()]),
        _ => t.not_ranked.to_owned(),
    };
    let table = profile.table.as_ref();
    let table =
        table.map(|it| (t.won_drawn_lost, format!("{} · {} · {}", it.won, it.drawn, it.lost)));
    let facts = [
        (t.rank, rank),
        (t.rating, rating),
        (t.matches, profile.matches.to_string()),
        (t.met, profile.opponents.to_string()),
    ];
    let fact = |(name, value): (&'static str, String)| {
        el("div").with(el("dt").text(name)).with(el("dd").text(value))
    };
    el("dl").class("card facts").all(facts.into_iter().chain(table).map(fact))
}
