//! Where the account is logged in.

use super::waiting;
use crate::app::{App, Ask, Press};
use crate::said::Session;
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{busy, named, press, title};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts, address: &str) -> Vec<Element> {
    let lead = el("p").class("lead").text(t.devices_lead);
    let account = el("p").class("quiet wrap").text(fill(t.account, &[address]));
    let logout = el("p").with(press(Press::Logout.name(), t.logout).class("danger"));
    let mut view = vec![title(t.devices), lead];
    match &app.data.sessions {
        None => view.push(waiting(app, t)),
        Some(sessions) => {
            let live = sessions.sessions.iter().filter(|it| it.status == "live");
            let (here, others): (Vec<_>, Vec<_>) = live.partition(|it| it.current);
            let lines = here.iter().chain(&others).map(|it| line(app, it, t));
            view.push(el("ul").class("card lines").all(lines));
            view.push(match others.len() {
                0 => el("p").class("quiet").text(t.only_this),
                _ => el("p").with(press(Press::RevokeOthers.name(), t.revoke_others)),
            });
        }
    }
    view.extend([logout, account]);
    view
}

fn line(app: &App, session: &Session, t: &Texts) -> Element {
    let name = if session.name.is_empty() { t.unnamed } else { &session.name };
    let seen = match session.current {
        true => t.this_device.to_owned(),
        false => fill(t.last_seen, &[&ago(app, session.last_seen_ms, t)]),
    };
    let told = el("div").with(named(name)).with(el("span").class("quiet").text(seen));
    let revoke = (!session.current).then(|| {
        let is_busy = app.is_asking(|ask| *ask == Ask::Revoke(session.session_id.clone()));
        let press = press(Press::Revoke(session.session_id.clone()).name(), t.revoke);
        busy(press.set("aria-label", fill(t.revoke_named, &[name])), is_busy)
    });
    el("li").class("split").keyed(session.session_id.clone()).with(told).all(revoke)
}

fn ago(app: &App, then_ms: u64, t: &Texts) -> String {
    let minutes = app.server_now_ms().saturating_sub(then_ms) / 60_000;
    let say = |text, number: u64| fill(text, &[&number.to_string()]);
    match minutes {
        0 => t.just_now.to_owned(),
        1..60 => say(t.minutes_ago, minutes),
        60..2880 => say(t.hours_ago, minutes / 60),
        _ => say(t.days_ago, minutes / 1440),
    }
}
