//! The score board of a match that is played: to be read in the sun, from the grass.

use super::{Shown, letter, minutes, tap};
use crate::app::Press;
use countersign_app::Tap;
use countersign_league::evidence::{GoalState, SeatFlags};
use countersign_league::game::{State, ViewGoal, ViewPlayer};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{busy, press};
use countersign_web_kit::text::fill;

pub(super) fn view(shown: &Shown<'_>) -> Vec<Element> {
    let t = shown.t;
    let clock = match (shown.view.state, shown.seconds()) {
        (State::Playing, Some(seconds)) => {
            let name = el("span").class("unseen").text(t.time_left);
            el("p").class("clock").with(name).with(el("span").text(minutes(seconds)))
        }
        _ => el("p").class("lead").text(t.drain),
    };
    let awake = if shown.is_awake { t.let_sleep } else { t.keep_awake };
    let mut view = vec![score(shown), clock, goals(shown, &|_, _| None)];
    view.push(el("div").class("row").with(press(Press::Awake.name(), awake)));
    match shown.me() {
        Some(me) => view.push(cannot_go_on(shown, me)),
        None => view.push(el("p").class("card").text(t.not_in)),
    }
    view
}

/// The score as the heading of the place: first for eyes and for screen readers, which hear each goal as it falls.
pub(super) fn score(shown: &Shown<'_>) -> Element {
    let t = shown.t;
    let [a, b] = shown.view.score.map(|goals| goals.to_string());
    let own = shown.me().and_then(|me| me.team);
    let side = |team| {
        let class = if own == Some(team) { "team own" } else { "team" };
        el("span").class(class).text(letter(team))
    };
    let digits = |goals: &str| el("span").class("digits").text(goals.to_owned());
    let [left, right] = countersign_league::Team::BOTH;
    let seen = el("span").class("seen").set("aria-hidden", "true");
    let seen = seen.with(side(left)).with(digits(&a)).with(el("span").class("colon").text(":"));
    let heading = el("h1").class("score").set("id", "title").set("tabindex", "-1");
    let words = el("span").class("unseen").text(fill(t.score_label, &[&a, &b]));
    let said = shown.view.goals.iter().rev().find(|goal| goal.state == GoalState::Counted);
    let said = said.map(|goal| fill(t.goal_said, &[letter(goal.team), &a, &b]));
    el("div")
        .class("board")
        .with(heading.with(words).with(seen.with(digits(&b)).with(side(right))))
        .with(el("p").class("unseen").set("role", "status").all(said.map(|it| el("span").text(it))))
}

/// The goals in order; `vote` adds what can be done about one.
pub(super) fn goals(
    shown: &Shown<'_>,
    vote: &dyn Fn(u16, &ViewGoal) -> Option<Element>,
) -> Element {
    let t = shown.t;
    let card = el("section").class("card").with(el("h2").text(t.goals));
    if shown.view.goals.is_empty() {
        return card.with(el("p").class("quiet").text(t.no_goals));
    }
    let line = |(index, goal): (usize, &ViewGoal)| {
        let at = minutes(u64::from(goal.at) / 1000);
        let annulled =
            (goal.state == GoalState::Annulled).then(|| el("span").class("quiet").text(t.annulled));
        let votes = (goal.annul != 0).then(|| {
            let count = goal.annul.count_ones().to_string();
            el("span").class("quiet").text(fill(t.votes, &[&count]))
        });
        let said = el("div")
            .with(el("span").class("at").text(format!("{at} ")))
            .with(el("span").text(fill(t.team, &[letter(goal.team)])))
            .all(annulled)
            .all(votes);
        el("li").class("split").with(said).all(vote(index as u16, goal))
    };
    card.with(el("ol").class("lines").all(shown.view.goals.iter().enumerate().map(line)))
}

/// Behind a fold: nobody leaves by a slip of the thumb.
fn cannot_go_on(shown: &Shown<'_>, me: &ViewPlayer) -> Element {
    let t = shown.t;
    if me.flags.has(SeatFlags::LEFT) {
        let back = tap(Tap::Return, t.come_back).class("main");
        return el("section").class("card").with(el("p").text(t.you_left)).with(back);
    }
    let has_conceded = shown.has_voted(shown.view.votes[1]);
    el("details")
        .class("card")
        .with(el("summary").text(t.cannot_go_on))
        .with(el("p").text(t.leave_warning))
        .with(
            el("div")
                .class("row")
                .with(tap(Tap::Injury, t.injury))
                .with(tap(Tap::Leave, t.leave).class("danger"))
                .with(busy(tap(Tap::Concede, t.concede), has_conceded)),
        )
}
