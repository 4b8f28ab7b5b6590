//! From the roll call to the whistle: the draw, the teams, and what is at stake.

use super::{Shown, change, letter, tap, teams};
use countersign_app::Tap;
use countersign_league::Team;
use countersign_league::game::ViewPlayer;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{busy, points, title};
use countersign_web_kit::text::fill;

/// What happens by itself within seconds.
pub(super) fn moment(shown: &Shown<'_>, heading: &'static str, lead: &'static str) -> Vec<Element> {
    let mut view = vec![title(heading), el("p").class("lead").text(lead)];
    if shown.view.players.iter().any(|player| player.team.is_some()) {
        view.push(teams(shown, |player| points(player.rating)));
    }
    view
}

pub(super) fn view(shown: &Shown<'_>) -> Vec<Element> {
    let t = shown.t;
    let seconds = shown.seconds().unwrap_or_default();
    let clock = el("p").class("countdown").text(seconds.to_string());
    let mut view = vec![title(t.kickoff_in), clock];
    match shown.me() {
        Some(me) => view.extend(side(shown, me)),
        None => view.push(el("p").class("card").text(t.not_in)),
    }
    view.push(teams(shown, |player| points(player.rating)));
    if shown.seat.is_some() {
        let has_voted = shown.has_voted(shown.view.votes[0]);
        let abort = busy(tap(Tap::Abort, t.abort), has_voted);
        view.push(el("div").class("row").with(abort).with(tap(Tap::Quit, t.quit).class("danger")));
    }
    view
}

/// Where to go, and what it is about.
fn side(shown: &Shown<'_>, me: &ViewPlayer) -> Option<Element> {
    let (t, team) = (shown.t, me.team?);
    let goal = match shown.view.north? == team {
        true => t.defend_north,
        false => t.defend_south,
    };
    let stake = |(name, value): (&'static str, i32)| {
        el("div").with(el("dt").text(name)).with(el("dd").text(change(value)))
    };
    let stakes =
        [(t.if_win, me.stakes.win), (t.if_draw, me.stakes.draw), (t.if_loss, me.stakes.loss)];
    let class = match team {
        Team::A => "card side a",
        Team::B => "card side b",
    };
    Some(
        el("section")
            .class(class)
            .with(el("p").class("big").text(fill(t.your_team, &[letter(team)])))
            .with(el("p").text(goal))
            .with(el("h2").text(t.at_stake))
            .with(el("dl").class("facts stakes").all(stakes.map(stake))),
    )
}
