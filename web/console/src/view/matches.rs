//! Matches with their evidence.

use super::disputes::said;
use super::parts::{
    code, english, facts, lines, loading, more, narrowed, plain, section, tag, word,
};
use crate::act::Act;
use crate::app::{App, Press};
use crate::route::Route;
use crate::said::{Evidence, Facts, Goal, Match, Seat, Whole, name_of};
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::notice::bar;
use countersign_web_kit::parts::{named, press, title};
use countersign_web_kit::text::fill;

pub(super) fn list(app: &App, t: &Texts, queue: Option<&str>) -> Vec<Element> {
    let of = |queue: &str| Route::Matches(Some(queue.to_owned()));
    let all = [
        (Route::Matches(None), t.all),
        (of("disputed"), t.disputed),
        (of("frozen"), t.frozen),
        (of("pending"), t.pending),
    ];
    let here = Route::Matches(queue.map(str::to_owned));
    let mut view = vec![title(t.matches), narrowed(t, &here, &all)];
    match &app.data.matches {
        None => view.push(loading(app, t)),
        Some(matches) => {
            view.push(lines(t, matches.rows.iter().map(|it| row(it, t)).collect()));
            view.extend(more(app, t, &matches.next));
        }
    }
    view
}

fn row(of: &Match, t: &Texts) -> Element {
    let Facts { state, ended_ms, sentence, .. } = &of.facts;
    let link = el("a").set("href", Route::Match(of.id.clone()).hash());
    let about = el("span").class("quiet").text(format!("{} · ", when::minute(*ended_ms)));
    el("li")
        .keyed(of.id.clone())
        .with(link.text(score(&of.facts)))
        .with(tag(word(state, t), state))
        .with(about.with(english(sentence)))
}

/// `3 : 1`.
fn score(facts: &Facts) -> String {
    facts.score.iter().map(u32::to_string).collect::<Vec<_>>().join(" : ")
}

pub(super) fn one(app: &App, t: &Texts) -> Vec<Element> {
    let Some(whole) = &app.data.whole else { return vec![title(t.of_match), loading(app, t)] };
    let Whole { of, story, names } = whole;
    let mut view = vec![title(t.of_match)];
    view.extend((story.results.len() > 1).then(|| bar("bar warn", t.two_results)));
    view.push(head(of, story.serial.as_deref(), t));
    let disputes = story.disputes.iter().map(|it| said(it, names, t));
    if !story.disputes.is_empty() {
        view.push(section(t.disputes).with(el("ul").class("lines").all(disputes)));
    }
    view.push(decide(of, t));
    view.push(goals(&story.goals, story.unread.as_deref(), t));
    let seats = story.seats.iter().map(|seat| player(seat, name_of(names, &seat.user)));
    view.push(section(t.seats).with(el("ul").class("lines dense").all(seats)));
    let results = story.results.iter().map(|it| result(it, t));
    view.push(section(t.evidence).with(el("ul").class("lines").all(results)));
    view
}

fn head(of: &Match, serial: Option<&str>, t: &Texts) -> Element {
    let about = &of.facts;
    let device = el("a").set("href", Route::Device(about.device.clone()).hash());
    let device = device.with(named(serial.unwrap_or(&about.device)));
    let played = format!("{} – {}", when::minute(about.started_ms), when::minute(about.ended_ms));
    let winner = about.winner.as_deref().map(|team| format!(" ({team})")).unwrap_or_default();
    let mut rows = vec![
        (t.status, tag(word(&about.state, t), &about.state)),
        (t.goals, plain(score(about) + &winner)),
        (t.device, device),
        (t.played, plain(played)),
        (t.rules, english(&about.rules)),
        (t.outcome, english(&about.outcome)),
        (t.why, english(&about.sentence)),
        (t.id, code(&of.id)),
    ];
    rows.extend(about.counts_at_ms.map(|at| (t.counts_at, plain(when::minute(at)))));
    el("section").class("card").with(facts(rows))
}

fn decide(of: &Match, t: &Texts) -> Element {
    let button = |decision: &str, text: &'static str| {
        let act = Act::Rule { of: of.id.clone(), decision: decision.to_owned() };
        press(Press::Act(act).name(), text)
    };
    let buttons = el("div")
        .class("row")
        .with(button("uphold", t.uphold))
        .with(button("refund", t.refund))
        .with(button("void", t.make_void).class("danger"));
    section(t.rule).with(buttons).with(el("p").class("hint").text(t.rule_hint))
}

fn goals(goals: &[Goal], unread: Option<&str>, t: &Texts) -> Element {
    let section = section(t.goals);
    if let Some(why) = unread {
        return section.with(el("p").class("quiet").text(fill(t.unread, &[why])));
    }
    if goals.is_empty() {
        return section.with(el("p").class("quiet").text(t.no_goals));
    }
    let row = |goal: &Goal| {
        let text = fill(t.goal_line, &[&when::clock(goal.at_ms), &goal.team]);
        let annulled = goal.annulled.then(|| el("span").class("quiet").text(t.annulled));
        el("li").with(plain(text)).all(annulled)
    };
    section.with(el("ul").class("lines dense").all(goals.iter().map(row)))
}

fn player(seat: &Seat, name: &str) -> Element {
    let link = el("a").set("href", Route::User(seat.user.clone()).hash()).with(named(name));
    let about = format!("{} · {} · {}", seat.team, change(seat.booked), seat.conduct);
    el("li").with(link).with(el("span").class("quiet").text(about))
}

/// Thousandths of a point as a change: `+8.250`.
fn change(thousandths: i64) -> String {
    let sign = match thousandths {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let magnitude = thousandths.unsigned_abs();
    format!("{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)
}

fn result(evidence: &Evidence, t: &Texts) -> Element {
    let bytes = evidence.bytes.to_string();
    let about = fill(t.evidence_line, &[&when::minute(evidence.received_ms), &bytes]);
    el("li").with(code(&evidence.result)).with(el("span").class("quiet").text(about))
}
