//! After the whistle: is it right?

use super::{Shown, board, minutes, player_name, tap};
use countersign_app::Tap;
use countersign_league::evidence::{GoalState, SeatFlags};
use countersign_league::game::{ViewGoal, ViewPlayer};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::busy;
use countersign_web_kit::text::fill;

pub(super) fn view(shown: &Shown<'_>) -> Vec<Element> {
    let t = shown.t;
    let mut view = vec![board::score(shown), el("h2").class("ask").text(t.review)];
    if let Some(seconds) = shown.seconds() {
        view.push(el("p").class("quiet").text(fill(t.closes_in, &[&minutes(seconds)])));
    }
    let Some(me) = shown.me() else {
        view.extend([board::goals(shown, &|_, _| None), el("p").class("card").text(t.not_in)]);
        return view;
    };
    view.push(confirm(shown, me));
    view.push(el("p").class("quiet").text(t.review_lead));
    let vote = |index: u16, goal: &ViewGoal| {
        let at = minutes(u64::from(goal.at) / 1000);
        (goal.state == GoalState::Counted).then(|| {
            let button = tap(Tap::Annul(index), t.annul);
            let button = button.set("aria-label", fill(t.annul_named, &[&at]));
            busy(button, shown.has_voted(goal.annul))
        })
    };
    view.extend([board::goals(shown, &vote), absent(shown), flag(shown, me)]);
    view
}

fn confirm(shown: &Shown<'_>, me: &ViewPlayer) -> Element {
    let (t, votes) = (shown.t, shown.view.votes[2]);
    if shown.has_voted(votes) || me.flags.has(SeatFlags::CONFIRMED) {
        let (count, all) = (votes.count_ones().to_string(), shown.view.players.len().to_string());
        return el("p")
            .class("card good")
            .keyed("confirmed")
            .text(fill(t.confirmed, &[&count, &all]));
    }
    el("div").class("row wide").with(tap(Tap::Confirm, t.confirm).class("main"))
}

fn absent(shown: &Shown<'_>) -> Element {
    let t = shown.t;
    let line = |(seat, player): (usize, &ViewPlayer)| {
        let is_me = shown.seat.map(usize::from) == Some(seat);
        let button = tap(Tap::Absent(seat as u8), t.absent);
        let button = button.set("aria-label", fill(t.absent_named, &[&player.name]));
        let button = (!is_me).then(|| busy(button, shown.has_voted(player.absent)));
        let name = el("div").with(player_name(player, is_me, t));
        el("li").class("split").with(name).all(button)
    };
    let lines = shown.view.players.iter().enumerate().map(line);
    let list = el("ul").class("lines").all(lines);
    el("details").class("card").with(el("summary").text(t.who_was_absent)).with(list)
}

fn flag(shown: &Shown<'_>, me: &ViewPlayer) -> Element {
    let t = shown.t;
    match me.flags.has(SeatFlags::FLAGGED) {
        true => el("p").class("quiet").text(t.flagged),
        false => el("p").with(tap(Tap::Flag, t.flag).class("danger")),
    }
}
