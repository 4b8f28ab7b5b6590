//! Finding players.

use crate::app::{App, Ask};
use crate::route::Route;
use crate::said::Hit;
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, field, named, points, send, title};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    if app.data.no_league {
        return vec![title(t.players), el("p").class("card").text(t.no_league)];
    }
    let is_busy = app.is_asking(|ask| matches!(ask, Ask::Search(_)));
    let input = el("input")
        .set("type", "search")
        .set("autocomplete", "off")
        .set("minlength", "3")
        .set("maxlength", "64")
        .flag("required", true);
    let hint = Hint::Hint(t.search_hint);
    let form = el("form")
        .set("role", "search")
        .set("data-form", "search")
        .with(field("q", t.search_label, input, Some(hint)))
        .with(send(if is_busy { t.searching } else { t.search }, is_busy));
    let found = app.data.found.as_ref().map(|(query, found)| results(query, &found.players, t));
    let live = el("div").set("role", "status").all(found);
    vec![title(t.players), form, live]
}

fn results(query: &str, players: &[Hit], t: &Texts) -> Element {
    if players.is_empty() {
        return el("p").class("card quiet").text(fill(t.found_nobody, &[query]));
    }
    let line = |hit: &Hit| {
        let place = match hit.rank {
            Some(rank) => format!("{} {rank} · {} {}", t.rank, t.rating, points(hit.rating)),
            None => format!("{} · {} {}", t.not_ranked, t.rating, points(hit.rating)),
        };
        let link = el("a").set("href", Route::Player(hit.user.clone()).hash());
        el("li").with(link.with(named(&hit.name))).with(el("span").class("quiet").text(place))
    };
    let heading = el("h2").text(fill(t.found, &[&players.len().to_string()]));
    let list = el("ul").class("lines").all(players.iter().map(line));
    el("section").class("card").with(heading).with(list)
}
