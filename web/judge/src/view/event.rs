//! The event, the hub, and what is to be done while there is internet.

use super::log_in;
use crate::app::{App, Ask, LinkState, Press};
use crate::device::Device;
use crate::said::Invitation;
use crate::text::Texts;
use crate::update::event_id;
use countersign_app::judge::HubState;
use countersign_judging::event::RoundState;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, busy, field, named, press, send, title};
use countersign_web_kit::text::fill;

/// Before there is an event.
pub(super) fn without(app: &App, device: &Device, t: &Texts) -> Vec<Element> {
    let mut view = vec![title(t.no_event), el("p").class("lead").text(t.no_event_lead)];
    view.extend(invitations(app, device, t));
    view
}

pub(super) fn view(app: &App, device: &Device, t: &Texts) -> Vec<Element> {
    let screen = device.screen();
    let Some(event) = screen.event else { return Vec::new() };
    let fact = |name: &'static str, value: Element| [el("dt").text(name), el("dd").with(value)];
    let judge = screen.judge.map(|it| it.to_string()).unwrap_or_default();
    let facts = [
        fact(t.event, named(&event.title)),
        fact(t.you_judge_as, named(&judge)),
        fact(t.version, el("span").text(event.version.to_string())),
    ];
    let group = |pair: [Element; 2]| el("div").all(pair);
    let facts = el("dl").class("card facts").all(facts.into_iter().map(group));
    let fetch = el("p").with(press(Press::Fetch(event.id).name(), t.fetch_newest));
    let rounds = device.judge().rounds();
    let round = |number: u8, name: &str| {
        let state = rounds.iter().find(|(it, _)| *it == number).map(|(_, state)| *state);
        let state = match state {
            Some(RoundState::Open) => t.round_open,
            Some(RoundState::Closed) => t.round_closed,
            Some(RoundState::Draft) | None => t.round_draft,
        };
        el("li").class("split").with(named(name)).with(el("span").class("tag").text(state))
    };
    let rounds =
        el("ul").class("lines").all(event.rounds.iter().map(|it| round(it.number, &it.title)));
    let rounds = el("section").class("card").with(el("h2").text(t.rounds)).with(rounds);
    let mut view = vec![title(t.event), facts, hub(app, device, t), rounds, fetch];
    view.extend(invitations(app, device, t));
    view
}

fn hub(app: &App, device: &Device, t: &Texts) -> Element {
    let address = app.hub.as_ref().map(ToString::to_string).unwrap_or_default();
    let (class, says) = match (device.screen().hub, app.link) {
        (HubState::NoCode, _) => ("quiet", t.hub_no_code.to_owned()),
        (HubState::NewCode(_), _) => ("wrong", t.hub_new_code.to_owned()),
        (_, LinkState::Off) => ("quiet", t.hub_no_address.to_owned()),
        (_, LinkState::Connecting) if app.by_bluetooth => {
            ("quiet", t.bluetooth_connecting.to_owned())
        }
        (_, LinkState::Blocked) => ("wrong", t.hub_blocked.to_owned()),
        (_, LinkState::Connecting) => ("quiet", fill(t.hub_connecting, &[&address])),
        (HubState::Looking, LinkState::Up { .. }) => ("quiet", t.hub_looking.to_owned()),
        (HubState::Heard, LinkState::Up { .. }) => ("quiet", t.hub_heard.to_owned()),
        (HubState::Welcome, LinkState::Up { .. }) => ("known", t.hub_welcome.to_owned()),
    };
    let input = el("input").set("type", "text").set("inputmode", "url").set("autocomplete", "off");
    let input =
        input.set("autocapitalize", "off").set("spellcheck", "false").set("maxlength", "300");
    let input = input.set("value", address).flag("required", true);
    let form = el("form").set("data-form", "hub");
    let form = form
        .with(field("address", t.hub_address, input, Some(Hint::Hint(t.hub_hint))))
        .with(send(t.hub_use, false));
    let says = el("p").class(class).set("role", "status").text(says);
    el("section")
        .class("card")
        .with(el("h2").text(t.hub))
        .all(chip(app, t))
        .with(says)
        .with(form)
        .all(device.has_mesh().then(|| bluetooth(app, t)))
}

/// Which link is up.
pub(super) fn chip(app: &App, t: &Texts) -> Option<Element> {
    app.device().filter(|device| device.has_mesh())?;
    let (class, text) = match (app.link, app.by_bluetooth) {
        (LinkState::Up { .. }, true) => ("tag good", t.link_bluetooth),
        (LinkState::Up { .. }, false) => ("tag good", t.link_network),
        (LinkState::Off | LinkState::Connecting | LinkState::Blocked, _) => ("tag", t.link_none),
    };
    let chip = el("span").set("id", "link").class(class).text(text);
    Some(el("p").class("tags").with(chip))
}

/// The way without a network.
fn bluetooth(app: &App, t: &Texts) -> Element {
    let part = el("div").keyed("bluetooth").with(el("h3").text(t.bluetooth));
    if !app.has_bluetooth {
        return part.with(el("p").class("quiet").text(t.bluetooth_missing));
    }
    let choose = match app.by_bluetooth {
        true => t.bluetooth_other,
        false => t.bluetooth_choose,
    };
    let choose = press(Press::Bluetooth.name(), choose);
    let leave =
        app.by_bluetooth.then(|| press(Press::BluetoothOff.name(), t.bluetooth_off).class("plain"));
    part.with(el("p").class("quiet").text(t.bluetooth_lead))
        .with(el("div").class("row").with(choose).all(leave))
}

fn invitations(app: &App, device: &Device, t: &Texts) -> Vec<Element> {
    if app.account.is_none() {
        return vec![el("p").text(t.log_in_first), log_in(t)];
    }
    let own = device.key().fingerprint().to_string();
    let mut section = el("section").class("card").with(el("h2").text(t.invitations));
    section = match &app.invitations {
        None if app.is_asking(&Ask::Invitations) => {
            section.with(el("p").class("quiet").text(t.loading))
        }
        None => section.with(el("p").class("quiet").text(t.unreachable)),
        Some(events) if events.is_empty() => {
            section.with(el("p").class("quiet").text(t.no_invitations))
        }
        Some(events) => {
            let lines = events.iter().map(|it| invitation(app, device, it, &own, t));
            section.with(el("ul").class("lines").all(lines))
        }
    };
    let reload = busy(press(Press::Reload.name(), t.try_again), app.is_asking(&Ask::Invitations));
    let key = el("p").class("quiet wrap").text(format!(
        "{}: {}",
        t.device_key,
        own.get(..16).unwrap_or(&own)
    ));
    let taken = app.taken.map(|_| taken(device, t));
    taken.into_iter().chain([section, el("p").with(reload), key]).collect()
}

/// What a new key means, before there is one.
fn taken(device: &Device, t: &Texts) -> Element {
    let waiting = device.screen().waiting;
    let waits = (waiting > 0)
        .then(|| el("p").class("wrong").text(fill(t.taken_waiting, &[&waiting.to_string()])));
    let new = press(Press::NewKey.name(), t.new_key).class("danger");
    let old = press(Press::OldKey.name(), t.old_key);
    el("section")
        .class("card warn")
        .keyed("taken")
        .set("role", "alert")
        .with(el("h2").text(t.taken))
        .with(el("p").text(t.taken_why))
        .with(el("p").text(t.taken_means))
        .all(waits)
        .with(el("div").class("row").with(new).with(old))
}

fn invitation(
    app: &App,
    device: &Device,
    invitation: &Invitation,
    own: &str,
    t: &Texts,
) -> Element {
    let Some(event) = event_id(&invitation.event) else { return el("li") };
    let is_own = invitation.key.as_deref() == Some(own);
    let here = device.screen().event.filter(|it| it.id == event).map(|it| it.version);
    let enrol = |text| {
        let press = press(Press::Enrol(event).name(), text);
        busy(press, app.is_asking(&Ask::Enrol(event)))
    };
    let (says, action) = match (is_own, &invitation.key, invitation.bundle) {
        (true, _, Some(version)) if here.is_some_and(|it| it >= version) => {
            (fill(t.on_this_device, &[&version.to_string()]), None)
        }
        (true, _, Some(_)) => {
            (t.enrolled_here.to_owned(), Some(press(Press::Fetch(event).name(), t.take_along)))
        }
        (true, _, None) => (t.not_published.to_owned(), None),
        (false, None, _) => (fill(t.as_judge, &[&invitation.judge]), Some(enrol(t.enrol))),
        (false, Some(_), None) => (t.enrolled_elsewhere.to_owned(), Some(enrol(t.enrol_instead))),
        (false, Some(_), Some(_)) => {
            (t.enrolled_published.to_owned(), Some(enrol(t.enrol_instead)))
        }
    };
    let told = el("div").with(named(&invitation.title)).with(el("span").class("quiet").text(says));
    let item = el("li").class("split asks").keyed(invitation.event.clone()).with(told);
    item.all(action)
}
