//! Before a match: who is there and who is ready.

use super::{Shown, player_name, tap};
use countersign_app::Tap;
use countersign_league::game::{State, ViewPlayer};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{points, title};
use countersign_web_kit::text::fill;

pub(super) fn view(shown: &Shown<'_>) -> Vec<Element> {
    let (t, players) = (shown.t, &shown.view.players);
    let ready = players.iter().filter(|player| player.ready).count();
    let count = fill(t.ready_count, &[&ready.to_string(), &players.len().to_string()]);
    let lead = match (shown.view.state, shown.seconds()) {
        (State::Ready, Some(seconds)) => fill(t.starts_in, &[&seconds.to_string()]),
        _ => t.lobby_lead.to_owned(),
    };
    let line = |(seat, player): (usize, &ViewPlayer)| {
        let is_me = shown.seat.map(usize::from) == Some(seat);
        let state = match (player.ready, player.connected) {
            (true, _) => el("span").class("tag").text(t.is_ready),
            (false, true) => el("span").class("quiet inline").text(t.is_here),
            (false, false) => el("span").class("quiet inline").text(t.is_away),
        };
        let name = el("div")
            .with(player_name(player, is_me, t))
            .with(el("span").class("quiet").text(points(player.rating)));
        el("li").class("split").keyed(player.user.to_string()).with(name).with(state)
    };
    let is_ready = shown.me().is_some_and(|me| me.ready);
    let button = match is_ready {
        true => tap(Tap::Unready, t.unready).keyed("unready"),
        false => tap(Tap::Ready, t.ready).class("main").keyed("ready"),
    };
    vec![
        title(t.lobby),
        el("p").class("lead").text(lead),
        el("div").class("row wide").with(button),
        el("section")
            .class("card")
            .with(el("h2").text(count))
            .with(el("ul").class("lines").all(players.iter().enumerate().map(line))),
        el("p").with(tap(Tap::Depart, t.depart)),
    ]
}

/// A device that has no lobby yet: what somebody has to do with it.
pub(super) fn device(shown: &Shown<'_>, advice: &'static str) -> Vec<Element> {
    let t = shown.t;
    let clock = shown
        .seconds()
        .map(|seconds| el("p").class("quiet").text(fill(t.seconds, &[&seconds.to_string()])));
    let mut view = vec![title(advice)];
    view.extend(clock);
    view.push(el("p").with(tap(Tap::Depart, t.depart)));
    view
}
