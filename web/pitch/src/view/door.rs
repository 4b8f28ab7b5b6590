//! From no device to a lobby: which one, its Wi-Fi, the browser's question, and the check of the hardware in steps.

use super::tap;
use crate::app::{App, Door, Press};
use crate::text::Texts;
use countersign_app::{Player, Step, StepState, Tap, Trouble};
use countersign_league::evidence::DeviceCertificate;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, busy, field, named, press, send, title};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, player: &Player, t: &Texts) -> Vec<Element> {
    match app.door {
        Door::Which { is_wrong } => which(app, player, is_wrong, t),
        Door::Wifi => wifi(app, t),
        Door::Permission => permission(t),
        Door::Denied => denied(t),
    }
}

fn which(app: &App, player: &Player, is_wrong: bool, t: &Texts) -> Vec<Element> {
    let input = el("input")
        .set("type", "text")
        .set("autocomplete", "off")
        .set("autocapitalize", "none")
        .set("spellcheck", "false")
        .set("maxlength", "300")
        .flag("required", true);
    let hint = match is_wrong {
        true => Hint::Wrong(t.device_wrong.to_owned()),
        false => Hint::Hint(t.device_hint),
    };
    let form = el("form").set("data-form", "device").keyed("device");
    let form = form.with(field("device", t.device, input, Some(hint))).with(send(t.go, false));
    vec![title(t.join_title), el("p").class("lead").text(t.join_lead), form, before(app, player, t)]
}

/// A ticket for where there is no internet.
fn before(app: &App, player: &Player, t: &Texts) -> Element {
    let card = el("section").class("card").with(el("h2").text(t.before_title));
    let card = match player.travel_ticket() {
        Some(ticket) => {
            let left = ticket.expires.since(app.server_now).as_secs();
            let left = match left / 3600 {
                0 => fill(t.minutes, &[&(left / 60).to_string()]),
                hours => fill(t.hours, &[&hours.to_string()]),
            };
            card.with(el("p").text(fill(t.has_ticket, &[&left])))
        }
        None => card.with(el("p").text(t.before)),
    };
    card.with(busy(tap(Tap::Prepare, t.get_ticket), app.offline))
}

fn wifi(app: &App, t: &Texts) -> Vec<Element> {
    let wifi = app.device.as_ref().and_then(|it| it.wifi.as_ref());
    let facts = wifi.map(|wifi| {
        let fact = |(name, value): (&'static str, &str)| {
            el("div").with(el("dt").text(name)).with(el("dd").class("wrap").with(named(value)))
        };
        let facts =
            [(t.wifi_name, wifi.name.as_str()), (t.wifi_passphrase, wifi.passphrase.as_str())];
        el("dl").class("card facts").all(facts.map(fact))
    });
    let mut view = vec![title(t.wifi_title), el("p").class("lead").text(t.wifi_lead)];
    view.extend(facts);
    view.push(row([
        press(Press::Joined.name(), t.wifi_done).class("main"),
        press(Press::OtherDevice.name(), t.other_device),
    ]));
    view
}

fn permission(t: &Texts) -> Vec<Element> {
    vec![
        title(t.permission_title),
        el("p").class("lead").text(t.permission_lead),
        el("p").text(t.permission_why),
        row([
            press(Press::Allow.name(), t.permission_go).class("main"),
            press(Press::OtherDevice.name(), t.other_device),
        ]),
    ]
}

fn denied(t: &Texts) -> Vec<Element> {
    vec![
        title(t.permission_title),
        el("p").class("card").text(t.denied),
        row([
            press(Press::Joined.name(), t.try_again).class("main"),
            press(Press::OtherDevice.name(), t.other_device),
        ]),
    ]
}

pub(super) fn approaching(
    app: &App,
    steps: &[(Step, StepState); 3],
    device: Option<&DeviceCertificate>,
    t: &Texts,
) -> Vec<Element> {
    let trouble = app.trouble();
    let line = |(step, state): &(Step, StepState)| {
        let name = match step {
            Step::DeviceProven => t.step_proven,
            Step::Ticket => t.step_ticket,
            Step::Admitted => t.step_admitted,
        };
        let (class, state) = match state {
            StepState::Done => ("step done", t.step_done),
            StepState::Running if trouble.is_none() => ("step running", t.step_running),
            StepState::Running | StepState::Waiting => ("step", t.step_waiting),
        };
        let state = el("span").class("quiet inline").text(state);
        el("li").class("split").with(el("span").class(class).text(name)).with(state)
    };
    let mut view = vec![title(t.approach_title)];
    view.extend(device.map(|device| super::device_name(&device.mark)));
    view.push(el("ol").class("card lines").all(steps.iter().map(line)));
    if matches!(trouble, Some(Trouble::Unreachable(_))) {
        view.push(el("p").text(t.unreachable_help));
    }
    let again = trouble.map(|_| tap(Tap::Approach, t.try_again).class("main"));
    let other = press(Press::OtherDevice.name(), t.other_device);
    view.push(el("div").class("row").all(again).with(other));
    view
}

fn row(buttons: [Element; 2]) -> Element {
    el("div").class("row").all(buttons)
}
