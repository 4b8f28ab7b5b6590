//! What waits.

use super::parts::loading;
use crate::app::App;
use crate::route::Route;
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::title;
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let Some(hello) = &app.data.hello else { return vec![title(t.overview), loading(app, t)] };
    let of = |word: &str| Some(word.to_owned());
    let queues = [
        (hello.disputes, t.open_disputes, Route::Disputes),
        (hello.frozen, t.frozen_matches, Route::Matches(of("frozen"))),
        (hello.pending, t.pending_matches, Route::Matches(of("pending"))),
        (hello.suspect, t.suspect_devices, Route::Devices(of("suspect"))),
        (hello.gaps, t.gap_devices, Route::Devices(None)),
    ];
    let is_calm = queues.iter().all(|(count, ..)| *count == 0);
    let row = |(count, name, route): &(u64, &'static str, Route)| {
        let shown = match *count >= hello.cap {
            true => fill(t.or_more, &[&hello.cap.to_string()]),
            false => count.to_string(),
        };
        let class = if *count == 0 { "number quiet" } else { "number strong" };
        let link = el("a").set("href", route.hash()).text(*name);
        el("li").with(link).with(el("span").class(class).text(shown))
    };
    let list = el("ul").class("card lines counts").all(queues.iter().map(row));
    let lead = if is_calm { t.nothing_waits } else { t.waiting };
    vec![title(t.overview), el("p").class("lead").text(lead), list]
}
