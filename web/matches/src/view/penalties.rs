//! What is held against oneself.

use super::parts::{facts, loading, minute, plain, tag, to};
use crate::app::App;
use crate::route::Route;
use crate::said::{Penalty, Standing};
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::title;
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let (Some(standing), Some(penalties)) = (&app.data.standing, &app.data.penalties) else {
        return vec![title(t.penalties), loading(app, t)];
    };
    let list = match penalties.rows.is_empty() {
        true => el("p").class("card quiet").text(t.no_penalties),
        false => {
            let rows = penalties.rows.iter().rev().map(|it| row(app, it, t));
            el("ul").class("card lines").all(rows)
        }
    };
    let mut view = vec![title(t.penalties)];
    view.extend(held(app, standing, t));
    view.push(list);
    view
}

fn held(app: &App, standing: &Standing, t: &Texts) -> [Element; 2] {
    let barred = match standing.barred_until_ms {
        Some(until) => fill(t.barred, &[&minute(app, until)]),
        None => t.not_barred.to_owned(),
    };
    let counts = |is: bool| plain(if is { t.count } else { t.do_not_count });
    let level = fill(t.level_of, &[&standing.leaver_level.to_string()]);
    let facts = facts(vec![
        (t.level, plain(level)),
        (t.flags, counts(standing.flags_count)),
        (t.votes, counts(standing.votes_count)),
    ]);
    [el("p").class("lead").text(barred), facts]
}

fn row(app: &App, penalty: &Penalty, t: &Texts) -> Element {
    let what = match penalty.kind.as_str() {
        "no_start" => t.no_start,
        "left" => t.left_match,
        _ => t.by_operator,
    };
    let bar = match penalty.until_ms {
        Some(until) => fill(t.until, &[&minute(app, until)]),
        None => t.no_bar.to_owned(),
    };
    let pardoned = penalty.pardoned_ms.map(|at| tag(fill(t.pardoned, &[&minute(app, at)]), "tag"));
    let about = format!("{} · {bar}", minute(app, penalty.at_ms));
    let of = penalty.match_id.as_ref();
    let of = of.map(|id| to(&Route::Match(id.clone())).text(format!("{} {id:.8}", t.of_match)));
    el("li")
        .keyed(penalty.id.to_string())
        .with(el("p").text(what).all(pardoned))
        .with(el("span").class("quiet").text(about))
        .all(of)
}
