//! Goal-line pairs.

use super::parts::{
    code, facts, find, lines, loading, more, named_heading, narrowed, plain, section, tag, word,
};
use crate::act::Act;
use crate::app::{App, Press};
use crate::route::{Route, STATUSES};
use crate::said::Device;
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{named, title};
use countersign_web_kit::text::fill;

pub(super) fn list(app: &App, t: &Texts, status: Option<&str>) -> Vec<Element> {
    let mut all = vec![(Route::Devices(None), t.all)];
    let names = [t.made, t.sold, t.active, t.suspect, t.rma, t.revoked];
    let of = |status: &&str| Route::Devices(Some((*status).to_owned()));
    all.extend(STATUSES.iter().map(of).zip(names));
    let here = Route::Devices(status.map(str::to_owned));
    let mut view = vec![title(t.devices), find(app, t, t.find_device), narrowed(t, &here, &all)];
    match &app.data.devices {
        None => view.push(loading(app, t)),
        Some(devices) => {
            view.push(lines(t, devices.rows.iter().map(|it| row(it, t)).collect()));
            view.extend(more(app, t, &devices.next));
        }
    }
    view
}

fn row(device: &Device, t: &Texts) -> Element {
    let link = el("a").set("href", Route::Device(device.device.clone()).hash());
    let (matches, missing) = (device.matches.to_string(), device.missing.to_string());
    let since = when::minute(device.changed_ms);
    let about = fill(t.device_line, &[&matches, &missing, &since]);
    let about = el("span").class("quiet").with(named(&device.mark)).text(format!(" · {about}"));
    el("li")
        .keyed(device.device.clone())
        .with(link.with(named(&device.serial)))
        .with(tag(word(&device.status, t), &device.status))
        .with(about)
}

pub(super) fn one(app: &App, t: &Texts) -> Vec<Element> {
    let Some(device) = &app.data.device else { return vec![title(t.device), loading(app, t)] };
    let about = facts(vec![
        (t.status, tag(word(&device.status, t), &device.status)),
        (t.since, plain(when::minute(device.changed_ms))),
        (t.mark, named(&device.mark)),
        (t.counted, plain(device.matches.to_string())),
        (t.lost, plain(device.missing.to_string())),
        (t.phones, plain(device.max_players.to_string())),
        (t.registered, plain(when::minute(device.registered_ms))),
    ]);
    let keys = facts(vec![
        (t.id, code(&device.device)),
        (t.batch, code(&device.batch)),
        (t.master_key, code(&device.master)),
        (t.slave_key, code(&device.slave)),
    ]);
    vec![
        named_heading(&device.serial),
        el("section").class("card").with(about),
        becomes(device, t),
        section(t.keys).with(keys),
    ]
}

fn becomes(device: &Device, t: &Texts) -> Element {
    let button = |to: &String| {
        let press = Press::Act(Act::Device { device: device.device.clone(), to: to.clone() });
        let button = el("button").set("type", "button").set("data-press", press.name());
        let button = if to == "revoked" { button.class("danger") } else { button };
        button.text(word(to, t))
    };
    let section = section(t.becomes);
    match device.can_become.is_empty() {
        true => section.with(el("p").class("quiet").text(t.nothing_more)),
        false => section.with(el("div").class("row").all(device.can_become.iter().map(button))),
    }
}
