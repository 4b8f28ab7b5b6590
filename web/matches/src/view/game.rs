//! One match: how it ended, whether it holds, goals, players, and what one may say against it.

use super::parts::{
    change, facts, loading, minute, plain, score, section, settlement, tag, team, to,
};
use super::{checks, disputes};
use crate::app::App;
use crate::route::Route;
use crate::said::{Facts, Goal, Player, Whole};
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::notice::bar;
use countersign_web_kit::parts::{heading, named, title};
use countersign_web_kit::text::fill;
use countersign_web_kit::when;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let back = el("p").with(to(&Route::History).text(t.back_to_matches));
    let Some(whole) = &app.data.whole else {
        return vec![title(t.of_match), loading(app, t), back];
    };
    let is_mine = whole.story.players.iter().any(|it| app.is_me(it.user.as_deref()));
    let mut view = vec![heading().text(format!("{} {}", t.of_match, score(&whole.facts.score)))];
    view.extend((whole.facts.forks > 0).then(|| bar("bar warn", t.two_results)));
    view.push(el("p").class("lead").text(ending(&whole.facts.outcome, t)));
    view.push(head(app, &whole.facts, t));
    view.push(checks::view(app, t));
    view.push(goals(&whole.story.goals, t));
    view.push(players(app, whole, t));
    view.extend(is_mine.then(|| disputes::of_match(app, &whole.facts, t)));
    view.push(back);
    view
}

fn head(app: &App, about: &Facts, t: &Texts) -> Element {
    let played = minute(app, about.started_ms);
    let mut rows = vec![(t.state, settlement(&about.settlement, t)), (t.played, plain(played))];
    let counts_at = about.counts_at_ms.filter(|_| about.settlement == "pending");
    rows.extend(counts_at.map(|at| (t.counts_at, plain(minute(app, at)))));
    rows.extend((about.integrity < 256).then(|| {
        let percent = (about.integrity * 100 / 256).to_string();
        (t.factor, plain(fill(t.percent, &[&percent])))
    }));
    el("div").with(facts(rows)).with(why(about, t))
}

fn ending(outcome: &str, t: &Texts) -> &'static str {
    match outcome {
        "conceded" => t.conceded,
        "void_goal_gap" => t.void_goals,
        "void_sensor_gap" | "void_sensor" => t.void_sensor,
        "void_power" => t.void_power,
        "void_too_few" => t.void_few,
        "void_pair" => t.void_pair,
        "abandoned" => t.abandoned,
        _ => t.final_,
    }
}

/// Why the match counts or not; a newer server may have reasons that this page has no words for.
fn why(about: &Facts, t: &Texts) -> Element {
    let known = [
        t.why_0, t.why_1, t.why_2, t.why_3, t.why_4, t.why_5, t.why_6, t.why_7, t.why_8, t.why_9,
        t.why_10, t.why_11, t.why_12, t.why_13, t.why_14, t.why_15,
    ];
    let line = el("p");
    match (known.get(about.reason as usize), &about.why) {
        (Some(text), _) => line.text(*text),
        (None, why) => line.set("lang", "en").text(why.clone().unwrap_or_default()),
    }
}

fn goals(goals: &[Goal], t: &Texts) -> Element {
    let section = section(t.goals);
    if goals.is_empty() {
        return section.with(el("p").class("quiet").text(t.no_goals));
    }
    let row = |goal: &Goal| {
        let end = if goal.end == "north" { t.north } else { t.south };
        let text = fill(t.goal_line, &[&when::clock(goal.at_ms), team(&goal.team), end]);
        let annulled = (!goal.counts).then(|| el("span").class("quiet").text(t.annulled));
        el("li").with(plain(text)).all(annulled)
    };
    section.with(el("ol").class("lines plain").all(goals.iter().map(row)))
}

fn players(app: &App, whole: &Whole, t: &Texts) -> Element {
    let row = |player: &Player| {
        let who = match (&player.user, &player.name) {
            (Some(user), Some(name)) if app.is_me(Some(user.as_str())) => {
                el("span").with(named(name)).text(format!(" ({})", t.you))
            }
            (Some(user), Some(name)) => to(&Route::Player(user.clone())).with(named(name)),
            _ => el("span").class("quiet").text(t.hidden),
        };
        let conduct = match player.conduct.as_str() {
            "left" => Some(tag(t.left, "tag warn")),
            "excused" => Some(tag(t.excused, "tag")),
            _ => None,
        };
        let points = fill(t.points, &[&change(player.booked)]);
        el("li").with(who).all(conduct).with(el("span").class("quiet").text(points))
    };
    let of = |letter: &'static str| {
        let of_team = whole.story.players.iter().filter(move |it| it.team == letter);
        let list = el("ul").class("lines").all(of_team.map(row));
        [el("h3").text(fill(t.team, &[team(letter)])), list]
    };
    section(t.players).all(of("a")).all(of("b"))
}
