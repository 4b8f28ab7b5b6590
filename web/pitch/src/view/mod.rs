//! What is on the page. No decision is made here: the same app always looks the same.

mod board;
mod courier;
mod door;
mod ending;
mod kickoff;
mod lobby;
mod review;
mod said;

use crate::app::{App, Door, Out, Phase, Press, clock_ms};
use crate::text::Texts;
use countersign_app::{Screen, Tap};
use countersign_league::Team;
use countersign_league::game::{State, View, ViewPlayer};
use countersign_web_kit::frame::{Frame, Place};
use countersign_web_kit::node::{Element, Words, el};
use countersign_web_kit::parts::{press, title};
use countersign_web_kit::text::fill;

/// What a view of a match is shown by.
pub(crate) struct Shown<'a> {
    pub(crate) t: &'static Texts,
    pub(crate) view: &'a View,
    pub(crate) seat: Option<u8>,
    /// How long ago the view came, in milliseconds.
    pub(crate) age_ms: u64,
    pub(crate) is_awake: bool,
}

impl Shown<'_> {
    /// The player on this phone.
    pub(crate) fn me(&self) -> Option<&ViewPlayer> {
        self.view.players.get(usize::from(self.seat?))
    }

    /// Whether this phone's player has voted so: bits by seat.
    pub(crate) fn has_voted(&self, votes: u32) -> bool {
        self.seat.is_some_and(|seat| votes & 1 << seat != 0)
    }

    /// The clock, in whole seconds.
    pub(crate) fn seconds(&self) -> Option<u64> {
        clock_ms(self.view, self.age_ms).map(|left| left.div_ceil(1000))
    }
}

/// The page of an app.
pub fn page(app: &App) -> Vec<Element> {
    let t = Texts::of(app.language);
    let places = match app.phase {
        Phase::In => vec![
            Place { href: "/#/ranks".into(), name: t.standings, is_here: false },
            Place { href: "/pitch".into(), name: t.play, is_here: true },
        ],
        Phase::Starting | Phase::Out(_) => Vec::new(),
    };
    let (home, place, bars) = (Words::Borrowed("/"), place(app), said::bars(app, t));
    Frame { language: app.language, home, place, bars, content: content(app, t), places }.page(t)
}

fn content(app: &App, t: &'static Texts) -> Vec<Element> {
    let Some(player) = &app.player else {
        return match app.phase {
            Phase::Starting | Phase::In => {
                vec![title(t.play), el("p").class("quiet").text(t.loading)]
            }
            Phase::Out(why) => out(why, t),
        };
    };
    let mut content = match player.screen() {
        Screen::Away => door::view(app, player, t),
        Screen::Approaching { steps, device } => door::approaching(app, &steps, device, t),
        Screen::There { device, view: None, .. } => {
            vec![title(t.lobby), device_name(&device.mark), el("p").class("quiet").text(t.loading)]
        }
        Screen::There { device, view: Some(view), seat, .. } => {
            let (age_ms, is_awake) = (app.age_ms(), app.is_awake);
            let shown = Shown { t, view, seat, age_ms, is_awake };
            let mut content = of_match(&shown);
            content.push(device_name(&device.mark));
            content
        }
    };
    content.extend(courier::card(player.courier(), t));
    content
}

/// A match or its lobby, by its state.
pub(crate) fn of_match(shown: &Shown<'_>) -> Vec<Element> {
    let t = shown.t;
    match shown.view.state {
        State::Off => lobby::device(shown, t.off),
        State::Pairing | State::Handshake => lobby::device(shown, t.pairing),
        State::GoalCheck => lobby::device(shown, t.goal_check),
        State::Recover => lobby::device(shown, t.recover),
        State::Locked => lobby::device(shown, t.locked),
        State::Lobby | State::Ready => lobby::view(shown),
        State::RollCall => kickoff::moment(shown, t.roll_call, t.roll_call_lead),
        State::Draw => kickoff::moment(shown, t.draw, t.draw_lead),
        State::Kickoff => kickoff::view(shown),
        State::Playing | State::Drain => board::view(shown),
        State::Review => review::view(shown),
        State::Signed | State::Settled | State::Void | State::Abandoned => ending::view(shown),
    }
}

/// What the window is called.
pub fn window_title(app: &App) -> String {
    let t = Texts::of(app.language);
    match app.player.as_ref().map(|player| player.screen()) {
        Some(Screen::There { view: Some(view), .. }) if is_played(view.state) => {
            let [a, b] = view.score;
            format!("{a}:{b} – {}", t.app)
        }
        _ => format!("{} – {}", t.play, t.app),
    }
}

fn is_played(state: State) -> bool {
    matches!(state, State::Playing | State::Drain | State::Review | State::Signed | State::Settled)
}

/// A name for what is shown, so that two places never share an element.
pub fn place(app: &App) -> &'static str {
    let Some(player) = &app.player else {
        return if app.phase == Phase::Starting { "starting" } else { "out" };
    };
    match player.screen() {
        Screen::Away => match app.door {
            Door::Which { .. } => "door",
            Door::Wifi => "wifi",
            Door::Permission | Door::Denied => "permission",
        },
        Screen::Approaching { .. } => "approach",
        Screen::There { view: None, .. } => "lobby",
        Screen::There { view: Some(view), .. } => place_of(view.state),
    }
}

fn place_of(state: State) -> &'static str {
    match state {
        State::Off | State::Pairing | State::Handshake | State::GoalCheck | State::Locked => {
            "device"
        }
        State::Recover => "device",
        State::Lobby | State::Ready => "lobby",
        State::RollCall | State::Draw => "draw",
        State::Kickoff => "kickoff",
        State::Playing | State::Drain => "board",
        State::Review => "review",
        State::Signed | State::Settled | State::Void | State::Abandoned => "ending",
    }
}

fn out(why: Out, t: &Texts) -> Vec<Element> {
    let text = match why {
        Out::NoSession => t.not_logged_in,
        Out::Unreadable => t.storage_unreadable,
        Out::Ended => t.ended_elsewhere,
    };
    let link = el("a").class("button main").set("href", "/").text(t.login);
    vec![title(t.play), el("p").text(text), el("p").with(link)]
}

/// By which people recognise a device.
fn device_name(mark: &str) -> Element {
    el("p").class("quiet mark").with(countersign_web_kit::parts::named(mark))
}

/// A button for the core.
pub(crate) fn tap(tap: Tap, text: &'static str) -> Element {
    press(Press::Tap(tap).name(), text)
}

/// A team's letter.
pub(crate) const fn letter(team: Team) -> &'static str {
    match team {
        Team::A => "A",
        Team::B => "B",
    }
}

/// A change in points, with its sign and one digit.
pub(crate) fn change(thousandths: i32) -> String {
    let tenths = (thousandths.unsigned_abs() + 50) / 100;
    let sign = match (tenths, thousandths < 0) {
        (0, _) => "±",
        (_, true) => "−",
        (_, false) => "+",
    };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// Seconds as a clock shows them.
pub(crate) fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A name in a list, and whether it is this phone's player.
pub(crate) fn player_name(player: &ViewPlayer, is_me: bool, t: &Texts) -> Element {
    let name = el("span").with(countersign_web_kit::parts::named(&player.name));
    name.all(is_me.then(|| el("span").class("quiet inline").text(format!(" ({})", t.you))))
}

/// Both teams, side by side where there is room.
pub(crate) fn teams(shown: &Shown<'_>, detail: impl Fn(&ViewPlayer) -> String) -> Element {
    let t = shown.t;
    let team = |team: Team| {
        let members = shown.view.players.iter().enumerate();
        let members = members.filter(|(_, player)| player.team == Some(team));
        let line = |(seat, player): (usize, &ViewPlayer)| {
            let is_me = shown.seat.map(usize::from) == Some(seat);
            let detail = el("span").class("quiet number").text(detail(player));
            el("li").class("split").with(player_name(player, is_me, t)).with(detail)
        };
        el("section")
            .class("card")
            .with(el("h2").text(fill(t.team, &[letter(team)])))
            .with(el("ul").class("lines").all(members.map(line)))
    };
    el("div").class("teams").all(Team::BOTH.map(team))
}

#[cfg(test)]
#[path = "../view_tests.rs"]
mod tests;
