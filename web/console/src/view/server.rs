//! How the server is, and its keys.

use super::parts::{english, facts, loading, plain, section, tag};
use crate::app::App;
use crate::said::{Health, Key, Keys};
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::notice::bar;
use countersign_web_kit::parts::title;
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let (Some(health), Some(keys)) = (&app.data.health, &app.data.keys) else {
        return vec![title(t.server), loading(app, t)];
    };
    let attack = health.logins.breaker_tripped.then(|| bar("bar warn", t.breaker));
    let sections = [state(health, t), logins(health, t), key_set(keys, t)];
    [title(t.server)].into_iter().chain(attack).chain(sections).collect()
}

fn state(health: &Health, t: &Texts) -> Element {
    let store = match &health.store {
        None => plain(t.store_ok),
        Some(why) => english(why),
    };
    let number = |count: i64| plain(count.to_string());
    let about = facts(vec![
        (t.store, store),
        (t.version, plain(health.version.clone())),
        (t.connections, number(health.connections)),
        (t.refused_connections, number(health.connections_refused)),
        (t.streams, plain(health.streams.to_string())),
        (t.verify_queue, plain(health.verify_queue.to_string())),
        (t.messages_sent, number(health.messages_sent)),
        (t.messages_failed, number(health.messages_failed)),
    ]);
    el("section").class("card").with(about)
}

fn logins(health: &Health, t: &Texts) -> Element {
    let number = |count: u64| plain(count.to_string());
    let logins = &health.logins;
    section(t.logins).with(facts(vec![
        (t.logins_opened, number(logins.opened)),
        (t.codes_issued, number(logins.codes_issued)),
        (t.logins_registered, number(logins.registered)),
        (t.failed_attempts, number(logins.failed_attempts)),
        (t.network_refusals, number(logins.network_refusals)),
    ]))
}

fn key_set(keys: &Keys, t: &Texts) -> Element {
    let expires = when::minute(keys.expires_ms);
    let lead = fill(t.key_set, &[&keys.version.to_string(), &expires]);
    let row = |key: &Key| {
        let (from, to) = (when::minute(key.not_before_ms), when::minute(key.not_after_ms));
        let is_signing = keys.signing.as_deref() == Some(key.id.as_str());
        let signs = is_signing.then(|| tag(t.signing, ""));
        el("li")
            .with(el("code").text(key.id.clone()))
            .with(tag(key.state.clone(), &key.state))
            .all(signs)
            .with(el("span").class("quiet").text(fill(t.key_line, &[&from, &to])))
    };
    let list = el("ul").class("lines").all(keys.keys.iter().map(row));
    section(t.keys).with(el("p").text(lead)).with(list)
}
