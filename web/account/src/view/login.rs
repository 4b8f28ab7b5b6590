//! From an address to a session.

use crate::app::{Entry, Press};
use crate::text::Texts;
use countersign_web_kit::login::sentence;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, field, press, send, title};
use countersign_web_kit::text::fill;

pub(super) fn address(t: &Texts, entry: &Entry) -> Vec<Element> {
    let input = el("input")
        .set("type", "text")
        .set("inputmode", "email")
        .set("autocomplete", "username")
        .set("autocapitalize", "none")
        .set("spellcheck", "false")
        .set("maxlength", "254")
        .flag("required", true)
        .set("value", entry.address.clone());
    let form = el("form").set("data-form", "address").keyed("address");
    let button = if entry.is_busy { t.sending } else { t.send_code };
    vec![
        title(t.login),
        el("p").class("lead").text(t.login_lead),
        form.with(field("address", t.address, input, trouble(t, entry)))
            .with(send(button, entry.is_busy))
            .all(working(t, entry)),
    ]
}

pub(super) fn code(t: &Texts, entry: &Entry) -> Vec<Element> {
    let input = el("input")
        .set("type", "text")
        .set("autocomplete", "one-time-code")
        .set("autocapitalize", "characters")
        .set("spellcheck", "false")
        .set("maxlength", "16")
        .class("code")
        .flag("data-first", true)
        .flag("required", true);
    let form = el("form").set("data-form", "code").keyed("code");
    let button = if entry.is_busy { t.checking } else { t.code_submit };
    vec![
        title(t.code_title),
        el("p").class("lead").text(fill(t.code_lead, &[&entry.address])),
        form.with(field("code", t.code, input, trouble(t, entry)))
            .with(send(button, entry.is_busy))
            .all(working(t, entry)),
        el("div")
            .class("row")
            .with(press(Press::Resend.name(), t.resend))
            .with(press(Press::OtherAddress.name(), t.other_address)),
    ]
}

fn working(t: &Texts, entry: &Entry) -> Option<Element> {
    entry.is_working.then(|| el("p").class("hint").set("role", "status").text(t.working))
}

fn trouble(t: &Texts, entry: &Entry) -> Option<Hint> {
    entry.trouble.as_ref().map(|trouble| Hint::Wrong(sentence(trouble, t)))
}
