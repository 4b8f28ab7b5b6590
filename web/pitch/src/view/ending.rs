//! How it ended, what it changed, and whether the league knows.

use super::{Shown, board, change, letter, player_name, tap};
use countersign_app::Tap;
use countersign_league::Team;
use countersign_league::evidence::{Outcome, ReceiptLine, Settlement};
use countersign_league::game::{State, ViewPlayer, ViewReceipt};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{points, title};
use countersign_web_kit::text::fill;

pub(super) fn view(shown: &Shown<'_>) -> Vec<Element> {
    let (t, state) = (shown.t, shown.view.state);
    let nothing = if state == State::Void {
        Some(t.void)
    } else {
        (state == State::Abandoned).then_some(t.abandoned)
    };
    let mut view = match nothing {
        Some(heading) => vec![title(heading)],
        None => vec![board::score(shown), el("h2").class("ask").text(verdict(shown))],
    };
    view.extend(why(shown).map(|text| el("p").class("lead").text(text)));
    if nothing.is_none() {
        view.extend(shown.me().map(|me| own(shown, me)));
        view.push(table(shown));
        view.push(board::goals(shown, &|_, _| None));
    }
    if let Some(receipt) = &shown.view.receipt {
        view.push(el("p").class("card good").text(settlement(receipt, t)));
        let address = format!("/matches#{}", shown.view.match_id);
        view.push(el("p").with(el("a").set("href", address).text(t.check_it)));
    }
    view.push(el("p").class("quiet").text(t.next_match));
    view.push(el("p").with(tap(Tap::Depart, t.depart)));
    view
}

/// Who won, as this phone's player sees it.
fn verdict(shown: &Shown<'_>) -> &'static str {
    let (t, [a, b]) = (shown.t, shown.view.score);
    let loser = match shown.view.ending.and_then(|ending| ending.loser) {
        Some(loser) => Some(loser),
        None if a == b => return t.drawn,
        None => Some(if a < b { Team::A } else { Team::B }),
    };
    match shown.me().and_then(|me| me.team) {
        None => t.final_score,
        own if own == loser => t.lost,
        Some(_) => t.won,
    }
}

fn why(shown: &Shown<'_>) -> Option<String> {
    let (t, ending) = (shown.t, shown.view.ending?);
    Some(match ending.outcome {
        Outcome::Final | Outcome::Abandoned => return None,
        Outcome::Conceded => fill(t.conceded, &[letter(ending.loser?)]),
        Outcome::VoidGoalGap => t.void_goal_gap.to_owned(),
        Outcome::VoidSensorGap | Outcome::VoidSensor => t.void_sensor.to_owned(),
        Outcome::VoidPower => t.void_power.to_owned(),
        Outcome::VoidTooFew => t.void_few.to_owned(),
        Outcome::VoidPair => t.void_pair.to_owned(),
    })
}

fn line_of<'a>(shown: &'a Shown<'_>, seat: usize) -> Option<&'a ReceiptLine> {
    shown.view.receipt.as_ref()?.lines.get(seat)
}

fn total(line: &ReceiptLine) -> i32 {
    line.sporting.saturating_add(line.adjustment)
}

/// The own change: by the device at first, by the league as soon as it has answered.
fn own(shown: &Shown<'_>, me: &ViewPlayer) -> Element {
    let t = shown.t;
    let card = el("section").class("card own").with(el("h2").text(t.rating_change));
    let seat = shown.seat.map(usize::from).unwrap_or_default();
    let Some(line) = line_of(shown, seat) else {
        return card
            .with(el("p").class("big").text(change(me.delta)))
            .with(el("p").class("quiet").text(t.rating_before_league));
    };
    let integrity = shown.view.receipt.as_ref().map_or(256, |receipt| receipt.integrity);
    let factor = (integrity < 256).then(|| {
        let percent = u32::from(integrity) * 100 / 256;
        el("p").class("quiet").text(fill(t.factor, &[&percent.to_string()]))
    });
    let rank = (line.rank > 0)
        .then(|| el("span").class("tag").text(fill(t.rank_now, &[&line.rank.to_string()])));
    let rating = el("span").class("tag").text(fill(t.rating_after, &[&points(line.rating)]));
    card.with(el("p").class("big").text(change(total(line))))
        .with(el("p").class("tags").with(rating).all(rank))
        .all(factor)
}

fn table(shown: &Shown<'_>) -> Element {
    let t = shown.t;
    let head = el("tr")
        .with(el("th").set("scope", "col").text(t.player))
        .with(el("th").set("scope", "col").class("number").text(t.change))
        .with(el("th").set("scope", "col").class("number").text(t.rating));
    let row = |(seat, player): (usize, &ViewPlayer)| {
        let (delta, rating) = match line_of(shown, seat) {
            Some(line) => (total(line), line.rating),
            None => (player.delta, player.rating.saturating_add(player.delta)),
        };
        let is_me = shown.seat.map(usize::from) == Some(seat);
        let team = player.team.map(letter).unwrap_or_default();
        let name = el("td").with(el("span").class("letter").text(team));
        let line = el("tr")
            .with(name.with(player_name(player, is_me, t)))
            .with(el("td").class("number").text(change(delta)))
            .with(el("td").class("number").text(points(rating)));
        if is_me { line.class("same") } else { line }
    };
    let rows = shown.view.players.iter().enumerate().map(row);
    el("table")
        .class("results")
        .with(el("caption").class("unseen").text(t.rating_change))
        .with(el("thead").with(head))
        .with(el("tbody").all(rows))
}

fn settlement(receipt: &ViewReceipt, t: &crate::text::Texts) -> &'static str {
    match receipt.settlement {
        Settlement::Settled => t.settled,
        Settlement::Pending => t.pending,
        Settlement::Unrated => t.unrated,
        Settlement::Void => t.voided,
        Settlement::Frozen => t.frozen,
    }
}
